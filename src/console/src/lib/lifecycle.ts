/* What may be done to an instance now, from the appliance's own table (src/core/lifecycle.c). */
import tables from "../made/tables.json";
import type { InstanceRow } from "./data";

type Cell = Record<string, string>;
const table = tables.lifecycle as unknown as Record<string, Cell>;

type Stateful = { state: string; operation?: { event: string } };
const cell = (i: Stateful): Cell => table[`${i.state}/${i.operation?.event ?? "deploy"}`] ?? {};
/* "online", "deploying", … */
export const situation = (i: Stateful): string => cell(i)[""] ?? "";
/* "" when it is allowed, else the reason why not. */
export const refused = (i: Stateful, action: string): string => cell(i)[action] ?? "The instance is in no state to do this.";

export interface Action { id: string; label: string; icon: string; method: "PUT" | "DELETE"; path: string; danger?: boolean; ask?: string; admin?: boolean; done: string }

export const actions: Action[] = [
	{ id: "reconfigure", label: "Reconfigure", icon: "refresh", method: "PUT", path: "reconfigure", done: "Reconfiguring" },
	{ id: "reinstall", label: "Reinstall", icon: "download", method: "PUT", path: "reinstall", done: "Reinstalling", ask: "All install and configure scripts run again on its machines." },
	{ id: "poweron", label: "Power on", icon: "power", method: "PUT", path: "poweron", done: "Powering on" },
	{ id: "shutdown", label: "Shut down", icon: "power", method: "PUT", path: "shutdown", done: "Shutting down", ask: "The stop scripts run, then its machines are switched off." },
	{ id: "deploy", label: "Retry deploy", icon: "play", method: "PUT", path: "deploy", done: "Deploying again" },
	{ id: "abort", label: "Abort", icon: "close", method: "PUT", path: "abort", danger: true, done: "Aborted", ask: "The running script is ended; the instance becomes unavailable." },
	{ id: "force_online", label: "Force online", icon: "check", method: "PUT", path: "force_online", admin: true, done: "Taken for online", ask: "The instance is taken for online although its last scripts failed." },
	{ id: "import", label: "Retry import", icon: "upload", method: "PUT", path: "import", done: "Importing again" },
	{ id: "cancel_import", label: "Cancel import", icon: "close", method: "PUT", path: "cancel_import", danger: true, done: "Import given up", ask: "The record of the import is removed." },
	{ id: "terminate", label: "Terminate", icon: "trash", method: "DELETE", path: "?operation=terminate", danger: true, done: "Terminating", ask: "The dispose scripts run, then its machines are deleted. This cannot be undone." },
	{ id: "force_terminate", label: "Force terminate", icon: "trash", method: "DELETE", path: "?operation=force_terminate", danger: true, done: "Terminating by force", ask: "Its machines are deleted at once, without running any script. This cannot be undone." },
	{ id: "delete", label: "Delete", icon: "trash", method: "DELETE", path: "?operation=delete", danger: true, done: "Deleted", ask: "The record and its logs are removed. This cannot be undone." },
];

/* Worth showing although not allowed: imports only where there is one, and so on. */
const rare = new Set(["import", "cancel_import", "force_online", "deploy", "abort"]);
export const offered = (i: Stateful): Action[] => actions.filter((a) => !rare.has(a.id) || !refused(i, a.id));

const SILENT_MS = 600000;
const words: Record<string, [string, string]> = {
	deploying: ["Deploying", "busy"], working: ["Processing", "busy"], stopping: ["Shutting down", "busy"], "switching off": ["Shutting down", "busy"],
	terminating: ["Terminating", "busy"], removing: ["Terminating", "busy"], online: ["Online", "good"], "shut down": ["Shut down", "off"], terminated: ["Terminated", "off"],
};

/* Machines whose agent has been gone for ten minutes. */
function silent(machines: any[], now: number): number {
	return machines.filter((m) => {
		const close = m.last_agent_close && Date.parse(String(m.last_agent_close).replace(" ", "T").slice(0, 23) + "Z");
		const ping = m.last_agent_ping && Date.parse(String(m.last_agent_ping).replace(" ", "T").slice(0, 23) + "Z");
		return close && close >= (ping || 0) && now - close >= SILENT_MS;
	}).length;
}

/* What people call the state, and its colour. */
export function shown(i: Stateful & { service?: { machines?: any[] } }): [string, string] {
	const s = situation(i), machines = i.service?.machines ?? [];
	const quiet = s === "online" ? silent(machines, Date.now()) : 0;

	if (quiet)
		return quiet === machines.length ? ["Not responding", "warn"] : ["Unknown", "warn"];
	return words[s] ?? ["Unavailable", "bad"];
}

/* Reconfigure: the name of an operation for people. */
export const eventWord: Record<string, string> = {
	deploy: "Deploy", shutdown: "Shut down", shutdown_service: "Shut down", poweron: "Power on", reinstall: "Reinstall", reconfigure: "Reconfigure",
	terminate: "Terminate", terminate_service: "Terminate", snapshot: "Snapshot",
};

/* For several: allowed only where each allows it; the reason names the first that does not. */
export function refusedForAll(list: InstanceRow[], action: string): string {
	for (const i of list) {
		const why = refused(i, action);
		if (why)
			return list.length > 1 ? `${i.name}: ${why}` : why;
	}
	return "";
}
