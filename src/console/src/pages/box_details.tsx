/* What a box is, what it needs and offers; of a policy its profile, of an application its services. */
import { useEffect, useId, useMemo, useState } from "preact/hooks";
import { type Box, kindOf, lacking } from "../lib/boxes";
import { boxes, providers, useRead } from "../lib/data";
import { type ProviderType, TYPES } from "../lib/forms";
import { download, upload } from "../lib/http";
import { dashed, to } from "../lib/route";
import { when } from "../lib/text";
import { Area, Button, Facts, Field, Note, Select, Tags, Words } from "../parts/basic";
import { Editor, languageOf } from "../parts/editor";
import { FormFields } from "../parts/form";
import { Icon } from "../parts/icon";

interface Part { box: Box; readOnly: boolean; onChange: (v: Partial<Box>) => void }

/* For each policy: fits, or which claims it lacks. */
function Match({ requirements }: { requirements: string[] }) {
	const list = useMemo(() => boxes.all.value.filter((b) => b.schema.endsWith("/policy")).map((p) => ({ p, miss: lacking(requirements, p.claims) })).sort((a, b) => a.miss.length - b.miss.length), [boxes.all.value, requirements]);

	return <section class="card" aria-label="Which policies fit"><header><h2>Where it can be deployed</h2></header>
		{list.length === 0 ? <p class="pad muted">There is no deployment policy here yet. <a href="#/boxes?new=policy">Write one</a></p> :
			<ul class="list">{list.map(({ p, miss }) => <li class="line" key={p.id}><a href={to("boxes", p.id, dashed(p.name))}>{p.name}</a>
				{miss.length ? <span class="row small"><span class="muted">does not fit: it does not claim</span><Words words={miss} kind="miss" /></span> : <span class="row small good-text"><Icon name="check" />fits{requirements.length ? ": it claims all of" : ", nothing is required"} <Words words={requirements} kind="match" /></span>}</li>)}</ul>}
	</section>;
}

/* The other way round. */
function Served({ claims }: { claims: string[] }) {
	const list = useMemo(() => boxes.all.value.filter((b) => !b.schema.endsWith("/policy")).map((b) => ({ b, miss: lacking(b.requirements, claims) })).sort((a, b) => a.miss.length - b.miss.length).slice(0, 50), [boxes.all.value, claims]);

	return <section class="card" aria-label="Which boxes fit"><header><h2>What can be deployed with it</h2></header>
		{list.length === 0 ? <p class="pad muted">There are no boxes here yet.</p> : <ul class="list">{list.map(({ b, miss }) => <li class="line" key={b.id}><a href={to("boxes", b.id, dashed(b.name))}>{b.name}</a>
			{miss.length ? <span class="row small"><span class="muted">not: it requires</span><Words words={miss} kind="miss" /></span> : <span class="row small good-text"><Icon name="check" />fits</span>}</li>)}</ul>}
	</section>;
}

export function BoxDetails({ box, readOnly, onChange }: Part) {
	const kind = kindOf(box).id;
	const known = useMemo(() => [...new Set(boxes.all.value.flatMap((b) => [...b.claims, ...b.requirements]))].sort(), [boxes.all.value]);

	return <div class="two-columns">
		<section class="card pad stack">
			<Field label="Name" value={box.name} maxLength={128} readOnly={readOnly} onValue={(name) => onChange({ name })} />
			<Area label="Description" optional value={box.description ?? ""} maxLength={2048} rows={3} readOnly={readOnly} onValue={(description) => onChange({ description })} />
			{kind === "policy" ? <Tags label="Claims" value={box.claims ?? []} readOnly={readOnly} suggestions={known} onValue={(claims) => onChange({ claims })} hint="What machines of this policy have, in single words: linux, ssd, dmz." />
				: <Tags label="Requirements" value={box.requirements ?? []} readOnly={readOnly} suggestions={known} onValue={(requirements) => onChange({ requirements })} hint="A policy must claim all of these words." />}
			<Tags label="Categories" value={box.categories ?? []} readOnly={readOnly} onValue={(categories) => onChange({ categories })} />
			{kind !== "policy" && <Select label="Automatic updates" value={box.automatic_updates ?? "off"} disabled={readOnly} onValue={(automatic_updates) => onChange({ automatic_updates })}
				choices={[{ value: "off", label: "Off" }, { value: "patch", label: "Patches" }, { value: "minor", label: "Minor versions" }, { value: "major", label: "All versions" }]} hint="Instances are moved to new versions of this kind and reinstalled." />}
			<Facts rows={[["Identity", <code>{box.id}</code>], ["Made", when(box.created)], ["Changed", when(box.updated)]]} />
		</section>
		<div class="stack">{kind === "policy" ? <Served claims={box.claims ?? []} /> : kind === "cloudformation" ? null : <Match requirements={box.requirements ?? []} />}</div>
	</div>;
}

