/* x509: looking into a certificate of somebody else. */
#include <string.h>

#include "der/der.h"
#include "x509/view.h"

#define GENERAL_NAME_HOST (DER_CONTEXT | 2)
#define GENERAL_NAME_ADDRESS (DER_CONTEXT | 7)
/* Bytes of a length in the long form: certificates are far shorter than 16 MiB. */
#define LENGTH_MAX 3

struct element {
	unsigned tag;
	struct x509_bytes value, whole;
};

/* Length at *p; -1 when it is not there or not minimal. */
static long take_length(struct x509_bytes *rest)
{
	size_t n = *rest->at & 0x7f, len = 0;
	bool is_long = *rest->at & 0x80;

	rest->at++;
	rest->len--;
	if (!is_long)
		return (long)n;
	if (n == 0 || n > LENGTH_MAX || n > rest->len)
		return -1;
	for (size_t i = 0; i < n; i++)
		len = len << 8 | rest->at[i];
	rest->at += n;
	rest->len -= n;
	return (long)len;
}

/* Takes the next element; false at the end or when it is malformed. */
static bool take(struct x509_bytes *rest, struct element *e)
{
	const uint8_t *begin = rest->at;
	long len;

	if (rest->len < 2 || (*rest->at & 0x1f) == 0x1f)
		return false;
	e->tag = *rest->at++;
	rest->len--;
	len = take_length(rest);
	if (len < 0 || (size_t)len > rest->len)
		return false;
	e->value.at = rest->at;
	e->value.len = (size_t)len;
	rest->at += len;
	rest->len -= (size_t)len;
	e->whole.at = begin;
	e->whole.len = (size_t)(rest->at - begin);
	return true;
}

static bool take_tag(struct x509_bytes *rest, unsigned tag, struct element *e)
{
	return take(rest, e) && e->tag == tag;
}

static bool is_oid(struct x509_bytes value, const uint8_t *oid, size_t len)
{
	return value.len == len && !memcmp(value.at, oid, len);
}

/* Value of an extension that is a SEQUENCE, without the sequence's header. */
static bool open_value(struct x509_bytes octets, struct x509_bytes *out)
{
	struct element e;

	if (!take_tag(&octets, DER_SEQUENCE, &e) || octets.len)
		return false;
	*out = e.value;
	return true;
}

static bool read_usage(struct x509_view *v, struct x509_bytes octets)
{
	struct element e;

	if (!take_tag(&octets, DER_BIT_STRING, &e) || octets.len || e.value.len < 2 || e.value.at[0] > 7)
		return false;
	v->usage = e.value.at[1];
	return true;
}

/* BasicConstraints: cA, then the length of the path. */
static bool read_basic(struct x509_view *v, struct x509_bytes octets)
{
	struct x509_bytes rest;
	struct element e;

	if (!open_value(octets, &rest))
		return false;
	while (rest.len) {
		if (!take(&rest, &e))
			return false;
		/* what does not fit into a byte is as good as no limit */
		if (e.tag == DER_INTEGER && e.value.len == 1)
			v->path_length = e.value.at[0];
	}
	return true;
}

static bool read_extension(struct x509_view *v, struct x509_bytes one)
{
	static const uint8_t alt_name[] = { 0x55, 0x1d, 0x11 }, extended[] = { 0x55, 0x1d, 0x25 };
	static const uint8_t key_usage[] = { 0x55, 0x1d, 0x0f }, basic[] = { 0x55, 0x1d, 0x13 };
	struct element oid, value;

	if (!take_tag(&one, DER_OID, &oid) || !take(&one, &value))
		return false;
	if (value.tag == DER_BOOLEAN && !take(&one, &value))
		return false;
	if (value.tag != DER_OCTET_STRING || one.len)
		return false;
	if (is_oid(oid.value, alt_name, sizeof alt_name))
		return open_value(value.value, &v->names);
	if (is_oid(oid.value, extended, sizeof extended))
		return open_value(value.value, &v->uses);
	if (is_oid(oid.value, key_usage, sizeof key_usage))
		return read_usage(v, value.value);
	if (is_oid(oid.value, basic, sizeof basic))
		return read_basic(v, value.value);
	return true;
}

