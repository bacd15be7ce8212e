/* Deploying a box: where, with which variables, for how long. What fits and why not is said beforehand. */
import { useEffect, useMemo, useState } from "preact/hooks";
import { type Box, kindOf, lacking, numberText, type Variable } from "../lib/boxes";
import { boxes, providers, useRead } from "../lib/data";
import { call, get } from "../lib/http";
import { dashed, go, to } from "../lib/route";
import { home } from "../lib/scope";
import { SCHEMAS, utc } from "../lib/text";
import { Button, Field, Note, Select, Spin, Tags, Words } from "../parts/basic";
import { FormDialog } from "../parts/dialog";
import { OwnerSelect } from "./boxes";
import { fullName, valueError, ValueField } from "./variables";

const NAME_MOST = 30;
const HOURS: [string, string, number][] = [["", "As long as it is wanted", 0], ["8", "8 hours", 8], ["24", "1 day", 24], ["168", "1 week", 168], ["720", "30 days", 720]];

/* Variables that are chosen at deployment: own ones and those of the boxes within. */
function open(stack: Box[]): Variable[] {
	const root = stack[0], out: Variable[] = [];
	const byId = new Map(stack.flatMap((b) => [[b.id, b] as const, ...(b.version ? [[b.version.box, b] as const] : [])]));
	const overrides = root.variables.filter((v) => v.scope);
	const walk = (b: Box, scope: string, depth: number) => {
		for (const v of b.variables) {
			if (v.scope)
				continue;
			if (v.type === "Box") {
				const child = byId.get(v.value);
				if (child && depth < 32)
					walk(child, [scope, v.name].filter(Boolean).join("."), depth + 1);
			} else if (v.visibility !== "internal") {
				const o = scope && overrides.find((x) => x.name === v.name && x.scope === scope);
				out.push({ ...v, ...(o || {}), scope });
			}
		}
	};
	walk(root, "", 0);
	return out;
}

interface Given { name?: string; policy?: string; variables?: Variable[]; tags?: string[]; owner?: string }

