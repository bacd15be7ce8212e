/* Is everything well, what is going on, what needs somebody soon. */
import { useMemo } from "preact/hooks";
import { boxes, instances, providers, useRead } from "../lib/data";
import { eventWord, shown, situation } from "../lib/lifecycle";
import { rates, SPAN } from "../lib/live";
import { dashed, to } from "../lib/route";
import { scope, scopeName } from "../lib/scope";
import { isAdministrator } from "../lib/session";
import { bytes, plural, span, timeOf } from "../lib/text";
import { Button, Empty, PageHead, Spin, State, Time } from "../parts/basic";
import { Bar, Spark } from "../parts/chart";
import { health } from "./health";

const SOON_MS = 30 * 86400000;
const LINES = 8;

function Running() {
	const list = instances.all.value.filter((i) => i.state === "processing").sort((a, b) => b.updated.localeCompare(a.updated));

	return <section class="card" aria-labelledby="running"><header><h2 id="running">Running now</h2>{list.length > LINES && <a href="#/instances?state=busy">All {list.length}</a>}</header>
		{list.length ? <ul class="list">{list.slice(0, LINES).map((i) => <li key={i.id}><a class="line" href={to("instances", i.id, dashed(i.name))}><span class="grow cut">{i.name}</span><State kind="busy">{eventWord[i.operation?.event ?? ""] ?? "Processing"}</State><span class="faint small nowrap"><Time at={i.updated} /></span></a></li>)}</ul>
			: <p class="pad muted">No operation is running.</p>}
	</section>;
}

/* Why: the newest error of the instance's activity. */
function Failed({ id, name, at, what }: { id: string; name: string; at: string; what: string }) {
	const { value } = useRead<any[]>(`/services/instances/${id}/activity`, (e) => e.object === id);
	const why = [...(value ?? [])].reverse().find((a) => a.level === "error" || (a.exit_code ?? 0) !== 0);

	return <li><a class="line" href={to("instances", id, dashed(name), "activity")}><span class="grow"><b class="cut">{name}</b><span class="small muted"> {why?.text ?? `${what} failed`}{why?.exit_code ? ` (exit code ${why.exit_code})` : ""}</span></span><span class="faint small nowrap"><Time at={at} /></span></a></li>;
}

function Failures() {
	const list = instances.all.value.filter((i) => i.state === "unavailable").sort((a, b) => b.updated.localeCompare(a.updated));

	return <section class="card" aria-labelledby="failed"><header><h2 id="failed">Failed lately</h2>{list.length > LINES && <a href="#/instances?state=bad">All {list.length}</a>}</header>
		{list.length ? <ul class="list">{list.slice(0, LINES).map((i) => <Failed key={i.id} id={i.id} name={i.name} at={i.updated} what={eventWord[i.operation?.event ?? ""] ?? "An operation"} />)}</ul> : <p class="pad muted">Nothing has failed.</p>}
	</section>;
}

function Expiries() {
	const { value: h } = health();
	const soon = useMemo(() => {
		const list: { what: string; when: string; href?: string; note: string }[] = instances.all.value.filter((i) => i.lease && situation(i) !== "terminated").map((i) => ({
			what: i.name, when: i.lease!.expire, href: to("instances", i.id, dashed(i.name)), note: i.lease!.operation === "terminate" ? "will be terminated" : "will be shut down" }))
			.filter((x) => (timeOf(x.when)?.getTime() ?? Infinity) - Date.now() < SOON_MS);
		if (h?.certificate?.not_after)
			list.push({ what: "Certificate of the appliance", when: h.certificate.not_after, href: isAdministrator.value ? "#/appliance/certificate" : undefined, note: "is renewed by itself" });
		return list.sort((a, b) => a.when.localeCompare(b.when)).slice(0, LINES);
	}, [instances.all.value, h]);

	return <section class="card" aria-labelledby="expiries"><header><h2 id="expiries">Next expiries</h2></header>
		{soon.length ? <ul class="list">{soon.map((s) => <li key={s.what + s.when}><a class="line" href={s.href}><span class="grow"><b>{s.what}</b> <span class="muted small">{s.note}</span></span><span class="small nowrap"><Time at={s.when} /></span></a></li>)}</ul>
			: <p class="pad muted">Nothing ends within 30 days.</p>}
	</section>;
}

