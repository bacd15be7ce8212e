/* The machine itself: how it is, what each of its programs may do, its name and time. */
import { Fragment } from "preact";
import { useEffect, useState } from "preact/hooks";
import rooms from "../made/rooms.json";
import { useRead } from "../lib/data";
import { call, get } from "../lib/http";
import { status } from "../lib/session";
import { bytes, span, when } from "../lib/text";
import { Button, Check, Copy, Facts, Field, Note, PageHead, Spin, State, Tabs, Time } from "../parts/basic";
import { toast, useForm } from "../parts/dialog";
import { Bar } from "../parts/chart";
import { Certificate } from "./certificate";
import { health, type Health } from "./health";
import { Network } from "./network";
import { Logs } from "./logs";

interface Room { name: string; program: string; job: string; user: number; links: string[]; capabilities: string[]; families: string[]; memory: number; nofile: number; nproc: number; paths: { path: string; rights: string[] }[]; calls: string[]; opens: { kind: string; path: string; argument: number }[] }
const table = (rooms as any).rooms as Room[];

function Summary({ settings, h }: { settings: any; h: Health | null }) {
	return <div class="two-columns">
		<section class="card" aria-labelledby="services"><header><h2 id="services">Services</h2></header>
			<div class="scroll-x" tabIndex={0} role="region" aria-label="Programs"><table class="plain"><thead><tr><th>Name</th><th>State</th><th>Started</th><th>Restarts</th><th>Memory</th><th>Job</th></tr></thead><tbody>{table.filter((r) => r.name !== "log").map((r) => {
				const s = h?.services?.find((x) => x.name === r.name);
				return <tr key={r.name}><th scope="row" class="mono">{r.name}</th><td>{s ? <State kind={s.running ? "good" : "bad"}>{s.running ? "running" : "down"}</State> : <span class="faint">–</span>}</td><td class="num nowrap">{s?.running ? <Time at={s.started} /> : ""}</td><td class={`num ${s && s.restarts > 0 ? "bad-text" : ""}`}>{s ? s.restarts : ""}</td><td class="num nowrap">{s?.memory === undefined ? <span class="faint">–</span> : <span title={s.memory_peak === undefined ? "" : `at most ${bytes(s.memory_peak)} since it was started, of ${bytes(r.memory)}`}>{bytes(s.memory)}</span>}</td><td class="muted">{r.job}</td></tr>;
			})}</tbody></table></div></section>
		<section class="card pad stack"><h2>Facts</h2>
			<Facts rows={[["State", <State kind={settings.state === "ready" ? "good" : settings.state === "full" ? "bad" : "busy"}>{settings.state}</State>], ["Version", `${settings.version}${settings.development ? " (development build)" : ""}`], ["Identity", <span class="row"><code>{settings.appliance_id}</code><Copy text={settings.appliance_id} label="Copy the identity" /></span>],
				["Host name", settings.hostname || <span class="faint">none</span>], ["Addresses", (settings.addresses ?? []).map((a: string) => <div key={a} class="mono">{a}</div>)], ["Up for", span(settings.uptime)], ["Time", `${when(status.value?.time)}`]]} />
			{h?.storage && <div class="stack tight"><div class="row between small"><span>Storage</span><span class="num">{bytes(h.storage.used)} of {bytes(h.storage.size)}</span></div><Bar part={h.storage.used} of={h.storage.size} label="Storage used" /></div>}
		</section>
	</div>;
}

