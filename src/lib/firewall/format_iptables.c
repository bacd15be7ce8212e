/*
 * firewall: files of iptables-restore and ip6tables-restore, one rule after the
 * other in the order of the tables.
 */
#include <string.h>

#include "firewall/formats.h"

/* Ports of one match of multiport; a range counts twice. */
#define MULTIPORT 15

struct writer {
	const struct fw_policy *p;
	FILE *o;
	bool v6;
};

static void end_chain(struct writer *w, const char *chain)
{
	fprintf(w->o, "-A %s -m limit --limit 10/sec --limit-burst 20 -j LOG --log-prefix \"cam %s: \"\n", chain, chain);
	fprintf(w->o, "-A %s -j DROP\n", chain);
}

/* Every range in as few matches as multiport allows: begins at *at, moves it on. */
static void ports(char *out, size_t size, const struct fw_rule *r, unsigned *at)
{
	unsigned begin = *at, slots = 0, cost;

	for (; *at < r->range_count; ++*at) {
		cost = r->ranges[*at].first == r->ranges[*at].last ? 1 : 2;
		if (slots + cost > MULTIPORT)
			break;
		slots += cost;
	}
	fw_ranges_text(r->ranges + begin, *at - begin, ":", out, size);
}

static void target(struct writer *w, const struct fw_line *l)
{
	bool limited = l->rule->rate && !w->p->unlimited;

	fprintf(w->o, " -m comment --comment \"%s: %.180s\" -j ", l->rule->id, l->rule->purpose);
	if (limited)
		fprintf(w->o, "limit-%.20s\n", l->rule->id);
	else
		fputs("ACCEPT\n", w->o);
}

/* One rule for one address (NULL = any) and what of the ranges fits. */
static void one(struct writer *w, const char *chain, const struct fw_line *l, const char *address, const char *match)
{
	const struct fw_rule *r = l->rule;

	fprintf(w->o, "-A %s", chain);
	if (address)
		fprintf(w->o, " -%c %s", r->direction == FW_IN ? 's' : 'd', address);
	fprintf(w->o, " -p %s%s", r->protocol == FW_ICMP6 ? "ipv6-icmp" : fw_protocol_name(r->protocol), match);
	if (l->restricted)
		fprintf(w->o, " -m owner --uid-owner %u", l->uid);
	target(w, l);
}

static void with_addresses(struct writer *w, const char *chain, const struct fw_line *l, const char *match)
{
	char address[ADDR_PREFIX_TEXT_MAX];

	if (!l->peers.count)
		one(w, chain, l, NULL, match);
	for (unsigned i = 0; i < l->peers.count; i++) {
		if ((l->peers.list[i].addr.family == ADDR_V6) != w->v6)
			continue;
		addr_prefix_format(&l->peers.list[i], address);
		one(w, chain, l, address, match);
	}
}

static void icmp_line(struct writer *w, const char *chain, const struct fw_line *l)
{
	const struct fw_rule *r = l->rule;
	char match[64];

	for (unsigned i = 0; i < r->range_count; i++)
		for (unsigned type = r->ranges[i].first; type <= r->ranges[i].last; type++) {
			snprintf(match, sizeof match, w->v6 ? " -m icmp6 --icmpv6-type %u" : " -m icmp --icmp-type %u", type);
			with_addresses(w, chain, l, match);
		}
}

static void line(struct writer *w, const char *chain, const struct fw_line *l)
{
	const struct fw_rule *r = l->rule;
	char match[FW_RANGES_TEXT + 32], list[FW_RANGES_TEXT];
	unsigned at = 0;

	if (r->protocol == FW_ICMP || r->protocol == FW_ICMP6) {
		if ((r->protocol == FW_ICMP6) == w->v6)
			icmp_line(w, chain, l);
		return;
	}
	while (at < r->range_count) {
		ports(list, sizeof list, r, &at);
		if (strpbrk(list, ",:"))
			snprintf(match, sizeof match, " -m multiport --dports %s", list);
		else
			snprintf(match, sizeof match, " -m %s --dport %s", fw_protocol_name(r->protocol), list);
		with_addresses(w, chain, l, match);
	}
}

static void lines(struct writer *w, const char *chain, enum fw_direction d, bool only_icmp6)
{
	for (unsigned i = 0; i < w->p->count; i++)
		if (w->p->lines[i].rule->direction == d && (!only_icmp6 || w->p->lines[i].rule->protocol == FW_ICMP6))
			line(w, chain, &w->p->lines[i]);
}

