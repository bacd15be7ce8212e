/* core: which instances a binding finds; which dates, leases and tags are taken. */
/* with: core/all.c */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/instance.h"

static int failed;

#define CHECK(what) do { if (!(what)) { failed = 1; printf("%s:%d: %s\n", __FILE__, __LINE__, #what); } } while (0)

static yyjson_mut_doc *parse(const char *json)
{
	yyjson_doc *doc = yyjson_read(json, strlen(json), 0);
	yyjson_mut_doc *out = yyjson_doc_mut_copy(doc, NULL);

	CHECK(out);
	yyjson_doc_free(doc);
	return out;
}

/* A target everything is right with, and its service. */
#define TARGET "\"owner\":\"ops\",\"members\":[{\"workspace\":\"friends\",\"role\":\"read\"}],\"box\":\"draft\"," \
	"\"boxes\":[{\"id\":\"v1\",\"version\":{\"box\":\"draft\"}},{\"id\":\"child\"}],\"tags\":[\"db\",\"prod\"]"
#define ONLINE "\"state\":\"done\",\"operation\":{\"event\":\"deploy\"}"
#define SERVICE "{\"machines\":[{\"name\":\"a\"},{\"name\":\"b\",\"address\":{\"private\":\"10.0.0.7\"}}]}"

static bool matches(const char *workspace, const char *variable, const char *target, const char *service)
{
	yyjson_mut_doc *v = parse(variable), *t = parse(target), *s = parse(service);
	bool yes = binding_matches(workspace, v->root, t->root, s->root);

	yyjson_mut_doc_free(v);
	yyjson_mut_doc_free(t);
	yyjson_mut_doc_free(s);
	return yes;
}

static bool finds(const char *value, const char *tags)
{
	char variable[256];

	snprintf(variable, sizeof variable, "{\"name\":\"B\",\"type\":\"Binding\",\"value\":\"%s\",\"tags\":%s}", value, tags);
	return matches("ops", variable, "{" TARGET "," ONLINE "}", SERVICE);
}

static void check_rules(void)
{
	static const char any[] = "{\"value\":\"AnyBox\",\"tags\":[]}";

	/* the box's type: its draft, a version, a box within; or any */
	CHECK(finds("AnyBox", "[]") && finds("draft", "[]") && finds("v1", "[]") && finds("child", "null"));
	CHECK(!finds("other", "[]") && !finds("", "[]"));
	/* all tags of the binding, at least */
	CHECK(finds("draft", "[\"db\"]") && finds("draft", "[\"prod\",\"db\"]"));
	CHECK(!finds("draft", "[\"db\",\"test\"]") && !finds("AnyBox", "[\"DB\"]"));
	/* shared with the owning workspace */
	CHECK(matches("friends", any, "{" TARGET "," ONLINE "}", SERVICE));
	CHECK(!matches("others", any, "{" TARGET "," ONLINE "}", SERVICE));
	/* connection data */
	CHECK(!matches("ops", any, "{" TARGET "," ONLINE "}", "{\"machines\":[]}"));
	CHECK(!matches("ops", any, "{" TARGET "," ONLINE "}", "{\"machines\":[{\"address\":{\"public\":\"\",\"private\":null}}]}"));
	CHECK(matches("ops", any, "{" TARGET "," ONLINE "}", "{\"machines\":[],\"address\":{\"public\":\"db.example\"}}"));
	/* not terminated; what is being removed is as good as gone, what failed is not */
	CHECK(!matches("ops", any, "{" TARGET ",\"state\":\"done\",\"operation\":{\"event\":\"terminate_service\"}}", SERVICE));
	CHECK(!matches("ops", any, "{" TARGET ",\"state\":\"processing\",\"operation\":{\"event\":\"terminate_service\"}}", SERVICE));
	CHECK(matches("ops", any, "{" TARGET ",\"state\":\"unavailable\",\"operation\":{\"event\":\"terminate\"}}", SERVICE));
	CHECK(matches("ops", any, "{" TARGET ",\"state\":\"processing\",\"operation\":{\"event\":\"reinstall\"}}", SERVICE));
}

