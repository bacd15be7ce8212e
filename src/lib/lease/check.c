/* lease: what is acceptable. */
#include <string.h>

#include "lease/lease_int.h"

/* A step of more than this is no measurement, seconds: the clock is clamped at boot to within decades. */
#define OFFSET_MAX 4e9

void lease_server_add(struct addr *list, unsigned *count, enum addr_family family, const char *text)
{
	struct addr a;

	if (*count >= LEASE_SERVERS_MAX || addr_parse(&a, text) < 0 || !addr_is_host(&a))
		return;
	if (family != ADDR_NONE && a.family != family)
		return;
	for (unsigned i = 0; i < *count; i++)
		if (addr_equal(&list[i], &a))
			return;
	list[(*count)++] = a;
}

void lease_domain_set(struct lease *l, const char *text)
{
	if (addr_name_valid(text))
		strcpy(l->domain, text);
}

static int check_ntp(const struct lease *l, const char **why)
{
	if (l->event != LEASE_STEP && l->event != LEASE_PERIODIC) {
		*why = "not an event of the clock";
		return -1;
	}
	if (!(l->offset > -OFFSET_MAX && l->offset < OFFSET_MAX)) {
		*why = "impossible clock offset";
		return -1;
	}
	return 0;
}

static int check_address(struct lease *l, const char **why)
{
	enum addr_family family = l->kind == LEASE_V4 ? ADDR_V4 : ADDR_V6;

	bool stateless = family == ADDR_V6 && l->address.addr.family == ADDR_NONE && l->dns_count > 0;

	if (!stateless && (l->address.addr.family != family || !addr_prefix_is_host(&l->address))) {
		*why = "not an address for this machine";
		return -1;
	}
	if (l->router.family != ADDR_NONE && (l->router.family != ADDR_V4 || family != ADDR_V4 ||
	    !addr_is_host(&l->router) || addr_equal(&l->router, &l->address.addr)))
		l->router = (struct addr)ADDR_ZERO;
	if (l->seconds < LEASE_SECONDS_MIN)
		l->seconds = LEASE_SECONDS_MIN;
	if (l->seconds > LEASE_SECONDS_MAX)
		l->seconds = LEASE_SECONDS_MAX;
	return 0;
}

int lease_check(struct lease *l, const char **why)
{
	if (l->kind == LEASE_NTP)
		return check_ntp(l, why);
	if (l->kind != LEASE_V4 && l->kind != LEASE_V6) {
		*why = "unknown kind";
		return -1;
	}
	if (!addr_interface_valid(l->interface)) {
		*why = "not an interface name";
		return -1;
	}
	if (l->event == LEASE_DECONFIG)
		return 0;
	if (l->event == LEASE_BOUND || l->event == LEASE_RENEW)
		return check_address(l, why);
	*why = "not an event of a lease";
	return -1;
}
