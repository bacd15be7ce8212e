// What a person does in the first minutes, by what is on the screen: a box with a script and a variable, deployed, looked at,
// changed, reconfigured, ended.
import { check, go, note, open, pause } from "./browser.mjs";

const settled = /Online|Unavailable|Shut down|Terminated/;

// Saving, while the appliance's answers are late: what was read before must not come back, what is typed meanwhile must not go.
async function saves(page, editor, box) {
	const unsaved = page.getByRole("region", { name: "Unsaved changes" }), address = `**/services/boxes/${box}`;
	let holding = null;
	// from now on answers to this method are held back
	const late = (method) => {
		const h = { method };
		h.held = new Promise((done) => { h.release = done; });
		h.asked = new Promise((done) => { h.seen = done; });
		return holding = h;
	};

	// one route for all: taking it away while it holds something would answer that a second time
	await page.route(address, async (r) => {
		const h = holding;
		if (h && r.request().method() === h.method) {
			h.seen();
			await h.held;
		}
		await r.continue();
	});
	const get = late("GET");
	await page.getByRole("button", { name: "Save", exact: true }).click();
	await page.getByText("Saved").first().waitFor();
	await pause(200);
	check("what was saved is not unsaved", await unsaved.count() === 0);
	check("and is there, however late the appliance says it again", (await editor.innerText()).includes("GREETING }} $i"), await editor.innerText());
	get.release();
	const put = late("PUT");
	await editor.click();
	await page.keyboard.press("Control+End");
	await page.keyboard.type("echo one\n");
	await page.keyboard.press("Control+s");
	await put.asked;
	await page.keyboard.type("echo two\n");
	const saved = page.waitForResponse((r) => r.request().method() === "PUT" && r.url().endsWith(box));
	holding = null;
	put.release();
	await saved;
	await pause(300);
	check("what is typed while it is being saved stays, unsaved", /echo one\s+echo two/.test(await editor.innerText()) && await unsaved.count() === 1, await editor.innerText());
	await page.getByRole("button", { name: "Save", exact: true }).click();
	await unsaved.waitFor({ state: "hidden" });
	await editor.press("x");
	await page.getByRole("button", { name: "Discard", exact: true }).click();
	await unsaved.waitFor({ state: "hidden" });
	await editor.getByText("echo two").waitFor();
	check("discarding leaves what was saved", !(await editor.innerText()).includes("x\n") && /echo two\s*$/.test(await editor.innerText()), await editor.innerText());
}

export async function story(world) {
	const page = await open();
	await page.getByRole("link", { name: "Boxes" }).click();
	await page.getByRole("button", { name: "New box" }).click();
	await page.getByLabel("Name", { exact: true }).fill("Greeter");
	await page.getByRole("button", { name: "Create", exact: true }).click();
	await page.getByRole("heading", { name: "Greeter" }).waitFor();
	world.box = page.url().split("/boxes/")[1].split("/")[0];

	await page.getByRole("link", { name: "Variables" }).click();
	await page.getByRole("button", { name: "Add variable" }).click();
	await page.getByLabel("Name", { exact: true }).fill("GREETING");
	await page.getByLabel("Value", { exact: true }).fill("Hello");
	await page.getByRole("button", { name: "Add", exact: true }).click();
	await page.getByRole("link", { name: "Events" }).click();
	await page.getByRole("button", { name: "Shell", exact: true }).click();
	const editor = page.locator(".cm-content");
	await editor.click();
	await page.keyboard.press("Control+End");
	await page.keyboard.type("for i in 1 2 3; do echo \"{{ GREETING }} $i\"; done\n");
	check("nothing typed is lost", (await editor.innerText()).includes("for i in 1 2 3; do echo \"{{ GREETING }} $i\"; done"), await editor.innerText());
	check("template marks are told apart in the editor", await page.locator(".cm-template").first().innerText() === "{{ GREETING }}");
	check("shell is highlighted", await editor.locator("span[class]").count() > 3);
	await saves(page, editor, world.box);

	await page.getByRole("button", { name: "Deploy", exact: true }).first().click();
	const dialog = page.getByRole("dialog");
	await dialog.getByLabel("Small test machine").check();
	await dialog.getByLabel("GREETING").fill("Moin");
	await dialog.getByRole("button", { name: "Deploy", exact: true }).click();
	await page.getByRole("heading", { name: "Greeter", level: 1 }).waitFor();
	await page.waitForURL(/#\/instances\/i-/);
	world.instance = page.url().split("/instances/")[1].split("/")[0];
	await page.locator(".page-head .state").filter({ hasText: settled }).waitFor();
	const word = await page.locator(".page-head .state").innerText();
	note(`the deployment ended: ${word}`);
	await page.locator(".timeline li").first().waitFor();
	check("the operation is shown step by step", await page.locator(".timeline li").count() > 0);

	await page.getByRole("link", { name: "Output" }).first().click();
	await page.getByRole("log").waitFor();
	if (word === "Online") {
		await page.getByText("Moin 3").waitFor();
		check("the output is shown line by line", true);
	}
	await page.getByRole("link", { name: "Variables" }).click();
	await page.getByRole("button", { name: "Edit GREETING" }).click();
	await page.getByLabel("Value", { exact: true }).fill("Ahoy");
	await page.getByRole("button", { name: "Take over" }).click();
	await page.getByRole("button", { name: "Save and reconfigure" }).click();
	await page.getByText("Reconfiguring").first().waitFor();
	await page.locator(".page-head .state").filter({ hasText: settled }).waitFor();
	check("a variable is changed and the instance reconfigured", true);

	await page.getByRole("button", { name: "All actions" }).click();
	// the menu follows the instance: once the reconfiguration is over this is what it says
	const off = page.getByRole("menuitem", { name: "Power on" });
	await off.filter({ hasText: /not shut down|terminated/i }).waitFor();
	check("what the state does not allow is offered with the reason", await off.getAttribute("aria-disabled") === "true" && /not shut down|terminated/i.test(await off.innerText()), await off.innerText());
	await page.getByRole("menuitem", { name: "Terminate", exact: true }).click();
	await page.getByRole("dialog").getByRole("button", { name: "Terminate" }).click();
	await page.locator(".page-head .state").filter({ hasText: "Terminated" }).waitFor();
	await pause(200);
	await page.getByRole("button", { name: "Delete", exact: true }).click();
	await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
	await page.waitForURL(/#\/instances$/);
	check("it is terminated and deleted", true);
	await go(page, "#/");
	await page.context().close();
}
