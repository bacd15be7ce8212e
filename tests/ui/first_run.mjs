// Setting up: refusals stay in the form, the code opens, the example is made.
import { axe, check, EMAIL, keepSession, open, out, PASSWORD, setupCode } from "./browser.mjs";

export async function firstRun(world) {
	for (const [scheme, width] of [["light", 1440], ["dark", 1440], ["light", 390], ["dark", 390]]) {
		const page = await open("", { fresh: true, colorScheme: scheme, viewport: { width, height: 900 } });
		await page.getByLabel("Setup code").waitFor();
		await page.screenshot({ path: `${out}/setup-${scheme}-${width}.png` });
		if (width === 1440) {
			const found = await axe(page);
			check(`axe: setting up, ${scheme}`, !found.length, found.join(" | "));
		}
		await page.context().close();
	}
	const page = await open("", { fresh: true });
	const submit = page.getByRole("button", { name: "Set up and sign in" });
	await page.getByLabel("Setup code").fill("AAAA-BBBB");
	await page.getByLabel("Organization").fill("Example Works");
	await page.getByLabel("Your name").fill("Ada Lovelace");
	await page.getByLabel("Your e-mail").fill(EMAIL);
	await page.getByLabel("Password", { exact: true }).fill("short");
	await page.getByLabel("Password again").fill("other");
	await submit.click();
	check("the first wrong field gets the focus", await page.getByLabel("Password", { exact: true }).evaluate((e) => e === document.activeElement || new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(e === document.activeElement))))));
	await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
	await page.getByLabel("Password again").fill(PASSWORD);
	await submit.click();
	await page.getByText("The setup code is not right").waitFor();
	check("a refusal keeps what was typed", await page.getByLabel("Organization").inputValue() === "Example Works");
	await page.getByLabel("Setup code").fill((await setupCode()).toLowerCase().replace("-", " "));
	await submit.click();
	await page.getByRole("heading", { name: "This appliance" }).waitFor();
	await page.locator(".fingerprint").filter({ hasText: ":" }).waitFor();
	let found = await axe(page);
	check("axe: host name and certificate", !found.length, found.join(" | "));
	await page.screenshot({ path: `${out}/setup-appliance-light-1440.png` });
	await page.getByRole("button", { name: "Continue" }).click();
	await page.getByRole("heading", { name: "A first example" }).waitFor();
	await page.getByRole("button", { name: "Make it and open the console" }).click();
	await page.getByRole("heading", { name: "Overview" }).waitFor();
	await page.getByText("First steps").waitFor();
	check("the first run ends in the console, with an example", await page.locator(".side .count").allInnerTexts().then((t) => t.join(" ")) === "2 1");
	const kept = await page.evaluate(() => JSON.stringify({ ...localStorage }) + JSON.stringify({ ...sessionStorage }) + document.cookie);
	const cookie = (await page.context().cookies()).find((c) => c.name === "cam_session");
	check("the session is in a cookie that no script reads, and nowhere else", cookie.httpOnly && cookie.secure && cookie.sameSite === "Strict" && !kept.includes(cookie.value) && !page.url().includes(cookie.value), kept);
	await keepSession(page.context());
	world.page = page;
}
