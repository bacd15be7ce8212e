#include <string.h>
#include <wctype.h>

#include "jinja/jinja_int.h"

size_t jinja_char_len(const char *s, size_t left)
{
	unsigned char c = (unsigned char)*s;
	size_t n = c < 0xc2 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : c < 0xf5 ? 4 : 1, i;

	if (n > left)
		return 1;
	for (i = 1; i < n; i++)
		if (((unsigned char)s[i] & 0xc0) != 0x80)
			return 1;
	return n;
}

uint32_t jinja_char_code(const char *s, size_t n)
{
	const unsigned char *p = (const unsigned char *)s;

	switch (n) {
	case 2: return (p[0] & 0x1fu) << 6 | (p[1] & 0x3fu);
	case 3: return (p[0] & 0x0fu) << 12 | (p[1] & 0x3fu) << 6 | (p[2] & 0x3fu);
	case 4: return (p[0] & 0x07u) << 18 | (p[1] & 0x3fu) << 12 | (p[2] & 0x3fu) << 6 | (p[3] & 0x3fu);
	default: return p[0];
	}
}

size_t jinja_char_count(const char *s, size_t n)
{
	size_t i, count = 0;

	for (i = 0; i < n; i += jinja_char_len(s + i, n - i))
		count++;
	return count;
}

size_t jinja_char_byte(const char *s, size_t n, size_t index)
{
	size_t i;

	for (i = 0; i < n && index; index--)
		i += jinja_char_len(s + i, n - i);
	return i;
}

bool jinja_char_blank(uint32_t c)
{
	return (c >= 9 && c <= 13) || (c >= 0x1c && c <= 0x20) || c == 0x85 || c == 0xa0 || c == 0x1680 ||
		(c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000;
}

void jinja_put_char(struct template *t, struct buffer *b, uint32_t c)
{
	char s[4];
	size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

	for (size_t i = n - 1; i; i--, c >>= 6)
		s[i] = (char)(0x80 | (c & 0x3f));
	s[0] = (char)(n == 1 ? c : c | (0xf00u >> n & 0xff));
	jinja_put(t, b, s, n);
}

void jinja_put_case(struct template *t, struct buffer *b, const char *s, size_t n, enum letter to)
{
	size_t i, k;
	uint32_t c;

	for (i = 0; i < n; i += k) {
		k = jinja_char_len(s + i, n - i);
		c = jinja_char_code(s + i, k);
		if (k == 1 && c >= 0x80)
			jinja_put(t, b, s + i, 1);	/* no UTF-8: as it is */
		else if (c < 0x80)
			jinja_put(t, b, &(char){ (char)(to == LETTER_UPPER && c >= 'a' && c <= 'z' ? c - 32 :
				to == LETTER_LOWER && c >= 'A' && c <= 'Z' ? c + 32 : c) }, 1);
		else
			jinja_put_char(t, b, (uint32_t)(to == LETTER_UPPER ? towupper((wint_t)c) : towlower((wint_t)c)));
	}
}

static bool in_set(const char *s, size_t n, struct value set)
{
	size_t i, k;

	if (set.kind != V_STRING)
		return jinja_char_blank(jinja_char_code(s, n));
	for (i = 0; i < set.n; i += k) {
		k = jinja_char_len(set.s + i, set.n - i);
		if (k == n && !memcmp(set.s + i, s, n))
			return true;
	}
	return false;
}

struct value jinja_chars_strip(struct value s, struct value set, bool left, bool right)
{
	size_t from = 0, to = s.n, k;

	while (left && from < to) {
		k = jinja_char_len(s.s + from, to - from);
		if (!in_set(s.s + from, k, set))
			break;
		from += k;
	}
	while (right && to > from) {
		for (k = 1; k < 4 && to - k > from && ((unsigned char)s.s[to - k] & 0xc0) == 0x80; k++)
			;
		if (jinja_char_len(s.s + to - k, k) != k)
			k = 1;
		if (!in_set(s.s + to - k, k, set))
			break;
		to -= k;
	}
	return jinja_of_text(s.s + from, to - from);
}

static const char *find(struct template *t, const char *s, size_t n, struct value what)
{
	jinja_spend(t, n / 16 + 1);
	return memmem(s, n, what.s, what.n);
}

static struct value split_blank(struct template *t, struct value s, int64_t most)
{
	struct value list = jinja_list_new(t, L_LIST), rest = jinja_chars_strip(s, jinja_none(), true, false);
	size_t i, k = 0;

	while (rest.n) {
		if (!most--) {
			jinja_list_add(t, list, jinja_chars_strip(rest, jinja_none(), false, true));
			break;
		}
		for (i = 0; i < rest.n; i += k) {
			k = jinja_char_len(rest.s + i, rest.n - i);
			if (jinja_char_blank(jinja_char_code(rest.s + i, k)))
				break;
		}
		jinja_list_add(t, list, jinja_of_text(rest.s, i));
		rest = jinja_chars_strip(jinja_of_text(rest.s + i, rest.n - i), jinja_none(), true, false);
	}
	return list;
}

struct value jinja_chars_split(struct template *t, struct value s, struct value by, int64_t most)
{
	struct value list;
	const char *hit;

	if (by.kind != V_STRING)
		return split_blank(t, s, most);
	if (!by.n)
		jinja_fail(t, "split: an empty separator");
	list = jinja_list_new(t, L_LIST);
	while (most-- && (hit = find(t, s.s, s.n, by))) {
		jinja_list_add(t, list, jinja_of_text(s.s, (size_t)(hit - s.s)));
		s = jinja_of_text(hit + by.n, (size_t)(s.s + s.n - hit) - by.n);
	}
	jinja_list_add(t, list, s);
	return list;
}

static bool line_end(uint32_t c)
{
	return (c >= 10 && c <= 13) || (c >= 0x1c && c <= 0x1e) || c == 0x85 || c == 0x2028 || c == 0x2029;
}

struct value jinja_chars_lines(struct template *t, struct value s)
{
	struct value list = jinja_list_new(t, L_LIST);
	size_t i, k, from = 0;

	for (i = 0; i < s.n; i += k) {
		k = jinja_char_len(s.s + i, s.n - i);
		if (!line_end(jinja_char_code(s.s + i, k)) || (k == 1 && (unsigned char)s.s[i] >= 0x80))
			continue;
		jinja_list_add(t, list, jinja_of_text(s.s + from, i - from));
		if (s.s[i] == '\r' && i + 1 < s.n && s.s[i + 1] == '\n')
			k = 2;
		from = i + k;
	}
	if (from < s.n)
		jinja_list_add(t, list, jinja_of_text(s.s + from, s.n - from));
	return list;
}

struct value jinja_chars_replace(struct template *t, struct value s, struct value old, struct value by, int64_t most)
{
	struct buffer b = { NULL, 0, 0 };
	const char *hit;
	size_t k;

	if (!old.n) {
		for (; most; most--) {
			jinja_put(t, &b, by.s, by.n);
			if (!s.n)
				break;
			k = jinja_char_len(s.s, s.n);
			jinja_put(t, &b, s.s, k);
			s = jinja_of_text(s.s + k, s.n - k);
		}
	}
	while (old.n && most && (hit = find(t, s.s, s.n, old))) {
		jinja_put(t, &b, s.s, (size_t)(hit - s.s));
		jinja_put(t, &b, by.s, by.n);
		s = jinja_of_text(hit + old.n, (size_t)(s.s + s.n - hit) - old.n);
		most--;
	}
	jinja_put(t, &b, s.s, s.n);
	return jinja_buffer_string(&b);
}
