import { useState } from "preact/hooks";
import { type Box, numberText } from "../lib/boxes";
import { useRead } from "../lib/data";
import { call, get, q } from "../lib/http";
import { to } from "../lib/route";
import { Area, Button, Empty, Note, Select, Spin, Time } from "../parts/basic";
import { ask, attempt, Dialog, FormDialog, Menu } from "../parts/dialog";
import { BoxDiff } from "../parts/diff";
import { DeployDialog } from "./deploy";

const key = (n: any) => n.major * 1e8 + n.minor * 1e4 + n.patch;

export function NewVersion({ box, onMake, onClose }: { box: Box; onMake: (version: any) => Promise<unknown>; onClose: () => void }) {
	const { value } = useRead<Box[]>(`/services/boxes/${box.id}/versions`);
	const last = value?.[0]?.version?.number;
	const next = last ? { patch: { ...last, patch: last.patch + 1 }, minor: { major: last.major, minor: last.minor + 1, patch: 0 }, major: { major: last.major + 1, minor: 0, patch: 0 } } : { major: { major: 1, minor: 0, patch: 0 }, minor: { major: 0, minor: 1, patch: 0 }, patch: { major: 0, minor: 0, patch: 1 } };
	const [size, setSize] = useState<"major" | "minor" | "patch">("patch");
	const [text, setText] = useState("");

	return <FormDialog title={`New version of ${box.name}`} submit="Make the version" why={value ? "" : "Reading the versions…"} onClose={onClose} onSubmit={() => onMake({ box: box.id, number: next[size], description: text })}>
		<Select label="Which" value={size} onValue={(v) => setSize(v as typeof size)} choices={[{ value: "patch", label: `Patch: ${numberText(next.patch)}` }, { value: "minor", label: `Minor: ${numberText(next.minor)}` }, { value: "major", label: `Major: ${numberText(next.major)}` }]} hint="Instances with automatic updates of this kind will move to it." />
		<Area label="What changed" value={text} onValue={setText} maxLength={2048} rows={3} />
	</FormDialog>;
}

function Compare({ box, version, onClose }: { box: Box; version: Box; onClose: () => void }) {
	const { value, error } = useRead<any>(`/services/boxes/${box.id}/diff?version=${q(version.id)}`);

	return <Dialog title={`From ${numberText(version.version.number)} to the draft`} wide onClose={onClose}><div class="body">{error ? <Note kind="bad">{error}</Note> : value ? <BoxDiff diff={value} /> : <Spin what="Comparing…" />}<div class="actions"><Button onClick={onClose}>Close</Button></div></div></Dialog>;
}

export function Versions({ box, readOnly, onRestored }: { box: Box; readOnly: boolean; onRestored: () => void }) {
	const read = useRead<Box[]>(`/services/boxes/${box.id}/versions`, (e) => e.object === box.id || e.data?.parent === box.id);
	const [compare, setCompare] = useState<Box | null>(null);
	const [deploy, setDeploy] = useState("");
	const list = [...(read.value ?? [])].sort((a, b) => key(b.version.number) - key(a.version.number));
	const restore = async (v: Box) => {
		if (await ask({ title: `Restore ${numberText(v.version.number)}?`, text: "The draft gets the content of this version. What was in the draft and in no version is lost.", yes: "Restore", kind: "primary" }) && await attempt(() => call("PUT", `/services/boxes/${box.id}/restore`, { version: v.id }), "Restored"))
			onRestored();
	};
	const remove = async (v: Box) => {
		if (await ask({ title: `Delete version ${numberText(v.version.number)}?`, text: "Instances keep their copies.", yes: "Delete" }) && await attempt(() => call("DELETE", `/services/boxes/${v.id}`), "Deleted"))
			read.reload();
	};

	return <section class="card">
		{read.error ? <div class="pad"><Note kind="bad">{read.error}</Note></div> : !read.value ? <div class="pad"><Spin what="Reading the versions…" /></div> : list.length === 0 ? <Empty icon="boxes" title="No versions yet">A version is a copy that never changes. People with whom the box is shared for viewing see versions only.</Empty> :
			<div class="scroll-x" tabIndex={0} role="region" aria-label="Versions"><table class="plain"><thead><tr><th>Number</th><th>What changed</th><th>By</th><th>Made</th><th><span class="sr">Actions</span></th></tr></thead><tbody>
				{list.map((v, i) => <tr key={v.id}><th scope="row"><a href={to("boxes", v.id)}>{numberText(v.version.number)}</a> {i === 0 && <span class="badge">latest</span>} {box.draft_from === v.id && <span class="badge">current</span>}</th><td>{v.version.description || <span class="faint">–</span>}</td><td>{v.version.workspace}</td><td class="nowrap"><Time at={v.created} /></td>
					<td><span class="row end nowrap-row"><Button kind="quiet" onClick={() => setCompare(v)}>Compare</Button><Button kind="quiet" onClick={() => setDeploy(v.id)}>Deploy</Button>
						<Menu label={`More for ${numberText(v.version.number)}`} icon="more" kind="quiet" items={[{ label: "Restore into the draft", icon: "refresh", why: readOnly ? "You may not edit this box." : "", act: () => void restore(v) }, { label: "Delete", icon: "trash", danger: true, why: readOnly ? "You may not edit this box." : "", act: () => void remove(v) }]} /></span></td></tr>)}
			</tbody></table></div>}
		{compare && <Compare box={box} version={compare} onClose={() => setCompare(null)} />}
		{deploy && <DeployDialog boxId={deploy} onClose={() => setDeploy("")} />}
	</section>;
}

/* The newest version of a box, or null. */
export const newest = async (id: string): Promise<Box | null> => (await get<Box[]>(`/services/boxes/${id}/versions`))[0] ?? null;
