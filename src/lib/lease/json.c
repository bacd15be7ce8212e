/* lease: the body of PROTO_SYSD_FACT. */
#include <string.h>

#include "lease/lease_int.h"

static const char *const kinds[] = { [LEASE_V4] = "lease4", [LEASE_V6] = "lease6", [LEASE_NTP] = "ntp" };
static const char *const events[] = {
	[LEASE_BOUND] = "bound", [LEASE_RENEW] = "renew", [LEASE_DECONFIG] = "deconfig",
	[LEASE_STEP] = "step", [LEASE_PERIODIC] = "periodic"
};

/* The index of text, 0 when it is not among them. */
static unsigned find(const char *const *names, size_t n, const char *text)
{
	for (unsigned i = 1; i < n; i++)
		if (text && !strcmp(names[i], text))
			return i;
	return 0;
}

static void put_list(yyjson_mut_doc *d, yyjson_mut_val *o, const char *key, const struct addr *list, unsigned n)
{
	yyjson_mut_val *a = yyjson_mut_obj_add_arr(d, o, key);
	char text[ADDR_TEXT_MAX];

	for (unsigned i = 0; i < n; i++) {
		addr_format(&list[i], text);
		yyjson_mut_arr_add_strcpy(d, a, text);
	}
}

static void put_address(yyjson_mut_doc *d, yyjson_mut_val *o, const struct lease *l)
{
	char text[ADDR_TEXT_MAX];

	addr_format(&l->address.addr, text);
	yyjson_mut_obj_add_strcpy(d, o, "address", text);
	yyjson_mut_obj_add_uint(d, o, "prefix", l->address.len);
	if (l->router.family != ADDR_NONE) {
		addr_format(&l->router, text);
		yyjson_mut_obj_add_strcpy(d, o, "router", text);
	}
	put_list(d, o, "dns", l->dns, l->dns_count);
	put_list(d, o, "ntp", l->ntp, l->ntp_count);
	if (l->domain[0])
		yyjson_mut_obj_add_strcpy(d, o, "domain", l->domain);
	yyjson_mut_obj_add_uint(d, o, "lease", l->seconds);
}

yyjson_mut_doc *lease_to_json(const struct lease *l)
{
	yyjson_mut_doc *d = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *o = yyjson_mut_obj(d);

	if (!d)
		return NULL;
	yyjson_mut_doc_set_root(d, o);
	yyjson_mut_obj_add_str(d, o, "kind", kinds[l->kind]);
	yyjson_mut_obj_add_str(d, o, "event", events[l->event]);
	if (l->kind == LEASE_NTP) {
		yyjson_mut_obj_add_real(d, o, "offset", l->offset);
		return d;
	}
	yyjson_mut_obj_add_strcpy(d, o, "interface", l->interface);
	if (l->event != LEASE_DECONFIG)
		put_address(d, o, l);
	return d;
}

static const char *string_of(yyjson_val *o, const char *key)
{
	yyjson_val *v = yyjson_obj_get(o, key);

	/* a 0 inside the text would hide its rest from the checks */
	if (!yyjson_is_str(v) || strlen(yyjson_get_str(v)) != yyjson_get_len(v))
		return NULL;
	return yyjson_get_str(v);
}

static void get_list(yyjson_val *o, const char *key, enum addr_family family, struct addr *list, unsigned *n)
{
	yyjson_val *v;
	size_t i, max;

	yyjson_arr_foreach(yyjson_obj_get(o, key), i, max, v)
		if (yyjson_is_str(v))
			lease_server_add(list, n, family, yyjson_get_str(v));
}

static uint32_t number_of(yyjson_val *o, const char *key)
{
	yyjson_val *v = yyjson_obj_get(o, key);

	if (!yyjson_is_uint(v))
		return 0;
	return yyjson_get_uint(v) > UINT32_MAX ? UINT32_MAX : (uint32_t)yyjson_get_uint(v);
}

static void get_address(struct lease *l, yyjson_val *o)
{
	enum addr_family family = l->kind == LEASE_V4 ? ADDR_V4 : ADDR_V6;
	const char *text = string_of(o, "address");

	if (text)
		addr_parse(&l->address.addr, text);
	l->address.len = number_of(o, "prefix");
	text = string_of(o, "router");
	if (text)
		addr_parse(&l->router, text);
	get_list(o, "dns", family, l->dns, &l->dns_count);
	get_list(o, "ntp", family, l->ntp, &l->ntp_count);
	text = string_of(o, "domain");
	if (text)
		lease_domain_set(l, text);
	l->seconds = number_of(o, "lease");
}

int lease_from_json(struct lease *l, yyjson_val *fact, const char **why)
{
	const char *interface;

	memset(l, 0, sizeof *l);
	l->kind = (enum lease_kind)find(kinds, sizeof kinds / sizeof kinds[0], string_of(fact, "kind"));
	l->event = (enum lease_event)find(events, sizeof events / sizeof events[0], string_of(fact, "event"));
	if (l->kind == LEASE_NTP) {
		l->offset = yyjson_get_num(yyjson_obj_get(fact, "offset"));
		return lease_check(l, why);
	}
	interface = string_of(fact, "interface");
	if (interface && addr_interface_valid(interface))
		strcpy(l->interface, interface);
	get_address(l, fact);
	return lease_check(l, why);
}