static bool read_extensions(struct x509_view *v, struct x509_bytes rest)
{
	struct element e, list;

	while (rest.len) {
		if (!take(&rest, &e))
			return false;
		if (e.tag != (DER_CONTEXT_GROUP | 3))
			continue;	/* unique identifiers */
		if (!take_tag(&e.value, DER_SEQUENCE, &list) || e.value.len)
			return false;
		while (list.value.len)
			if (!take_tag(&list.value, DER_SEQUENCE, &e) || !read_extension(v, e.value))
				return false;
	}
	return true;
}

/* What follows the signed part: the algorithm, then whole bytes. */
static bool read_signature(struct x509_view *v, struct x509_bytes rest)
{
	struct element e;

	if (!take_tag(&rest, DER_SEQUENCE, &e) || !take_tag(&rest, DER_BIT_STRING, &e) || rest.len || e.value.len < 1)
		return false;
	v->signature.at = e.value.at + 1;
	v->signature.len = e.value.len - 1;
	return e.value.at[0] == 0;
}

int x509_view(struct x509_view *v, const uint8_t *der, size_t len)
{
	struct x509_bytes rest = { der, len };
	struct element e, tbs;

	memset(v, 0, sizeof *v);
	v->usage = v->path_length = -1;
	if (!take_tag(&rest, DER_SEQUENCE, &e) || rest.len || !take_tag(&e.value, DER_SEQUENCE, &tbs))
		return -1;
	v->signed_part = tbs.whole;
	if (!read_signature(v, e.value))
		return -1;
	rest = tbs.value;
	if (!take(&rest, &e))
		return -1;
	if (e.tag == DER_CONTEXT_GROUP && !take(&rest, &e))
		return -1;
	/* the serial number is taken; then algorithm, issuer, validity, subject, key */
	if (e.tag != DER_INTEGER || !take_tag(&rest, DER_SEQUENCE, &e) || !take_tag(&rest, DER_SEQUENCE, &e))
		return -1;
	v->issuer = e.whole;
	if (!take_tag(&rest, DER_SEQUENCE, &e) || !take_tag(&rest, DER_SEQUENCE, &e))
		return -1;
	v->subject = e.whole;
	return take_tag(&rest, DER_SEQUENCE, &e) && read_extensions(v, rest) ? 0 : -1;
}

bool x509_bytes_equal(struct x509_bytes a, struct x509_bytes b)
{
	return a.len == b.len && !memcmp(a.at, b.at, a.len);
}

bool x509_view_has_address(const struct x509_view *v, const uint8_t *address, size_t len)
{
	struct x509_bytes rest = v->names;
	struct element e;

	while (rest.at && take(&rest, &e))
		if (e.tag == GENERAL_NAME_ADDRESS && is_oid(e.value, address, len))
			return true;
	return false;
}

bool x509_view_serves(const struct x509_view *v)
{
	static const uint8_t server[] = { 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01 };
	static const uint8_t any[] = { 0x55, 0x1d, 0x25, 0x00 };
	struct x509_bytes rest = v->uses;
	struct element e;

	if (!rest.at)
		return true;
	while (take_tag(&rest, DER_OID, &e))
		if (is_oid(e.value, server, sizeof server) || is_oid(e.value, any, sizeof any))
			return true;
	return false;
}

bool x509_view_next_name(struct x509_bytes *rest, struct x509_bytes *one, bool *address)
{
	struct element e;

	while (rest->at && rest->len && take(rest, &e)) {
		*one = e.value;
		*address = e.tag == GENERAL_NAME_ADDRESS;
		if (e.tag == GENERAL_NAME_HOST && e.value.len)
			return true;
		if (*address && (e.value.len == 4 || e.value.len == 16))
			return true;
	}
	return false;
}

