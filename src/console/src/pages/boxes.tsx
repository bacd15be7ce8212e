/* The list of boxes, and how a new one begins. */
import { useEffect, useMemo, useState } from "preact/hooks";
import { boxText, emptyBox, kindOf, kinds } from "../lib/boxes";
import { boxes, type BoxRow, providers } from "../lib/data";
import { firstValues, type ProviderType, TYPES } from "../lib/forms";
import { mayNot } from "../lib/access";
import { call, get } from "../lib/http";
import { dashed, go, replaceQuery, route, to } from "../lib/route";
import { home, scope, scopeName, workspaceName, workspaces, placeName } from "../lib/scope";
import { plural, schemaWord } from "../lib/text";
import { Button, Empty, Field, Note, PageHead, Select, Spin, Time, Words } from "../parts/basic";
import { FormDialog } from "../parts/dialog";
import { type Column, Grid, SearchBox, useSorted } from "../parts/grid";
import { Icon } from "../parts/icon";
import { ImportBox } from "./boxdir";

export const Kind = ({ schema, large }: { schema: string; large?: boolean }) => <span class={`kind ${schemaWord(schema)} ${large ? "large" : ""}`}><Icon name={schemaWord(schema)} /></span>;

const columns: Column<BoxRow>[] = [
	{ id: "name", title: "Name", width: "minmax(12rem, 3fr)", sort: (b) => b.name, cell: (b) => <span class="row nowrap-row"><Kind schema={b.schema} /><span class="two"><b class="cut">{b.name}</b><span class="faint cut">{b.description || " "}</span></span></span> },
	{ id: "kind", title: "Kind", width: "7rem", hide: 560, sort: (b) => kindOf(b).short, cell: (b) => kindOf(b).short },
	{ id: "owner", title: "Workspace", width: "minmax(6rem, 1fr)", hide: 760, sort: (b) => workspaceName(b.owner), cell: (b) => workspaceName(b.owner) },
	{ id: "words", title: "Requires or offers", width: "minmax(8rem, 1.4fr)", hide: 900, cell: (b) => <Words words={b.claims.length ? b.claims : b.requirements} none="–" /> },
	{ id: "updated", title: "Changed", width: "6.5rem", hide: 420, sort: (b) => b.updated, cell: (b) => <Time at={b.updated} /> },
];

/* Where something new may go. */
export function OwnerSelect({ value, onValue, kind }: { value: string; onValue: (v: string) => void; kind: "box" | "instance" | "provider" }) {
	const list = workspaces.value.filter((w) => !mayNot(kind, "create", { owner: w.id }));

	return <Select label="Workspace" value={value} onValue={onValue} choices={list.map((w) => ({ value: w.id, label: placeName(w) }))} hint="Who works in it may use it." />;
}

function NewBox({ first, onClose }: { first: string; onClose: () => void }) {
	const [kind, setKind] = useState(kinds.some((k) => k.id === first) ? first : "script");
	const [name, setName] = useState("");
	const [owner, setOwner] = useState(home.value);
	const [provider, setProvider] = useState("");
	const usable = providers.all.value.filter((p) => p.state === "ready");
	const why = !name.trim() ? "Give it a name." : kind === "policy" && !provider ? "Choose a provider." : "";

	useEffect(() => { if (!provider && usable.length) setProvider(usable[0].id); }, [usable.length]);
	return <FormDialog title="New box" submit="Create" why={why} onClose={onClose} onSubmit={async () => {
		const b = emptyBox(kind, name.trim(), owner);

		if (kind === "policy") {
			const [p, types] = await Promise.all([get(`/services/providers/${provider}`), get<ProviderType[]>(TYPES)]), form = types.find((t) => t.type === p.type);
			b.provider_id = p.id;
			b.profile = { schema: form?.profile_schema ?? p.schema.replace(/\/provider$/, "/compute/profile"), ...firstValues(form?.profile ?? [], p) };
		}
		const made = await call("POST", "/services/boxes", b);
		go(to("boxes", made.id, dashed(made.name)));
	}}>
		<fieldset class="stack tight"><legend>Kind</legend>{kinds.map((k) => <label class="check" key={k.id}><input type="radio" name="kind" value={k.id} checked={kind === k.id} onChange={() => setKind(k.id)} /><span><b>{k.label}</b> <span class="hint">{k.text}</span></span></label>)}</fieldset>
		<Field label="Name" value={name} onValue={setName} maxLength={128} required autofocus />
		<OwnerSelect kind="box" value={owner} onValue={setOwner} />
		{kind === "policy" && (usable.length ? <Select label="Provider" value={provider} onValue={setProvider} choices={usable.map((p) => ({ value: p.id, label: `${p.name} (${p.type})` }))} />
			: <Note kind="warn">There is no provider that is ready. <a href="#/providers?new=1" onClick={onClose}>Add one first</a></Note>)}
	</FormDialog>;
}

