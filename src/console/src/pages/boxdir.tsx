/* Boxes as directories: box.yaml, events/<event>, readme.MD, files. The same layout as tests/tools/boxdir and the command line tools. */
import { useState } from "preact/hooks";
import { call, get, open, Refusal, save, upload } from "../lib/http";
import { dashed, go, to } from "../lib/route";
import { home } from "../lib/scope";
import { plural, schemaWord } from "../lib/text";
import { unzip, zip } from "../lib/zip";
import { Button, Note } from "../parts/basic";
import { FormDialog } from "../parts/dialog";
import { OwnerSelect } from "./boxes";

const BLOB = /^\/{1,2}services\/blobs\/download\/([0-9a-f]{24})\/([^/]+)$/;
/* What the appliance says itself, or what belongs to the place and not to the box. */
const NOT_IN_FILE = ["created", "updated", "deleted", "uri", "organization", "owner", "members", "draft_from", "version", "events", "readme"];
const REFERENCES = ["template", "dockerfile"];

const fileName = (url: string): string => decodeURIComponent(BLOB.exec(url)?.[2] ?? "file").replace(/[/\0]/g, "_").replace(/^\.+/, "") || "file";
const bytesOf = async (url: string): Promise<Uint8Array> => new Uint8Array(await (await open(url.replace(/^\/\//, "/"))).arrayBuffer());

export async function exportBox(id: string): Promise<void> {
	const [box, { stringify }] = await Promise.all([get(`/services/boxes/${id}`), import("yaml")]);
	const files: { name: string; data: Uint8Array }[] = [], taken = new Set<string>();
	const out: any = {};
	const keep = async (url: string, directory: string): Promise<string> => {
		let path = `${directory}/${fileName(url)}`;
		for (let n = 2; taken.has(path); n++)
			path = `${directory}/${n}-${fileName(url)}`;
		taken.add(path);
		files.push({ name: path, data: await bytesOf(url) });
		return path;
	};

	for (const k of ["id", "name", "description", "schema", ...Object.keys(box)])
		if (!(k in out) && k in box && !NOT_IN_FILE.includes(k))
			out[k] = box[k];
	out.variables = structuredClone(box.variables ?? []);
	for (const v of out.variables)
		if (v.type === "File" && BLOB.test(v.value ?? ""))
			v.value = await keep(v.value, "files");
	for (const k of REFERENCES)
		if (out[k]?.url)
			out[k] = await keep(out[k].url, "files");
	for (const [event, ref] of Object.entries<any>(box.events ?? {}))
		files.push({ name: `events/${event}`, data: await bytesOf(ref.url) });
	if (box.readme?.url)
		files.push({ name: "readme.MD", data: await bytesOf(box.readme.url) });
	files.unshift({ name: "box.yaml", data: new TextEncoder().encode(stringify(out, { lineWidth: 100 })) });
	save(`${dashed(box.name)}.zip`, zip(files.map((f) => ({ ...f, name: `${dashed(box.name)}/${f.name}` }))));
}

interface Entry { name: string; data: Uint8Array }

/* The directory that has box.yaml, or draft/box.yaml, at its top. */
function rootOf(files: Entry[]): { yaml: Entry; root: string } {
	const yaml = files.filter((f) => /(^|\/)box\.yaml$/.test(f.name)).sort((a, b) => a.name.length - b.name.length)[0];

	if (!yaml)
		throw new Error("There is no box.yaml among the files.");
	return { yaml, root: yaml.name.replace(/(draft\/)?box\.yaml$/, "") };
}

async function importBox(files: Entry[], owner: string): Promise<any> {
	const { yaml, root } = rootOf(files), { parse } = await import("yaml");
	const box = parse(new TextDecoder().decode(yaml.data), { maxAliasCount: 0, schema: "core" });
	const find = (path: string) => files.find((f) => f.name === root + path || f.name === `${root}draft/${path}`);
	const send = async (path: string): Promise<any> => {
		const f = find(path);
		if (!f)
			throw new Error(`${path}: box.yaml names this file, and it is not there.`);
		return upload(path.split("/").pop()!, new Blob([f.data as BlobPart]));
	};

	if (!box || typeof box !== "object" || !box.schema || !box.name)
		throw new Error("box.yaml: name and schema are missing.");
	for (const v of box.variables ?? [])
		if (v.type === "File" && v.value && !BLOB.test(v.value))
			v.value = (await send(v.value)).url;
	for (const k of REFERENCES)
		if (typeof box[k] === "string")
			box[k] = await send(box[k]);
	const events: any = {};
	for (const f of files.filter((x) => x.name.startsWith(`${root}events/`) || x.name.startsWith(`${root}draft/events/`))) {
		const event = f.name.split("/").pop()!;
		events[event] = { ...await upload(event, new Blob([f.data as BlobPart])), content_type: "text/x-shellscript", destination_path: "scripts" };
	}
	if (["script", "docker"].includes(schemaWord(box.schema)))
		box.events = events;
	const readme = find("readme.MD") ?? find("readme.md") ?? find("README.md");
	if (readme)
		box.readme = await upload("readme.MD", new Blob([readme.data as BlobPart]));
	if (box.id) {
		try {
			await get(`/services/boxes/${box.id}`);
			return await call("PUT", `/services/boxes/${box.id}`, box);
		} catch (e) {
			if (!(e instanceof Refusal) || e.code !== 404)
				throw e;
		}
	}
	return call("POST", "/services/boxes", { ...box, id: undefined, owner });
}

export function ImportBox({ onClose }: { onClose: () => void }) {
	const [files, set] = useState<Entry[]>([]);
	const [owner, setOwner] = useState(home.value);
	const [trouble, setTrouble] = useState("");
	const take = async (list: FileList | null) => {
		setTrouble("");
		try {
			const all = [...list ?? []];
			set(all.length === 1 && /\.zip$/i.test(all[0].name) ? await unzip(all[0])
				: await Promise.all(all.map(async (f) => ({ name: (f as any).webkitRelativePath || f.name, data: new Uint8Array(await f.arrayBuffer()) }))));
		} catch (e) {
			set([]);
			setTrouble((e as Error).message);
		}
	};

	return <FormDialog title="Import a box" submit="Import" why={files.length ? "" : "Choose the files first."} onClose={onClose} onSubmit={async () => {
		const box = await importBox(files, owner);

		go(to("boxes", box.id, dashed(box.name)));
	}}>
		<p class="muted">A directory with <code>box.yaml</code>, <code>events/</code> and <code>readme.MD</code>, or a zip archive of one, as “Export” and the command line tools make it. A box with the same id is replaced.</p>
		<div class="form-grid">
			<div class="field"><label for="import-zip">Archive</label><input id="import-zip" class="input" type="file" accept=".zip,application/zip" onChange={(e) => void take(e.currentTarget.files)} /></div>
			<div class="field"><label for="import-directory">Directory</label><input id="import-directory" class="input" type="file" ref={(e) => e?.setAttribute("webkitdirectory", "")} multiple onChange={(e) => void take(e.currentTarget.files)} /></div>
		</div>
		<OwnerSelect kind="box" value={owner} onValue={setOwner} />
		{trouble && <Note kind="bad">{trouble}</Note>}
		{files.length > 0 && <Note kind="good">{plural(files.length, "file")} read.</Note>}
	</FormDialog>;
}

export const ExportButton = ({ id, onTrouble }: { id: string; onTrouble: (e: string) => void }) => {
	const [busy, set] = useState(false);

	return <Button icon="download" busy={busy} onClick={() => { set(true); exportBox(id).catch((e) => onTrouble(e.message)).finally(() => set(false)); }}>Export</Button>;
};
