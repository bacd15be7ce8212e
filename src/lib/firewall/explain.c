/*
 * firewall: the verdict on a packet, as the compiled rules give it.  The order
 * is that of nft_compile.c; tests/firewall holds both against the kernel.
 */
#include <string.h>

#include "firewall/firewall.h"

enum tracked { NEW, OLD, RELATED, INVALID, UNTRACKED };

static bool tcp_flags_valid(uint8_t flags)
{
	/* what connection tracking takes for TCP at all, PSH aside */
	static const uint8_t valid[] = { FW_SYN, FW_SYN | FW_URG, FW_SYN | FW_ACK, FW_RST, FW_RST | FW_ACK,
		FW_FIN | FW_ACK, FW_FIN | FW_ACK | FW_URG, FW_ACK, FW_ACK | FW_URG };

	return memchr(valid, flags & (FW_FIN | FW_SYN | FW_RST | FW_ACK | FW_URG), sizeof valid) != NULL;
}

/* Neighbour and multicast listener discovery are not tracked. */
static bool icmp6_untracked(uint8_t type)
{
	return (type >= 130 && type <= 136) || type == 143;
}

/* May a message of this type begin something?  Errors and answers without a question may not. */
static bool icmp_begins(const struct fw_packet *k)
{
	if (k->protocol == FW_ICMP)
		return k->type == 8 || k->type == 13 || k->type == 15 || k->type == 17;
	return k->type == 128 || k->type == 139;
}

static enum tracked track(const struct fw_packet *k)
{
	if (k->protocol == FW_ICMP6 && icmp6_untracked(k->type))
		return UNTRACKED;
	if (k->protocol == FW_TCP && !tcp_flags_valid(k->flags))
		return INVALID;
	if (k->state == FW_ESTABLISHED)
		return OLD;
	if (k->state == FW_RELATED)
		return RELATED;
	if ((k->protocol == FW_ICMP || k->protocol == FW_ICMP6) && !icmp_begins(k))
		return INVALID;
	return NEW;
}

static bool inside(const struct fw_prefixes *p, const struct addr *a)
{
	for (unsigned i = 0; i < p->count; i++)
		if (addr_prefix_contains(&p->list[i], a))
			return true;
	return false;
}

static bool spoofed(const struct fw_policy *p, const struct addr *a)
{
	static const uint8_t loopback6[16] = { [15] = 1 }, mapped[12] = { [10] = 0xff, [11] = 0xff };
	const uint8_t *b = a->bytes;

	if (inside(&p->self, a))
		return true;
	if (a->family == ADDR_V4)
		return b[0] == 0 || b[0] == 127 || b[0] >= 224;
	return b[0] == 0xff || !memcmp(b, loopback6, 16) || !memcmp(b, mapped, 12);
}

static bool line_matches(const struct fw_line *l, const struct fw_packet *k)
{
	const struct fw_rule *r = l->rule;
	unsigned n = r->protocol == FW_TCP || r->protocol == FW_UDP ? k->dport : k->type;
	bool in_range = false;

	if (r->direction != k->direction || r->protocol != k->protocol)
		return false;
	for (unsigned i = 0; i < r->range_count && !in_range; i++)
		in_range = n >= r->ranges[i].first && n <= r->ranges[i].last;
	if (!in_range || (l->restricted && (!k->socket || k->uid != l->uid)))
		return false;
	return !l->peers.count || inside(&l->peers, k->direction == FW_IN ? &k->from : &k->to);
}

static const struct fw_line *find(const struct fw_policy *p, const struct fw_packet *k)
{
	for (unsigned i = 0; i < p->count; i++)
		if (line_matches(&p->lines[i], k))
			return &p->lines[i];
	return NULL;
}

static void say(struct fw_verdict *v, bool pass, const char *reason)
{
	*v = (struct fw_verdict){ pass, NULL, reason };
}

void fw_explain(const struct fw_policy *p, const struct fw_packet *k, struct fw_verdict *v)
{
	enum tracked state = track(k);

	/* what a machine sends to itself goes by loopback */
	if (k->loopback || (k->direction == FW_OUT && inside(&p->self, &k->from) && inside(&p->self, &k->to))) {
		say(v, true, "loopback: this machine itself");
	} else if (state == OLD) {
		say(v, true, "established: a part of a connection that was let through");
	} else if (state == RELATED) {
		say(v, true, "related: an error about a connection that was let through");
	} else if (state == INVALID) {
		say(v, false, k->protocol == FW_TCP ? "invalid: flags no TCP connection has" :
			"invalid: an answer or an error that nothing asked for");
	} else if (state == NEW && k->direction == FW_IN && spoofed(p, &k->from)) {
		say(v, false, "spoofed: no machine of the network can have this source address");
	} else if (k->protocol == FW_TCP && (k->flags & (FW_FIN | FW_SYN | FW_RST | FW_ACK)) != FW_SYN) {
		say(v, false, "bogus: a TCP connection begins with SYN alone");
	} else {
		say(v, false, "no line opens this; what is not open is closed");
		v->line = find(p, k);
		if (v->line) {
			v->pass = true;
			v->reason = "a line opens this";
		}
	}
}
