/* All instances of the scope: as a list of any length, by where they run, or by what uses what. */
import { useMemo, useState } from "preact/hooks";
import { boxes, type InstanceRow, instances, providers } from "../lib/data";
import { actions, refusedForAll, shown } from "../lib/lifecycle";
import { operateAll } from "../lib/operate";
import { dashed, go, replaceQuery, route, to } from "../lib/route";
import { costcenters, scope, scopeName, within, workspaceName, workspaces } from "../lib/scope";
import { plural } from "../lib/text";
import { save } from "../lib/http";
import { instanceText } from "../search";
import { Button, Empty, PageHead, Select, Spin, State, Time, Words } from "../parts/basic";
import { Menu } from "../parts/dialog";
import { type Column, Grid, SearchBox, useSorted } from "../parts/grid";
import { DeployDialog } from "./deploy";
import { InstanceMap } from "./instance_map";

const STATES: [string, string][] = [["good", "Online"], ["busy", "Processing"], ["bad", "Unavailable"], ["warn", "Not responding"], ["off", "Off or terminated"]];
/* Nodes of the topology that are drawn; more would help nobody. */
const NODES_MOST = 600;
const providerName = (i: InstanceRow): string => providers.get(i.policy_box?.provider_id ?? "")?.name ?? i.service?.type ?? "";
const addresses = (i: InstanceRow): string => (i.service?.machines ?? []).map((m) => m.address?.public ?? m.address?.private).filter(Boolean).join(", ");

const columns: Column<InstanceRow>[] = [
	{ id: "name", title: "Name", width: "minmax(10rem, 2.4fr)", sort: (i) => i.name, cell: (i) => <span class="two"><b class="cut">{i.name}</b><span class="faint cut">{i.boxes[0]?.name ?? ""} · {i.id}</span></span> },
	{ id: "state", title: "State", width: "8.5rem", sort: (i) => shown(i)[0], cell: (i) => { const [word, kind] = shown(i); return <State kind={kind}>{word}</State>; } },
	{ id: "provider", title: "Provider", width: "minmax(6rem, 1.1fr)", hide: 860, sort: providerName, cell: (i) => <span class="two"><span class="cut">{providerName(i) || "–"}</span><span class="faint cut">{i.policy_box?.location ?? ""}</span></span> },
	{ id: "address", title: "Address", width: "minmax(6rem, 1fr)", hide: 1020, sort: addresses, cell: (i) => <span class="mono small">{addresses(i) || "–"}</span> },
	{ id: "owner", title: "Workspace", width: "minmax(5rem, 1fr)", hide: 720, sort: (i) => workspaceName(i.owner), cell: (i) => workspaceName(i.owner) },
	{ id: "tags", title: "Tags", width: "minmax(6rem, 1.2fr)", hide: 1100, cell: (i) => <Words words={i.tags} none="–" /> },
	{ id: "updated", title: "Changed", width: "6rem", hide: 480, sort: (i) => i.updated, cell: (i) => <Time at={i.updated} /> },
];

function Topology({ rows }: { rows: InstanceRow[] }) {
	const [by, group] = useState("provider");
	const of: Record<string, (i: InstanceRow) => string> = { provider: (i) => providerName(i) || "No provider", workspace: (i) => workspaceName(i.owner), box: (i) => i.boxes[0]?.name ?? "", location: (i) => i.policy_box?.location || "No location" };
	const lanes = useMemo(() => {
		const map = new Map<string, InstanceRow[]>();
		for (const i of rows.slice(0, NODES_MOST))
			map.set(of[by](i), [...(map.get(of[by](i)) ?? []), i]);
		return [...map].sort((a, b) => b[1].length - a[1].length);
	}, [rows, by, providers.all.value]);

	return <div class="topology" tabIndex={0} role="region" aria-label="Topology">
		<div class="row small"><Select bare label="Grouped by" value={by} onValue={group} choices={[{ value: "provider", label: "By provider" }, { value: "location", label: "By location" }, { value: "workspace", label: "By workspace" }, { value: "box", label: "By box" }]} />{rows.length > NODES_MOST && <span class="faint">The first {NODES_MOST} of {rows.length}; filter for others.</span>}</div>
		{lanes.map(([name, list]) => <section class="lane" key={name} aria-label={name}><div><h2>{name}</h2><p class="faint small">{plural(list.length, "instance")}, {plural(list.reduce((n, i) => n + (i.service?.machines?.length ?? 0), 0), "machine")}</p></div>
			<div class="nodes">{list.map((i) => <a class={`node ${shown(i)[1]}`} key={i.id} href={to("instances", i.id, dashed(i.name))}><b class="cut">{i.name}</b><span class="faint small cut">{shown(i)[0]} · {i.boxes[0]?.name}</span>
				{(i.bindings ?? []).length > 0 && <span class="small muted cut">uses {i.bindings.map((b: any) => instances.get(b.instance)?.name ?? b.name).join(", ")}</span>}</a>)}</div></section>)}
	</div>;
}