function Settings({ settings, onSaved }: { settings: any; onSaved: () => void }) {
	const [v, set] = useState({ hostname: settings.hostname ?? "", ntp: (settings.ntp ?? []).join(" "), demo: !!settings.demo });
	const save = (change: (s: any) => any, done: string) => async () => { await call("POST", "/services/appliance/settings", change(await get("/services/appliance/settings"))); toast(done); onSaved(); };
	const host = useForm(save((s) => ({ ...s, hostname: v.hostname.trim() }), "The host name is changed; a new certificate is issued"));
	const ntp = useForm(save((s) => ({ ...s, ntp: v.ntp.split(/[\s,]+/).filter(Boolean) }), "The time servers are changed"));
	const demo = useForm(save((s) => ({ ...s, demo: v.demo }), v.demo ? "The Test Provider is on" : "The Test Provider is off"));

	useEffect(() => set({ hostname: settings.hostname ?? "", ntp: (settings.ntp ?? []).join(" "), demo: !!settings.demo }), [settings.updated]);
	return <div class="cards">
		<form class="card pad stack" noValidate onSubmit={(e) => { e.preventDefault(); void host.run(); }}><h2>Host name</h2>
			<Field label="Name by which people reach the appliance" name="hostname" autocomplete="off" maxLength={253} value={v.hostname} onValue={(hostname) => set({ ...v, hostname })} hint="A new certificate is issued for it at once; the browser will ask you to trust it again." error={host.error} /><div><Button type="submit" busy={host.busy}>Change host name</Button></div></form>
		<form class="card pad stack" noValidate onSubmit={(e) => { e.preventDefault(); void ntp.run(); }}><h2>Time</h2>
			<Field label="Time servers, best first, separated by blanks" name="ntp" autocomplete="off" maxLength={1024} value={v.ntp} onValue={(x) => set({ ...v, ntp: x })} hint="At most four. Without any, the clock is left to the machine." error={ntp.error} /><Facts rows={[["Now", when(status.value?.time)]]} /><div><Button type="submit" busy={ntp.busy}>Change time servers</Button></div></form>
		<form class="card pad stack" noValidate onSubmit={(e) => { e.preventDefault(); void demo.run(); }}><h2>Test Provider</h2>
			<Check label="Simulate a cloud inside the appliance" checked={v.demo} onValue={(x) => set({ ...v, demo: x })} hint="for trying things out: its machines reach the appliance and nothing else" /><p class="error" role="alert">{demo.error}</p><div><Button type="submit" busy={demo.busy}>Save</Button></div></form>
		<Network addresses={settings.addresses ?? []} />
	</div>;
}

/* The very table the appliance enforces; with what runs now. */
function Privileges({ h }: { h: Health | null }) {
	const [open, set] = useState("");

	return <section class="card"><div class="scroll-x" tabIndex={0} role="region" aria-label="Least privilege"><table class="plain"><thead><tr><th>Room</th><th>User</th><th>Running</th><th>Connects to</th><th>Capabilities</th><th>Files</th><th>Memory now</th><th>Peak</th><th>At most</th><th>System calls</th></tr></thead><tbody>{table.map((r) => {
		const s = h?.services?.find((x) => x.name === r.name);
		return <Fragment key={r.name}>
			<tr><th scope="row"><button type="button" class="button quiet" aria-expanded={open === r.name} onClick={() => set(open === r.name ? "" : r.name)}><code class="bare">{r.name}</code></button></th><td class="num">{r.user}</td><td>{s ? <State kind={s.running ? "good" : "bad"}>{s.running ? "yes" : "no"}</State> : <span class="faint">–</span>}</td><td>{r.links.join(", ") || "nothing"}</td><td class="mono small">{r.capabilities.join(", ") || "none"}</td><td class="mono small">{r.paths.map((p) => p.path).join(", ") || "none"}</td><td class="num nowrap">{s?.memory === undefined ? <span class="faint">–</span> : bytes(s.memory)}</td><td class="num nowrap">{s?.memory_peak === undefined ? <span class="faint">–</span> : bytes(s.memory_peak)}</td><td class="num nowrap">{bytes(r.memory)}</td><td class="num">{r.calls.length} of its own</td></tr>
			{open === r.name && <tr><td colSpan={10}><div class="stack tight"><p>{r.job}. Program <code>{r.program}</code>.</p><Facts rows={[["Sockets", r.families.join(", ")], ["From the launcher", r.opens.map((o) => `${o.kind} ${o.path || (o.argument || "")}`).join(", ") || "nothing"], ["Descriptors", String(r.nofile)], ["Processes and threads", String(r.nproc)], ["System calls", <span class="mono small">{r.calls.join(" ") || "only those of every room"}</span>]]} /></div></td></tr>}
		</Fragment>;
	})}</tbody></table></div><p class="pad hint">What is not listed is forbidden: by user id, by landlock and by seccomp. This is the table the appliance enforces.</p></section>;
}

export function Appliance({ tab }: { tab: string }) {
	const settings = useRead<any>("/services/appliance/settings", (e) => e.kind.startsWith("appliance.")), { value: h } = health();
	const s = settings.value;

	return <>
		<PageHead title="Appliance" lead={s ? `CAM Dedicated Edition ${s.version}` : ""} />
		<Tabs base="#/appliance" at={tab} tabs={[["", "Summary"], ["certificate", "Certificate"], ["settings", "Settings"], ["privileges", "Least privilege"], ["logs", "Logs"]]} />
		{settings.error ? <Note kind="bad">{settings.error}</Note> : !s ? <Spin what="Reading…" /> : tab === "certificate" ? <Certificate agentsName={s.agents_name} /> : tab === "settings" ? <Settings settings={s} onSaved={settings.reload} /> : tab === "privileges" ? <Privileges h={h} /> : tab === "logs" ? <Logs /> : <Summary settings={s} h={h} />}
	</>;
}
