/* fwd: sets and maps with their elements. */
#include <libmnl/libmnl.h>
#include <libnftnl/common.h>
#include <libnftnl/set.h>
#include <libnftnl/udata.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <stdlib.h>
#include <string.h>

#include "batch.h"
#include "log/log.h"

#ifndef NFT_SET_CONCAT
#define NFT_SET_CONCAT 0x80
#endif

/* nft's numbers of types, with which it names them when it lists; six bits each in a concatenation. */
#define TYPE_BITS 6
#define TYPE_VERDICT 0xffffff00u
/* nft's numbers of byte orders. */
#define ORDER_HOST 1
#define ORDER_NETWORK 2

static uint32_t type_of(enum nft_field f)
{
	switch (f) {
	case NFT_F_UID: return 24;
	case NFT_F_L4PROTO: return 12;
	case NFT_F_DPORT: return 13;
	case NFT_F_ICMP_TYPE: return 14;
	case NFT_F_ICMP6_TYPE: return 29;
	case NFT_F_SADDR4:
	case NFT_F_DADDR4: return 7;
	case NFT_F_SADDR6:
	case NFT_F_DADDR6:
	case NFT_F_SADDR6_NET: return 8;
	case NFT_F_CT_STATE: return 26;
	case NFT_F_NONE: break;
	}
	return 0;
}

static struct nftnl_set *named(const struct nft_set *s, uint32_t id)
{
	struct nftnl_set *n = nftnl_set_alloc();

	if (!n)
		log_fatal("batch");
	nftnl_set_set_str(n, NFTNL_SET_TABLE, NFT_TABLE);
	nftnl_set_set_str(n, NFTNL_SET_NAME, s->name);
	nftnl_set_set_u32(n, NFTNL_SET_ID, id);
	nftnl_set_set_u32(n, NFTNL_SET_FAMILY, NFPROTO_INET);
	return n;
}

static void key(struct nftnl_set *n, const struct nft_set *s)
{
	uint8_t lengths[NFT_FIELDS];
	uint32_t type = 0;

	for (unsigned i = 0; i < s->field_count; i++) {
		type = type << TYPE_BITS | type_of(s->fields[i]);
		lengths[i] = (uint8_t)nft_field_size(s->fields[i]);
	}
	nftnl_set_set_u32(n, NFTNL_SET_KEY_TYPE, type);
	nftnl_set_set_u32(n, NFTNL_SET_KEY_LEN, s->field_count > 1 ? nft_key_offset(s, s->field_count) : lengths[0]);
	if (s->field_count > 1 && s->interval)
		nftnl_set_set_data(n, NFTNL_SET_DESC_CONCAT, lengths, s->field_count);
}

/* What nft keeps for itself: how to print the key. */
static void note_order(struct nftnl_set *n, const struct nft_set *s)
{
	struct nftnl_udata_buf *u = nftnl_udata_buf_alloc(NFT_USERDATA_MAXLEN);
	bool host = s->fields[0] == NFT_F_CT_STATE || s->fields[0] == NFT_F_UID;

	if (!u)
		log_fatal("batch");
	nftnl_udata_put_u32(u, NFTNL_UDATA_SET_KEYBYTEORDER, s->field_count > 1 ? 0 : host ? ORDER_HOST : ORDER_NETWORK);
	nftnl_set_set_data(n, NFTNL_SET_USERDATA, nftnl_udata_buf_data(u), nftnl_udata_buf_len(u));
	nftnl_udata_buf_free(u);
}

void batch_set(struct batch *b, const struct nft_set *s, uint32_t id)
{
	struct nlmsghdr *h = nftnl_nlmsg_build_hdr(batch_scratch(), NFT_MSG_NEWSET, NFPROTO_INET, NLM_F_CREATE, b->seq + 1);
	struct nftnl_set *n = named(s, id);
	uint32_t flags = (s->map ? NFT_SET_MAP : 0) | (s->interval ? NFT_SET_INTERVAL : 0) | (s->dynamic ? NFT_SET_EVAL : 0) |
		(s->timeout ? NFT_SET_TIMEOUT : 0) | (s->interval && s->field_count > 1 ? NFT_SET_CONCAT : 0);

	nftnl_set_set_u32(n, NFTNL_SET_FLAGS, flags);
	key(n, s);
	note_order(n, s);
	if (s->map)
		nftnl_set_set_u32(n, NFTNL_SET_DATA_TYPE, TYPE_VERDICT);
	if (s->map)
		nftnl_set_set_u32(n, NFTNL_SET_DATA_LEN, 0);
	if (s->timeout)
		nftnl_set_set_u64(n, NFTNL_SET_TIMEOUT, s->timeout * UINT64_C(1000));
	if (s->size)
		nftnl_set_set_u32(n, NFTNL_SET_DESC_SIZE, s->size);
	nftnl_set_nlmsg_build_payload(h, n);
	nftnl_set_free(n);
	batch_put(b, h);
}

/* ---- elements ---- */

