/* netconf: the settings, read, changed, written. */
#include <string.h>

#include "netconf/netconf.h"

#define FILE_VERSION 1

static const char *const modes[] = { [NETCONF_DHCP] = "dhcp", [NETCONF_STATIC] = "static" };

const char *netconf_mode_name(enum netconf_mode mode)
{
	return modes[mode == NETCONF_STATIC ? NETCONF_STATIC : NETCONF_DHCP];
}

void netconf_default(struct netconf *c)
{
	memset(c, 0, sizeof *c);
	c->mode = NETCONF_DHCP;
	strcpy(c->hostname, NETCONF_HOSTNAME);
}

/* A string without a 0 inside, or NULL. */
static const char *text_of(yyjson_val *v)
{
	return yyjson_is_str(v) && strlen(yyjson_get_str(v)) == yyjson_get_len(v) ? yyjson_get_str(v) : NULL;
}

static const char *member(yyjson_val *o, const char *key)
{
	return text_of(yyjson_obj_get(o, key));
}

static bool absent(yyjson_val *v)
{
	return !v || yyjson_is_null(v) || (yyjson_is_str(v) && yyjson_get_len(v) == 0);
}

static int refuse(const char **why, const char *reason)
{
	*why = reason;
	return -1;
}

static int read_dns(struct netconf *c, yyjson_val *list, const char **why)
{
	yyjson_val *v;
	size_t i, max;

	c->dns_count = 0;
	if (absent(list))
		return 0;
	if (!yyjson_is_arr(list))
		return refuse(why, "dns: a list of addresses is needed");
	yyjson_arr_foreach(list, i, max, v) {
		if (absent(v))
			continue;
		if (c->dns_count == NETCONF_DNS_MAX)
			return refuse(why, "dns: more than three name servers");
		if (!text_of(v) || addr_parse(&c->dns[c->dns_count], text_of(v)) < 0 ||
		    !addr_is_host(&c->dns[c->dns_count]))
			return refuse(why, "dns: not the address of a name server");
		c->dns_count++;
	}
	return 0;
}

static int read_router(struct netconf *c, yyjson_val *value, const char **why)
{
	c->router = (struct addr)ADDR_ZERO;
	if (absent(value))
		return 0;
	if (!text_of(value) || addr_parse(&c->router, text_of(value)) < 0 || !addr_is_host(&c->router))
		return refuse(why, "router: not an address of a gateway");
	if (c->router.family != c->address.addr.family)
		return refuse(why, "router: of another kind than the address");
	if (addr_equal(&c->router, &c->address.addr))
		return refuse(why, "router: the same as the appliance's own address");
	/* a gateway outside is reached only when the address stands alone or the gateway is link-local */
	if (!addr_prefix_contains(&c->address, &c->router) && c->address.len < addr_bits(c->router.family) &&
	    !addr_is_linklocal(&c->router))
		return refuse(why, "router: not in the network of the address");
	return 0;
}

static int read_static(struct netconf *c, yyjson_val *request, const char **why)
{
	yyjson_val *interface = yyjson_obj_get(request, "interface");
	const char *address = member(request, "address");

	c->interface[0] = 0;
	if (!absent(interface)) {
		if (!text_of(interface) || !addr_interface_valid(text_of(interface)))
			return refuse(why, "interface: not a name of a network card");
		strcpy(c->interface, text_of(interface));
	}
	if (!address || addr_prefix_parse(&c->address, address) < 0)
		return refuse(why, "address: an address with its prefix length is needed, as 10.0.0.5/24");
	if (!addr_prefix_is_host(&c->address))
		return refuse(why, "address: cannot be the address of a machine");
	if (read_router(c, yyjson_obj_get(request, "router"), why) < 0)
		return -1;
	return read_dns(c, yyjson_obj_get(request, "dns"), why);
}

int netconf_set_network(struct netconf *c, yyjson_val *request, const char **why)
{
	const char *mode = member(request, "mode");
	struct netconf next = *c;

	if (mode && !strcmp(mode, modes[NETCONF_DHCP])) {
		next.mode = NETCONF_DHCP;
	} else if (mode && !strcmp(mode, modes[NETCONF_STATIC])) {
		next.mode = NETCONF_STATIC;
		if (read_static(&next, request, why) < 0)
			return -1;
	} else {
		return refuse(why, "mode: dhcp or static");
	}
	*c = next;
	return 0;
}