export function DeployDialog({ boxId, onClose, given = {} }: { boxId?: string; onClose: () => void; given?: Given }) {
	const [chosen, choose] = useState(boxId ?? "");
	const box = useRead<Box>(chosen ? `/services/boxes/${chosen}` : null), stack = useRead<Box[]>(chosen ? `/services/boxes/${chosen}/stack` : null);
	const [name, setName] = useState(given.name ?? "");
	const [owner, setOwner] = useState(given.owner ?? home.value);
	const [policy, setPolicy] = useState(given.policy ?? "");
	const [provider, setProvider] = useState("");
	const [address, setAddress] = useState("");
	const [values, setValues] = useState<Record<string, any>>({});
	const [tags, setTags] = useState<string[]>(given.tags ?? []);
	const [hours, setHours] = useState("");
	const [end, setEnd] = useState("terminate");
	const [updates, setUpdates] = useState("off");
	const [more, setMore] = useState(false);
	const kind = box.value ? kindOf(box.value).id : "";
	const policies = useMemo(() => boxes.all.value.filter((b) => b.schema.endsWith("/policy")).map((p) => ({ p, miss: lacking(box.value?.requirements ?? [], p.claims) })).sort((a, b) => a.miss.length - b.miss.length || a.p.name.localeCompare(b.p.name)), [boxes.all.value, box.value]);
	const variables = useMemo(() => stack.value?.length ? open(stack.value) : [], [stack.value]);
	const valueOf = (v: Variable) => values[fullName(v)] ?? given.variables?.find((g) => g.name === v.name && (g.scope ?? "") === (v.scope ?? ""))?.value ?? v.value;
	const needsPolicy = kind !== "application" && kind !== "cloudformation";
	const missing = variables.find((v) => v.required && (valueOf(v) === undefined || valueOf(v) === null || valueOf(v) === ""));
	const wrong = variables.find((v) => valueError({ ...v, value: valueOf(v) }));
	const why = !chosen ? "Choose a box." : !box.value || !stack.value ? "Reading the box…" : !name.trim() ? "Give it a name." : needsPolicy && !policy ? "Choose where it runs." : kind === "cloudformation" && !(provider || box.value.provider_id) ? "Choose the provider that makes it." : policy === "own" && !address.trim() ? "Enter the address of the machine."
		: missing ? `${fullName(missing)} needs a value.` : wrong ? `${fullName(wrong)}: ${valueError({ ...wrong, value: valueOf(wrong) })}` : "";

	useEffect(() => { if (box.value && !name) setName(box.value.name.slice(0, NAME_MOST)); if (box.value?.automatic_updates) setUpdates(box.value.automatic_updates); }, [box.value]);
	useEffect(() => { if (!policy && policies.length && !policies[0].miss.length) setPolicy(policies[0].p.id); }, [policies]);
	const deploy = async () => {
		const changed = variables.filter((v) => fullName(v) in values || given.variables?.some((g) => g.name === v.name && (g.scope ?? "") === (v.scope ?? ""))).map((v) => ({ ...v, value: valueOf(v) }));
		const common = { name: name.trim(), owner, instance_tags: tags, ...(hours ? { lease: { expire: utc(new Date(Date.now() + Number(hours) * 3600000)), operation: end } } : {}) };
		const body = kind === "application" ? { ...common, schema: `${SCHEMAS}deploy/application`, requirements: [], box: { id: chosen } } : {
			...common, schema: `${SCHEMAS}deploy-instance-request`, automatic_updates: updates, box: { id: chosen, variables: changed },
			...(policy === "own" ? { ipv4_address: address.trim() } : kind === "cloudformation" ? { policy_box: { id: chosen, variables: [{ name: "provider_id", type: "Text", value: provider || box.value?.provider_id }] } } : { policy_box: { id: policy, variables: [] } }),
		};
		const made = await call("POST", "/services/instances", body), one = Array.isArray(made) ? made[0] : made;
		go(to("instances", one.id, dashed(one.name)));
	};

	return <FormDialog title={box.value ? `Deploy ${box.value.name}${box.value.version ? ` ${numberText(box.value.version.number)}` : ""}` : "New instance"} submit="Deploy" why={why} onClose={onClose} onSubmit={deploy} wide>
		{!boxId && <Select label="Box" value={chosen} onValue={(v) => { choose(v); setName(""); setValues({}); }} choices={[{ value: "", label: boxes.all.value.length ? "Choose a box" : "There is no box yet" }, ...boxes.all.value.filter((b) => !b.schema.endsWith("/policy")).sort((a, b) => a.name.localeCompare(b.name)).map((b) => ({ value: b.id, label: b.name }))]} />}
		{(box.error || stack.error) && <Note kind="bad">{box.error || stack.error}</Note>}
		<div class="form-grid"><Field label="Name" value={name} maxLength={NAME_MOST} required onValue={setName} hint={`At most ${NAME_MOST} characters`} /><OwnerSelect kind="instance" value={owner} onValue={setOwner} /></div>
		{chosen && needsPolicy && box.value && <fieldset class="stack tight"><legend>Where it runs</legend>
			{policies.map(({ p, miss }) => <label class="check" key={p.id}><input type="radio" name="policy" checked={policy === p.id} disabled={miss.length > 0} onChange={() => setPolicy(p.id)} /><span>{p.name} <span class="hint">{p.description}</span>{miss.length > 0 && <span class="row small"><span class="muted">does not claim what the box requires:</span><Words words={miss} kind="miss" /></span>}</span></label>)}
			{!policies.length && <Note kind="warn">There is no deployment policy yet. <a href="#/boxes?new=policy" onClick={onClose}>Write one</a></Note>}
			<label class="check"><input type="radio" name="policy" checked={policy === "own"} onChange={() => setPolicy("own")} /><span>A machine of my own <span class="hint">its agent is installed with the command the instance shows</span></span></label>
			{policy === "own" && <Field label="Address of the machine" value={address} onValue={setAddress} placeholder="192.0.2.10" />}
		</fieldset>}
		{kind === "cloudformation" && <Select label="Provider" value={provider || box.value?.provider_id || ""} onValue={setProvider} choices={[{ value: "", label: "Choose a provider" }, ...providers.all.value.map((p) => ({ value: p.id, label: `${p.name} (${p.type})` }))]} hint="It makes a stack of the template; the template's parameters are the variables below" />}
		{kind === "application" && <Note>Each service of the application chooses the first policy that claims what it requires.</Note>}
		{chosen && !stack.value && !stack.error && <Spin what="Reading the variables…" />}
		{variables.length > 0 && <fieldset class="stack"><legend>Variables</legend><div class="form-grid">{variables.map((v) => <ValueField key={fullName(v)} label={`${fullName(v)}${v.required ? "" : " (optional)"}`} v={{ ...v, value: valueOf(v) }} hint="" onValue={(value) => setValues((old) => ({ ...old, [fullName(v)]: value }))} />)}</div></fieldset>}
		<div><Button kind="quiet" icon={more ? "down" : "right"} expanded={undefined} onClick={() => setMore(!more)}>Tags, lease, updates</Button></div>
		{more && <div class="form-grid">
			<Tags label="Tags" value={tags} onValue={setTags} hint="Bindings of other instances find it by these." />
			<Select label="Lease" value={hours} onValue={setHours} choices={HOURS.map(([value, label]) => ({ value, label }))} />
			{hours && <Select label="At its end" value={end} onValue={setEnd} choices={[{ value: "shutdown", label: "Shut down" }, { value: "terminate", label: "Terminate" }]} />}
			<Select label="Automatic updates" value={updates} onValue={setUpdates} choices={[{ value: "off", label: "Off" }, { value: "patch", label: "Patches" }, { value: "minor", label: "Minor versions" }, { value: "major", label: "All versions" }]} />
		</div>}
	</FormDialog>;
}

/* The same once more: an instance's box, policy, variables and tags in a new request. */
export const cloneOf = async (id: string): Promise<Given & { box: string }> => {
	const i = await get(`/services/instances/${id}`);

	return { box: i.box, name: `${i.name} copy`.slice(0, NAME_MOST), policy: i.policy_box?.id, variables: i.variables, tags: i.tags, owner: i.owner };
};
