/* addr: addresses and prefixes. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "addr/addr.h"

size_t addr_size(enum addr_family family)
{
	return family == ADDR_V4 ? 4 : family == ADDR_V6 ? 16 : 0;
}

unsigned addr_bits(enum addr_family family)
{
	return (unsigned)addr_size(family) * 8;
}

int addr_parse(struct addr *a, const char *text)
{
	struct addr out = ADDR_ZERO;

	*a = out;
	if (inet_pton(AF_INET, text, out.bytes) == 1)
		out.family = ADDR_V4;
	else if (inet_pton(AF_INET6, text, out.bytes) == 1)
		out.family = ADDR_V6;
	else
		return -1;
	*a = out;
	return 0;
}

void addr_format(const struct addr *a, char text[ADDR_TEXT_MAX])
{
	int af = a->family == ADDR_V4 ? AF_INET : AF_INET6;

	text[0] = 0;
	if (a->family != ADDR_NONE)
		inet_ntop(af, a->bytes, text, ADDR_TEXT_MAX);
}

bool addr_equal(const struct addr *a, const struct addr *b)
{
	return a->family == b->family && !memcmp(a->bytes, b->bytes, addr_size(a->family));
}

static bool v4_is_host(const uint8_t *b)
{
	return b[0] != 0 && b[0] != 127 && b[0] < 224;
}

static bool v6_is_host(const uint8_t *b)
{
	static const uint8_t zero[15];
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	/* ::, ::1 and the deprecated v4-compatible ::0.0.0.x fall under the first test */
	return memcmp(b, zero, 15) && memcmp(b, mapped, 12) && b[0] != 0xff;
}

bool addr_is_host(const struct addr *a)
{
	switch (a->family) {
	case ADDR_V4: return v4_is_host(a->bytes);
	case ADDR_V6: return v6_is_host(a->bytes);
	default: return false;
	}
}

bool addr_is_linklocal(const struct addr *a)
{
	if (a->family == ADDR_V4)
		return a->bytes[0] == 169 && a->bytes[1] == 254;
	return a->family == ADDR_V6 && a->bytes[0] == 0xfe && (a->bytes[1] & 0xc0) == 0x80;
}

/* One to three digits, no sign, no leading zero. */
static int small_parse(unsigned *value, const char *text)
{
	size_t n = strspn(text, "0123456789");

	if (n == 0 || n > 3 || text[n] || (n > 1 && text[0] == '0'))
		return -1;
	*value = (unsigned)atoi(text);
	return 0;
}

int addr_prefix_parse(struct addr_prefix *p, const char *text)
{
	struct addr_prefix out = ADDR_PREFIX_ZERO;
	const char *slash = strchr(text, '/');
	char head[ADDR_TEXT_MAX];

	*p = out;
	if (!slash || (size_t)(slash - text) >= sizeof head)
		return -1;
	memcpy(head, text, (size_t)(slash - text));
	head[slash - text] = 0;
	if (addr_parse(&out.addr, head) < 0 || small_parse(&out.len, slash + 1) < 0)
		return -1;
	if (out.len > addr_bits(out.addr.family))
		return -1;
	*p = out;
	return 0;
}

void addr_prefix_format(const struct addr_prefix *p, char text[ADDR_PREFIX_TEXT_MAX])
{
	char head[ADDR_TEXT_MAX];

	addr_format(&p->addr, head);
	if (head[0])
		snprintf(text, ADDR_PREFIX_TEXT_MAX, "%s/%u", head, p->len > 128 ? 128 : p->len);
	else
		text[0] = 0;
}

bool addr_prefix_equal(const struct addr_prefix *a, const struct addr_prefix *b)
{
	return a->len == b->len && addr_equal(&a->addr, &b->addr);
}

static bool bit(const uint8_t *b, unsigned i)
{
	return b[i / 8] >> (7 - i % 8) & 1;
}

bool addr_prefix_contains(const struct addr_prefix *p, const struct addr *a)
{
	if (a->family == ADDR_NONE || a->family != p->addr.family)
		return false;
	for (unsigned i = 0; i < p->len; i++)
		if (bit(p->addr.bytes, i) != bit(a->bytes, i))
			return false;
	return true;
}

/* Are all bits behind the prefix equal to value? */
static bool rest_is(const struct addr_prefix *p, bool value)
{
	for (unsigned i = p->len; i < addr_bits(p->addr.family); i++)
		if (bit(p->addr.bytes, i) != value)
			return false;
	return true;
}

bool addr_prefix_is_host(const struct addr_prefix *p)
{
	if (!addr_is_host(&p->addr) || p->len == 0 || p->len > addr_bits(p->addr.family))
		return false;
	if (p->addr.family == ADDR_V4 && p->len < 31)
		return !rest_is(p, false) && !rest_is(p, true);
	return true;
}

bool addr_prefix_broadcast(const struct addr_prefix *p, struct addr *broadcast)
{
	if (p->addr.family != ADDR_V4 || p->len > 30)
		return false;
	*broadcast = p->addr;
	for (unsigned i = p->len; i < 32; i++)
		broadcast->bytes[i / 8] |= (uint8_t)(0x80 >> i % 8);
	return true;
}

int addr_netmask_parse(unsigned *len, const char *text)
{
	struct addr_prefix mask = ADDR_PREFIX_ZERO;
	unsigned n = 0;

	if (*text == '/')
		text++;
	if (small_parse(&n, text) == 0) {
		if (n < 1 || n > 32)
			return -1;
		*len = n;
		return 0;
	}
	if (addr_parse(&mask.addr, text) < 0 || mask.addr.family != ADDR_V4)
		return -1;
	while (n < 32 && bit(mask.addr.bytes, n))
		n++;
	mask.len = n;
	if (n == 0 || !rest_is(&mask, false))
		return -1;
	*len = n;
	return 0;
}

void addr_netmask_format(unsigned len, char text[ADDR_TEXT_MAX])
{
	struct addr a = { .family = ADDR_V4 };

	for (unsigned i = 0; i < len && i < 32; i++)
		a.bytes[i / 8] |= (uint8_t)(0x80 >> i % 8);
	addr_format(&a, text);
}
