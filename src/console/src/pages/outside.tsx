/* Before one is in: setting up, signing in, choosing a password by a link; and signing in again over the page. */
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { again, call, get, reason, send } from "../lib/http";
import { go, route } from "../lib/route";
import { activate, readStatus, setUp, signIn, status, user } from "../lib/session";
import { Button, Check, Copy, Facts, Field, PageHead } from "../parts/basic";
import { Dialog, useForm } from "../parts/dialog";
import { exampleSteps, makeExample } from "./example";

const PASSWORD_MIN = 10;
const emailError = (v: string) => /^[^\s@]+@[^\s@]+$/.test(v.trim()) ? "" : "Enter an e-mail address, for example ada@example.com.";

/* Rough measure of a password: length first, then variety. 0 to 4. */
function strength(v: string): number {
	const length = [...v].length, kinds = [/[a-z]/, /[A-Z]/, /[0-9]/, /[^A-Za-z0-9]/].filter((k) => k.test(v)).length;

	if (length < PASSWORD_MIN)
		return length ? 1 : 0;
	if (new Set(v).size < 5)
		return 1;
	return Math.min(4, 2 + Number(length >= 14) + Number(length >= 18 || kinds >= 3));
}

export const passwordError = (v: string) => [...v].length < PASSWORD_MIN ? `At least ${PASSWORD_MIN} characters.` : strength(v) < 2 ? "Too uniform: use more different characters." : "";

function passwordHint(v: string): string {
	const length = [...v].length;

	return !length ? "At least 10 characters. Several words are easier to keep than symbols." : length < PASSWORD_MIN ? `${PASSWORD_MIN - length} more needed.`
		: strength(v) < 2 ? "Too uniform: use more different characters." : `This password is ${["", "weak", "acceptable", "good", "strong"][strength(v)]}.`;
}

/* The code is read from a screen: case, blanks and the hyphen do not matter. */
export const codeOf = (v: string) => v.toUpperCase().replace(/[^A-Z0-9]/g, "").slice(0, 8).replace(/^(.{4})(.+)$/, "$1-$2");

/* Focus on the first field that is wrong. */
function focusWrong(form: HTMLFormElement): void {
	requestAnimationFrame(() => form.querySelector<HTMLElement>("[aria-invalid=true]")?.focus());
}

export function PasswordFields({ password, repeated, onPassword, onRepeated, errors, label = "Password" }: { password: string; repeated: string; onPassword: (v: string) => void; onRepeated: (v: string) => void; errors: Record<string, string>; label?: string }) {
	return <>
		<div class="stack tight">
			<Field label={label} type="password" name="password" autocomplete="new-password" maxLength={256} required value={password} onValue={onPassword} error={errors.password} hint={passwordHint(password)} />
			<meter min={0} max={4} low={2} high={3} optimum={4} value={strength(password)} aria-hidden="true" />
		</div>
		<Field label={`${label} again`} type="password" name="again" autocomplete="new-password" maxLength={256} required value={repeated} onValue={onRepeated} error={errors.again} />
	</>;
}

export function Outside({ children, wide }: { children: ComponentChildren; wide?: boolean }) {
	return <div class="outside">
		<header><span class="brand"><img src="/icon.svg" alt="" /><span>Cloud Application Manager<small>Dedicated Edition</small></span></span>
			{status.value?.development && <span class="badge warn">Development build</span>}</header>
		<main id="main" class={wide ? "wide" : ""}>{children}</main>
	</div>;
}

const Steps = ({ at }: { at: number }) => <ol class="steps" aria-label="Steps">{["Who you are", "This appliance", "A first example"].map((s, i) =>
	<li key={s} data-n={i + 1} class={i < at ? "done" : ""} aria-current={i === at ? "step" : undefined}>{s}</li>)}</ol>;

