/* Times, sizes and words as people read them. */
export const plural = (n: number, one: string, many = one + "s"): string => `${n.toLocaleString("en")} ${n === 1 ? one : many}`;
export const capital = (s: string): string => s ? s[0].toUpperCase() + s.slice(1) : s;

/* "2026-11-22 15:27:03.299228" is UTC. */
export function timeOf(text: string | number | null | undefined): Date | null {
	if (text === null || text === undefined || text === "")
		return null;
	const d = typeof text === "number" ? new Date(text > 1e14 ? text / 1000 : text) : new Date(/[Z+]/.test(text.slice(10)) ? text : text.replace(" ", "T").slice(0, 23) + "Z");
	return isNaN(d.getTime()) ? null : d;
}

export function when(text: string | number | null | undefined): string {
	const d = timeOf(text);

	return d ? d.toLocaleString("en", { year: "numeric", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false }) : "";
}

export function clock(text: string | number | null | undefined): string {
	const d = timeOf(text);

	return d ? d.toLocaleTimeString("en", { hour12: false }) : "";
}

const STEPS: [number, string][] = [[60, "s"], [60, "min"], [24, "h"], [365, "d"], [Infinity, "y"]];

export function span(seconds: number): string {
	let n = Math.max(0, Math.round(seconds)), rest = 0, unit = "s", smaller = "";

	for (const [size, name] of STEPS) {
		smaller = unit;
		unit = name;
		if (n < size)
			break;
		rest = n % size;
		n = Math.floor(n / size);
	}
	return rest && unit !== "s" && n < 10 && smaller !== unit ? `${n} ${unit} ${rest} ${smaller}` : `${n} ${unit}`;
}

export function ago(text: string | number | null | undefined, now = Date.now()): string {
	const d = timeOf(text);

	if (!d)
		return "";
	const s = (now - d.getTime()) / 1000;
	if (Math.abs(s) < 5)
		return "now";
	const whole = span(Math.abs(s)).replace(/^(\d+ \S+) .*$/, "$1");
	return s > 0 ? `${whole} ago` : `in ${whole}`;
}

export function bytes(n: number): string {
	const units = ["B", "kB", "MB", "GB", "TB"];
	let i = 0;

	for (; n >= 1000 && i < units.length - 1; i++)
		n /= 1000;
	return `${i && n < 100 ? n.toFixed(1) : Math.round(n)} ${units[i]}`;
}

/* The form the appliance takes: UTC with microseconds. */
export const utc = (d: Date): string => d.toISOString().replace("T", " ").replace("Z", "000");
export const schemaWord = (schema: string | undefined): string => (schema ?? "").split("/").pop() ?? "";
export const SCHEMAS = "http://elasticbox.net/schemas/";
