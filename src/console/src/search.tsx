/* ⌘K: anything by its name. */
import { signal } from "@preact/signals";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { boxes, instances, providers } from "./lib/data";
import { get, q } from "./lib/http";
import { shown } from "./lib/lifecycle";
import { dashed, go, to } from "./lib/route";
import { schemaWord } from "./lib/text";
import { isOwner, signOut, user } from "./lib/session";
import { Dialog } from "./parts/dialog";
import { Icon } from "./parts/icon";
import { placeName, workspaces } from "./lib/scope";
import { places } from "./shell";

const opened = signal(false);
export const openSearch = (): void => { opened.value = true; };
const MOST = 40;

interface Hit { id: string; text: string; where: string; icon: string; act: () => void }

/* The better the earlier: the beginning, a word's beginning, anywhere. -1 = not at all. */
export function rank(text: string, words: string[]): number {
	const low = text.toLowerCase();
	let sum = 0;

	for (const w of words) {
		const at = low.indexOf(w);
		if (at < 0)
			return -1;
		sum += at === 0 ? 0 : /\W/.test(low[at - 1]) ? 1 : 2;
	}
	return sum;
}

/* What an instance can be found by. */
export const instanceText = (i: any): string => [i.name, i.id, i.service?.id, i.owner, i.operation?.workspace, i.boxes?.[0]?.name, ...(i.tags ?? []),
	...(i.service?.machines ?? []).flatMap((m: any) => [m.name, m.hostname, m.address?.public, m.address?.private, m.support_id, m.external_id])].filter(Boolean).join(" ");

function find(text: string, users: any[]): Hit[] {
	const words = text.toLowerCase().split(/\s+/).filter(Boolean), hits: [number, Hit][] = [];
	const add = (score: number, h: Hit) => { if (score >= 0) hits.push([score, h]); };

	for (const p of places)
		if (!p.when || p.when())
			add(rank(p.label, words) * 2, { id: `p${p.id}`, text: p.label, where: "Page", icon: p.icon, act: () => go(to(p.id)) });
	for (const [label, icon, address] of [["New box", "plus", "#/boxes?new=1"], ["New instance", "plus", "#/instances?new=1"], ["Add provider", "plus", "#/providers?new=1"],
		...(isOwner.value ? [["Invite user", "plus", "#/users?new=1"]] : [])])
		add(rank(label, words), { id: label, text: label, where: "Action", icon, act: () => go(address) });
	add(rank("Sign out", words), { id: "out", text: "Sign out", where: "Action", icon: "lock", act: () => void signOut() });
	if (words.length) {
		for (const i of instances.all.value) {
			const score = rank(instanceText(i), words);
			add(score, { id: i.id, text: i.name, where: `Instance · ${shown(i)[0]}`, icon: "instances", act: () => go(to("instances", i.id, dashed(i.name))) });
			if (score >= 0 && hits.length > 400)
				break;
		}
		for (const b of boxes.all.value)
			add(rank(`${b.name} ${b.id}`, words), { id: b.id, text: b.name, where: "Box", icon: schemaWord(b.schema), act: () => go(to("boxes", b.id, dashed(b.name))) });
		for (const p of providers.all.value)
			add(rank(`${p.name} ${p.type}`, words), { id: p.id, text: p.name, where: "Provider", icon: "providers", act: () => go(to("providers", p.id, dashed(p.name))) });
		for (const w of workspaces.value)
			add(rank(`${placeName(w)} ${w.id}`, words), { id: `w${w.id}`, text: placeName(w), where: "Workspace", icon: "workspaces", act: () => go(to("workspaces", w.id)) });
		for (const u of users)
			add(rank(`${u.name} ${u.last_name ?? ""} ${u.email} ${u.id}`, words), { id: `u${u.id}`, text: `${u.name || u.id} (${u.email})`, where: "User", icon: "user", act: () => go(`#/users?q=${encodeURIComponent(u.email)}`) });
	}
	return hits.sort((a, b) => a[0] - b[0]).slice(0, MOST).map((h) => h[1]);
}

function Palette() {
	const [text, set] = useState("");
	const [at, setAt] = useState(0);
	const [users, setUsers] = useState<any[]>([]);
	const list = useRef<HTMLDivElement>(null);
	const hits = useMemo(() => find(text, users), [text, users, instances.all.value, boxes.all.value]);
	const close = () => { opened.value = false; };
	const take = (h: Hit | undefined) => { if (h) { close(); h.act(); } };

	useEffect(() => {
		if (isOwner.value && user.value)
			get<any[]>(`/services/users?organization=${q(user.value.organization)}`).then(setUsers, () => null);
	}, []);
	useEffect(() => setAt(0), [text]);
	useEffect(() => list.current?.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" }), [at]);
	return <Dialog title="Search" class="palette" onClose={close} modeless>
		<div class="query"><Icon name="search" /><input type="text" role="combobox" aria-label="Search instances, boxes, providers, users and actions" aria-expanded="true" aria-controls="hits" aria-autocomplete="list" autofocus
			aria-activedescendant={hits[at] ? `hit-${at}` : undefined} placeholder="Instances, boxes, providers, users, actions" autocomplete="off" spellcheck={false} value={text} onInput={(e) => set(e.currentTarget.value)}
			onKeyDown={(e) => {
				if (e.key === "ArrowDown" || e.key === "ArrowUp") { e.preventDefault(); setAt((at + (e.key === "ArrowDown" ? 1 : hits.length - 1)) % Math.max(1, hits.length)); }
				else if (e.key === "Enter") { e.preventDefault(); take(hits[at]); }
			}} /></div>
		<div id="hits" role="listbox" aria-label="Found" ref={list}>
			{hits.map((h, i) => <div key={h.id} id={`hit-${i}`} role="option" aria-selected={i === at ? "true" : "false"} onMouseMove={() => setAt(i)} onClick={() => take(h)}><Icon name={h.icon} /><span class="cut">{h.text}</span><span class="where">{h.where}</span></div>)}
			{hits.length === 0 && <div role="option" aria-selected="false" aria-disabled="true" class="muted">Nothing of this name.</div>}
		</div>
	</Dialog>;
}

export const Search = () => opened.value ? <Palette /> : null;
