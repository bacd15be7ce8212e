/* Which ports must be open, for people of the network; what the appliance enforces itself, explained and watched. */
import { useEffect, useState } from "preact/hooks";
import { useRead } from "../lib/data";
import { call, get, open, q, save } from "../lib/http";
import { replaceQuery, route } from "../lib/route";
import { ago, bytes, capital, plural } from "../lib/text";
import { Button, Empty, Facts, Field, Note, PageHead, Select, Spin, State, Tabs, Time } from "../parts/basic";
import { toast, useForm } from "../parts/dialog";
import { Editor } from "../parts/editor";

interface Word { name: string; title: string }
interface Profiles { profiles: Word[]; peers: (Word & { needed: boolean })[]; conditions: Word[]; formats: { name: string; title: string; suffix: string; how: string; checked: string; note: string }[] }
interface Rule { id: string; profile: string; direction: string; protocol: string; ports: string; peer: string; condition: string; room: string; purpose: string; source: string; line: string; narrowed: boolean }
const PREVIEW_MOST = 200000;
const STATUS_MS = 3000;
const protocols: Record<number, string> = { 1: "icmp", 6: "tcp", 17: "udp", 58: "icmp6" };

const ProfileSelect = ({ p, value }: { p: Profiles; value: string }) => <Select label="For" value={value} onValue={(v) => replaceQuery({ profile: v })} choices={p.profiles.map((x) => ({ value: x.name, label: x.title }))} />;

function Rules({ p }: { p: Profiles }) {
	const profile = route.value.query.get("profile") || "appliance", read = useRead<{ rules: Rule[] }>(`/services/firewall/rules?profile=${q(profile)}`, (e) => e.kind === "appliance.firewall");
	const title = p.profiles.find((x) => x.name === profile)?.title ?? profile;

	return <section class="card"><div class="tool no-print"><ProfileSelect p={p} value={profile} /><span class="grow" /><Button icon="print" onClick={() => print()}>Print</Button></div>
		{read.error ? <div class="pad"><Note kind="bad">{read.error}</Note></div> : !read.value ? <div class="pad"><Spin what="Reading the table…" /></div> : (["in", "out"] as const).map((direction) => {
			const list = read.value!.rules.filter((r) => r.direction === direction);
			return list.length > 0 && <div key={direction}><h2 class="pad">{title}: {direction === "in" ? "inbound" : "outbound"}</h2><div class="scroll-x" tabIndex={0} role="region" aria-label={direction === "in" ? "Inbound" : "Outbound"}><table class="plain"><thead><tr><th>Line</th><th>Protocol</th><th>Ports</th><th>{direction === "in" ? "From" : "To"}</th><th>When</th><th>What for</th><th>Source</th></tr></thead><tbody>{list.map((r) =>
				<tr key={r.id}><th scope="row" class="mono">{r.id}{r.narrowed && <span class="badge warn">narrowed</span>}</th><td>{r.protocol}</td><td class="mono">{r.ports || "–"}</td><td>{r.peer}{r.room && <span class="faint"> (room {r.room})</span>}</td><td>{r.condition}</td><td>{r.purpose}</td><td class="faint">{r.source}</td></tr>)}</tbody></table></div></div>;
		})}</section>;
}

/* "vms=10.1.0.0/16;vcenter=10.0.0.5" */
const peersText = (v: Record<string, string>) => Object.entries(v).filter(([, a]) => a.trim()).map(([k, a]) => `${k}=${a.replace(/\s+/g, "")}`).join(";");

function Export({ p }: { p: Profiles }) {
	const profile = route.value.query.get("profile") || p.profiles[0]?.name;
	const [format, setFormat] = useState(p.formats[0]?.name ?? "");
	const [peers, setPeers] = useState<Record<string, string>>({});
	const [text, setText] = useState("");
	const f = p.formats.find((x) => x.name === format), path = `/services/firewall/export?profile=${q(profile)}&format=${q(format)}${peersText(peers) ? `&peers=${q(peersText(peers))}` : ""}`;
	const form = useForm(async () => setText(await (await open(path)).text()));

	useEffect(() => { setText(""); form.setError(""); }, [path]);
	return <div class="two-columns">
		<section class="card pad stack">
			<div class="form-grid"><ProfileSelect p={p} value={profile} /><Select label="Format" value={format} onValue={setFormat} choices={p.formats.map((x) => ({ value: x.name, label: x.title }))} /></div>
			{f && <p class="hint">{f.how} {f.note} Checked: {f.checked}.</p>}
			<fieldset class="stack tight"><legend>Addresses of the peers</legend><p class="hint">Addresses or networks, separated by commas. A line without its addresses opens nothing.</p><div class="form-grid">{p.peers.filter((x) => x.needed).map((x) => <Field key={x.name} label={capital(x.title)} optional value={peers[x.name] ?? ""} onValue={(v) => setPeers((o) => ({ ...o, [x.name]: v }))} placeholder="10.0.0.0/24" />)}</div></fieldset>
			<p class="error" role="alert">{form.error}</p>
			<div class="row"><Button kind="primary" busy={form.busy} onClick={() => void form.run()}>Preview</Button><Button icon="download" why={text ? "" : "Look at it first."} onClick={() => save(`cam-${profile}.${f?.suffix ?? "txt"}`, new Blob([text]))}>Download</Button></div>
		</section>
		<section class="card pad stack"><h2>Preview</h2>{text ? <pre class="code-plain" tabIndex={0}>{text.slice(0, PREVIEW_MOST)}</pre> : <p class="muted">Nothing yet.</p>}</section>
	</div>;
}

