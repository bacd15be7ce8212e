/* One instance: how it is, what goes on, what it said, what may be done now and why not. */
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { mayNot } from "../lib/access";
import { about, boxes, instances, providers, useRead } from "../lib/data";
import { call, get } from "../lib/http";
import { offered, refused, shown, eventWord } from "../lib/lifecycle";
import { operate } from "../lib/operate";
import { dashed, go, guard, to } from "../lib/route";
import { workspaceName } from "../lib/scope";
import { SCHEMAS, span, timeOf, utc, when, bytes } from "../lib/text";
import { numberText, type Variable } from "../lib/boxes";
import { Area, Button, Check, Copy, Empty, Facts, Field, Note, PageHead, Select, Spin, State, Tabs, Tags, Time, Words } from "../parts/basic";
import { ask, attempt, FormDialog, Menu, toast, useForm } from "../parts/dialog";
import { cloneOf, DeployDialog } from "./deploy";
import { InstanceOutput, readTasks, type Task, taskKind } from "./instance_output";
import { Lifecycle } from "./lifecycle_editor";
import { Sharing } from "./sharing";
import { Variables } from "./variables";

const levels: Record<string, string> = { error: "bad", success: "good", warning: "warn", waiting: "busy" };

/* ---- the operation that runs, or ran last ---- */

function Timeline({ id, operation }: { id: string; operation: any }) {
	const tasks = useRead<Task[] | null>(`/services/instances/${id}/operations/${operation.id}/tasks`, (e) => about(id)(e) && e.kind !== "task.output", readTasks);
	const activity = operation.activity?.length ? operation.activity : null;
	const log = useRead<any[]>(tasks.value === null && !tasks.loading && !activity ? `/services/instances/${id}/activity?operation=${operation.id}` : null, about(id));
	const entries = activity ?? log.value ?? [];
	const took = (a?: string | null, b?: string | null) => { const x = timeOf(a), y = timeOf(b); return x && y ? span((y.getTime() - x.getTime()) / 1000) : ""; };

	if (tasks.value?.length)
		return <ol class="timeline">{tasks.value.map((t) => <li key={t.id} class={taskKind(t)}><span class="sr">{t.state}</span><span><b>{t.event || t.kind}</b> <span class="muted">{[t.box, t.machine].filter(Boolean).join(" on ")}</span>
			{t.attempt && t.attempt > 1 ? <span class="badge warn"> attempt {t.attempt}</span> : null}{t.message && <span class="small muted"> {t.message}</span>}</span>
			<span class="small nowrap">{t.exit_code ? <span class="bad-text">exit code {t.exit_code} </span> : null}{(t.output_length ?? 0) > 0 && <a href={`${to("instances", id, "-", "output")}?operation=${operation.id}&task=${t.id}`}>{bytes(t.output_length!)}</a>} <span class="faint num">{took(t.started, t.finished)}</span></span></li>)}</ol>;
	return entries.length ? <ol class="timeline">{entries.map((a: any, i: number) => <li key={i} class={a.exit_code ? "bad" : levels[a.level] ?? (i === entries.length - 1 && operation.state === "processing" ? "busy" : "")}><span class="sr">{a.level}</span><span>{a.text}{a.machine && !a.text?.includes(a.machine) && <span class="muted"> {a.machine}</span>}</span>
		<span class="small nowrap">{a.exit_code !== undefined && a.exit_code !== null && <span class={a.exit_code ? "bad-text" : "faint"}>exit code {a.exit_code} </span>}<span class="faint"><Time at={a.created} /></span></span></li>)}</ol> : <p class="pad muted">{tasks.loading ? "Reading…" : "Nothing is noted yet."}</p>;
}