static void spoofs(struct writer *w)
{
	static const char *const four[] = { "0.0.0.0/8", "127.0.0.0/8", "224.0.0.0/3", NULL };
	static const char *const six[] = { "::1/128", "::ffff:0.0.0.0/96", "ff00::/8", NULL };

	for (const char *const *t = w->v6 ? six : four; *t; t++)
		fprintf(w->o, "-A INPUT -s %s -j spoofed\n", *t);
	fputs("-A INPUT -m addrtype --src-type LOCAL -j spoofed\n", w->o);
}

static void known(struct writer *w, const char *chain, const char *untracked)
{
	fprintf(w->o, "-A %s -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n", chain);
	fprintf(w->o, "-A %s -m conntrack --ctstate INVALID -j invalid\n", chain);
	if (w->v6)
		fprintf(w->o, "-A %s -m conntrack --ctstate UNTRACKED -j %s\n", chain, untracked);
}

static void limits(struct writer *w)
{
	for (unsigned i = 0; i < w->p->count && !w->p->unlimited; i++) {
		const struct fw_rule *r = w->p->lines[i].rule;

		if (!r->rate)
			continue;
		fprintf(w->o, "-A limit-%.20s -m hashlimit --hashlimit-above %u/sec --hashlimit-burst %u --hashlimit-mode srcip"
			" --hashlimit-srcmask %u --hashlimit-name %.15s -j DROP\n", r->id, r->rate, r->burst, w->v6 ? 64 : 32, r->id);
		fprintf(w->o, "-A limit-%.20s -m connlimit --connlimit-above %u --connlimit-mask %u --connlimit-saddr -j DROP\n",
			r->id, r->open, w->v6 ? 64 : 32);
		fprintf(w->o, "-A limit-%.20s -j ACCEPT\n", r->id);
	}
}

static void chain_names(struct writer *w)
{
	static const char *const ends[] = { "invalid", "spoofed", "bogus", "refused_in", "refused_out" };

	fputs("*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT DROP [0:0]\n", w->o);
	for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
		fprintf(w->o, ":%s - [0:0]\n", ends[i]);
	for (unsigned i = 0; i < w->p->count && !w->p->unlimited; i++)
		if (w->p->lines[i].rule->rate)
			fprintf(w->o, ":limit-%.20s - [0:0]\n", w->p->lines[i].rule->id);
	if (w->v6)
		fputs(":untracked_in - [0:0]\n:untracked_out - [0:0]\n", w->o);
	for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
		end_chain(w, ends[i]);
}

static void write_family(const struct fw_policy *p, FILE *o, bool v6)
{
	struct writer w = { p, o, v6 };

	fw_head(p, o, "# ");
	chain_names(&w);
	limits(&w);
	if (v6) {
		lines(&w, "untracked_in", FW_IN, true);
		fputs("-A untracked_in -j refused_in\n", o);
		lines(&w, "untracked_out", FW_OUT, true);
		fputs("-A untracked_out -j refused_out\n", o);
	}
	fputs("-A INPUT -i lo -j ACCEPT\n", o);
	known(&w, "INPUT", "untracked_in");
	spoofs(&w);
	fputs("-A INPUT -p tcp -m tcp ! --tcp-flags FIN,SYN,RST,ACK SYN -j bogus\n", o);
	lines(&w, "INPUT", FW_IN, false);
	fputs("-A INPUT -j refused_in\n-A OUTPUT -o lo -j ACCEPT\n", o);
	known(&w, "OUTPUT", "untracked_out");
	fputs("-A OUTPUT -p tcp -m tcp ! --tcp-flags FIN,SYN,RST,ACK SYN -j bogus\n", o);
	lines(&w, "OUTPUT", FW_OUT, false);
	fputs("-A OUTPUT -j refused_out\nCOMMIT\n", o);
}

static void write4(const struct fw_policy *p, FILE *o)
{
	write_family(p, o, false);
}

static void write6(const struct fw_policy *p, FILE *o)
{
	write_family(p, o, true);
}

const struct fw_format fw_format_iptables = {
	.name = "iptables", .title = "iptables, IPv4", .suffix = "rules", .check = FW_CHECK_CONSUMER,
	.how = "iptables-restore FILE", .note = "no check of the way back to a source", .write = write4,
};

const struct fw_format fw_format_ip6tables = {
	.name = "ip6tables", .title = "ip6tables, IPv6", .suffix = "rules", .check = FW_CHECK_CONSUMER,
	.how = "ip6tables-restore FILE", .note = "no check of the way back to a source", .write = write6,
};
