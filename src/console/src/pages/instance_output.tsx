/* What the scripts of an instance say, as they say it. */
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { about, useRead } from "../lib/data";
import { get, open, Refusal, reason } from "../lib/http";
import { onEvent } from "../lib/live";
import { eventWord } from "../lib/lifecycle";
import { Log } from "../lib/log";
import { replaceQuery, route } from "../lib/route";
import { bytes, when } from "../lib/text";
import { Empty, Note, Select, Spin, State } from "../parts/basic";
import { Output } from "../parts/output";

export interface Task { id: number; kind?: string; state: string; machine?: string; box?: string; event?: string; attempt?: number; created?: string; started?: string; finished?: string; exit_code?: number | null; message?: string; output_length?: number }
const RUNS = new Set(["waiting", "leased", "running"]);
/* Events come at most once a second: this is for the case that one is missed. */
const ASK_MS = 5000;
/* How long a text is taken in before the page has its turn. */
const SLICE_MS = 10;

export const taskKind = (t: Task): string => t.state === "done" && !t.exit_code ? "good" : RUNS.has(t.state) ? "busy" : t.state === "done" || t.state === "failed" || t.state === "expired" ? "bad" : "off";

/* Tasks of an operation; null where the appliance has none to show. */
export const readTasks = async (path: string): Promise<Task[] | null> => {
	try {
		return (await get<any[]>(path)).map((t) => ({ ...t, id: t.task ?? t.id, box: t.box?.name ?? t.box }));
	} catch (e) {
		if (e instanceof Refusal && (e.code === 404 || e.code === 405))
			return null;
		throw e;
	}
};

/* The bytes of a source, read on from where it ended; `turn` says when there is more. */
function useStream(source: string | null, range: boolean, running: boolean, wake: (again: () => void) => () => void): { log: Log; version: number; error: string } {
	const log = useMemo(() => new Log(), [source]);
	const [version, turn] = useState(0);
	const [error, setError] = useState("");

	useEffect(() => {
		if (!source)
			return;
		const control = new AbortController();
		let busy = false, more = false, drawn = 0;
		const draw = () => { if (!drawn) drawn = requestAnimationFrame(() => { drawn = 0; turn((n) => n + 1); }); };
		const read = async () => {
			more = true;
			if (busy)
				return;
			busy = true;
			try {
				while (more && !control.signal.aborted) {
					more = false;
					const from = log.length, answer = await open(range ? `${source}?from=${from}` : source, {}, control.signal);
					// a text that cannot be read from a place is read whole
					let skip = range ? 0 : from;
					let until = performance.now() + SLICE_MS;
					for (const reader = answer.body!.getReader(); ;) {
						const { done, value } = await reader.read();
						if (done)
							break;
						// what is there already comes without a pause: the page must go on between
						if (performance.now() > until) {
							await new Promise((go) => setTimeout(go));
							until = performance.now() + SLICE_MS;
						}
						const piece = skip ? value.subarray(Math.min(skip, value.length)) : value;
						skip -= value.length - piece.length;
						if (piece.length) {
							log.append(piece);
							draw();
							if (range)
								more = true;
						}
					}
				}
				setError("");
			} catch (e) {
				if (!control.signal.aborted)
					setError(reason(e));
			}
			busy = false;
			draw();
		};
		void read();
		const stop = wake(() => void read()), timer = running ? setInterval(() => void read(), ASK_MS) : 0;
		return () => { control.abort(); stop(); clearInterval(timer); cancelAnimationFrame(drawn); };
	}, [source, running]);
	return { log, version, error };
}

export function InstanceOutput({ instance }: { instance: any }) {
	const ops = useRead<any[]>(`/services/instances/${instance.id}/operations`, about(instance.id));
	const query = route.value.query, operations = ops.value ?? [];
	const at = operations.find((o) => o.id === query.get("operation")) ?? operations[0];
	const tasks = useRead<Task[] | null>(at ? `/services/instances/${instance.id}/operations/${at.id}/tasks` : null, (e) => about(instance.id)(e) && e.kind !== "task.output", readTasks);
	const scripts = (tasks.value ?? []).filter((t) => t.event || (t.output_length ?? 0) > 0);
	const chosen = scripts.find((t) => String(t.id) === query.get("task")) ?? scripts.findLast((t) => t.state === "leased" || t.state === "running") ?? scripts.findLast((t) => (t.output_length ?? 0) > 0) ?? scripts[0];
	const machine = query.get("machine") ?? "";
	const whole = tasks.value === null && !tasks.loading;
	const running = whole ? instance.state === "processing" : !!chosen && RUNS.has(chosen.state);
	const source = whole ? `/services/instances/${instance.id}/machine_logs${machine ? `?machine_name=${encodeURIComponent(machine)}` : ""}` : chosen ? `/services/tasks/${chosen.id}/output` : null;
	const id = useRef(0);
	id.current = chosen?.id ?? 0;
	const stream = useStream(source, !whole, running, (again) => onEvent((e) => {
		if (whole ? about(instance.id)(e) : (e.kind === "task.output" || e.kind === "task.changed") && (e.data?.task === id.current || e.object === String(id.current)))
			again();
	}));

	if (ops.error)
		return <Note kind="bad">{ops.error}</Note>;
	if (!ops.value || (at && tasks.loading && !tasks.value))
		return <Spin what="Reading the operations…" />;
	if (!at)
		return <div class="card"><Empty icon="script" title="No operation yet" /></div>;
	return <section class="card" aria-label="Output">
		<div class="tool">
			<Select bare label="Operation" value={at.id} onValue={(v) => replaceQuery({ operation: v, task: "" })} choices={operations.map((o) => ({ value: o.id, label: `${eventWord[o.operation] ?? o.operation}, ${when(o.created)}` }))} />
			{whole ? <Select bare label="Machine" value={machine} onValue={(v) => replaceQuery({ machine: v })} choices={[{ value: "", label: "Every machine" }, ...(instance.service?.machines ?? []).map((m: any) => m.name)]} />
				: scripts.length > 0 && chosen && <><Select bare label="Script" value={String(chosen.id)} onValue={(v) => replaceQuery({ task: v })} choices={scripts.map((t) => ({ value: String(t.id), label: `${t.event} · ${t.box ?? ""} · ${t.machine ?? ""}${t.output_length ? ` (${bytes(t.output_length)})` : ""}` }))} />
					<State kind={taskKind(chosen)}>{RUNS.has(chosen.state) ? (chosen.state === "waiting" ? "waiting" : "running") : chosen.exit_code !== null && chosen.exit_code !== undefined ? `exit code ${chosen.exit_code}` : chosen.state}</State></>}
			{stream.error && <span class="error" role="alert">{stream.error}</span>}
		</div>
		{!whole && !chosen ? <Empty icon="script" title="No script has run in this operation">{at.state === "processing" ? "It appears here as soon as one begins." : "Its boxes have no scripts for it."}</Empty>
			: <Output log={stream.log} version={stream.version} live={running} name={`${instance.name}${chosen ? `-${chosen.event}-${chosen.id}` : ""}.log`} label={chosen ? `Output of ${chosen.event}` : "Output"} />}
	</section>;
}
