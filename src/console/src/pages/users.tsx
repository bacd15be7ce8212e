/* Users of the organization: inviting, locking out, handing over. */
import { useMemo, useState } from "preact/hooks";
import { useRead } from "../lib/data";
import { call, q } from "../lib/http";
import { replaceQuery, route } from "../lib/route";
import { placeName, workspaces } from "../lib/scope";
import { user } from "../lib/session";
import { plural, when } from "../lib/text";
import { Button, Copy, Empty, Field, Note, PageHead, Select, Spin, State, Time } from "../parts/basic";
import { ask, attempt, Dialog, FormDialog, Menu } from "../parts/dialog";
import { SearchBox } from "../parts/grid";

const states: Record<string, [string, string]> = { invited: ["Invited", "busy"], active: ["Active", "good"], deactivated: ["Deactivated", "off"], password_locked: ["Password locked", "warn"] };

/* A link is shown once: whoever made it hands it on. */
function Link({ link, expires, onClose }: { link: string; expires?: string; onClose: () => void }) {
	return <Dialog title="The link" onClose={onClose}><div class="body">
		<Note kind="warn">Hand this link on yourself, by a way you trust. It is shown only now{expires ? `, can be used once, until ${when(expires)}` : ""}.</Note>
		<p class="secret-once">{link}</p><div class="actions"><Copy text={link} label="Copy the link" /><Button kind="primary" onClick={onClose}>Done</Button></div></div></Dialog>;
}

function Invite({ onClose, onMade }: { onClose: () => void; onMade: (a: any) => void }) {
	const [v, set] = useState({ email: "", name: "", last_name: "", role: "" });
	const why = /^[^\s@]+@[^\s@]+$/.test(v.email.trim()) ? "" : "Enter an e-mail address.";

	return <FormDialog title="Invite a user" submit="Invite" why={why} onClose={onClose} onSubmit={async () => onMade(await call("POST", "/services/users", { email: v.email.trim(), organization: user.value!.organization, ...(v.name ? { name: v.name } : {}), ...(v.last_name ? { last_name: v.last_name } : {}), ...(v.role ? { role: v.role } : {}) }))}>
		<Field label="E-mail" type="email" value={v.email} maxLength={254} autofocus required onValue={(email) => set({ ...v, email })} />
		<div class="form-grid"><Field label="Name" optional value={v.name} onValue={(name) => set({ ...v, name })} /><Field label="Last name" optional value={v.last_name} onValue={(last_name) => set({ ...v, last_name })} /></div>
		<Select label="Role in the organization" value={v.role} onValue={(role) => set({ ...v, role })} choices={[{ value: "", label: "User" }, { value: "administrator", label: "Administrator: everything in the organization" }]} />
	</FormDialog>;
}

function Remove({ u, onClose, onDone }: { u: any; onClose: () => void; onDone: () => void }) {
	const [place, set] = useState("");

	return <FormDialog title={`Delete ${u.email}?`} submit="Delete" kind="danger" onClose={onClose} onSubmit={async () => { await call("DELETE", `/services/users/${q(u.id)}${place ? `?transfer=${q(place)}` : ""}`); onDone(); }}>
		<p>Sessions and tokens end at once; the id is never given again. What the user owns goes to a workspace.</p>
		<Select label="Boxes, instances and providers go to" value={place} onValue={set} choices={[{ value: "", label: "There are none" }, ...workspaces.value.filter((w) => w.id !== u.id).map((w) => ({ value: w.id, label: placeName(w) }))]} />
	</FormDialog>;
}

export function Users() {
	const query = route.value.query, text = (query.get("q") ?? "").toLowerCase(), state = query.get("state") ?? "";
	const read = useRead<any[]>(`/services/users?organization=${q(user.value!.organization)}`, (e) => e.kind.startsWith("user.") || e.kind.startsWith("workspace."));
	const [link, setLink] = useState<any>(null);
	const [removing, setRemoving] = useState<any>(null);
	const list = useMemo(() => (read.value ?? []).filter((u) => (!state || u.state === state) && `${u.name} ${u.last_name ?? ""} ${u.email} ${u.id}`.toLowerCase().includes(text)).sort((a, b) => a.email.localeCompare(b.email)), [read.value, text, state]);
	const put = (u: any, what: string, done: string) => attempt(async () => { const a = await call("PUT", `/services/users/${q(u.id)}/${what}`, {}); if (a?.link) setLink(a); read.reload(); }, done);
	const items = (u: any) => [
		u.state === "invited" ? { label: "New invitation link", icon: "refresh", act: () => void put(u, "invite", "") } : { label: "Link for a new password", icon: "lock", act: () => void put(u, "reset", "") },
		...(u.state === "password_locked" ? [{ label: "Unlock the password", icon: "lock", act: () => void put(u, "unlock", "Unlocked") }] : []),
		u.state === "deactivated" ? { label: "Activate", icon: "check", act: () => void put(u, "activate", "Activated") }
			: { label: "Deactivate", icon: "close", danger: true, why: u.id === user.value!.id ? "Nobody deactivates himself." : "", act: () => void ask({ title: `Deactivate ${u.email}?`, text: "Every session and token ends at this moment. It can be undone.", yes: "Deactivate" }).then((y) => y && put(u, "deactivate", "Deactivated")) },
		{ label: "Delete", icon: "trash", danger: true, why: u.id === user.value!.id ? "Nobody deletes himself." : "", act: () => setRemoving(u) },
	];

	return <>
		<PageHead title="Users" lead={read.value ? plural(read.value.length, "user") : ""} actions={<Button kind="primary" icon="plus" onClick={() => replaceQuery({ new: "1" })}>Invite user</Button>} />
		<section class="card"><div class="tool"><SearchBox label="Name or e-mail" value={query.get("q") ?? ""} onValue={(v) => replaceQuery({ q: v })} /><Select bare label="State" value={state} onValue={(v) => replaceQuery({ state: v })} choices={[{ value: "", label: "Every state" }, ...Object.entries(states).map(([value, [label]]) => ({ value, label }))]} /></div>
			{read.error ? <div class="pad"><Note kind="bad">{read.error}</Note></div> : !read.value ? <div class="pad"><Spin what="Reading the users…" /></div> : list.length === 0 ? <Empty icon="users" title="Nobody fits" /> :
				<div class="scroll-x" tabIndex={0} role="region" aria-label="Users"><table class="plain"><thead><tr><th>User</th><th>State</th><th>Role</th><th>Signed in</th><th><span class="sr">Actions</span></th></tr></thead><tbody>{list.map((u) => <tr key={u.id}><th scope="row">{placeName(u) || u.id}<span class="faint small block">{u.email}</span></th>
					<td><State kind={states[u.state]?.[1] ?? ""}>{states[u.state]?.[0] ?? u.state}</State></td><td>{u.administrator ? "Appliance administrator" : u.role === "administrator" ? "Administrator" : "User"}</td><td class="nowrap"><Time at={u.last_login} /></td><td><span class="row end"><Menu label={`Actions for ${u.email}`} icon="more" kind="quiet" items={items(u)} /></span></td></tr>)}</tbody></table></div>}
		</section>
		{query.get("new") && <Invite onClose={() => replaceQuery({ new: "" })} onMade={(a) => { setLink(a); read.reload(); }} />}
		{link && <Link link={link.link} expires={link.expires} onClose={() => setLink(null)} />}
		{removing && <Remove u={removing} onClose={() => setRemoving(null)} onDone={read.reload} />}
	</>;
}
