/* network: makes the kernel's addresses and routes what the plan says, and keeps a picture of them. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "log/log.h"
#include "sysd.h"

#define RESOLV "/run/cam/resolv/resolv.conf"
#define RESOLV_NEW "/run/cam/resolv/resolv.conf.new"
/* Changes come in bursts; they are looked at together after this pause, seconds. */
#define SETTLE 0.02
/* Pause after the kernel refused to answer, seconds. */
#define RETRY 1.0
/* When the mode changes, the old addresses stay this long beside the new ones, seconds: the DHCP
 * client gives its lease back from the address it had. */
#define GRACE 0.4
/* Rounds until addresses must have settled: set, removed with another, set again, looked at. */
#define ROUNDS 4
/* A lifetime the kernel counts differently by up to this much is left alone, seconds. */
#define LIFETIME_SLACK 5
/* Default routes of all links looked at. */
#define ROUTES_MAX 32

static struct {
	struct ev_loop *loop;
	const struct netconf *conf;
	enum netconf_mode mode;		/* of the settings applied last */
	void (*changed)(void);
	struct netlink nl;
	ev_io watch;
	ev_timer settle, grace;
	struct netconf_port ports[NETCONF_LINKS_MAX];
	unsigned port_count;
	struct netlink_address addresses[SYSD_ADDRESSES_MAX];
	unsigned address_count;
	struct netlink_route routes[ROUTES_MAX];
	unsigned route_count;
	struct netconf_plan plan;
	char resolv[NETCONF_RESOLV_MAX];
	bool resolv_written;
} net = { .nl = NETLINK_ZERO };

/* ---- the picture ---- */

struct links {
	struct netlink_link list[NETCONF_LINKS_MAX];
	unsigned count;
	int loopback;		/* to be switched on; 0 = none */
};

static void see_link(const struct netlink_link *l, void *arg)
{
	struct links *links = arg;

	if (l->loopback && !l->up)
		links->loopback = l->index;
	if (l->ethernet && links->count < NETCONF_LINKS_MAX)
		links->list[links->count++] = *l;
}

static const struct netconf_port *port_by_index(int index)
{
	for (unsigned i = 0; i < net.port_count; i++)
		if (net.ports[i].link.index == index)
			return &net.ports[i];
	return NULL;
}

/* The clock of leases: goes on while the machine sleeps, is never set. */
static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int look_at_links(void)
{
	struct links links = { .count = 0, .loopback = 0 };
	struct netconf_port ports[NETCONF_LINKS_MAX] = { 0 };
	const struct netconf_port *old;

	if (netlink_links(&net.nl, see_link, &links) < 0)
		return -1;
	if (links.loopback && netlink_link_up(&net.nl, links.loopback) < 0)
		log_warn_errno("network: loopback: cannot switch it on");
	for (unsigned i = 0; i < links.count; i++) {
		old = port_by_index(links.list[i].index);
		if (old && !strcmp(old->link.name, links.list[i].name))
			ports[i] = *old;
		ports[i].link = links.list[i];
	}
	memcpy(net.ports, ports, sizeof ports);
	net.port_count = links.count;
	return 0;
}

static void see_address(const struct netlink_address *a, void *arg)
{
	(void)arg;
	if (port_by_index(a->index) && net.address_count < SYSD_ADDRESSES_MAX)
		net.addresses[net.address_count++] = *a;
}

static void see_route(const struct netlink_route *r, void *arg)
{
	(void)arg;
	if (port_by_index(r->index) && net.route_count < ROUTES_MAX)
		net.routes[net.route_count++] = *r;
}

static int look(void)
{
	net.address_count = 0;
	net.route_count = 0;
	if (look_at_links() < 0 || netlink_addresses(&net.nl, see_address, NULL) < 0)
		return -1;
	return netlink_routes(&net.nl, see_route, NULL);
}

/* ---- making it so; each returns how much it changed ---- */

static unsigned apply_links(void)
{
	unsigned done = 0;

	for (unsigned i = 0; i < net.port_count; i++) {
		const struct netlink_link *l = &net.ports[i].link;

		if (l->up)
			continue;
		if (netlink_link_up(&net.nl, l->index) < 0)
			log_warn_errno("network: %s: cannot switch it on", l->name);
		else
			done++;
	}
	return done;
}

static const struct netlink_address *address_present(int index, const struct addr_prefix *p)
{
	for (unsigned i = 0; i < net.address_count; i++)
		if (net.addresses[i].index == index && addr_prefix_equal(&net.addresses[i].prefix, p))
			return &net.addresses[i];
	return NULL;
}

