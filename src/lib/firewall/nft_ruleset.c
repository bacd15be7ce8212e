/* firewall: the description of a ruleset. */
#include <stdlib.h>
#include <string.h>

#include "firewall/nft.h"
#include "log/log.h"

/* Room for one more in a list of n, which grows at each power of two. */
static void *grow(void *list, unsigned n, size_t size)
{
	if (n & (n - 1))
		return list;
	list = realloc(list, (n ? (size_t)n * 2 : 1) * size);
	if (!list)
		log_fatal("firewall: ruleset");
	return list;
}

static void *zeroed(size_t size)
{
	void *p = calloc(1, size);

	if (!p)
		log_fatal("firewall: ruleset");
	return p;
}

unsigned nft_field_size(enum nft_field f)
{
	switch (f) {
	case NFT_F_UID:
	case NFT_F_CT_STATE:
	case NFT_F_SADDR4:
	case NFT_F_DADDR4:
		return 4;
	case NFT_F_SADDR6:
	case NFT_F_DADDR6:
	case NFT_F_SADDR6_NET:
		return 16;
	case NFT_F_DPORT:
		return 2;
	case NFT_F_L4PROTO:
	case NFT_F_ICMP_TYPE:
	case NFT_F_ICMP6_TYPE:
		return 1;
	case NFT_F_NONE:
		break;
	}
	return 0;
}

unsigned nft_key_offset(const struct nft_set *s, unsigned i)
{
	unsigned n = 0;

	for (unsigned k = 0; k < i; k++)
		n += (nft_field_size(s->fields[k]) + 3) & ~3u;
	return n;
}

struct nft_set *nft_set_add(struct nft_ruleset *r, const char *name, const enum nft_field *fields, unsigned count, bool map)
{
	struct nft_set *s = zeroed(sizeof *s);

	snprintf(s->name, sizeof s->name, "%s", name);
	memcpy(s->fields, fields, count * sizeof *fields);
	s->field_count = count;
	s->map = map;
	r->sets = grow(r->sets, r->set_count, sizeof *r->sets);
	r->sets[r->set_count++] = s;
	return s;
}

struct nft_chain *nft_chain_add(struct nft_ruleset *r, const char *name, enum nft_hook hook)
{
	struct nft_chain *c = zeroed(sizeof *c);

	snprintf(c->name, sizeof c->name, "%s", name);
	c->hook = hook;
	r->chains = grow(r->chains, r->chain_count, sizeof *r->chains);
	r->chains[r->chain_count++] = c;
	return c;
}

struct nft_element *nft_element_add(struct nft_set *s)
{
	struct nft_element *e;

	s->elements = grow(s->elements, s->count, sizeof *s->elements);
	e = &s->elements[s->count++];
	memset(e, 0, sizeof *e);
	return e;
}

struct nft_rule *nft_rule_add(struct nft_chain *c, const char *comment)
{
	struct nft_rule *r;

	c->rules = grow(c->rules, c->count, sizeof *c->rules);
	r = &c->rules[c->count++];
	memset(r, 0, sizeof *r);
	snprintf(r->comment, sizeof r->comment, "%s", comment);
	return r;
}

struct nft_statement *nft_statement_add(struct nft_rule *r, enum nft_statement_kind kind)
{
	if (r->count == NFT_STATEMENTS)
		log_bug("a rule of too many statements");
	r->statements[r->count].kind = kind;
	return &r->statements[r->count++];
}

void nft_ruleset_free(struct nft_ruleset *r)
{
	if (!r)
		return;
	for (unsigned i = 0; i < r->set_count; i++) {
		free(r->sets[i]->elements);
		free(r->sets[i]);
	}
	for (unsigned i = 0; i < r->chain_count; i++) {
		free(r->chains[i]->rules);
		free(r->chains[i]);
	}
	free(r->sets);
	free(r->chains);
	free(r);
}
