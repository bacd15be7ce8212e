/* firewall: lines in pieces. */
#include <stdlib.h>
#include <string.h>

#include "firewall/nft_pieces.h"
#include "log/log.h"

static bool of_class(const struct fw_rule *r, enum nft_class class)
{
	return class == NFT_PORTS ? r->protocol == FW_TCP || r->protocol == FW_UDP :
		r->protocol == (class == NFT_TYPES4 ? FW_ICMP : FW_ICMP6);
}

static struct nft_piece *add(struct nft_pieces *out)
{
	if ((out->count & (out->count - 1)) == 0) {
		out->list = realloc(out->list, (out->count ? (size_t)out->count * 2 : 1) * sizeof *out->list);
		if (!out->list)
			log_fatal("firewall: pieces");
	}
	memset(&out->list[out->count], 0, sizeof *out->list);
	return &out->list[out->count++];
}

/* One line's part: a range to an address. */
static void add_range(struct nft_pieces *out, const struct fw_line *l, struct fw_range range, const struct addr_prefix *x)
{
	struct nft_piece *n = add(out);

	n->protocol = l->rule->protocol;
	n->range = range;
	if (x)
		n->prefix = *x;
	n->uid = l->uid;
	n->limit = l->rule->rate ? l->rule : NULL;
	snprintf(n->comment, sizeof n->comment, "%s", l->rule->id);
}

static void add_line(struct nft_pieces *out, const struct fw_line *l, struct fw_range range, enum addr_family family)
{
	if (family == ADDR_NONE && !l->peers.count)
		add_range(out, l, range, NULL);
	for (unsigned i = 0; family != ADDR_NONE && i < l->peers.count; i++)
		if (l->peers.list[i].addr.family == family)
			add_range(out, l, range, &l->peers.list[i]);
}

/* ---- cutting: ranges at each other's borders, so that two are the same or apart ---- */

static int number_order(const void *a, const void *b)
{
	return (int)*(const unsigned *)a - (int)*(const unsigned *)b;
}

/* Where any range of this direction and class begins or has ended. */
static unsigned borders(const struct fw_policy *p, enum fw_direction d, enum nft_class class, bool by_user, unsigned **list)
{
	unsigned n = 0, kept = 0;

	*list = malloc((size_t)(p->count + 1) * FW_RANGES * 2 * sizeof **list);
	if (!*list)
		log_fatal("firewall: pieces");
	for (unsigned i = 0; i < p->count; i++) {
		const struct fw_rule *r = p->lines[i].rule;

		if (r->direction != d || !of_class(r, class) || p->lines[i].restricted != by_user)
			continue;
		for (unsigned k = 0; k < r->range_count; k++) {
			(*list)[n++] = r->ranges[k].first;
			(*list)[n++] = r->ranges[k].last + 1u;
		}
	}
	qsort(*list, n, sizeof **list, number_order);
	for (unsigned i = 0; i < n; i++)
		if (!i || (*list)[i] != (*list)[i - 1])
			(*list)[kept++] = (*list)[i];
	return kept;
}

static void cut_range(struct nft_pieces *out, const struct fw_line *l, struct fw_range r, const unsigned *at, unsigned n,
	enum nft_class class, enum addr_family family)
{
	unsigned first = r.first, end = r.last + 1u;

	/* each type of ICMP is a key of its own */
	for (; class != NFT_PORTS && first < end; first++)
		add_line(out, l, (struct fw_range){ (uint16_t)first, (uint16_t)first }, family);
	for (unsigned i = 0; i < n && first < end; i++)
		if (at[i] > first) {
			unsigned next = at[i] < end ? at[i] : end;

			add_line(out, l, (struct fw_range){ (uint16_t)first, (uint16_t)(next - 1) }, family);
			first = next;
		}
}

/* ---- one key once ---- */

static int piece_order(const void *a, const void *b)
{
	const struct nft_piece *x = a, *y = b;

	if (x->uid != y->uid)
		return x->uid < y->uid ? -1 : 1;
	if (x->protocol != y->protocol)
		return x->protocol < y->protocol ? -1 : 1;
	if (x->range.first != y->range.first)
		return x->range.first < y->range.first ? -1 : 1;
	int by_address = memcmp(x->prefix.addr.bytes, y->prefix.addr.bytes, 16);

	/* a network before what is in it */
	return by_address ? by_address : x->prefix.len < y->prefix.len ? -1 : x->prefix.len > y->prefix.len;
}