static void note(struct nftnl_set_elem *e, uint8_t type, const void *data, uint8_t len)
{
	uint8_t u[256] = { type, len };

	memcpy(u + 2, data, len);
	nftnl_set_elem_set(e, NFTNL_SET_ELEM_USERDATA, u, 2u + len);
}

static struct nftnl_set_elem *element(struct nftnl_set *n, const uint8_t *k, unsigned len, uint32_t flags)
{
	struct nftnl_set_elem *e = nftnl_set_elem_alloc();

	if (!e)
		log_fatal("batch");
	nftnl_set_elem_set(e, NFTNL_SET_ELEM_KEY, k, len);
	if (flags)
		nftnl_set_elem_set_u32(e, NFTNL_SET_ELEM_FLAGS, flags);
	nftnl_set_elem_add(n, e);
	return e;
}

static void verdict(struct nftnl_set_elem *e, const struct nft_verdict *v)
{
	nftnl_set_elem_set_u32(e, NFTNL_SET_ELEM_VERDICT,
		(uint32_t)(v->kind == NFT_V_GOTO ? NFT_GOTO : v->kind == NFT_V_ACCEPT ? NF_ACCEPT : NF_DROP));
	if (v->kind == NFT_V_GOTO)
		nftnl_set_elem_set_str(e, NFTNL_SET_ELEM_CHAIN, v->chain);
}

static bool zero(const uint8_t *k, unsigned len)
{
	for (unsigned i = 0; i < len; i++)
		if (k[i])
			return false;
	return true;
}

/* The key behind the last of a range; false when there is none. */
static bool next_key(uint8_t *out, const uint8_t *last, unsigned len)
{
	memcpy(out, last, len);
	for (unsigned i = len; i-- > 0;)
		if (++out[i])
			return true;
	return false;
}

/* A set of one field with ranges is a list of points: here it begins, there it has ended. */
static void points(struct nftnl_set *n, const struct nft_set *s, unsigned len)
{
	static const uint8_t nothing[NFT_KEY_MAX];
	static const uint32_t open = NFTNL_SET_ELEM_F_INTERVAL_OPEN;
	bool from_zero = false;
	uint8_t behind[NFT_KEY_MAX];

	for (unsigned i = 0; i < s->count; i++) {
		struct nftnl_set_elem *e = element(n, s->elements[i].key, len, 0);

		from_zero |= zero(s->elements[i].key, len);
		if (next_key(behind, s->elements[i].end, len))
			element(n, behind, len, NFT_SET_ELEM_INTERVAL_END);
		else
			note(e, NFTNL_UDATA_SET_ELEM_FLAGS, &open, sizeof open);
	}
	if (!from_zero)
		element(n, nothing, len, NFT_SET_ELEM_INTERVAL_END);
}

/* The user's number in network order where there are ranges: batch_rule.c turns the packet's. */
static const uint8_t *ordered(const struct nft_set *s, const uint8_t *k, uint8_t out[NFT_KEY_MAX])
{
	memcpy(out, k, NFT_KEY_MAX);
	for (unsigned i = 0; s->interval && i < s->field_count; i++)
		for (unsigned at = nft_key_offset(s, i), n = 0; s->fields[i] == NFT_F_UID && n < 4; n++)
			out[at + n] = k[at + 3 - n];
	return out;
}

static void keys(struct nftnl_set *n, const struct nft_set *s, unsigned len)
{
	for (unsigned i = 0; i < s->count; i++) {
		const struct nft_element *from = &s->elements[i];
		uint8_t k[NFT_KEY_MAX], last[NFT_KEY_MAX];
		struct nftnl_set_elem *e = element(n, ordered(s, from->key, k), len, 0);

		if (s->interval)
			nftnl_set_elem_set(e, NFTNL_SET_ELEM_KEY_END, ordered(s, from->end, last), len);
		if (s->map)
			verdict(e, &from->verdict);
		if (from->comment[0])
			note(e, NFTNL_UDATA_SET_ELEM_COMMENT, from->comment, (uint8_t)(strlen(from->comment) + 1));
	}
}

void batch_elements(struct batch *b, const struct nft_set *s, uint32_t id)
{
	unsigned len = s->field_count > 1 ? nft_key_offset(s, s->field_count) : nft_field_size(s->fields[0]);
	struct nftnl_set_elems_iter *it;
	struct nftnl_set *n;
	struct nlmsghdr *h;
	int more;

	if (!s->count)
		return;
	n = named(s, id);
	if (s->interval && s->field_count == 1)
		points(n, s, len);
	else
		keys(n, s, len);
	it = nftnl_set_elems_iter_create(n);
	if (!it)
		log_fatal("batch");
	do {
		h = nftnl_nlmsg_build_hdr(batch_scratch(), NFT_MSG_NEWSETELEM, NFPROTO_INET, NLM_F_CREATE, b->seq + 1);
		more = nftnl_set_elems_nlmsg_build_payload_iter(h, it);
		batch_put(b, h);
	} while (more > 0);
	nftnl_set_elems_iter_destroy(it);
	nftnl_set_free(n);
}
