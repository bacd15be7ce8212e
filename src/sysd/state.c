/* state: the body of PROTO_SYSD_STATE. */
#include <stdio.h>

#include "sysd.h"

static void put_prefix(yyjson_mut_doc *d, yyjson_mut_val *list, const struct addr_prefix *p)
{
	char text[ADDR_PREFIX_TEXT_MAX];

	addr_prefix_format(p, text);
	yyjson_mut_arr_add_strcpy(d, list, text);
}

static void put_addr(yyjson_mut_doc *d, yyjson_mut_val *list, const struct addr *a)
{
	char text[ADDR_TEXT_MAX];

	addr_format(a, text);
	yyjson_mut_arr_add_strcpy(d, list, text);
}

static const char *advice_name(enum netlink_advice a)
{
	return a == NETLINK_ADVICE_MANAGED ? "managed" : a == NETLINK_ADVICE_OTHER ? "other" : "none";
}

static void put_port(yyjson_mut_doc *d, yyjson_mut_val *list, const struct netlink_link *l)
{
	yyjson_mut_val *o = yyjson_mut_arr_add_obj(d, list), *addresses;
	const struct netlink_address *all;
	unsigned n = network_addresses(&all);
	char mac[18];

	snprintf(mac, sizeof mac, "%02x:%02x:%02x:%02x:%02x:%02x",
		l->mac[0], l->mac[1], l->mac[2], l->mac[3], l->mac[4], l->mac[5]);
	yyjson_mut_obj_add_strcpy(d, o, "name", l->name);
	yyjson_mut_obj_add_bool(d, o, "up", l->up);
	yyjson_mut_obj_add_bool(d, o, "carrier", l->carrier);
	yyjson_mut_obj_add_strcpy(d, o, "mac", mac);
	yyjson_mut_obj_add_str(d, o, "advice", advice_name(l->advice));
	addresses = yyjson_mut_obj_add_arr(d, o, "addresses");
	for (unsigned i = 0; i < n; i++)
		if (all[i].index == l->index && network_address_shown(&all[i]))
			put_prefix(d, addresses, &all[i].prefix);
}

static void put_static(yyjson_mut_doc *d, yyjson_mut_val *root, const struct netconf *c)
{
	yyjson_mut_val *o = yyjson_mut_obj_add_obj(d, root, "static"), *dns;
	char text[ADDR_PREFIX_TEXT_MAX];

	addr_prefix_format(&c->address, text);
	yyjson_mut_obj_add_strcpy(d, o, "interface", c->interface);
	yyjson_mut_obj_add_strcpy(d, o, "address", text);
	addr_format(&c->router, text);
	yyjson_mut_obj_add_strcpy(d, o, "router", text);
	dns = yyjson_mut_obj_add_arr(d, o, "dns");
	for (unsigned i = 0; i < c->dns_count; i++)
		put_addr(d, dns, &c->dns[i]);
}

static void put_plan(yyjson_mut_doc *d, yyjson_mut_val *root)
{
	const struct netconf_plan *plan = network_plan();
	yyjson_mut_val *dns;
	char text[ADDR_TEXT_MAX] = "";

	if (plan->route_count)
		addr_format(&plan->routes[0].route.gateway, text);
	yyjson_mut_obj_add_strcpy(d, root, "router", text);
	dns = yyjson_mut_obj_add_arr(d, root, "dns");
	for (unsigned i = 0; i < plan->dns_count; i++)
		put_addr(d, dns, &plan->dns[i]);
}

void state_services(yyjson_mut_doc *d, yyjson_mut_val *root)
{
	yyjson_mut_val *list = yyjson_mut_obj_add_arr(d, root, "services"), *o;
	const struct service *s;
	unsigned n = services_list(&s);

	for (unsigned i = 0; i < n; i++) {
		o = yyjson_mut_arr_add_obj(d, list);
		yyjson_mut_obj_add_strcpy(d, o, "name", s[i].name);
		yyjson_mut_obj_add_int(d, o, "pid", s[i].pid);
		yyjson_mut_obj_add_uint(d, o, "starts", s[i].starts);
		yyjson_mut_obj_add_sint(d, o, "since", s[i].since);
	}
}

yyjson_mut_doc *state_make(const struct netconf *c)
{
	yyjson_mut_doc *d = yyjson_mut_doc_new(NULL);
	const struct netconf_port *ports;
	unsigned n = network_ports(&ports);
	yyjson_mut_val *root, *list;

	if (!d)
		return NULL;
	root = yyjson_mut_obj(d);
	yyjson_mut_doc_set_root(d, root);
	yyjson_mut_obj_add_strcpy(d, root, "hostname", c->hostname);
	yyjson_mut_obj_add_str(d, root, "mode", netconf_mode_name(c->mode));
	list = yyjson_mut_obj_add_arr(d, root, "interfaces");
	for (unsigned i = 0; i < n; i++)
		put_port(d, list, &ports[i].link);
	put_plan(d, root);
	if (c->mode == NETCONF_STATIC)
		put_static(d, root, c);
	list = yyjson_mut_obj_add_arr(d, root, "ntp");
	for (unsigned i = 0; i < c->ntp_count; i++)
		yyjson_mut_arr_add_strcpy(d, list, c->ntp[i]);
	state_services(d, root);
	return d;
}
