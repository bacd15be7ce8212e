import { useEffect, useState } from "preact/hooks";
import { diffLines } from "../lib/diff";
import { download } from "../lib/http";
import { Spin } from "./basic";

export function Lines({ before, after, label }: { before: string; after: string; label: string }) {
	return <div class="diff" role="group" aria-label={label} tabIndex={0}>{diffLines(before, after).map((l, i) =>
		<div class={l.kind} key={i}>{(l.kind === "add" || l.kind === "del") && <span class="sr">{l.kind === "add" ? "added: " : "removed: "}</span>}{l.text}</div>)}</div>;
}

/* Two files of the appliance, by their addresses. */
function Files({ name, before, after }: { name: string; before: string; after: string }) {
	const [texts, set] = useState<[string, string] | null>(null);

	useEffect(() => {
		const read = (url: string) => url ? download(url).catch((e) => `(${e.message})`) : Promise.resolve("");

		void Promise.all([read(before), read(after)]).then(set);
	}, [before, after]);
	return <section class="stack tight"><h3>{name} <span class="faint small">{!before ? "added" : !after ? "removed" : "changed"}</span></h3>{texts ? <Lines before={texts[0]} after={texts[1]} label={`Changes of ${name}`} /> : <Spin what="Reading…" />}</section>;
}

const valueOf = (v: any) => v && typeof v === "object" ? [v.scope, v.name].filter(Boolean).join(".") + `: ${v.type ?? ""}${v.value ? ` = ${v.value}` : ""}` : String(v ?? "");

function Section({ title, part }: { title: string; part: any }) {
	const rows = [...(part?.added ?? []).map((v: any) => ["added", v]), ...(part?.removed ?? []).map((v: any) => ["removed", v]), ...(part?.changed ?? []).map((v: any) => ["changed", v])];

	return rows.length ? <section class="stack tight"><h3>{title}</h3><div class="scroll-x"><table class="plain"><thead><tr><th>What</th><th>Before</th><th>After</th></tr></thead><tbody>
		{rows.map(([how, v], i) => <tr key={i}><th scope="row">{[v.scope, v.name].filter(Boolean).join(".")}{v.property ? <span class="faint"> {v.property}</span> : null}</th>
			<td>{how === "added" ? <span class="faint">–</span> : how === "removed" ? valueOf(v.previous === undefined ? v : v.previous) : v.previous || <span class="faint">empty</span>}</td>
			<td>{how === "removed" ? <span class="faint">–</span> : how === "added" ? valueOf(v.new === undefined ? v : v.new) : v.new || <span class="faint">empty</span>}</td></tr>)}
	</tbody></table></div></section> : null;
}

/* What the appliance says of two states of a box; files line by line. */
export function BoxDiff({ diff }: { diff: any }) {
	const files = (list: any[]) => (list ?? []).flatMap((e) => [...e.added, ...e.removed, ...e.changed].map((c: any) => <Files key={c.name} name={c.name} before={c.previous} after={c.new} />));

	if (!diff.changed)
		return <p class="muted">There is no difference.</p>;
	return <div class="stack"><Section title="Details" part={diff.box_details} /><Section title="Variables" part={diff.box_variables} /><Section title="Profile" part={diff.box_profile_properties} />{files(diff.box_events)}{files(diff.box_readme)}</div>;
}