static bool covers(const struct nft_piece *a, const struct nft_piece *b)
{
	if (a->uid != b->uid || a->protocol != b->protocol || a->range.first != b->range.first)
		return false;
	return a->prefix.addr.family == ADDR_NONE ||
		(a->prefix.len <= b->prefix.len && addr_prefix_contains(&a->prefix, &b->prefix.addr));
}

/* The comment of what stays names the lines of what it covers. */
static void name_too(struct nft_piece *kept, const struct nft_piece *gone)
{
	size_t n = strlen(kept->comment), len = strlen(gone->comment);
	const char *at = strstr(kept->comment, gone->comment);

	if (at && (at[len] == 0 || at[len] == ',') && (at == kept->comment || at[-1] == ' '))
		return;
	if (n + len + 3 > sizeof kept->comment)
		return;
	memcpy(kept->comment + n, ", ", 2);
	memcpy(kept->comment + n + 2, gone->comment, len + 1);
}

static void merge(struct nft_pieces *p)
{
	unsigned n = 0;

	qsort(p->list, p->count, sizeof *p->list, piece_order);
	for (unsigned i = 0; i < p->count; i++) {
		if (n && covers(&p->list[n - 1], &p->list[i])) {
			name_too(&p->list[n - 1], &p->list[i]);
			if (!p->list[n - 1].limit)
				p->list[n - 1].limit = p->list[i].limit;
		} else {
			p->list[n++] = p->list[i];
		}
	}
	p->count = n;
}

/* Neighbours that were cut for nothing. */
static void join(struct nft_pieces *p)
{
	unsigned n = 0;

	for (unsigned i = 0; i < p->count; i++) {
		struct nft_piece *a = n ? &p->list[n - 1] : NULL, *b = &p->list[i];

		if (a && a->uid == b->uid && a->protocol == b->protocol && a->limit == b->limit && b->range.first == a->range.last + 1u &&
				addr_prefix_equal(&a->prefix, &b->prefix) && !strcmp(a->comment, b->comment))
			a->range.last = b->range.last;
		else
			p->list[n++] = *b;
	}
	p->count = n;
}

/* A limit holds for its port, whoever asks. */
static void spread_limits(const struct fw_policy *policy, struct nft_pieces *p)
{
	for (unsigned i = 0; i < p->count; i++)
		for (unsigned k = 0; k < policy->count && !p->list[i].limit; k++) {
			const struct fw_rule *r = policy->lines[k].rule;

			for (unsigned j = 0; r->rate && r->protocol == p->list[i].protocol && j < r->range_count; j++)
				if (r->ranges[j].first <= p->list[i].range.first && p->list[i].range.last <= r->ranges[j].last)
					p->list[i].limit = r;
		}
}

static void cut_all(struct nft_pieces *out, const struct fw_policy *p, enum fw_direction d, enum nft_class class,
	enum addr_family family, bool by_user)
{
	unsigned *at, n = borders(p, d, class, by_user, &at);

	for (unsigned i = 0; i < p->count; i++) {
		const struct fw_line *l = &p->lines[i];

		if (l->rule->direction != d || !of_class(l->rule, class) || l->restricted != by_user)
			continue;
		for (unsigned k = 0; k < l->rule->range_count; k++)
			cut_range(out, l, l->rule->ranges[k], at, n, class, family);
	}
	free(at);
}

/* What is open to any peer needs no entry for one. */
static void without_open(struct nft_pieces *p, const struct nft_pieces *open)
{
	unsigned n = 0;

	for (unsigned i = 0; i < p->count; i++) {
		bool covered = false;

		for (unsigned k = 0; k < open->count && !covered; k++)
			covered = covers(&open->list[k], &p->list[i]);
		if (!covered)
			p->list[n++] = p->list[i];
	}
	p->count = n;
}

void nft_pieces_make(struct nft_pieces *out, const struct fw_policy *p, enum fw_direction d, enum nft_class class,
	enum addr_family family, bool by_user)
{
	struct nft_pieces open = { NULL, 0 };

	*out = open;
	cut_all(out, p, d, class, family, by_user);
	if (family != ADDR_NONE) {
		cut_all(&open, p, d, class, ADDR_NONE, by_user);
		without_open(out, &open);
		free(open.list);
	}
	if (!out->count)
		return;
	merge(out);
	if (d == FW_IN)
		spread_limits(p, out);
	if (class == NFT_PORTS)
		join(out);
}

void nft_pieces_free(struct nft_pieces *p)
{
	free(p->list);
	*p = (struct nft_pieces){ NULL, 0 };
}
