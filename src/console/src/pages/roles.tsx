/* Who may do what, from the table the appliance itself decides by. */
import { ROLES, roleTable, type Need } from "../lib/access";
import { capital } from "../lib/text";
import { PageHead } from "../parts/basic";

const rows: [keyof typeof roleTable, string, [Need, string][]][] = [
	["instance", "Instances", [["see", "See them, their output and activity"], ["create", "Deploy"], ["use", "Operate: reconfigure, shut down, terminate"], ["edit", "Edit scripts, variables, tags, lease"], ["own", "Share, give away, force online"]]],
	["box", "Boxes", [["see", "See"], ["use", "Deploy them"], ["create", "Write new ones"], ["edit", "Edit, make versions"], ["own", "Share, give away, delete"]]],
	["provider", "Providers", [["see", "See them and their log"], ["use", "Use them in policies"], ["create", "Add"], ["edit", "Change, synchronise"], ["own", "Share, delete"]]],
	["workspace", "The workspace", [["see", "See it and its members"], ["edit", "Change members and settings"], ["own", "Delete"]]],
];

export const Roles = () => <>
	<PageHead title="Roles" lead="What each role of a workspace may do with what the workspace owns. Administrators of its cost center, of the organization and of the appliance may everything there." />
	<section class="card"><div class="scroll-x" tabIndex={0} role="region" aria-label="Roles"><table class="plain matrix"><thead><tr><th scope="col"><span class="sr">What</span></th>{ROLES.map((r) => <th scope="col" key={r}>{capital(r)}</th>)}</tr></thead>
		{rows.map(([kind, title, needs]) => <tbody key={kind}><tr><th scope="rowgroup" colSpan={5}><h2>{title}</h2></th></tr>{needs.map(([need, text]) => <tr key={need}><th scope="row">{text}</th>{ROLES.map((r) => roleTable[kind][need].includes(r) ? <td key={r} class="yes"><span aria-hidden="true">✓</span><span class="sr">yes</span></td> : <td key={r} class="no"><span aria-hidden="true">–</span><span class="sr">no</span></td>)}</tr>)}</tbody>)}</table></div></section>
	<p class="hint">Things shared with a workspace: a box for viewing may be deployed there (its versions), a provider is seen by authors, an instance is seen. For editing: everything but deleting and sharing on, within one's role there.</p>
</>;
