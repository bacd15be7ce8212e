/* Scripts of the events, and the readme. */
import { useEffect, useState } from "preact/hooks";
import { eventGroups, eventHelp } from "../lib/boxes";
import { replaceQuery, route } from "../lib/route";
import { Button, Empty, Note, Select, Spin } from "../parts/basic";
import { Editor, type Language, languageOf } from "../parts/editor";
import { Markdown } from "../parts/markdown";
import type { Draft } from "./box";

const starts: Partial<Record<Language, string>> = {
	shell: "#!/bin/bash\nset -e\n\n", python: "#!/usr/bin/env python3\n\n", powershell: "$ErrorActionPreference = \"Stop\"\ntrap { Write-Warning $_; exit 1 }\n\n",
};

export function Events({ d, readOnly }: { d: Draft; readOnly: boolean }) {
	const b = d.draft!, has = (e: string) => d.texts[e] ? d.texts[e].text.trim() !== "" : !!b.events?.[e];
	const event = route.value.query.get("event") || ["install", "configure", "start"].find(has) || "install";
	const open = d.texts[event];
	const [trouble, setTrouble] = useState("");
	const [chosen, choose] = useState<Language | "">("");
	const language = chosen || languageOf(open?.text ?? "");

	useEffect(() => { setTrouble(""); choose(""); d.openText(event).catch((e) => setTrouble(e.message)); }, [event, b.events?.[event]?.url, !open]);
	const empty = open && !open.text;
	return <div class="split">
		<nav class="card event-list" aria-label="Events">{eventGroups.map(([title, list], g) => (g < 3 || list.some(has)) && <div key={title}><h2>{title}</h2>{list.filter((e) => g < 3 || has(e)).map((e) =>
			<button type="button" key={e} aria-current={e === event ? "true" : undefined} title={eventHelp[e]} onClick={() => replaceQuery({ event: e })}><code class="bare">{e}</code>{has(e) && <span class="dot" title="has a script"><span class="sr">has a script</span></span>}</button>)}</div>)}</nav>
		<section class="card pad stack" aria-label={`Script of ${event}`}>
			<div class="row between"><div><h2><code class="bare">{event}</code></h2><p class="hint">Runs {eventHelp[event]}.</p></div>
				<div class="row"><Select bare label="Language" value={language} onValue={(v) => choose(v as Language)} choices={[{ value: "shell", label: "Shell" }, { value: "powershell", label: "PowerShell" }, { value: "python", label: "Python" }, { value: "plain", label: "Plain text" }]} />
					{!readOnly && open && open.text && <Button kind="quiet" icon="trash" onClick={() => d.setText(event, "")}>Remove</Button>}</div></div>
			{trouble && <Note kind="bad">{trouble}</Note>}
			{!open && !trouble && <Spin what="Reading the script…" />}
			{empty && !readOnly && <div class="row"><span class="muted small">No script yet. Begin with</span>{(["shell", "powershell", "python"] as Language[]).map((l) => <Button key={l} onClick={() => { choose(l); d.setText(event, starts[l]!); }}>{l === "shell" ? "Shell" : l === "python" ? "Python" : "PowerShell"}</Button>)}</div>}
			{empty && readOnly ? <p class="muted">There is no script for this event.</p> : open && <Editor key={event} label={`Script of ${event}`} value={open.text} language={language} readOnly={readOnly} onValue={(v) => d.setText(event, v)} />}
			<p class="hint">Variables: <code>{"{{ NAME }}"}</code> or <code>$NAME</code>; of a box within: <code>{"{{ child.NAME }}"}</code>; of a binding: <code>{"{{ binding.address.private }}"}</code>. Exit code 0 is success, 100 waits for a reboot.</p>
		</section>
	</div>;
}

export function Readme({ d, readOnly }: { d: Draft; readOnly: boolean }) {
	const open = d.texts.readme;
	const [trouble, setTrouble] = useState("");

	useEffect(() => { d.openText("readme").catch((e) => setTrouble(e.message)); }, [d.draft?.readme?.url, !open]);
	if (trouble)
		return <Note kind="bad">{trouble}</Note>;
	if (!open)
		return <Spin what="Reading…" />;
	return <div class={readOnly ? "stack" : "halves"}>
		{!readOnly && <section class="card pad stack"><h2>Text</h2><Editor label="Readme" value={open.text} language="plain" onValue={(v) => d.setText("readme", v)} /><p class="hint">Markdown: headings, lists, emphasis, code, links.</p></section>}
		<section class="card pad stack"><h2>Preview</h2>{open.text ? <Markdown text={open.text} /> : <Empty icon="info" title="No readme">What should people know before they deploy it?</Empty>}</section>
	</div>;
}