int netconf_set_hostname(struct netconf *c, const char *name, const char **why)
{
	if (!name || !addr_hostname_valid(name))
		return refuse(why, "hostname: letters, digits, hyphens and dots, 64 characters at most");
	strcpy(c->hostname, name);
	return 0;
}

int netconf_set_ntp(struct netconf *c, yyjson_val *servers, const char **why)
{
	struct netconf next = *c;
	yyjson_val *v;
	size_t i, max;

	next.ntp_count = 0;
	if (!yyjson_is_arr(servers))
		return refuse(why, "servers: a list is needed");
	yyjson_arr_foreach(servers, i, max, v) {
		if (next.ntp_count == NETCONF_NTP_MAX)
			return refuse(why, "servers: more than four");
		if (!text_of(v) || !addr_server_valid(text_of(v)))
			return refuse(why, "servers: not a name or an address");
		strcpy(next.ntp[next.ntp_count++], text_of(v));
	}
	*c = next;
	return 0;
}

static int read_file(struct netconf *c, yyjson_val *root, const char **why)
{
	yyjson_val *network = yyjson_obj_get(root, "network"), *ntp = yyjson_obj_get(root, "ntp");

	if (yyjson_get_uint(yyjson_obj_get(root, "version")) < FILE_VERSION)
		return refuse(why, "not a file of settings");
	if (netconf_set_network(c, network, why) < 0 || netconf_set_hostname(c, member(root, "hostname"), why) < 0)
		return -1;
	return ntp ? netconf_set_ntp(c, ntp, why) : 0;
}

int netconf_parse(struct netconf *c, const char *json, size_t len, const char **why)
{
	yyjson_doc *d = len <= NETCONF_FILE_MAX ? yyjson_read(json, len, 0) : NULL;
	struct netconf next;
	int rc;

	netconf_default(&next);
	rc = d ? read_file(&next, yyjson_doc_get_root(d), why) : refuse(why, "not JSON");
	yyjson_doc_free(d);
	if (rc == 0)
		*c = next;
	return rc;
}

static void put_addr(yyjson_mut_doc *d, yyjson_mut_val *o, const char *key, const struct addr *a)
{
	char text[ADDR_TEXT_MAX];

	addr_format(a, text);
	if (key)
		yyjson_mut_obj_add_strcpy(d, o, key, text);
	else
		yyjson_mut_arr_add_strcpy(d, o, text);
}

static void put_static(yyjson_mut_doc *d, yyjson_mut_val *o, const struct netconf *c)
{
	char text[ADDR_PREFIX_TEXT_MAX];
	yyjson_mut_val *dns;

	addr_prefix_format(&c->address, text);
	yyjson_mut_obj_add_strcpy(d, o, "interface", c->interface);
	yyjson_mut_obj_add_strcpy(d, o, "address", text);
	put_addr(d, o, "router", &c->router);
	dns = yyjson_mut_obj_add_arr(d, o, "dns");
	for (unsigned i = 0; i < c->dns_count; i++)
		put_addr(d, dns, NULL, &c->dns[i]);
}

yyjson_mut_val *netconf_network(const struct netconf *c, yyjson_mut_doc *d)
{
	yyjson_mut_val *network = yyjson_mut_obj(d);

	yyjson_mut_obj_add_str(d, network, "mode", netconf_mode_name(c->mode));
	if (c->mode == NETCONF_STATIC)
		put_static(d, network, c);
	return network;
}

char *netconf_format(const struct netconf *c, size_t *len)
{
	yyjson_mut_doc *d = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *o, *ntp;
	char *text;

	if (!d)
		return NULL;
	o = yyjson_mut_obj(d);
	yyjson_mut_doc_set_root(d, o);
	yyjson_mut_obj_add_uint(d, o, "version", FILE_VERSION);
	yyjson_mut_obj_add_strcpy(d, o, "hostname", c->hostname);
	yyjson_mut_obj_add_val(d, o, "network", netconf_network(c, d));
	ntp = yyjson_mut_obj_add_arr(d, o, "ntp");
	for (unsigned i = 0; i < c->ntp_count; i++)
		yyjson_mut_arr_add_strcpy(d, ntp, c->ntp[i]);
	text = yyjson_mut_write(d, YYJSON_WRITE_PRETTY, len);
	yyjson_mut_doc_free(d);
	return text;
}
