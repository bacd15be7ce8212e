/* Scripts of the copies of boxes in an instance; what was changed goes back to the box (push) or is replaced by it (pull). */
import { useEffect, useRef, useState } from "preact/hooks";
import { eventGroups, eventHelp, numberText } from "../lib/boxes";
import { mayNot } from "../lib/access";
import { useRead } from "../lib/data";
import { call, download, get, upload } from "../lib/http";
import { refused } from "../lib/lifecycle";
import { guard } from "../lib/route";
import { Button, Note, Select, Spin } from "../parts/basic";
import { ask, FormDialog, toast, useForm } from "../parts/dialog";
import { Editor, languageOf } from "../parts/editor";
import { NewVersion } from "./versions";

function Pull({ i, onClose }: { i: any; onClose: () => void }) {
	const draft = i.box, read = useRead<any[]>(`/services/boxes/${draft}/versions`);
	const [version, set] = useState("");

	return <FormDialog title="Pull from the box" submit="Pull and reinstall" why={read.value && !read.value.length ? "The box has no version." : ""} onClose={onClose} onSubmit={async () => { await call("PUT", `/services/instances/${i.id}/pull`, version ? { box_id: version } : {}); toast(`${i.name}: reinstalling`); }}>
		<p class="muted">The instance's copy is replaced by a version of its box and everything is installed again. What was changed in the copy is lost.</p>
		{read.error ? <Note kind="bad">{read.error}</Note> : <Select label="Version" value={version} onValue={set} choices={[{ value: "", label: "The newest" }, ...(read.value ?? []).map((v) => ({ value: v.id, label: `${numberText(v.version.number)} ${v.version.description ?? ""}` }))]} />}
	</FormDialog>;
}

export function Lifecycle({ i, cannot, pull, onSaved }: { i: any; cannot: string; pull: string; onSaved: () => void }) {
	const [at, setAt] = useState(0);
	const [event, setEvent] = useState("");
	const [texts, setTexts] = useState<Record<string, { text: string; before: string; url: string }>>({});
	const [trouble, setTrouble] = useState("");
	const [dialog, open] = useState<"" | "pull" | "push">("");
	const box = i.boxes[at] ?? i.boxes[0], key = `${box.id}/${event}`, url = box.events?.[event]?.url ?? "", here = texts[key];
	const changed = Object.entries(texts).filter(([, t]) => t.text !== t.before);
	const dirty = useRef(false);
	const draft = useRead<any>(`/services/boxes/${box.version?.box ?? box.id}`, (e) => e.object === (box.version?.box ?? box.id));
	const pushWhy = changed.length ? "Save the changes first." : draft.missing ? "The box is gone, or not shared with you." : draft.value?.visibility === "public" ? "Public boxes cannot be pushed." : draft.value ? mayNot("box", "edit", draft.value) : "Reading the box…";

	dirty.current = changed.length > 0;
	useEffect(() => guard(() => dirty.current && !location.hash.startsWith(`#/instances/${i.id}`) ? "There are unsaved scripts. Leave without saving?" : ""), []);
	useEffect(() => setEvent(["install", "configure", "start"].find((e) => box.events?.[e]) ?? "install"), [box.id]);
	useEffect(() => {
		if (!event || (here && (here.url === url || here.text !== here.before)))
			return;
		setTrouble("");
		(url ? download(url) : Promise.resolve("")).then((text) => setTexts((o) => ({ ...o, [key]: { text, before: text, url } })), (e) => setTrouble(e.message));
	}, [key, url]);
	const store = async () => {
		const now = await get(`/services/instances/${i.id}`);
		for (const [k, t] of changed) {
			const [id, name] = k.split("/"), b = now.boxes.find((x: any) => x.id === id);
			if (!b)
				continue;
			b.events = { ...b.events };
			if (t.text.trim())
				b.events[name] = { ...await upload(name, new Blob([t.text])), content_type: "text/x-shellscript", destination_path: "scripts" };
			else
				delete b.events[name];
		}
		await call("PUT", `/services/instances/${i.id}`, now);
		setTexts((o) => Object.fromEntries(Object.entries(o).map(([k, t]) => [k, { ...t, before: t.text }])));
		onSaved();
	};
	const form = useForm(store);
	const run = useForm(async () => { if (changed.length) await store(); await call("PUT", `/services/instances/${i.id}/reconfigure`, {}); toast(`${i.name}: Reconfiguring`); });
	/* The copy's scripts and variables into the draft; everything else of the draft stays. */
	const push = async (version?: any) => {
		const now = await get(`/services/boxes/${draft.value.id}`);
		await call("PUT", `/services/boxes/${now.id}`, { ...now, events: box.events, variables: box.variables, ...(version ? { version } : {}) });
		toast(version ? "Pushed as a new version" : "Pushed to the draft");
	};

	return <div class="stack">
		{cannot && <Note>{cannot}</Note>}
		<div class="row between">
			<div class="row">{i.boxes.length > 1 && <Select bare label="Box" value={String(at)} onValue={(v) => setAt(Number(v))} choices={i.boxes.map((b: any, n: number) => ({ value: String(n), label: b.name }))} />}
				<span class="small muted">The copy of <b>{box.name}</b>{box.version && ` ${numberText(box.version.number)}`} in this instance. Changes stay here until they are pushed.</span></div>
			<div class="row"><Button icon="download" why={pull} onClick={() => open("pull")}>Pull</Button><Button icon="upload" why={pushWhy} onClick={() => open("push")}>Push a version</Button>
				<Button why={pushWhy} onClick={() => void ask({ title: "Push to the draft?", text: "Scripts and variables of the draft are replaced by those of this instance.", yes: "Push", kind: "primary" }).then((y) => y ? push() : undefined).catch((e) => toast(e.message, "bad"))}>Push to the draft</Button></div>
		</div>
		<div class="split">
			<nav class="card event-list" aria-label="Events">{eventGroups.slice(0, 3).map(([title, list]) => <div key={title}><h2>{title}</h2>{list.map((e) => <button type="button" key={e} aria-current={e === event ? "true" : undefined} title={eventHelp[e]} onClick={() => setEvent(e)}><code class="bare">{e}</code>{(texts[`${box.id}/${e}`] ? texts[`${box.id}/${e}`].text : box.events?.[e]) && <span class="dot"><span class="sr">has a script</span></span>}</button>)}</div>)}</nav>
			<section class="card pad stack" aria-label={`Script of ${event}`}><div><h2><code class="bare">{event}</code></h2><p class="hint">Runs {eventHelp[event]}.</p></div>
				{trouble ? <Note kind="bad">{trouble}</Note> : here ? <Editor key={key} label={`Script of ${event}`} value={here.text} language={languageOf(here.text)} readOnly={!!cannot} onValue={(text) => setTexts((o) => ({ ...o, [key]: { ...o[key], text } }))} /> : <Spin what="Reading the script…" />}
				<div class="row"><Button kind={changed.length ? "primary" : ""} busy={form.busy} why={cannot || (changed.length ? "" : "Nothing is changed.")} onClick={() => void form.run().then((g) => g && toast("Saved"))}>Save</Button><Button icon="refresh" busy={run.busy} why={cannot || refused(i, "reconfigure")} onClick={() => void run.run()}>{changed.length ? "Save and reconfigure" : "Reconfigure"}</Button></div>
				<p class="error" role="alert">{form.error || run.error}</p></section>
		</div>
		{dialog === "pull" && <Pull i={i} onClose={() => open("")} />}
		{dialog === "push" && draft.value && <NewVersion box={draft.value} onClose={() => open("")} onMake={push} />}
	</div>;
}
