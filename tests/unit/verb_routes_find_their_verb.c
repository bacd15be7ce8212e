/* verb: method and path lead to the row, and every row of the table is whole. */
#include <stdio.h>
#include <string.h>

#include "verb/verb.h"

static int failed;

#define CHECK(what) do { if (!(what)) { failed = 1; printf("%s:%d: %s\n", __FILE__, __LINE__, #what); } } while (0)

static const char *route(const char *method, const char *path, bool *other)
{
	struct verb_segment segments[VERB_SEGMENTS];
	size_t count;
	const struct verb *v = verb_by_route(method, path, other, segments, &count);

	return v ? v->name : "";
}

static void check_table(void)
{
	const struct verb *v;

	for (size_t i = 0; (v = verb_at(i)); i++) {
		CHECK(v->name && v->args && v->help && v->role != VERB_ROLE_NONE);
		CHECK(verb_by_name(v->name) == v);
		CHECK(!v->method == !v->path);
		/* What a room alone may ask has no route. */
		CHECK(v->role <= VERB_ROLE_ADMIN || !v->method);
		for (size_t j = 0; j < i; j++)
			CHECK(!v->path || !verb_at(j)->path || strcmp(v->path, verb_at(j)->path) ||
				strcmp(v->method, verb_at(j)->method));
	}
}

int main(void)
{
	bool other;

	check_table();
	CHECK(!strcmp(route("GET", "/services/appliance/status", &other), "appliance.status") && !other);
	CHECK(!strcmp(route("POST", "/services/security/token", &other), "security.token"));
	CHECK(!strcmp(route("GET", "/services/appliance/settings", &other), "appliance.settings.get"));
	CHECK(!strcmp(route("POST", "/services/appliance/settings", &other), "appliance.settings.put"));
	CHECK(!*route("DELETE", "/services/appliance/status", &other) && other);
	CHECK(!*route("GET", "/services/appliance/statu", &other) && !other);
	CHECK(!*route("GET", "/services/appliance/status/", &other) && !other);
	CHECK(!*route("GET", "/services/appliance", &other) && !other);
	CHECK(!*route("GET", "services/appliance/status", &other) && !other);
	CHECK(!*route("GET", "", &other) && !*route("GET", "/", &other) && !*route("GET", "//", &other));
	CHECK(!verb_by_name("appliance.nothing"));
	return failed;
}
