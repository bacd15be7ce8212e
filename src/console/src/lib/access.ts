/* Who may do what, as far as the console can say beforehand (the appliance decides): the appliance's own table of roles. */
import tables from "../made/tables.json";
import { costcenters, workspaces } from "./scope";
import { isOwner, user } from "./session";

type Kind = "box" | "instance" | "provider" | "workspace";
export type Need = "see" | "use" | "edit" | "own" | "create";
export const roleTable = tables.roles as Record<Kind, Record<Need, string[]>>;
export const ROLES = ["visitor", "user", "author", "administrator"];

const word = (role: string): string => role === "collaborator" || role === "edit" ? "author" : role === "read" ? "visitor" : role;

export function roleIn(id: string | undefined): string {
	const me = user.value, w = workspaces.value.find((x) => x.id === id);

	if (!me || !id)
		return "";
	if (isOwner.value || id === me.id || costcenters.value.some((c) => c.id === w?.costcenter && (c.members ?? []).some((m: any) => m.id === me.id)))
		return "administrator";
	return word((w?.members ?? []).find((m) => m.id === me.id)?.role ?? "");
}

/* "" = may, else a sentence why not. */
export function mayNot(kind: Kind, need: Need, o: { owner?: string; members?: any[] } | null | undefined): string {
	if (!o)
		return "";
	const roles = [roleIn(o.owner)];

	if (need !== "own" && need !== "create")
		for (const m of o.members ?? [])
			if (roleIn(m.workspace))
				roles.push(word(m.role) === "author" || m.role === "administrator" ? "author" : kind === "box" ? "user" : "visitor");
	const good = roleTable[kind][need];
	if (roles.some((r) => good.includes(r)))
		return "";
	return `This needs the role ${good[0] ?? "administrator"} in the workspace that owns it.`;
}
