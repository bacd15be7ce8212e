#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jinja/jinja_int.h"

/* Longest text of a number that is looked at. */
#define NUMBER_MAX 400

/* Digits and exponent that are enough to read the same number again. */
static int shortest(double f, char digits[32])
{
	char text[40];
	int precision, exponent;
	char *e;
	size_t n = 0;

	for (precision = 0; precision < 17; precision++) {
		snprintf(text, sizeof text, "%.*e", precision, f);
		if (strtod(text, NULL) == f)
			break;
	}
	e = strchr(text, 'e');
	exponent = e ? atoi(e + 1) : 0;
	for (char *p = text; p < e; p++)
		if (isdigit((unsigned char)*p))
			digits[n++] = *p;
	while (n > 1 && digits[n - 1] == '0')
		n--;
	digits[n] = 0;
	return exponent;
}

void jinja_put_float(struct template *t, struct buffer *b, double f)
{
	char digits[32], text[24];
	int exponent, n;

	if (isnan(f) || isinf(f)) {
		jinja_put_text(t, b, isnan(f) ? "nan" : f < 0 ? "-inf" : "inf");
		return;
	}
	if (signbit(f)) {
		jinja_put(t, b, "-", 1);
		f = -f;
	}
	exponent = shortest(f, digits);
	n = (int)strlen(digits);
	if (exponent < -4 || exponent >= 16) {
		jinja_put(t, b, digits, 1);
		if (n > 1) {
			jinja_put(t, b, ".", 1);
			jinja_put(t, b, digits + 1, (size_t)n - 1);
		}
		snprintf(text, sizeof text, "e%c%02d", exponent < 0 ? '-' : '+', abs(exponent));
		jinja_put_text(t, b, text);
	} else if (exponent < 0) {
		jinja_put_text(t, b, "0.");
		for (int i = -1; i > exponent; i--)
			jinja_put(t, b, "0", 1);
		jinja_put_text(t, b, digits);
	} else {
		for (int i = 0; i <= exponent || i < n; i++) {
			if (i == exponent + 1)
				jinja_put(t, b, ".", 1);
			jinja_put(t, b, i < n ? &digits[i] : "0", 1);
		}
		if (n <= exponent + 1)
			jinja_put_text(t, b, ".0");
	}
}

/* Without blanks around it and underscores between digits; false when there is nothing or an underscore elsewhere. */
static bool plain(const char *s, size_t n, char out[NUMBER_MAX + 1])
{
	struct value v = jinja_chars_strip(jinja_of_text(s, n), jinja_none(), true, true);
	size_t k = 0;

	if (!v.n || v.n > NUMBER_MAX)
		return false;
	for (size_t i = 0; i < v.n; i++) {
		if (v.s[i] != '_')
			out[k++] = v.s[i];
		else if (!i || i + 1 == v.n || !isdigit((unsigned char)v.s[i - 1]) || !isdigit((unsigned char)v.s[i + 1]))
			return false;
	}
	out[k] = 0;
	return !memchr(out, 0, k);
}

bool jinja_read_int(const char *s, size_t n, int64_t *out)
{
	char text[NUMBER_MAX + 1];
	const char *p = text;
	int64_t sum = 0;
	bool minus;

	if (!plain(s, n, text))
		return false;
	minus = *p == '-';
	if (*p == '-' || *p == '+')
		p++;
	if (!*p)
		return false;
	for (; *p; p++) {
		if (!isdigit((unsigned char)*p) || __builtin_mul_overflow(sum, 10, &sum) ||
			(minus ? __builtin_sub_overflow(sum, *p - '0', &sum) : __builtin_add_overflow(sum, *p - '0', &sum)))
			return false;
	}
	*out = sum;
	return true;
}

static bool decimal(const char *p)
{
	size_t digits = 0;

	if (*p == '-' || *p == '+')
		p++;
	if (!strcasecmp(p, "inf") || !strcasecmp(p, "infinity") || !strcasecmp(p, "nan"))
		return true;
	for (; isdigit((unsigned char)*p); p++)
		digits++;
	if (*p == '.')
		for (p++; isdigit((unsigned char)*p); p++)
			digits++;
	if (!digits)
		return false;
	if (*p == 'e' || *p == 'E') {
		p++;
		if (*p == '-' || *p == '+')
			p++;
		if (!isdigit((unsigned char)*p))
			return false;
		while (isdigit((unsigned char)*p))
			p++;
	}
	return !*p;
}

bool jinja_read_float(const char *s, size_t n, double *out)
{
	char text[NUMBER_MAX + 1];

	if (!plain(s, n, text) || !decimal(text))
		return false;
	*out = strtod(text, NULL);
	return true;
}
