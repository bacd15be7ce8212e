/* Calls to the appliance. The session is a cookie no script can read; the CSRF token lives in this module's memory only. */
import { signal } from "@preact/signals";

export class Refusal extends Error {
	constructor(readonly code: number, message: string, readonly retryAfter = 0) {
		super(message);
	}
}

let csrf: string | null = null;
export const setCsrf = (value: string | null) => { csrf = value; };

/* While somebody whose session has ended is asked for the password: whoever waits for that. */
export interface Again { done: () => void; leave: () => void }
export const again = signal<Again | null>(null);
let waiting: Promise<void> | null = null;

/* Resolves when signed in again; fails when the person leaves. All calls share one question. */
export function signInAgain(): Promise<void> {
	waiting ??= new Promise<void>((resolve, reject) => {
		const end = (then: () => void) => () => { waiting = null; again.value = null; then(); };
		again.value = { done: end(resolve), leave: end(() => reject(new Refusal(401, "You are no longer signed in."))) };
	});
	return waiting;
}

export interface Options { headers?: Record<string, string>; raw?: Blob | ArrayBuffer; signal?: AbortSignal }

async function ask(method: string, path: string, body: unknown, options: Options): Promise<Response> {
	const headers: Record<string, string> = { ...options.headers };
	const init: RequestInit = { method, headers, credentials: "same-origin", cache: "no-store", redirect: "error" };

	if (options.raw !== undefined) {
		headers["Content-Type"] = "application/octet-stream";
		init.body = options.raw;
	} else if (body !== undefined) {
		headers["Content-Type"] = "application/json";
		init.body = JSON.stringify(body);
	}
	if (csrf && method !== "GET")
		headers["X-CSRF-Token"] = csrf;
	if (options.signal)
		init.signal = options.signal;
	try {
		return await fetch(path, init);
	} catch (e) {
		if ((e as Error).name === "AbortError")
			throw e;
		throw new Refusal(0, "The appliance cannot be reached. Check the network and try again.");
	}
}

async function refusalOf(answer: Response): Promise<Refusal> {
	const text = await answer.text().catch(() => "");
	let message = "";

	try {
		message = JSON.parse(text).message;
	} catch { /* not ours: the status says enough */ }
	const wait = Number(answer.headers.get("Retry-After")) || 0;
	message ||= `The appliance answered ${answer.status}.`;
	return new Refusal(answer.status, answer.status === 429 && wait > 1 ? `${message} (in ${wait} seconds)` : message, wait);
}

/* One request as it is: for those who are not signed in, and for signing in. */
export async function send<T = any>(method: string, path: string, body?: unknown, options: Options = {}): Promise<T> {
	const answer = await ask(method, path, body, options);

	if (!answer.ok)
		throw await refusalOf(answer);
	const text = await answer.text();
	if (!text)
		return null as T;
	return (answer.headers.get("Content-Type") ?? "").startsWith("application/json") ? JSON.parse(text) : text as T;
}

/* A request of somebody signed in: when the session has ended, asks for the password over the page, then repeats it. */
export async function call<T = any>(method: string, path: string, body?: unknown, options: Options = {}): Promise<T> {
	for (;;) {
		try {
			return await send<T>(method, path, body, options);
		} catch (e) {
			if (!(e instanceof Refusal) || e.code !== 401)
				throw e;
			await signInAgain();
		}
	}
}

export const get = <T = any>(path: string, options?: Options) => call<T>("GET", path, undefined, options);

/* The answer itself, for texts and bytes that are read piece by piece. */
export async function open(path: string, headers: Record<string, string> = {}, signal?: AbortSignal): Promise<Response> {
	for (;;) {
		const answer = await ask("GET", path, undefined, { headers, signal });

		if (answer.ok)
			return answer;
		const refusal = await refusalOf(answer);
		if (refusal.code !== 401)
			throw refusal;
		await signInAgain();
	}
}

export const q = encodeURIComponent;
export const reason = (e: unknown): string => e instanceof Error ? e.message : String(e);

/* A file kept by the appliance, as boxes name it. */
export interface FileRef { url: string; length?: number; upload_date?: string; content_type?: string; destination_path?: string }

export function upload(name: string, data: Blob): Promise<FileRef> {
	const safe = name.replace(/[^\w.\- ]+/g, "_").replace(/^\.+/, "").slice(0, 120) || "file";

	return call<FileRef>("POST", `/services/blobs/upload/${q(safe)}`, undefined, { raw: data });
}

export const download = async (url: string): Promise<string> => (await open(url.replace(/^\/\//, "/"))).text();

/* Hands a file to the person. */
export function save(name: string, data: Blob): void {
	const link = document.createElement("a");

	link.href = URL.createObjectURL(data);
	link.download = name;
	link.click();
	setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}