static bool address_planned(const struct netlink_address *a)
{
	for (unsigned i = 0; i < net.plan.address_count; i++)
		if (net.plan.addresses[i].index == a->index && addr_prefix_equal(&net.plan.addresses[i].prefix, &a->prefix))
			return true;
	return false;
}

static bool lifetime_differs(uint32_t have, uint32_t want)
{
	if (have == NETLINK_FOREVER || want == NETLINK_FOREVER)
		return have != want;
	return have > want ? have - want > LIFETIME_SLACK : want - have > LIFETIME_SLACK;
}

static unsigned set_address(unsigned i)
{
	int index = net.plan.addresses[i].index;
	const struct addr_prefix *p = &net.plan.addresses[i].prefix;
	uint32_t valid = net.plan.addresses[i].valid;
	const struct netlink_address *have = address_present(index, p);
	char text[ADDR_PREFIX_TEXT_MAX];

	/* one that somebody else has set is left as it is */
	if (have && (!have->ours || !lifetime_differs(have->valid, valid)))
		return 0;
	addr_prefix_format(p, text);
	if (netlink_address_set(&net.nl, index, p, valid) < 0) {
		log_warn_errno("network: address %s: cannot set it", text);
		return 0;
	}
	if (!have)
		log_info("network: address %s: set", text);
	return 1;
}

static unsigned drop_address(const struct netlink_address *a)
{
	char text[ADDR_PREFIX_TEXT_MAX];

	addr_prefix_format(&a->prefix, text);
	if (netlink_address_drop(&net.nl, a->index, &a->prefix) < 0) {
		log_warn_errno("network: address %s: cannot remove it", text);
		return 0;
	}
	log_info("network: address %s: removed", text);
	return 1;
}

/* New ones first: the connections over an address that stays never notice. */
static unsigned apply_addresses(void)
{
	unsigned done = 0;

	for (unsigned i = 0; i < net.plan.address_count; i++)
		done += set_address(i);
	for (unsigned i = 0; i < net.address_count; i++) {
		const struct netlink_address *a = &net.addresses[i];

		if (a->ours && !address_planned(a) && !ev_is_active(&net.grace) && !netconf_plan_keeps(&net.plan, a->index, a->prefix.addr.family))
			done += drop_address(a);
	}
	return done;
}

static bool route_equal(const struct netlink_route *a, const struct netlink_route *b)
{
	return a->index == b->index && a->metric == b->metric && a->origin == b->origin &&
		addr_equal(&a->gateway, &b->gateway);
}

static bool route_present(const struct netlink_route *r)
{
	for (unsigned i = 0; i < net.route_count; i++)
		if (route_equal(&net.routes[i], r))
			return true;
	return false;
}

static bool route_planned(const struct netlink_route *r)
{
	for (unsigned i = 0; i < net.plan.route_count; i++)
		if (route_equal(&net.plan.routes[i].route, r))
			return true;
	return false;
}

static unsigned drop_route(const struct netlink_route *r)
{
	if (r->origin == NETLINK_FOREIGN || route_planned(r) || ev_is_active(&net.grace) ||
	    netconf_plan_keeps(&net.plan, r->index, r->gateway.family))
		return 0;
	if (netlink_route_drop(&net.nl, r) < 0) {
		log_warn_errno("network: default route: cannot remove it");
		return 0;
	}
	return 1;
}

static unsigned set_route(unsigned i)
{
	const struct netlink_route *r = &net.plan.routes[i].route;
	char text[ADDR_TEXT_MAX];

	if (route_present(r))
		return 0;
	addr_format(&r->gateway, text);
	if (netlink_route_set(&net.nl, r, net.plan.routes[i].onlink) < 0) {
		log_warn_errno("network: default route by %s: cannot set it", text);
		return 0;
	}
	log_info("network: default route by %s: set", text);
	return 1;
}

/* Old ones first: a new one of the same metric would replace only its equal. */
static unsigned apply_routes(void)
{
	unsigned done = 0;

	for (unsigned i = 0; i < net.route_count; i++)
		done += drop_route(&net.routes[i]);
	for (unsigned i = 0; i < net.plan.route_count; i++)
		done += set_route(i);
	return done;
}

