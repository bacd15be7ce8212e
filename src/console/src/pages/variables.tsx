/* Variables of a box, an instance or a request: a table, and a dialog for one. Values of boxes within can be overridden. */
import { useMemo, useState } from "preact/hooks";
import { type Box, type Variable, VARIABLE_TYPES } from "../lib/boxes";
import { boxes, useRead } from "../lib/data";
import { upload } from "../lib/http";
import { Button, Check, Empty, Field, Note, Select, Tags, Words } from "../parts/basic";
import { FormDialog } from "../parts/dialog";
import { Icon } from "../parts/icon";

const MASK = "********";
const options = (v: Variable): string[] => (v.options ?? "").split(/[,\n]/).map((s) => s.trim()).filter(Boolean);
export const fullName = (v: Variable) => [v.scope, v.name].filter(Boolean).join(".");

/* What the appliance would refuse, said while typing. */
export function valueError(v: Variable): string {
	const s = String(v.value ?? "");

	if (s === "")
		return "";
	if (v.type === "Number" && !/^-?\d+(\.\d+)?$/.test(s))
		return "Enter a number.";
	if (v.type === "Port" && !(/^\d+$/.test(s) && Number(s) <= 65535))
		return "Enter a port: 0 to 65535.";
	if (v.type === "Options" && v.options && !options(v).includes(s))
		return `Choose one of ${options(v).join(", ")}.`;
	return "";
}

export function ValueField({ v, onValue, label = "Value", hint }: { v: Variable; onValue: (value: any) => void; label?: string; hint?: string }) {
	const [busy, setBusy] = useState(false);
	const [trouble, setTrouble] = useState("");
	const value = v.value === null || v.value === undefined ? "" : String(v.value);

	switch (v.type) {
	case "Password":
		return <Field label={label} type="password" autocomplete="off" value={value === MASK ? "" : value} placeholder={value === MASK ? "kept as it is" : ""} hint={hint} onValue={(x) => onValue(x || MASK)} />;
	case "Options":
		return options(v).length ? <Select label={label} value={value} onValue={onValue} hint={hint} choices={[{ value: "", label: "–" }, ...(value && !options(v).includes(value) ? [{ value, label: `${value} (not an option)` }] : []), ...options(v)]} />
			: <Field label={label} value={value} hint={hint} onValue={onValue} />;
	case "Binding":
	case "Box":
		return <Select label={label} value={value} onValue={onValue} hint={hint ?? (v.type === "Binding" ? "Instances of this box are found when the instance is configured." : "It is installed on the same machine.")}
			choices={[{ value: "", label: "–" }, ...(v.type === "Binding" ? [{ value: "AnyBox", label: "Any box" }] : []), ...(value && value !== "AnyBox" && !boxes.get(value) ? [{ value, label: value }] : []), ...boxes.all.value.filter((b) => !b.schema.endsWith("/policy")).map((b) => ({ value: b.id, label: b.name }))]} />;
	case "File":
		return <div class="field"><span class="label">{label}</span><div class="row">{value && <a href={value} download>{decodeURIComponent(value.split("/").pop() ?? "")}</a>}
			<label class="button">{busy ? <span class="spin" /> : <Icon name="upload" />}{value ? "Replace" : "Choose a file"}<input class="sr" type="file" onChange={async (e) => {
				const f = e.currentTarget.files?.[0];
				if (!f)
					return;
				setBusy(true);
				setTrouble("");
				try { onValue((await upload(f.name, f)).url); } catch (x) { setTrouble((x as Error).message); }
				setBusy(false);
			}} /></label>{value && <Button kind="quiet" onClick={() => onValue("")}>Clear</Button>}</div><p class="hint">{hint ?? "At most 10 MB; scripts get its address."}</p><p class="error" role="alert">{trouble}</p></div>;
	default:
		return <Field label={label} value={value} onValue={onValue} inputMode={v.type === "Number" ? "decimal" : v.type === "Port" ? "numeric" : undefined} error={valueError(v)} hint={hint ?? (v.type === "Text" ? "May contain other variables: {{ NAME }}" : undefined)} />;
	}
}

