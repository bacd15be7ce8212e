/* The place one looks at: the organization, a cost center, or a workspace. */
import { computed, signal } from "@preact/signals";
import { get, q } from "./http";
import { isOwner, organization, user } from "./session";

export type Scope = { type: "organization" | "costcenter" | "workspace"; id: string };
export interface Workspace { id: string; name: string; last_name?: string; type: string; organization?: string; organizations?: string[]; costcenter?: string; members?: any[]; email?: string; schema: string; favorites?: any[] }

export const workspaces = signal<Workspace[]>([]);
export const costcenters = signal<any[]>([]);
export const scope = signal<Scope>({ type: "workspace", id: "" });

const KEY = "cam.scope";
const FAVORITES = "cam.favorites";
export const favorites = signal<Scope[]>(read(FAVORITES, []));

function read<T>(key: string, otherwise: T): T {
	try {
		return JSON.parse(localStorage.getItem(key) ?? "") ?? otherwise;
	} catch {
		return otherwise;
	}
}

export async function readPlaces(): Promise<void> {
	const [w, c] = await Promise.all([
		get<Workspace[]>(isOwner.value && user.value ? `/services/organizations/${q(user.value.organization)}/workspaces` : "/services/workspaces"),
		get<any[]>("/services/costcenters").catch(() => []),
	]);
	workspaces.value = w.sort((a, b) => placeName(a).localeCompare(placeName(b)));
	costcenters.value = c;
}

export const placeName = (w: Workspace | undefined): string => w ? [w.name, w.last_name].filter(Boolean).join(" ") || w.id : "";
export const workspaceName = (id: string): string => placeName(workspaces.value.find((w) => w.id === id)) || id;

/* Administrators begin with the organization, others with their own workspace (what was chosen before wins). */
export function firstScope(): void {
	const kept = read<Scope | null>(KEY, null);

	if (kept && exists(kept))
		scope.value = kept;
	else if (isOwner.value && organization.value)
		scope.value = { type: "organization", id: organization.value.name };
	else
		scope.value = { type: "workspace", id: user.value!.id };
}

function exists(s: Scope): boolean {
	return s.type === "organization" ? isOwner.value && organization.value?.name === s.id
		: s.type === "costcenter" ? costcenters.value.some((c) => c.id === s.id) : workspaces.value.some((w) => w.id === s.id);
}

export function choose(s: Scope): void {
	scope.value = s;
	localStorage.setItem(KEY, JSON.stringify(s));
}

export const same = (a: Scope, b: Scope): boolean => a.type === b.type && a.id === b.id;

export function toggleFavorite(s: Scope): void {
	favorites.value = favorites.value.some((f) => same(f, s)) ? favorites.value.filter((f) => !same(f, s)) : [...favorites.value, s];
	localStorage.setItem(FAVORITES, JSON.stringify(favorites.value));
}

export function scopeName(s: Scope): string {
	return s.type === "organization" ? organization.value?.display_name || s.id
		: s.type === "costcenter" ? costcenters.value.find((c) => c.id === s.id)?.name ?? s.id : workspaceName(s.id);
}

export const scopeWord = { organization: "Organization", costcenter: "Cost center", workspace: "Workspace" };

/* Workspaces below the scope. */
export const within = computed<string[]>(() => scope.value.type === "workspace" ? [scope.value.id]
	: workspaces.value.filter((w) => scope.value.type === "organization" || w.costcenter === scope.value.id).map((w) => w.id));

/* Where something new goes: the chosen workspace, else one's own. */
export const home = computed(() => scope.value.type === "workspace" ? scope.value.id : user.value?.id ?? "");

/* Addresses whose lists together are what the scope has. */
export function listPaths(kind: "boxes" | "instances" | "providers"): string[] {
	const s = scope.value;

	return s.type === "organization" ? [`/services/organizations/${q(s.id)}/${kind}`]
		: within.value.map((w) => `/services/workspaces/${q(w)}/${kind}`);
}

/* Does something belong to what the scope shows? */
export function inScope(o: { owner?: string; members?: { workspace: string }[]; visibility?: string }): boolean {
	if (scope.value.type === "organization")
		return true;
	return within.value.includes(o.owner ?? "") || (o.members ?? []).some((m) => within.value.includes(m.workspace)) ||
		o.visibility === "organization" || o.visibility === "public";
}
