/* fwd: rules as expressions of the kernel's little machine. */
#include <libmnl/libmnl.h>
#include <libnftnl/common.h>
#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <libnftnl/udata.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "batch.h"
#include "log/log.h"

static struct nftnl_expr *expression(struct nftnl_rule *r, const char *name)
{
	struct nftnl_expr *e = nftnl_expr_alloc(name);

	if (!e)
		log_fatal("batch");
	if (r)
		nftnl_rule_add_expr(r, e);
	return e;
}

static void meta(struct nftnl_rule *r, uint32_t what, uint32_t to)
{
	struct nftnl_expr *e = expression(r, "meta");

	nftnl_expr_set_u32(e, NFTNL_EXPR_META_KEY, what);
	nftnl_expr_set_u32(e, NFTNL_EXPR_META_DREG, to);
}

static void payload(struct nftnl_rule *r, uint32_t base, uint32_t offset, uint32_t len, uint32_t to)
{
	struct nftnl_expr *e = expression(r, "payload");

	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_BASE, base);
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_OFFSET, offset);
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_LEN, len);
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_DREG, to);
}

static void compare(struct nftnl_rule *r, uint32_t how, const void *data, uint32_t len)
{
	struct nftnl_expr *e = expression(r, "cmp");

	nftnl_expr_set_u32(e, NFTNL_EXPR_CMP_SREG, NFT_REG_1);
	nftnl_expr_set_u32(e, NFTNL_EXPR_CMP_OP, how);
	nftnl_expr_set(e, NFTNL_EXPR_CMP_DATA, data, len);
}

static void mask(struct nftnl_rule *r, const void *bits, uint32_t len)
{
	static const uint8_t nothing[16];
	struct nftnl_expr *e = expression(r, "bitwise");

	nftnl_expr_set_u32(e, NFTNL_EXPR_BITWISE_SREG, NFT_REG_1);
	nftnl_expr_set_u32(e, NFTNL_EXPR_BITWISE_DREG, NFT_REG_1);
	nftnl_expr_set_u32(e, NFTNL_EXPR_BITWISE_OP, NFT_BITWISE_BOOL);
	nftnl_expr_set_u32(e, NFTNL_EXPR_BITWISE_LEN, len);
	nftnl_expr_set(e, NFTNL_EXPR_BITWISE_MASK, bits, len);
	nftnl_expr_set(e, NFTNL_EXPR_BITWISE_XOR, nothing, len);
}

static void is_family(struct nftnl_rule *r, uint8_t family)
{
	meta(r, NFT_META_NFPROTO, NFT_REG_1);
	compare(r, NFT_CMP_EQ, &family, 1);
}

static void is_protocol(struct nftnl_rule *r, uint8_t protocol)
{
	meta(r, NFT_META_L4PROTO, NFT_REG_1);
	compare(r, NFT_CMP_EQ, &protocol, 1);
}

/* ---- keys ---- */

static void load(struct nftnl_rule *r, enum nft_field f, uint32_t to)
{
	static const uint8_t half[16] = { 255, 255, 255, 255, 255, 255, 255, 255 };
	struct nftnl_expr *e;

	switch (f) {
	case NFT_F_UID: meta(r, NFT_META_SKUID, to); break;
	case NFT_F_L4PROTO: meta(r, NFT_META_L4PROTO, to); break;
	case NFT_F_DPORT: payload(r, NFT_PAYLOAD_TRANSPORT_HEADER, 2, 2, to); break;
	case NFT_F_ICMP_TYPE:
	case NFT_F_ICMP6_TYPE: payload(r, NFT_PAYLOAD_TRANSPORT_HEADER, 0, 1, to); break;
	case NFT_F_SADDR4: payload(r, NFT_PAYLOAD_NETWORK_HEADER, 12, 4, to); break;
	case NFT_F_DADDR4: payload(r, NFT_PAYLOAD_NETWORK_HEADER, 16, 4, to); break;
	case NFT_F_SADDR6: payload(r, NFT_PAYLOAD_NETWORK_HEADER, 8, 16, to); break;
	case NFT_F_DADDR6: payload(r, NFT_PAYLOAD_NETWORK_HEADER, 24, 16, to); break;
	case NFT_F_SADDR6_NET:
		payload(r, NFT_PAYLOAD_NETWORK_HEADER, 8, 16, to);
		mask(r, half, 16);
		break;
	case NFT_F_CT_STATE:
		e = expression(r, "ct");
		nftnl_expr_set_u32(e, NFTNL_EXPR_CT_KEY, NFT_CT_STATE);
		nftnl_expr_set_u32(e, NFTNL_EXPR_CT_DREG, to);
		break;
	case NFT_F_NONE:
		log_bug("a key without a field");
	}
}

