/* Lists of the present scope, kept as the appliance has them: a snapshot, then what events name is read again. */
import { batch, computed, effect, signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import { get, q, reason, Refusal, signInAgain } from "./http";
import { type Event, onEvent, onReset } from "./live";
import { inScope, listPaths, readPlaces, scope, within } from "./scope";
import Worker from "./list.worker?worker";

/* Events within so many milliseconds are read again together. */
const TOGETHER_MS = 15;
/* More ids than this in one address would be too long for it. */
const IDS_MOST = 500;

let worker: globalThis.Worker | null = null;
let nextLoad = 1;
const loads = new Map<number, (m: any) => void>();

function read(path: string, shape: string, rows: (r: any[]) => void, stop: () => boolean): Promise<void> {
	if (!worker) {
		worker = new Worker();
		worker.onmessage = (e: MessageEvent) => loads.get(e.data.id)?.(e.data);
	}
	const id = nextLoad++;
	return new Promise((resolve, reject) => {
		loads.set(id, (m) => {
			if (m.rows && !stop())
				rows(m.rows);
			if (m.done) {
				loads.delete(id);
				resolve();
			} else if (m.code !== undefined) {
				loads.delete(id);
				if (m.code === 401)
					signInAgain().then(() => read(path, shape, rows, stop)).then(resolve, reject);
				else
					reject(new Refusal(m.code, m.message));
			}
		});
		worker!.postMessage({ id, path, shape });
	});
}

export class Collection<T extends { id: string }> {
	readonly state = signal<"idle" | "loading" | "ready" | "failed">("idle");
	readonly error = signal("");
	private readonly byId = new Map<string, T>();
	private readonly version = signal(0);
	private round = 0;
	private touched = new Set<string>();
	private timer = 0;
	readonly all = computed<T[]>(() => { this.version.value; return [...this.byId.values()]; });

	constructor(readonly kind: string, readonly plural: "boxes" | "instances" | "providers", private readonly fits: (o: any) => boolean = inScope) {}

	get(id: string): T | undefined {
		this.version.value;
		return this.byId.get(id);
	}

	async load(): Promise<void> {
		const round = ++this.round, seen = new Set<string>();
		const stop = () => round !== this.round;

		if (this.state.peek() !== "ready")
			this.state.value = "loading";
		try {
			for (const path of listPaths(this.plural))
				await read(path, this.kind, (rows) => {
					for (const r of rows) {
						seen.add(r.id);
						this.byId.set(r.id, r);
					}
					this.version.value++;
				}, stop);
		} catch (e) {
			if (stop())
				return;
			// who may not see providers has none
			if (e instanceof Refusal && e.code === 403) {
				this.state.value = "ready";
				return;
			}
			this.error.value = reason(e);
			this.state.value = "failed";
			return;
		}
		if (stop())
			return;
		batch(() => {
			for (const id of this.byId.keys())
				if (!seen.has(id))
					this.byId.delete(id);
			this.version.value++;
			this.state.value = "ready";
		});
	}

	/* Another scope: what is here belongs to the one before. */
	restart(): void {
		this.byId.clear();
		this.version.value++;
		this.state.value = "loading";
		void this.load();
	}

	take(e: Event): void {
		const [kind, what] = e.kind.split(".");

		if (kind !== this.kind || this.state.peek() === "idle")
			return;
		if (what === "deleted") {
			if (this.byId.delete(e.object))
				this.version.value++;
			return;
		}
		this.touched.add(e.object);
		this.timer ||= window.setTimeout(() => { this.timer = 0; void this.flush(); }, TOGETHER_MS);
	}

	private async flush(): Promise<void> {
		const ids = [...this.touched];

		this.touched.clear();
		for (let i = 0; i < ids.length; i += IDS_MOST) {
			const part = ids.slice(i, i + IDS_MOST), found = new Set<string>();

			await read(`/services/${this.plural}?ids=${q(part.join(","))}`, this.kind, (rows) => {
				for (const r of rows)
					if (this.fits(r)) {
						found.add(r.id);
						this.byId.set(r.id, r);
					}
			}, () => false).catch(() => void this.load());
			for (const id of part)
				if (!found.has(id))
					this.byId.delete(id);
		}
		this.version.value++;
	}
}

export interface InstanceRow {
	id: string; name: string; description?: string; owner: string; members?: any[]; state: string; operation?: { event: string; created?: string; workspace?: string };
	service?: { id: string; type?: string; machines: any[] }; box: string; boxes: { id: string; name: string; schema: string; version?: any }[]; tags: string[];
	lease: { expire: string; operation: string } | null; created: string; updated: string; bindings: any[]; is_deploy_only?: boolean; automatic_updates?: string;
	policy_box?: { id: string; name: string; provider_id?: string; location?: string; schema?: string };
}
export interface BoxRow {
	id: string; name: string; description?: string; schema: string; owner: string; members?: any[]; visibility?: string; categories: string[]; requirements: string[];
	claims: string[]; provider_id?: string; created: string; updated: string; version?: any; draft_from?: string; variables: any[]; events: string[]; icon?: string;
}

export const instances = new Collection<InstanceRow>("instance", "instances");
/* Versions are boxes of their own and not in lists. */
export const boxes = new Collection<BoxRow>("box", "boxes", (b) => !b.version && inScope(b));
export const providers = new Collection<any>("provider", "providers");
const collections: Collection<any>[] = [instances, boxes, providers];

export function startData(): void {
	let before = "";

	effect(() => {
		const now = JSON.stringify([scope.value, within.value]);

		if (now === before)
			return;
		before = now;
		for (const c of collections)
			c.restart();
	});
	onEvent((e) => {
		for (const c of collections)
			c.take(e);
		if (/^(workspace|costcenter|access)\./.test(e.kind))
			void readPlaces();
	});
	onReset(() => {
		void readPlaces();
		for (const c of collections)
			void c.load();
	});
}

export interface Loaded<T> { value: T | null; error: string; missing: boolean; loading: boolean; reload: () => void }

/* Something the appliance has at an address, read again when one of the events concerns it. */
export function useRead<T = any>(path: string | null, concerns?: (e: Event) => boolean, reader: (path: string) => Promise<T> = get): Loaded<T> {
	const [state, set] = useState<{ path: string | null; value: T | null; error: string; missing: boolean; loading: boolean }>(
		{ path: null, value: null, error: "", missing: false, loading: true });
	const [turn, next] = useState(0);

	useEffect(() => {
		let gone = false;

		if (!path)
			return;
		reader(path).then((value) => gone || set({ path, value, error: "", missing: false, loading: false }),
			(e) => gone || set((s) => ({ ...s, path, error: reason(e), missing: e instanceof Refusal && e.code === 404, loading: false,
				value: s.path === path && !(e instanceof Refusal && e.code === 404) ? s.value : null })));
		return () => { gone = true; };
	}, [path, turn]);
	useEffect(() => {
		if (!concerns)
			return;
		let timer = 0;
		const stop = onEvent((e) => {
			if (concerns(e))
				timer ||= window.setTimeout(() => { timer = 0; next((n) => n + 1); }, TOGETHER_MS);
		});
		const stopReset = onReset(() => next((n) => n + 1));
		return () => { clearTimeout(timer); stop(); stopReset(); };
	}, [path]);
	const here = state.path === path;
	return { value: here ? state.value : null, error: here ? state.error : "", missing: here && state.missing, loading: !here || state.loading,
		reload: () => next((n) => n + 1) };
}

/* One object by its id: changes of it, and of what hangs on it. */
export const about = (id: string) => (e: Event): boolean =>
	e.object === id || e.data?.parent === id || e.data?.instance === id || e.data?.provider === id;
