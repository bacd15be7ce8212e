/*
 * firewall: a policy becomes a ruleset.
 *
 * input and output: loopback; one map by connection state, which ends all
 * packets of known connections; what no packet may be; then one map lookup
 * for each kind of key that there is.  The number of lookups does not depend on the number of lines or peers.
 */
#include <stdlib.h>
#include <string.h>

#include "firewall/nft.h"
#include "firewall/nft_pieces.h"
#include "log/log.h"

/* State bits of the kernel (NF_CT_STATE_BIT, nf_conntrack_common.h). */
#define CT_INVALID 1u
#define CT_ESTABLISHED 2u
#define CT_RELATED 4u
#define CT_UNTRACKED 64u

/* Sources remembered at once by a limit; one that is full lets through. */
#define METER_SIZE 65535
/* Seconds a quiet source is remembered. */
#define METER_TIMEOUT 60
/* Dropped packets that are logged: a second, and at once. */
#define LOG_RATE 10
#define LOG_BURST 20

static struct nft_verdict accept_verdict(void) { return (struct nft_verdict){ .kind = NFT_V_ACCEPT }; }
static struct nft_verdict drop_verdict(void) { return (struct nft_verdict){ .kind = NFT_V_DROP }; }

static struct nft_verdict goto_verdict(const char *chain)
{
	struct nft_verdict v = { .kind = NFT_V_GOTO };

	snprintf(v.chain, sizeof v.chain, "%s", chain);
	return v;
}

/* ---- chains that end ---- */

/* Logs some, counts and drops all. */
static void end_chain(struct nft_ruleset *r, const struct fw_policy *p, const char *name, const char *comment)
{
	struct nft_chain *c = nft_chain_add(r, name, NFT_HOOK_NONE);
	struct nft_rule *log = nft_rule_add(c, "");
	struct nft_statement *s = nft_statement_add(log, NFT_LIMIT);
	struct nft_rule *end;

	s->rate = LOG_RATE;
	s->burst = LOG_BURST;
	s = nft_statement_add(log, NFT_LOG);
	snprintf(s->text, sizeof s->text, "cam %s: ", name);
	s->rate = p->enforced ? FW_LOG_GROUP : 0;
	end = nft_rule_add(c, comment);
	nft_statement_add(end, NFT_COUNTER);
	end->verdict = drop_verdict();
}

/* ---- limits per source ---- */

static void limit_rule(struct nft_ruleset *r, struct nft_chain *c, const struct fw_rule *rule, bool v6, bool open)
{
	enum nft_field field = v6 ? NFT_F_SADDR6_NET : NFT_F_SADDR4;
	char name[NFT_NAME];
	struct nft_statement *s;
	struct nft_rule *n;
	struct nft_set *set;

	snprintf(name, sizeof name, "%s%s_%s", open ? "open" : "rate", v6 ? "6" : "4", c->name + strlen("limit_"));
	set = nft_set_add(r, name, &field, 1, false);
	set->dynamic = true;
	set->size = METER_SIZE;
	set->timeout = open ? 0 : METER_TIMEOUT;
	n = nft_rule_add(c, open ? "too many open connections of one source" : "too many new connections of one source");
	s = nft_statement_add(n, open ? NFT_OPEN_OVER : NFT_RATE_OVER);
	s->set = set;
	s->rate = open ? rule->open : rule->rate;
	s->burst = rule->burst;
	nft_statement_add(n, NFT_COUNTER);
	n->verdict = drop_verdict();
}

static void limit_name(const struct fw_rule *rule, char name[NFT_NAME])
{
	snprintf(name, NFT_NAME, "limit_%s", rule->id);
	for (char *p = name; *p; p++)
		if (*p == '-')
			*p = '_';
}

static void limit_chain(struct nft_ruleset *r, const struct fw_rule *rule)
{
	char name[NFT_NAME];
	struct nft_chain *c;
	struct nft_rule *n;

	limit_name(rule, name);
	c = nft_chain_add(r, name, NFT_HOOK_NONE);
	for (int i = 0; i < 4; i++)
		limit_rule(r, c, rule, i & 1, i >= 2);
	n = nft_rule_add(c, rule->purpose);
	nft_statement_add(n, NFT_COUNTER);
	n->verdict = accept_verdict();
}

static struct nft_verdict piece_verdict(const struct fw_policy *p, const struct nft_piece *piece)
{
	char name[NFT_NAME];

