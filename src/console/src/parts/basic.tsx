/* Buttons, fields, states: the small things every page is made of. */
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { ago, when } from "../lib/text";
import { Icon } from "./icon";

export interface ButtonProps {
	kind?: "primary" | "danger" | "quiet" | ""; icon?: string; busy?: boolean; why?: string; onClick?: (e: MouseEvent) => void; type?: "button" | "submit";
	label?: string; pressed?: boolean; children?: ComponentChildren; href?: string; expanded?: boolean; id?: string; class?: string;
}

/* A button that cannot be used now says why, and stays reachable. */
export function Button({ kind = "", icon, busy, why, onClick, type = "button", label, pressed, children, href, expanded, id, class: more = "" }: ButtonProps) {
	const off = !!why || busy;
	const name = `button ${kind} ${icon && !children ? "icon-only" : ""} ${more}`;
	const inside = <>{busy ? <span class="spin" /> : icon && <Icon name={icon} />}{children}</>;

	if (href)
		return <a class={name} href={href} aria-label={label} title={label}>{inside}</a>;
	return <button id={id} type={type} class={name} aria-label={label} title={why || label} aria-disabled={off ? "true" : undefined} aria-pressed={pressed}
		aria-expanded={expanded} aria-haspopup={expanded === undefined ? undefined : "true"}
		onClick={(e) => { if (off) e.preventDefault(); else onClick?.(e); }}>{inside}{why && <span class="sr">: {why}</span>}</button>;
}

export const Spin = ({ what }: { what: string }) => <p class="row muted" role="status"><span class="spin" />{what}</p>;

type InputProps = Omit<JSX.IntrinsicElements["input"], "onInput" | "onChange"> & { onValue?: (v: string) => void };
interface FieldProps extends InputProps { label: string; hint?: ComponentChildren; error?: string; optional?: boolean; after?: ComponentChildren; mono?: boolean }

export function Field({ label, hint, error, optional, after, onValue, mono, class: more, ...rest }: FieldProps) {
	const id = useId();
	const reveal = rest.type === "password";
	const [shown, show] = useState(false);
	const input = <input id={id} class={`input ${mono ? "mono" : ""} ${more ?? ""}`} aria-invalid={error ? "true" : undefined}
		aria-describedby={`${hint ? `${id}-hint ` : ""}${id}-error`} spellcheck={false} {...rest} type={reveal && shown ? "text" : rest.type ?? "text"}
		onInput={(e) => onValue?.(e.currentTarget.value)} />;

	return <div class="field">
		<label for={id}>{label}{optional && <span class="optional"> (optional)</span>}</label>
		{reveal || after ? <div class="reveal">{input}{reveal && <Button kind="quiet" pressed={shown} onClick={() => show(!shown)} label={shown ? "Hide password" : "Show password"}>{shown ? "Hide" : "Show"}</Button>}{after}</div> : input}
		{hint && <p id={`${id}-hint`} class="hint">{hint}</p>}
		<p id={`${id}-error`} class="error" aria-live="polite">{error}</p>
	</div>;
}

export function Area({ label, hint, error, optional, value, onValue, rows = 4, mono, maxLength, readOnly }: { label: string; hint?: ComponentChildren; error?: string; optional?: boolean; value: string; onValue?: (v: string) => void; rows?: number; mono?: boolean; maxLength?: number; readOnly?: boolean }) {
	const id = useId();

	return <div class="field">
		<label for={id}>{label}{optional && <span class="optional"> (optional)</span>}</label>
		<textarea id={id} class={`input ${mono ? "mono" : ""}`} rows={rows} value={value} maxLength={maxLength} readOnly={readOnly} aria-invalid={error ? "true" : undefined}
			aria-describedby={`${id}-error`} spellcheck={!mono} onInput={(e) => onValue?.(e.currentTarget.value)} />
		{hint && <p class="hint">{hint}</p>}
		<p id={`${id}-error`} class="error" aria-live="polite">{error}</p>
	</div>;
}

export type Choice = string | { value: string; label: string; disabled?: boolean };

export function Select({ label, value, choices, onValue, hint, error, bare, disabled }: { label: string; value: string; choices: Choice[]; onValue: (v: string) => void; hint?: ComponentChildren; error?: string; bare?: boolean; disabled?: boolean }) {
	const id = useId();
	const select = <select id={id} class="input" value={value} disabled={disabled} aria-label={bare ? label : undefined} aria-describedby={hint ? `${id}-hint` : undefined} aria-invalid={error ? "true" : undefined}
		onChange={(e) => onValue(e.currentTarget.value)}>
		{choices.map((c) => typeof c === "string" ? <option key={c} value={c}>{c}</option> : <option key={c.value} value={c.value} disabled={c.disabled}>{c.label}</option>)}
	</select>;

	return bare ? select : <div class="field"><label for={id}>{label}</label>{select}{hint && <p id={`${id}-hint`} class="hint">{hint}</p>}<p class="error" aria-live="polite">{error}</p></div>;
}

export function Check({ label, checked, onValue, hint, disabled }: { label: ComponentChildren; checked: boolean; onValue: (v: boolean) => void; hint?: ComponentChildren; disabled?: boolean }) {
	return <label class="check"><input type="checkbox" checked={checked} disabled={disabled} onChange={(e) => onValue(e.currentTarget.checked)} /><span>{label}{hint && <span class="hint"> {hint}</span>}</span></label>;
}

