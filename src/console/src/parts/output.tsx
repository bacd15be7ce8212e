/* Output of scripts: only the lines in sight are in the page; it follows the end until one scrolls away from it. */
import { useEffect, useRef, useState } from "preact/hooks";
import { save } from "../lib/http";
import type { Log } from "../lib/log";
import { bytes, plural } from "../lib/text";
import { Button } from "./basic";
import { SearchBox } from "./grid";

const ROW = 20;
const MORE = 20;
const FOUND_MOST = 5000;
/* Browsers do not draw elements of any height: beyond this the scroll bar stands for more than its pixels. */
const HEIGHT_MOST = 8e6;

function marked(text: string, word: string) {
	if (!word)
		return text;
	const parts = [], low = text.toLowerCase(), w = word.toLowerCase();
	let at = 0;

	for (let i = low.indexOf(w); i >= 0 && parts.length < 200; i = low.indexOf(w, at)) {
		parts.push(text.slice(at, i), <mark>{text.slice(i, i + w.length)}</mark>);
		at = i + w.length;
	}
	return [...parts, text.slice(at)];
}

export function Output({ log, version, name, live, label }: { log: Log; version: number; name: string; live: boolean; label: string }) {
	const body = useRef<HTMLDivElement>(null);
	const [top, setTop] = useState(0);
	const [height, setHeight] = useState(500);
	const [follow, setFollow] = useState(true);
	const [word, setWord] = useState("");
	const [hits, setHits] = useState<number[]>([]);
	const [hit, setHit] = useState(0);
	const count = log.count, whole = Math.min(count * ROW, HEIGHT_MOST), scale = count * ROW > HEIGHT_MOST ? (count * ROW - height) / Math.max(1, HEIGHT_MOST - height) : 1;
	const first = Math.max(0, Math.floor(top * scale / ROW) - MORE), last = Math.min(count, Math.ceil((top * scale + height) / ROW) + MORE);
	const set = new Set(hits);

	useEffect(() => {
		const el = body.current!, watch = new ResizeObserver(() => setHeight(el.clientHeight));
		watch.observe(el);
		return () => watch.disconnect();
	}, []);
	useEffect(() => { const el = body.current!; if (follow) el.scrollTop = el.scrollHeight; }, [version, follow, height]);
	useEffect(() => {
		let stop = false;
		if (!word)
			setHits([]);
		else
			void log.find(word, FOUND_MOST, () => stop, (l) => { setHits(l); setHit(0); if (l.length) reach(l[0]); });
		return () => { stop = true; };
	}, [word, live ? 0 : version]);
	const reach = (n: number) => { setFollow(false); body.current!.scrollTop = Math.max(0, n * ROW - height / 2) / scale; };
	const next = (by: number) => { if (hits.length) { const to = (hit + by + hits.length) % hits.length; setHit(to); reach(hits[to]); } };
	return <div>
		<div class="tool" onKeyDown={(e) => { if (e.key === "Enter") { e.preventDefault(); next(e.shiftKey ? -1 : 1); } }}>
			<SearchBox label="Search the output" value={word} onValue={setWord} />
			{word && <><span class="small muted" role="status">{hits.length ? `${hit + 1} of ${hits.length}${hits.length >= FOUND_MOST ? "+" : ""}` : "not found"}</span><Button kind="quiet" label="Previous" onClick={() => next(-1)}>↑</Button><Button kind="quiet" label="Next" onClick={() => next(1)}>↓</Button></>}
			<span class="grow" />
			<span class="small faint num">{plural(count, "line")}, {bytes(log.length)}</span>
			<Button icon={follow ? "pause" : "play"} pressed={follow} onClick={() => setFollow(!follow)}>{follow ? "Pause" : "Follow"}</Button>
			<Button icon="download" label="Download" onClick={() => save(name, log.blob())} />
		</div>
		<div class="output"><div class="output-body" ref={body} tabIndex={0} role="log" aria-live="off" aria-label={label} onScroll={(e) => {
			const el = e.currentTarget, end = el.scrollTop + el.clientHeight >= el.scrollHeight - 4;
			setTop(el.scrollTop);
			if (!end && follow && el.scrollTop < top)
				setFollow(false);
		}}>
			<div style={{ height: `${whole}px`, width: `calc(${Math.min(log.widest, 4000)}ch + 7rem)` }} />
			{Array.from({ length: Math.max(0, last - first) }, (_, k) => {
				const n = first + k, y = scale === 1 ? n * ROW : top + (n * ROW - top * scale);
				return <div class={`output-line ${set.has(n) ? "hit" : ""}`} key={n} style={{ transform: `translateY(${y}px)` }}><span class="n">{n + 1}</span><span class="t">{marked(log.line(n), set.has(n) ? word : "")}</span></div>;
			})}
			{count === 0 && <p class="output-line" style={{ transform: "translate(1rem, .75rem)" }}>{live ? "Nothing said yet." : "Nothing was said."}</p>}
		</div></div>
	</div>;
}