function Machines({ service }: { service: any }) {
	const list: any[] = service?.machines ?? [];
	const connected = (m: any) => m.last_agent_ping && !(m.last_agent_close && m.last_agent_close >= m.last_agent_ping);

	return <section class="card" aria-labelledby="machines"><header><h2 id="machines">Machines</h2></header>
		{list.length === 0 ? <p class="pad muted">{service?.address ? <>This service has an address and no machines: <code>{service.address.public ?? service.address.private}</code></> : "There is no machine yet."}</p> :
			<ul class="list">{list.map((m) => <li class="pad stack tight" key={m.name}><div class="row between"><b class="mono">{m.name}</b><State kind={m.vanished ? "bad" : m.state === "done" ? connected(m) || !m.last_agent_close ? "good" : "warn" : m.state === "processing" ? "busy" : "bad"}>{m.vanished ? "gone at the provider" : connected(m) ? "agent connected" : m.last_agent_close ? "agent gone" : m.state === "processing" ? "waiting for its agent" : m.state}</State></div>
				<Facts rows={[["Addresses", [m.address?.public, m.address?.private].filter(Boolean).map((a, i) => <span key={i}><code>{a}</code> <Copy text={a} label={`Copy ${a}`} /></span>)], !!m.hostname && ["Host name", m.hostname], !!m.external_id && ["At the provider", <code>{m.external_id}</code>], !!m.vanished && ["Not found since", <Time at={m.vanished} />], !!m.agent_version && ["Agent", m.agent_version],
					!!m.facts?.os && ["System", [m.facts.os, m.facts.os_version, m.facts.arch].filter(Boolean).join(" ")], !!m.facts?.cpus && ["Size", `${m.facts.cpus} CPU, ${bytes(m.facts.memory ?? 0)}`], ["Last heard", m.last_agent_ping ? <Time at={m.last_agent_ping} /> : "never"], !!m.last_agent_close && !connected(m) && ["Gone since", <Time at={m.last_agent_close} />]]} /></li>)}</ul>}
	</section>;
}

/* A machine that the person brings: what is to be run on it, until its agent is here. */
function Bring({ i }: { i: any }) {
	const line = `curl -sSL https://${location.host} | sudo sh -s -- -i ${i.id}`;

	if (i.state !== "processing" || i.operation?.event !== "deploy" || !(i.ipv4_address || i.unregistered_id) || i.service?.machines?.length)
		return null;
	return <Note>Waiting for the agent of its machine. Run there, with a token of yours:<div class="row"><code class="grow">{line}</code><Copy text={line} label="Copy the line" /></div></Note>;
}

function Now({ i }: { i: any }) {
	const service = useRead<any>(`/services/instances/${i.id}/service`, about(i.id)), ops = useRead<any[]>(`/services/instances/${i.id}/operations`, about(i.id)), last = ops.value?.[0];

	return <div class="two-columns">
		<div class="stack">
			<Bring i={i} />
			<section class="card" aria-labelledby="now"><header><h2 id="now">{last ? `${eventWord[last.operation] ?? last.operation}${i.state === "processing" ? ", running" : ""}` : "Operation"}</h2><span class="row small muted">{last && <>{last.username && `by ${last.username},`} <Time at={last.created} /></>}<a href={to("instances", i.id, dashed(i.name), "output")}>Output</a></span></header>
				{last ? <Timeline key={last.id} id={i.id} operation={last} /> : ops.error ? <div class="pad"><Note kind="bad">{ops.error}</Note></div> : <div class="pad"><Spin what="Reading…" /></div>}</section>
			<Machines service={service.value} />
		</div>
		<section class="card pad stack"><h2>Facts</h2><Facts rows={[
			["Box", <a href={to("boxes", i.box)}>{i.boxes[0]?.name}{i.boxes[0]?.version && ` ${numberText(i.boxes[0].version.number)}`}</a>], !!i.policy_box?.name && ["Policy", boxes.get(i.policy_box.id) ? <a href={to("boxes", i.policy_box.id)}>{i.policy_box.name}</a> : i.policy_box.name],
			!!i.policy_box?.provider_id && ["Provider", providers.get(i.policy_box.provider_id) ? <a href={to("providers", i.policy_box.provider_id)}>{providers.get(i.policy_box.provider_id).name}</a> : i.service?.type ?? "–"],
			["Workspace", workspaceName(i.owner)], ["Instance", <span class="row"><code>{i.id}</code><Copy text={i.id} label="Copy the instance's id" /></span>], ["Service", <code>{i.service?.id}</code>], ["Tags", <Words words={i.tags ?? []} none="none" />],
			["Lease", i.lease ? <>{i.lease.operation === "terminate" ? "terminated" : "shut down"} <Time at={i.lease.expire} /></> : "always on"], ["Automatic updates", i.automatic_updates ?? "off"], ["Made", when(i.created)], ["Changed", when(i.updated)]]} /></section>
	</div>;
}