static bool has(const struct nft_set *s, enum nft_field a, enum nft_field b, enum nft_field c)
{
	for (unsigned i = 0; i < s->field_count; i++)
		if (s->fields[i] == a || s->fields[i] == b || s->fields[i] == c)
			return true;
	return false;
}

/* Ranges are compared byte by byte from the left, so the user's number stands in network order there. */
static void to_network_order(struct nftnl_rule *r, uint32_t reg)
{
	struct nftnl_expr *e = expression(r, "byteorder");

	nftnl_expr_set_u32(e, NFTNL_EXPR_BYTEORDER_SREG, reg);
	nftnl_expr_set_u32(e, NFTNL_EXPR_BYTEORDER_DREG, reg);
	nftnl_expr_set_u32(e, NFTNL_EXPR_BYTEORDER_OP, NFT_BYTEORDER_HTON);
	nftnl_expr_set_u32(e, NFTNL_EXPR_BYTEORDER_LEN, 4);
	nftnl_expr_set_u32(e, NFTNL_EXPR_BYTEORDER_SIZE, 4);
}

/* What a packet must be so that the fields are in it, then the fields, one register of 4 bytes after the other. */
static void load_key(struct nftnl_rule *r, const struct nft_set *s)
{
	bool v4 = has(s, NFT_F_SADDR4, NFT_F_DADDR4, NFT_F_ICMP_TYPE), v6 = has(s, NFT_F_SADDR6, NFT_F_DADDR6, NFT_F_ICMP6_TYPE) ||
		s->fields[0] == NFT_F_SADDR6_NET;

	if (v4 || v6)
		is_family(r, v4 ? NFPROTO_IPV4 : NFPROTO_IPV6);
	if (has(s, NFT_F_ICMP_TYPE, NFT_F_ICMP6_TYPE, NFT_F_ICMP_TYPE))
		is_protocol(r, v4 ? IPPROTO_ICMP : IPPROTO_ICMPV6);
	for (unsigned i = 0; i < s->field_count; i++) {
		uint32_t reg = i ? NFT_REG32_00 + nft_key_offset(s, i) / 4 : NFT_REG_1;

		load(r, s->fields[i], reg);
		if (s->fields[i] == NFT_F_UID && s->interval)
			to_network_order(r, reg);
	}
}

static void lookup(struct nftnl_rule *r, const struct nft_set *s, bool by_map)
{
	struct nftnl_expr *e;

	load_key(r, s);
	e = expression(r, "lookup");
	nftnl_expr_set_u32(e, NFTNL_EXPR_LOOKUP_SREG, NFT_REG_1);
	nftnl_expr_set_str(e, NFTNL_EXPR_LOOKUP_SET, s->name);
	if (by_map)
		nftnl_expr_set_u32(e, NFTNL_EXPR_LOOKUP_DREG, NFT_REG_VERDICT);
}

/* ---- statements ---- */

