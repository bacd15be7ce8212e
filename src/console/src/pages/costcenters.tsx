import { useState } from "preact/hooks";
import { useRead } from "../lib/data";
import { call, get, q } from "../lib/http";
import { to } from "../lib/route";
import { placeName, readPlaces, workspaces } from "../lib/scope";
import { isOwner, organization, user } from "../lib/session";
import { plural, SCHEMAS } from "../lib/text";
import { Button, Empty, Field, Note, PageHead, Spin } from "../parts/basic";
import { ask, attempt, Dialog, FormDialog, Menu } from "../parts/dialog";
import { Members } from "./members";

function NewCenter({ onClose, onDone }: { onClose: () => void; onDone: () => void }) {
	const [name, set] = useState("");

	return <FormDialog title="New cost center" submit="Create" why={name.trim() ? "" : "Give it a name."} onClose={onClose} onSubmit={async () => { await call("POST", "/services/costcenters", { schema: `${SCHEMAS}costcenter`, name: name.trim(), organization: user.value!.organization, members: [] }); onDone(); await readPlaces(); }}>
		<Field label="Name" value={name} onValue={set} maxLength={128} autofocus required />
	</FormDialog>;
}

function Administrators({ id, onClose }: { id: string; onClose: () => void }) {
	const read = useRead<any>(`/services/costcenters/${q(id)}`, (e) => e.object === id);

	return <Dialog title="Administrators" onClose={onClose} wide><div class="body">{read.value ? <Members members={read.value.members ?? []} roles={["administrator"]} cannot="" onChange={(members) => void attempt(async () => { await call("PUT", `/services/costcenters/${q(id)}`, { ...await get(`/services/costcenters/${q(id)}`), members }); read.reload(); }, "Changed")} /> : read.error ? <Note kind="bad">{read.error}</Note> : <Spin what="Reading…" />}
		<p class="hint">An administrator of a cost center administers every workspace in it, and makes and deletes workspaces.</p><div class="actions"><Button onClick={onClose}>Close</Button></div></div></Dialog>;
}

export function CostCenters() {
	const read = useRead<any[]>("/services/costcenters", (e) => e.kind.startsWith("costcenter."));
	const [making, make] = useState(false);
	const [people, setPeople] = useState("");
	const cannot = isOwner.value ? "" : "Only administrators of the organization.";
	const remove = async (c: any) => { if (await ask({ title: `Delete ${c.name}?`, text: "Only a cost center without workspaces can be deleted.", yes: "Delete" }) && await attempt(() => call("DELETE", `/services/costcenters/${q(c.id)}`), "Deleted")) { read.reload(); await readPlaces(); } };

	return <>
		<PageHead title="Cost centers" lead="Every workspace belongs to one, for good. Providers and policies are shared within one only." actions={<Button kind="primary" icon="plus" why={cannot} onClick={() => make(true)}>New cost center</Button>} />
		<section class="card">{read.error ? <div class="pad"><Note kind="bad">{read.error}</Note></div> : !read.value ? <div class="pad"><Spin what="Reading…" /></div> : read.value.length === 0 ? <Empty icon="costcenters" title="None that you administer" /> :
			<ul class="list">{read.value.map((c) => { const list = workspaces.value.filter((w) => w.costcenter === c.id); return <li class="pad row between" key={c.id}><div class="grow"><b>{c.name}</b> {organization.value?.default_costcenter === c.id && <span class="badge">default</span>}<p class="small muted">{plural(list.length, "workspace")}, {plural((c.members ?? []).length, "administrator")}</p><p class="small">{list.slice(0, 12).map((w, i) => <span key={w.id}>{i ? ", " : ""}<a href={to("workspaces", w.id)}>{placeName(w)}</a></span>)}{list.length > 12 && " …"}</p></div>
				<div class="row"><Button icon="users" onClick={() => setPeople(c.id)}>Administrators</Button><Menu label={`More for ${c.name}`} icon="more" kind="quiet" items={[{ label: "Delete", icon: "trash", danger: true, why: cannot || (list.length ? "There are workspaces in it." : ""), act: () => void remove(c) }]} /></div></li>; })}</ul>}</section>
		{making && <NewCenter onClose={() => make(false)} onDone={read.reload} />}
		{people && <Administrators id={people} onClose={() => setPeople("")} />}
	</>;
}
