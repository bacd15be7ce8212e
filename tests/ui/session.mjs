// A session that ends under the hands: what was typed stays, and goes on after signing in again.
import { api, axe, check, EMAIL, go, keepSession, open, out, PASSWORD } from "./browser.mjs";

export async function session(world) {
	const page = await open(`#/boxes/${world.hello}`), other = await open("");

	await page.getByLabel("Description").fill("typed before the end");
	await api(other, "POST", "/services/security/signout", {});
	// the socket ends with the session: one is asked at once
	const dialog = page.getByRole("dialog", { name: "Your session has ended" });
	await dialog.waitFor();
	const found = await axe(page);
	check("axe: the session has ended", !found.length, found.join(" | "));
	await page.screenshot({ path: `${out}/session-ended-light-1440.png` });
	await dialog.getByLabel("Password", { exact: true }).fill("wrong password");
	await dialog.getByRole("button", { name: "Sign in" }).click();
	await dialog.getByText("is wrong").waitFor();
	await dialog.getByLabel("Password", { exact: true }).fill(PASSWORD);
	await dialog.getByRole("button", { name: "Sign in" }).click();
	await dialog.waitFor({ state: "hidden" });
	check("what was typed is still there after signing in again", await page.getByLabel("Description").inputValue() === "typed before the end");
	await page.getByRole("button", { name: "Save", exact: true }).click();
	await page.getByText("Saved").first().waitFor();
	check("and is saved", (await api(page, "GET", `/services/boxes/${world.hello}`)).description === "typed before the end");
	await keepSession(page.context());

	const fresh = await open("", { fresh: true });
	await fresh.getByRole("heading", { name: "Sign in" }).waitFor();
	const there = await axe(fresh);
	check("axe: signing in", !there.length, there.join(" | "));
	await fresh.screenshot({ path: `${out}/signin-light-1440.png` });
	await fresh.getByLabel("E-mail").fill(EMAIL);
	await fresh.getByLabel("Password", { exact: true }).fill(PASSWORD);
	await fresh.keyboard.press("Enter");
	await fresh.getByRole("heading", { name: "Overview" }).waitFor();
	check("signing in opens the console", true);
	await fresh.context().close();

	// an invitation, by its link
	await go(page, "#/users?new=1");
	await page.getByRole("dialog").getByLabel("E-mail").fill("linus@example.test");
	await page.getByRole("button", { name: "Invite", exact: true }).click();
	const link = await page.locator(".secret-once").innerText();
	const invited = await open(`#/activate?code=${new URL(link).hash.split("code=")[1]}`, { fresh: true });
	await invited.getByRole("heading", { name: /^Welcome/ }).waitFor();
	check("the code of an invitation leaves the address", !invited.url().includes("code="), invited.url());
	const choose = await axe(invited);
	check("axe: choosing a password", !choose.length, choose.join(" | "));
	await invited.getByLabel("Password", { exact: true }).fill("another long password");
	await invited.getByLabel("Password again").fill("another long password");
	await invited.getByRole("button", { name: "Set password and sign in" }).click();
	await invited.getByRole("heading", { name: "Overview" }).waitFor();
	check("an invited user chooses a password and is in", await invited.getByRole("link", { name: "Appliance" }).count() === 0);
	await invited.context().close();
	await page.context().close();
	await other.context().close();
}
