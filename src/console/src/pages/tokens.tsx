import { useState } from "preact/hooks";
import { useRead } from "../lib/data";
import { call, q } from "../lib/http";
import { plural, timeOf, when } from "../lib/text";
import { Button, Copy, Empty, Field, Note, PageHead, Select, Spin, Time } from "../parts/basic";
import { ask, attempt, Dialog, FormDialog } from "../parts/dialog";

const DAY = 86400;

function NewToken({ onClose, onMade }: { onClose: () => void; onMade: (t: any) => void }) {
	const [description, setDescription] = useState("");
	const [type, setType] = useState("opaque");
	const [expires, setExpires] = useState("0");

	return <FormDialog title="New token" submit="Create" why={description.trim() ? "" : "Say what it is for."} onClose={onClose} onSubmit={async () => onMade(await call("POST", "/services/tokens", { description: description.trim(), ...(type === "jwt" ? { type } : {}), expires: Number(expires) }))}>
		<Field label="What it is for" value={description} onValue={setDescription} maxLength={255} autofocus required placeholder="nightly build" />
		<div class="form-grid"><Select label="Kind" value={type} onValue={setType} choices={[{ value: "opaque", label: "Plain (ElasticBox-Token)" }, { value: "jwt", label: "JWT with claims (Bearer)" }]} />
			<Select label="Ends" value={expires} onValue={setExpires} choices={[{ value: "0", label: "Never" }, { value: String(DAY), label: "After a day" }, { value: String(30 * DAY), label: "After 30 days" }, { value: String(365 * DAY), label: "After a year" }]} /></div>
	</FormDialog>;
}

export function Tokens() {
	const read = useRead<any[]>("/services/tokens", (e) => e.kind.startsWith("token."));
	const [making, make] = useState(false);
	const [made, setMade] = useState<any>(null);
	const revoke = async (t: any) => { if (await ask({ title: "Revoke this token?", text: `The next request with “${t.description || t.id}” is refused.`, yes: "Revoke" }) && await attempt(() => call("DELETE", `/services/tokens/${q(t.id)}`), "Revoked")) read.reload(); };

	return <>
		<PageHead title="Tokens" lead="For programs that act as you: command line tools, build servers, scripts." actions={<Button kind="primary" icon="plus" why={(read.value?.length ?? 0) >= 50 ? "There are 50 already." : ""} onClick={() => make(true)}>New token</Button>} />
		<section class="card">{read.error ? <div class="pad"><Note kind="bad">{read.error}</Note></div> : !read.value ? <div class="pad"><Spin what="Reading…" /></div> : read.value.length === 0 ? <Empty icon="tokens" title="No tokens yet" action={<Button icon="plus" onClick={() => make(true)}>New token</Button>} /> :
			<div class="scroll-x" tabIndex={0} role="region" aria-label="Tokens"><table class="plain"><thead><tr><th>What for</th><th>Value</th><th>Kind</th><th>Made</th><th>Last used</th><th>Ends</th><th><span class="sr">Actions</span></th></tr></thead><tbody>{read.value.map((t) => <tr key={t.id}><th scope="row">{t.description || <span class="faint">without a word</span>}</th><td class="mono">{t.value}</td><td>{t.type}</td><td class="nowrap"><Time at={t.created} /></td><td class="nowrap"><Time at={t.last_used} /></td><td class="nowrap">{timeOf(t.expires) ? <Time at={t.expires} /> : "never"}</td><td><Button kind="quiet" icon="trash" label={`Revoke ${t.description || t.id}`} onClick={() => void revoke(t)} /></td></tr>)}</tbody></table></div>}
			{read.value && read.value.length > 0 && <p class="pad hint">{plural(read.value.length, "token")} of 50.</p>}</section>
		{making && <NewToken onClose={() => make(false)} onMade={(t) => { setMade(t); read.reload(); }} />}
		{made && <Dialog title="Your new token" onClose={() => setMade(null)}><div class="body"><Note kind="warn">Copy it now: it is not shown again{timeOf(made.expires) ? `, and ends ${when(made.expires)}` : ""}.</Note><p class="secret-once">{made.value}</p><div class="actions"><Copy text={made.value} label="Copy the token" /><Button kind="primary" onClick={() => setMade(null)}>Done</Button></div></div></Dialog>}
	</>;
}