function csv(rows: InstanceRow[]): void {
	// a leading = + - @ would be a formula in spreadsheets
	const cell = (v: unknown) => `"${String(v ?? "").replace(/^[=+\-@\t\r]/, "'$&").replace(/"/g, '""')}"`;
	const lines = [["Name", "Instance ID", "Service ID", "State", "Box", "Provider", "Location", "Workspace", "Tags", "Addresses", "Provider Instance ID", "Created", "Changed"],
		...rows.map((i) => [i.name, i.id, i.service?.id, shown(i)[0], i.boxes[0]?.name, providerName(i), i.policy_box?.location, workspaceName(i.owner), i.tags.join(" "), addresses(i), (i.service?.machines ?? []).map((m) => m.external_id).filter(Boolean).join(" "), i.created, i.updated])];

	save("instances.csv", new Blob([lines.map((l) => l.map(cell).join(",")).join("\r\n")], { type: "text/csv" }));
}

function Bulk({ list, onDone }: { list: InstanceRow[]; onDone: () => void }) {
	// Where one failed only force remains, as for one alone.
	return <div class="bulk" role="region" aria-label="For all picked"><b>{plural(list.length, "instance")} picked</b>
		{actions.filter((a) => ["reconfigure", "reinstall", "poweron", "shutdown", "terminate", "force_terminate", "delete"].includes(a.id)).map((a) => <Button key={a.id} kind={a.danger ? "danger" : ""} why={refusedForAll(list, a.id)} onClick={() => void operateAll(a, list)}>{a.label}</Button>)}
		<Button kind="quiet" onClick={onDone}>Pick none</Button></div>;
}

