/* netconf: settings are kept and refused as they should be; the plan follows from settings and leases. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "netconf/netconf.h"

static int failed;

#define CHECK(what) do { if (!(what)) { failed = 1; printf("%s:%d: %s\n", __FILE__, __LINE__, #what); } } while (0)

static int set(struct netconf *c, const char *text)
{
	yyjson_doc *d = yyjson_read(text, strlen(text), 0);
	struct netconf before = *c;
	const char *why = NULL;
	int rc = netconf_set_network(c, yyjson_doc_get_root(d), &why);

	if (rc < 0)
		CHECK(why && !memcmp(&before, c, sizeof before));
	yyjson_doc_free(d);
	return rc;
}

static void check_settings(void)
{
	struct netconf c, back;
	const char *why = "";
	char *text;
	size_t len;

	netconf_default(&c);
	CHECK(c.mode == NETCONF_DHCP && !strcmp(c.hostname, NETCONF_HOSTNAME) && c.ntp_count == 0);
	CHECK(set(&c, "{\"mode\":\"static\",\"interface\":\"eth1\",\"address\":\"10.0.0.5/24\",\"router\":\"10.0.0.1\","
		"\"dns\":[\"10.0.0.2\",\"\",\"fd00::2\"]}") == 0);
	CHECK(c.mode == NETCONF_STATIC && c.dns_count == 2);
	CHECK(set(&c, "{\"mode\":\"static\",\"address\":\"10.0.0.5\"}") < 0);
	CHECK(set(&c, "{\"mode\":\"static\",\"address\":\"10.0.0.255/24\"}") < 0);
	CHECK(set(&c, "{\"mode\":\"static\",\"address\":\"10.0.0.5/24\",\"router\":\"10.0.1.1\"}") < 0);
	CHECK(set(&c, "{\"mode\":\"static\",\"address\":\"10.0.0.5/24\",\"router\":\"10.0.0.5\"}") < 0);
	CHECK(set(&c, "{\"mode\":\"static\",\"address\":\"10.0.0.5/24\",\"router\":\"fd00::1\"}") < 0);
	CHECK(set(&c, "{\"mode\":\"static\",\"address\":\"10.0.0.5/24\",\"dns\":[\"x\"]}") < 0);
	CHECK(set(&c, "{\"mode\":\"static\",\"address\":\"10.0.0.5/24\",\"dns\":[\"1.1.1.1\",\"1.1.1.2\",\"1.1.1.3\",\"1.1.1.4\"]}") < 0);
	CHECK(set(&c, "{\"mode\":\"static\",\"address\":\"10.0.0.5/24\",\"interface\":\"a/b\"}") < 0);
	CHECK(set(&c, "{\"mode\":\"off\"}") < 0);
	CHECK(set(&c, "7") < 0);
	CHECK(netconf_set_hostname(&c, "cam-1.example.com", &why) == 0);
	CHECK(netconf_set_hostname(&c, "cam 1", &why) < 0);
	CHECK(netconf_set_hostname(&c, NULL, &why) < 0);
	text = netconf_format(&c, &len);
	CHECK(netconf_parse(&back, text, len, &why) == 0 && !memcmp(&back, &c, sizeof c));
	/* a file cut anywhere is refused as a whole */
	for (size_t i = 0; i < len; i++)
		CHECK(netconf_parse(&back, text, i, &why) < 0 || i + 1 == len);
	free(text);
	/* the address of one network, the router of a point-to-point one */
	CHECK(set(&c, "{\"mode\":\"static\",\"address\":\"10.0.0.5/32\",\"router\":\"10.9.9.9\"}") == 0);
	CHECK(set(&c, "{\"mode\":\"static\",\"address\":\"fd00::5/64\",\"router\":\"fe80::1\"}") == 0);
	CHECK(set(&c, "{\"mode\":\"dhcp\"}") == 0 && c.mode == NETCONF_DHCP);
}

static void check_ntp(void)
{
	static const char good_text[] = "[\"ntp.example.com\",\"10.0.0.9\"]", bad_text[] = "[\"ntp.example.com\",\"-S/bin/x\"]";
	yyjson_doc *good = yyjson_read(good_text, strlen(good_text), 0);
	yyjson_doc *bad = yyjson_read(bad_text, strlen(bad_text), 0);
	struct netconf c;
	const char *why;

	netconf_default(&c);
	CHECK(netconf_set_ntp(&c, yyjson_doc_get_root(good), &why) == 0 && c.ntp_count == 2);
	CHECK(netconf_set_ntp(&c, yyjson_doc_get_root(bad), &why) < 0 && c.ntp_count == 2);
	yyjson_doc_free(good);
	yyjson_doc_free(bad);
}

