/* Accounts with clouds. The form of a new one is made of what the appliance says its type needs. */
import { useState } from "preact/hooks";
import { mayNot } from "../lib/access";
import { about, instances, providers, useRead } from "../lib/data";
import { missing, type ProviderType, TYPES, type Values } from "../lib/forms";
import { call, q } from "../lib/http";
import { shown } from "../lib/lifecycle";
import { dashed, go, replaceQuery, route, to } from "../lib/route";
import { home, scope, scopeName, workspaceName } from "../lib/scope";
import { capital, plural, SCHEMAS, when } from "../lib/text";
import { Area, Button, Empty, Facts, Field, Note, PageHead, Select, Spin, State, Tabs, Tags, Time } from "../parts/basic";
import { ask, attempt, FormDialog, Menu, toast } from "../parts/dialog";
import { FormFields } from "../parts/form";
import { Icon } from "../parts/icon";
import { OwnerSelect } from "./boxes";
import { Sharing } from "./sharing";

const stateKind: Record<string, string> = { ready: "good", unavailable: "bad", initializing: "busy", processing: "busy", deleting: "busy" };
export const ProviderState = ({ p }: { p: any }) => <State kind={stateKind[p.state] ?? ""}>{capital(p.state ?? "")}</State>;

function AddProvider({ onClose }: { onClose: () => void }) {
	const types = useRead<ProviderType[]>(TYPES);
	const [type, setType] = useState("Test Provider");
	const [name, setName] = useState("");
	const [description, setDescription] = useState("");
	const [owner, setOwner] = useState(home.value);
	const [values, setValues] = useState<Values>({});
	const t = types.value?.find((x) => x.type === type);
	const lack = t && missing(t.fields, values);
	const why = !t ? "Reading the types…" : !name.trim() ? "Give it a name." : lack ? `Enter: ${lack.label}.` : "";

	return <FormDialog title="Add a provider" submit="Add" why={why} onClose={onClose} onSubmit={async () => {
		const made = await call("POST", "/services/providers", { type, schema: t!.schema, name: name.trim(), description, owner, ...Object.fromEntries(Object.entries(values).filter(([, v]) => v !== "" && v !== null)) });
		go(to("providers", made.id, dashed(made.name)));
	}}>
		{types.error && <Note kind="bad">{types.error}</Note>}
		<Select label="Type" value={type} onValue={(v) => { setType(v); setValues({}); }} choices={(types.value ?? []).map((x) => x.type)} hint={type === "Test Provider" ? "A cloud that is simulated inside the appliance: to try things out." : "The password is sealed in the appliance and never shown again."} />
		<div class="form-grid"><Field label="Name" value={name} onValue={setName} maxLength={128} required autofocus /><OwnerSelect kind="provider" value={owner} onValue={setOwner} /></div>
		{t && <FormFields fields={t.fields} values={values} onValue={(n, v) => setValues((o) => ({ ...o, [n]: v }))} />}
		<Area label="Description" optional rows={2} value={description} onValue={setDescription} maxLength={2048} />
	</FormDialog>;
}