function SetupAccount({ onDone }: { onDone: () => void }) {
	const [v, set] = useState({ code: "", organization: "", name: "", email: "", password: "", again: "" });
	const [errors, setErrors] = useState<Record<string, string>>({});
	const form = useForm(async () => {
		await setUp({ code: codeOf(v.code), organization: v.organization.trim(), email: v.email.trim(), password: v.password, ...(v.name.trim() ? { name: v.name.trim() } : {}) });
		onDone();
	});
	const field = (k: keyof typeof v) => (value: string) => set((old) => ({ ...old, [k]: value }));

	return <>
		<div><PageHead title="Set up this appliance" lead="The one-time code stands on the screen of the virtual machine. Compare the certificate's fingerprint there with the one your browser shows." />
			<p class="hint">Whoever trusts the authority that signed it needs to compare only once: <a href="/services/appliance/ca" download>Download the CA certificate</a></p></div>
		<form class="card stack" method="post" noValidate onSubmit={(e) => {
			e.preventDefault();
			const wrong: Record<string, string> = {
				code: codeOf(v.code).length === 9 ? "" : "Enter the eight characters of the code.", organization: v.organization.trim() ? "" : "Enter the name of your organization.",
				email: emailError(v.email), password: passwordError(v.password), again: v.again === v.password ? "" : "The two passwords differ.",
			};
			setErrors(wrong);
			if (Object.values(wrong).some(Boolean))
				focusWrong(e.currentTarget);
			else
				void form.run();
		}}>
			<Field label="Setup code" name="code" class="setup-code" autocomplete="one-time-code" autocapitalize="characters" maxLength={16} placeholder="XXXX-XXXX" required autofocus value={v.code} onValue={field("code")} error={errors.code} />
			<Field label="Organization" name="organization" autocomplete="organization" maxLength={120} required value={v.organization} onValue={field("organization")} error={errors.organization} />
			<div class="form-grid">
				<Field label="Your name" name="name" optional autocomplete="name" maxLength={100} value={v.name} onValue={field("name")} />
				<Field label="Your e-mail" name="email" type="email" autocomplete="username" maxLength={254} required value={v.email} onValue={field("email")} error={errors.email} />
			</div>
			<PasswordFields password={v.password} repeated={v.again} onPassword={field("password")} onRepeated={field("again")} errors={errors} />
			<p class="error" role="alert">{form.error}</p>
			<div><Button kind="primary" type="submit" busy={form.busy}>Set up and sign in</Button></div>
		</form>
	</>;
}

function SetupAppliance({ onDone }: { onDone: () => void }) {
	const [settings, set] = useState<any>(null);
	const [host, setHost] = useState("");
	const form = useForm(async () => {
		if (host.trim() !== (settings?.hostname ?? ""))
			await call("POST", "/services/appliance/settings", { ...settings, hostname: host.trim() });
		onDone();
	});

	useEffect(() => { get("/services/appliance/settings").then((s) => { set(s); setHost(s.hostname ?? ""); }).catch((e) => form.setError(reason(e))); }, []);
	return <>
		<PageHead title="This appliance" lead="How people and machines find it. Everything here can be changed later." />
		<form class="card stack" noValidate onSubmit={(e) => { e.preventDefault(); void form.run(); }}>
			<Field label="Host name" name="hostname" optional autocomplete="off" autocapitalize="none" maxLength={253} value={host} onValue={setHost}
				hint="The name by which people reach the appliance. A new certificate is issued for it at once; the browser will ask you to trust it again." />
			<Facts rows={[["Addresses", settings?.addresses?.join(", ") || "–"], ["Identity", settings?.appliance_id ?? "–"],
				["Certificate", <span class="fingerprint">{settings?.fingerprint ?? "–"} {settings?.fingerprint && <Copy text={settings.fingerprint} label="Copy fingerprint" />}</span>]]} />
			<p class="error" role="alert">{form.error}</p>
			<div class="row"><Button kind="primary" type="submit" busy={form.busy}>Continue</Button><Button kind="quiet" onClick={onDone}>Skip</Button></div>
		</form>
	</>;
}

function SetupExample({ onDone }: { onDone: () => void }) {
	const [want, setWant] = useState(true);
	const [at, step] = useState(-1);
	const form = useForm(async () => {
		if (want)
			await makeExample(step);
		onDone();
	});

	return <>
		<PageHead title="A first example" lead="See the whole of it within a minute, without any cloud." />
		<form class="card stack" onSubmit={(e) => { e.preventDefault(); void form.run(); }}>
			<Check label={<b>Make an example to try</b>} checked={want} onValue={setWant} />
			<p class="muted">A provider that simulates a cloud inside the appliance, a deployment policy for it, and a small script box named “Hello”. You can delete all three at any time.</p>
			{at >= 0 && <ul class="stack tight small" aria-live="polite">{exampleSteps.map((s, i) => <li key={s} class={i <= at ? "" : "faint"}>{i < at ? "✓ " : i === at ? "… " : "  "}{s}</li>)}</ul>}
			<p class="error" role="alert">{form.error}</p>
			<div class="row"><Button kind="primary" type="submit" busy={form.busy}>{want ? "Make it and open the console" : "Open the console"}</Button>{form.error && <Button kind="quiet" onClick={onDone}>Go on without it</Button>}</div>
		</form>
	</>;
}

export function Setup({ onDone }: { onDone: () => void }) {
	const [at, set] = useState(user.value ? 1 : 0);

	return <Outside><Steps at={at} />{at === 0 ? <SetupAccount onDone={() => set(1)} /> : at === 1 ? <SetupAppliance onDone={() => set(2)} /> : <SetupExample onDone={onDone} />}</Outside>;
}

