/* lease: a client's variables become a fact, or are refused; a fact survives its JSON. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lease/lease.h"

static int failed;

#define CHECK(what) do { if (!(what)) { failed = 1; printf("%s:%d: %s\n", __FILE__, __LINE__, #what); } } while (0)

/* name, value, name, value, ..., NULL */
static const char *lookup(const char *name, void *arg)
{
	for (const char **v = arg; *v; v += 2)
		if (!strcmp(v[0], name))
			return v[1];
	return NULL;
}

static int event(struct lease *l, const char *applet, const char *name, const char **variables)
{
	const char *why = "";
	int rc = lease_from_event(l, applet, name, lookup, variables, &why);

	if (rc < 0 && !*why)
		return -2;
	return rc;
}

static bool shows(const struct addr *a, const char *text)
{
	char buf[ADDR_TEXT_MAX];

	addr_format(a, buf);
	return !strcmp(buf, text);
}

static void round_trip(const struct lease *l)
{
	yyjson_mut_doc *m = lease_to_json(l);
	char *text = yyjson_mut_write(m, 0, NULL);
	yyjson_doc *d = yyjson_read(text, strlen(text), 0);
	struct lease back;
	const char *why = "";

	CHECK(lease_from_json(&back, yyjson_doc_get_root(d), &why) == 0);
	CHECK(!memcmp(&back, l, sizeof back));
	yyjson_doc_free(d);
	yyjson_mut_doc_free(m);
	free(text);
}

static void check_v4(void)
{
	const char *good[] = { "interface", "eth0", "ip", "10.0.2.15", "subnet", "255.255.255.0",
		"router", "10.0.2.2 10.0.2.3", "dns", "10.0.2.3 junk 127.0.0.1 10.0.2.4 10.0.2.3 10.0.2.5 10.0.2.6 10.0.2.7",
		"ntpsrv", "10.0.2.9", "domain", "example.com", "lease", "86400", NULL };
	struct lease l;

	CHECK(event(&l, "udhcpc", "bound", good) == 0);
	CHECK(l.kind == LEASE_V4 && l.event == LEASE_BOUND && !strcmp(l.interface, "eth0"));
	CHECK(shows(&l.address.addr, "10.0.2.15") && l.address.len == 24);
	CHECK(shows(&l.router, "10.0.2.2"));
	CHECK(l.dns_count == 4 && shows(&l.dns[0], "10.0.2.3") && shows(&l.dns[1], "10.0.2.4") && shows(&l.dns[3], "10.0.2.6"));
	CHECK(l.ntp_count == 1 && !strcmp(l.domain, "example.com") && l.seconds == 86400);
	round_trip(&l);
	CHECK(event(&l, "udhcpc", "renew", good) == 0 && l.event == LEASE_RENEW);
	CHECK(event(&l, "udhcpc", "deconfig", good) == 0 && l.event == LEASE_DECONFIG);
	round_trip(&l);
	CHECK(event(&l, "udhcpc", "leasefail", good) == 1);
	CHECK(event(&l, "udhcpc", "nak", good) == 1);
	CHECK(event(&l, "udhcpc", "explode", good) == -1);
	CHECK(event(&l, "dhclient", "bound", good) == -1);
}

