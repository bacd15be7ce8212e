/* Fields of a form that is data: of a provider, of a policy's profile, of an element of their lists. */
import { choicesOf, type FormField, type Values } from "../lib/forms";
import { capital } from "../lib/text";
import { Area, Button, Check, Field, Select, Tags } from "./basic";

interface Props { fields: FormField[]; values: Values; found?: any; readOnly?: boolean; kept?: boolean; onValue: (name: string, v: any) => void }

/* A list of objects, one row each. */
function Rows({ f, value, found, readOnly, onValue }: { f: FormField; value: Values[]; found?: any; readOnly?: boolean; onValue: (v: Values[]) => void }) {
	return <fieldset class="stack tight"><legend>{f.label}</legend>
		{f.help && <p class="hint">{capital(f.help)}</p>}
		{value.map((row, i) => <div class="stack tight card pad" role="group" aria-label={`${f.label} ${i + 1}`} key={i}>
			<FormFields fields={f.items} values={row ?? {}} found={found} readOnly={readOnly} onValue={(name, v) => onValue(value.map((r, k) => k === i ? { ...r, [name]: v } : r))} />
			{!readOnly && <div><Button kind="quiet" icon="trash" onClick={() => onValue(value.filter((_, k) => k !== i))}>Remove</Button></div>}
		</div>)}
		{!value.length && <p class="faint">None.</p>}
		{!readOnly && <div><Button icon="plus" label={`Add: ${f.label}`} onClick={() => onValue([...value, {}])}>Add</Button></div>}
	</fieldset>;
}

function One({ f, fields, values, found, readOnly, kept, onValue }: Omit<Props, "onValue"> & { f: FormField; onValue: (v: any) => void }) {
	const value = values[f.name] ?? "", choices = choicesOf(f, fields, values, found), hint = f.help ? capital(f.help) : undefined;

	if (f.kind === "list")
		return <Tags label={f.label} hint={hint} readOnly={readOnly} suggestions={choices} value={Array.isArray(value) ? value.map((v: any) => typeof v === "string" ? v : v?.id ?? "") : []} onValue={onValue} />;
	if (f.kind === "flag")
		return <Check label={f.label} hint={hint} disabled={readOnly} checked={value === true} onValue={onValue} />;
	if (f.kind === "lines")
		return <Area label={f.label} hint={hint} optional={!f.required} mono rows={3} readOnly={readOnly} value={String(value)} onValue={(v) => onValue(v || null)} />;
	if (f.kind === "number")
		return <Field label={f.label} hint={hint} optional={!f.required} type="number" min={f.min} max={f.max} readOnly={readOnly} value={String(value)} onValue={(v) => onValue(v === "" ? null : Number(v))} />;
	if (choices.length)
		return <Select label={f.label} hint={hint} value={String(value)} disabled={readOnly} onValue={(v) => onValue(v || null)}
			choices={[...(f.required ? [] : [{ value: "", label: "–" }]), ...(choices.includes(String(value)) || (!value && !f.required) ? [] : [{ value: String(value), label: value ? `${value} (not found at the provider)` : "Choose" }]), ...choices]} />;
	return <Field label={f.label} hint={f.kind === "url" ? undefined : hint} optional={!f.required} type={f.kind === "secret" ? "password" : "text"} autocomplete="off" maxLength={f.max} readOnly={readOnly}
		placeholder={kept && f.kind === "secret" ? "kept as it is" : f.kind === "url" ? f.help : undefined} value={String(value)} onValue={(v) => onValue(v || null)} />;
}

export function FormFields(p: Props) {
	const rows = (f: FormField) => f.kind === "list" && f.items.length > 0;

	return <>
		<div class="form-grid">{p.fields.filter((f) => !rows(f)).map((f) => <One key={f.name} {...p} f={f} onValue={(v) => p.onValue(f.name, v)} />)}</div>
		{p.fields.filter(rows).map((f) => <Rows key={f.name} f={f} value={Array.isArray(p.values[f.name]) ? p.values[f.name] : []} found={p.found} readOnly={p.readOnly} onValue={(v) => p.onValue(f.name, v)} />)}
	</>;
}
