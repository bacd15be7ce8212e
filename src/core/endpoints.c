/* core: places of a provider's services at other hosts than its record names. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "endpoints.h"
#include "firewall.h"
#include "provider.h"
#include "addr/addr.h"
#include "firewall/firewall.h"

/* Characters of a service's name that are kept. */
#define SERVICE_MAX 40

static const char *text(yyjson_val *o, const char *name)
{
	const char *s = yyjson_get_str(yyjson_obj_get(o, name));

	return s ? s : "";
}

/* ---- what was said ---- */

static bool there(yyjson_mut_val *list, const char *service, const char *host, int64_t port)
{
	yyjson_mut_arr_iter it = yyjson_mut_arr_iter_with(list);
	yyjson_mut_val *e;

	while ((e = yyjson_mut_arr_iter_next(&it)))
		if (yyjson_mut_equals_str(yyjson_mut_obj_get(e, "service"), service) && yyjson_mut_equals_str(yyjson_mut_obj_get(e, "host"), host) &&
				yyjson_mut_get_sint(yyjson_mut_obj_get(e, "port")) == port)
			return true;
	return false;
}

static void add(yyjson_mut_doc *d, yyjson_mut_val *list, yyjson_val *said)
{
	const char *service = text(said, "service");
	int64_t port = yyjson_get_sint(yyjson_obj_get(said, "port"));
	char host[ADDR_NAME_MAX + 1];
	yyjson_mut_val *one;
	struct addr a;
	size_t n;

	snprintf(host, sizeof host, "%s", text(said, "host"));
	for (n = 0; host[n]; n++)
		host[n] = (char)tolower((unsigned char)host[n]);
	if (addr_parse(&a, host) == 0)
		addr_format(&a, host);
	else if (!addr_name_valid(host))
		return;
	if (port < 1 || port > 65535 || !service[0] || strlen(service) > SERVICE_MAX || there(list, service, host, port))
		return;
	one = yyjson_mut_arr_add_obj(d, list);
	yyjson_mut_obj_add_strcpy(d, one, "service", service);
	yyjson_mut_obj_add_strcpy(d, one, "host", host);
	yyjson_mut_obj_add_sint(d, one, "port", port);
}

void endpoints_forget(struct object *p)
{
	yyjson_mut_obj_remove_key(p->doc->root, "endpoints");
}

bool endpoints_take(struct object *p, yyjson_val *said)
{
	yyjson_arr_iter it = yyjson_arr_iter_with(said);
	yyjson_mut_val *before = yyjson_mut_obj_get(p->doc->root, "endpoints"), *list;
	yyjson_val *one;

	if (!yyjson_is_arr(said) || strcmp(object_member(p, "type"), "Openstack") != 0)
		return false;
	list = yyjson_mut_arr(p->doc);
	while ((one = yyjson_arr_iter_next(&it)) && yyjson_mut_arr_size(list) < ENDPOINTS_MAX)
		add(p->doc, list, one);
	if (before ? yyjson_mut_equals(list, before) : !yyjson_mut_arr_size(list))
		return false;
	yyjson_mut_obj_put(p->doc->root, yyjson_mut_str(p->doc, "endpoints"), list);
	return true;
}

void endpoints_said(struct db *db, const struct object *p)
{
	yyjson_mut_arr_iter it = yyjson_mut_arr_iter_with(yyjson_mut_obj_get(p->doc->root, "endpoints"));
	char line[1024] = "The catalogue names no other host.";
	yyjson_mut_val *e;
	size_t n = 0;

	while ((e = yyjson_mut_arr_iter_next(&it)) && n < sizeof line)
		n += (size_t)snprintf(line + n, sizeof line - n, "%s%s at %.253s:%d", n ? ", " : "The catalogue names ",
			yyjson_mut_get_str(yyjson_mut_obj_get(e, "service")), yyjson_mut_get_str(yyjson_mut_obj_get(e, "host")),
			(int)yyjson_mut_get_sint(yyjson_mut_obj_get(e, "port")));
	provider_log(db, p, PROVIDER_INFO, "sync", line);
	firewall_refresh(db);
}

void endpoints_found(struct db *db, const char *provider, yyjson_val *said)
{
	struct object p;

	if (!object_get(db, OBJECT_PROVIDER, provider, &p))
		return;
	if (strcmp(p.state, "deleting") != 0 && endpoints_take(&p, said)) {
		object_put(db, &p);
		endpoints_said(db, &p);
	}
	object_free(&p);
}

