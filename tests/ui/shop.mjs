// A small shop for the cases to look at.
import { api, check, pause, SCHEMAS } from "./browser.mjs";

// What a small shop has, by the API: a database, two fronts that are bound to it, a report that fails, an index that takes its time.
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

async function deployments(page, owner, policy) {
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

// What most cases look at, made once.
export async function shop(world) {
	const page = world.page;
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
	const made = await deployments(page, owner, policy);
	const want = { "orders-db": "done", "web-production": "done", "web-staging": "done", "report-nightly": "unavailable", search: "processing" };
	check("what is deployed runs, or says why not", Object.entries(want).every(([n, s]) => made.states[n] === s), JSON.stringify(made.states));
	Object.assign(world, { hello: hello.id, policy: policy.id, provider: policy.provider_id, one: made.one, slow: made.slow, organization, owner });
}
