/* One box: everything that can be edited is one draft here until it is saved; nothing typed is lost by an event from elsewhere. */
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { mayNot } from "../lib/access";
import { type Box, kindOf, numberText } from "../lib/boxes";
import { about, useRead } from "../lib/data";
import { call, download, upload } from "../lib/http";
import { dashed, go, guard, to } from "../lib/route";
import { workspaceName } from "../lib/scope";
import { Button, Empty, Note, PageHead, Spin, Tabs } from "../parts/basic";
import { ask, attempt, Menu, toast, useForm } from "../parts/dialog";
import { Kind } from "./boxes";
import { ExportButton } from "./boxdir";
import { BoxDetails, BoxProfile, Services, TemplateFile } from "./box_details";
import { Events, Readme } from "./box_files";
import { Sharing } from "./sharing";
import { Variables } from "./variables";
import { NewVersion, Versions } from "./versions";
import { DeployDialog } from "./deploy";

/* Texts of files being edited: by event, and "readme". */
export interface Texts { [name: string]: { text: string; before: string; url: string } }

const copy = <T,>(v: T): T => structuredClone(v);

const urlOf = (b: Box | null, name: string): string => (name === "readme" ? b?.readme?.url : b?.events?.[name]?.url) ?? "";
const differs = (a: unknown, b: unknown): boolean => JSON.stringify(a) !== JSON.stringify(b);

/* The draft, its files, and what the appliance has. What was read may be older than what was saved since: only a newer state counts. */
function useDraft(id: string) {
	const read = useRead<Box>(`/services/boxes/${id}`, about(id));
	const [draft, set] = useState<Box | null>(null);
	const [base, setBase] = useState<Box | null>(null);
	const [texts, setTexts] = useState<Texts>({});
	const [saving, save] = useState(false);
	const now = useRef(draft);
	const dirty = useMemo(() => !!draft && !!base && (differs(draft, base) || Object.values(texts).some((t) => t.text !== t.before)), [draft, base, texts]);
	const elsewhere = !!read.value && !!base && !saving && read.value.updated > base.updated;
	const adopt = (b: Box) => { setBase(copy(b)); set(copy(b)); setTexts((old) => Object.fromEntries(Object.entries(old).filter(([k, t]) => t.url === urlOf(b, k)).map(([k, t]) => [k, { ...t, text: t.before }]))); };

	now.current = draft;
	useEffect(() => { if (read.value && (!base || (elsewhere && !dirty))) adopt(read.value); }, [read.value, dirty, saving]);
	const edit = (values: Partial<Box>) => set((d) => d && { ...d, ...values });
	const openText = async (name: string) => {
		const url = urlOf(draft, name);
		if (texts[name] && texts[name].url === url)
			return;
		const text = url ? await download(url) : "";
		// it may have been saved or typed in meanwhile
		setTexts((old) => urlOf(now.current, name) !== url || (old[name] && old[name].text !== old[name].before) ? old : { ...old, [name]: { text, before: text, url } });
	};
	const setText = (name: string, text: string) => setTexts((old) => ({ ...old, [name]: { ...(old[name] ?? { before: "", url: "" }), text } }));
	/* Files first: a box never names what is not there. An empty script is no script. */
	const whole = async (): Promise<Box> => {
		const b = copy(draft!);
		for (const [name, t] of Object.entries(texts)) {
			if (t.text === t.before)
				continue;
			const ref = t.text.trim() ? await upload(name === "readme" ? "readme.MD" : name, new Blob([t.text])) : null;
			if (name === "readme")
				b.readme = ref ?? undefined;
			else {
				b.events = { ...b.events };
				if (ref)
					b.events[name] = { ...ref, content_type: "text/x-shellscript", destination_path: "scripts" };
				else
					delete b.events[name];
			}
		}
		return b;
	};
	/* What is typed while it is on its way stays, and is unsaved. */
	const saved = (made: Box) => {
		setBase(copy(made));
		set((d) => d && d !== draft ? { ...copy(made), ...Object.fromEntries(Object.entries(d).filter(([k, v]) => differs(v, draft![k]))) } : copy(made));
		setTexts((old) => Object.fromEntries(Object.entries(old).map(([k, t]) => [k, { text: t.text, before: texts[k]?.text ?? t.before, url: urlOf(made, k) }])));
	};
	const put = async (version?: any): Promise<void> => {
		save(true);
		try {
			const b = await whole();
			saved(await call<Box>("PUT", `/services/boxes/${id}`, version ? { ...b, version } : b));
		} finally {
			save(false);
		}
		read.reload();
	};
	const revert = () => { if (base) adopt(elsewhere ? read.value! : base); };
	return { read, draft, dirty, elsewhere: elsewhere && dirty, edit, texts, openText, setText, put, revert, base };
}
export type Draft = ReturnType<typeof useDraft>;

function SaveBar({ d }: { d: Draft }) {
	const form = useForm(() => d.put());

	useEffect(() => {
		const keys = (e: KeyboardEvent) => {
			if ((e.ctrlKey || e.metaKey) && e.key === "s") {
				e.preventDefault();
				void form.run().then((good) => good && toast("Saved"));
			}
		};
		addEventListener("keydown", keys);
		return () => removeEventListener("keydown", keys);
	});
	return <div class="save-bar" role="region" aria-label="Unsaved changes">
		<span class="grow">{d.elsewhere ? <b>Somebody else has changed this box meanwhile. Saving replaces that.</b> : "Unsaved changes"}{form.error && <span class="error" role="alert"> {form.error}</span>}</span>
		<Button onClick={d.revert}>Discard</Button>
		<Button kind="primary" busy={form.busy} onClick={() => void form.run().then((good) => good && toast("Saved"))}>Save</Button>
	</div>;
}

