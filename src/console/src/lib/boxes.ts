/* Words and shapes of boxes. */
import { schemaWord, SCHEMAS } from "./text";
import type { BoxRow } from "./data";
import type { FileRef } from "./http";

export interface Variable { name: string; type: string; value?: any; required?: boolean; visibility?: string; scope?: string; options?: string; tags?: string[]; automatic_updates?: string }
export interface Box { id: string; name: string; description?: string; schema: string; owner: string; members?: any[]; visibility?: string; variables: Variable[]; events?: Record<string, FileRef>; requirements?: string[]; claims?: string[];
	categories?: string[]; readme?: FileRef | null; automatic_updates?: string; version?: any; draft_from?: string; provider_id?: string; profile?: any; lifespan?: any; services?: any[]; template?: FileRef; type?: string; dockerfile?: FileRef; updated: string; created: string; [more: string]: any }

export const kinds = [
	{ id: "script", label: "Script box", short: "Script", text: "Scripts that install, configure, start and stop something on a machine." },
	{ id: "policy", label: "Deployment policy", short: "Policy", text: "Which provider and which kind of machine to deploy on." },
	{ id: "application", label: "Application", short: "Application", text: "Several boxes that are deployed together." },
	{ id: "cloudformation", label: "Template", short: "Template", text: "A template of Heat or CloudFormation; its parameters are variables." },
	{ id: "docker", label: "Container", short: "Container", text: "A Dockerfile with event scripts." },
];
export const kindOf = (b: { schema: string }) => kinds.find((k) => k.id === schemaWord(b.schema)) ?? kinds[0];
export const VARIABLE_TYPES = ["Text", "Password", "Number", "Port", "File", "Options", "Binding", "Box"];
export const eventGroups: [string, string[]][] = [
	["Deploy", ["pre_install", "install", "pre_configure", "configure", "pre_start", "start"]],
	["Shut down", ["pre_stop", "stop", "post_stop"]],
	["Terminate", ["pre_dispose", "dispose", "post_dispose"]],
	["Of older releases", ["post_install", "post_configure", "post_start"]],
];
export const eventHelp: Record<string, string> = {
	pre_install: "before anything is installed, also before the boxes within", install: "once, when the machine is new", pre_configure: "before configuring", configure: "after install, and whenever the instance is reconfigured",
	pre_start: "before starting", start: "last, after configure", pre_stop: "before stopping", stop: "when the instance is shut down or terminated", post_stop: "after stopping",
	pre_dispose: "before the machine is given up", dispose: "when the instance is terminated", post_dispose: "after everything else",
	post_install: "of older releases", post_configure: "of older releases", post_start: "of older releases",
};

export const numberText = (n: any): string => n ? `${n.major}.${n.minor}.${n.patch}` : "";
export const lacking = (requirements: string[], claims: string[]): string[] => requirements.filter((r) => !claims.includes(r));

export function emptyBox(kind: string, name: string, owner: string): any {
	const b: any = { schema: `${SCHEMAS}boxes/${kind}`, name, description: "", owner, variables: [], automatic_updates: "off", visibility: "workspace" };

	if (kind === "policy")
		b.claims = [];
	else
		b.requirements = [];
	if (kind === "script" || kind === "docker")
		b.events = {};
	if (kind === "application")
		b.services = [];
	if (kind === "cloudformation")
		b.type = "CloudFormation Service";
	return b;
}

export const boxText = (b: BoxRow): string => `${b.name} ${b.description ?? ""} ${b.id} ${b.categories.join(" ")} ${b.requirements.join(" ")} ${b.claims.join(" ")}`.toLowerCase();