	if (!piece->limit || p->unlimited)
		return accept_verdict();
	limit_name(piece->limit, name);
	return goto_verdict(name);
}

/* ---- maps of what is open ---- */

struct group {
	const char *name;
	enum fw_direction direction;
	enum nft_class class;
	enum addr_family family;	/* of the peer's address in the key, NONE = any peer */
	bool by_user;
};

/* in_..., out_...: whose sockets does not matter; room_...: the room's alone. */
static const struct group groups[] = {
	{ "in_any", FW_IN, NFT_PORTS, ADDR_NONE, false },
	{ "in_ip4", FW_IN, NFT_PORTS, ADDR_V4, false },
	{ "in_ip6", FW_IN, NFT_PORTS, ADDR_V6, false },
	{ "in_icmp", FW_IN, NFT_TYPES4, ADDR_NONE, false },
	{ "in_icmp_ip4", FW_IN, NFT_TYPES4, ADDR_V4, false },
	{ "in_icmp6", FW_IN, NFT_TYPES6, ADDR_NONE, false },
	{ "in_icmp6_ip6", FW_IN, NFT_TYPES6, ADDR_V6, false },
	{ "out_any", FW_OUT, NFT_PORTS, ADDR_NONE, false },
	{ "out_ip4", FW_OUT, NFT_PORTS, ADDR_V4, false },
	{ "out_ip6", FW_OUT, NFT_PORTS, ADDR_V6, false },
	{ "out_icmp", FW_OUT, NFT_TYPES4, ADDR_NONE, false },
	{ "out_icmp_ip4", FW_OUT, NFT_TYPES4, ADDR_V4, false },
	{ "out_icmp6", FW_OUT, NFT_TYPES6, ADDR_NONE, false },
	{ "out_icmp6_ip6", FW_OUT, NFT_TYPES6, ADDR_V6, false },
	{ "room_any", FW_OUT, NFT_PORTS, ADDR_NONE, true },
	{ "room_ip4", FW_OUT, NFT_PORTS, ADDR_V4, true },
	{ "room_ip6", FW_OUT, NFT_PORTS, ADDR_V6, true },
	{ "room_icmp", FW_OUT, NFT_TYPES4, ADDR_NONE, true },
	{ "room_icmp_ip4", FW_OUT, NFT_TYPES4, ADDR_V4, true },
	{ "room_icmp6", FW_OUT, NFT_TYPES6, ADDR_NONE, true },
	{ "room_icmp6_ip6", FW_OUT, NFT_TYPES6, ADDR_V6, true },
};
#define GROUPS (sizeof groups / sizeof groups[0])

static unsigned group_fields(const struct group *g, enum nft_field f[NFT_FIELDS])
{
	unsigned n = 0;

	if (g->by_user)
		f[n++] = NFT_F_UID;
	if (g->class == NFT_PORTS) {
		f[n++] = NFT_F_L4PROTO;
		f[n++] = NFT_F_DPORT;
	} else {
		f[n++] = g->class == NFT_TYPES4 ? NFT_F_ICMP_TYPE : NFT_F_ICMP6_TYPE;
	}
	if (g->family == ADDR_V4)
		f[n++] = g->direction == FW_IN ? NFT_F_SADDR4 : NFT_F_DADDR4;
	if (g->family == ADDR_V6)
		f[n++] = g->direction == FW_IN ? NFT_F_SADDR6 : NFT_F_DADDR6;
	return n;
}

static void put_number(uint8_t *at, unsigned bytes, unsigned n)
{
	for (unsigned i = 0; i < bytes; i++)
		at[i] = (uint8_t)(n >> (8 * (bytes - 1 - i)));
}

static void put_prefix(uint8_t *first, uint8_t *last, const struct addr_prefix *x)
{
	unsigned bits = addr_bits(x->addr.family);

	memcpy(first, x->addr.bytes, bits / 8);
	memcpy(last, x->addr.bytes, bits / 8);
	for (unsigned i = x->len; i < bits; i++)
		last[i / 8] |= (uint8_t)(0x80 >> (i % 8));
}