export function Providers() {
	const list = [...providers.all.value].sort((a, b) => a.name.localeCompare(b.name)), cannot = mayNot("provider", "create", { owner: home.value });

	return <>
		<PageHead title="Providers" lead={`${plural(list.length, "provider")} in ${scopeName(scope.value)}`} actions={<Button kind="primary" icon="plus" why={cannot} onClick={() => replaceQuery({ new: "1" })}>Add provider</Button>} />
		{list.length === 0 ? <div class="card">{providers.state.value === "loading" ? <div class="pad"><Spin what="Reading the providers…" /></div> : <Empty icon="providers" title="No providers yet" action={<Button kind="primary" icon="plus" why={cannot} onClick={() => replaceQuery({ new: "1" })}>Add provider</Button>}>An account with a cloud, where machines come from. The Test Provider needs none.</Empty>}</div> :
			<div class="cards">{list.map((p) => { const used = instances.all.value.filter((i) => i.policy_box?.provider_id === p.id && !shown(i)[0].startsWith("Terminated")).length; return <a class="card pad stack tight plain-link" key={p.id} href={to("providers", p.id, dashed(p.name))}>
				<span class="row between"><span class="row nowrap-row"><span class="kind"><Icon name="providers" /></span><span><b>{p.name}</b><span class="faint small block">{p.type}</span></span></span><ProviderState p={p} /></span>
				<span class="small muted">{p.description}</span><span class="small faint">{plural(used, "instance")} · {workspaceName(p.owner)} · changed <Time at={p.updated} /></span></a>; })}</div>}
		{route.value.query.get("new") && <AddProvider onClose={() => replaceQuery({ new: "" })} />}
	</>;
}

function Logs({ id }: { id: string }) {
	const read = useRead<any[]>(`/services/providers/${id}/logs`, about(id));

	return <section class="card">{read.error ? <div class="pad"><Note kind="bad">{read.error}</Note></div> : !read.value ? <div class="pad"><Spin what="Reading…" /></div> : read.value.length === 0 ? <Empty icon="activity" title="Nothing is noted yet" /> :
		<ol class="timeline">{read.value.map((l) => <li key={l.id} class={l.level >= 40 ? "bad" : l.level >= 30 ? "warn" : ""}><span class="sr">{l.level >= 40 ? "error" : ""}</span><span>{l.text} <span class="faint">{l.operation}</span></span><span class="small faint nowrap"><Time at={l.created} /></span></li>)}</ol>}</section>;
}

/* The appliance goes into no machine by itself: whoever has it runs a line there, which the instance's page shows. */
function Import({ p, r, onClose }: { p: any; r: any; onClose: () => void }) {
	const windows = /windows/i.test(r.server_info?.os ?? r.type ?? "");
	const [v, set] = useState({ name: String(r.name ?? "").slice(0, 30), tags: [] as string[] });

	return <FormDialog title={`Import ${r.name}`} submit="Import" why={windows ? "There is no agent for Windows." : v.name ? "" : "Give it a name."} onClose={onClose} onSubmit={async () => {
		const made = await call("POST", "/services/instances", { schema: `${SCHEMAS}register-instance-request`, owner: p.owner, name: v.name, description: "", unregistered_id: r.id, linux_username: "root", instance_tags: v.tags, automatic_updates: "off" });
		go(to("instances", made.id, dashed(made.name)));
	}}>
		<Note>Its page then shows a line that installs the agent, to be run on the machine. Nothing is changed at the provider before that agent is here.</Note>
		<Field label="Name" value={v.name} maxLength={30} onValue={(name) => set({ ...v, name })} />
		<Tags label="Tags" value={v.tags} onValue={(tags) => set({ ...v, tags })} />
	</FormDialog>;
}

/* Each cloud has its own word for a machine that runs. */
const active = (r: any) => ["poweredon", "active", "running"].includes(String(r.power_state).toLowerCase());

