/* The OpenAPI document is made of the verb table: every address and method is in it, every
 * reference leads somewhere.  usage: openapi_names_every_verb [print] */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yyjson.h>

#include "openapi/openapi.h"
#include "verb/verb.h"

static int failed;

static void check_verb(yyjson_val *root, const struct verb *v)
{
	yyjson_val *operation;
	char method[8] = "";

	for (size_t i = 0; v->method[i] && i < 7; i++)
		method[i] = (char)(v->method[i] | 0x20);
	operation = yyjson_obj_get(yyjson_obj_get(yyjson_obj_get(root, "paths"), v->path), method);
	if (!yyjson_equals_str(yyjson_obj_get(operation, "operationId"), v->name)) {
		printf("%s %s: is not %s\n", v->method, v->path, v->name);
		failed = 1;
	}
	if (!yyjson_get_len(yyjson_obj_get(operation, "summary"))) {
		printf("%s: has no help\n", v->name);
		failed = 1;
	}
}

static void check_references(yyjson_val *root, yyjson_val *v)
{
	yyjson_val *key, *value;
	size_t i, n;

	if (yyjson_is_arr(v)) {
		yyjson_arr_foreach(v, i, n, value)
			check_references(root, value);
		return;
	}
	yyjson_obj_foreach(v, i, n, key, value) {
		check_references(root, value);
		if (yyjson_equals_str(key, "$ref") && (!yyjson_is_str(value) ||
		    !yyjson_ptr_get(root, yyjson_get_str(value) + 1))) {
			printf("%s: leads nowhere\n", yyjson_get_str(value));
			failed = 1;
		}
	}
}

int main(int argc, char **argv)
{
	size_t len = 0, verbs = 0;
	char *text = openapi_text("4.0.0", &len);
	yyjson_doc *doc = text ? yyjson_read(text, len, 0) : NULL;
	const struct verb *v;

	if (!doc)
		return 1;
	if (argc > 1 && !strcmp(argv[1], "print"))
		puts(text);
	for (size_t i = 0; (v = verb_at(i)); i++)
		if (v->path) {
			check_verb(yyjson_doc_get_root(doc), v);
			verbs++;
		}
	check_references(yyjson_doc_get_root(doc), yyjson_doc_get_root(doc));
	if (verbs < 10) {
		printf("only %zu verbs\n", verbs);
		failed = 1;
	}
	yyjson_doc_free(doc);
	free(text);
	return failed;
}