static void set_limit(struct nftnl_expr *e, const struct nft_statement *s, bool over)
{
	nftnl_expr_set_u64(e, NFTNL_EXPR_LIMIT_RATE, s->rate);
	nftnl_expr_set_u64(e, NFTNL_EXPR_LIMIT_UNIT, 1);	/* second */
	nftnl_expr_set_u32(e, NFTNL_EXPR_LIMIT_BURST, s->burst);
	nftnl_expr_set_u32(e, NFTNL_EXPR_LIMIT_TYPE, NFT_LIMIT_PKTS);
	nftnl_expr_set_u32(e, NFTNL_EXPR_LIMIT_FLAGS, over ? NFT_LIMIT_F_INV : 0);
}

static void meter(struct nftnl_rule *r, const struct nft_statement *s)
{
	struct nftnl_expr *e, *inner = expression(NULL, s->kind == NFT_RATE_OVER ? "limit" : "connlimit");

	load_key(r, s->set);
	e = expression(r, "dynset");
	nftnl_expr_set_u32(e, NFTNL_EXPR_DYNSET_SREG_KEY, NFT_REG_1);
	nftnl_expr_set_u32(e, NFTNL_EXPR_DYNSET_OP, NFT_DYNSET_OP_ADD);
	nftnl_expr_set_str(e, NFTNL_EXPR_DYNSET_SET_NAME, s->set->name);
	if (s->kind == NFT_RATE_OVER) {
		set_limit(inner, s, true);
	} else {
		nftnl_expr_set_u32(inner, NFTNL_EXPR_CONNLIMIT_COUNT, s->rate);
		nftnl_expr_set_u32(inner, NFTNL_EXPR_CONNLIMIT_FLAGS, NFT_CONNLIMIT_F_INV);
	}
	nftnl_expr_set_u32(e, NFTNL_EXPR_DYNSET_FLAGS, NFT_DYNSET_F_EXPR);
	nftnl_expr_add_expr(e, NFTNL_EXPR_DYNSET_EXPRESSIONS, inner);
}

static void interface(struct nftnl_rule *r, const struct nft_statement *s)
{
	char name[16] = "";
	size_t n = strlen(s->text);

	memcpy(name, s->text, n);
	meta(r, s->out ? NFT_META_OIFNAME : NFT_META_IIFNAME, NFT_REG_1);
	/* "demo*": the beginning alone; else the whole name with its zeros */
	if (n && s->text[n - 1] == '*')
		compare(r, NFT_CMP_EQ, name, (uint32_t)n - 1);
	else
		compare(r, NFT_CMP_EQ, name, sizeof name);
}

static void not_syn(struct nftnl_rule *r)
{
	static const uint8_t bits = FW_FIN | FW_SYN | FW_RST | FW_ACK, syn = FW_SYN;

	is_protocol(r, IPPROTO_TCP);
	payload(r, NFT_PAYLOAD_TRANSPORT_HEADER, 13, 1, NFT_REG_1);
	mask(r, &bits, 1);
	compare(r, NFT_CMP_NEQ, &syn, 1);
}

static void spoof(struct nftnl_rule *r, bool route)
{
	static const uint32_t missing = 0;
	static const uint32_t local = RTN_LOCAL;
	struct nftnl_expr *e = expression(r, "fib");

	nftnl_expr_set_u32(e, NFTNL_EXPR_FIB_DREG, NFT_REG_1);
	nftnl_expr_set_u32(e, NFTNL_EXPR_FIB_RESULT, route ? NFT_FIB_RESULT_OIF : NFT_FIB_RESULT_ADDRTYPE);
	nftnl_expr_set_u32(e, NFTNL_EXPR_FIB_FLAGS, NFTA_FIB_F_SADDR | (route ? NFTA_FIB_F_IIF | NFTA_FIB_F_PRESENT : 0));
	if (route)
		compare(r, NFT_CMP_EQ, &missing, sizeof missing);
	else
		compare(r, NFT_CMP_EQ, &local, sizeof local);
}

