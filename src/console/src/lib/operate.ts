/* Doing something to instances. */
import { ask, attempt, toast } from "../parts/dialog";
import type { Action } from "./lifecycle";
import { call, reason } from "./http";
import { plural } from "./text";

const send = (a: Action, id: string) => call(a.method, `/services/instances/${id}${a.path.startsWith("?") ? "" : "/"}${a.path}`, a.method === "PUT" ? {} : undefined);
const TOGETHER = 8;

export async function operate(a: Action, i: { id: string; name: string }): Promise<boolean> {
	if (a.ask && !await ask({ title: `${a.label} ${i.name}?`, text: a.ask, yes: a.label, kind: a.danger ? "danger" : "primary" }))
		return false;
	return attempt(() => send(a, i.id), `${i.name}: ${a.done}`);
}

export async function operateAll(a: Action, list: { id: string; name: string }[]): Promise<void> {
	if (!await ask({ title: `${a.label}: ${plural(list.length, "instance")}?`, text: a.ask ?? "", yes: a.label, kind: a.danger ? "danger" : "primary" }))
		return;
	const todo = [...list], failed: string[] = [];
	await Promise.all(Array.from({ length: TOGETHER }, async () => {
		for (let i = todo.shift(); i; i = todo.shift())
			await send(a, i.id).catch((e) => failed.push(`${i!.name}: ${reason(e)}`));
	}));
	if (failed.length)
		toast(`${plural(failed.length, "instance")} refused: ${failed.slice(0, 3).join(" ")}${failed.length > 3 ? " …" : ""}`, "bad");
	else
		toast(`${a.done}: ${plural(list.length, "instance")}`);
}