export function BoxProfile({ box, readOnly, onChange }: Part) {
	const provider = useRead<any>(box.provider_id ? `/services/providers/${box.provider_id}` : null, (e) => e.object === box.provider_id);
	const types = useRead<ProviderType[]>(TYPES), form = types.value?.find((t) => provider.value ? t.type === provider.value.type : t.profile_schema === box.profile?.schema);
	const rest = types.value ? Object.keys(box.profile ?? {}).filter((k) => k !== "schema" && !form?.profile.some((f) => f.name === k)) : [];
	const [json, setJson] = useState<string | null>(null);
	const [wrong, setWrong] = useState("");

	return <div class="two-columns"><section class="card pad stack">
		<Select label="Provider" value={box.provider_id ?? ""} disabled={readOnly} onValue={(provider_id) => onChange({ provider_id })}
			choices={[...(providers.get(box.provider_id ?? "") ? [] : [{ value: box.provider_id ?? "", label: provider.value?.name ?? "a provider that is not here" }]), ...providers.all.value.map((p) => ({ value: p.id, label: `${p.name} (${p.type})` }))]} />
		{provider.value && provider.value.state !== "ready" && <Note kind="warn">The provider is {provider.value.state}. <a href={to("providers", box.provider_id!)}>Its log says why</a></Note>}
		{types.error && <Note kind="bad">{types.error}</Note>}
		{form && <FormFields fields={form.profile} values={box.profile ?? {}} found={provider.value} readOnly={readOnly} onValue={(name, v) => onChange({ profile: { ...box.profile, [name]: v } })} />}
		{rest.length > 0 && <Area label="Further fields (JSON)" mono rows={Math.min(16, rest.length + 4)} readOnly={readOnly} error={wrong} value={json ?? JSON.stringify(Object.fromEntries(rest.map((k) => [k, box.profile[k]])), null, 2)} onValue={(v) => {
			setJson(v);
			try {
				const more = JSON.parse(v);
				setWrong("");
				onChange({ profile: { ...Object.fromEntries(Object.entries(box.profile).filter(([k]) => !rest.includes(k))), ...more } });
			} catch (e) { setWrong((e as Error).message); }
		}} />}
	</section>
	<section class="card pad stack"><h2>Lifespan</h2>
		<Select label="At the end of the lease" value={box.lifespan?.operation ?? "none"} disabled={readOnly} onValue={(operation) => onChange({ lifespan: { ...box.lifespan, operation } })} choices={[{ value: "none", label: "There is no lease" }, { value: "shutdown", label: "Shut down" }, { value: "terminate", label: "Terminate" }]} hint="What an instance deployed with this policy begins with." />
	</section></div>;
}

export function Services({ box, readOnly, onChange }: Part) {
	const list = box.services ?? [], usable = boxes.all.value.filter((b) => !/\/(policy|application)$/.test(b.schema));
	const set = (i: number, v: any) => onChange({ services: list.map((s, k) => k === i ? { ...s, ...v } : s) });
	const move = (i: number, by: number) => { const next = [...list]; const [s] = next.splice(i, 1); next.splice(i + by, 0, s); onChange({ services: next }); };

	return <div class="stack">
		{list.map((s, i) => <section class="card pad stack" key={i} aria-label={`Service ${s.name}`}>
			<div class="form-grid">
				<Field label="Name" value={s.name} readOnly={readOnly} maxLength={128} onValue={(name) => set(i, { name })} />
				<Select label="Box" value={s.box?.id ?? ""} disabled={readOnly} onValue={(v) => set(i, { box: { ...s.box, id: v } })} choices={[...(usable.some((b) => b.id === s.box?.id) ? [] : [{ value: s.box?.id ?? "", label: "Choose a box" }]), ...usable.map((b) => ({ value: b.id, label: b.name }))]} />
				<Tags label="Policy must claim" value={s.policy?.requirements ?? []} readOnly={readOnly} onValue={(requirements) => set(i, { policy: { ...s.policy, requirements } })} />
				<Tags label="Tags" value={s.tags ?? []} readOnly={readOnly} onValue={(tags) => set(i, { tags })} />
			</div>
			{!readOnly && <div class="row"><Button kind="quiet" why={i ? "" : "It is the first."} onClick={() => move(i, -1)}>Earlier</Button><Button kind="quiet" why={i < list.length - 1 ? "" : "It is the last."} onClick={() => move(i, 1)}>Later</Button><Button kind="quiet" icon="trash" onClick={() => onChange({ services: list.filter((_, k) => k !== i) })}>Remove</Button></div>}
		</section>)}
		{!list.length && <Note>An application deploys several boxes together. Each chooses its policy by what the policy claims.</Note>}
		{!readOnly && <div><Button icon="plus" why={usable.length ? "" : "There is no box yet that could be one of its services."} onClick={() => onChange({ services: [...list, { name: usable[0].name, box: { id: usable[0].id }, policy: { requirements: [] }, tags: [], automatic_updates: "off" }] })}>Add a service</Button></div>}
	</div>;
}

export function TemplateFile({ box, member, readOnly, onChange }: Part & { member: "template" | "dockerfile" }) {
	const [text, set] = useState<string | null>(null);
	const [saved, setSaved] = useState("");
	const [trouble, setTrouble] = useState("");
	const id = useId(), url = box[member]?.url;

	useEffect(() => { if (url && url !== saved) download(url).then((t) => { set(t); setSaved(url); }, (e) => setTrouble(e.message)); else if (!url) set(""); }, [url]);
	const keep = async (t: string) => {
		try {
			const ref = await upload(member === "template" ? "template.json" : "Dockerfile", new Blob([t]));
			setSaved(ref.url);
			onChange({ [member]: ref });
			setTrouble("");
		} catch (e) { setTrouble((e as Error).message); }
	};
	return <section class="card pad stack">
		{!readOnly && <div class="field"><label for={id}>Take it from a file</label><input id={id} class="input" type="file" onChange={async (e) => { const f = e.currentTarget.files?.[0]; if (f) { const t = await f.text(); set(t); await keep(t); } }} /></div>}
		{text !== null && <Editor label={member === "template" ? "Template" : "Dockerfile"} value={text} language={member === "template" ? languageOf(text, "x.template") : "shell"} readOnly={readOnly} onValue={set} />}
		{!readOnly && text !== null && <div class="row"><Button onClick={() => void keep(text)}>Use this text</Button><span class="hint">Save the box afterwards.</span></div>}
		{trouble && <Note kind="bad">{trouble}</Note>}
	</section>;
}