/* ---- who is told of them ---- */

/* Does a line open this port to the peer? */
static bool in_tables(const struct fw_tables *t, int64_t port)
{
	int profile = fw_profile_find(t, "appliance"), peer = fw_peer_find(t, "openstack");

	for (unsigned i = 0; i < t->rule_count; i++) {
		const struct fw_rule *r = &t->rules[i];

		if ((int)r->profile != profile || (int)r->peer != peer || r->off || r->direction != FW_OUT || r->protocol != FW_TCP)
			continue;
		for (unsigned k = 0; k < r->range_count; k++)
			if (port >= r->ranges[k].first && port <= r->ranges[k].last)
				return true;
	}
	return false;
}

/* Link-local ones are of this machine's own link: machines of the Test Provider have them. */
static bool of_nobody_else(const struct addr *a)
{
	return !addr_is_host(a) || addr_is_linklocal(a);
}

/* Why there is no way to it, NULL = there is. */
static const char *no_way(const struct fw_tables *t, const char *host, int64_t port, const char *const own[], unsigned own_count)
{
	struct addr a, mine;

	if (addr_parse(&a, host) == 0) {
		if (of_nobody_else(&a))
			return "this is no address of another machine";
		for (unsigned i = 0; i < own_count; i++)
			if (addr_parse(&mine, own[i]) == 0 && addr_equal(&mine, &a))
				return "this is the appliance's own address";
	}
	return in_tables(t, port) ? NULL : "no line of the firewall opens this port to an OpenStack; an own line can (openstack, room cloud)";
}

void endpoints_input(struct db *db, const struct object *p, const char *const own[], unsigned own_count, yyjson_mut_doc *doc,
	yyjson_mut_val *input)
{
	yyjson_mut_val *kept = yyjson_mut_obj_get(p->doc->root, "endpoints"), *list, *e;
	yyjson_mut_arr_iter it;
	struct fw_tables *t;
	const char *why;

	if (!yyjson_mut_arr_size(kept))
		return;
	list = yyjson_mut_val_mut_copy(doc, kept);
	it = yyjson_mut_arr_iter_with(list);
	t = firewall_tables(db);
	while ((e = yyjson_mut_arr_iter_next(&it))) {
		why = no_way(t, yyjson_mut_get_str(yyjson_mut_obj_get(e, "host")), yyjson_mut_get_sint(yyjson_mut_obj_get(e, "port")), own, own_count);
		if (why)
			yyjson_mut_obj_add_str(doc, e, "message", why);
	}
	fw_tables_free(t);
	yyjson_mut_obj_put(input, yyjson_mut_str(doc, "endpoints"), list);
}

static yyjson_mut_val *ports_of(yyjson_mut_doc *d, yyjson_mut_val *list, const char *host)
{
	yyjson_mut_arr_iter it = yyjson_mut_arr_iter_with(list);
	yyjson_mut_val *e;

	while ((e = yyjson_mut_arr_iter_next(&it)))
		if (yyjson_mut_equals_str(yyjson_mut_obj_get(e, "host"), host))
			return yyjson_mut_obj_get(e, "ports");
	e = yyjson_mut_arr_add_obj(d, list);
	yyjson_mut_obj_add_strcpy(d, e, "host", host);
	return yyjson_mut_obj_add_arr(d, e, "ports");
}

static bool has_number(yyjson_mut_val *list, int64_t n)
{
	yyjson_mut_arr_iter it = yyjson_mut_arr_iter_with(list);
	yyjson_mut_val *v;

	while ((v = yyjson_mut_arr_iter_next(&it)))
		if (yyjson_mut_get_sint(v) == n)
			return true;
	return false;
}

void endpoints_model(yyjson_mut_doc *d, yyjson_mut_val *list, const char *endpoints)
{
	yyjson_doc *doc = yyjson_read(endpoints, strlen(endpoints), 0);
	yyjson_arr_iter it = yyjson_arr_iter_with(yyjson_doc_get_root(doc));
	yyjson_mut_val *ports;
	yyjson_val *e;
	struct addr a;

	while ((e = yyjson_arr_iter_next(&it))) {
		int64_t port = yyjson_get_sint(yyjson_obj_get(e, "port"));

		if (addr_parse(&a, text(e, "host")) == 0 && of_nobody_else(&a))
			continue;
		ports = ports_of(d, list, text(e, "host"));
		if (!has_number(ports, port))
			yyjson_mut_arr_add_sint(d, ports, port);
	}
	yyjson_doc_free(doc);
}