/* ---- everything that happened ---- */

function Activity({ id }: { id: string }) {
	const read = useRead<any[]>(`/services/instances/${id}/activity`, about(id)), list = [...(read.value ?? [])].reverse();
	const [only, set] = useState(false);

	return <section class="card"><div class="tool"><Check label="Only what went wrong" checked={only} onValue={set} /></div>
		{read.error ? <div class="pad"><Note kind="bad">{read.error}</Note></div> : !read.value ? <div class="pad"><Spin what="Reading…" /></div> :
			<ol class="timeline">{list.filter((a) => !only || a.level === "error" || a.exit_code).map((a, n) => <li key={n} class={a.exit_code ? "bad" : levels[a.level] ?? ""}><span class="sr">{a.level}</span><span>{a.text} {a.username && <span class="muted">{a.username}</span>}</span><span class="small nowrap">{a.exit_code !== undefined && a.exit_code !== null && <span class={a.exit_code ? "bad-text" : "faint"}>exit code {a.exit_code} </span>}<span class="faint"><Time at={a.created} /></span></span></li>)}</ol>}
	</section>;
}

function Bindings({ i }: { i: any }) {
	const read = useRead<any[]>(`/services/instances/${i.id}/bindings`, (e) => e.kind.startsWith("instance."));

	return <section class="card">{read.error ? <div class="pad"><Note kind="bad">{read.error}</Note></div> : !read.value ? <div class="pad"><Spin what="Reading…" /></div> : read.value.length === 0 ? <Empty icon="topology" title="It is bound to nothing">A Binding variable of its box finds other instances by their box and tags.</Empty> :
		<div class="scroll-x" tabIndex={0} role="region" aria-label="Bindings"><table class="plain"><thead><tr><th>Variable</th><th>Instance</th><th>State</th></tr></thead><tbody>{read.value.map((b, n) => { const id = b.instance?.id ?? b.instance ?? b.id, row = instances.get(id); return <tr key={n}><th scope="row" class="mono">{b.name}</th><td><a href={to("instances", id)}>{row?.name ?? b.instance?.name ?? id}</a></td><td>{row && <State kind={shown(row)[1]}>{shown(row)[0]}</State>}</td></tr>; })}</tbody></table></div>}</section>;
}

/* ---- what can be changed without an operation ---- */

function Settings({ i, cannot, onSaved }: { i: any; cannot: string; onSaved: () => void }) {
	const first = useMemo(() => ({ name: i.name, description: i.description ?? "", tags: i.tags ?? [], automatic_updates: i.automatic_updates ?? "off", automatic_reconfiguration: i.automatic_reconfiguration ?? true, lease: i.lease ? timeOf(i.lease.expire)!.toISOString().slice(0, 16) : "", end: i.lease?.operation ?? "shutdown" }), [i.updated]);
	const [v, set] = useState(first);
	const dirty = useRef(false);
	const edit = (x: Partial<typeof v>) => { dirty.current = true; set((o) => ({ ...o, ...x })); };
	const form = useForm(async () => {
		const now = await get(`/services/instances/${i.id}`), { lease, end, ...rest } = v;
		await call("PUT", `/services/instances/${i.id}`, { ...now, ...rest, lease: lease ? { ...(now.lease ?? {}), expire: utc(new Date(`${lease}:00Z`)), operation: end } : null });
		dirty.current = false;
		toast("Saved");
		onSaved();
	});

	useEffect(() => { if (!dirty.current) set(first); }, [first]);
	return <form class="card pad stack" noValidate onSubmit={(e) => { e.preventDefault(); if (!cannot) void form.run(); }}>
		<div class="form-grid"><Field label="Name" value={v.name} maxLength={30} readOnly={!!cannot} onValue={(name) => edit({ name })} /><Tags label="Tags" value={v.tags} readOnly={!!cannot} onValue={(tags) => edit({ tags })} hint="Changing them may bind or release other instances." /></div>
		<Area label="Description" value={v.description} rows={2} readOnly={!!cannot} maxLength={2048} onValue={(description) => edit({ description })} />
		<div class="form-grid">
			<Field label="Lease ends (UTC)" type="datetime-local" value={v.lease} readOnly={!!cannot} onValue={(lease) => edit({ lease })} hint={v.lease ? <>{<Time at={`${v.lease.replace("T", " ")}:00.000000`} />}</> : "Empty: it stays as long as it is wanted."} />
			<Select label="At its end" value={v.end} disabled={!!cannot || !v.lease} onValue={(end) => edit({ end })} choices={[{ value: "shutdown", label: "Shut down" }, { value: "terminate", label: "Terminate" }]} />
			<Select label="Automatic updates" value={v.automatic_updates} disabled={!!cannot} onValue={(automatic_updates) => edit({ automatic_updates })} choices={["off", "patch", "minor", "major"]} />
		</div>
		<Check label="Reconfigure by itself when what it is bound to changes" checked={v.automatic_reconfiguration} disabled={!!cannot} onValue={(automatic_reconfiguration) => edit({ automatic_reconfiguration })} />
		<p class="error" role="alert">{form.error}</p>
		<div><Button kind="primary" type="submit" busy={form.busy} why={cannot || (JSON.stringify(v) === JSON.stringify(first) ? "Nothing is changed." : "")}>Save</Button></div>
	</form>;
}