export function Instances() {
	const query = route.value.query, text = query.get("q") ?? "", sort = query.get("sort") ?? "-updated", view = query.get("view") ?? "list";
	const filter = { state: query.get("state") ?? "", provider: query.get("provider") ?? "", workspace: query.get("workspace") ?? "", costcenter: query.get("costcenter") ?? "", box: query.get("box") ?? "", location: query.get("location") ?? "", tag: query.get("tag") ?? "" };
	const [picked, pick] = useState<Set<string>>(new Set());
	const all = instances.all.value;
	const found = useMemo(() => {
		const words = text.toLowerCase().split(/\s+/).filter(Boolean);

		return all.filter((i) => (!filter.state || shown(i)[1] === filter.state) && (!filter.provider || i.policy_box?.provider_id === filter.provider) && (!filter.workspace || i.owner === filter.workspace) &&
			(!filter.costcenter || workspaces.value.find((w) => w.id === i.owner)?.costcenter === filter.costcenter) && (!filter.box || i.box === filter.box) && (!filter.location || i.policy_box?.location === filter.location) &&
			(!filter.tag || i.tags.includes(filter.tag)) && (!words.length || (() => { const t = instanceText(i).toLowerCase(); return words.every((w) => t.includes(w)); })()));
	}, [all, text, JSON.stringify(filter)]);
	const rows = useSorted(found, columns, sort);
	const choices = useMemo(() => {
		const locations = new Set<string>(), tags = new Set<string>(), kinds = new Map<string, string>();

		for (const i of all) {
			if (i.policy_box?.location)
				locations.add(i.policy_box.location);
			for (const t of i.tags)
				if (tags.size < 300)
					tags.add(t);
			if (kinds.size < 300)
				kinds.set(i.box, i.boxes[0]?.name ?? i.box);
		}
		return { locations: [...locations].sort(), tags: [...tags].sort(), kinds: [...kinds].sort((a, b) => a[1].localeCompare(b[1])) };
	}, [all]);
	const chosen = useMemo(() => [...picked].map((id) => instances.get(id)).filter((i): i is InstanceRow => !!i), [picked, all]);
	const narrowed = Object.values(filter).some(Boolean) || text;
	const clear = () => replaceQuery({ q: "", state: "", provider: "", workspace: "", costcenter: "", box: "", location: "", tag: "" });
	const select = (label: string, name: keyof typeof filter, list: { value: string; label: string }[]) => list.length > 1 || filter[name]
		? <Select bare label={label} value={filter[name]} onValue={(v) => replaceQuery({ [name]: v })} choices={[{ value: "", label: `Every ${label.toLowerCase()}` }, ...list]} /> : null;

	return <>
		<PageHead title="Instances" lead={`${plural(all.length, "instance")} in ${scopeName(scope.value)}`} actions={<>
			<span class="group" role="group" aria-label="View"><Button icon="list" label="List" pressed={view === "list"} onClick={() => replaceQuery({ view: "" })} /><Button icon="topology" label="Topology" pressed={view === "topology"} onClick={() => replaceQuery({ view: "topology" })} /><Button icon="map" label="Map" pressed={view === "map"} onClick={() => replaceQuery({ view: "map" })} /></span>
			<Menu label="More" icon="more" items={[{ label: "Export this list (CSV)", icon: "download", act: () => csv(rows) }]} />
			<Button kind="primary" icon="play" onClick={() => replaceQuery({ new: "1" })}>New instance</Button></>} />
		<div class="card">
			<div class="tool">
				<SearchBox label="Name, id, address, tag, owner" value={text} onValue={(v) => replaceQuery({ q: v })} />
				<div class="filters"><Select bare label="State" value={filter.state} onValue={(v) => replaceQuery({ state: v })} choices={[{ value: "", label: "Every state" }, ...STATES.map(([value, label]) => ({ value, label }))]} />
				{select("Provider", "provider", providers.all.value.map((p) => ({ value: p.id, label: p.name })))}
				{select("Location", "location", choices.locations.map((l) => ({ value: l, label: l })))}
				{select("Box", "box", choices.kinds.map(([value, label]) => ({ value, label })))}
				{scope.value.type === "organization" && select("Cost center", "costcenter", costcenters.value.map((c) => ({ value: c.id, label: c.name })))}
				{within.value.length > 1 && select("Workspace", "workspace", within.value.map((w) => ({ value: w, label: workspaceName(w) })))}
				{select("Tag", "tag", choices.tags.map((t) => ({ value: t, label: t })))}</div>
				<span class="faint small" role="status">{found.length !== all.length && `${found.length.toLocaleString("en")} of ${all.length.toLocaleString("en")}`}</span>
			</div>
			{chosen.length > 0 && <Bulk list={chosen} onDone={() => pick(new Set())} />}
			{view === "topology" && rows.length ? <Topology rows={rows} /> : view === "map" && rows.length ? <InstanceMap rows={rows} /> : <Grid label="Instances" rows={rows} columns={columns} sort={sort} onSort={(s) => replaceQuery({ sort: s })} picked={picked} onPick={pick} onOpen={(i) => go(to("instances", i.id, dashed(i.name)))}
				empty={instances.state.value === "loading" ? <div class="pad"><Spin what="Reading the instances…" /></div> : instances.state.value === "failed" ? <Empty icon="alert" title="The list could not be read" action={<Button onClick={() => void instances.load()}>Try again</Button>}>{instances.error.value}</Empty>
					: narrowed ? <Empty icon="search" title="No instance fits" action={<Button onClick={clear}>Clear the filters</Button>} />
					: <Empty icon="instances" title="Nothing is deployed yet" action={<Button kind="primary" icon="play" onClick={() => replaceQuery({ new: "1" })}>New instance</Button>}>{boxes.all.value.length ? "Choose a box and where it runs." : "First there must be a box."}</Empty>} />}
		</div>
		{query.get("new") && <DeployDialog onClose={() => replaceQuery({ new: "" })} />}
	</>;
}