export function SignIn({ onDone }: { onDone: () => void }) {
	const [email, setEmail] = useState("");
	const [password, setPassword] = useState("");
	const [errors, setErrors] = useState<Record<string, string>>({});
	const form = useForm(async () => { await signIn(email.trim(), password); onDone(); });

	return <Outside>
		<PageHead title="Sign in" />
		<form class="card stack" method="post" noValidate onSubmit={(e) => {
			e.preventDefault();
			const wrong = { email: emailError(email), password: password ? "" : "Enter your password." };
			setErrors(wrong);
			if (wrong.email || wrong.password)
				focusWrong(e.currentTarget);
			else
				void form.run();
		}}>
			<Field label="E-mail" name="email" type="email" autocomplete="username" maxLength={254} required autofocus value={email} onValue={setEmail} error={errors.email} />
			<Field label="Password" name="password" type="password" autocomplete="current-password" maxLength={256} required value={password} onValue={setPassword} error={errors.password} />
			<p class="error" role="alert">{form.error}</p>
			<div><Button kind="primary" type="submit" busy={form.busy}>Sign in</Button></div>
		</form>
		<p class="hint">No password yet, or forgotten? An administrator of your organization gives you a link.</p>
	</Outside>;
}

/* From the link of an invitation; the code leaves the address at once. */
export function Activate({ onDone }: { onDone: () => void }) {
	const [code, setCode] = useState(route.peek().query.get("code") ?? "");
	const [given] = useState(!!code);
	const [password, setPassword] = useState("");
	const [repeated, setRepeated] = useState("");
	const [errors, setErrors] = useState<Record<string, string>>({});
	const form = useForm(async () => { await activate(code.trim(), password); go("#/"); onDone(); });

	const [whom, setWhom] = useState<any>(null);

	useEffect(() => {
		history.replaceState(null, "", "#/activate");
		if (given)
			send("POST", "/services/users/activation", { code }).then(setWhom, (e) => form.setError(reason(e)));
	}, []);
	return <Outside>
		<PageHead title={whom?.purpose === "reset" ? "Choose a new password" : whom ? `Welcome${whom.name ? `, ${whom.name}` : ""}` : "Choose your password"} name="Choose your password"
			lead={whom ? `${whom.email}, ${whom.organization}. The link can be used once.` : "The link you were given can be used once."} />
		<form class="card stack" method="post" noValidate onSubmit={(e) => {
			e.preventDefault();
			const wrong = { code: code.trim() ? "" : "Enter the code of the link.", password: passwordError(password), again: repeated === password ? "" : "The two passwords differ." };
			setErrors(wrong);
			if (Object.values(wrong).some(Boolean))
				focusWrong(e.currentTarget);
			else
				void form.run();
		}}>
			{whom && <input type="text" name="username" autocomplete="username" value={whom.email} hidden readOnly />}
			{!given && <Field label="Code" name="code" autocomplete="one-time-code" maxLength={64} required value={code} onValue={setCode} error={errors.code} hint="What stands behind “code=” in the link." />}
			<PasswordFields password={password} repeated={repeated} onPassword={setPassword} onRepeated={setRepeated} errors={errors} />
			<p class="error" role="alert">{form.error}</p>
			<div class="row"><Button kind="primary" type="submit" busy={form.busy}>Set password and sign in</Button><a href="#/" onClick={() => setTimeout(() => location.reload())}>Sign in instead</a></div>
		</form>
	</Outside>;
}

/* Over the page, so that nothing typed there is lost. */
export function SessionEnded() {
	const [email, setEmail] = useState(user.value?.email ?? "");
	const [password, setPassword] = useState("");
	const form = useForm(async () => {
		const before = user.value?.id;

		await signIn(email.trim(), password);
		setPassword("");
		if (before && before !== user.value?.id)
			location.reload();
		again.value?.done();
	});

	useEffect(() => { if (again.value && user.value) setEmail(user.value.email); }, [again.value]);
	if (!again.value)
		return null;
	return <Dialog title="Your session has ended" onClose={() => again.value?.leave()}>
		<form method="post" noValidate onSubmit={(e) => { e.preventDefault(); void form.run(); }}>
			<p class="hint">Sign in again to go on. Nothing you typed is lost.</p>
			<Field label="E-mail" name="email" type="email" autocomplete="username" maxLength={254} required value={email} onValue={setEmail} />
			<Field label="Password" name="password" type="password" autocomplete="current-password" maxLength={256} required autofocus value={password} onValue={setPassword} />
			<p class="error" role="alert">{form.error}</p>
			<div class="actions"><Button kind="quiet" onClick={() => again.value?.leave()}>Leave</Button><Button kind="primary" type="submit" busy={form.busy}>Sign in</Button></div>
		</form>
	</Dialog>;
}

/* Until the appliance answers. */
export function Reaching({ onDone }: { onDone: () => void }) {
	const [trouble, set] = useState("");

	useEffect(() => {
		let over = false;
		const attempt = () => readStatus().then(onDone, (e) => { if (!over) { set(reason(e)); setTimeout(attempt, 2000); } });

		void attempt();
		return () => { over = true; };
	}, []);
	return <main id="main"><p class="booting" role="status">{trouble ? `${trouble} Trying again…` : "Reaching the appliance…"}</p></main>;
}