function Machine() {
	const { value: h } = health();
	const minute = rates.value.slice(-60 / SPAN).reduce((a, b) => a + b, 0);

	return <section class="card" aria-labelledby="machine"><header><h2 id="machine">This appliance</h2>{isAdministrator.value && <a href="#/appliance">Details</a>}</header>
		<div class="pad stack">
			<div><div class="row between small"><span>Events told in the last minute</span><b class="num">{minute}</b></div><Spark values={rates.value} label={`Events: ${minute} in the last minute`} /></div>
			{h?.storage && <div class="stack tight"><div class="row between small"><span>Storage</span><span class="num">{bytes(h.storage.used)} of {bytes(h.storage.size)}</span></div><Bar part={h.storage.used} of={h.storage.size} label="Storage used" /></div>}
			{h && h.services.length > 0 && <div class="row between small"><span>Services</span>{h.services.every((s) => s.running) ? <span class="good-text">all {h.services.length} running</span> : <span class="bad-text">{h.services.filter((s) => !s.running).map((s) => s.name).join(", ")} down</span>}</div>}
			{h?.uptime !== undefined && <div class="row between small"><span>Up for</span><span>{span(h.uptime)}</span></div>}
		</div>
	</section>;
}

function Tile({ n, text, href, kind = "" }: { n: number; text: string; href: string; kind?: string }) {
	return <a class="card tile" href={href}><b class={n ? kind : ""}>{n.toLocaleString("en")}</b><span>{text}</span></a>;
}

function Begin() {
	const steps: [boolean, string, string, string][] = [
		[providers.all.value.length > 0, "Add a provider", "The cloud or simulator machines come from.", "#/providers?new=1"],
		[boxes.all.value.some((b) => b.schema.endsWith("/policy")), "Write a deployment policy", "Which kind of machine to take from it.", "#/boxes?new=policy"],
		[boxes.all.value.some((b) => b.schema.endsWith("/script")), "Write a box", "Scripts that install and run your software.", "#/boxes?new=script"],
		[instances.all.value.length > 0, "Deploy it", "See the output line by line.", "#/instances?new=1"],
	];
	const next = steps.findIndex(([done]) => !done);

	return <section class="card" aria-labelledby="begin"><header><h2 id="begin">First steps</h2></header><ol class="list">{steps.map(([done, what, why, href], i) =>
		<li key={what}><a class="line" href={href}><State kind={done ? "good" : i === next ? "busy" : ""}>{done ? "done" : i === next ? "next" : "later"}</State><span class="grow"><b>{what}</b> <span class="muted small">{why}</span></span></a></li>)}</ol></section>;
}

export function Overview() {
	const all = instances.all.value;
	const count = useMemo(() => {
		const c: Record<string, number> = { good: 0, busy: 0, bad: 0, warn: 0, off: 0 };

		for (const i of all)
			c[shown(i)[1]]++;
		return c;
	}, [all]);
	const agents = useMemo(() => all.reduce((n, i) => n + (situation(i) === "terminated" ? 0 : (i.service?.machines ?? []).filter((m) => m.last_agent_ping && !(m.last_agent_close && m.last_agent_close >= m.last_agent_ping)).length), 0), [all]);

	return <>
		<PageHead title="Overview" lead={scopeName(scope.value)} actions={<><Button icon="plus" href="#/boxes?new=1">New box</Button><Button kind="primary" icon="play" href="#/instances?new=1">Deploy</Button></>} />
		{instances.state.value === "failed" && <div class="card"><Empty icon="alert" title="The list could not be read" action={<Button onClick={() => void instances.load()}>Try again</Button>}>{instances.error.value}</Empty></div>}
		<div class="tiles">
			<Tile n={count.good} text="online" href="#/instances?state=good" kind="good" />
			<Tile n={count.busy} text="processing" href="#/instances?state=busy" kind="busy" />
			<Tile n={count.bad} text="unavailable" href="#/instances?state=bad" kind="bad" />
			<Tile n={count.warn} text="not responding" href="#/instances?state=warn" kind="warn" />
			<Tile n={count.off} text="off or terminated" href="#/instances?state=off" />
			<Tile n={agents} text={agents === 1 ? "agent connected" : "agents connected"} href="#/instances" />
		</div>
		{instances.state.value === "loading" && all.length === 0 ? <Spin what="Reading the instances…" /> :
			<div class="two-columns">
				<div class="stack">{all.length === 0 && boxes.state.value === "ready" && <Begin />}<Running /><Failures /></div>
				<div class="stack"><Machine /><Expiries /></div>
			</div>}
		<p class="sr" role="status">{plural(all.length, "instance")}</p>
	</>;
}
