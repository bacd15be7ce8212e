/* The code editor; its code comes when the first one opens. It lives in a shadow root: there its styles are adopted style
   sheets, which the policy of the pages allows, and not <style> elements, which it does not. */
import { useEffect, useId, useRef, useState } from "preact/hooks";
import type { EditorHandle } from "./codemirror";
import { Spin } from "./basic";

export type Language = "shell" | "powershell" | "python" | "yaml" | "json" | "markdown" | "plain";

export function languageOf(text: string, name = ""): Language {
	const first = text.slice(0, 200).split("\n")[0];

	if (/\.ps1$/i.test(name) || /^#!.*(pwsh|powershell)/i.test(first) || /^\s*(\$ErrorActionPreference|param\s*\(|Write-(Host|Output)|Import-Module|#ps1)/im.test(text.slice(0, 2000)))
		return "powershell";
	if (/\.py$/i.test(name) || /^#!.*python/.test(first))
		return "python";
	if (/\.(ya?ml|template)$/i.test(name))
		return /^\s*[{[]/.test(text) ? "json" : "yaml";
	if (/\.json$/i.test(name))
		return "json";
	return "shell";
}

export function Editor({ value, onValue, label, language = "shell", readOnly, height = "26rem" }: { value: string; onValue?: (v: string) => void; label: string; language?: Language; readOnly?: boolean; height?: string }) {
	const host = useRef<HTMLDivElement>(null);
	const handle = useRef<EditorHandle | null>(null);
	const last = useRef(value);
	// what was typed and may still be on its way back as a value: not a change from outside
	const sent = useRef(new Set<string>());
	const change = useRef(onValue);
	const [failed, setFailed] = useState(false);
	const [ready, setReady] = useState(false);
	const id = useId();

	change.current = onValue;
	useEffect(() => {
		let gone = false;

		import("./codemirror").then(({ makeEditor }) => {
			if (gone || !host.current)
				return;
			const root = host.current.shadowRoot ?? host.current.attachShadow({ mode: "open" });
			handle.current = makeEditor(root, { value: last.current, label, language, readOnly: !!readOnly, height, onChange: (v) => { last.current = v; sent.current.add(v); change.current?.(v); } });
			setReady(true);
		}, () => setFailed(true));
		return () => { gone = true; handle.current?.destroy(); handle.current = null; };
	}, [readOnly, label]);
	useEffect(() => {
		if (value === last.current) {
			sent.current.clear();
		} else if (!sent.current.has(value)) {
			last.current = value;
			handle.current?.set(value);
		}
	}, [value]);
	useEffect(() => handle.current?.language(language), [language, ready]);
	if (failed)
		return <textarea class="input mono" aria-label={label} rows={20} readOnly={readOnly} value={value} onInput={(e) => onValue?.(e.currentTarget.value)} />;
	return <div>{!ready && <Spin what="Opening the editor…" />}<div class="code" ref={host} hidden={!ready} />{ready && !readOnly && <p class="hint" id={id}>Tab indents; Escape, then Tab leaves the editor.</p>}</div>;
}
