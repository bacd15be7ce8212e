/* Who is signed in, and what the appliance says of itself to everybody. */
import { computed, signal } from "@preact/signals";
import { get, Refusal, send, setCsrf } from "./http";

export interface User { id: string; name?: string; last_name?: string; email: string; organization: string; administrator?: boolean; role?: string; state?: string }
export interface Status { setup: boolean; version: string; development: boolean; id: string; state: string; time: string }

export const status = signal<Status | null>(null);
export const user = signal<User | null>(null);
export const organization = signal<any>(null);
/* of the appliance */
export const isAdministrator = computed(() => !!user.value?.administrator || user.value?.role === "administrator");
/* of the organization */
export const isOwner = computed(() => isAdministrator.value || (organization.value?.members ?? []).some(
	(m: any) => m.id === user.value?.id && m.role === "administrator"));

const CONSOLE = { headers: { "X-CAM-Console": "1" } };

export async function readStatus(): Promise<Status> {
	return status.value = await send<Status>("GET", "/services/appliance/status");
}

async function signedIn(answer: { user: User; csrf?: string }): Promise<void> {
	setCsrf(answer.csrf ?? null);
	const me = await send<User>("GET", `/services/users/${encodeURIComponent(answer.user.id)}`).catch(() => ({}));
	organization.value = answer.user.organization
		? await send("GET", `/services/organizations/${encodeURIComponent(answer.user.organization)}`).catch(() => null) : null;
	user.value = { ...answer.user, ...me };
}

/* Is there a session already? */
export async function resume(): Promise<boolean> {
	try {
		await signedIn(await send("GET", "/services/security/session"));
		return true;
	} catch (e) {
		if (e instanceof Refusal && (e.code === 401 || e.code === 403))
			return false;
		throw e;
	}
}

export async function signIn(email: string, password: string): Promise<void> {
	setCsrf(null);
	await signedIn(await send("POST", "/services/security/token", { email, password }, CONSOLE));
}

export async function setUp(body: { code: string; organization: string; email: string; password: string; name?: string }): Promise<void> {
	await signedIn(await send("POST", "/services/appliance/setup", body, CONSOLE));
	await readStatus();
}

/* By the code of an invitation or of a new password. */
export async function activate(code: string, password: string): Promise<void> {
	await signedIn(await send("POST", "/services/users/activate", { code, password }, CONSOLE));
}

export async function signOut(): Promise<void> {
	await send("POST", "/services/security/signout", {}).catch(() => null);
	setCsrf(null);
	// Everything this page knows goes with it.
	location.hash = "";
	location.reload();
}

export const refreshOrganization = async (): Promise<void> => {
	if (user.value?.organization)
		organization.value = await get(`/services/organizations/${encodeURIComponent(user.value.organization)}`);
};