/* Variables of the deployed copy: kept at once, used by the next operation. */
function InstanceVariables({ i, cannot, onSaved }: { i: any; cannot: string; onSaved: () => void }) {
	const all: Variable[] = useMemo(() => {
		const own: Variable[] = i.variables ?? [], box: Variable[] = i.boxes[0]?.variables ?? [];
		return [...box.map((v) => own.find((o) => o.name === v.name && (o.scope ?? "") === (v.scope ?? "")) ?? v), ...own.filter((o) => !box.some((v) => v.name === o.name && (v.scope ?? "") === (o.scope ?? "")))];
	}, [i.updated]);
	const [list, set] = useState(all);
	const dirty = JSON.stringify(list) !== JSON.stringify(all), held = useRef(false);
	const store = async () => {
		const now = await get(`/services/instances/${i.id}`), changed = list.filter((v) => JSON.stringify(v) !== JSON.stringify(i.boxes[0]?.variables?.find((b: Variable) => b.name === v.name && (b.scope ?? "") === (v.scope ?? ""))));
		await call("PUT", `/services/instances/${i.id}`, { ...now, variables: changed });
		held.current = false;
		onSaved();
	};
	const form = useForm(store);
	const again = useForm(async () => { if (dirty) await store(); await call("PUT", `/services/instances/${i.id}/reconfigure`, {}); toast(`${i.name}: Reconfiguring`); });

	held.current = dirty;
	useEffect(() => { if (!held.current) set(all); }, [all]);
	useEffect(() => guard(() => held.current && !location.hash.startsWith(`#/instances/${i.id}`) ? "There are unsaved variables. Leave without saving?" : ""), []);
	return <div class="stack">
		<Variables box={{ id: i.boxes[0]?.id ?? "", variables: list }} stack={i.boxes} readOnly={!!cannot} ownNames={false} onChange={set} />
		<div class="row"><Button kind={dirty ? "primary" : ""} busy={form.busy} why={cannot || (dirty ? "" : "Nothing is changed.")} onClick={() => void form.run().then((g) => g && toast("Saved"))}>Save</Button>
			<Button icon="refresh" busy={again.busy} why={cannot || refused(i, "reconfigure")} onClick={() => void again.run()}>{dirty ? "Save and reconfigure" : "Reconfigure"}</Button>
			{dirty && <Button kind="quiet" onClick={() => set(all)}>Discard</Button>}<span class="hint">Scripts see changed values when the instance is reconfigured.</span></div>
		<p class="error" role="alert">{form.error || again.error}</p>
	</div>;
}

function MakeTemplate({ i, onClose }: { i: any; onClose: () => void }) {
	const [name, set] = useState(`${i.name}-template`);

	return <FormDialog title="Make a template" submit="Make it" onClose={onClose} onSubmit={async () => { await call("POST", `/services/instances/${i.id}/template`, { schema: `${SCHEMAS}vsphere/tasks/create-template`, name, instance_id: i.id }); toast("The template is being made"); }}>
		<Field label="Name of the template" value={name} onValue={set} hint="Its machine becomes a template of the vCenter; the instance stays as it is." /></FormDialog>;
}

