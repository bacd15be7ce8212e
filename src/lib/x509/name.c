/* x509: names of servers. */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "x509/x509.h"

/* Longest label, bytes (RFC 1035 §2.3.4). */
#define LABEL_MAX 63

static int refuse(const char **why, const char *text)
{
	*why = text;
	return -1;
}

static int parse_address(struct x509_name *name, const char *text, const char **why)
{
	static const uint8_t any[16];
	int family = strchr(text, ':') ? AF_INET6 : AF_INET;

	if (inet_pton(family, text, name->address) != 1)
		return refuse(why, "is not an address");
	name->kind = family == AF_INET6 ? X509_KIND_IP6 : X509_KIND_IP4;
	if (!memcmp(name->address, any, family == AF_INET6 ? 16 : 4))
		return refuse(why, "is the unspecified address");
	inet_ntop(family, name->address, name->text, sizeof name->text);
	return 0;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_alnum(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z');
}

/* One label, from text up to `end`: RFC 1123 §2.1. */
static bool label_good(const char *text, const char *end)
{
	if (text == end || end - text > LABEL_MAX || *text == '-' || end[-1] == '-')
		return false;
	for (; text < end; text++)
		if (!is_alnum(*text) && *text != '-')
			return false;
	return true;
}

static int parse_host(struct x509_name *name, const char **why)
{
	const char *label = name->text, *dot;

	do {
		dot = strchrnul(label, '.');
		if (!label_good(label, dot))
			return refuse(why, "is not a host name");
		if (*dot)
			label = dot + 1;
	} while (*dot);
	/* 10.0.0 or 1.2.3.4.5 would be taken for an address by somebody */
	if (strspn(label, "0123456789") == strlen(label))
		return refuse(why, "is not a host name: its last part is a number");
	name->kind = X509_KIND_DNS;
	return 0;
}

int x509_name_parse(struct x509_name *name, const char *text, size_t len, const char **why)
{
	struct in_addr four;

	memset(name, 0, sizeof *name);
	if (len && text[len - 1] == '.')
		len--;
	if (!len)
		return refuse(why, "is empty");
	if (len > X509_NAME_MAX)
		return refuse(why, "is longer than 253 bytes");
	if (memchr(text, 0, len))
		return refuse(why, "is not a host name");
	for (size_t i = 0; i < len; i++) {
		char c = text[i];

		name->text[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
	}
	if (strchr(name->text, ':') || inet_pton(AF_INET, name->text, &four) == 1) {
		char copy[X509_NAME_MAX + 1];

		memcpy(copy, name->text, sizeof copy);
		return parse_address(name, copy, why);
	}
	return parse_host(name, why);
}

bool x509_names_have(const struct x509_names *names, const char *text)
{
	for (size_t i = 0; i < names->count; i++)
		if (!strcmp(names->name[i].text, text))
			return true;
	return false;
}

int x509_names_add(struct x509_names *names, const struct x509_name *name)
{
	if (x509_names_have(names, name->text))
		return 0;
	if (names->count == X509_NAMES_MAX)
		return -1;
	names->name[names->count++] = *name;
	return 0;
}

bool x509_names_equal(const struct x509_names *a, const struct x509_names *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (!x509_names_have(b, a->name[i].text))
			return false;
	return true;
}
