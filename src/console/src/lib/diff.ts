/* The lines of two texts beside each other: what is the same at both ends is left out of the search, the rest is the longest
   common sequence. */
export interface DiffLine { kind: "same" | "add" | "del" | "gap"; text: string }
const MOST = 3000;	// lines in the middle for which the table is made
const AROUND = 3;

function middle(a: string[], b: string[]): DiffLine[] {
	if (a.length > MOST || b.length > MOST)
		return [...a.map((text) => ({ kind: "del" as const, text })), ...b.map((text) => ({ kind: "add" as const, text }))];
	const w = b.length + 1, table = new Uint16Array((a.length + 1) * w), out: DiffLine[] = [];

	for (let i = a.length - 1; i >= 0; i--)
		for (let j = b.length - 1; j >= 0; j--)
			table[i * w + j] = a[i] === b[j] ? table[(i + 1) * w + j + 1] + 1 : Math.max(table[(i + 1) * w + j], table[i * w + j + 1]);
	let i = 0, j = 0;
	while (i < a.length || j < b.length)
		if (i < a.length && j < b.length && a[i] === b[j])
			out.push({ kind: "same", text: a[i++] }), j++;
		else if (j >= b.length || (i < a.length && table[(i + 1) * w + j] >= table[i * w + j + 1]))
			out.push({ kind: "del", text: a[i++] });
		else
			out.push({ kind: "add", text: b[j++] });
	return out;
}

export function diffLines(before: string, after: string): DiffLine[] {
	const a = before === "" ? [] : before.replace(/\n$/, "").split("\n"), b = after === "" ? [] : after.replace(/\n$/, "").split("\n");
	let head = 0, tail = 0;

	while (head < a.length && head < b.length && a[head] === b[head])
		head++;
	while (tail < a.length - head && tail < b.length - head && a[a.length - 1 - tail] === b[b.length - 1 - tail])
		tail++;
	const same = (text: string): DiffLine => ({ kind: "same", text });
	const all = [...a.slice(0, head).map(same), ...middle(a.slice(head, a.length - tail), b.slice(head, b.length - tail)), ...a.slice(a.length - tail).map(same)];
	const near = new Set<number>();

	all.forEach((l, i) => { if (l.kind !== "same") for (let k = i - AROUND; k <= i + AROUND; k++) near.add(k); });
	const out: DiffLine[] = [];
	all.forEach((l, i) => {
		if (near.has(i))
			out.push(l);
		else if (out.at(-1)?.kind !== "gap")
			out.push({ kind: "gap", text: "⋯" });
	});
	return out;
}
