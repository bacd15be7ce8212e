/* What the appliance's programs said: read on from where the last look ended. */
import { useEffect, useMemo, useState } from "preact/hooks";
import { get, open, q, reason, Refusal } from "../lib/http";
import { Log } from "../lib/log";
import { replaceQuery, route } from "../lib/route";
import { bytes } from "../lib/text";
import { Note, Select, Spin } from "../parts/basic";
import { Output } from "../parts/output";

interface Program { name: string; bytes: number; end: string }
const WHERE = "/services/appliance/logs";
const ASK_MS = 2000;

/* The programs, and the log of one of them as it grows. */
function useLogs(name: string): { list: Program[] | null; log: Log; version: number; error: string } {
	const [list, setList] = useState<Program[] | null>(null), [version, turn] = useState(0), [error, setError] = useState("");
	const log = useMemo(() => new Log(), [name]);

	useEffect(() => {
		const control = new AbortController();
		let at = "", busy = false;
		const read = async () => {
			const programs = await get<Program[]>(WHERE, { signal: control.signal }), end = programs.find((p) => p.name === name)?.end ?? at;
			setList(programs);
			if (end === at)
				return;
			const answer = await open(`${WHERE}/${q(name)}?until=${end}${at ? `&after=${at}` : ""}`, {}, control.signal);
			log.append(new Uint8Array(await answer.arrayBuffer()));
			at = end;
			turn((n) => n + 1);
		};
		const look = async () => {
			if (busy || document.hidden)
				return;
			busy = true;
			try {
				await read();
				setError("");
			} catch (e) {
				// the file this page was in is not kept any more: from the beginning of what is
				if (e instanceof Refusal && e.code === 410) {
					log.clear();
					at = "";
				} else if (!control.signal.aborted) {
					setError(reason(e));
				}
			}
			busy = false;
		};
		void look();
		const timer = setInterval(() => void look(), ASK_MS);
		return () => { control.abort(); clearInterval(timer); };
	}, [name]);
	return { list, log, version, error };
}

export function Logs() {
	const name = route.value.query.get("program") || "core", { list, log, version, error } = useLogs(name);

	if (!list)
		return error ? <Note kind="bad">{error}</Note> : <Spin what="Reading…" />;
	return <section class="card" aria-label="Log">
		<div class="tool"><Select bare label="Program" value={name} onValue={(program) => replaceQuery({ program })} choices={list.map((p) => ({ value: p.name, label: `${p.name} · ${bytes(p.bytes)}` }))} />
			{error && <span class="error" role="alert">{error}</span>}</div>
		<Output log={log} version={version} live name={`${name}.log`} label={`Log of ${name}`} />
	</section>;
}
