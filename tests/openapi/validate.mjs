// Validates the OpenAPI document named; then proves that it would notice: the same document, broken in three
// ways, must be refused.   usage: node validate.mjs FILE
import { readFileSync } from "node:fs";
import { Validator } from "@seriousme/openapi-schema-validator";

const text = readFileSync(process.argv[2], "utf8");
let failed = 0;

async function check(name, document, wanted) {
	const validator = new Validator();
	const result = await validator.validate(document);
	const good = result.valid === wanted && (!wanted || validator.version === "3.1");
	if (!good) {
		failed = 1;
		console.log(JSON.stringify(result.errors ?? [], null, 1).slice(0, 2000));
	}
	console.log(good ? `ok ${name}` : `not ok ${name}: valid is ${result.valid}, version ${validator.version}`);
}

function broken(change) {
	const document = JSON.parse(text);
	change(document);
	return document;
}

await check("the document is OpenAPI 3.1", JSON.parse(text), true);
await check("no title is noticed", broken((d) => { delete d.info.title; }), false);
await check("a parameter in no place is noticed",
	broken((d) => { d.paths["/services/boxes/{id}"].get.parameters[0].in = "nowhere"; }), false);
await check("a reply without a description is noticed",
	broken((d) => { delete d.paths["/services/appliance/status"].get.responses["200"].description; }), false);
process.exit(failed);
