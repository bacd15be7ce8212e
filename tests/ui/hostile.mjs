// Names, descriptions, readmes and outputs with markup and escapes are text.
import { api, check, go, open, pause, SCHEMAS } from "./browser.mjs";

const BAD = "<img src=x onerror=window.broken=1><script>window.broken=1</script>";

// What a cloud calls its machines and templates is its own affair; shown of it is what the appliance answers (suite vcenter has the real ones).
async function provider(page, world) {
	const id = (await api(page, "GET", "/services/providers"))[0].id, text = (locator) => locator.allInnerTexts();
	const one = (n, name, power_state, os = "Debian GNU/Linux 12") => ({ id: `u-${n}`, name, type: "Compute", profile: {}, provider_id: id, external_id: `vm-${n}`, server_info: { os, cpus: 2, memory: 2048, address: "192.0.2.7" }, power_state, stack_id: null, autoscaling_group: null, organization: world.organization });

	await page.route("**/unregisted-instances", (r) => r.fulfill({ json: [one(1, "server-10", "poweredOff"), one(2, "server-9", "poweredOn"), one(3, BAD, "ACTIVE", BAD)] }));
	await go(page, `#/providers/${id}/-/unregistered`);
	await page.getByText("server-10").waitFor();
	const rows = await text(page.locator("main tbody tr"));
	check("unregistered resources are listed by name, with system, size, address and state", rows.length === 3 && rows[1].startsWith("server-9") && rows[2].startsWith("server-10") && ["2 CPU, 2048 MB", "192.0.2.7", "Active", "vm-2"].every((w) => rows[1].includes(w)) && rows[2].includes("Inactive") && rows.some((r) => r.includes("<script>")), JSON.stringify(rows));
	await importing(page, world);
	await page.route(`**/services/providers/${id}`, async (r) => r.fulfill({ json: { ...await (await r.fetch()).json(), vanished: [{ type: "template", name: BAD, id: "vm-7", location: "DC0", since: "2026-11-28 08:00:00.000000", instances: [world.one, "i-other"] }] } }));
	await go(page, "#/providers");
	await go(page, `#/providers/${id}`);
	const gone = page.getByRole("region", { name: "No longer there" });
	await gone.waitFor();
	check("what vanished is shown with the instances made with it, each a link", (await gone.innerText()).includes("<script>") && await gone.locator("tbody a").count() === 2 && (await gone.innerText()).includes("i-other"), await gone.innerText());
}

// The dialog of a resource, and the line to be run on the machine: of a machine of one's own, in whose place the import's answer puts it.
async function importing(page, world) {
	const box = await api(page, "POST", "/services/boxes", { schema: `${SCHEMAS}boxes/script`, name: "brought", description: "", owner: world.owner, requirements: [], variables: [], events: {}, automatic_updates: "off", visibility: "workspace" });
	const own = await api(page, "POST", "/services/instances", { schema: `${SCHEMAS}deploy-instance-request`, name: "brought", owner: world.owner, box: { id: box.id, variables: [] }, ipv4_address: "192.0.2.9", instance_tags: [], automatic_updates: "off" });
	let asked = {};

	await page.route("**/services/instances", (r) => {
		if (r.request().method() !== "POST")
			return r.fallback();
		asked = r.request().postDataJSON();
		return r.fulfill({ status: 202, json: own });
	});
	await page.getByRole("row", { name: /server-9/ }).getByRole("button", { name: "Import" }).click();
	await page.getByRole("dialog").getByRole("button", { name: "Import" }).click();
	await page.getByText(`sudo sh -s -- -i ${own.id}`).waitFor();
	check("an import asks for no key, and the instance shows the line that installs the agent", asked.unregistered_id === "u-2" && asked.name === "server-9" && !("private_key" in asked), JSON.stringify(asked));
	await page.unroute("**/services/instances");
	await api(page, "DELETE", `/services/instances/${own.id}?operation=force_terminate`);
}

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
	await provider(page, world);
	check("nothing of it ran", await page.evaluate(() => window.broken) === undefined);
	await api(page, "DELETE", `/services/boxes/${box.id}`);
	await page.context().close();
}
