/* A table of any length: only the rows in sight are in the page. Arrow keys move, Enter opens, Space picks. */
import type { ComponentChildren } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { Icon } from "./icon";

const MORE = 8;		// rows beside those in sight

export interface Column<T> { id: string; title: string; width: string; cell: (row: T) => ComponentChildren; sort?: (row: T) => string | number; hide?: number }

interface Props<T extends { id: string }> {
	label: string; rows: T[]; columns: Column<T>[]; onOpen: (row: T) => void; rowHeight?: number; empty?: ComponentChildren;
	picked?: Set<string>; onPick?: (picked: Set<string>) => void; sort?: string; onSort?: (s: string) => void;
}

const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

/* The order that "name" or "-name" says. */
export function useSorted<T>(rows: T[], columns: Column<T>[], sort: string): T[] {
	return useMemo(() => {
		const down = sort.startsWith("-"), f = columns.find((c) => c.id === sort.replace(/^-/, ""))?.sort;

		if (!f)
			return rows;
		const keys = rows.map((r) => f(r));
		const order = keys.map((_, i) => i).sort((a, b) => {
			const x = keys[a], y = keys[b];
			const o = typeof x === "number" && typeof y === "number" ? x - y : collator.compare(String(x), String(y));
			return down ? -o : o;
		});
		return order.map((i) => rows[i]);
	}, [rows, sort]);
}

export function Grid<T extends { id: string }>({ label, rows, columns, onOpen, rowHeight = 48, empty, picked, onPick, sort, onSort }: Props<T>) {
	const body = useRef<HTMLDivElement>(null);
	const [view, setView] = useState({ top: 0, height: 600, width: 1200 });
	const [here, setHere] = useState(0);
	const [focused, setFocused] = useState(false);
	const shown = columns.filter((c) => !c.hide || view.width >= c.hide);
	const template = { gridTemplateColumns: `${onPick ? "1.25rem " : ""}${shown.map((c) => c.width).join(" ")}` };
	const first = Math.max(0, Math.floor(view.top / rowHeight) - MORE), last = Math.min(rows.length, Math.ceil((view.top + view.height) / rowHeight) + MORE);
	const at = Math.min(here, rows.length - 1);

	useEffect(() => {
		const el = body.current!;
		const measure = () => setView((v) => v.top === el.scrollTop && v.height === el.clientHeight && v.width === el.clientWidth ? v : { top: el.scrollTop, height: el.clientHeight, width: el.clientWidth });
		const watch = new ResizeObserver(measure);

		watch.observe(el);
		el.addEventListener("scroll", measure, { passive: true });
		return () => { watch.disconnect(); el.removeEventListener("scroll", measure); };
	}, []);
	const reach = (i: number) => {
		const el = body.current!, to = Math.max(0, Math.min(rows.length - 1, i));

		setHere(to);
		if (to * rowHeight < el.scrollTop)
			el.scrollTop = to * rowHeight;
		else if ((to + 1) * rowHeight > el.scrollTop + el.clientHeight)
			el.scrollTop = (to + 1) * rowHeight - el.clientHeight;
	};
	const pick = (id: string) => {
		const next = new Set(picked);

		next.has(id) ? next.delete(id) : next.add(id);
		onPick?.(next);
	};
	const keys = (e: KeyboardEvent) => {
		const page = Math.max(1, Math.floor(view.height / rowHeight) - 1);
		const to = { ArrowDown: at + 1, ArrowUp: at - 1, PageDown: at + page, PageUp: at - page, Home: 0, End: rows.length - 1 }[e.key];

		if (to !== undefined)
			reach(to);
		else if (e.key === "Enter" && rows[at])
			onOpen(rows[at]);
		else if (e.key === " " && onPick && rows[at])
			pick(rows[at].id);
		else
			return;
		e.preventDefault();
	};
	const all = picked && rows.length > 0 && picked.size >= rows.length && rows.every((r) => picked.has(r.id));
	const id = (r: T | undefined) => r ? `row-${r.id.replace(/\W/g, "_")}` : undefined;
	return <div class="grid" role="grid" aria-label={label} aria-rowcount={rows.length + 1} aria-colcount={shown.length + (onPick ? 1 : 0)} aria-multiselectable={onPick ? "true" : undefined}
		tabIndex={rows.length ? 0 : -1} aria-activedescendant={focused ? id(rows[at]) : undefined} onKeyDown={(e) => { if (e.target === e.currentTarget) keys(e); }}
		onFocus={(e) => setFocused(e.target === e.currentTarget)} onBlur={() => setFocused(false)}>
		<div role="rowgroup"><div class="grid-head" role="row" aria-rowindex={1} style={template}>
			{onPick && <span role="columnheader"><input type="checkbox" aria-label="Pick all" checked={!!all} onChange={() => onPick(all ? new Set() : new Set(rows.map((r) => r.id)))} /></span>}
			{shown.map((c) => <span key={c.id} role="columnheader" class="cut" aria-sort={sort === c.id ? "ascending" : sort === `-${c.id}` ? "descending" : undefined}>
				{c.sort && onSort ? <button type="button" onClick={() => onSort(sort === c.id ? `-${c.id}` : c.id)}>{c.title}{sort === c.id ? " ↑" : sort === `-${c.id}` ? " ↓" : ""}</button> : c.title}
			</span>)}
		</div></div>
		<div class="grid-body" ref={body} role="rowgroup">
			{rows.length === 0 && <div role="row"><div role="gridcell">{empty}</div></div>}
			<div role="presentation" style={{ height: `${rows.length * rowHeight}px` }} />
			{rows.slice(first, last).map((r, k) => {
				const i = first + k;
				return <div key={r.id} id={id(r)} role="row" aria-rowindex={i + 2} aria-selected={onPick ? picked?.has(r.id) ? "true" : "false" : undefined}
					class={`grid-row ${focused && i === at ? "here" : ""} ${picked?.has(r.id) ? "picked" : ""}`} style={{ ...template, height: `${rowHeight}px`, transform: `translateY(${i * rowHeight}px)` }}
					onClick={(e) => { setHere(i); if (!(e.target as HTMLElement).closest("a,button,input")) onOpen(r); }}>
					{onPick && <span role="gridcell"><input type="checkbox" tabIndex={-1} aria-label={`Pick ${(r as any).name ?? r.id}`} checked={picked?.has(r.id)} onChange={() => pick(r.id)} /></span>}
					{shown.map((c) => <span key={c.id} role="gridcell">{c.cell(r)}</span>)}
				</div>;
			})}
		</div>
	</div>;
}

export function SearchBox({ label, value, onValue }: { label: string; value: string; onValue: (v: string) => void }) {
	return <div class="search"><Icon name="search" /><input class="input" type="search" aria-label={label} placeholder={label} value={value} onInput={(e) => onValue(e.currentTarget.value)} /></div>;
}