static void collect(yyjson_mut_val *variable, void *arg)
{
	strcat(arg, yyjson_mut_get_str(yyjson_mut_obj_get(variable, "value")));
	strcat(arg, " ");
}

static void check_variables(void)
{
	yyjson_mut_doc *i = parse("{\"variables\":[{\"name\":\"A\",\"type\":\"Binding\",\"value\":\"own\"},"
		"{\"name\":\"T\",\"type\":\"Text\",\"value\":\"text\"},{\"name\":\"D\",\"type\":\"Binding\",\"scope\":\"x\",\"value\":\"deep\"}],"
		"\"boxes\":[{\"variables\":[{\"name\":\"A\",\"type\":\"Binding\",\"value\":\"hidden\"},"
		"{\"name\":\"C\",\"type\":\"Binding\",\"value\":\"main\"}]},"
		"{\"variables\":[{\"name\":\"A\",\"type\":\"Binding\",\"value\":\"childs\"},"
		"{\"name\":\"D\",\"type\":\"Binding\",\"value\":\"hidden\"}]}]}");
	char all[256] = "";

	binding_variables(i->root, collect, all);
	CHECK(!strcmp(all, "own deep main childs "));
	yyjson_mut_doc_free(i);
}

static void check_dates(void)
{
	static const char *const wrong[] = { "", "2030", "2030-13-01 00:00:00", "2030-02-30 00:00:00", "2030-01-01 24:00:00",
		"2030-01-01 00:60:00", "2030-01-01 00:00:00.", "2030-01-01 00:00:00 ", "30-01-01 00:00:00", "2030-1-1 0:0:0",
		"2030-01-01 00:00:00+01", "1969-12-31 23:59:59", "2030-01-01\t00:00:00" };

	CHECK(instance_date_read("1970-01-01 00:00:00.000001") == 1);
	CHECK(instance_date_read("2026-11-22 15:00:00.25") == INT64_C(1795359600250000));
	CHECK(instance_date_read("2026-11-22T15:00:00Z") == INT64_C(1795359600000000));
	CHECK(instance_date_read("2028-02-29 00:00:00.000000") > 0 && instance_date_read("2027-02-29 00:00:00.000000") < 0);
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		CHECK(instance_date_read(wrong[i]) == -1);
}

static int lease(const char *json, const char *before, int64_t now)
{
	char message[INSTANCE_MESSAGE];
	yyjson_doc *doc = yyjson_read(json, strlen(json), 0);
	int result = instance_lease_check(yyjson_doc_get_root(doc), before, now, message);

	yyjson_doc_free(doc);
	return result;
}

static int tags(const char *json)
{
	char message[INSTANCE_MESSAGE];
	yyjson_doc *doc = yyjson_read(json, strlen(json), 0);
	int result = instance_tags_check(yyjson_doc_get_root(doc), "tags", message);

	yyjson_doc_free(doc);
	return result;
}

static void check_leases_and_tags(void)
{
	static const char at_1[] = "{\"expire\":\"1970-01-01 00:00:01.000000\",\"operation\":\"terminate\"}";

	CHECK(!lease("null", "", 0) && !lease(at_1, "", 999999) && lease(at_1, "", 1000000) == -1);
	/* one that was there may have run out, and comes back with the whole object */
	CHECK(!lease(at_1, "1970-01-01 00:00:01.000000", 5000000));
	CHECK(lease("{\"expire\":\"1970-01-01 00:00:01.000000\",\"operation\":\"explode\"}", "", 0) == -1);
	CHECK(lease("{\"operation\":\"terminate\"}", "", 0) == -1 && lease("[]", "", 0) == -1 && lease("{\"expire\":5}", "", 0) == -1);
	CHECK(!tags("[]") && !tags("[\"a\",\"\\u00e4\"]") && !tags("null"));
	CHECK(tags("[\"\"]") == -1 && tags("[1]") == -1 && tags("\"a\"") == -1 && tags("{}") == -1 && tags("[null]") == -1);
}

int main(void)
{
	check_rules();
	check_variables();
	check_dates();
	check_leases_and_tags();
	return failed;
}
