/* Which instance uses which: those that use others at the left, what they use at their right, what is bound to nothing below. */
import { useMemo, useRef, useState } from "preact/hooks";
import { type InstanceRow, instances } from "../lib/data";
import { shown } from "../lib/lifecycle";
import { dashed, to } from "../lib/route";

/* Instances that are drawn; more would help nobody. */
const NODES_MOST = 600;
/* All in pixels. */
const WIDTH = 208, HEIGHT = 56, BETWEEN = 96, GAP = 16, MARGIN = 16, LOOSE_COLUMNS = 4;

interface Place { row: InstanceRow; x: number; y: number; column: number; outside: boolean }
interface Edge { name: string; from: Place; to: Place }

/* Each instance stands to the right of all that use it; where they use each other in a ring, the ring is cut somewhere. */
function columnsOf(ids: string[], users: Map<string, string[]>): Map<string, number> {
	const column = new Map<string, number>(), open = new Set<string>();
	const of = (id: string): number => {
		const known = column.get(id);
		if (known !== undefined)
			return known;
		open.add(id);
		const c = Math.max(0, ...(users.get(id) ?? []).filter((u) => !open.has(u)).map((u) => of(u) + 1));
		open.delete(id);
		column.set(id, c);
		return c;
	};

	ids.forEach(of);
	return column;
}

/* What the rows are bound to is drawn too, although the filter leaves it out. */
function draw(all: InstanceRow[]): { places: Place[]; edges: Edge[]; width: number; height: number } {
	const rows = all.slice(0, NODES_MOST), known = new Map(rows.map((i) => [i.id, i])), users = new Map<string, string[]>(), bonds: [string, string, string][] = [];

	for (const i of rows)
		for (const b of i.bindings ?? []) {
			const other = known.get(b.instance) ?? instances.get(b.instance);
			if (!other || other.id === i.id)
				continue;
			known.set(other.id, other);
			users.set(other.id, [...(users.get(other.id) ?? []), i.id]);
			bonds.push([b.name, i.id, other.id]);
		}
	const bound = new Set(bonds.flatMap(([, from, used]) => [from, used])), column = columnsOf([...bound], users), listed = new Set(rows.map((i) => i.id));
	const places = new Map<string, Place>(), columns: string[][] = [];
	const put = (id: string, c: number, line: number, top: number) => places.set(id, { row: known.get(id)!, x: MARGIN + c * (WIDTH + BETWEEN), y: top + line * (HEIGHT + GAP), column: c, outside: !listed.has(id) });

	for (const id of bound)
		(columns[column.get(id)!] ??= []).push(id);
	const mean = (id: string): number => { const ys = (users.get(id) ?? []).map((u) => places.get(u)?.y ?? 0); return ys.reduce((a, b) => a + b, 0) / (ys.length || 1); };
	columns.forEach((list, c) => list.sort((a, b) => mean(a) - mean(b) || known.get(a)!.name.localeCompare(known.get(b)!.name)).forEach((id, line) => put(id, c, line, MARGIN)));
	const below = MARGIN + Math.max(0, ...columns.map((l) => l.length)) * (HEIGHT + GAP) + (bound.size ? GAP : 0);
	[...known.keys()].filter((id) => !bound.has(id)).forEach((id, n) => put(id, n % LOOSE_COLUMNS, Math.floor(n / LOOSE_COLUMNS), below));
	const list = [...places.values()];
	return {
		places: list.sort((a, b) => a.column - b.column || a.y - b.y), edges: bonds.map(([name, from, used]) => ({ name, from: places.get(from)!, to: places.get(used)! })),
		width: Math.max(...list.map((p) => p.x)) + WIDTH + MARGIN, height: Math.max(...list.map((p) => p.y)) + HEIGHT + MARGIN,
	};
}

function curve({ from, to: used }: Edge): string {
	const x = from.x + WIDTH, y = from.y + HEIGHT / 2, v = used.y + HEIGHT / 2, bend = BETWEEN / 2;

	return `M${x} ${y}C${x + bend} ${y} ${used.x - bend} ${v} ${used.x - 2} ${v}`;
}

const listing = (names: string[]): string => [...new Set(names)].join(", ");

export function InstanceMap({ rows }: { rows: InstanceRow[] }) {
	const { places, edges, width, height } = useMemo(() => draw(rows), [rows]);
	const [at, look] = useState("");
	const box = useRef<HTMLDivElement>(null);
	const near = (e: Edge) => e.from.row.id === at || e.to.row.id === at;
	/* What the lines say, for those who do not see them. */
	const said = (p: Place): string => {
		const uses = edges.filter((e) => e.from === p).map((e) => e.to.row.name), by = edges.filter((e) => e.to === p).map((e) => e.from.row.name);
		return ["", uses.length && `uses ${listing(uses)}`, by.length && `used by ${listing(by)}`].filter((t) => t === "" || t).join(", ");
	};
	/* Right goes to what it uses, left to what uses it, up and down in the column. */
	const step = (e: KeyboardEvent, p: Place) => {
		const column = places.filter((o) => o.column === p.column), n = column.indexOf(p);
		const next = e.key === "ArrowRight" ? edges.find((x) => x.from === p)?.to : e.key === "ArrowLeft" ? edges.find((x) => x.to === p)?.from : e.key === "ArrowDown" ? column[n + 1] : e.key === "ArrowUp" ? column[n - 1] : undefined;

		if (!next)
			return;
		e.preventDefault();
		box.current?.querySelector<HTMLElement>(`[data-id="${CSS.escape(next.row.id)}"]`)?.focus();
	};

	return <div class="map" tabIndex={0} role="region" aria-label="Map" ref={box}>
		<p class="small faint">{edges.length ? "A line goes from an instance to what it is bound to. The arrow keys follow the lines." : "None of these is bound to another."}{rows.length > NODES_MOST && ` The first ${NODES_MOST} of ${rows.length}; filter for others.`}</p>
		<svg width={width} height={height} viewBox={`0 0 ${width} ${height}`}>
			<defs><marker id="map-end" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto"><path d="M0 0 8 4 0 8z" /></marker></defs>
			{edges.map((e, n) => <path key={`${n}-${e.from.row.id}-${e.to.row.id}`} class={near(e) ? "edge near" : "edge"} d={curve(e)} marker-end="url(#map-end)"><title>{`${e.from.row.name} uses ${e.to.row.name} (${e.name})`}</title></path>)}
			{places.map((p) => <foreignObject key={p.row.id} x={p.x} y={p.y} width={WIDTH} height={HEIGHT}>
				<a class={`node ${shown(p.row)[1]}${p.outside ? " outside" : ""}`} data-id={p.row.id} href={to("instances", p.row.id, dashed(p.row.name))} onKeyDown={(e) => step(e, p)} onFocus={() => look(p.row.id)} onBlur={() => look("")} onMouseEnter={() => look(p.row.id)} onMouseLeave={() => look("")}>
					<b class="cut">{p.row.name}</b>{" "}<span class="faint small cut">{shown(p.row)[0]} · {p.row.boxes[0]?.name}</span><span class="sr">{said(p)}</span></a></foreignObject>)}
		</svg>
	</div>;
}