/* Bytes of the character of UTF-8 (RFC 3629 §4) in front; 0 when there is none, or an overlong or impossible one. */
static size_t character(const uint8_t *at, size_t len)
{
	size_t n = at[0] < 0x80 ? 1 : at[0] >= 0xc2 && at[0] < 0xe0 ? 2 : (at[0] & 0xf0) == 0xe0 ? 3 : at[0] >= 0xf0 && at[0] < 0xf5 ? 4 : 0;

	if (!n || n > len)
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((at[i] & 0xc0) != 0x80)
			return 0;
	if ((at[0] == 0xe0 && at[1] < 0xa0) || (at[0] == 0xed && at[1] > 0x9f) || (at[0] == 0xf0 && at[1] < 0x90) || (at[0] == 0xf4 && at[1] > 0x8f))
		return 0;
	return n;
}

static void copy_text(struct x509_bytes text, char *out, size_t size)
{
	size_t n, to = 0;

	for (size_t i = 0; i < text.len; i += n ? n : 1) {
		n = character(text.at + i, text.len - i);
		if (to + (n ? n : 1) >= size)
			break;
		if (n > 1 || (n == 1 && text.at[i] >= 0x20 && text.at[i] != 0x7f)) {
			memcpy(out + to, text.at + i, n);
			to += n;
		} else {
			out[to++] = '?';
		}
	}
	out[to] = 0;
}

/* Only kinds of texts that are bytes of ASCII or UTF-8: UTF8String, PrintableString, IA5String. */
static bool is_text(unsigned tag)
{
	return tag == DER_UTF8_STRING || tag == DER_PRINTABLE_STRING || tag == DER_IA5_STRING;
}

void x509_view_label(struct x509_bytes name, char *out, size_t size)
{
	static const uint8_t common_name[] = { 0x55, 0x04, 0x03 };
	struct x509_bytes rest;
	struct element set, pair, oid, value;

	out[0] = 0;
	if (!open_value(name, &rest))
		return;
	while (rest.len && take_tag(&rest, DER_SET, &set)) {
		if (!take_tag(&set.value, DER_SEQUENCE, &pair) || !take_tag(&pair.value, DER_OID, &oid) || !take(&pair.value, &value))
			return;
		if (!is_text(value.tag))
			continue;
		copy_text(value.value, out, size);
		if (is_oid(oid.value, common_name, sizeof common_name))
			return;
	}
}

/* ---- a Name as text ---- */

static const char *attribute(struct x509_bytes oid)
{
	/* id-at (RFC 5280 appendix A): 2.5.4.N */
	static const struct { uint8_t n; const char *name; } known[] = {
		{ 3, "CN" }, { 6, "C" }, { 7, "L" }, { 8, "ST" }, { 10, "O" }, { 11, "OU" },
	};

	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (oid.len == 3 && oid.at[0] == 0x55 && oid.at[1] == 0x04 && oid.at[2] == known[i].n)
			return known[i].name;
	return NULL;
}

static void add_char(char *out, size_t size, size_t *len, uint8_t c)
{
	if (*len + 1 < size)
		out[(*len)++] = c >= 0x20 && c < 0x7f ? (char)c : '?';
}

void x509_view_name_text(struct x509_bytes name, char *out, size_t size)
{
	struct element all, set, one, oid, value;
	const char *label;
	size_t len = 0;

	if (take_tag(&name, DER_SEQUENCE, &all))
		while (take_tag(&all.value, DER_SET, &set))
			while (take_tag(&set.value, DER_SEQUENCE, &one)) {
				if (!take_tag(&one.value, DER_OID, &oid) || !take(&one.value, &value) || !(label = attribute(oid.value)))
					continue;
				for (const char *c = len ? ", " : ""; *c; c++)
					add_char(out, size, &len, (uint8_t)*c);
				for (; *label; label++)
					add_char(out, size, &len, (uint8_t)*label);
				add_char(out, size, &len, '=');
				for (size_t i = 0; i < value.value.len; i++)
					add_char(out, size, &len, value.value.at[i]);
			}
	if (size)
		out[len] = 0;
}