static void put_piece(struct nft_set *s, const struct nft_piece *piece, struct nft_verdict verdict)
{
	struct nft_element *e = nft_element_add(s);
	uint32_t uid = piece->uid;

	for (unsigned i = 0; i < s->field_count; i++) {
		uint8_t *a = e->key + nft_key_offset(s, i), *b = e->end + nft_key_offset(s, i);

		switch (s->fields[i]) {
		case NFT_F_UID:
			memcpy(a, &uid, sizeof uid);
			memcpy(b, &uid, sizeof uid);
			break;
		case NFT_F_L4PROTO:
			*a = *b = piece->protocol == FW_TCP ? 6 : 17;
			break;
		case NFT_F_DPORT:
			put_number(a, 2, piece->range.first);
			put_number(b, 2, piece->range.last);
			break;
		case NFT_F_ICMP_TYPE:
		case NFT_F_ICMP6_TYPE:
			*a = *b = (uint8_t)piece->range.first;
			break;
		default:
			put_prefix(a, b, &piece->prefix);
		}
	}
	if (memcmp(e->key, e->end, sizeof e->key))
		s->interval = true;
	e->verdict = verdict;
	memcpy(e->comment, piece->comment, sizeof e->comment);
}

/* The map of a group, or NULL when nothing is in it. */
static struct nft_set *group_map(struct nft_ruleset *r, const struct fw_policy *p, const struct group *g)
{
	enum nft_field fields[NFT_FIELDS];
	struct nft_pieces pieces;
	struct nft_set *s = NULL;

	nft_pieces_make(&pieces, p, g->direction, g->class, g->family, g->by_user);
	if (pieces.count)
		s = nft_set_add(r, g->name, fields, group_fields(g, fields), true);
	for (unsigned i = 0; i < pieces.count; i++)
		put_piece(s, &pieces.list[i], piece_verdict(p, &pieces.list[i]));
	nft_pieces_free(&pieces);
	return s;
}

/* ---- the chains of packets ---- */

static void by_map(struct nft_chain *c, const struct nft_set *s, const char *comment)
{
	struct nft_rule *n = nft_rule_add(c, comment);

	nft_statement_add(n, NFT_BY_MAP)->set = s;
}

static void to_chain(struct nft_chain *c, enum nft_statement_kind kind, const char *chain, const char *comment)
{
	struct nft_rule *n = nft_rule_add(c, comment);

	nft_statement_add(n, kind);
	n->verdict = goto_verdict(chain);
}

static void state_element(struct nft_set *s, uint32_t state, struct nft_verdict v)
{
	struct nft_element *e = nft_element_add(s);

	memcpy(e->key, &state, sizeof state);
	memcpy(e->end, &state, sizeof state);
	e->verdict = v;
}

static struct nft_set *state_map(struct nft_ruleset *r, const char *name, const char *untracked)
{
	static const enum nft_field field = NFT_F_CT_STATE;
	struct nft_set *s = nft_set_add(r, name, &field, 1, true);

	state_element(s, CT_ESTABLISHED, accept_verdict());
	state_element(s, CT_RELATED, accept_verdict());
	state_element(s, CT_INVALID, goto_verdict("invalid"));
	state_element(s, CT_UNTRACKED, goto_verdict(untracked));
	return s;
}

static void martian(struct nft_set *s, const char *text)
{
	struct nft_element *e = nft_element_add(s);
	struct addr_prefix x;

	if (addr_prefix_parse(&x, text) < 0)
		log_bug(text);
	put_prefix(e->key, e->end, &x);
}

static void martians(struct nft_ruleset *r, struct nft_chain *c, bool v6)
{
	static const char *const four[] = { "0.0.0.0/8", "127.0.0.0/8", "224.0.0.0/3", NULL };
	static const char *const six[] = { "::1/128", "::ffff:0.0.0.0/96", "ff00::/8", NULL };
	enum nft_field field = v6 ? NFT_F_SADDR6 : NFT_F_SADDR4;
	struct nft_set *s = nft_set_add(r, v6 ? "martians6" : "martians4", &field, 1, false);
	struct nft_rule *n = nft_rule_add(c, "no machine has this source address");

	for (const char *const *t = v6 ? six : four; *t; t++)
		martian(s, *t);
	s->interval = true;
	nft_statement_add(n, NFT_IN_SET)->set = s;
	n->verdict = goto_verdict("spoofed");
}

static void loopback(struct nft_chain *c, bool out)
{
	struct nft_rule *n = nft_rule_add(c, "this machine itself");
	struct nft_statement *s = nft_statement_add(n, NFT_INTERFACE);

	snprintf(s->text, sizeof s->text, "lo");
	s->out = out;
	n->verdict = accept_verdict();
}

