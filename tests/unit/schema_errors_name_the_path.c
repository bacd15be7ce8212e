/* schema: the first thing that is wrong is told with its path; what the table does not name is left alone. */
#include <stdio.h>
#include <string.h>

#include "schema/schema.h"

static int failed;

static const char *const colours[] = { "red", "green", NULL };
static const struct schema_field word = { .type = SCHEMA_STRING, .min = 1, .max = 3 };
static const struct schema_field inner[] = {
	{ .name = "colour", .type = SCHEMA_STRING, .words = colours, .flags = SCHEMA_REQUIRED },
	{ .name = "note", .type = SCHEMA_STRING, .max = 8, .flags = SCHEMA_TEXT },
	{ .type = SCHEMA_END },
};
static const struct schema_field element = { .type = SCHEMA_OBJECT, .fields = inner };
static const struct schema_field fields[] = {
	{ .name = "name", .type = SCHEMA_STRING, .min = 2, .max = 4, .flags = SCHEMA_REQUIRED },
	{ .name = "id", .type = SCHEMA_STRING, .form = &schema_guid },
	{ .name = "count", .type = SCHEMA_INTEGER, .min = -1, .max = 10 },
	{ .name = "on", .type = SCHEMA_BOOLEAN },
	{ .name = "words", .type = SCHEMA_ARRAY, .max = 2, .element = &word },
	{ .name = "things", .type = SCHEMA_ARRAY, .min = 1, .max = 5, .element = &element },
	{ .name = "in", .type = SCHEMA_OBJECT, .fields = inner },
	{ .name = "any", .type = SCHEMA_ANY },
	{ .type = SCHEMA_END },
};

/* want "" = good; else what the message begins with. */
static void check(const char *json, const char *want)
{
	struct schema_path path = SCHEMA_PATH_ZERO;
	yyjson_doc *doc = yyjson_read(json, strlen(json), 0);
	char message[SCHEMA_MESSAGE] = "";
	int result;

	if (!doc) {
		printf("not JSON: %s\n", json);
		failed = 1;
		return;
	}
	result = schema_check(fields, yyjson_doc_get_root(doc), &path, message);
	if ((result != 0) != (*want != 0) || strncmp(message, want, strlen(want)) || path.len) {
		printf("%s\n  said:   %s\n  wanted: %s\n", json, message, want);
		failed = 1;
	}
	yyjson_doc_free(doc);
}

static void check_long_path(void)
{
	struct schema_path path = SCHEMA_PATH_ZERO;
	char message[SCHEMA_MESSAGE];

	for (int i = 0; i < 100; i++)
		schema_path_name(&path, "member");
	if (path.len != SCHEMA_PATH - 1 || strlen(path.text) != path.len)
		failed = printf("a long path has %zu bytes\n", path.len);
	schema_refuse(&path, message, "%s", "x");
	schema_path_back(&path, 6);
	if (strcmp(path.text, "member"))
		failed = printf("a path went back to %s\n", path.text);
}

int main(void)
{
	check("{\"name\":\"abcd\"}", "");
	check("{\"name\":\"äöüß\",\"other\":{\"x\":[1]},\"id\":null,\"count\":null}", "");
	check("[]", "must be an object.");
	check("{}", "name: is missing.");
	check("{\"name\":null}", "name: must be a string.");
	check("{\"name\":\"a\"}", "name: at least 2 characters are needed.");
	check("{\"name\":\"\"}", "name: must not be empty.");
	check("{\"name\":\"abcde\"}", "name: at most 4 characters are accepted.");
	check("{\"name\":\"a\\u0000\"}", "name: control characters are not accepted.");
	check("{\"name\":\"a\\n\"}", "name: control characters are not accepted.");
	check("{\"name\":\"ab\",\"id\":\"x\"}", "id: must be a GUID");
	check("{\"name\":\"ab\",\"id\":\"\"}", "");
	check("{\"name\":\"ab\",\"id\":\"05b76b08-5238-4e05-ae5f-8ea8afe00378\"}", "");
	check("{\"name\":\"ab\",\"id\":\"05b76b08-5238-4e05-ae5f-8ea8afe0037g\"}", "id: must be a GUID");
	check("{\"name\":\"ab\",\"count\":11}", "count: must be from -1 to 10.");
	check("{\"name\":\"ab\",\"count\":18446744073709551615}", "count: must be from -1 to 10.");
	check("{\"name\":\"ab\",\"count\":1.5}", "count: must be a whole number.");
	check("{\"name\":\"ab\",\"on\":1}", "on: must be true or false.");
	check("{\"name\":\"ab\",\"words\":\"x\"}", "words: must be an array.");
	check("{\"name\":\"ab\",\"words\":[\"a\",\"b\",\"c\"]}", "words: at most 2 elements are accepted.");
	check("{\"name\":\"ab\",\"words\":[\"a\",\"bcde\"]}", "words[1]: at most 3 characters are accepted.");
	check("{\"name\":\"ab\",\"words\":[\"a\",null]}", "words[1]: must be a string.");
	check("{\"name\":\"ab\",\"things\":[]}", "things: at least 1 elements are needed.");
	check("{\"name\":\"ab\",\"things\":[{\"colour\":\"red\"},{\"colour\":\"blue\"}]}",
		"things[1].colour: must be one of red, green.");
	check("{\"name\":\"ab\",\"things\":[{\"colour\":\"red\"},3]}", "things[1]: must be an object.");
	check("{\"name\":\"ab\",\"things\":[{\"colour\":\"green\",\"note\":\"a\\n\\tb\"}]}", "");
	check("{\"name\":\"ab\",\"things\":[{\"colour\":\"green\",\"note\":\"a\\u0007\"}]}", "things[0].note: control");
	check("{\"name\":\"ab\",\"in\":{}}", "in.colour: is missing.");
	check("{\"name\":\"ab\",\"any\":[{\"x\":1}]}", "");
	check_long_path();
	return failed != 0;
}