function Unregistered({ p }: { p: any }) {
	const read = useRead<any[]>(`/services/providers/${p.id}/unregisted-instances`, about(p.id));
	const [one, set] = useState<any>(null);

	const list = [...(read.value ?? [])].sort((a, b) => a.name.localeCompare(b.name, undefined, { numeric: true }));
	const size = (r: any) => [r.server_info?.cpus && `${r.server_info.cpus} CPU`, r.server_info?.memory && `${r.server_info.memory} MB`].filter(Boolean).join(", ");

	return <section class="card">{read.error ? <div class="pad"><Note kind="bad">{read.error}</Note></div> : !read.value ? <div class="pad"><Spin what="Reading…" /></div> : list.length === 0 ? <Empty icon="search" title="Nothing unregistered was found">Machines that exist at the provider and are not managed here appear after a synchronisation, and within 20 minutes by themselves.</Empty> :
		<div class="scroll-x" tabIndex={0} role="region" aria-label="Unregistered resources"><table class="plain"><thead><tr><th>Name</th><th>System</th><th>Size</th><th>Address</th><th>State</th><th>At the provider</th><th><span class="sr">Actions</span></th></tr></thead><tbody>{list.map((r) => <tr key={r.id}><th scope="row">{r.name}</th><td>{r.server_info?.os || r.type}</td><td class="nowrap">{size(r)}</td><td class="mono">{r.server_info?.address}</td><td><State kind={active(r) ? "good" : ""}>{active(r) ? "Active" : "Inactive"}</State></td><td class="mono">{r.external_id}</td><td><Button onClick={() => set(r)}>Import</Button></td></tr>)}</tbody></table></div>}
		{one && <Import p={p} r={one} onClose={() => set(null)} />}</section>;
}

const count = (p: any, key: string): number => (p.services ?? []).reduce((n: number, s: any) => n + (s[key]?.length ?? 0) + [...(s.locations ?? []), ...(s.datacenters ?? [])].reduce((m: number, l: any) => m + (l[key]?.length ?? 0), 0), 0);

/* What policies and instances name, and a synchronisation no longer finds. */
function Vanished({ p }: { p: any }) {
	const list: any[] = p.vanished ?? [];

	return list.length === 0 ? null : <section class="card" aria-labelledby="vanished"><header><h2 id="vanished">No longer there</h2></header>
		<div class="scroll-x" tabIndex={0} role="region" aria-label="Vanished objects"><table class="plain"><thead><tr><th>Name</th><th>What</th><th>Where</th><th>Since</th><th>Instances made with it</th></tr></thead><tbody>{list.map((v) => <tr key={`${v.type} ${v.location} ${v.name}`}><th scope="row">{v.name}</th><td>{v.type}</td><td>{v.location}</td><td class="nowrap"><Time at={v.since} /></td>
			<td>{v.instances.length === 0 ? "none" : v.instances.map((id: string, n: number) => <span key={id}>{n > 0 && ", "}<a href={to("instances", id)}>{instances.get(id)?.name ?? id}</a></span>)}</td></tr>)}</tbody></table></div></section>;
}

function Found({ p }: { p: any }) {
	const things = ["locations", "datacenters", "images", "templates", "flavors", "keypairs", "networks", "datastores", "folders", "security_groups"].map((k) => [k, count(p, k)] as const).filter(([, n]) => n);

	return <div class="stack"><Vanished p={p} /><div class="two-columns">
		<section class="card"><header><h2>What was found</h2><span class="small muted">synchronised <Time at={p.updated} /></span></header>
			{(p.services ?? []).length === 0 ? <p class="pad muted">Nothing yet.</p> : <ul class="list">{p.services.map((s: any) => <li class="pad stack tight" key={s.name}><b>{s.name}</b><span class="small muted">{[...(s.locations ?? []), ...(s.datacenters ?? [])].map((l: any) => l.name).join(", ")}</span>
				{(s.flavors ?? []).length > 0 && <span class="small">Sizes: {s.flavors.map((f: any) => `${f.name}${f.cpu ? ` (${f.cpu} CPU, ${f.memory} MB)` : ""}`).join(", ")}</span>}</li>)}</ul>}</section>
		<section class="card pad stack"><h2>Facts</h2><Facts rows={[["Type", p.type], ["State", <ProviderState p={p} />], ["Workspace", workspaceName(p.owner)], ["Identity", <code>{p.id}</code>], !!p.endpoint && ["Address", p.endpoint], !!p.identity_url && ["Address", p.identity_url], !!p.username && ["User", p.username], ["Made", when(p.created)], ...things.map(([k, n]) => [capital(k.replace(/_/g, " ")), String(n)] as [string, string])]} /></section>
	</div></div>;
}

