/* netconf: from settings, leases and links to what there shall be. */
#include <stdio.h>
#include <string.h>

#include "netconf/netconf.h"

static void add_address(struct netconf_plan *p, int index, const struct addr_prefix *prefix, uint32_t valid)
{
	unsigned n = p->address_count;

	if (n == sizeof p->addresses / sizeof p->addresses[0])
		return;
	p->addresses[n].index = index;
	p->addresses[n].prefix = *prefix;
	p->addresses[n].valid = valid;
	p->address_count++;
}

static void add_route(struct netconf_plan *p, int index, const struct addr *gateway,
	const struct addr_prefix *inside, enum netlink_origin origin)
{
	unsigned n = p->route_count;

	if (gateway->family == ADDR_NONE || n == sizeof p->routes / sizeof p->routes[0])
		return;
	p->routes[n].route = (struct netlink_route){
		.index = index, .gateway = *gateway, .metric = NETCONF_METRIC + n, .origin = origin
	};
	p->routes[n].onlink = !addr_prefix_contains(inside, gateway);
	p->route_count++;
}

static void add_dns(struct netconf_plan *p, const struct addr *list, unsigned count)
{
	for (unsigned i = 0; i < count && p->dns_count < NETCONF_DNS_MAX; i++) {
		bool known = false;

		for (unsigned j = 0; j < p->dns_count; j++)
			known = known || addr_equal(&p->dns[j], &list[i]);
		if (!known)
			p->dns[p->dns_count++] = list[i];
	}
}

/* The card of the static address: the named one, else the first. */
static const struct netconf_port *static_port(const struct netconf *c,
	const struct netconf_port *ports, unsigned count)
{
	const struct netconf_port *first = NULL;

	for (unsigned i = 0; i < count; i++) {
		if (!ports[i].link.ethernet)
			continue;
		if (!strcmp(ports[i].link.name, c->interface))
			return &ports[i];
		if (!first)
			first = &ports[i];
	}
	return first;
}

static void plan_static(struct netconf_plan *p, const struct netconf *c,
	const struct netconf_port *ports, unsigned count)
{
	const struct netconf_port *port = static_port(c, ports, count);

	add_dns(p, c->dns, c->dns_count);
	if (!port)
		return;
	add_address(p, port->link.index, &c->address, NETLINK_FOREVER);
	add_route(p, port->link.index, &c->router, &c->address, NETLINK_STATIC);
}

static void plan_lease(struct netconf_plan *p, const struct netconf_port *port,
	const struct netconf_lease *known, double now)
{
	const struct lease *l = &known->lease;

	if (known->knowledge != NETCONF_PRESENT || known->until <= now)
		return;
	/* one more, so that the kernel never ends it before we do */
	if (l->address.addr.family != ADDR_NONE)
		add_address(p, port->link.index, &l->address, (uint32_t)(known->until - now) + 1);
	add_route(p, port->link.index, &l->router, &l->address, NETLINK_DHCP);
	add_dns(p, l->dns, l->dns_count);
	if (!p->domain[0])
		strcpy(p->domain, l->domain);
}

static void plan_dhcp(struct netconf_plan *p, const struct netconf_port *ports, unsigned count, double now)
{
	for (unsigned i = 0; i < count && i < NETCONF_LINKS_MAX; i++) {
		if (!ports[i].link.ethernet)
			continue;
		if (ports[i].v4.knowledge == NETCONF_UNKNOWN)
			p->keep4[p->keep4_count++] = ports[i].link.index;
		if (ports[i].v6.knowledge == NETCONF_UNKNOWN)
			p->keep6[p->keep6_count++] = ports[i].link.index;
		plan_lease(p, &ports[i], &ports[i].v4, now);
		plan_lease(p, &ports[i], &ports[i].v6, now);
	}
}

void netconf_plan_make(struct netconf_plan *plan, const struct netconf *c,
	const struct netconf_port *ports, unsigned count, double now)
{
	memset(plan, 0, sizeof *plan);
	if (c->mode == NETCONF_STATIC)
		plan_static(plan, c, ports, count);
	else
		plan_dhcp(plan, ports, count, now);
}

bool netconf_plan_keeps(const struct netconf_plan *plan, int index, enum addr_family family)
{
	const int *keep = family == ADDR_V4 ? plan->keep4 : plan->keep6;
	unsigned count = family == ADDR_V4 ? plan->keep4_count : plan->keep6_count;

	for (unsigned i = 0; i < count; i++)
		if (keep[i] == index)
			return true;
	return false;
}

size_t netconf_plan_resolv(const struct netconf_plan *plan, char text[NETCONF_RESOLV_MAX])
{
	char address[ADDR_TEXT_MAX];
	size_t n = 0;

	text[0] = 0;
	if (plan->domain[0])
		n += (size_t)snprintf(text, NETCONF_RESOLV_MAX, "search %s\n", plan->domain);
	for (unsigned i = 0; i < plan->dns_count; i++) {
		addr_format(&plan->dns[i], address);
		n += (size_t)snprintf(text + n, NETCONF_RESOLV_MAX - n, "nameserver %s\n", address);
	}
	return n;
}
