/* Who else may see or edit: boxes, instances, providers alike. */
import { useState } from "preact/hooks";
import { mayNot } from "../lib/access";
import { call, get } from "../lib/http";
import { placeName, workspaceName, workspaces } from "../lib/scope";
import { isOwner } from "../lib/session";
import { Button, Note, Select } from "../parts/basic";
import { ask, attempt } from "../parts/dialog";

const edits = (role: string) => ["collaborator", "author", "administrator", "edit"].includes(role);

export function Sharing({ what, object, path, onSaved }: { what: "box" | "instance" | "provider"; object: any; path: string; onSaved: () => void }) {
	const cannot = mayNot(what, "own", object), members: any[] = object.members ?? [];
	const others = workspaces.value.filter((w) => w.id !== object.owner && !members.some((m) => m.workspace === w.id));
	const [place, setPlace] = useState("");
	const [role, setRole] = useState("read");
	// the newest state, so that nothing else is set back
	const save = async (change: (o: any) => any, done: string) => { await attempt(async () => { const now = await get(path); await call("PUT", path, change(now)); onSaved(); }, done); };
	const give = async (owner: string) => {
		if (await ask({ title: `Give ${object.name} away?`, text: `It will belong to ${workspaceName(owner)}. You may lose your rights to it.`, yes: "Give away" }))
			await save((o) => ({ ...o, owner }), "Given away");
	};

	return <div class="two-columns">
		<section class="card"><header><h2>Shared with</h2></header>
			{members.length ? <ul class="list">{members.map((m) => <li class="line" key={m.workspace}><span class="grow cut">{workspaceName(m.workspace)}</span>
				<Select bare label={`Right of ${workspaceName(m.workspace)}`} value={edits(m.role) ? "collaborator" : "read"} disabled={!!cannot} onValue={(r) => void save((o) => ({ ...o, members: o.members.map((x: any) => x.workspace === m.workspace ? { ...x, role: r } : x) }), "Changed")} choices={[{ value: "read", label: "Can view" }, { value: "collaborator", label: "Can edit" }]} />
				<Button kind="quiet" icon="close" label={`Stop sharing with ${workspaceName(m.workspace)}`} why={cannot} onClick={() => void save((o) => ({ ...o, members: o.members.filter((x: any) => x.workspace !== m.workspace) }), "No longer shared")} /></li>)}</ul> : <p class="pad muted">Nobody but the workspace {workspaceName(object.owner)}.</p>}
			<div class="pad stack">{cannot ? <Note>{cannot}</Note> : others.length ? <div class="row">
				<Select bare label="Workspace to share with" value={place} onValue={setPlace} choices={[{ value: "", label: "Choose a workspace" }, ...others.map((w) => ({ value: w.id, label: placeName(w) }))]} />
				<Select bare label="Right" value={role} onValue={setRole} choices={[{ value: "read", label: "Can view" }, { value: "collaborator", label: "Can edit" }]} />
				<Button icon="share" why={place ? "" : "Choose a workspace first."} onClick={() => void save((o) => ({ ...o, members: [...(o.members ?? []), { workspace: place, role }] }), "Shared").then(() => setPlace(""))}>Share</Button></div> : <p class="muted">There is no other workspace to share it with.</p>}
				<p class="hint">{what === "box" ? "Who can view sees and deploys its versions; who can edit sees and changes the draft." : "Who can edit may do everything but delete it and share it on."} Only workspaces that you see are offered; providers and policies stay within their cost center.</p></div>
		</section>
		<section class="card pad stack"><h2>Owner</h2><p>{workspaceName(object.owner)}</p>
			{what === "box" && <Select label="Visible to" value={object.visibility ?? "workspace"} disabled={!!cannot} onValue={(visibility) => void save((o) => ({ ...o, visibility }), "Changed")} choices={[{ value: "workspace", label: "The workspace and those above" }, { value: "organization", label: "The whole organization" }, { value: "public", label: "Everybody who is signed in", disabled: !isOwner.value && object.visibility !== "public" }]} />}
			{!cannot && <Select label="Give it to another workspace" value="" onValue={(v) => v && void give(v)} choices={[{ value: "", label: "Choose" }, ...workspaces.value.filter((w) => w.id !== object.owner).map((w) => ({ value: w.id, label: placeName(w) }))]} />}
		</section>
	</div>;
}
