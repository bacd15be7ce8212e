/* fwd: the batch as a whole: begin, table, chains, sets, rules, end. */
#include <libmnl/libmnl.h>
#include <libnftnl/chain.h>
#include <libnftnl/common.h>
#include <libnftnl/table.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <stdlib.h>
#include <string.h>

#include "batch.h"
#include "log/log.h"

/* A message of set elements fills an attribute of 64 KiB at most, and one element more. */
#define SCRATCH (192u << 10)

void *batch_scratch(void)
{
	static char scratch[SCRATCH] __attribute__((aligned(8)));

	return scratch;
}

void batch_put(struct batch *b, const struct nlmsghdr *h)
{
	size_t n = MNL_ALIGN(h->nlmsg_len);

	if (h->nlmsg_len > SCRATCH)
		log_bug("a message longer than its room");
	if (b->len + n > b->room) {
		b->room = (b->room + n) * 2;
		b->bytes = realloc(b->bytes, b->room);
		if (!b->bytes)
			log_fatal("batch");
	}
	memcpy(b->bytes + b->len, h, n);
	b->len += n;
	b->seq = h->nlmsg_seq;
}

void batch_free(struct batch *b)
{
	free(b->bytes);
	*b = (struct batch)BATCH_ZERO;
}

static void table(struct batch *b, uint16_t type, uint16_t flags)
{
	struct nlmsghdr *h = nftnl_nlmsg_build_hdr(batch_scratch(), type, NFPROTO_INET, flags, b->seq + 1);
	struct nftnl_table *t = nftnl_table_alloc();

	if (!t)
		log_fatal("batch");
	nftnl_table_set_str(t, NFTNL_TABLE_NAME, NFT_TABLE);
	nftnl_table_nlmsg_build_payload(h, t);
	nftnl_table_free(t);
	batch_put(b, h);
}

static void chain(struct batch *b, const char *name, enum nft_hook hook)
{
	static const uint32_t hooks[] = { 0, NF_INET_LOCAL_IN, NF_INET_FORWARD, NF_INET_LOCAL_OUT };
	struct nlmsghdr *h = nftnl_nlmsg_build_hdr(batch_scratch(), NFT_MSG_NEWCHAIN, NFPROTO_INET, NLM_F_CREATE, b->seq + 1);
	struct nftnl_chain *c = nftnl_chain_alloc();

	if (!c)
		log_fatal("batch");
	nftnl_chain_set_str(c, NFTNL_CHAIN_TABLE, NFT_TABLE);
	nftnl_chain_set_str(c, NFTNL_CHAIN_NAME, name);
	if (hook) {
		nftnl_chain_set_str(c, NFTNL_CHAIN_TYPE, "filter");
		nftnl_chain_set_u32(c, NFTNL_CHAIN_HOOKNUM, hooks[hook]);
		nftnl_chain_set_s32(c, NFTNL_CHAIN_PRIO, 0);
		nftnl_chain_set_u32(c, NFTNL_CHAIN_POLICY, NF_DROP);
	}
	nftnl_chain_nlmsg_build_payload(h, c);
	nftnl_chain_free(c);
	batch_put(b, h);
}

static void start(struct batch *b)
{
	b->len = 0;
	b->seq = 1;
	batch_put(b, nftnl_batch_begin(batch_scratch(), b->seq));
}

static void begin(struct batch *b)
{
	start(b);
	/* adding what may be there, then removing it: so that removing never fails */
	table(b, NFT_MSG_NEWTABLE, NLM_F_CREATE);
	table(b, NFT_MSG_DELTABLE, 0);
	table(b, NFT_MSG_NEWTABLE, NLM_F_CREATE);
}

/* The last message asks for an acknowledgement, which comes when all is done. */
static void end(struct batch *b, size_t last)
{
	((struct nlmsghdr *)(void *)(b->bytes + last))->nlmsg_flags |= NLM_F_ACK;
	uint32_t seq = b->seq;

	batch_put(b, nftnl_batch_end(batch_scratch(), seq + 1));
	b->seq = seq;
}

/* Where the last message begins. */
static size_t last_message(const struct batch *b)
{
	size_t at = 0, next = 0;

	while (next < b->len) {
		at = next;
		next += MNL_ALIGN(((const struct nlmsghdr *)(const void *)(b->bytes + at))->nlmsg_len);
	}
	return at;
}

/* Something of the table by its name; name NULL: all of it. */
static void removal(struct batch *b, uint16_t type, uint16_t attribute, const char *name)
{
	struct nlmsghdr *h = nftnl_nlmsg_build_hdr(batch_scratch(), type, NFPROTO_INET, 0, b->seq + 1);

	mnl_attr_put_strz(h, 1, NFT_TABLE);	/* NFTA_RULE_TABLE, NFTA_SET_TABLE, NFTA_CHAIN_TABLE */
	if (name)
		mnl_attr_put_strz(h, attribute, name);
	batch_put(b, h);
}

/* Empties the table but for the chains that stay. Rules hold sets, and sets' elements hold chains. */
static void empty(struct batch *b, const struct batch_old *old)
{
	start(b);
	removal(b, NFT_MSG_DELRULE, 0, NULL);
	for (unsigned i = 0; i < old->set_count; i++)
		removal(b, NFT_MSG_DELSET, NFTA_SET_NAME, old->sets[i]);
	for (unsigned i = 0; i < old->chain_count; i++)
		removal(b, NFT_MSG_DELCHAIN, NFTA_CHAIN_NAME, old->chains[i]);
}

void batch_ruleset(struct batch *b, const struct nft_ruleset *r, const struct batch_old *old)
{
	if (old && old->table && !old->more)
		empty(b, old);
	else
		begin(b);
	for (unsigned i = 0; i < r->chain_count; i++)
		chain(b, r->chains[i]->name, r->chains[i]->hook);
	for (unsigned i = 0; i < r->set_count; i++)
		batch_set(b, r->sets[i], i + 1);
	for (unsigned i = 0; i < r->set_count; i++)
		batch_elements(b, r->sets[i], i + 1);
	for (unsigned i = 0; i < r->chain_count; i++)
		for (unsigned k = 0; k < r->chains[i]->count; k++)
			batch_rule(b, r->chains[i]->name, &r->chains[i]->rules[k]);
	end(b, last_message(b));
}

static void base_rule(struct batch *b, const char *name, bool out)
{
	struct nft_rule r = { .count = 1, .verdict = { .kind = NFT_V_ACCEPT }, .comment = "this machine itself" };

	r.statements[0] = (struct nft_statement){ .kind = NFT_INTERFACE, .text = "lo", .out = out };
	batch_rule(b, name, &r);
}

void batch_base(struct batch *b)
{
	begin(b);
	chain(b, "input", NFT_HOOK_INPUT);
	chain(b, "forward", NFT_HOOK_FORWARD);
	chain(b, "output", NFT_HOOK_OUTPUT);
	base_rule(b, "input", false);
	base_rule(b, "output", true);
	end(b, last_message(b));
}
