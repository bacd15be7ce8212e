/* The first example: what somebody needs to deploy something without a cloud. */
import { call, get, upload } from "../lib/http";
import { user } from "../lib/session";
import { SCHEMAS } from "../lib/text";

export const exampleSteps = ["Switching the simulated cloud on", "Adding the provider", "Writing the deployment policy", "Writing the box “Hello”"];
const SYNC_MS = 60000;

const INSTALL = `#!/bin/bash
# Runs once, when a machine is made.
set -e
echo "Installing {{ box }} on {{ machine }}"
for i in 1 2 3 4 5; do
	echo "step $i of 5"
	sleep 1
done
echo "installed" > installed.txt
`;
const CONFIGURE = `#!/bin/bash
# Runs again whenever a variable has changed and the instance is reconfigured.
set -e
echo "{{ GREETING }}, {{ WHO }}!"
`;
const STOP = `#!/bin/bash
echo "Goodbye, {{ WHO }}."
`;
const README = `# Hello

A box that greets. Deploy it, change the variable **GREETING** in the instance's lifecycle editor, and reconfigure.

- \`install\` runs once
- \`configure\` prints the greeting
- \`stop\` says goodbye
`;

const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));

/* Ready, or what its log says. */
export async function synced(id: string): Promise<any> {
	for (const until = Date.now() + SYNC_MS; ; await pause(300)) {
		const p = await get(`/services/providers/${id}`);

		if (p.state === "ready")
			return p;
		if (p.state === "unavailable" || Date.now() > until) {
			const log = await get<any[]>(`/services/providers/${id}/logs`).catch(() => []);

			throw new Error(`The provider ${p.name} did not become ready: ${log[0]?.text ?? p.state}`);
		}
	}
}

const script = async (name: string, text: string) => ({ ...await upload(name, new Blob([text], { type: "text/x-shellscript" })), content_type: "text/x-shellscript", destination_path: "scripts" });

export async function makeExample(step: (n: number) => void): Promise<void> {
	const owner = user.value!.id;

	step(0);
	const settings = await get("/services/appliance/settings");
	await call("POST", "/services/appliance/settings", { ...settings, demo: true });
	step(1);
	const provider = await synced((await call("POST", "/services/providers", { schema: `${SCHEMAS}test/provider`, type: "Test Provider", name: "Test Provider", owner })).id);
	step(2);
	await call("POST", "/services/boxes", {
		schema: `${SCHEMAS}boxes/policy`, name: "Small test machine", description: "One small machine of the simulated cloud.", owner, claims: ["linux"], variables: [], provider_id: provider.id,
		automatic_updates: "off", visibility: "workspace",
		profile: { schema: `${SCHEMAS}test/compute/profile`, image: "test", instances: 1, keypair: "test_keypair", location: "Simulated Location", flavor: "test.micro" },
	});
	step(3);
	await call("POST", "/services/boxes", {
		schema: `${SCHEMAS}boxes/script`, name: "Hello", description: "Greets whoever you like.", owner, requirements: ["linux"], automatic_updates: "off", visibility: "workspace",
		variables: [
			{ name: "GREETING", type: "Text", value: "Hello", required: true, visibility: "public" },
			{ name: "WHO", type: "Text", value: "world", required: false, visibility: "public" },
		],
		events: { install: await script("install", INSTALL), configure: await script("configure", CONFIGURE), stop: await script("stop", STOP) },
		readme: await upload("readme.MD", new Blob([README])),
	});
	step(4);
}
