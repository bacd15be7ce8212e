/* Who did what: filters, the chain verified here, the signed export. */
import { useState } from "preact/hooks";
import { useRead } from "../lib/data";
import { get, q, reason } from "../lib/http";
import { type Verdict, verifyChain } from "../lib/chain";
import { replaceQuery, route, to } from "../lib/route";
import { capital, plural, when } from "../lib/text";
import { Button, Empty, Field, Note, PageHead, Select, Spin } from "../parts/basic";

const KINDS = ["box", "instance", "provider", "workspace", "costcenter", "organization", "user", "token", "appliance", "blob"];
const PAGES: Record<string, string> = { box: "boxes", instance: "instances", provider: "providers", workspace: "workspaces" };
const SHOWN = 300;

function Verify() {
	const [state, set] = useState<Verdict | "working" | null>(null);
	const [lines, setLines] = useState(0);
	const run = async () => {
		set("working");
		try {
			const [text, pem] = await Promise.all([get<string>("/services/activity/export"), get<string>("/services/activity/key")]);
			set(await verifyChain(text, pem, setLines));
		} catch (e) {
			set({ good: false, text: reason(e), lines: 0 });
		}
	};

	return <>{state === "working" ? <Spin what={`Checking the chain, ${plural(lines, "entry", "entries")} so far…`} /> : state && <Note kind={state.good ? "good" : "bad"}>{state.text}</Note>}
		<div class="row"><Button icon="check" busy={state === "working"} onClick={() => void run()}>Verify the chain</Button><Button icon="download" href="/services/activity/export">Signed export</Button><Button icon="lock" kind="quiet" href="/services/activity/key">Public key</Button></div></>;
}

export function ActivityPage() {
	const query = route.value.query, f = { user: query.get("user") ?? "", kind: query.get("kind") ?? "", object: query.get("object") ?? "", from: query.get("from") ?? "", to: query.get("to") ?? "" };
	const path = `/services/activity?${Object.entries(f).filter(([, v]) => v).map(([k, v]) => `${k}=${q(v)}`).join("&")}`;
	const read = useRead<any[]>(path.replace(/\?$/, ""), (e) => !e.kind.startsWith("task."));
	const [many, more] = useState(SHOWN);
	const list = (read.value ?? []).slice(0, many);

	return <>
		<PageHead title="Activity" lead="Every change with who, when, from where and its outcome, in a chain that shows tampering." />
		<div class="stack"><Verify />
			<section class="card"><div class="tool">
				<Field label="User" value={f.user} onValue={(v) => replaceQuery({ user: v.trim() })} /><Select label="About" value={f.kind} onValue={(v) => replaceQuery({ kind: v })} choices={[{ value: "", label: "Everything" }, ...KINDS.map((k) => ({ value: k, label: capital(k) }))]} />
				<Field label="Object" value={f.object} mono onValue={(v) => replaceQuery({ object: v.trim() })} /><Field label="From (UTC)" type="date" value={f.from} onValue={(v) => replaceQuery({ from: v })} /><Field label="Before (UTC)" type="date" value={f.to} onValue={(v) => replaceQuery({ to: v })} /></div>
				{read.error ? <div class="pad"><Note kind="bad">{read.error}</Note></div> : !read.value ? <div class="pad"><Spin what="Reading the activity…" /></div> : list.length === 0 ? <Empty icon="activity" title="Nothing fits" /> :
					<div class="scroll-x" tabIndex={0} role="region" aria-label="Activity"><table class="plain"><thead><tr><th>When</th><th>Who</th><th>What</th><th>Object</th><th>Outcome</th><th>From</th></tr></thead><tbody>{list.map((a) => <tr key={a.sequence}><td class="nowrap num">{when(a.time)}</td><td>{a.user || <span class="faint">nobody</span>}</td><th scope="row" class="mono">{a.verb}</th><td class="mono">{a.object && PAGES[a.kind] ? <a href={to(PAGES[a.kind], a.object)}>{a.object}</a> : a.object}</td><td class={`num ${a.status >= 400 ? "bad-text" : ""}`}>{a.status >= 400 ? `refused, ${a.status}` : "done"}</td><td class="mono">{a.peer}</td></tr>)}</tbody></table></div>}
				{(read.value?.length ?? 0) > many && <div class="pad row"><Button onClick={() => more(many + SHOWN)}>Show more</Button><span class="faint small">{many} of {read.value!.length.toLocaleString("en")}</span></div>}
			</section></div>
	</>;
}
