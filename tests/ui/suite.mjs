// Runs the cases one after the other in one house.
import { check, closeBrowser, complaints, failed, note } from "./browser.mjs";
import { firstRun } from "./first_run.mjs";
import { story } from "./story.mjs";
import { certificate } from "./certificate.mjs";
import { logs } from "./logs.mjs";
import { shop } from "./shop.mjs";
import { pages } from "./pages.mjs";
import { keys } from "./keys.mjs";
import { session } from "./session.mjs";
import { live } from "./live.mjs";
import { forms } from "./forms.mjs";
import { hostile } from "./hostile.mjs";
import { many } from "./many.mjs";
import { lighthouse } from "./lighthouse.mjs";

const wanted = process.argv.slice(2);
const parts = { story, pages, keys, session, certificate, logs, forms, hostile, lighthouse };
// By name only: they judge times and have the machine for themselves (suite smooth).
const timed = { live, many };
const world = {};

async function part(name, run) {
	const began = Date.now();

	try {
		await run(world);
	} catch (e) {
		check(`${name} goes to its end`, false, String(e.stack ?? e).split("\n").slice(0, 6).join(" | "));
	}
	note(`${name}: ${((Date.now() - began) / 1000).toFixed(1)} s`);
}

await part("first run", firstRun);
for (const [name, run] of Object.entries({ ...parts, ...timed })) {
	if (wanted.length ? !wanted.some((w) => name.includes(w)) : name in timed)
		continue;
	if (name !== "story" && !world.one)
		await part("shop", shop);
	await part(name, run);
}
check("no page has an error, breaks the policy or asks elsewhere", complaints.length === 0, [...new Set(complaints)].slice(0, 6).join(" | "));
await closeBrowser();
process.exit(failed() ? 1 : 0);
