// Everything by keyboard: each control is reached by Tab, menus by arrows, rows by arrows and Enter; dialogs give the focus back.
import { check, go, open } from "./browser.mjs";

// Tabs through the page once; which controls in sight were never reached.
async function unreached(page) {
	await page.evaluate(() => { document.activeElement?.blur(); window.scrollTo(0, 0); window.reached = new Set(); });
	for (let n = 0; n < 160; n++) {
		await page.keyboard.press("Tab");
		const end = await page.evaluate(() => {
			const e = document.activeElement;
			// the end of the page: goes on at its beginning
			if (!e || e === document.body)
				return false;
			const again = window.reached.has(e);
			window.reached.add(e);
			return again;
		});
		if (end)
			break;
	}
	return page.evaluate(() => [...document.querySelectorAll("a[href],button,input,select,textarea,[tabindex='0']")]
		.filter((e) => e.checkVisibility() && e.tabIndex >= 0 && !e.disabled && !window.reached.has(e) && !(e.type === "radio") && !e.closest("[hidden]")).map((e) => (e.getAttribute("aria-label") || e.textContent || e.tagName).trim().slice(0, 40)));
}

// The map: a line for each binding, followed by the arrow keys.
async function map(page) {
	await go(page, "#/instances?view=map");
	const at = page.getByRole("region", { name: "Map" }), focused = () => page.evaluate(() => document.activeElement.querySelector("b")?.textContent);
	await at.getByRole("link", { name: /^orders-db / }).waitFor();
	const lines = (await at.locator(".edge title").allTextContents()).sort().join(", ");
	check("the map has a line for each binding, and no other", lines === "web-production uses orders-db (database), web-staging uses orders-db (database)", lines);
	await at.getByRole("link", { name: /^web-staging .*uses orders-db/ }).focus();
	await page.keyboard.press("ArrowRight");
	check("an arrow key goes to what it uses", await focused() === "orders-db", await focused());
	check("and its lines are told apart", await at.locator(".edge.near").count() === 2);
	await page.keyboard.press("ArrowLeft");
	check("and back to what uses it", /^web-/.test(await focused()), await focused());
	await page.keyboard.press("Enter");
	await page.waitForURL(/#\/instances\/i-/);
	check("Enter opens an instance of the map", /^web-/.test(await page.locator("h1").innerText()), await page.locator("h1").innerText());
	await go(page, "#/instances?view=map&q=web-production");
	await at.getByRole("link", { name: /^web-staging / }).waitFor({ state: "detached" });
	check("what the filter leaves is drawn with what it uses", (await at.locator(".node b").allTextContents()).sort().join() === "orders-db,web-production" && await at.locator(".outside").count() === 1, (await at.locator(".node b").allTextContents()).join());
}

export async function keys(world) {
	const page = await open(), missed = [];

	await page.getByRole("heading", { name: "Overview" }).waitFor();
	for (const hash of ["#/", "#/instances", "#/instances?view=map", `#/instances/${world.one}`, "#/boxes", `#/boxes/${world.hello}`, `#/boxes/${world.hello}/-/variables`, "#/users", "#/appliance/settings", "#/appliance/certificate"]) {
		await go(page, hash);
		await page.waitForFunction(() => document.querySelector("h1") && !document.querySelector("main .spin"));
		for (const m of await unreached(page))
			missed.push(`${hash}: ${m}`);
	}
	check("every control is reached by the tab key", !missed.length, missed.slice(0, 10).join(" | "));

	await map(page);
	await go(page, "#/instances");
	const grid = page.getByRole("grid");
	await grid.getByText("web-production").waitFor();
	await grid.focus();
	await page.keyboard.press("ArrowDown");
	await page.keyboard.press(" ");
	check("Space picks a row", await page.getByText("1 instance picked").isVisible());
	await page.keyboard.press("Enter");
	await page.waitForURL(/#\/instances\/i-/);
	check("Enter opens a row", true);

	const more = page.getByRole("button", { name: "All actions" });
	await more.focus();
	await page.keyboard.press("Enter");
	await page.getByRole("menu").waitFor();
	await page.keyboard.press("ArrowDown");
	const second = await page.evaluate(() => document.activeElement.getAttribute("role"));
	await page.keyboard.press("Escape");
	check("menus by arrows; Escape gives the focus back", second === "menuitem" && await more.evaluate((e) => e === document.activeElement || e.parentElement.contains(document.activeElement)));

	await page.locator(".search-button").focus();
	await page.keyboard.press("Control+k");
	await page.getByRole("combobox", { name: /^Search/ }).waitFor();
	await page.keyboard.type("hello");
	await page.getByRole("option", { name: /Hello/ }).waitFor();
	await page.keyboard.press("Enter");
	await page.getByRole("heading", { name: "Hello" }).waitFor();
	check("Ctrl-K finds and opens", true);
	await page.keyboard.press("Control+k");
	await page.getByRole("combobox", { name: /^Search/ }).waitFor();
	await page.keyboard.press("Escape");
	check("the search gives the focus back", await page.evaluate(() => document.activeElement !== document.body));

	await go(page, "#/");
	await page.reload();
	await page.getByRole("heading", { name: "Overview" }).waitFor();
	await page.keyboard.press("Tab");
	check("the first stop skips to the content", await page.evaluate(() => document.activeElement.className) === "skip");
	const visible = await page.evaluate(() => { const s = getComputedStyle(document.activeElement); return s.outlineStyle !== "none" && parseFloat(s.outlineWidth) >= 2; });
	check("the focus is seen", visible);
	await page.context().close();
}
