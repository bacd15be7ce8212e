// Every page: axe, no overflow, pictures in both schemes and both widths, and at twice the size.
import { axe, check, go, open, out, pause, soak } from "./browser.mjs";

const addresses = (w) => [
	["overview", "#/", "Overview"], ["instances", "#/instances", "Instances"], ["topology", "#/instances?view=topology", "Instances"], ["map", "#/instances?view=map", "Instances"],
	["instance", `#/instances/${w.one}`, ""], ["output", `#/instances/${w.one}/-/output`, ""], ["lifecycle", `#/instances/${w.one}/-/lifecycle`, ""], ["instance-variables", `#/instances/${w.one}/-/variables`, ""],
	["instance-activity", `#/instances/${w.one}/-/activity`, ""], ["bindings", `#/instances/${w.one}/-/bindings`, ""], ["instance-settings", `#/instances/${w.one}/-/settings`, ""],
	["boxes", "#/boxes", "Boxes"], ["box", `#/boxes/${w.hello}`, "Hello"], ["variables", `#/boxes/${w.hello}/-/variables`, "Hello"], ["events", `#/boxes/${w.hello}/-/events`, "Hello"], ["readme", `#/boxes/${w.hello}/-/readme`, "Hello"],
	["versions", `#/boxes/${w.hello}/-/versions`, "Hello"], ["sharing", `#/boxes/${w.hello}/-/sharing`, "Hello"], ["policy", `#/boxes/${w.policy}/-/profile`, "Small test machine"],
	["providers", "#/providers", "Providers"], ["provider", `#/providers/${w.provider}`, "Test Provider"], ["provider-log", `#/providers/${w.provider}/-/log`, "Test Provider"],
	["workspaces", "#/workspaces", "Workspaces"], ["workspace", `#/workspaces/${w.owner}`, ""], ["costcenters", "#/costcenters", "Cost centers"], ["users", "#/users", "Users"], ["roles", "#/roles", "Roles"], ["tokens", "#/tokens", "Tokens"],
	["appliance", "#/appliance", "Appliance"], ["certificate", "#/appliance/certificate", "Appliance"], ["appliance-settings", "#/appliance/settings", "Appliance"], ["privileges", "#/appliance/privileges", "Appliance"], ["logs", "#/appliance/logs", "Appliance"],
	["firewall", "#/firewall", "Firewall"], ["activity", "#/activity", "Activity"], ["me", "#/me", "Your account"], ["nowhere", "#/nowhere", "Nothing here"],
];

// Nothing waits any more: no ring turns, what was asked has come.
async function still(page) {
	await page.waitForFunction(() => !document.querySelector("main .spin") && !document.querySelector("main .code[hidden]"));
	await page.evaluate(() => document.fonts.ready);
	await pause(60);
}

const wide = (page) => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

// One way through all pages: each in both schemes and at three widths.
async function walk(world, each) {
	const page = await open("", { reducedMotion: "reduce" });

	await page.getByRole("heading", { name: "Overview" }).waitFor();
	for (const [name, hash, title] of addresses(world)) {
		await page.emulateMedia({ colorScheme: "light" });
		await page.setViewportSize({ width: 1440, height: 900 });
		await go(page, hash);
		await page.locator("h1").filter(title ? { hasText: title } : {}).waitFor();
		await still(page);
		await each(page, name);
	}
	await page.context().close();
}

export async function pages(world) {
	const violations = [], overflowing = [], focusless = [];

	await walk(world, async (page, name) => {
		const look = async (scheme, width, height) => {
			await page.emulateMedia({ colorScheme: scheme });
			await page.setViewportSize({ width, height });
			// until it is painted so, transitions included
			await page.evaluate(async () => {
				await Promise.all(document.getAnimations().filter((a) => a instanceof CSSTransition).map((a) => a.finished.catch(() => {})));
				await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
			});
			if (await wide(page) > 0)
				overflowing.push(`${name} at ${width}`);
		};
		const picture = (scheme, width) => page.screenshot({ path: `${out}/${name}-${scheme}-${width}.png` });

		// a window that was just opened begins at its top
		if (name !== "overview" && await page.evaluate(() => document.activeElement === document.body))
			focusless.push(name);
		await look("light", 1440, 900);
		violations.push(...(await axe(page)).map((v) => `${name}: ${v}`));
		await picture("light", 1440);
		await look("dark", 1440, 900);
		await picture("dark", 1440);
		// 200 % zoom of a window of 1440 by 900: half of it in CSS pixels
		await look("dark", 720, 450);
		await look("dark", 390, 844);
		violations.push(...(await axe(page, soak ? undefined : ["color-contrast", "target-size", "scrollable-region-focusable"])).map((v) => `${name}, dark, narrow: ${v}`));
		await picture("dark", 390);
		await look("light", 390, 844);
		await picture("light", 390);
	});
	check(`axe: no violation on ${addresses(world).length} pages`, !violations.length, violations.slice(0, 12).join(" | "));
	check("nothing is wider than the window: 1440, 390, 200 % zoom", !overflowing.length, overflowing.join(", "));
	check("the focus is never lost on the way between pages", !focusless.length, focusless.join(", "));
	await dialogs(world);
}

// What opens over a page.
async function dialogs(world) {
	const page = await open("#/instances?new=1"), found = [];
	const look = async (name) => { await pause(250); found.push(...(await axe(page)).map((v) => `${name}: ${v}`)); await page.screenshot({ path: `${out}/dialog-${name}-light-1440.png` }); };

	await page.getByRole("dialog").waitFor();
	await page.getByRole("dialog").getByLabel("Box", { exact: true }).selectOption(world.hello);
	await page.getByLabel("GREETING").waitFor();
	await look("deploy");
	await page.keyboard.press("Escape");
	for (const [name, hash] of [["new-box", "#/boxes?new=1"], ["new-provider", "#/providers?new=1"], ["invite", "#/users?new=1"]]) {
		await go(page, hash);
		await page.getByRole("dialog").waitFor();
		await look(name);
		await page.keyboard.press("Escape");
		await page.getByRole("dialog").waitFor({ state: "hidden" });
	}
	await page.keyboard.press("Control+k");
	await page.keyboard.type("web");
	await look("search");
	await page.keyboard.press("Escape");
	await page.locator(".context").click();
	await look("context");
	await page.keyboard.press("Escape");
	check("axe: no violation in dialogs", !found.length, found.slice(0, 8).join(" | "));
	await page.context().close();
}