function EditProvider({ p, onClose }: { p: any; onClose: () => void }) {
	const types = useRead<ProviderType[]>(TYPES), t = types.value?.find((x) => x.type === p.type);
	const [v, set] = useState<Values>({ name: p.name, description: p.description ?? "" });
	const shownValues = Object.fromEntries((t?.fields ?? []).map((f) => [f.name, f.name in v ? v[f.name] : f.kind === "secret" ? "" : p[f.name] ?? ""]));
	const secret = (name: string) => t?.fields.some((f) => f.name === name && f.kind === "secret");

	return <FormDialog title={`Change ${p.name}`} submit="Save" onClose={onClose} onSubmit={async () => { await call("PUT", `/services/providers/${p.id}`, { ...p, ...Object.fromEntries(Object.entries(v).filter(([k, x]) => !secret(k) || x)) }); toast("Saved"); }}>
		<Field label="Name" value={v.name} maxLength={128} onValue={(name) => set({ ...v, name })} />
		{t && <FormFields fields={t.fields} kept values={shownValues} onValue={(n, x) => set({ ...v, [n]: x })} />}
		<Area label="Description" optional rows={2} value={v.description} onValue={(description) => set({ ...v, description })} />
	</FormDialog>;
}

export function ProviderPage({ id, tab }: { id: string; tab: string }) {
	const read = useRead<any>(`/services/providers/${q(id)}`, about(id)), p = read.value;
	const [editing, edit] = useState(false);

	if (read.missing)
		return <><PageHead title="Provider" crumb={[["Providers", "#/providers"]]} /><div class="card"><Empty icon="providers" title="There is no such provider" action={<Button href="#/providers">All providers</Button>} /></div></>;
	if (!p)
		return read.error ? <Note kind="bad">{read.error}</Note> : <Spin what="Reading the provider…" />;
	const cannot = mayNot("provider", "edit", p), busy = ["initializing", "processing", "deleting"].includes(p.state) ? `It is ${p.state}.` : "";
	const remove = async () => {
		if (await ask({ title: `Delete ${p.name}?`, text: "Only what is not used by an instance can be deleted. Nothing changes at the cloud.", yes: "Delete", word: p.name }) && await attempt(() => call("DELETE", `/services/providers/${id}`), `${p.name} is being deleted`))
			go("#/providers");
	};
	return <>
		<PageHead title={p.name} crumb={[["Providers", "#/providers"]]} before={<span class="kind large"><Icon name="providers" /></span>} lead={<span class="row small"><ProviderState p={p} />{p.type}{p.description && ` · ${p.description}`}</span>}
			actions={<><Button icon="refresh" why={cannot || busy} onClick={() => void attempt(() => call("PUT", `/services/providers/${id}/sync`, {}), `${p.name}: synchronising`)}>Synchronise</Button>
				<Menu label="More actions" icon="more" items={[{ label: "Change", icon: "edit", why: cannot, act: () => edit(true) }, { label: "Delete", icon: "trash", danger: true, why: mayNot("provider", "own", p), act: () => void remove() }]} /></>} />
		{p.state === "unavailable" && <div class="stack"><Note kind="bad">The provider is unavailable. <a href={to("providers", id, dashed(p.name), "log")}>Its log says why</a></Note><span /></div>}
		<Tabs base={to("providers", id, dashed(p.name))} at={tab} tabs={[["", "What was found"], ["unregistered", "Unregistered"], ["log", "Log"], ["sharing", "Sharing", p.members?.length || undefined]]} />
		{tab === "log" ? <Logs id={id} /> : tab === "unregistered" ? <Unregistered p={p} /> : tab === "sharing" ? <Sharing what="provider" object={p} path={`/services/providers/${id}`} onSaved={read.reload} /> : <Found p={p} />}
		{editing && <EditProvider p={p} onClose={() => edit(false)} />}
	</>;
}
