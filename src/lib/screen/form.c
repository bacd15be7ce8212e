/* screen: the form of the static address. */
#include <stdio.h>
#include <string.h>

#include "screen/screen_int.h"

static const char *const labels[FIELD_COUNT] = {
	[FIELD_CARD] = "Network Card",
	[FIELD_ADDRESS] = "IP Address",
	[FIELD_NETMASK] = "Netmask",
	[FIELD_ROUTER] = "Default Gateway",
	[FIELD_DNS1] = "Name Server (preferred)",
	[FIELD_DNS2] = "Name Server (alternate)",
};

const char *screen_field_label(unsigned field)
{
	return labels[field];
}

static void format_mask(const struct screen_form *f, char value[SCREEN_TEXT_MAX])
{
	value[0] = 0;
	if (f->prefix == 0)
		return;
	if (f->address.family == ADDR_V6)
		snprintf(value, SCREEN_TEXT_MAX, "/%u", f->prefix);
	else
		addr_netmask_format(f->prefix, value);
}

void screen_field_value(const struct screen_form *f, unsigned field, char value[SCREEN_TEXT_MAX])
{
	switch (field) {
	case FIELD_CARD: snprintf(value, SCREEN_TEXT_MAX, "%s", f->card); break;
	case FIELD_ADDRESS: addr_format(&f->address, value); break;
	case FIELD_NETMASK: format_mask(f, value); break;
	case FIELD_ROUTER: addr_format(&f->router, value); break;
	case FIELD_DNS1: addr_format(&f->dns[0], value); break;
	default: addr_format(&f->dns[1], value); break;
	}
}

static int refuse(const char **remark, const char *text)
{
	*remark = text;
	return -1;
}

static int set_card(struct screen_form *f, const struct screen_model *m, const char *text, const char **remark)
{
	for (unsigned i = 0; i < m->card_count; i++) {
		if (strcmp(m->cards[i], text))
			continue;
		strcpy(f->card, text);
		return 0;
	}
	return refuse(remark, "There is no such network card.");
}

/* An address, or one with its prefix length at once. */
static int set_address(struct screen_form *f, const char *text, const char **remark)
{
	struct addr_prefix p;

	if (addr_prefix_parse(&p, text) == 0 && addr_prefix_is_host(&p)) {
		f->address = p.addr;
		f->prefix = p.len;
		return 0;
	}
	if (addr_parse(&p.addr, text) < 0 || !addr_is_host(&p.addr))
		return refuse(remark, "That is not an IP address of a machine.");
	if (p.addr.family != f->address.family)
		f->prefix = 0;
	f->address = p.addr;
	return 0;
}

static int set_mask(struct screen_form *f, const char *text, const char **remark)
{
	struct addr_prefix p;
	char whole[ADDR_PREFIX_TEXT_MAX];
	unsigned len;

	if (f->address.family == ADDR_V6) {
		snprintf(whole, sizeof whole, "::1/%.4s", text[0] == '/' ? text + 1 : text);
		if (addr_prefix_parse(&p, whole) < 0 || p.len == 0)
			return refuse(remark, "For an IPv6 address a prefix length is needed, as 64.");
		f->prefix = p.len;
		return 0;
	}
	if (addr_netmask_parse(&len, text) < 0)
		return refuse(remark, "That is not a netmask, as 255.255.255.0 or 24.");
	f->prefix = len;
	return 0;
}

static int set_server(struct addr *slot, const char *text, const char *refusal, const char **remark)
{
	struct addr a;

	if (!strcmp(text, "-")) {
		*slot = (struct addr)ADDR_ZERO;
		return 0;
	}
	if (addr_parse(&a, text) < 0 || !addr_is_host(&a))
		return refuse(remark, refusal);
	*slot = a;
	return 0;
}

int screen_field_set(struct screen_form *f, const struct screen_model *m, unsigned field,
	const char *text, const char **remark)
{
	static const char no_gateway[] = "That is not an IP address of a gateway.";
	static const char no_server[] = "That is not an IP address of a name server.";

	switch (field) {
	case FIELD_CARD: return set_card(f, m, text, remark);
	case FIELD_ADDRESS: return set_address(f, text, remark);
	case FIELD_NETMASK: return set_mask(f, text, remark);
	case FIELD_ROUTER: return set_server(&f->router, text, no_gateway, remark);
	case FIELD_DNS1: return set_server(&f->dns[0], text, no_server, remark);
	default: return set_server(&f->dns[1], text, no_server, remark);
	}
}

int screen_form_check(const struct screen_form *f, const char **remark)
{
	struct addr_prefix p = { .addr = f->address, .len = f->prefix };

	if (f->address.family == ADDR_NONE)
		return refuse(remark, "The IP address is missing.");
	if (f->prefix == 0)
		return refuse(remark, "The netmask is missing.");
	if (!addr_prefix_is_host(&p))
		return refuse(remark, "With this netmask the IP address is the network itself or its broadcast.");
	if (f->router.family != ADDR_NONE && f->router.family != f->address.family)
		return refuse(remark, "The gateway is of another kind than the IP address.");
	return 0;
}
