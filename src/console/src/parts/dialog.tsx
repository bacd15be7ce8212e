/* Dialogs, questions, menus and messages at the edge. The browser's <dialog> and popover keep focus and Escape right. */
import { signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { reason } from "../lib/http";
import { Button } from "./basic";
import { Icon } from "./icon";

export function Dialog({ title, onClose, children, wide, class: more = "", modeless }: { title: string; onClose: () => void; children: ComponentChildren; wide?: boolean; class?: string; modeless?: boolean }) {
	const ref = useRef<HTMLDialogElement>(null);
	const id = useId();

	useEffect(() => {
		const back = document.activeElement as HTMLElement | null;
		const dialog = ref.current!;

		if (!dialog.open)
			dialog.showModal();
		return () => {
			dialog.close();
			if (back?.isConnected)
				back.focus();
		};
	}, []);
	return <dialog ref={ref} class={`sheet ${wide ? "wide" : ""} ${more}`} aria-labelledby={id} onCancel={(e) => { e.preventDefault(); onClose(); }}
		onMouseDown={(e) => { if (modeless && e.target === ref.current) onClose(); }}>
		<h2 id={id} class={more ? "sr" : undefined} style={more ? undefined : { padding: "var(--s-5) var(--s-5) 0" }}>{title}</h2>
		{children}
	</dialog>;
}

/* A form in a dialog: busy while it works, a refusal is shown, what was typed stays. */
export function FormDialog({ title, submit, kind = "primary", onSubmit, onClose, children, wide, why }: { title: string; submit: string; kind?: "primary" | "danger"; onSubmit: () => Promise<unknown>; onClose: () => void; children?: ComponentChildren; wide?: boolean; why?: string }) {
	const form = useForm(onSubmit);

	return <Dialog title={title} onClose={onClose} wide={wide}>
		<form method="dialog" noValidate onSubmit={async (e) => { e.preventDefault(); if (!why && await form.run()) onClose(); }}>
			{children}
			<p class="error" role="alert">{form.error}</p>
			<div class="actions"><Button onClick={onClose}>Cancel</Button><Button kind={kind} type="submit" busy={form.busy} why={why}>{submit}</Button></div>
		</form>
	</Dialog>;
}

/* Runs work while it is busy, and keeps what it was refused with. */
export function useForm(work: () => Promise<unknown>): { run: () => Promise<boolean>; busy: boolean; error: string; setError: (e: string) => void } {
	const [busy, setBusy] = useState(false);
	const [error, setError] = useState("");

	return { busy, error, setError, run: async () => {
		if (busy)
			return false;
		setBusy(true);
		setError("");
		try {
			await work();
			return true;
		} catch (e) {
			setError(reason(e));
			return false;
		} finally {
			setBusy(false);
		}
	} };
}

/* ---- questions: await ask({...}) ---- */

interface Question { title: string; text: ComponentChildren; yes: string; kind?: "primary" | "danger"; word?: string; answer: (yes: boolean) => void }
const question = signal<Question | null>(null);

export const ask = (q: Omit<Question, "answer">): Promise<boolean> => new Promise((answer) => {
	question.value = { ...q, answer: (yes) => { question.value = null; answer(yes); } };
});

export function Questions() {
	const q = question.value;
	const [typed, type] = useState("");

	useEffect(() => type(""), [q]);
	if (!q)
		return null;
	const why = q.word && typed !== q.word ? `Type ${q.word} first.` : "";
	return <Dialog title={q.title} onClose={() => q.answer(false)}>
		<form method="dialog" onSubmit={(e) => { e.preventDefault(); if (!why) q.answer(true); }}>
			<div>{q.text}</div>
			{q.word && <div class="field"><label for="question-word">Type <b>{q.word}</b> to go on</label><input id="question-word" class="input" value={typed} autocomplete="off" onInput={(e) => type(e.currentTarget.value)} /></div>}
			<div class="actions"><Button onClick={() => q.answer(false)}>Cancel</Button><Button kind={q.kind ?? "danger"} type="submit" why={why}>{q.yes}</Button></div>
		</form>
	</Dialog>;
}

/* ---- messages at the edge ---- */

interface Toast { id: number; kind: "good" | "bad" | ""; text: string }
const toasts = signal<Toast[]>([]);
let nextToast = 1;

export function toast(text: string, kind: Toast["kind"] = "good"): void {
	const id = nextToast++;

	toasts.value = [...toasts.value.slice(-3), { id, kind, text }];
	setTimeout(() => dismiss(id), kind === "bad" ? 12000 : 5000);
}
const dismiss = (id: number) => { toasts.value = toasts.value.filter((t) => t.id !== id); };
/* Runs work; what it is refused with is said at the edge. */
export async function attempt(work: () => Promise<unknown>, done = ""): Promise<boolean> {
	try {
		await work();
		if (done)
			toast(done);
		return true;
	} catch (e) {
		toast(reason(e), "bad");
		return false;
	}
}

export const Toasts = () => <div class="toasts" role="status" aria-live="polite">{toasts.value.map((t) =>
	<div class={`toast ${t.kind}`} key={t.id}><Icon name={t.kind === "bad" ? "alert" : "check"} /><span class="grow">{t.text}</span><Button kind="quiet" icon="close" label="Dismiss" onClick={() => dismiss(t.id)} /></div>)}</div>;

/* ---- menus ---- */

export interface Item { label?: string; icon?: string; why?: string; danger?: boolean; href?: string; act?: () => void; line?: boolean }

export function Menu({ label, icon, items, kind = "", text, class: more }: { label: string; icon?: string; items: Item[]; kind?: "primary" | "quiet" | ""; text?: ComponentChildren; class?: string }) {
	const [open, set] = useState(false);
	const list = useRef<HTMLDivElement>(null);
	const holder = useRef<HTMLSpanElement>(null);

	useEffect(() => {
		const menu = list.current;
		if (!open || !menu)
			return;
		menu.showPopover();
		const at = holder.current!.getBoundingClientRect(), size = menu.getBoundingClientRect();
		menu.style.left = `${Math.max(8, Math.min(at.left, innerWidth - size.width - 8))}px`;
		menu.style.top = `${at.bottom + 4 + size.height > innerHeight ? Math.max(8, at.top - size.height - 4) : at.bottom + 4}px`;
		menu.querySelector<HTMLElement>("[role=menuitem]")?.focus();
	}, [open]);
	const move = (e: KeyboardEvent) => {
		const all = [...list.current!.querySelectorAll<HTMLElement>("[role=menuitem]")], i = all.indexOf(document.activeElement as HTMLElement);
		const next = { ArrowDown: i + 1, ArrowUp: i - 1 + all.length, Home: 0, End: all.length - 1 }[e.key];

		if (next !== undefined) {
			e.preventDefault();
			all[next % all.length]?.focus();
		} else if (e.key === "Tab") {
			set(false);
		}
	};
	const close = () => { set(false); holder.current?.querySelector("button")?.focus(); };
	return <span ref={holder} class="holder">
		<Button kind={kind} icon={icon} label={text ? undefined : label} expanded={open} onClick={() => set(!open)} class={more}>{text}</Button>
		{open && <div ref={list} class="menu" popover="auto" role="menu" aria-label={label} onKeyDown={move} onToggle={(e) => { if ((e as any).newState === "closed") set(false); }}>
			{items.map((it, i) => it.line ? <hr key={i} /> : it.href
				? <a key={i} role="menuitem" tabIndex={-1} href={it.href} onClick={close}>{it.icon && <Icon name={it.icon} />}{it.label}</a>
				: <button key={i} type="button" role="menuitem" tabIndex={-1} aria-disabled={it.why ? "true" : undefined} class={it.danger && !it.why ? "danger" : ""}
					onClick={() => { if (it.why) return; close(); it.act?.(); }}>{it.icon && <Icon name={it.icon} />}<span>{it.label}{it.why && <span class="why">{it.why}</span>}</span></button>)}
		</div>}
	</span>;
}