function Explain({ p }: { p: Profiles }) {
	const profile = route.value.query.get("profile") || "appliance";
	const [v, set] = useState({ from: "", to: "", proto: "tcp", dport: "443" });
	const [answer, setAnswer] = useState<any>(null);
	const form = useForm(async () => setAnswer(await get(`/services/firewall/explain?profile=${q(profile)}&${Object.entries(v).filter(([k, x]) => x && !(k === "dport" && v.proto.startsWith("icmp"))).map(([k, x]) => `${k}=${q(x.trim())}`).join("&")}`)));

	return <div class="two-columns"><form class="card pad stack" noValidate onSubmit={(e) => { e.preventDefault(); void form.run(); }}>
		<ProfileSelect p={p} value={profile} />
		<div class="form-grid"><Field label="From" value={v.from} placeholder="192.0.2.7" onValue={(from) => set({ ...v, from })} /><Field label="To" value={v.to} placeholder="10.0.0.5" onValue={(to) => set({ ...v, to })} />
			<Select label="Protocol" value={v.proto} onValue={(proto) => set({ ...v, proto })} choices={["tcp", "udp", "icmp", "icmp6"]} />{!v.proto.startsWith("icmp") && <Field label="Destination port" inputMode="numeric" value={v.dport} onValue={(dport) => set({ ...v, dport })} />}</div>
		<p class="error" role="alert">{form.error}</p><div><Button kind="primary" type="submit" busy={form.busy} why={v.from && v.to ? "" : "Enter both addresses."}>Would it pass?</Button></div></form>
		<section class="card pad stack" aria-live="polite"><h2>Answer</h2>{answer ? <><Note kind={answer.verdict === "pass" ? "good" : "bad"}>{answer.verdict === "pass" ? "It passes" : "It is dropped"}: {answer.reason}</Note>{answer.rule && <Facts rows={[["Line", <code>{answer.rule.id}</code>], ["At", answer.rule.line], ["What for", answer.rule.purpose], ["Ports", `${answer.rule.protocol} ${answer.rule.ports}`], ["Peer", answer.rule.peer], ["Source", answer.rule.source]]} />}</> : <p class="muted">Describe a packet; the line that decides is named.</p>}</section></div>;
}