export function Boxes() {
	const query = route.value.query, text = query.get("q") ?? "", kind = query.get("kind") ?? "", category = query.get("category") ?? "", sort = query.get("sort") ?? "name";
	const [importing, setImporting] = useState(false);
	const all = boxes.all.value;
	const found = useMemo(() => {
		const words = text.toLowerCase().split(/\s+/).filter(Boolean);

		return all.filter((b) => (!kind || schemaWord(b.schema) === kind) && (!category || b.categories.includes(category)) && words.every((w) => boxText(b).includes(w)));
	}, [all, text, kind, category]);
	const rows = useSorted(found, columns, sort);
	const categories = useMemo(() => [...new Set(all.flatMap((b) => b.categories))].sort(), [all]);

	return <>
		<PageHead title="Boxes" lead={`${plural(all.length, "box", "boxes")} in ${scopeName(scope.value)}`} actions={<><Button icon="upload" onClick={() => setImporting(true)}>Import</Button><Button kind="primary" icon="plus" onClick={() => replaceQuery({ new: "1" })}>New box</Button></>} />
		<div class="card">
			<div class="tool">
				<SearchBox label="Filter boxes" value={text} onValue={(v) => replaceQuery({ q: v })} />
				<Select bare label="Kind" value={kind} onValue={(v) => replaceQuery({ kind: v })} choices={[{ value: "", label: "All kinds" }, ...kinds.map((k) => ({ value: k.id, label: k.label }))]} />
				{categories.length > 0 && <Select bare label="Category" value={category} onValue={(v) => replaceQuery({ category: v })} choices={[{ value: "", label: "All categories" }, ...categories]} />}
				<span class="faint small" role="status">{found.length !== all.length && `${found.length} of ${all.length}`}</span>
			</div>
			<Grid label="Boxes" rows={rows} columns={columns} sort={sort} onSort={(s) => replaceQuery({ sort: s })} rowHeight={52} onOpen={(b) => go(to("boxes", b.id, dashed(b.name)))}
				empty={boxes.state.value === "loading" ? <div class="pad"><Spin what="Reading the boxes…" /></div> : boxes.state.value === "failed" ? <Empty icon="alert" title="The list could not be read" action={<Button onClick={() => void boxes.load()}>Try again</Button>}>{boxes.error.value}</Empty>
					: all.length ? <Empty icon="search" title="No box fits" action={<Button onClick={() => replaceQuery({ q: "", kind: "", category: "" })}>Clear the filters</Button>} />
					: <Empty icon="boxes" title="No boxes yet" action={<Button kind="primary" icon="plus" onClick={() => replaceQuery({ new: "1" })}>New box</Button>}>A box says how something is installed and run: scripts, their variables, and what they need of a machine.</Empty>} />
		</div>
		{query.get("new") && <NewBox first={query.get("new")!} onClose={() => replaceQuery({ new: "" })} />}
		{importing && <ImportBox onClose={() => setImporting(false)} />}
	</>;
}