/* The Test Provider's machines live on links named demo...: they reach the console's port and nothing else. */
static void demo_chain(struct nft_ruleset *r)
{
	struct nft_chain *c = nft_chain_add(r, "demo_in", NFT_HOOK_NONE);
	struct nft_rule *n = nft_rule_add(c, "agents of the Test Provider's machines");

	nft_statement_add(n, NFT_TCP_DPORT)->rate = 443;
	n->verdict = accept_verdict();
	n = nft_rule_add(c, "");
	n->verdict = goto_verdict("refused_in");
}

static void demo(struct nft_chain *c)
{
	struct nft_rule *n = nft_rule_add(c, "machines of the Test Provider");

	snprintf(nft_statement_add(n, NFT_INTERFACE)->text, sizeof n->statements[0].text, "demo*");
	n->verdict = goto_verdict("demo_in");
}

static void lookups(struct nft_chain *c, struct nft_set *const maps[GROUPS], enum fw_direction d, bool only_icmp6)
{
	for (size_t i = 0; i < GROUPS; i++)
		if (maps[i] && groups[i].direction == d && (!only_icmp6 || groups[i].class == NFT_TYPES6))
			by_map(c, maps[i], "");
}

static void last(struct nft_chain *c, const char *chain)
{
	nft_rule_add(c, "what no line opens")->verdict = goto_verdict(chain);
}

static void packet_chains(struct nft_ruleset *r, const struct fw_policy *p, struct nft_set *const maps[GROUPS])
{
	struct nft_set *in_state = state_map(r, "state_in", "untracked_in"), *out_state = state_map(r, "state_out", "untracked_out");
	struct nft_chain *c;

	c = nft_chain_add(r, "untracked_in", NFT_HOOK_NONE);
	lookups(c, maps, FW_IN, true);
	last(c, "refused_in");
	c = nft_chain_add(r, "untracked_out", NFT_HOOK_NONE);
	lookups(c, maps, FW_OUT, true);
	last(c, "refused_out");
	c = nft_chain_add(r, "input", NFT_HOOK_INPUT);
	loopback(c, false);
	by_map(c, in_state, "known connections end here");
	martians(r, c, false);
	martians(r, c, true);
	to_chain(c, NFT_SPOOF_LOCAL, "spoofed", "our own address from outside");
	to_chain(c, NFT_SPOOF_ROUTE, "spoofed", "no way back to the source on this interface");
	to_chain(c, NFT_TCP_NOT_SYN, "bogus", "a connection begins with SYN alone");
	if (p->enforced)
		demo(c);
	lookups(c, maps, FW_IN, false);
	last(c, "refused_in");
	nft_chain_add(r, "forward", NFT_HOOK_FORWARD);
	c = nft_chain_add(r, "output", NFT_HOOK_OUTPUT);
	loopback(c, true);
	by_map(c, out_state, "known connections end here");
	to_chain(c, NFT_TCP_NOT_SYN, "bogus", "a connection begins with SYN alone");
	lookups(c, maps, FW_OUT, false);
	last(c, "refused_out");
}

static void hooks_first(struct nft_ruleset *r)
{
	unsigned to = 0;

	for (unsigned i = 0; i < r->chain_count; i++) {
		struct nft_chain *c = r->chains[i];

		if (!c->hook)
			continue;
		memmove(&r->chains[to + 1], &r->chains[to], (i - to) * sizeof r->chains[0]);
		r->chains[to++] = c;
	}
}

struct nft_ruleset *nft_compile(const struct fw_policy *p)
{
	struct nft_ruleset *r = calloc(1, sizeof *r);
	struct nft_set *maps[GROUPS];

	if (!r)
		log_fatal("firewall: ruleset");
	end_chain(r, p, "refused_in", "no line opens it");
	end_chain(r, p, "refused_out", "no line opens it");
	end_chain(r, p, "invalid", "belongs to no connection");
	end_chain(r, p, "spoofed", "a source address that cannot be");
	end_chain(r, p, "bogus", "TCP flags that cannot be");
	if (p->enforced)
		demo_chain(r);
	for (unsigned i = 0; i < p->count && !p->unlimited; i++)
		if (p->lines[i].rule->rate)
			limit_chain(r, p->lines[i].rule);
	for (size_t i = 0; i < GROUPS; i++)
		maps[i] = group_map(r, p, &groups[i]);
	packet_chains(r, p, maps);
	hooks_first(r);
	return r;
}