function Status() {
	const read = useRead<any>("/services/firewall/status", (e) => e.kind === "appliance.firewall"), s = read.value;

	useEffect(() => { const timer = setInterval(() => { if (!document.hidden) read.reload(); }, STATUS_MS); return () => clearInterval(timer); }, []);
	if (!s)
		return read.error ? <Note kind="bad">{read.error}</Note> : <Spin what="Asking the firewall…" />;
	return <div class="stack">
		{s.error && <Note kind="bad">{s.error}</Note>}
		{s.foreign?.length > 0 && <Note kind="warn">There are tables that are not the appliance's: {s.foreign.map((f: any) => f.name ?? f).join(", ")}</Note>}
		<div class="two-columns"><section class="card"><header><h2>Counters</h2></header><div class="scroll-x" tabIndex={0} role="region" aria-label="Counters"><table class="plain"><thead><tr><th>Where</th><th>What</th><th>Packets</th><th>Bytes</th></tr></thead><tbody>{(s.counters ?? []).map((c: any, i: number) => <tr key={i}><th scope="row" class="mono">{c.chain}</th><td>{c.comment}</td><td class="num">{c.packets.toLocaleString("en")}</td><td class="num">{bytes(c.bytes)}</td></tr>)}</tbody></table></div></section>
			<section class="card pad stack"><h2>State</h2><Facts rows={[["State", <State kind={s.state === "applied" ? "good" : s.state === "unconfirmed" ? "warn" : "busy"}>{s.state}</State>], ["In the kernel", s.in_place ? "yes" : "no"], ["Lines", String(s.lines)], !!s.applied && ["Applied", <Time at={s.applied} />], ["Put back after others changed it", plural(s.drifts ?? 0, "time")], !!s.drifted && ["Last", <Time at={s.drifted} />]]} /></section></div>
		<section class="card"><header><h2>Dropped last</h2></header>{(s.drops ?? []).length === 0 ? <Empty icon="firewall" title="Nothing was dropped lately" /> : <div class="scroll-x" tabIndex={0} role="region" aria-label="Dropped last"><table class="plain"><thead><tr><th>When</th><th>From</th><th>To</th><th>Protocol</th><th>Port</th><th>Why</th></tr></thead><tbody>{s.drops.map((d: any, i: number) => <tr key={i}><td class="nowrap">{ago(d.time)}</td><td class="mono">{d.from}</td><td class="mono">{d.to}</td><td>{protocols[d.protocol] ?? d.protocol}</td><td class="num">{d.dport ?? d.type}</td><td>{d.reason}</td></tr>)}</tbody></table></div>}</section>
	</div>;
}

/* A change goes back by itself unless confirmed in time: whoever shut himself out cannot confirm. */
function Own() {
	const read = useRead<{ table: string; generation: number }>("/services/firewall/own", (e) => e.kind === "appliance.firewall");
	const [text, setText] = useState<string | null>(null);
	const [pending, setPending] = useState<{ generation: number; until: number } | null>(null);
	const [now, tick] = useState(Date.now());
	const left = pending ? Math.max(0, Math.ceil((pending.until - now) / 1000)) : 0;
	const change = useForm(async () => { const a = await call("PUT", "/services/firewall/own", { table: text ?? "" }); setPending({ generation: a.generation, until: Date.now() + a.seconds * 1000 }); });
	const confirm = useForm(async () => { await call("POST", "/services/firewall/confirm", { generation: pending!.generation }); setPending(null); setText(null); toast("The change is kept"); read.reload(); });

	useEffect(() => { if (!pending) return; const timer = setInterval(() => tick(Date.now()), 250); return () => clearInterval(timer); }, [pending]);
	useEffect(() => { if (pending && left === 0) { setPending(null); toast("Not confirmed in time: the former table is back", "bad"); } }, [left]);
	if (!read.value)
		return read.error ? <Note kind="bad">{read.error}</Note> : <Spin what="Reading…" />;
	return <section class="card pad stack">
		<p class="muted">Your own lines: they may narrow a line of the appliance to some addresses, switch one off, or add lines whose names begin with <code>own-</code>.</p>
		<Editor label="Own table" language="shell" value={text ?? read.value.table} onValue={setText} readOnly={!!pending} height="18rem" />
		{pending && <Note kind="warn"><div class="row between"><span>Applied. It goes back by itself in <b class="countdown">{left} s</b> unless you confirm that you still reach the appliance.</span><Button kind="primary" busy={confirm.busy} onClick={() => void confirm.run()}>Keep it</Button></div></Note>}
		<p class="error" role="alert">{change.error || confirm.error}</p>
		<div class="row"><Button kind="primary" busy={change.busy} why={pending ? "A change waits to be confirmed." : text === null || text === read.value.table ? "Nothing is changed." : ""} onClick={() => void change.run()}>Apply for 30 seconds</Button>{text !== null && !pending && <Button kind="quiet" onClick={() => setText(null)}>Discard</Button>}</div>
	</section>;
}

export function Firewall({ tab }: { tab: string }) {
	const read = useRead<Profiles>("/services/firewall/profiles"), p = read.value;

	return <>
		<PageHead title="Firewall" lead="Which ports must be open, and what the appliance enforces itself." />
		<Tabs base="#/firewall" at={tab} tabs={[["", "Port tables"], ["export", "Export"], ["explain", "Explain a packet"], ["status", "Live"], ["own", "Own lines"]]} />
		{read.missing ? <div class="card"><Empty icon="firewall" title="This build has no firewall" /></div> : read.error ? <Note kind="bad">{read.error}</Note> : !p ? <Spin what="Reading the tables…" /> : tab === "export" ? <Export p={p} /> : tab === "explain" ? <Explain p={p} /> : tab === "status" ? <Status /> : tab === "own" ? <Own /> : <Rules p={p} />}
	</>;
}
