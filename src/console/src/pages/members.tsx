/* Members of a workspace, a cost center or the organization. */
import { useState } from "preact/hooks";
import { useRead } from "../lib/data";
import { q } from "../lib/http";
import { placeName, workspaceName, workspaces } from "../lib/scope";
import { isOwner, user } from "../lib/session";
import { capital } from "../lib/text";
import { Button, Note, Select } from "../parts/basic";

const older: Record<string, string> = { collaborator: "author", read: "visitor" };

export function Members({ members, roles, cannot, onChange }: { members: any[]; roles: string[]; cannot: string; onChange: (m: any[]) => void }) {
	const users = useRead<any[]>(isOwner.value ? `/services/users?organization=${q(user.value!.organization)}` : null);
	const people: any[] = users.value ?? workspaces.value.filter((w) => w.type === "personal");
	const [id, setId] = useState("");
	const [role, setRole] = useState(roles.includes("user") ? "user" : roles[0]);
	const name = (m: any) => m.type === "ldap" ? m.id : placeName(people.find((p) => p.id === m.id)) || workspaceName(m.id);
	const rest = people.filter((p) => !members.some((m) => m.id === p.id));

	return <section class="card"><header><h2>Members</h2></header>
		{members.length ? <ul class="list">{members.map((m) => <li class="line" key={m.id}><span class="grow cut">{name(m)} {m.type === "ldap" && <span class="badge">group</span>}</span>
			{roles.length > 1 ? <Select bare label={`Role of ${name(m)}`} disabled={!!cannot} value={older[m.role] ?? m.role} onValue={(r) => onChange(members.map((x) => x.id === m.id ? { ...x, role: r } : x))} choices={roles.map((r) => ({ value: r, label: capital(r) }))} /> : <span class="muted small">{capital(m.role)}</span>}
			<Button kind="quiet" icon="close" label={`Remove ${name(m)}`} why={cannot} onClick={() => onChange(members.filter((x) => x.id !== m.id))} /></li>)}</ul> : <p class="pad muted">Nobody yet.</p>}
		{!cannot && <div class="pad row">
			{people.length ? <Select bare label="Who" value={id} onValue={setId} choices={[{ value: "", label: rest.length ? "Choose a user" : "Everybody is a member" }, ...rest.map((p) => ({ value: p.id, label: `${placeName(p) || p.id}${p.email ? ` (${p.email})` : ""}` }))]} /> : <Note>Only administrators of the organization see its users.</Note>}
			{roles.length > 1 && <Select bare label="Role" value={role} onValue={setRole} choices={roles.map((r) => ({ value: r, label: capital(r) }))} />}
			<Button icon="plus" why={id ? "" : "Choose a user first."} onClick={() => { onChange([...members, { id, type: "workspace", role }]); setId(""); }}>Add</Button></div>}
	</section>;
}
