/* A readme as people read it: headings, paragraphs, lists, quotes, code, emphasis, links to the web. Made as elements with
   text in them, never as markup: whatever a readme says stays text. */
import type { ComponentChildren, VNode } from "preact";

const INLINE = /(`[^`]+`)|(\*\*[^*]+\*\*)|(\*[^*\s][^*]*\*)|(\[[^\]]+\]\([^)\s]+\))/g;

function inline(text: string): ComponentChildren[] {
	const out: ComponentChildren[] = [];
	let at = 0;

	for (const m of text.matchAll(INLINE)) {
		out.push(text.slice(at, m.index));
		at = m.index + m[0].length;
		if (m[1])
			out.push(<code>{m[1].slice(1, -1)}</code>);
		else if (m[2])
			out.push(<strong>{m[2].slice(2, -2)}</strong>);
		else if (m[3])
			out.push(<em>{m[3].slice(1, -1)}</em>);
		else {
			const [, words, address] = /^\[([^\]]+)\]\((.+)\)$/.exec(m[0])!;
			// nothing but the web, and told apart from places of the console
			out.push(/^https?:\/\//.test(address) ? <a href={address} rel="noreferrer noopener" target="_blank">{words}</a> : m[0]);
		}
	}
	out.push(text.slice(at));
	return out;
}

export function Markdown({ text }: { text: string }) {
	const lines = text.replace(/\r/g, "").split("\n"), out: VNode[] = [];
	let deep = false;

	for (let i = 0; i < lines.length;) {
		const line = lines[i], list = /^\s*([-*+]|\d+[.)])\s+/;
		const take = (test: (l: string) => boolean) => { const from = i; while (i < lines.length && test(lines[i])) i++; return lines.slice(from, i); };

		if (/^```/.test(line)) {
			i++;
			out.push(<pre tabIndex={0}>{take((l) => !/^```/.test(l)).join("\n")}</pre>);
			i++;
		} else if (/^#{1,6}\s/.test(line)) {
			// below the page's own headings, and none left out
			deep = deep || /^#{1,2}\s/.test(line);
			out.push(/^#{1,2}\s/.test(line) || !deep ? <h3>{inline(line.replace(/^#+\s+/, ""))}</h3> : <h4>{inline(line.replace(/^#+\s+/, ""))}</h4>);
			i++;
		} else if (list.test(line)) {
			const items = take((l) => list.test(l) || /^\s{2,}\S/.test(l)).reduce<string[]>((all, l) => { if (list.test(l)) all.push(l.replace(list, "")); else all[all.length - 1] += ` ${l.trim()}`; return all; }, []);
			out.push(/^\s*\d/.test(line) ? <ol>{items.map((t) => <li>{inline(t)}</li>)}</ol> : <ul>{items.map((t) => <li>{inline(t)}</li>)}</ul>);
		} else if (/^>/.test(line)) {
			out.push(<blockquote>{inline(take((l) => /^>/.test(l)).map((l) => l.replace(/^>\s?/, "")).join(" "))}</blockquote>);
		} else if (line.trim() === "") {
			i++;
		} else {
			out.push(<p>{inline(take((l) => l.trim() !== "" && !/^(```|#{1,6}\s|>)/.test(l) && !list.test(l)).join(" "))}</p>);
		}
	}
	return <div class="prose">{out}</div>;
}
