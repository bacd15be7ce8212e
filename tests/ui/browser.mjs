// What the cases share: the appliance, browsers, checks.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { cpus, loadavg } from "node:os";

const modules = createRequire(`${process.env.UI_MODULES}/`);
export const { chromium } = modules("playwright-core");
const axeSource = readFileSync(modules.resolve("axe-core/axe.min.js"), "utf8");

export const soak = process.env.CAM_SOAK === "1";
export const out = process.env.UI_OUT;
export const EMAIL = "ada@example.test", PASSWORD = "a long enough password";
// On a machine that is shared everything takes its time; what is judged by time is measured in the page.
export const PATIENCE = 60000;
// How many want a core: wall times are as much longer as there are more of them.
export const busy = () => Math.max(1, loadavg()[0] / cpus().length);

let failures = 0;
export const failed = () => failures;
export function check(what, good, detail = "") {
	console.log(`${good ? "ok" : "not ok"} ${what}${good ? "" : `: ${detail}`}`);
	failures += good ? 0 : 1;
	return good;
}
export const note = (text) => console.log(`# ${text}`);

// ---- the house, or a booted appliance (UI_BOOTED: its address and setup code) ----

const booted = process.env.UI_BOOTED ? JSON.parse(process.env.UI_BOOTED) : null;

const house = (...args) => execFileSync(process.env.UI_HOUSE, args, { encoding: "utf8" });
export const houseStatus = () => JSON.parse(house("status", "ui"));
export const base = `https://${booted ? booted.address : houseStatus().address}`;

export async function setupCode() {
	if (booted)
		return booted.code;
	for (const until = Date.now() + PATIENCE; ;) {
		const found = [...readFileSync(`${houseStatus().dir}/serial`, "utf8").matchAll(/^\s*Setup code: *(\S+)/gm)].pop();
		if (found)
			return found[1];
		if (Date.now() > until)
			throw new Error("no setup code on the screen");
		await pause(100);
	}
}

export function killRoom(name) { process.kill(houseStatus().services[name].pid, "SIGKILL"); }
export const pause = (ms) => new Promise((done) => setTimeout(done, ms));

// ---- browsers ----

let chrome = null;
export async function browser() {
	chrome ??= await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"] });
	return chrome;
}
export const closeBrowser = async () => chrome?.close();

// What must never be: errors of the page, anything the policy blocked, requests to elsewhere.
export const complaints = [];
let state;
export const keepSession = async (context) => { state = await context.storageState(); };
export const sessionCookie = () => state.cookies.map((c) => `${c.name}=${c.value}`).join("; ");

export async function open(address = "", options = {}) {
	const context = await (await browser()).newContext({ ignoreHTTPSErrors: true, viewport: { width: 1440, height: 900 }, storageState: options.fresh ? undefined : state, acceptDownloads: true, ...options });
	const page = await context.newPage();

	page.setDefaultTimeout(PATIENCE);
	// what a page gives up itself is no failure
	page.on("requestfailed", (r) => { if (!/ERR_ABORTED/.test(r.failure()?.errorText ?? "")) note(`${r.method()} ${r.url().slice(base.length)}: ${r.failure()?.errorText}`); });
	page.on("pageerror", (e) => complaints.push(`error: ${e.message}`));
	page.on("console", (m) => { if (/Content Security Policy|Refused to/.test(m.text())) complaints.push(m.text().slice(0, 200)); });
	page.on("request", (r) => { if (!r.url().startsWith(base) && !r.url().startsWith("blob:") && !r.url().startsWith("data:")) complaints.push(`request to ${r.url()}`); });
	await page.addInitScript(() => {
		window.longTasks = [];
		new PerformanceObserver((l) => { for (const e of l.getEntries()) window.longTasks.push(Math.round(e.duration)); }).observe({ type: "longtask", buffered: true });
	});
	await page.goto(`${base}/${address}`);
	return page;
}

export async function go(page, hash) {
	await page.evaluate((h) => { location.hash = h; }, hash);
}

// ---- axe ----

// axe runs in the page as its own code would: by the debugger, past the policy, without changing it.
export async function axe(page, rules) {
	if (!await page.evaluate(() => !!window.axe))
		await page.evaluate(axeSource);
	const result = await page.evaluate((only) => window.axe.run(document, { runOnly: only ?? ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"], resultTypes: ["violations"] }), rules);

	return result.violations.map((v) => `${v.id}: ${v.nodes.slice(0, 3).map((n) => `${n.target.join(" ")} ${(n.any[0] ?? n.all[0] ?? n.none[0])?.message ?? ""}`).join("; ")}`);
}

// ---- the interface, for what a case needs to exist ----

export async function api(page, method, path, body) {
	return page.evaluate(async ([m, p, b]) => {
		const session = await (await fetch("/services/security/session")).json();
		const answer = await fetch(p, { method: m, headers: { "Content-Type": "application/json", "X-CSRF-Token": session.csrf }, body: b === undefined ? undefined : JSON.stringify(b) });
		const text = await answer.text();
		if (!answer.ok)
			throw new Error(`${m} ${p}: ${answer.status} ${text.slice(0, 200)}`);
		return text ? JSON.parse(text) : null;
	}, [method, path, body]);
}
export const SCHEMAS = "http://elasticbox.net/schemas/";
