/* The certificate that browsers see: the appliance's own, or one of another authority, from its request to its trial. */
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { useRead } from "../lib/data";
import { call, save } from "../lib/http";
import { plural, when } from "../lib/text";
import { Area, Button, Check, Copy, Facts, Field, Note, Select, Spin, State, Tags, Time, Words } from "../parts/basic";
import { ask, attempt, toast, useForm } from "../parts/dialog";

interface Seen { subject: string; issuer: string; fingerprint: string; not_before: string; not_after: string; names: string[]; rooted: boolean; chain: { subject: string; issuer: string; not_after: string }[]; warnings: string[] }
interface Request { created: string; fresh: boolean; names: string[]; pem: string }
interface Answer { source: "appliance" | "uploaded"; seconds_left?: number; appliance_names: string[]; certificate: Seen; request?: Request }

const WHERE = "/services/appliance/certificate";
const TRIALS = [{ value: "120", label: "2 minutes, then it goes back" }, { value: "600", label: "10 minutes, then it goes back" }, { value: "3600", label: "an hour, then it goes back" }, { value: "0", label: "for good, at once" }];

const View = ({ c }: { c: Seen }) => <Facts rows={[["Issued to", c.subject], ["Issued by", c.issuer], ["For", <Words words={c.names} />], ["Valid from", when(c.not_before)], ["Valid until", <>{when(c.not_after)} (<Time at={c.not_after} />)</>],
	["Chain", <ol class="chain">{c.chain.map((x, i) => <li key={i}>{x.subject} <span class="muted">until {when(x.not_after)}</span></li>)}{!c.rooted && <li class="muted">{c.chain[c.chain.length - 1]?.issuer} (not in it)</li>}</ol>]]} />;

