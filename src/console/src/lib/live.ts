/* What happens, as it happens: /services/events. After a loss it goes on behind the last event seen; when that is too long
   ago, everybody takes a new snapshot. */
import { signal } from "@preact/signals";
import { Refusal, send, signInAgain } from "./http";

export interface Event { sequence: number; time: number; kind: string; object: string; data: any }
type Listener = (e: Event) => void;

export const connection = signal<"connecting" | "live" | "lost">("connecting");
/* Seconds since the connection was lost. */
export const lostFor = signal(0);
/* Of events told in the last minutes: a count for each span of SPAN seconds, the newest last. */
export const SPAN = 5;
export const rates = signal<number[]>(new Array(60).fill(0));

const RETRY_FIRST = 200, RETRY_MOST = 5000, PING_MS = 10000, PONG_MS = 5000;

const listeners = new Set<Listener>();
const resets = new Set<() => void>();
let socket: WebSocket | null = null;
let last: number | null = null;
let retry = RETRY_FIRST;
let lostAt = 0;
let deaf = 0;			// timer: no answer to a ping
let counted = 0;
let running = false;

export const onEvent = (f: Listener): (() => void) => { listeners.add(f); return () => listeners.delete(f); };
/* Called when a new snapshot must be taken. */
export const onReset = (f: () => void): (() => void) => { resets.add(f); return () => resets.delete(f); };

function take(message: any): void {
	switch (message.type) {
	case "hello":
		socket?.send(JSON.stringify(last === null ? { type: "subscribe" } : { type: "subscribe", since: last }));
		break;
	case "reset":
	case "subscribed":
		if (message.type === "reset" && last !== null)
			for (const f of resets)
				f();
		last = message.sequence > (last ?? -1) || message.type === "reset" ? message.sequence : last;
		retry = RETRY_FIRST;
		lostAt = 0;
		lostFor.value = 0;
		connection.value = "live";
		break;
	case "event":
		last = message.sequence;
		counted++;
		for (const f of listeners)
			f(message);
		break;
	case "pong":
		clearTimeout(deaf);
		break;
	}
}

async function lost(code: number): Promise<void> {
	clearTimeout(deaf);
	socket = null;
	if (!running)
		return;
	lostAt ||= performance.now();
	connection.value = "lost";
	if (code === 1008) {
		// Not permitted any more, or too far behind: the session says which.
		try {
			await send("GET", "/services/security/session");
		} catch (e) {
			if (e instanceof Refusal && e.code === 401)
				await signInAgain().catch(() => location.reload());
		}
	}
	setTimeout(connect, retry * (0.75 + Math.random() / 2));
	retry = Math.min(retry * 1.7, RETRY_MOST);
}

function connect(): void {
	if (socket || !running)
		return;
	const s = new WebSocket(`wss://${location.host}/services/events`);
	const patience = setTimeout(() => s.close(), PONG_MS);

	socket = s;
	s.onmessage = (e) => { clearTimeout(patience); take(JSON.parse(e.data)); };
	s.onclose = (e) => { clearTimeout(patience); if (socket === s) void lost(e.code); };
}

/* A connection may be gone without anybody saying so. */
function ping(): void {
	const s = socket;

	if (!s || s.readyState !== WebSocket.OPEN)
		return;
	s.send(JSON.stringify({ type: "ping", id: 1 }));
	clearTimeout(deaf);
	deaf = window.setTimeout(() => {
		if (socket !== s)
			return;
		s.onclose = null;
		s.close();
		void lost(1006);
	}, PONG_MS);
}

export function start(): void {
	if (running)
		return;
	running = true;
	connect();
	setInterval(ping, PING_MS);
	setInterval(() => { if (lostAt) lostFor.value = Math.round((performance.now() - lostAt) / 1000); }, 1000);
	setInterval(() => { rates.value = [...rates.value.slice(1), counted]; counted = 0; }, SPAN * 1000);
	addEventListener("online", () => { retry = RETRY_FIRST; ping(); connect(); });
	document.addEventListener("visibilitychange", () => { if (!document.hidden) ping(); });
}
