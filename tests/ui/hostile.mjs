// Names, descriptions, readmes and outputs with markup and escapes are text.
import { api, check, go, open, pause, SCHEMAS } from "./browser.mjs";

const BAD = "<img src=x onerror=window.broken=1><script>window.broken=1</script>";

export async function hostile(world) {
	const page = await open("");
	await page.getByRole("heading", { name: "Overview" }).waitFor();
	const readme = await page.evaluate(async (bad) => {
		const s = await (await fetch("/services/security/session")).json();
		return (await fetch("/services/blobs/upload/readme.MD", { method: "POST", headers: { "X-CSRF-Token": s.csrf, "Content-Type": "application/octet-stream" }, body: `# ${bad}\n\n[x](javascript:window.broken=1) **${bad}**\n\n- ${bad}\n` })).json();
	}, BAD);
	const box = await api(page, "POST", "/services/boxes", { schema: `${SCHEMAS}boxes/script`, name: `${BAD}`, description: BAD, owner: world.owner, requirements: ["<b>"], categories: ["<i>x</i>"], variables: [{ name: "V", type: "Text", value: BAD }], events: {}, readme, automatic_updates: "off", visibility: "workspace" });
	for (const hash of ["#/boxes", `#/boxes/${box.id}`, `#/boxes/${box.id}/-/variables`, `#/boxes/${box.id}/-/readme`]) {
		await go(page, hash);
		await page.waitForFunction(() => !document.querySelector("main .spin"));
		await page.getByText("<script>").first().waitFor();
	}
	check("a readme's markup is text, and only addresses of the web are links", await page.locator(".prose img, .prose script, .prose a").count() === 0);
	await go(page, `#/instances/${world.one}/-/output`);
	// what a script says comes from the test here, as it is on the wire
	await page.route("**/machine_logs*", (r) => r.fulfill({ contentType: "text/plain; charset=utf-8", body: `${BAD}\n\u001b[31mred\u001b[0m \u001b]0;title\u0007after\nbell\u0007 back\u0008space\r\n\u202Ereversed\n` }));
	await page.route("**/tasks", (r) => r.fulfill({ status: 404, contentType: "application/json", body: "{\"message\":\"none\"}" }));
	await go(page, "#/");
	await go(page, `#/instances/${world.one}/-/output`);
	await page.getByText("red after").waitFor();
	const text = await page.locator(".output-body").innerText();
	check("output is text: markup shown, colours left out, control characters as pictures", text.includes("<script>") && text.includes("bell␇ back␈space") && !/[\u001b\u0007\u0008\u202e]/.test(text), JSON.stringify(text.slice(0, 200)));
	await pause(100);
	check("nothing of it ran", await page.evaluate(() => window.broken) === undefined);
	await api(page, "DELETE", `/services/boxes/${box.id}`);
	await page.context().close();
}
