/* dns: the wire format. */
#include <string.h>

#include "dns/dns.h"

/* RFC 1035 §4.1.1 */
#define HEAD 12
#define FLAG_ANSWER 0x8000u
#define FLAG_CUT 0x0200u
#define FLAG_RECURSE 0x0100u
#define MASK_OPCODE 0x7800u
#define MASK_CODE 0x000fu
enum { CODE_GOOD = 0, CODE_FORMAT = 1, CODE_NO_NAME = 3, CODE_NOT_KNOWN = 4 };
enum { CLASS_IN = 1, TYPE_CNAME = 5, TYPE_OPT = 41 };
/* Bytes of a name on the wire (RFC 1035 §2.3.4). */
#define WIRE_MAX 255

struct wire {			/* a name: labels with their lengths, uncompressed, small letters */
	uint8_t bytes[WIRE_MAX];
	size_t len;
};

struct reader {
	const uint8_t *msg;
	size_t len, at;
	bool bad;
};

struct record {
	struct wire owner;
	unsigned type, class;
	uint32_t ttl;
	size_t data, size;
};

static unsigned get16(struct reader *r)
{
	unsigned v;

	if (r->bad || r->len - r->at < 2) {
		r->bad = true;
		return 0;
	}
	v = (unsigned)(r->msg[r->at] << 8 | r->msg[r->at + 1]);
	r->at += 2;
	return v;
}

static uint32_t get32(struct reader *r)
{
	uint32_t high = get16(r);

	return high << 16 | get16(r);
}

static uint8_t small(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
}

static bool add_label(struct wire *w, const uint8_t *label, size_t n)
{
	if (w->len + 1 + n + 1 > WIRE_MAX)	/* with the end that still comes */
		return false;
	w->bytes[w->len++] = (uint8_t)n;
	for (size_t i = 0; i < n; i++)
		w->bytes[w->len++] = small(label[i]);
	return true;
}

/* A name, perhaps compressed (RFC 1035 §4.1.4).  A pointer leads to before the place where this part of the name began, so that
 * it always ends. */
static void get_name(struct reader *r, struct wire *w)
{
	size_t at = r->at, limit = r->at;
	bool jumped = false;

	w->len = 0;
	while (!r->bad) {
		uint8_t n = at < r->len ? r->msg[at] : 0xff;

		if (n == 0) {
			w->bytes[w->len++] = 0;
			r->at = jumped ? r->at : at + 1;
			return;
		}
		if ((n & 0xc0) == 0xc0 && r->len - at >= 2) {
			size_t to = (size_t)(n & 0x3f) << 8 | r->msg[at + 1];

			if (!jumped)
				r->at = at + 2;
			jumped = true;
			r->bad = to >= limit;
			at = limit = to;
		} else if (n > ADDR_LABEL_MAX || r->len - at < (size_t)n + 1 || !add_label(w, r->msg + at + 1, n)) {
			r->bad = true;
		} else {
			at += (size_t)n + 1;
		}
	}
}

static bool same(const struct wire *a, const struct wire *b)
{
	return a->len == b->len && !memcmp(a->bytes, b->bytes, a->len);
}

static bool get_record(struct reader *r, struct record *o)
{
	get_name(r, &o->owner);
	o->type = get16(r);
	o->class = get16(r);
	o->ttl = get32(r);
	o->size = get16(r);
	o->data = r->at;
	if (r->bad || r->len - r->at < o->size) {
		r->bad = true;
		return false;
	}
	if (o->ttl > DNS_TTL_MAX)	/* RFC 2181 §8: with the highest bit it is 0 */
		o->ttl = o->ttl >> 31 ? 0 : DNS_TTL_MAX;
	r->at += o->size;
	return true;
}

/* ---- the question ---- */

static bool put_name(struct wire *w, const char *name)
{
	w->len = 0;
	if (!addr_name_valid(name))
		return false;
	for (size_t n; *name; name += n + (name[n] == '.')) {
		n = strcspn(name, ".");
		if (!add_label(w, (const uint8_t *)name, n))
			return false;
	}
	w->bytes[w->len++] = 0;
	return true;
}

