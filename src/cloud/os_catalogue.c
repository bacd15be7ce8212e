/* openstack: Keystone's catalogue: where the services are, and which of these places core has opened the way to. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "addr/addr.h"
#include "cloud/openstack.h"

/* In the catalogue; the first that is there is taken. */
static const char *const types[OS_SERVICES][4] = {
	{ "compute", NULL }, { "image", NULL }, { "network", NULL }, { "volumev3", "block-storage", "volumev2" },
	{ "orchestration", NULL },
};

struct place {
	char host[ADDR_NAME_MAX + 1];	/* of an address in brackets what is between them */
	unsigned port;
};

/* ---- the places that are used ---- */

static void take_endpoint(struct os *o, enum os_service s, yyjson_val *entry)
{
	const char *region = job_text(o->job->config, "region"), *url;
	yyjson_val *e;
	yyjson_arr_iter it = yyjson_arr_iter_with(yyjson_obj_get(entry, "endpoints"));
	size_t len;

	while ((e = yyjson_arr_iter_next(&it)) && !o->url[s][0]) {
		/* v2.0 has them by name, v3 one after another */
		url = job_text(e, "publicURL")[0] ? job_text(e, "publicURL") : !strcmp(job_text(e, "interface"), "public") ? job_text(e, "url") : "";
		/* nothing is called without TLS */
		if (strncmp(url, "https://", 8) != 0 || (region[0] && strcmp(job_text(e, "region"), region) != 0))
			continue;
		len = strlen(url);
		while (len && url[len - 1] == '/')
			len--;
		if (len < OS_URL - 8)
			snprintf(o->url[s], OS_URL, "%.*s", (int)len, url);
	}
}

/* Glance and Neutron are often in the catalogue without their version. */
static void add_version(char *url, const char *version)
{
	const char *last = strrchr(url, '/');

	if (url[0] && !(last && last[1] == 'v' && isdigit((unsigned char)last[2])))
		strncat(url, version, OS_URL - strlen(url) - 1);
}

/* ---- is the way there open? ---- */

/* "https://host:port/..." (RFC 3986): false when it is none, or says a user. */
static bool place_of(const char *url, struct place *p)
{
	const char *host = url + 8, *end;
	size_t n;
	char *stop;

	if (strncasecmp(url, "https://", 8) != 0)
		return false;
	end = host[0] == '[' ? strchr(host, ']') : host + strcspn(host, ":/?#");
	host += host[0] == '[';
	if (!end || memchr(host, '@', strcspn(host, "/?#")))
		return false;
	n = (size_t)(end - host);
	if (!n || n > ADDR_NAME_MAX)
		return false;
	for (size_t i = 0; i < n; i++)
		p->host[i] = (char)tolower((unsigned char)host[i]);
	p->host[n] = 0;
	end += *end == ']';
	p->port = 443;
	if (*end != ':')
		return !*end || strchr("/?#", *end);
	p->port = (unsigned)strtoul(end + 1, &stop, 10);
	return stop != end + 1 && p->port && p->port <= 65535 && (!*stop || strchr("/?#", *stop));
}

/* The place of a service when it is at another host than identity_url: core has to open it. */
static bool foreign(const struct os *o, enum os_service s, struct place *p)
{
	struct place identity;

	if (!o->url[s][0] || !place_of(o->url[s], p))
		return false;
	return !place_of(job_text(o->job->config, "identity_url"), &identity) || strcmp(identity.host, p->host) != 0;
}

static yyjson_val *known(const struct os *o, const struct place *p)
{
	yyjson_arr_iter it = yyjson_arr_iter_with(yyjson_obj_get(o->job->input, "endpoints"));
	yyjson_val *e;

	while ((e = yyjson_arr_iter_next(&it)))
		if (!strcasecmp(job_text(e, "host"), p->host) && job_number(e, "port", 0) == (int64_t)p->port)
			return e;
	return NULL;
}

static void look(struct os *o, enum os_service s)
{
	struct place p;
	yyjson_val *e;

	if (!foreign(o, s, &p))
		return;
	e = known(o, &p);
	if (!e)
		snprintf(o->unknown, sizeof o->unknown, "the catalogue names %s at %s:%u, which was not known yet", os_service_name(s), p.host, p.port);
	else if (job_text(e, "message")[0])
		snprintf(o->closed[s], sizeof o->closed[s], "%s is at %s:%u in the catalogue: %.200s", os_service_name(s), p.host, p.port,
			job_text(e, "message"));
}

void os_endpoints(struct os *o)
{
	yyjson_mut_val *list = yyjson_mut_obj_add_arr(o->job->output, o->job->out, "endpoints"), *one;
	struct place p;

	for (int s = 0; s < OS_SERVICES; s++) {
		if (!foreign(o, (enum os_service)s, &p))
			continue;
		one = yyjson_mut_arr_add_obj(o->job->output, list);
		yyjson_mut_obj_add_str(o->job->output, one, "service", os_service_name((enum os_service)s));
		yyjson_mut_obj_add_strcpy(o->job->output, one, "host", p.host);
		yyjson_mut_obj_add_uint(o->job->output, one, "port", p.port);
	}
}

/* ---- reading it ---- */

void os_catalogue(struct os *o)
{
	yyjson_val *list = os_identity_catalogue(o), *entry;
	yyjson_arr_iter it;

	memset(o->url, 0, sizeof o->url);
	memset(o->closed, 0, sizeof o->closed);
	o->unknown[0] = 0;
	for (int s = 0; s < OS_SERVICES; s++)
		for (size_t i = 0; types[s][i]; i++) {
			it = yyjson_arr_iter_with(list);
			while ((entry = yyjson_arr_iter_next(&it)))
				if (!strcmp(types[s][i], job_text(entry, "type")))
					take_endpoint(o, (enum os_service)s, entry);
		}
	add_version(o->url[OS_IMAGE], "/v2");
	add_version(o->url[OS_NETWORK], "/v2.0");
	for (int s = 0; s < OS_SERVICES; s++)
		look(o, (enum os_service)s);
}
