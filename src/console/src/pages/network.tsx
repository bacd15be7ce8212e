/* How the machine's network is set. A change goes back by itself unless confirmed: whoever shut himself out cannot confirm. */
import { useEffect, useState } from "preact/hooks";
import { useRead } from "../lib/data";
import { call } from "../lib/http";
import { timeOf } from "../lib/text";
import { Button, Facts, Field, Note, Select, Spin } from "../parts/basic";
import { toast, useForm } from "../parts/dialog";

interface Net { mode: string; interface?: string; address?: string; router?: string; dns?: string[]; trial: { change: string; until: string } | null }

const POLL = 2000;
const words = (s: string) => s.split(/[\s,]+/).filter(Boolean);
const formOf = (n: Net) => ({ mode: n.mode, interface: n.interface ?? "", address: n.address ?? "", router: n.router ?? "", dns: (n.dns ?? []).join(" ") });

export function Network({ addresses }: { addresses: string[] }) {
	const read = useRead<Net>("/services/appliance/network", (e) => e.kind === "appliance.network");
	const [v, set] = useState<ReturnType<typeof formOf> | null>(null);
	const [trial, setTrial] = useState<{ change: string; until: number; kept: boolean } | null>(null);
	const [now, tick] = useState(Date.now());
	const left = trial ? Math.max(0, Math.ceil((trial.until - now) / 1000)) : 0;
	const change = useForm(async () => {
		const a = await call("POST", "/services/appliance/network", v!.mode === "static" ? { ...v, dns: words(v!.dns) } : { mode: "dhcp" });
		setTrial({ change: a.change, until: Date.now() + a.seconds * 1000, kept: false });
	});
	const confirm = useForm(async () => { await call("POST", "/services/appliance/network/confirm", { change: trial!.change }); setTrial({ ...trial!, kept: true }); });

	// somebody else's trial, or ours after a new sign-in at the new address
	useEffect(() => {
		const t = read.value?.trial;
		if (t && t.change !== trial?.change)
			setTrial({ change: t.change, until: timeOf(t.until)?.getTime() ?? Date.now(), kept: false });
		else if (!t && trial && (trial.kept || left === 0)) {
			toast(trial.kept ? "The network is kept" : "Not confirmed in time: the former network is back", trial.kept ? "good" : "bad");
			setTrial(null);
			set(null);
		}
	}, [read.value, left]);
	useEffect(() => { if (!trial) return; const timers = [setInterval(() => tick(Date.now()), 250), setInterval(read.reload, POLL)]; return () => timers.forEach(clearInterval); }, [trial]);
	if (!read.value)
		return <section class="card pad stack"><h2>Network</h2>{read.error ? <Note kind="bad">{read.error}</Note> : <Spin what="Reading…" />}</section>;
	const f = v ?? formOf(read.value), field = (name: keyof typeof f) => ({ name, autocomplete: "off", value: f[name], onValue: (x: string) => set({ ...f, [name]: x }) });
	const host = f.address.split("/")[0];

	return <form class="card pad stack" noValidate onSubmit={(e) => { e.preventDefault(); void change.run(); }}><h2>Network</h2>
		<Facts rows={[["Addresses now", addresses.map((a) => <div key={a} class="mono">{a}</div>)]]} />
		<Select label="How it is set" value={f.mode} onValue={(mode) => set({ ...f, mode })} choices={[{ value: "dhcp", label: "By DHCP" }, { value: "static", label: "By hand" }]} />
		{f.mode === "static" && <>
			<Field label="Address with prefix length" {...field("address")} mono hint="as 10.0.0.5/24" />
			<Field label="Gateway" {...field("router")} mono optional />
			<Field label="Name servers, separated by blanks" {...field("dns")} mono optional hint="At most three." />
			<Field label="Network card" {...field("interface")} mono optional hint="Without one, the first card." /></>}
		{trial && !trial.kept && <Note kind="warn"><div class="row between"><span>On trial. The former network comes back in <b class="countdown">{left} s</b> unless you confirm.{f.mode === "static" && host && !addresses.includes(host) ? <> If this page loses the appliance, open <a href={`https://${host.includes(":") ? `[${host}]` : host}/#/appliance/settings`}>{host}</a> and confirm there.</> : null}</span>
			<Button kind="primary" busy={confirm.busy} onClick={() => void confirm.run()}>Keep it</Button></div></Note>}
		<p class="error" role="alert">{change.error || confirm.error}</p>
		<div class="row"><Button type="submit" busy={change.busy} why={trial ? "A change is on trial." : v === null ? "Nothing is changed." : ""}>Apply for two minutes</Button>{v !== null && !trial && <Button kind="quiet" onClick={() => set(null)}>Discard</Button>}</div></form>;
}
