// Many instances and a long output stay smooth; long tasks as the browser itself measures them.
import { busy, check, note, open, pause, SCHEMAS, soak } from "./browser.mjs";

const INSTANCES = soak ? 20000 : 3000;
const OUTPUT_MB = 50;
// None over 250 ms on cores that are free.
const longMost = () => Math.round(250 * busy());

// The best of three: what others do meanwhile is in each of them.
async function best(measure) {
	let worst = Infinity;
	for (let n = 0; n < 3 && worst > longMost(); n++)
		worst = Math.min(worst, await measure());
	return worst;
}

const longest = (page) => page.evaluate(() => { const l = window.longTasks.splice(0); return { worst: Math.max(0, ...l), count: l.length }; });

// As many as there are to be, by some connections at once.
async function fill(page, world, count) {
	return page.evaluate(async ([owner, box, policy, n, schemas]) => {
		const s = await (await fetch("/services/security/session")).json();
		let next = 0, made = 0;
		await Promise.all(Array.from({ length: 6 }, async () => {
			for (let i = next++; i < n; i = next++) {
				const r = await fetch("/services/instances", { method: "POST", headers: { "Content-Type": "application/json", "X-CSRF-Token": s.csrf }, body: JSON.stringify({ schema: `${schemas}deploy-instance-request`, name: `node ${String(i).padStart(5, "0")}`, owner, automatic_updates: "off", box: { id: box, variables: [] }, policy_box: { id: policy, variables: [] }, instance_tags: [`rack-${i % 40}`] }) });
				// an answer that is not read keeps its memory in the browser
				await r.text();
				made += r.ok ? 1 : 0;
			}
		}));
		return made;
	}, [world.owner, world.hello, world.policy, count, SCHEMAS]);
}

async function list(world) {
	const idle = await open("#/tokens");
	await idle.getByRole("heading", { name: "Tokens" }).waitFor();
	const began = Date.now(), made = await fill(idle, world, INSTANCES);
	note(`${made} instances made in ${((Date.now() - began) / 1000).toFixed(1)} s; longest task of a browser that watched: ${(await longest(idle)).worst} ms`);
	await idle.context().close();

	const worst = await best(() => walk(made));
	check(`${made} instances: read, scrolled, searched, sorted without a task over ${longMost()} ms`, worst <= longMost(), worst);
}

// One browser that has never seen them: the longest task of all it does.
async function walk(made) {
	const page = await open("#/instances"), opened = Date.now();
	await page.waitForFunction((n) => Number(document.querySelector(".side a[href='#/instances'] .count")?.textContent.replace(/\D/g, "") ?? 0) >= n, made, { timeout: 120000 });
	const read = await longest(page);
	note(`${made} instances read and shown after ${Date.now() - opened} ms; longest task ${read.worst} ms`);
	await page.locator(".grid-row").first().waitFor();
	check("only rows in sight are in the page", await page.locator(".grid-row").count() < 80);
	const frames = await page.evaluate(() => new Promise((done) => {
		const el = document.querySelector(".grid-body"), gaps = [];
		let last = performance.now(), n = 0;
		const step = (now) => { gaps.push(now - last); last = now; el.scrollTop += 900; if (++n < 90) requestAnimationFrame(step); else done(Math.round(Math.max(...gaps.slice(1)))); };
		requestAnimationFrame(step);
	}));
	const scrolled = await longest(page);
	await page.getByLabel("Name, id, address, tag, owner").fill("rack-7");
	await page.waitForFunction(() => /of/.test(document.querySelector(".tool [role=status]")?.textContent ?? ""));
	await page.getByRole("columnheader", { name: "Name" }).getByRole("button").click();
	await pause(300);
	const sorted = await longest(page);
	note(`scrolling: longest frame ${frames} ms, longest task ${scrolled.worst} ms; searching and sorting: longest task ${sorted.worst} ms`);
	await page.context().close();
	return Math.max(read.worst, scrolled.worst, sorted.worst);
}

async function read(page, world, body, lines) {
	await page.evaluate(() => { location.hash = "#/"; });
	await page.getByRole("heading", { name: "Overview" }).waitFor();
	await longest(page);
	const began = Date.now();
	await page.evaluate((id) => { location.hash = `#/instances/${id}/-/output`; }, world.one);
	await page.getByText("the very end").waitFor({ timeout: 120000 });
	const shown = await longest(page), took = Date.now() - began;
	check("the end is followed, and few lines are in the page", await page.locator(".output-line").count() < 120);
	await page.getByLabel("Search the output").fill("very end");
	await page.getByText("1 of 1").waitFor({ timeout: 120000 });
	const searched = await longest(page);
	note(`output of ${(body.length / 1e6).toFixed(0)} MB, ${lines} lines, shown after ${took} ms; longest task ${shown.worst} ms, while searching ${searched.worst} ms`);
	return Math.max(shown.worst, searched.worst);
}

// The bytes come from the test: what is measured is the page.
async function output(world) {
	const line = "2026-11-27 12:00:00 INFO  step of a long installation, package 0123 of 4567 unpacked and configured\n", lines = Math.ceil(OUTPUT_MB * 1e6 / line.length);
	const body = Buffer.from(line.repeat(lines - 1) + "the very end\n");
	const page = await open("#/");
	await page.route("**/tasks", (r) => r.fulfill({ status: 404, contentType: "application/json", body: "{\"message\":\"none\"}" }));
	await page.route("**/machine_logs*", (r) => r.fulfill({ contentType: "text/plain; charset=utf-8", body }));
	const worst = await best(() => read(page, world, body, lines));
	check(`${OUTPUT_MB} MB of output: shown and searched without a task over ${longMost()} ms`, worst <= longMost(), worst);
	const download = page.waitForEvent("download");
	await page.getByRole("button", { name: "Download" }).click();
	check("the output is downloaded", (await download).suggestedFilename().endsWith(".log"));
	await page.context().close();
}

export async function many(world) {
	await output(world);
	await list(world);
}
