/* Light, dark, or as the system has it. */
import { effect, signal } from "@preact/signals";

export type Scheme = "system" | "light" | "dark";
const KEY = "cam.scheme";
export const scheme = signal<Scheme>((localStorage.getItem(KEY) as Scheme) || "system");

effect(() => {
	const root = document.documentElement;

	if (scheme.value === "system")
		root.removeAttribute("data-scheme");
	else
		root.setAttribute("data-scheme", scheme.value);
	localStorage.setItem(KEY, scheme.value);
});
