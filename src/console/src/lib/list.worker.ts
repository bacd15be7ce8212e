/* Reads a list beside the page and hands over what lists show, in pieces: parsing thousands of documents must not hold the page up. */
const PIECE = 500;

function boxOf(b: any) {
	return b && { id: b.id, name: b.name, schema: b.schema, version: b.version && { box: b.version.box, number: b.version.number } };
}

function instance(o: any) {
	return {
		id: o.id, name: o.name, description: o.description, owner: o.owner, members: o.members, state: o.state, operation: o.operation,
		service: o.service && { id: o.service.id, type: o.service.type, machines: (o.service.machines ?? []).map((m: any) => ({
			name: m.name, state: m.state, hostname: m.hostname, address: m.address, support_id: m.support_id, external_id: m.external_id,
			last_agent_close: m.last_agent_close, last_agent_ping: m.last_agent_ping })) },
		box: o.box, boxes: (o.boxes ?? []).slice(0, 1).map(boxOf), tags: o.tags ?? [], lease: o.lease ?? null, created: o.created,
		updated: o.updated, bindings: o.bindings ?? [], automatic_updates: o.automatic_updates, is_deploy_only: o.is_deploy_only,
		policy_box: o.policy_box && { id: o.policy_box.id, name: o.policy_box.name, provider_id: o.policy_box.provider_id,
			location: o.policy_box.profile?.location, schema: o.policy_box.profile?.schema },
	};
}

function box(o: any) {
	return {
		id: o.id, name: o.name, description: o.description, schema: o.schema, owner: o.owner, members: o.members, visibility: o.visibility,
		categories: o.categories ?? [], requirements: o.requirements ?? [], claims: o.claims ?? [], provider_id: o.provider_id,
		created: o.created, updated: o.updated, version: o.version, draft_from: o.draft_from, icon: o.icon,
		variables: (o.variables ?? []).map((v: any) => ({ name: v.name, type: v.type, scope: v.scope, value: v.type === "Box" ? v.value : undefined })),
		events: Object.keys(o.events ?? {}), deleted: o.deleted,
	};
}

const shapes: Record<string, (o: any) => any> = { instance, box };

async function load(id: number, path: string, shape: string): Promise<void> {
	const answer = await fetch(path, { credentials: "same-origin", cache: "no-store", redirect: "error" });
	const text = await answer.text();

	if (!answer.ok) {
		let message = `The appliance answered ${answer.status}.`;
		try {
			message = JSON.parse(text).message ?? message;
		} catch { /* the status says enough */ }
		postMessage({ id, code: answer.status, message });
		return;
	}
	const all: any[] = JSON.parse(text);
	const cut = shapes[shape] ?? ((o: any) => o);
	for (let i = 0; i < all.length; i += PIECE) {
		postMessage({ id, rows: all.slice(i, i + PIECE).map(cut) });
		// lets the page draw between two pieces
		await new Promise((done) => setTimeout(done, 4));
	}
	postMessage({ id, done: true });
}

onmessage = (e: MessageEvent) => {
	const { id, path, shape } = e.data;

	load(id, path, shape).catch(() => postMessage({ id, code: 0, message: "The appliance cannot be reached. Check the network and try again." }));
};
