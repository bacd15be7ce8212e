/* Addresses within the page: #/instances/<id>/<name>/<tab>?x=y. The third part is for people and for old links; it decides nothing. */
import { computed, signal } from "@preact/signals";

const hash = signal(location.hash);
/* Returns a question when leaving would lose something. */
const guards = new Set<() => string>();

export interface Route { path: string[]; query: URLSearchParams }

export const route = computed<Route>(() => {
	const [path, query] = hash.value.replace(/^#\/?/, "").split("?");

	return { path: path.split("/").filter(Boolean).map(decode), query: new URLSearchParams(query ?? "") };
});

function decode(s: string): string {
	try {
		return decodeURIComponent(s);
	} catch {
		return s;
	}
}

export const to = (...parts: (string | number | undefined)[]): string => "#/" + parts.filter((p) => p !== undefined && p !== "").map((p) => encodeURIComponent(String(p))).join("/");
export const dashed = (name: string): string => name.toLowerCase().replace(/[^a-z0-9-]/g, "-").slice(0, 60) || "-";
export const go = (address: string): void => { location.hash = address; };
/* The same place with other words after "?"; does not count as a step back. */
export function replaceQuery(values: Record<string, string>): void {
	const query = new URLSearchParams(route.value.query);

	for (const [k, v] of Object.entries(values))
		v ? query.set(k, v) : query.delete(k);
	const text = query.toString();
	const address = `${location.hash.split("?")[0] || "#/"}${text ? `?${text}` : ""}`;
	history.replaceState(null, "", address);
	hash.value = location.hash;
}

export const guard = (f: () => string): (() => void) => { guards.add(f); return () => guards.delete(f); };
const unsaved = (): string => [...guards].map((f) => f()).find(Boolean) ?? "";

let staying = false;
addEventListener("hashchange", (e) => {
	if (staying) {
		staying = false;
		return;
	}
	const question = unsaved();
	if (question && !confirm(question)) {
		staying = true;
		location.hash = new URL(e.oldURL).hash;
		return;
	}
	hash.value = location.hash;
});
addEventListener("beforeunload", (e) => { if (unsaved()) e.preventDefault(); });
