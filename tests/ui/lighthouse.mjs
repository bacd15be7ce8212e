// Lighthouse on the main pages, in a browser of its own; only in soak: its parts are 190 MB.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

import { base, check, chromium, note, sessionCookie, soak } from "./browser.mjs";

const PORT = 9333, LEAST = 95;
const pages = { "signing in": null, overview: "#/", boxes: "#/boxes", instances: "#/instances", providers: "#/providers", firewall: "#/firewall", administration: "#/users", appliance: "#/appliance" };

export async function lighthouse() {
	if (!soak)
		return;
	const modules = createRequire(`${process.env.UI_LIGHTHOUSE}/`);
	const { default: audit, desktopConfig } = await import(pathToFileURL(modules.resolve("lighthouse")).href);
	const chrome = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--ignore-certificate-errors", `--remote-debugging-port=${PORT}`] });
	const cookie = await sessionCookie();

	try {
		for (const [name, hash] of Object.entries(pages)) {
			const flags = { port: PORT, logLevel: "error", onlyCategories: ["performance", "accessibility", "best-practices"], disableStorageReset: false };
			if (hash !== null)
				flags.extraHeaders = { Cookie: cookie };
			const { lhr } = await audit(`${base}/${hash ?? ""}`, flags, desktopConfig);
			const score = (c) => Math.round(100 * lhr.categories[c].score);
			const wrong = Object.values(lhr.audits).filter((a) => a.score !== null && a.score < 1 && ["accessibility", "best-practices"].some((c) => lhr.categories[c].auditRefs.some((r) => r.id === a.id && r.weight > 0)));

			check(`lighthouse, ${name}: accessibility ${score("accessibility")}, best practices ${score("best-practices")}`, score("accessibility") >= LEAST && score("best-practices") >= LEAST && !lhr.runtimeError,
				JSON.stringify(lhr.runtimeError ?? wrong.map((a) => `${a.id}: ${a.title}`)));
			note(`lighthouse, ${name}: performance ${score("performance")}; first paint ${Math.round(lhr.audits["first-contentful-paint"].numericValue)} ms, all ${Math.round(lhr.audits["total-byte-weight"].numericValue / 1024)} kB`);
			if (hash !== null && !lhr.finalDisplayedUrl.endsWith(hash))
				check(`lighthouse, ${name}: the page asked for was looked at`, false, lhr.finalDisplayedUrl);
		}
	} finally {
		await chrome.close();
	}
}
