// A policy's profile is drawn from what the appliance says its provider's type asks for: choices in their places, lists by rows.
import { api, axe, check, go, open, out, SCHEMAS } from "./browser.mjs";

const datacenter = (name, templates) => ({ name, templates: templates.map((t) => ({ name: t })), folders: [], networks: [{ name: `${name} network` }], datastores: [], compute_resources: [{ name: "c1", resource_pools: [{ name: "p1" }] }, { name: "c2", resource_pools: [{ name: "p2" }] }] });
const FOUND = [{ name: "Linux Compute", datacenters: [datacenter("DC0", ["debian", "alpine"]), datacenter("DC1", ["rocky"])], flavors: [{ name: "Tiny" }], customization_specs: [{ name: "by hand" }] }];

export async function forms(world) {
	const page = await open("");
	// the provider's machines are of another world: what is looked at is the form
	await page.route(`**/services/providers/${world.provider}`, async (r) => r.fulfill({ json: { ...await (await r.fetch()).json(), type: "VMware vSphere", services: FOUND } }));
	const box = await api(page, "POST", "/services/boxes", { schema: `${SCHEMAS}boxes/policy`, name: "On a vCenter", owner: world.owner, provider_id: world.provider, profile: { schema: `${SCHEMAS}vsphere/compute/profile`, datacenter: "DC0", compute_resource: "c2", mine: 7 }, claims: [], variables: [], visibility: "workspace" });
	const choices = async (label) => page.getByLabel(label, { exact: true }).locator("option").allInnerTexts();

	await go(page, `#/boxes/${box.id}/-/profile`);
	// both are read: what the type asks for, and what the provider has
	await page.getByLabel("Template", { exact: true }).locator("option").filter({ hasText: "debian" }).waitFor({ state: "attached" });
	check("choices are those of the chosen place", (await choices("Template")).join() === "Choose,debian,alpine" && (await choices("Resource pool")).join() === "–,p2", `${await choices("Template")} ${await choices("Resource pool")}`);
	check("words that are no thing of the provider are offered, too", (await choices("Customization specification")).join() === "–,None,by hand", (await choices("Customization specification")).join());
	await page.getByLabel("Datacenter", { exact: true }).selectOption("DC1");
	await page.getByLabel("Template", { exact: true }).selectOption("rocky");
	await page.getByRole("button", { name: "Add: Disks" }).click();
	const disk = page.getByRole("group", { name: "Disks 1" });
	await disk.getByLabel("Size (GB)").fill("20");
	await disk.getByLabel("The template's own").check();
	const found = await axe(page);
	check("axe: a form with rows", !found.length, found.join(" | "));
	await page.screenshot({ path: `${out}/policy-form-light-1440.png`, fullPage: true });
	await page.getByRole("button", { name: "Save", exact: true }).click();
	await page.getByRole("region", { name: "Unsaved changes" }).waitFor({ state: "hidden" });
	const { profile } = await api(page, "GET", `/services/boxes/${box.id}`);
	check("what is saved is what the form says, and what it does not know is kept", profile.datacenter === "DC1" && profile.template === "rocky" && JSON.stringify(profile.disks) === "[{\"size\":20,\"template\":true}]" && profile.mine === 7, JSON.stringify(profile));
	await go(page, "#/providers?new=1");
	await page.getByRole("dialog").getByLabel("Type").selectOption("VMware vSphere");
	await page.getByRole("dialog").getByLabel("Address of the vCenter").waitFor();
	await page.screenshot({ path: `${out}/provider-form-light-1440.png`, fullPage: true });
	const dialog = await axe(page);
	check("axe: the form of a vCenter", !dialog.length, dialog.join(" | "));
	await page.context().close();
}
