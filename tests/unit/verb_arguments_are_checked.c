/* verb: what the table says about arguments holds, and the message names the offender. */
#include <stdio.h>
#include <string.h>

#include "verb/verb.h"

static int failed;

#define CHECK(what) do { if (!(what)) { failed = 1; printf("%s:%d: %s\n", __FILE__, __LINE__, #what); } } while (0)

static const struct verb_arg args[] = {
	{ "name", VERB_STRING, true, 2, 8, "" },
	{ "count", VERB_INTEGER, false, -5, 5, "" },
	{ "on", VERB_BOOLEAN, false, 0, 0, "" },
	{ "doc", VERB_OBJECT, false, 0, 0, "" },
	{ "list", VERB_ARRAY, false, 0, 2, "" },
	{ "key", VERB_SECRET, false, 1, 4, "" },
	{ .type = VERB_NONE },
};
static const struct verb strict = { .name = "test.strict", .role = VERB_ROLE_PUBLIC, .args = args, .help = "" };
static const struct verb whole = { .name = "test.whole", .role = VERB_ROLE_PUBLIC, .args = args, .help = "", .whole = true };

/* Accepted (want NULL), or refused with a message that begins with want. */
static bool is(const struct verb *v, const char *json, const char *want)
{
	yyjson_doc *doc = yyjson_read(json, strlen(json), 0);
	char message[VERB_MESSAGE] = "";
	int result = doc ? verb_check(v, yyjson_doc_get_root(doc), message) : -2;
	bool good = want ? result == -1 && !strncmp(message, want, strlen(want)) : result == 0;

	if (!good)
		printf("%s: %d %s\n", json, result, message);
	yyjson_doc_free(doc);
	return good;
}

static void check_depth(void)
{
	char deep[4096] = "{\"name\":\"ab\",\"list\":[", *at = deep + strlen(deep);

	for (int i = 0; i < 1000; i++)
		*at++ = '[';
	for (int i = 0; i < 1000; i++)
		*at++ = ']';
	memcpy(at, "]}", 3);
	CHECK(is(&strict, deep, "Nested"));
}

static void check_many_members(void)
{
	static char many[64000];
	char *at = many;

	at += sprintf(at, "{\"name\":\"ab\",\"doc\":{");
	for (int i = 0; i < 3000; i++)
		at += sprintf(at, "%s\"m%d\":1", i ? "," : "", i);
	sprintf(at, "}}");
	CHECK(is(&strict, many, "An object has more"));
}

int main(void)
{
	char message[VERB_MESSAGE];

	CHECK(is(&strict, "{\"name\":\"ab\"}", NULL));
	CHECK(is(&strict, "{\"name\":\"ab\",\"count\":-5,\"on\":true,\"doc\":{\"x\":{}},\"list\":[1,2],\"key\":\"k\"}", NULL));
	CHECK(is(&strict, "{}", "name: is missing"));
	CHECK(verb_check(&strict, NULL, message) == -1);
	CHECK(is(&strict, "[]", "The arguments must be"));
	CHECK(is(&strict, "{\"name\":null}", "name: must be a string"));
	CHECK(is(&strict, "{\"name\":\"a\"}", "name: at least 2"));
	CHECK(is(&strict, "{\"name\":\"\"}", "name: must not be empty"));
	CHECK(is(&strict, "{\"name\":\"123456789\"}", "name: at most 8"));
	CHECK(is(&strict, "{\"name\":\"a\\u0000b\"}", "name: control"));
	CHECK(is(&strict, "{\"name\":\"a\\nb\"}", "name: control"));
	CHECK(is(&strict, "{\"name\":\"a\\u007f\"}", "name: control"));
	CHECK(is(&strict, "{\"name\":\"ab\",\"count\":6}", "count: must be from -5 to 5"));
	CHECK(is(&strict, "{\"name\":\"ab\",\"count\":18446744073709551615}", "count: must be from"));
	CHECK(is(&strict, "{\"name\":\"ab\",\"count\":1.0}", "count: must be a whole"));
	CHECK(is(&strict, "{\"name\":\"ab\",\"count\":null}", NULL));
	CHECK(is(&strict, "{\"name\":\"ab\",\"on\":1}", "on: must be true"));
	CHECK(is(&strict, "{\"name\":\"ab\",\"doc\":[]}", "doc: must be an object"));
	CHECK(is(&strict, "{\"name\":\"ab\",\"list\":[1,2,3]}", "list: at most 2"));
	CHECK(is(&strict, "{\"name\":\"ab\",\"key\":\"12345\"}", "key: at most 4"));
	CHECK(is(&strict, "{\"name\":\"ab\",\"other\":1}", "other: is not an argument of test.strict"));
	CHECK(is(&whole, "{\"name\":\"ab\",\"other\":1}", NULL));
	CHECK(is(&whole, "{\"name\":\"ab\",\"name\":\"cd\"}", "name: given twice"));
	CHECK(is(&whole, "{\"name\":\"ab\",\"doc\":{\"a\":[{\"b\":1,\"b\":2}]}}", "b: given twice"));
	CHECK(is(&strict, "{\"name\":\"ab\",\"a\\u0001\\nb\":1}", "a??b: is not"));
	check_depth();
	check_many_members();
	return failed;
}
