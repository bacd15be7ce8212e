/* lease: from the variables of busybox' applets. */
#include <stdlib.h>
#include <string.h>

#include "lease/lease_int.h"

struct source {
	lease_lookup *lookup;
	void *arg;
};

static const char *get(const struct source *s, const char *name)
{
	const char *value = s->lookup(name, s->arg);

	return value ? value : "";
}

static enum lease_kind kind_of(const char *applet)
{
	if (!strcmp(applet, "udhcpc"))
		return LEASE_V4;
	if (!strcmp(applet, "udhcpc6"))
		return LEASE_V6;
	return !strcmp(applet, "ntpd") ? LEASE_NTP : LEASE_KIND_NONE;
}

static enum lease_event event_of(const char *event)
{
	static const struct { const char *name; enum lease_event event; } names[] = {
		{ "bound", LEASE_BOUND }, { "renew", LEASE_RENEW }, { "deconfig", LEASE_DECONFIG },
		{ "step", LEASE_STEP }, { "periodic", LEASE_PERIODIC }
	};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (!strcmp(event, names[i].name))
			return names[i].event;
	return LEASE_EVENT_NONE;
}

static bool event_is_idle(const char *event)
{
	/* nak is followed by deconfig; unsync by nothing we act on */
	static const char *const idle[] = { "leasefail", "nak", "stratum", "unsync" };

	for (size_t i = 0; i < sizeof idle / sizeof idle[0]; i++)
		if (!strcmp(event, idle[i]))
			return true;
	return false;
}

/* Splits at spaces; a word longer than any address is no address. */
static void servers(struct addr *list, unsigned *count, enum addr_family family, const char *text)
{
	char word[ADDR_TEXT_MAX];
	const char *end = text + strnlen(text, LEASE_VALUE_MAX);
	size_t n;

	while (text < end) {
		text += strspn(text, " ");
		n = strcspn(text, " ");
		if (n > 0 && n < sizeof word && text + n <= end) {
			memcpy(word, text, n);
			word[n] = 0;
			lease_server_add(list, count, family, word);
		}
		text += n;
	}
}

/* Decimal, whole, positive; 0 when it is not. */
static uint32_t seconds(const char *text)
{
	unsigned long long value;
	size_t n = strspn(text, "0123456789");

	if (n == 0 || n > 10 || text[n])
		return 0;
	value = strtoull(text, NULL, 10);
	return value > UINT32_MAX ? UINT32_MAX : (uint32_t)value;
}

static int address4(struct lease *l, const struct source *s)
{
	const char *mask = get(s, "subnet");
	struct addr first[LEASE_SERVERS_MAX];
	unsigned n = 0;

	if (addr_parse(&l->address.addr, get(s, "ip")) < 0 || l->address.addr.family != ADDR_V4)
		return -1;
	if (addr_netmask_parse(&l->address.len, *mask ? mask : get(s, "mask")) < 0)
		return -1;
	servers(first, &n, ADDR_V4, get(s, "router"));
	if (n)
		l->router = first[0];
	servers(l->dns, &l->dns_count, ADDR_V4, get(s, "dns"));
	servers(l->ntp, &l->ntp_count, ADDR_V4, get(s, "ntpsrv"));
	return 0;
}

static int address6(struct lease *l, const struct source *s)
{
	const char *text = get(s, "ipv6");

	servers(l->dns, &l->dns_count, ADDR_V6, get(s, "dns"));
	if (!*text)
		return l->dns_count ? 0 : -1;
	if (addr_parse(&l->address.addr, text) < 0 || l->address.addr.family != ADDR_V6)
		return -1;
	/* routes on the link come from the router's advertisements (RFC 8415 §18.2.10.1) */
	l->address.len = 128;
	return 0;
}

static int fill_lease(struct lease *l, const struct source *s, const char **why)
{
	const char *name = get(s, "interface");

	if (!addr_interface_valid(name)) {
		*why = "not an interface name";
		return -1;
	}
	strcpy(l->interface, name);
	if (l->event == LEASE_DECONFIG)
		return 0;
	if ((l->kind == LEASE_V4 ? address4(l, s) : address6(l, s)) < 0) {
		*why = "no address, or no netmask";
		return -1;
	}
	l->seconds = seconds(get(s, "lease"));
	/* busybox writes "bad" in place of a name it refused (FEATURE_UDHCPC_SANITIZEOPT) */
	if (strcmp(get(s, "domain"), "bad"))
		lease_domain_set(l, get(s, "domain"));
	return 0;
}

static int fill_ntp(struct lease *l, const struct source *s, const char **why)
{
	const char *text = get(s, "offset");
	char *end;

	l->offset = strtod(text, &end);
	if (end == text || *end) {
		*why = "no clock offset";
		return -1;
	}
	return 0;
}

int lease_from_event(struct lease *l, const char *applet, const char *event,
	lease_lookup *lookup, void *arg, const char **why)
{
	struct source s = { lookup, arg };
	int rc;

	memset(l, 0, sizeof *l);
	l->kind = kind_of(applet);
	l->event = event_of(event);
	if (l->kind == LEASE_KIND_NONE) {
		*why = "unknown applet";
		return -1;
	}
	if (l->event == LEASE_EVENT_NONE) {
		*why = "unknown event";
		return event_is_idle(event) ? 1 : -1;
	}
	rc = l->kind == LEASE_NTP ? fill_ntp(l, &s, why) : fill_lease(l, &s, why);
	return rc < 0 ? rc : lease_check(l, why);
}
