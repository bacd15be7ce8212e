// Holds every recorded request and answer of the suites against the OpenAPI document; then proves that it would notice: answers
// changed in one place each must be refused.   usage: node traffic.mjs OPENAPI.json RECORD.jsonl...
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import Ajv2020 from "ajv/dist/2020.js";

const LEAST = 60; // operations that must have been seen
const api = JSON.parse(readFileSync(process.argv[2], "utf8"));
const ajv = new Ajv2020({ strict: false, allErrors: false, validateFormats: false });
ajv.addSchema(api, "api");
const checks = new Map();

const escaped = (part) => encodeURIComponent(part.replaceAll("~", "~0").replaceAll("/", "~1"));

function validator(...way) {
	const at = "api#/" + way.map(escaped).join("/");
	if (!checks.has(at)) checks.set(at, ajv.compile({ $ref: at }));
	return checks.get(at);
}

// Longer literal parts win, as in the appliance's own table.
const routes = Object.keys(api.paths).map((path) => ({
	path,
	parts: path.split("/").map((p) => (p.startsWith("{") ? null : p)),
}));

function route(path) {
	const parts = path.split("/");
	const fits = routes.filter((r) => r.parts.length === parts.length && r.parts.every((p, i) => p === null || p === parts[i]));
	fits.sort((a, b) => a.parts.filter((p) => p === null).length - b.parts.filter((p) => p === null).length);
	return fits[0]?.path;
}

const wrong = (check, value) => (check(value) ? null : ajv.errorsText(check.errors, { dataVar: "body" }));

// What is wrong with a request that was carried out, or null.
function requestFault(way, operation, entry, query) {
	const known = new Set(operation.parameters.filter((p) => p.in === "query").map((p) => p.name));
	for (const name of query.keys()) {
		if (!known.has(name) && !operation.requestBody?.content["application/json"]) return `no parameter ${name}`;
	}
	for (const p of operation.parameters) {
		if (p.in === "query" && p.required && !query.has(p.name)) return `without the parameter ${p.name}`;
	}
	if (!entry.request || !operation.requestBody?.content["application/json"]) return null;
	return wrong(validator(...way, "requestBody", "content", "application/json", "schema"), JSON.parse(entry.request));
}

// What is wrong with an answer, or null.
function answerFault(way, operation, entry) {
	const status = String(entry.status) in operation.responses ? String(entry.status) : "default";
	const response = operation.responses[status];
	if (status === "default" && entry.status < 400) return `status ${entry.status} is not promised`;
	const content = status === "default" ? api.components.responses.error.content : response.content;
	if (!content || !Object.keys(content).length) return entry.answer ? `a body where none is promised` : null;
	if (entry.status === 304 || entry.method === "HEAD") return null;
	const type = (entry.type ?? "").split(";")[0].trim();
	if ("*/*" in content) return null;
	// An empty text has no type.
	if (!type && !entry.answer && Object.keys(content).some((kind) => kind.startsWith("text/"))) return null;
	if (!(type in content)) return `media type ${type || "none"} is not promised`;
	if (type !== "application/json" || entry.answer === undefined) return null;
	const body = JSON.parse(entry.answer);
	if (status === "default") return wrong(validator("components", "schemas", "error"), body);
	return wrong(validator(...way, "responses", status, "content", "application/json", "schema"), body);
}

function fault(entry) {
	const url = new URL(entry.path, "https://appliance");
	const path = route(url.pathname);
	const method = entry.method.toLowerCase();
	const operation = path && api.paths[path][method === "head" ? "get" : method];
	if (!operation) return entry.status === 404 || entry.status === 405 ? null : "no such operation";
	const way = ["paths", path, method];
	entry.operation = operation.operationId;
	const bad = entry.status < 400 ? requestFault(way, operation, entry, url.searchParams) : null;
	return bad ? `request: ${bad}` : answerFault(way, operation, entry);
}

let failed = 0;
function say(what, why) {
	if (why) failed = 1;
	console.log(why ? `not ok ${what}: ${why}` : `ok ${what}`);
}

const seen = new Set();
const good = [];
for (const file of process.argv.slice(3)) {
	const lines = readFileSync(file, "utf8").split("\n").filter((l) => l);
	const faults = new Map();
	for (const line of lines) {
		const entry = JSON.parse(line);
		if (!entry.path.startsWith("/services/")) continue;
		const why = fault(entry);
		if (entry.operation && entry.status < 400) seen.add(entry.operation);
		if (why) faults.set(`${entry.method} ${entry.path.split("?")[0].replace(/[0-9a-f-]{24,36}|i-\w{6}/g, "…")} ${entry.status}: ${why}`, line);
		else if (entry.status < 300 && entry.answer?.startsWith("{") && entry.type?.startsWith("application/json")) good.push(entry);
	}
	const shown = [...faults.keys()].slice(0, 12).join("\n  ");
	say(`${basename(file, ".jsonl")}: ${lines.length} recorded requests are as the document says`, shown);
}
say(`${seen.size} of ${routes.reduce((n, r) => n + Object.keys(api.paths[r.path]).length, 0)} operations were seen carried out`,
	seen.size < LEAST ? `fewer than ${LEAST}` : "");

// ---- it would notice

let changed = 0;
let missed = [];
for (const entry of good.filter((_, i) => i % Math.ceil(good.length / 200) === 0)) {
	const body = JSON.parse(entry.answer);
	const path = route(new URL(entry.path, "https://appliance").pathname);
	const schema = api.paths[path][entry.method.toLowerCase()].responses[entry.status]?.content?.["application/json"]?.schema;
	const name = schema?.$ref?.split("/").pop();
	for (const member of name ? api.components.schemas[name].required : []) {
		for (const value of [undefined, { not: ["expected"] }, 1.5]) {
			const type = api.components.schemas[name].properties[member].type;
			if (type === "object" && value !== undefined && typeof value === "object") continue;
			const mutant = { ...entry, answer: JSON.stringify({ ...body, [member]: value }) };
			changed++;
			if (!fault(mutant)) missed.push(`${entry.operation} ${member}`);
		}
	}
	for (const mutant of [{ ...entry, status: 299 }, { ...entry, type: "text/html" }]) {
		changed++;
		if (!fault(mutant)) missed.push(`${entry.operation} ${mutant.status} ${mutant.type}`);
	}
}
say(`${changed} changed answers are noticed`, missed.length || !changed ? `missed ${missed.length}: ${missed.slice(0, 5).join(", ")}` : "");
process.exit(failed);