size_t dns_question(uint8_t out[DNS_QUESTION_MAX], uint16_t id, const char *name, enum dns_type type, bool extended)
{
	const uint8_t head[HEAD] = { (uint8_t)(id >> 8), (uint8_t)id, FLAG_RECURSE >> 8, 0, 0, 1, [11] = extended };
	const uint8_t opt[] = { 0, 0, TYPE_OPT, DNS_UDP_MAX >> 8, DNS_UDP_MAX & 0xff, 0, 0, 0, 0, 0, 0 };
	const uint8_t tail[] = { 0, (uint8_t)type, 0, CLASS_IN };
	struct wire w;
	size_t len = HEAD;

	if (!put_name(&w, name))
		return 0;
	memcpy(out, head, HEAD);
	memcpy(out + len, w.bytes, w.len);
	len += w.len;
	memcpy(out + len, tail, sizeof tail);
	len += sizeof tail;
	if (extended) {
		memcpy(out + len, opt, sizeof opt);
		len += sizeof opt;
	}
	return len;
}

/* ---- the answer ---- */

static void take_address(struct dns_answer *a, const struct reader *r, const struct record *o)
{
	struct addr one = ADDR_ZERO;

	one.family = o->type == DNS_A ? ADDR_V4 : ADDR_V6;
	if (o->size != addr_size(one.family) || a->count == DNS_ADDRESSES)
		return;
	memcpy(one.bytes, r->msg + o->data, o->size);
	/* no machine of a network: nobody is to be sent to this machine itself or to everybody by a name */
	if (!addr_is_host(&one) || addr_is_linklocal(&one))
		return;
	for (unsigned i = 0; i < a->count; i++)
		if (addr_equal(&a->list[i], &one))
			return;
	a->list[a->count++] = one;
}

/* One pass over the answer section for the records of `name`: addresses are taken, an alias goes to *alias. */
static bool pass(struct dns_answer *a, struct reader r, unsigned records, const struct wire *name, enum dns_type type,
	struct wire *alias)
{
	struct reader inner;
	struct record o;
	bool found = false;

	for (unsigned i = 0; i < records && get_record(&r, &o); i++) {
		if (o.class != CLASS_IN || !same(&o.owner, name) || (o.type != type && o.type != TYPE_CNAME))
			continue;
		if (o.ttl < a->ttl)
			a->ttl = o.ttl;
		if (o.type == type) {
			take_address(a, &r, &o);
			continue;
		}
		inner = (struct reader){ r.msg, o.data + o.size, o.data, false };
		get_name(&inner, alias);
		found = !inner.bad && inner.at == inner.len;
	}
	return found;
}

static enum dns_result judge(struct dns_answer *a, struct reader *r, unsigned code, unsigned answers,
	struct wire *name, enum dns_type type)
{
	struct reader end = *r;
	struct record o;
	struct wire alias;

	for (unsigned i = 0; i < answers; i++)
		if (!get_record(&end, &o))
			return DNS_BROKEN;
	a->ttl = DNS_TTL_MAX;
	for (unsigned i = 0; i < DNS_ALIASES && pass(a, *r, answers, name, type, &alias) && !a->count; i++)
		*name = alias;
	if (a->count)
		return DNS_ADDRESSES_GOT;
	a->ttl = 0;
	return code == CODE_NO_NAME ? DNS_NO_NAME : DNS_NO_ADDRESS;
}

enum dns_result dns_answer_read(struct dns_answer *a, const uint8_t *msg, size_t len, uint16_t id, const char *name,
	enum dns_type type)
{
	struct reader r = { msg, len, 0, len < HEAD };
	unsigned got = get16(&r), flags = get16(&r), questions = get16(&r), answers = get16(&r);
	struct wire asked, wanted;
	unsigned qtype, qclass;

	memset(a, 0, sizeof *a);
	get32(&r);	/* how many more records follow: nothing of them is needed */
	if (r.bad || got != id || !(flags & FLAG_ANSWER) || (flags & MASK_OPCODE) || !put_name(&wanted, name))
		return DNS_FOREIGN;
	/* some servers answer what they do not understand with their head alone */
	if (!questions && ((flags & MASK_CODE) == CODE_FORMAT || (flags & MASK_CODE) == CODE_NOT_KNOWN))
		return DNS_PLAIN;
	get_name(&r, &asked);
	qtype = get16(&r);
	qclass = get16(&r);
	if (r.bad || questions != 1 || qtype != type || qclass != CLASS_IN || !same(&asked, &wanted))
		return DNS_FOREIGN;
	switch (flags & MASK_CODE) {
	case CODE_GOOD:
	case CODE_NO_NAME:
		break;
	case CODE_FORMAT:
	case CODE_NOT_KNOWN:
		return DNS_PLAIN;
	default:
		return DNS_REFUSED;
	}
	if (flags & FLAG_CUT)
		return DNS_CUT;
	return judge(a, &r, flags & MASK_CODE, answers, &wanted, type);
}