static struct netconf_port port(int index, const char *name, bool ethernet)
{
	struct netconf_port p = { .link = { .index = index, .ethernet = ethernet, .up = true } };

	strcpy(p.link.name, name);
	return p;
}

static void lease4(struct netconf_port *p, const char *address, const char *router, const char *dns, double until)
{
	p->v4.knowledge = NETCONF_PRESENT;
	p->v4.until = until;
	p->v4.lease.kind = LEASE_V4;
	addr_prefix_parse(&p->v4.lease.address, address);
	addr_parse(&p->v4.lease.router, router);
	addr_parse(&p->v4.lease.dns[0], dns);
	p->v4.lease.dns_count = 1;
	strcpy(p->v4.lease.domain, "example.com");
}

static void check_dhcp_plan(void)
{
	struct netconf_port ports[3] = { port(1, "br0", false), port(2, "eth0", true), port(3, "eth1", true) };
	char text[NETCONF_RESOLV_MAX];
	struct netconf_plan p;
	struct netconf c;

	netconf_default(&c);
	netconf_plan_make(&p, &c, ports, 3, 100);
	CHECK(p.address_count == 0 && p.route_count == 0);
	CHECK(netconf_plan_keeps(&p, 2, ADDR_V4) && netconf_plan_keeps(&p, 3, ADDR_V6) && !netconf_plan_keeps(&p, 1, ADDR_V4));
	lease4(&ports[1], "10.0.2.15/24", "10.0.2.2", "10.0.2.3", 160.5);
	lease4(&ports[2], "10.0.3.15/32", "10.9.9.9", "10.0.2.3", 99);
	netconf_plan_make(&p, &c, ports, 3, 100);
	CHECK(p.address_count == 1 && p.addresses[0].index == 2 && p.addresses[0].valid == 61);
	CHECK(p.route_count == 1 && p.routes[0].route.metric == NETCONF_METRIC && !p.routes[0].onlink);
	CHECK(!netconf_plan_keeps(&p, 2, ADDR_V4));
	ports[2].v4.until = 200;
	netconf_plan_make(&p, &c, ports, 3, 100);
	CHECK(p.address_count == 2 && p.route_count == 2 && p.routes[1].onlink && p.routes[1].route.metric == NETCONF_METRIC + 1);
	CHECK(p.dns_count == 1);
	CHECK(netconf_plan_resolv(&p, text) == strlen(text));
	CHECK(!strcmp(text, "search example.com\nnameserver 10.0.2.3\n"));
}

static void check_static_plan(void)
{
	struct netconf_port ports[3] = { port(1, "br0", false), port(2, "eth0", true), port(3, "eth1", true) };
	struct netconf_plan p;
	struct netconf c;

	netconf_default(&c);
	CHECK(set(&c, "{\"mode\":\"static\",\"interface\":\"eth1\",\"address\":\"10.0.0.5/24\",\"router\":\"10.0.0.1\",\"dns\":[\"10.0.0.2\"]}") == 0);
	lease4(&ports[1], "10.0.2.15/24", "10.0.2.2", "10.0.2.3", 160);
	netconf_plan_make(&p, &c, ports, 3, 100);
	CHECK(p.address_count == 1 && p.addresses[0].index == 3 && p.addresses[0].valid == NETLINK_FOREVER);
	CHECK(p.route_count == 1 && p.routes[0].route.origin == NETLINK_STATIC && p.dns_count == 1);
	CHECK(!netconf_plan_keeps(&p, 2, ADDR_V4));
	/* another machine, other names of cards: the first card takes the address */
	netconf_plan_make(&p, &c, ports, 2, 100);
	CHECK(p.address_count == 1 && p.addresses[0].index == 2);
	netconf_plan_make(&p, &c, ports, 1, 100);
	CHECK(p.address_count == 0 && p.route_count == 0);
}

int main(void)
{
	check_settings();
	check_ntp();
	check_dhcp_plan();
	check_static_plan();
	return failed;
}