const DIRTY = "There are unsaved changes. Leave without saving?";

export function BoxPage({ id, tab }: { id: string; tab: string }) {
	const d = useDraft(id), b = d.draft;
	const [dialog, open] = useState<"" | "deploy" | "version">("");
	const dirty = useRef(false);

	dirty.current = d.dirty;
	useEffect(() => guard(() => dirty.current && !location.hash.startsWith(`#/boxes/${id}`) ? DIRTY : ""), []);
	if (d.read.missing)
		return <><PageHead title="Box" crumb={[["Boxes", "#/boxes"]]} /><div class="card"><Empty icon="boxes" title="There is no such box" action={<Button href="#/boxes">All boxes</Button>}>It may have been deleted, or is not shared with you.</Empty></div></>;
	if (!b)
		return d.read.error ? <Note kind="bad">{d.read.error}</Note> : <Spin what="Reading the box…" />;
	const kind = kindOf(b), cannot = b.version ? "A version never changes. Edit the draft." : mayNot("box", "edit", b), base = to("boxes", id, dashed(b.name));
	const scripts = kind.id === "script" || kind.id === "docker";
	const remove = async () => {
		if (await ask({ title: `Delete ${b.name}?`, text: b.version ? "The version is deleted; instances keep their copies." : "The box is deleted with all its versions. Instances keep their copies; boxes that contain it will name something that is gone.", yes: "Delete", word: b.version ? undefined : b.name }) && await attempt(() => call("DELETE", `/services/boxes/${id}`), `${b.name} is deleted`)) {
			dirty.current = false;
			d.revert();
			go("#/boxes");
		}
	};
	return <>
		<PageHead title={b.name} crumb={[["Boxes", "#/boxes"], ...(b.version ? [[b.name, to("boxes", b.version.box)] as [string, string]] : [])]} before={<Kind schema={b.schema} large />}
			lead={<span class="row small">{kind.label}{b.version && <span class="badge">{numberText(b.version.number)}</span>}<span>in {workspaceName(b.owner)}</span>{cannot && !b.version && <span class="badge">view only</span>}</span>}
			actions={<>
				<ExportButton id={id} onTrouble={(e) => toast(e, "bad")} />
				{!b.version && kind.id !== "policy" && <Button icon="plus" why={cannot} onClick={() => open("version")}>New version</Button>}
				<Menu label="More actions" icon="more" items={[{ label: "Delete", icon: "trash", danger: true, why: mayNot("box", "own", b), act: () => void remove() }]} />
				{kind.id !== "policy" && <Button kind="primary" icon="play" onClick={() => open("deploy")} why={d.dirty ? "Save the changes first." : ""}>Deploy</Button>}
			</>} />
		<Tabs base={base} at={tab} tabs={[["", "Details"], ["variables", "Variables", b.variables?.length || undefined], scripts && ["events", "Events", Object.keys(b.events ?? {}).length || undefined],
			kind.id === "policy" && ["profile", "Profile"], kind.id === "application" && ["services", "Services", b.services?.length || undefined],
			(kind.id === "cloudformation" || kind.id === "docker") && ["template", kind.id === "docker" ? "Dockerfile" : "Template"], ["readme", "Readme"],
			!b.version && kind.id !== "policy" && ["versions", "Versions"], !b.version && ["sharing", "Sharing", b.members?.length || undefined]]} />
		{cannot && <div class="stack"><Note>{b.version ? <>A version never changes. <a href={to("boxes", b.version.box)}>Go to the draft</a></> : cannot}</Note><span /></div>}
		{tab === "variables" ? <Variables box={b} readOnly={!!cannot} onChange={(variables) => d.edit({ variables })} />
			: tab === "events" && scripts ? <Events d={d} readOnly={!!cannot} />
			: tab === "profile" ? <BoxProfile box={b} readOnly={!!cannot} onChange={d.edit} />
			: tab === "services" ? <Services box={b} readOnly={!!cannot} onChange={d.edit} />
			: tab === "template" ? <TemplateFile box={b} member={kind.id === "docker" ? "dockerfile" : "template"} readOnly={!!cannot} onChange={d.edit} />
			: tab === "readme" ? <Readme d={d} readOnly={!!cannot} />
			: tab === "versions" ? <Versions box={b} readOnly={!!cannot} onRestored={() => d.read.reload()} />
			: tab === "sharing" ? <Sharing what="box" object={b} path={`/services/boxes/${id}`} onSaved={() => d.read.reload()} />
			: <BoxDetails box={b} readOnly={!!cannot} onChange={d.edit} />}
		{d.dirty && !cannot && <SaveBar d={d} />}
		{dialog === "version" && <NewVersion box={b} onClose={() => open("")} onMake={(v) => d.put(v)} />}
		{dialog === "deploy" && <DeployDialog boxId={id} onClose={() => open("")} />}
	</>;
}
