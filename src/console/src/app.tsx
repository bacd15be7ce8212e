import { effect, signal } from "@preact/signals";
import { render } from "preact";
import { start as startLive } from "./lib/live";
import { startData } from "./lib/data";
import { route } from "./lib/route";
import { firstScope, readPlaces } from "./lib/scope";
import { resume, status } from "./lib/session";
import { reason } from "./lib/http";
import { Questions, Toasts } from "./parts/dialog";
import { Activate, Reaching, SessionEnded, Setup, SignIn } from "./pages/outside";
import { Shell } from "./shell";

type Phase = "reaching" | "setup" | "signin" | "activate" | "opening" | "in" | "trouble";
const phase = signal<Phase>("reaching");
const trouble = signal("");

/* The appliance answers: who is there? */
async function reached(): Promise<void> {
	try {
		if (!status.value!.setup)
			phase.value = "setup";
		else if (route.peek().path[0] === "activate")
			phase.value = "activate";
		else if (await resume())
			await enter();
		else
			phase.value = "signin";
	} catch (e) {
		trouble.value = reason(e);
		phase.value = "trouble";
	}
}

async function enter(): Promise<void> {
	phase.value = "opening";
	await readPlaces();
	firstScope();
	startData();
	startLive();
	phase.value = "in";
}

function App() {
	switch (phase.value) {
	case "reaching": return <Reaching onDone={() => void reached()} />;
	case "setup": return <Setup onDone={() => void enter()} />;
	case "signin": return <SignIn onDone={() => void enter()} />;
	case "activate": return <Activate onDone={() => void enter()} />;
	case "opening": return <main id="main"><p class="booting" role="status">Opening…</p></main>;
	case "trouble": return <main id="main"><p class="booting" role="alert">{trouble.value} <a href="" onClick={(e) => { e.preventDefault(); location.reload(); }}>Try again</a></p></main>;
	case "in": return <Shell />;
	}
}

/* A link of an invitation opened in a page that is already there. */
effect(() => {
	if (route.value.path[0] === "activate" && (phase.peek() === "in" || phase.peek() === "signin"))
		phase.value = "activate";
});

export function mount(): void {
	const root = document.getElementById("app")!;

	root.textContent = "";
	render(<><App /><SessionEnded /><Questions /><Toasts /></>, root);
}