function Edit({ first, others, onSave, onClose, fixed }: { first: Variable; others: Variable[]; onSave: (v: Variable) => void; onClose: () => void; fixed: boolean }) {
	const [v, set] = useState<Variable>(first);
	const edit = (x: Partial<Variable>) => set((old) => ({ ...old, ...x }));
	const why = !v.name.trim() ? "Give it a name." : !/^[A-Za-z_][\w-]*$/.test(v.name) ? "A name has letters, digits and underscores." : others.some((o) => o.name === v.name && (o.scope ?? "") === (v.scope ?? "")) ? "There is one of this name already." : valueError(v);

	return <FormDialog title={first.name ? `Variable ${fullName(first)}` : "New variable"} submit={first.name ? "Take over" : "Add"} why={why} onClose={onClose} onSubmit={async () => onSave(v)}>
		<div class="form-grid">
			<Field label="Name" value={v.name} readOnly={fixed} maxLength={128} mono autofocus={!first.name} onValue={(name) => edit({ name })} />
			<Select label="Type" value={v.type} disabled={fixed} onValue={(type) => edit({ type, value: "" })} choices={VARIABLE_TYPES} />
		</div>
		{v.type === "Options" && !fixed && <Tags label="Options" value={options(v)} onValue={(o) => edit({ options: o.join(",") })} />}
		<ValueField v={v} onValue={(value) => edit({ value })} />
		{v.type === "Binding" && <Tags label="Only instances with these tags" value={v.tags ?? []} onValue={(tags) => edit({ tags })} />}
		{v.type === "Box" && <Select label="Automatic updates" value={v.automatic_updates ?? "off"} onValue={(automatic_updates) => edit({ automatic_updates })} choices={["off", "patch", "minor", "major"]} />}
		{!fixed && <><Check label="Required" hint="must have a value when it is deployed" checked={!!v.required} onValue={(required) => edit({ required })} />
			<Select label="Visible to" value={v.visibility ?? "public"} onValue={(visibility) => edit({ visibility })} choices={[{ value: "public", label: "Public: whoever deploys it, boxes around it, bindings" }, { value: "private", label: "Private: not through bindings" }, { value: "internal", label: "Internal: hidden when deploying" }]} /></>}
	</FormDialog>;
}

const shownValue = (v: Variable) => {
	const s = v.value === null || v.value === undefined ? "" : String(v.value);

	if (s === "")
		return <span class="faint">{v.required ? "needs a value" : "–"}</span>;
	if (v.type === "Password")
		return <span class="faint">hidden</span>;
	if (v.type === "File")
		return <a href={s} download>{decodeURIComponent(s.split("/").pop() ?? "")}</a>;
	if (v.type === "Box" || v.type === "Binding")
		return <>{s === "AnyBox" ? "Any box" : boxes.get(s)?.name ?? s} {v.tags?.length ? <Words words={v.tags} /> : null}</>;
	return <span class="mono">{s}</span>;
};

/* Variables of the boxes within, each with the dotted path of Box variables that leads to it. */
function inherited(stack: Box[], root: { variables?: Variable[] }): Variable[] {
	const out: Variable[] = [], byId = new Map(stack.flatMap((b) => [[b.id, b] as const, ...(b.version ? [[b.version.box, b] as const] : [])]));
	const walk = (variables: Variable[] | undefined, scope: string, depth: number) => {
		for (const v of variables ?? [])
			if (v.type === "Box" && !v.scope && depth < 32) {
				const child = byId.get(v.value), path = [scope, v.name].filter(Boolean).join(".");
				for (const c of child?.variables ?? [])
					if (c.type !== "Box" && !c.scope && c.visibility !== "internal")
						out.push({ ...c, scope: path });
				walk(child?.variables, path, depth + 1);
			}
	};
	walk(root.variables, "", 0);
	return out;
}

