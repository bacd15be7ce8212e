import { useState } from "preact/hooks";
import { mayNot, ROLES, roleIn } from "../lib/access";
import { useRead } from "../lib/data";
import { call, get, q } from "../lib/http";
import { go, to } from "../lib/route";
import { choose, costcenters, placeName, readPlaces, workspaces } from "../lib/scope";
import { isOwner, organization, user } from "../lib/session";
import { capital, plural, SCHEMAS, when } from "../lib/text";
import { Button, Empty, Facts, Field, Note, PageHead, Select, Spin } from "../parts/basic";
import { ask, attempt, FormDialog, Menu, useForm } from "../parts/dialog";
import { Icon } from "../parts/icon";
import { Members } from "./members";

export const costcenterName = (id: string | undefined) => costcenters.value.find((c) => c.id === id)?.name ?? (id ? "–" : "");

function NewWorkspace({ onClose }: { onClose: () => void }) {
	const [name, setName] = useState("");
	const [center, setCenter] = useState(organization.value?.default_costcenter ?? costcenters.value[0]?.id ?? "");

	return <FormDialog title="New workspace" submit="Create" why={name.trim() ? "" : "Give it a name."} onClose={onClose} onSubmit={async () => {
		const w = await call("POST", "/services/workspaces", { schema: `${SCHEMAS}workspaces/team`, name: name.trim(), ...(center ? { costcenter: center } : {}), members: [] });
		await readPlaces();
		go(to("workspaces", w.id));
	}}>
		<Field label="Name" value={name} onValue={setName} maxLength={128} autofocus required />
		{costcenters.value.length > 0 && <Select label="Cost center" value={center} onValue={setCenter} choices={costcenters.value.map((c) => ({ value: c.id, label: c.name }))} hint="It cannot be changed later." />}
	</FormDialog>;
}

export function Workspaces() {
	const [making, make] = useState(false);
	const list = workspaces.value, cannot = isOwner.value || costcenters.value.length ? "" : "Only administrators of a cost center make workspaces.";

	return <>
		<PageHead title="Workspaces" lead={plural(list.length, "workspace")} actions={<Button kind="primary" icon="plus" why={cannot} onClick={() => make(true)}>New workspace</Button>} />
		<section class="card"><div class="scroll-x" tabIndex={0} role="region" aria-label="Workspaces"><table class="plain"><thead><tr><th>Name</th><th>Kind</th><th>Cost center</th><th>Members</th><th>Your role</th></tr></thead><tbody>{list.map((w) => <tr key={w.id}><th scope="row"><a href={to("workspaces", w.id)}>{placeName(w)}</a>{w.email && <span class="faint small block">{w.email}</span>}</th><td>{w.type === "personal" ? "Personal" : "Team"}</td><td>{costcenterName(w.costcenter)}</td><td class="num">{w.type === "personal" ? "–" : (w.members ?? []).length}</td><td>{capital(roleIn(w.id)) || "–"}</td></tr>)}</tbody></table></div></section>
		{making && <NewWorkspace onClose={() => make(false)} />}
	</>;
}

export function WorkspacePage({ id }: { id: string }) {
	const read = useRead<any>(`/services/workspaces/${q(id)}`, (e) => e.object === id), w = read.value;
	const [name, setName] = useState<string | null>(null);
	const form = useForm(async () => { await put({ name: name!.trim() }); setName(null); });

	if (read.missing)
		return <><PageHead title="Workspace" crumb={[["Workspaces", "#/workspaces"]]} /><div class="card"><Empty icon="workspaces" title="There is no such workspace" action={<Button href="#/workspaces">All workspaces</Button>} /></div></>;
	if (!w)
		return read.error ? <Note kind="bad">{read.error}</Note> : <Spin what="Reading the workspace…" />;
	const personal = w.type === "personal", cannot = mayNot("workspace", "edit", { owner: id });
	const put = async (v: any) => { await call("PUT", `/services/workspaces/${q(id)}`, { ...await get(`/services/workspaces/${q(id)}`), ...v }); read.reload(); await readPlaces(); };
	const remove = async () => {
		if (await ask({ title: `Delete ${placeName(w)}?`, text: "Only an empty workspace can be deleted.", yes: "Delete", word: w.name }) && await attempt(() => call("DELETE", `/services/workspaces/${q(id)}`), "Deleted")) {
			await readPlaces();
			go("#/workspaces");
		}
	};
	return <>
		<PageHead title={placeName(w)} crumb={[["Workspaces", "#/workspaces"]]} lead={personal ? "Personal workspace" : "Team workspace"} actions={<><Button icon="boxes" onClick={() => { choose({ type: "workspace", id }); go("#/boxes"); }}>Its boxes</Button><Button icon="instances" onClick={() => { choose({ type: "workspace", id }); go("#/instances"); }}>Its instances</Button>
			{!personal && <Menu label="More actions" icon="more" items={[{ label: "Delete", icon: "trash", danger: true, why: mayNot("workspace", "own", { owner: id }), act: () => void remove() }]} />}</>} />
		<div class="two-columns">
			<div class="stack">{personal ? <section class="card pad"><Note>A personal workspace has one member. Share single boxes and instances with others, or work in a team workspace.</Note></section> : <Members members={w.members ?? []} roles={ROLES} cannot={cannot} onChange={(members) => void attempt(() => put({ members }), "Members changed")} />}</div>
			<section class="card pad stack"><h2>Details</h2>
				{!personal && <form class="stack" onSubmit={(e) => { e.preventDefault(); void form.run(); }}><Field label="Name" value={name ?? w.name} readOnly={!!cannot} maxLength={128} onValue={setName} error={form.error} />{name !== null && name !== w.name && <div><Button type="submit" kind="primary" busy={form.busy}>Save</Button></div>}</form>}
				<Facts rows={[["Identity", <code>{w.id}</code>], ["Cost center", costcenterName(w.costcenter)], !!w.email && ["E-mail", w.email], ["Made", when(w.created)], personal && w.id === user.value?.id && ["", <span class="row"><Icon name="user" />This is yours.</span>]]} /></section>
		</div>
	</>;
}
