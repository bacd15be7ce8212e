// Every page: axe, no overflow, pictures in both schemes and both widths, and at twice the size.
import { api, axe, check, go, open, out, pause, SCHEMAS, soak } from "./browser.mjs";

// What a small shop has: a database, two fronts that are bound to it, a report that fails, an index that takes its time.
const SCRIPTS = {
	database: { install: "#!/bin/sh\nset -e\necho \"Making the database {{ NAME }}\"\nfor t in customers orders items; do echo \"table $t: made\"; done\n", configure: "#!/bin/sh\necho \"listening on port {{ PORT }}\"\n" },
	shop: { install: "#!/bin/sh\nset -e\nfor p in runtime templates pictures; do echo \"unpacking $p\"; done\n", configure: "#!/bin/sh\n{% for d in database %}echo \"orders go to {{ d.address.private }}:{{ d.PORT }}\"\n{% endfor %}echo \"shop is in {{ LANGUAGE }}\"\n", stop: "#!/bin/sh\necho closed\n" },
	report: { configure: "#!/bin/sh\necho \"reading the orders of last night\"\necho \"report: no route to archive.example.test\" >&2\nexit 3\n" },
	index: { install: "#!/bin/sh\nn=0\nwhile [ $n -lt 900 ]; do n=$((n + 1)); echo \"indexed $((n * 250)) of 225000 documents\"; sleep 1; done\n" },
};

async function writeBox(page, owner, name, description, scripts, variables, more = {}) {
	const events = {};
	for (const [event, text] of Object.entries(scripts))
		events[event] = { ...await page.evaluate(async ([n, t]) => {
			const s = await (await fetch("/services/security/session")).json();
			return (await fetch(`/services/blobs/upload/${n}`, { method: "POST", headers: { "X-CSRF-Token": s.csrf, "Content-Type": "application/octet-stream" }, body: t })).json();
		}, [event, text]), content_type: "text/x-shellscript", destination_path: "scripts" };
	return api(page, "POST", "/services/boxes", { schema: `${SCHEMAS}boxes/script`, name, description, owner, requirements: ["linux"], variables: variables.map((v) => ({ visibility: "public", required: false, ...v })), events, automatic_updates: "off", visibility: "workspace", ...more });
}

async function shop(page, owner, policy) {
	const database = await writeBox(page, owner, "Orders database", "Keeps what customers ordered.", SCRIPTS.database, [{ name: "NAME", type: "Text", value: "orders" }, { name: "PORT", type: "Port", value: "5432" }], { categories: ["Databases"] });
	const front = await writeBox(page, owner, "Shop front", "What customers see.", SCRIPTS.shop, [{ name: "database", type: "Binding", value: database.id, tags: [] }, { name: "LANGUAGE", type: "Options", options: "English,Deutsch,Dansk", value: "English" }], { categories: ["Web"] });
	const report = await writeBox(page, owner, "Nightly report", "Writes the report of the day.", SCRIPTS.report, []), index = await writeBox(page, owner, "Search index", "Reads all documents once.", SCRIPTS.index, []);
	const deploy = (name, box, tags, more = {}) => api(page, "POST", "/services/instances", { schema: `${SCHEMAS}deploy-instance-request`, name, owner, automatic_updates: "off", box: { id: box.id, variables: [] }, policy_box: { id: policy.id, variables: [] }, instance_tags: tags, ...more });
	const ended = async (...list) => { for (const i of list) for (let n = 0; (await api(page, "GET", `/services/instances/${i.id}`)).state === "processing"; n++) { if (n > 600) throw new Error(`${i.name} does not end`); await pause(200); } };
	const failed = await deploy("report-nightly", report, ["reports"]), slow = await deploy("search", index, ["production"]), db = await deploy("orders-db", database, ["production"]);
	await ended(db);
	const one = await deploy("web-production", front, ["production"]);
	const staging = await deploy("web-staging", front, ["staging"], { lease: { expire: new Date(Date.now() + 3 * 86400000).toISOString().replace("T", " ").replace("Z", "000"), operation: "terminate" } });
	await ended(one, staging, failed);
	return { one: one.id, slow: slow.id, states: Object.fromEntries((await api(page, "GET", "/services/instances")).map((i) => [i.name, i.state])) };
}

async function furnish(page, world) {
	const places = await api(page, "GET", "/services/workspaces"), owner = places.find((w) => w.type === "personal").id;
	const boxes = await api(page, "GET", `/services/workspaces/${owner}/boxes`), policy = boxes.find((b) => b.schema.endsWith("policy")), hello = boxes.find((b) => b.name === "Hello");
	const organization = (await api(page, "GET", "/services/security/session")).user.organization;

	await api(page, "POST", "/services/workspaces", { schema: `${SCHEMAS}workspaces/team`, name: "Web Team", members: [] });
	await api(page, "POST", "/services/users", { email: "grace@example.test", name: "Grace", organization });
	await api(page, "POST", "/services/tokens", { description: "nightly build" });
	const versioned = { ...await api(page, "GET", `/services/boxes/${hello.id}`) };
	await api(page, "PUT", `/services/boxes/${hello.id}`, { ...versioned, version: { box: hello.id, number: { major: 1, minor: 0, patch: 0 }, description: "the first" } });
	await api(page, "POST", "/services/boxes", { schema: `${SCHEMAS}boxes/application`, name: "Shop", owner, services: [{ name: "web", box: { id: hello.id }, policy: { requirements: ["linux"] }, tags: ["web"] }], requirements: [], variables: [], automatic_updates: "off", visibility: "organization" });
	await api(page, "POST", "/services/boxes", { schema: `${SCHEMAS}boxes/script`, name: "Report writer", description: "Needs what no policy claims", owner, requirements: ["windows", "office"], variables: [{ name: "greeter", type: "Box", value: hello.id, visibility: "public" }], events: {}, automatic_updates: "off", visibility: "workspace" });
	const made = await shop(page, owner, policy);
	const want = { "orders-db": "done", "web-production": "done", "web-staging": "done", "report-nightly": "unavailable", search: "processing" };
	check("what is deployed runs, or says why not", Object.entries(want).every(([n, s]) => made.states[n] === s), JSON.stringify(made.states));
	Object.assign(world, { hello: hello.id, policy: policy.id, provider: policy.provider_id, one: made.one, slow: made.slow, organization, owner });
}

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
	await furnish(world.page, world);
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
