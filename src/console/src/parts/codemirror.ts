import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { bracketMatching, HighlightStyle, indentOnInput, indentUnit, StreamLanguage, syntaxHighlighting } from "@codemirror/language";
import { json } from "@codemirror/legacy-modes/mode/javascript";
import { powerShell } from "@codemirror/legacy-modes/mode/powershell";
import { python } from "@codemirror/legacy-modes/mode/python";
import { shell } from "@codemirror/legacy-modes/mode/shell";
import { yaml } from "@codemirror/legacy-modes/mode/yaml";
import { highlightSelectionMatches, search, searchKeymap } from "@codemirror/search";
import { Compartment, EditorState } from "@codemirror/state";
import { Decoration, type DecorationSet, drawSelection, EditorView, highlightActiveLine, keymap, lineNumbers, MatchDecorator, ViewPlugin, type ViewUpdate } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import type { Language } from "./editor";

const modes: Record<string, any> = { shell, powershell: powerShell, python, yaml, json };

/* {{ jinja }}, {% jinja %}, {# jinja #} and ${velocity}, #if(…) and #end of it: what is replaced before the script runs. */
const marks = new MatchDecorator({
	regexp: /\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}|\$\{[\w.]+\}|^\s*#(?:if|elseif|foreach|set)\s*\(.*\)|^\s*#(?:end|else)\b/g,
	decoration: Decoration.mark({ class: "cm-template" }),
});
const templates = ViewPlugin.fromClass(class {
	decorations: DecorationSet;
	constructor(view: EditorView) { this.decorations = marks.createDeco(view); }
	update(u: ViewUpdate) { this.decorations = marks.updateDeco(u, this.decorations); }
}, { decorations: (v) => v.decorations });

const style = syntaxHighlighting(HighlightStyle.define([
	{ tag: [tags.keyword, tags.controlKeyword, tags.operatorKeyword, tags.definitionKeyword], color: "var(--code-key)" },
	{ tag: [tags.string, tags.special(tags.string), tags.quote], color: "var(--code-string)" },
	{ tag: [tags.comment, tags.meta, tags.processingInstruction], color: "var(--code-comment)" },
	{ tag: [tags.number, tags.bool, tags.atom], color: "var(--code-number)" },
	{ tag: [tags.variableName, tags.definition(tags.variableName), tags.propertyName, tags.attributeName], color: "var(--code-name)" },
	{ tag: [tags.standard(tags.variableName)], color: "var(--code-number)" },
]));

const theme = (height: string) => EditorView.theme({
	"&": { height, backgroundColor: "var(--sunken)", color: "var(--text)", fontSize: "13px" },
	"&.cm-focused": { outline: "2px solid var(--focus)", outlineOffset: "-2px" },
	".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.55" },
	".cm-content": { caretColor: "var(--text)" },
	".cm-cursor": { borderLeftColor: "var(--text)" },
	".cm-gutters": { backgroundColor: "var(--sunken)", color: "var(--text-3)", border: "none" },
	".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "color-mix(in srgb, var(--hover) 70%, transparent)" },
	"&.cm-focused .cm-selectionBackground, .cm-selectionBackground": { backgroundColor: "color-mix(in srgb, var(--accent) 28%, transparent) !important" },
	".cm-template": { color: "var(--code-mark)", backgroundColor: "var(--accent-soft)", borderRadius: "3px", fontWeight: "600" },
	".cm-template *": { color: "inherit" },
	".cm-panels": { backgroundColor: "var(--raised)", color: "var(--text)", borderColor: "var(--line)" },
	".cm-panels input, .cm-panels button": { font: "inherit", color: "inherit", background: "var(--surface)", border: "1px solid var(--control)", borderRadius: "4px" },
	".cm-searchMatch": { backgroundColor: "var(--warn-soft)", outline: "1px solid var(--warn)" },
});

export interface EditorHandle { set: (v: string) => void; language: (l: Language) => void; destroy: () => void }

export function makeEditor(root: ShadowRoot, o: { value: string; label: string; language: Language; readOnly: boolean; height: string; onChange: (v: string) => void }): EditorHandle {
	const mode = new Compartment();
	const of = (l: Language) => modes[l] ? StreamLanguage.define(modes[l]) : [];
	let quiet = false;
	const view = new EditorView({
		parent: root as unknown as Element, root,
		state: EditorState.create({
			doc: o.value,
			extensions: [
				lineNumbers(), history(), drawSelection(), indentOnInput(), bracketMatching(), highlightActiveLine(), highlightSelectionMatches(), search({ top: true }),
				indentUnit.of("\t"), EditorState.tabSize.of(4), keymap.of([indentWithTab, ...defaultKeymap, ...historyKeymap, ...searchKeymap]),
				mode.of(of(o.language)), style, templates, theme(o.height), EditorState.readOnly.of(o.readOnly), EditorView.contentAttributes.of({ "aria-label": o.label, tabindex: "0" }),
				EditorView.updateListener.of((u) => { if (u.docChanged && !quiet) o.onChange(u.state.doc.toString()); }),
			],
		}),
	});

	return {
		set: (v) => { quiet = true; view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: v } }); quiet = false; },
		language: (l) => view.dispatch({ effects: mode.reconfigure(of(l)) }),
		destroy: () => view.destroy(),
	};
}