/* Words that are typed one by one. */
export function Tags({ label, value, onValue, hint, readOnly, suggestions = [] }: { label: string; value: string[]; onValue?: (v: string[]) => void; hint?: ComponentChildren; readOnly?: boolean; suggestions?: string[] }) {
	const id = useId();
	const [text, set] = useState("");
	const add = () => {
		const word = text.trim();
		if (word && !value.includes(word))
			onValue?.([...value, word]);
		set("");
	};

	if (readOnly)
		return <div class="field"><span class="label">{label}</span><Words words={value} none="none" /></div>;
	return <div class="field">
		<label for={id}>{label}</label>
		<div class="tag-input tags">
			{value.map((w) => <span class="tag" key={w}>{w}<button type="button" aria-label={`Remove ${w}`} onClick={() => onValue?.(value.filter((x) => x !== w))}>×</button></span>)}
			<input id={id} value={text} list={suggestions.length ? `${id}-list` : undefined} autocomplete="off" onInput={(e) => set(e.currentTarget.value)} onBlur={add} placeholder={value.length ? "" : "Type and press Enter"}
				onKeyDown={(e) => {
					if ((e.key === "Enter" || e.key === ",") && text.trim()) { e.preventDefault(); add(); }
					else if (e.key === "Backspace" && !text && value.length) onValue?.(value.slice(0, -1));
				}} />
			{suggestions.length > 0 && <datalist id={`${id}-list`}>{suggestions.map((s) => <option key={s} value={s} />)}</datalist>}
		</div>
		{hint && <p class="hint">{hint}</p>}
	</div>;
}

export const Words = ({ words, none = "", kind = "" }: { words: string[]; none?: string; kind?: string }) => words.length
	? <span class="tags">{words.map((w) => <span class={`tag ${kind}`} key={w}>{w}</span>)}</span> : <span class="faint">{none}</span>;

export const State = ({ kind, children }: { kind: string; children: ComponentChildren }) => <span class={`state ${kind}`}>{children}</span>;

export function Note({ kind = "", children }: { kind?: "" | "warn" | "bad" | "good"; children: ComponentChildren }) {
	return <div class={`note ${kind}`} role={kind === "bad" ? "alert" : undefined}><Icon name={kind === "good" ? "check" : kind ? "alert" : "info"} /><div class="grow">{children}</div></div>;
}

export function Empty({ icon, title, children, action }: { icon: string; title: string; children?: ComponentChildren; action?: ComponentChildren }) {
	return <div class="empty"><Icon name={icon} /><h2>{title}</h2>{children && <p>{children}</p>}{action}</div>;
}

/* How long ago; the moment itself on request. Goes on by itself. */
export function Time({ at }: { at: string | number | null | undefined }) {
	const [, turn] = useState(0);

	useEffect(() => {
		const timer = setInterval(() => turn((n) => n + 1), 15000);
		return () => clearInterval(timer);
	}, []);
	return at ? <time title={when(at)}>{ago(at)}</time> : <span class="faint">never</span>;
}

export function Copy({ text, label = "Copy" }: { text: string; label?: string }) {
	const [done, set] = useState(false);

	return <Button kind="quiet" icon={done ? "check" : "copy"} label={label} onClick={async () => {
		try {
			await navigator.clipboard.writeText(text);
			set(true);
			setTimeout(() => set(false), 1500);
		} catch { /* without the permission the text can still be marked */ }
	}}><span class="sr" role="status">{done ? "Copied" : ""}</span></Button>;
}

export const Facts = ({ rows }: { rows: (false | null | undefined | [string, ComponentChildren])[] }) =>
	<dl class="facts">{rows.filter((r): r is [string, ComponentChildren] => !!r).map(([k, v]) => <div style={{ display: "contents" }} key={k}><dt>{k}</dt><dd>{v}</dd></div>)}</dl>;

/* A window that was just opened begins at its top, with the way past the navigation. */
let fresh = true;

/* The heading takes the focus when one comes to the page, so that it is read and the tab key goes on from there. */
export function PageHead({ title, lead, crumb, actions, before, name }: { title: string; lead?: ComponentChildren; crumb?: [string, string][]; actions?: ComponentChildren; before?: ComponentChildren; name?: string }) {
	const h = useRef<HTMLHeadingElement>(null);

	useEffect(() => { document.title = `${name ?? title} – Cloud Application Manager`; }, [title, name]);
	useEffect(() => {
		if (!fresh && (!document.activeElement || document.activeElement === document.body))
			h.current?.focus({ preventScroll: true });
		fresh = false;
	}, []);
	return <div class="page-head">
		<div class="title">{before}<div class="grow">
			{crumb && <nav class="crumb" aria-label="Where this is">{crumb.map(([text, href]) => <span key={href}><a href={href}>{text}</a> ›</span>)}</nav>}
			<h1 tabIndex={-1} ref={h}>{title}</h1>
			{lead && <div class="lead">{lead}</div>}
		</div></div>
		{actions && <div class="row">{actions}</div>}
	</div>;
}

export function Tabs({ tabs, at, base }: { tabs: ([string, string, (number | string)?] | false)[]; at: string; base: string }) {
	return <nav class="tabs" aria-label="Parts of this page">{tabs.filter((t): t is [string, string, (number | string)?] => !!t).map(([id, text, count]) =>
		<a key={id} href={id ? `${base}/${id}` : base} aria-current={at === id ? "page" : undefined}>{text}{count !== undefined && <span class="count">{count}</span>}</a>)}</nav>;
}