export function Variables({ box, readOnly, onChange, stack: given, ownNames = true }: { box: { id: string; variables?: Variable[] }; readOnly: boolean; onChange: (v: Variable[]) => void; stack?: Box[]; ownNames?: boolean }) {
	const list = box.variables ?? [];
	const nested = list.some((v) => v.type === "Box");
	const read = useRead<Box[]>(nested && !given ? `/services/boxes/${box.id}/stack` : null, (e) => e.kind.startsWith("box."));
	const stack = given ?? read.value ?? [];
	const within = useMemo(() => inherited(stack, box).filter((v) => !list.some((o) => o.name === v.name && (o.scope ?? "") === v.scope)), [stack, list]);
	const [editing, edit] = useState<{ v: Variable; at: number; fixed: boolean } | null>(null);
	const move = (i: number, by: number) => { const next = [...list]; const [v] = next.splice(i, 1); next.splice(i + by, 0, v); onChange(next); };

	return <section class="card">
		{!readOnly && ownNames && <div class="tool"><span class="grow hint">The order of Box variables is the order in which the boxes are installed.</span><Button icon="plus" onClick={() => edit({ v: { name: "", type: "Text", value: "", required: false, visibility: "public" }, at: -1, fixed: false })}>Add variable</Button></div>}
		{list.length + within.length === 0 ? <Empty icon="boxes" title="No variables">What should be chosen when it is deployed? Scripts use it as <code>{"{{ NAME }}"}</code>.</Empty> : <div class="scroll-x" tabIndex={0} role="region" aria-label="Variables">
			<table class="plain"><thead><tr><th>Name</th><th>Type</th><th>Value</th><th>Visible</th><th><span class="sr">Actions</span></th></tr></thead><tbody>
				{list.map((v, i) => <tr key={fullName(v)}><th scope="row"><span class="mono">{fullName(v)}</span>{v.required && <span class="faint small"> required</span>}{v.scope && <span class="badge">overrides</span>}</th><td>{v.type}</td><td>{shownValue(v)}</td><td class="faint">{v.visibility ?? "public"}</td>
					<td>{!readOnly && <span class="row end nowrap-row"><Button kind="quiet" icon="edit" label={`Edit ${fullName(v)}`} onClick={() => edit({ v, at: i, fixed: !!v.scope || !ownNames })} />
						{ownNames && <><Button kind="quiet" label={`Move ${fullName(v)} up`} why={i ? "" : "It is the first."} onClick={() => move(i, -1)}>↑</Button><Button kind="quiet" label={`Move ${fullName(v)} down`} why={i < list.length - 1 ? "" : "It is the last."} onClick={() => move(i, 1)}>↓</Button></>}
						{(ownNames || v.scope) && <Button kind="quiet" icon="trash" label={`Remove ${fullName(v)}`} onClick={() => onChange(list.filter((_, k) => k !== i))} />}</span>}</td></tr>)}
				{within.map((v) => <tr key={`in ${fullName(v)}`} class="inherited"><th scope="row"><span class="mono inherited">{fullName(v)}</span></th><td>{v.type}</td><td>{shownValue(v)}</td><td>{v.visibility ?? "public"}</td>
					<td>{!readOnly && <span class="row end"><Button kind="quiet" onClick={() => edit({ v: { ...v }, at: -1, fixed: true })}>Override</Button></span>}</td></tr>)}
			</tbody></table></div>}
		{read.error && <div class="pad"><Note kind="warn">The boxes within cannot be read: {read.error}</Note></div>}
		{editing && <Edit first={editing.v} fixed={editing.fixed} others={list.filter((_, i) => i !== editing.at)} onClose={() => edit(null)} onSave={(v) => onChange(editing.at < 0 ? [...list, v] : list.map((o, i) => i === editing.at ? v : o))} />}
	</section>;
}