static int write_resolv(const char *text, size_t len)
{
	int fd = open(RESOLV_NEW, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	bool whole;

	if (fd < 0)
		return -1;
	whole = write(fd, text, len) == (ssize_t)len;
	close(fd);
	if (!whole) {
		errno = ENOSPC;
		return -1;
	}
	return rename(RESOLV_NEW, RESOLV);
}

static void apply_resolv(void)
{
	char text[NETCONF_RESOLV_MAX];
	size_t len = netconf_plan_resolv(&net.plan, text);

	/* what an earlier instance has written from a lease stays until the lease is known again */
	if (!net.resolv_written && len == 0 && net.plan.keep4_count + net.plan.keep6_count > 0 &&
	    access(RESOLV, F_OK) == 0)
		return;
	if (net.resolv_written && !strcmp(text, net.resolv))
		return;
	if (write_resolv(text, len) < 0) {
		log_warn_errno("network: cannot write " RESOLV);
		return;
	}
	strcpy(net.resolv, text);
	net.resolv_written = true;
}

/* Round by round: with the first v4 address of a network the kernel also removes
 * the later ones of the same network, which then have to be set again. */
static int settle_addresses(void)
{
	for (int round = 0; round < ROUNDS; round++) {
		if (look() < 0)
			return -1;
		netconf_plan_make(&net.plan, net.conf, net.ports, net.port_count, now());
		if (apply_links() + apply_addresses() == 0)
			return 0;
	}
	return look();
}

static void apply(void)
{
	if (settle_addresses() < 0 || (apply_routes() > 0 && look() < 0)) {
		log_warn_errno("network: cannot ask the kernel");
		net.settle.repeat = RETRY;
		ev_timer_again(net.loop, &net.settle);
		return;
	}
	apply_resolv();
	if (net.changed)
		net.changed();
}

/* ---- events ---- */

static void on_settle(struct ev_loop *loop, ev_timer *w, int events)
{
	(void)events;
	ev_timer_stop(loop, w);
	apply();
}

static void on_watch(struct ev_loop *loop, ev_io *w, int events)
{
	(void)events;
	if (netlink_watch_drain(w->fd) && !ev_is_active(&net.settle)) {
		net.settle.repeat = SETTLE;
		ev_timer_again(loop, &net.settle);
	}
}

static struct netconf_port *port_by_name(const char *name)
{
	for (unsigned i = 0; i < net.port_count; i++)
		if (!strcmp(net.ports[i].link.name, name))
			return &net.ports[i];
	return NULL;
}

void network_lease(const struct lease *l)
{
	struct netconf_port *port = port_by_name(l->interface);
	struct netconf_lease *known;

	if (!port || net.conf->mode != NETCONF_DHCP) {
		log_info("network: %s: a lease nobody waits for is left out", l->interface);
		return;
	}
	known = l->kind == LEASE_V4 ? &port->v4 : &port->v6;
	if (l->event == LEASE_DECONFIG) {
		*known = (struct netconf_lease){ .knowledge = NETCONF_ABSENT };
	} else {
		known->knowledge = NETCONF_PRESENT;
		known->lease = *l;
		known->until = now() + l->seconds;
	}
	apply();
}

void network_settings(const struct netconf *c)
{
	net.conf = c;
	/* a person chose another way: what the old one has set goes away */
	for (unsigned i = 0; i < net.port_count && c->mode != net.mode; i++) {
		net.ports[i].v4 = (struct netconf_lease){ .knowledge = NETCONF_ABSENT };
		net.ports[i].v6 = (struct netconf_lease){ .knowledge = NETCONF_ABSENT };
	}
	if (c->mode != net.mode)
		ev_timer_again(net.loop, &net.grace);
	net.mode = c->mode;
	apply();
}

void network_open(struct ev_loop *loop, const struct netconf *c, void (*changed)(void))
{
	int fd = netlink_watch_open();

	net.loop = loop;
	net.conf = c;
	net.mode = c->mode;
	if (fd < 0 || netlink_open(&net.nl) < 0)
		log_fatal("network: netlink");
	ev_io_init(&net.watch, on_watch, fd, EV_READ);
	ev_io_start(loop, &net.watch);
	ev_timer_init(&net.settle, on_settle, 0, SETTLE);
	ev_timer_init(&net.grace, on_settle, 0, GRACE);
	apply();
	net.changed = changed;
}

unsigned network_ports(const struct netconf_port **ports)
{
	*ports = net.ports;
	return net.port_count;
}

unsigned network_addresses(const struct netlink_address **addresses)
{
	*addresses = net.addresses;
	return net.address_count;
}

const struct netconf_plan *network_plan(void)
{
	return &net.plan;
}

bool network_address_shown(const struct netlink_address *a)
{
	return a->usable && addr_is_host(&a->prefix.addr) && !addr_is_linklocal(&a->prefix.addr);
}