/* Shown now: whose it is, and while it is on trial, the way to keep it and the way back. */
function Shown({ a, onDone }: { a: Answer; onDone: () => void }) {
	const c = a.certificate, [until, set] = useState(0), [now, tick] = useState(Date.now()), trial = useRef(false);
	const left = Math.max(0, Math.ceil((until - now) / 1000));
	const answer = (method: string, done: string) => async () => { await call(method, `${WHERE}/confirm`, method === "POST" ? {} : undefined); trial.current = false; toast(done); onDone(); };
	const keep = useForm(answer("POST", "The certificate is kept")), back = useForm(answer("DELETE", "The former certificate is shown again"));
	const own = async () => { if (await ask({ title: "Show the appliance's own certificate again?", text: <p>Browsers that do not trust its authority will warn. The uploaded certificate and its key are removed; agents are not concerned.</p>, yes: "Show its own" }) && await attempt(() => call("DELETE", WHERE), "The appliance's own certificate is shown again")) onDone(); };

	useEffect(() => {
		if (trial.current && !a.seconds_left)
			toast("Not kept in time: the former certificate is shown again", "bad");
		trial.current = !!a.seconds_left;
		tick(Date.now());
		set(a.seconds_left ? Date.now() + a.seconds_left * 1000 : 0);
	}, [a]);
	useEffect(() => { if (!until) return; const timer = setInterval(() => tick(Date.now()), 250); return () => clearInterval(timer); }, [until]);
	useEffect(() => { if (until && left === 0) onDone(); }, [left]);
	return <section class="card pad stack" aria-labelledby="shown"><div class="row between"><h2 id="shown">Certificate</h2><State kind={a.seconds_left ? "warn" : "good"}>{a.seconds_left ? "on trial" : a.source === "uploaded" ? "of another authority" : "the appliance's own"}</State></div>
		<p class="muted">Browsers see this certificate. Its SHA-256 fingerprint also stands on the screen of the virtual machine.</p>
		{!!a.seconds_left && <Note kind="warn"><div class="stack tight"><span>It goes back by itself in <b class="countdown">{left} s</b> unless you keep it. <a href="/" target="_blank" rel="noopener">Open the appliance in a new window</a>, best a private one, and see that the browser trusts it.</span>
			<div class="row"><Button kind="primary" busy={keep.busy} onClick={() => void keep.run()}>Keep it</Button><Button busy={back.busy} onClick={() => void back.run()}>Go back now</Button></div></div></Note>}
		<p class="error" role="alert">{keep.error || back.error}</p>
		<div class="row"><span class="fingerprint grow">{c.fingerprint}</span><Copy text={c.fingerprint} label="Copy the fingerprint" /></div>
		<View c={c} />
		{a.source === "uploaded" && c.warnings.map((w) => <Note kind="warn" key={w}>{w}</Note>)}
		{a.source === "uploaded" ? <Note>It is not renewed by itself: have a new one issued and upload it before it ends.</Note> : <Note>It is renewed by itself, and issued anew when the host name or an address changes.</Note>}
		{a.source === "uploaded" && !a.seconds_left && <div><Button onClick={() => void own()}>Show the appliance's own again</Button></div>}</section>;
}

function Asked({ r, onDone }: { r: Request; onDone: () => void }) {
	const forget = async () => { if (await ask({ title: "Give the request up?", text: <p>{r.fresh ? "Its key is removed: a certificate that is issued for it can no longer be used." : "Its key is in use and stays."}</p>, yes: "Give it up" }) && await attempt(() => call("DELETE", `${WHERE}/request`), "The request is given up")) onDone(); };

	return <><p class="muted">Have it signed by your authority, then upload what comes back. The key stays in the appliance.</p>
		<Facts rows={[["Made", <Time at={r.created} />], ["For", <Words words={r.names} />], ["Key", r.fresh ? "a new one" : "the one in use"]]} />
		<Area label="Request (PKCS #10)" mono readOnly rows={6} value={r.pem} />
		<div class="row"><Copy text={r.pem} label="Copy the request" /><Button icon="download" onClick={() => save(`${r.names[0]}.csr`, new Blob([r.pem], { type: "application/x-pem-file" }))}>Download</Button><Button kind="quiet" onClick={() => void forget()}>Give it up</Button></div></>;
}

function Ask({ a, onDone }: { a: Answer; onDone: () => void }) {
	const [v, set] = useState({ names: a.appliance_names, organization: "", country: "", fresh: true });
	const form = useForm(async () => {
		await call("POST", `${WHERE}/request`, { names: v.names, fresh: v.fresh, ...(v.organization.trim() ? { organization: v.organization.trim() } : {}), ...(v.country.trim() ? { country: v.country.trim() } : {}) });
		toast("The request is made");
		onDone();
	});

	return <form class="stack" noValidate onSubmit={(e) => { e.preventDefault(); if (v.names.length) void form.run(); }}>
		<p class="muted">A request for your own authority, or a public one. Its key is made here and never leaves.</p>
		<Tags label="Host names and addresses" value={v.names} onValue={(names) => set({ ...v, names })} hint="The first one is also the common name." />
		<div class="form-grid"><Field label="Organization" optional maxLength={64} value={v.organization} onValue={(organization) => set({ ...v, organization })} />
			<Field label="Country" optional maxLength={2} placeholder="DE" value={v.country} onValue={(country) => set({ ...v, country: country.toUpperCase() })} /></div>
		<Check label="With a new key" checked={v.fresh} onValue={(fresh) => set({ ...v, fresh })} hint="else for the key that is in use, to renew" />
		<p class="error" role="alert">{form.error}</p><div><Button type="submit" busy={form.busy} why={v.names.length ? "" : "Enter a name or an address."}>Make a request</Button></div></form>;
}

/* Looked at first; what the appliance found stands beside the button that shows it. */
function Upload({ onDone }: { onDone: () => void }) {
	const [pem, setPem] = useState(""), [seen, setSeen] = useState<Seen | null>(null), [accept, setAccept] = useState(false), [seconds, setSeconds] = useState("600"), id = useId();
	const take = (text: string) => { setPem(text); setSeen(null); setAccept(false); check.setError(""); show.setError(""); };
	const check = useForm(async () => setSeen(await call<Seen>("POST", WHERE, { certificate: pem, check: true })));
	const show = useForm(async () => {
		await call("POST", WHERE, { certificate: pem, accept, seconds: Number(seconds) });
		take("");
		toast(seconds === "0" ? "The certificate is shown" : "The certificate is shown, on trial");
		onDone();
	});
	const files = async (list: FileList | null) => { const texts = await Promise.all([...list ?? []].map((f) => f.text())); if (texts.length) take(texts.join("\n")); };

	return <section class="card pad stack" aria-labelledby="upload"><h2 id="upload">Upload a certificate</h2>
		<p class="muted">The certificate and those of the authorities above it, as PEM, in any order. It is checked before anything changes.</p>
		<div class="field"><label for={id}>From files</label><input id={id} class="input" type="file" multiple accept=".pem,.crt,.cer,.txt" onChange={(e) => void files(e.currentTarget.files)} /></div>
		<Area label="Certificates (PEM)" mono rows={6} value={pem} onValue={take} />
		<p class="error" role="alert">{check.error}</p>
		<div><Button kind={seen ? "" : "primary"} busy={check.busy} why={pem.trim() ? "" : "Choose files or paste the certificates."} onClick={() => void check.run()}>Check it</Button></div>
		{seen && <div class="stack" role="group" aria-label="What was found"><Note kind={seen.warnings.length ? "warn" : "good"}>{seen.warnings.length ? `It can be used, with ${plural(seen.warnings.length, "warning")}.` : "It can be used."}</Note>
			{seen.warnings.map((w) => <Note kind="warn" key={w}>{w}</Note>)}
			<View c={seen} />
			{!!seen.warnings.length && <Check label="Use it in spite of this" checked={accept} onValue={setAccept} />}
			<Select label="Show it" value={seconds} choices={TRIALS} onValue={setSeconds} hint="On trial it goes back by itself, or at a restart, unless you keep it: nobody is shut out by a wrong one." />
			<p class="error" role="alert">{show.error}</p>
			<div><Button kind="primary" busy={show.busy} why={seen.warnings.length && !accept ? "Say first that it is used in spite of the warnings." : ""} onClick={() => void show.run()}>Show it</Button></div></div>}
	</section>;
}

export function Certificate({ agentsName }: { agentsName: string }) {
	const read = useRead<Answer>(WHERE, (e) => e.kind.startsWith("appliance.")), a = read.value;

	if (!a)
		return read.error ? <Note kind="bad">{read.error}</Note> : <Spin what="Reading…" />;
	return <div class="two-columns"><div class="stack"><Shown a={a} onDone={read.reload} /><Upload onDone={read.reload} /></div>
		<div class="stack"><section class="card pad stack" aria-labelledby="request"><h2 id="request">Request for another authority</h2>{a.request ? <Asked r={a.request} onDone={read.reload} /> : <Ask a={a} onDone={read.reload} />}</section>
			<section class="card pad stack"><h2>The appliance's authority</h2><p class="muted">Browsers and clients that trust it accept each certificate that the appliance makes for itself. Agents trust nothing else, whatever browsers see.</p>
				<div class="row"><Button icon="download" href="/services/appliance/ca">CA certificate</Button><Button icon="download" href="/services/appliance/crl">Revocation list</Button></div>
				<Facts rows={[["Agents' name", <code>{agentsName || "–"}</code>]]} /></section></div></div>;
}
