import { useState } from "preact/hooks";
import { call } from "../lib/http";
import { scheme, type Scheme } from "../lib/scheme";
import { organization, user } from "../lib/session";
import { when } from "../lib/text";
import { Button, Facts, Field, PageHead, Select } from "../parts/basic";
import { toast, useForm } from "../parts/dialog";
import { passwordError, PasswordFields } from "./outside";

export function Me() {
	const me = user.value as any;
	const [v, set] = useState({ present: "", password: "", again: "" });
	const [errors, setErrors] = useState<Record<string, string>>({});
	const form = useForm(async () => { await call("PUT", "/services/users/password", { password: v.present, new_password: v.password }); set({ present: "", password: "", again: "" }); toast("Your password is changed; other sessions have ended"); });

	return <>
		<PageHead title="Your account" />
		<div class="cards">
			<section class="card pad stack"><h2>{me.name || me.email}</h2><Facts rows={[["E-mail", me.email], ["Organization", organization.value?.display_name ?? me.organization], ["Identity", <code>{me.id}</code>], !!me.last_login && ["Signed in", when(me.last_login)]]} />
				<Select label="Colours" value={scheme.value} onValue={(x) => { scheme.value = x as Scheme; }} choices={[{ value: "system", label: "As the system" }, { value: "light", label: "Light" }, { value: "dark", label: "Dark" }]} /></section>
			<section class="card pad"><form class="stack" noValidate onSubmit={(e) => {
				e.preventDefault();
				const wrong = { present: v.present ? "" : "Enter your present password.", password: passwordError(v.password), again: v.again === v.password ? "" : "The two passwords differ." };
				setErrors(wrong);
				if (!Object.values(wrong).some(Boolean))
					void form.run();
			}}><h2>Password</h2><input type="text" name="username" autocomplete="username" value={me.email} hidden readOnly />
				<Field label="Present password" type="password" autocomplete="current-password" value={v.present} onValue={(present) => set({ ...v, present })} error={errors.present} />
				<PasswordFields label="New password" password={v.password} repeated={v.again} onPassword={(password) => set({ ...v, password })} onRepeated={(again) => set({ ...v, again })} errors={errors} />
				<p class="error" role="alert">{form.error}</p><div><Button type="submit" busy={form.busy}>Change password</Button></div></form></section>
		</div>
	</>;
}