static void check_hostile(void)
{
	const char *hostile[] = { "interface", "eth0", "ip", "10.0.2.15", "mask", "24", "router", "255.255.255.255",
		"dns", "$(reboot) ::1 0.0.0.0", "domain", "x;touch${IFS}/tmp/pwn", "lease", "4294967295", NULL };
	const char *no_ip[] = { "interface", "eth0", "ip", "224.0.0.1", "subnet", "255.255.255.0", NULL };
	const char *network[] = { "interface", "eth0", "ip", "10.0.2.0", "subnet", "255.255.255.0", NULL };
	const char *holes[] = { "interface", "eth0", "ip", "10.0.2.15", "subnet", "255.0.255.0", NULL };
	const char *no_mask[] = { "interface", "eth0", "ip", "10.0.2.15", NULL };
	const char *path[] = { "interface", "../../etc", "ip", "10.0.2.15", "mask", "24", NULL };
	const char *itself[] = { "interface", "eth0", "ip", "10.0.2.15", "mask", "24", "router", "10.0.2.15",
		"lease", "-5", NULL };
	struct lease l;

	CHECK(event(&l, "udhcpc", "bound", hostile) == 0);
	CHECK(l.router.family == ADDR_NONE && l.dns_count == 0 && !l.domain[0] && l.seconds == LEASE_SECONDS_MAX);
	CHECK(event(&l, "udhcpc", "bound", no_ip) == -1);
	CHECK(event(&l, "udhcpc", "bound", network) == -1);
	CHECK(event(&l, "udhcpc", "bound", holes) == -1);
	CHECK(event(&l, "udhcpc", "bound", no_mask) == -1);
	CHECK(event(&l, "udhcpc", "bound", path) == -1);
	CHECK(event(&l, "udhcpc", "bound", itself) == 0 && l.router.family == ADDR_NONE && l.seconds == LEASE_SECONDS_MIN);
}

static void check_v6_and_ntp(void)
{
	const char *v6[] = { "interface", "eth0", "ipv6", "fd00::15", "lease", "3600", "dns", "fd00::1 10.0.0.1", NULL };
	const char *stateless[] = { "interface", "eth0", "dns", "fd00::1", NULL };
	const char *nothing[] = { "interface", "eth0", NULL };
	const char *step[] = { "offset", "-12.5", "stratum", "3", NULL };
	const char *nan[] = { "offset", "nan", NULL };
	const char *junk[] = { "offset", "5x", NULL };
	struct lease l;

	CHECK(event(&l, "udhcpc6", "bound", v6) == 0);
	CHECK(l.address.len == 128 && l.dns_count == 1 && shows(&l.dns[0], "fd00::1"));
	round_trip(&l);
	CHECK(event(&l, "udhcpc6", "bound", stateless) == 0 && l.address.addr.family == ADDR_NONE);
	round_trip(&l);
	CHECK(event(&l, "udhcpc6", "bound", nothing) == -1);
	CHECK(event(&l, "ntpd", "step", step) == 0 && l.event == LEASE_STEP && l.offset == -12.5);
	round_trip(&l);
	CHECK(event(&l, "ntpd", "stratum", step) == 1);
	CHECK(event(&l, "ntpd", "step", nan) == -1);
	CHECK(event(&l, "ntpd", "step", junk) == -1);
	CHECK(event(&l, "ntpd", "bound", step) == -1);
}

static int json(const char *text)
{
	yyjson_doc *d = yyjson_read(text, strlen(text), 0);
	const char *why = "";
	struct lease l;
	int rc = lease_from_json(&l, yyjson_doc_get_root(d), &why);

	yyjson_doc_free(d);
	return rc;
}

static void check_json(void)
{
	CHECK(json("{\"kind\":\"lease4\",\"event\":\"bound\",\"interface\":\"eth0\",\"address\":\"10.0.0.5\",\"prefix\":24,\"lease\":60}") == 0);
	CHECK(json("{\"kind\":\"lease4\",\"event\":\"bound\",\"interface\":\"eth0\",\"address\":\"10.0.0.5\",\"prefix\":240,\"lease\":60}") == -1);
	CHECK(json("{\"kind\":\"lease4\",\"event\":\"bound\",\"interface\":\"eth0\",\"address\":\"fd00::5\",\"prefix\":24,\"lease\":60}") == -1);
	CHECK(json("{\"kind\":\"lease4\",\"event\":\"bound\",\"interface\":\"eth0\\u0000x\",\"address\":\"10.0.0.5\",\"prefix\":24}") == -1);
	CHECK(json("{\"kind\":\"lease4\",\"event\":\"step\",\"interface\":\"eth0\"}") == -1);
	CHECK(json("{\"kind\":\"ntp\",\"event\":\"step\",\"offset\":1e300}") == -1);
	CHECK(json("{\"kind\":7}") == -1);
	CHECK(json("[]") == -1);
}

int main(void)
{
	check_v4();
	check_hostile();
	check_v6_and_ntp();
	check_json();
	return failed;
}