static void tcp_port(struct nftnl_rule *r, unsigned port)
{
	uint16_t n = __builtin_bswap16((uint16_t)port);

	is_protocol(r, IPPROTO_TCP);
	payload(r, NFT_PAYLOAD_TRANSPORT_HEADER, 2, 2, NFT_REG_1);
	compare(r, NFT_CMP_EQ, &n, sizeof n);
}

static void log_to(struct nftnl_rule *r, const struct nft_statement *s)
{
	struct nftnl_expr *e = expression(r, "log");

	nftnl_expr_set_str(e, NFTNL_EXPR_LOG_PREFIX, s->text);
	if (s->rate)
		nftnl_expr_set_u16(e, NFTNL_EXPR_LOG_GROUP, (uint16_t)s->rate);
}

static void statement(struct nftnl_rule *r, const struct nft_statement *s)
{
	switch (s->kind) {
	case NFT_INTERFACE: interface(r, s); break;
	case NFT_TCP_NOT_SYN: not_syn(r); break;
	case NFT_SPOOF_LOCAL: spoof(r, false); break;
	case NFT_SPOOF_ROUTE: spoof(r, true); break;
	case NFT_IN_SET: lookup(r, s->set, false); break;
	case NFT_BY_MAP: lookup(r, s->set, true); break;
	case NFT_RATE_OVER:
	case NFT_OPEN_OVER: meter(r, s); break;
	case NFT_TCP_DPORT: tcp_port(r, s->rate); break;
	case NFT_LIMIT: set_limit(expression(r, "limit"), s, false); break;
	case NFT_LOG: log_to(r, s); break;
	case NFT_COUNTER: expression(r, "counter"); break;
	case NFT_STATEMENT_NONE: break;
	}
}

static void verdict(struct nftnl_rule *r, const struct nft_verdict *v)
{
	struct nftnl_expr *e = expression(r, "immediate");

	nftnl_expr_set_u32(e, NFTNL_EXPR_IMM_DREG, NFT_REG_VERDICT);
	nftnl_expr_set_u32(e, NFTNL_EXPR_IMM_VERDICT,
		(uint32_t)(v->kind == NFT_V_GOTO ? NFT_GOTO : v->kind == NFT_V_ACCEPT ? NF_ACCEPT : NF_DROP));
	if (v->kind == NFT_V_GOTO)
		nftnl_expr_set_str(e, NFTNL_EXPR_IMM_CHAIN, v->chain);
}

static void note(struct nftnl_rule *r, const char *comment)
{
	uint8_t u[2 + NFT_COMMENT] = { NFTNL_UDATA_RULE_COMMENT };
	size_t n = strlen(comment) + 1;

	u[1] = (uint8_t)n;
	memcpy(u + 2, comment, n);
	nftnl_rule_set_data(r, NFTNL_RULE_USERDATA, u, (uint32_t)(2 + n));
}

void batch_rule(struct batch *b, const char *chain, const struct nft_rule *rule)
{
	struct nlmsghdr *h = nftnl_nlmsg_build_hdr(batch_scratch(), NFT_MSG_NEWRULE, NFPROTO_INET, NLM_F_CREATE | NLM_F_APPEND,
		b->seq + 1);
	struct nftnl_rule *r = nftnl_rule_alloc();

	if (!r)
		log_fatal("batch");
	nftnl_rule_set_str(r, NFTNL_RULE_TABLE, NFT_TABLE);
	nftnl_rule_set_str(r, NFTNL_RULE_CHAIN, chain);
	nftnl_rule_set_u32(r, NFTNL_RULE_FAMILY, NFPROTO_INET);
	for (unsigned i = 0; i < rule->count; i++)
		statement(r, &rule->statements[i]);
	if (rule->verdict.kind)
		verdict(r, &rule->verdict);
	if (rule->comment[0])
		note(r, rule->comment);
	nftnl_rule_nlmsg_build_payload(h, r);
	nftnl_rule_free(r);
	batch_put(b, h);
}
