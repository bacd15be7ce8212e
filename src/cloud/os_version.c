/* openstack: microversions: what the cloud knows, and calls that need a later one. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "cloud/openstack.h"

static const struct { const char *name, *header; unsigned major; } services[OS_SERVICES] = {
	[OS_COMPUTE] = { "Nova", "compute", 2 }, [OS_IMAGE] = { "Glance", NULL, 0 }, [OS_NETWORK] = { "Neutron", NULL, 0 },
	[OS_VOLUME] = { "Cinder", "volume", 3 }, [OS_STACK] = { "Heat", NULL, 0 },
};

static const struct { enum os_service service; unsigned minor; } features[OS_FEATURES] = {
	[OS_NETWORKS_WORD] = { OS_COMPUTE, 37 },
	[OS_ATTACHED_GOES] = { OS_COMPUTE, 79 },
	[OS_MESSAGES] = { OS_VOLUME, 5 },
	[OS_RESERVATIONS] = { OS_VOLUME, 27 },
};

const char *os_service_name(enum os_service service)
{
	return services[service].name;
}

void os_version_root(const char *url, char *out, size_t cap)
{
	const char *at = strstr(url, "://"), *end = url + strlen(url);

	for (at = at ? at + 3 : url; (at = strchr(at, '/')); at++)
		if (at[1] == 'v' && isdigit((unsigned char)at[2])) {
			end = at + 1 + strcspn(at + 1, "/");
			break;
		}
	snprintf(out, cap, "%.*s/", (int)(end - url), url);
}

/* {"version":"2.93"}: of older clouds the text is empty. */
static void take(struct os *o, enum os_service s, yyjson_val *document)
{
	unsigned major, minor;

	if (sscanf(job_text(document, "version"), "%4u.%6u", &major, &minor) == 2 && major == services[s].major && minor > o->newest[s])
		o->newest[s] = minor;
}

static void ask(struct os *o, enum os_service s)
{
	enum os_result r = os_call(o, s, "GET", NULL, NULL, false);
	yyjson_arr_iter it;
	yyjson_val *one;

	/* a cloud without such a document has no microversions */
	o->asked[s] = r == OS_DONE || r == OS_MISSING || r == OS_REFUSED;
	if (r != OS_DONE)
		return;
	take(o, s, yyjson_obj_get(os_answer(o), "version"));
	it = yyjson_arr_iter_with(yyjson_obj_get(os_answer(o), "versions"));
	while ((one = yyjson_arr_iter_next(&it)))
		take(o, s, one);
}

bool os_has(struct os *o, enum os_feature feature)
{
	enum os_service s = features[feature].service;

	if (os_there(o, s) && !o->asked[s])
		ask(o, s);
	return o->newest[s] >= features[feature].minor;
}

enum job_result os_need(struct os *o, enum os_feature feature, const char *what)
{
	enum os_service s = features[feature].service;
	char newest[64];

	if (os_has(o, feature))
		return JOB_INVALID;
	if (!o->asked[s])
		return os_fail(o, OS_BUSY, what);
	snprintf(newest, sizeof newest, o->newest[s] ? "this one has at most %u.%u" : "this one has no microversions",
		services[s].major, o->newest[s]);
	return job_refuse(o->job, "%s: the cloud needs %s with microversion %u.%u for it; %s", what, services[s].name, services[s].major,
		features[feature].minor, newest);
}

enum os_result os_call_for(struct os *o, enum os_feature feature, const char *method, const char *path, yyjson_mut_doc *body, bool once)
{
	enum os_service s = features[feature].service;
	enum os_result r;

	snprintf(o->version, sizeof o->version, "OpenStack-API-Version: %s %u.%u", services[s].header, services[s].major,
		features[feature].minor);
	r = os_call(o, s, method, path, body, once);
	o->version[0] = 0;
	return r;
}