export function InstancePage({ id, tab }: { id: string; tab: string }) {
	const read = useRead<any>(`/services/instances/${id}`, about(id)), i = read.value;
	const [copy, setCopy] = useState<any>(null);
	const [template, setTemplate] = useState(false);
	const gone = useRef(false);

	if (read.missing)
		return <><PageHead title="Instance" crumb={[["Instances", "#/instances"]]} /><div class="card"><Empty icon="instances" title={gone.current ? "It is deleted" : "There is no such instance"} action={<Button href="#/instances">All instances</Button>}>{gone.current ? "" : "It may have been deleted, or is not shared with you."}</Empty></div></>;
	if (!i)
		return read.error ? <Note kind="bad">{read.error}</Note> : <Spin what="Reading the instance…" />;
	const [word, kind] = shown(i), base = to("instances", id, dashed(i.name)), use = mayNot("instance", "use", i), edit = mayNot("instance", "edit", i);
	const why = (a: string, admin?: boolean) => (admin ? mayNot("instance", "own", i) : use) || refused(i, a);
	const list = offered(i), main = list.filter((a) => ["reconfigure", "poweron", "shutdown", "deploy", "abort", "delete"].includes(a.id) && !why(a.id, a.admin)).slice(0, 2);
	const boxesWhy = edit || refused(i, "edit boxes");
	return <>
		<PageHead title={i.name} crumb={[["Instances", "#/instances"]]} lead={<span class="row small"><State kind={kind}>{word}</State><span>{eventWord[i.operation?.event] ?? i.operation?.event} <Time at={i.operation?.created ?? i.updated} /></span>{i.description && <span>{i.description}</span>}</span>}
			actions={<>{main.map((a) => <Button key={a.id} icon={a.icon} kind={a.danger ? "danger" : ""} onClick={() => void operate(a, i).then((done) => { if (done && a.id === "delete") { gone.current = true; go("#/instances"); } })}>{a.label}</Button>)}
				<Menu label="All actions" icon="more" items={[...list.map((a) => ({ label: a.label, icon: a.icon, danger: a.danger, why: why(a.id, a.admin), act: () => void operate(a, i).then((done) => { if (done && (a.id === "delete" || a.id === "cancel_import")) { gone.current = true; go("#/instances"); } }) })),
					{ line: true }, { label: "Clone", icon: "copy", act: () => void attempt(async () => { setCopy(await cloneOf(id)); }) }, { label: "Make a template", icon: "boxes", why: edit || refused(i, "template") || (/vsphere/.test(i.policy_box?.profile?.schema ?? "") ? "" : "Only machines of a vCenter can become templates."), act: () => setTemplate(true) },
					{ label: "Update to the newest version", icon: "download", why: edit || refused(i, "pull"), act: () => void ask({ title: `Update ${i.name}?`, text: "Its box is replaced by the newest version and reinstalled.", yes: "Update", kind: "primary" }).then((yes) => yes && attempt(() => call("PUT", `/services/instances/${id}/pull`, {}), `${i.name}: updating`)) }]} /></>} />
		<Tabs base={base} at={tab} tabs={[["", "Now"], ["output", "Output"], ["lifecycle", "Lifecycle editor"], ["variables", "Variables"], ["bindings", "Bindings"], ["activity", "Activity"], ["settings", "Settings"], ["sharing", "Sharing", i.members?.length || undefined]]} />
		{tab === "output" ? <InstanceOutput instance={i} /> : tab === "lifecycle" ? <Lifecycle i={i} cannot={boxesWhy} pull={edit || refused(i, "pull")} onSaved={read.reload} /> : tab === "variables" ? <InstanceVariables i={i} cannot={boxesWhy} onSaved={read.reload} /> : tab === "bindings" ? <Bindings i={i} />
			: tab === "activity" ? <Activity id={id} /> : tab === "settings" ? <Settings i={i} cannot={edit} onSaved={read.reload} /> : tab === "sharing" ? <Sharing what="instance" object={i} path={`/services/instances/${id}`} onSaved={read.reload} /> : <Now i={i} />}
		{copy && <DeployDialog boxId={copy.box} given={copy} onClose={() => setCopy(null)} />}
		{template && <MakeTemplate i={i} onClose={() => setTemplate(false)} />}
	</>;
}
