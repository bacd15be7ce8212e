/* What providers and policies ask for, as the appliance says it: choices out of what a provider has, first values. */
export interface FormField { name: string; kind: "text" | "url" | "lines" | "secret" | "number" | "flag" | "list"; required: boolean; label: string; help: string;
	choices?: string; words: string[]; items: FormField[]; min?: number; max?: number }
export interface ProviderType { type: string; schema: string; profile_schema?: string; fields: FormField[]; profile: FormField[] }
export type Values = Record<string, any>;

export const TYPES = "/services/provider-types";

const nameOf = (x: any): string => typeof x === "string" ? x : x?.name ?? "";

/* The names at the path `choices` of what was found; on the way only what another field has chosen ("datacenters" of "datacenters/templates"). */
export function choicesOf(field: FormField, fields: FormField[], values: Values, found: any): string[] {
	const path = field.choices?.split("/") ?? [];
	let level: any[] = (found?.services ?? []).filter((s: any) => /Compute/.test(s.name ?? ""));

	path.forEach((part, depth) => {
		const chosen = values[fields.find((f) => f.choices === path.slice(0, depth).join("/"))?.name ?? ""];
		level = (chosen ? level.filter((x) => nameOf(x) === chosen) : level).flatMap((x) => x?.[part] ?? []);
	});
	return [...new Set([...field.words, ...(path.length ? level.map(nameOf).filter(Boolean) : [])])];
}

/* What a new profile begins with: what it must have, and the place that other choices are in. */
export function firstValues(fields: FormField[], found: any): Values {
	const values: Values = {};

	for (const f of fields)
		if (f.choices && fields.some((other) => other.choices?.startsWith(`${f.choices}/`)) && !f.choices.includes("/"))
			values[f.name] = choicesOf(f, fields, values, found)[0] ?? null;
	for (const f of fields)
		values[f.name] ??= f.kind === "list" ? [] : f.kind === "number" ? f.min ?? 0 : f.kind === "flag" ? false : f.required ? choicesOf(f, fields, values, found)[0] ?? null : null;
	return values;
}

/* The first member that must be there and is not, or nothing. */
export const missing = (fields: FormField[], values: Values): FormField | undefined => fields.find((f) => f.required && !String(values[f.name] ?? "").trim());
