#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/agent.h"

#define CONF_MAX (64u << 10)

struct field { const char *name; size_t at, size; };

#define TEXT(member) { #member, offsetof(struct conf, member), sizeof ((struct conf *)0)->member }
static const struct field fields[] = {
	TEXT(host), TEXT(address), TEXT(token), TEXT(machine), TEXT(ca), TEXT(proxy), TEXT(proxy_user), TEXT(proxy_password),
	TEXT(no_proxy), TEXT(upgrade_key),
};

struct span { const char *at; size_t n; };

static struct span trim(struct span s)
{
	while (s.n && isspace((unsigned char)s.at[0])) {
		s.at++;
		s.n--;
	}
	while (s.n && isspace((unsigned char)s.at[s.n - 1]))
		s.n--;
	return s;
}

static bool is(struct span s, const char *text)
{
	return s.n == strlen(text) && !memcmp(s.at, text, s.n);
}

static int number(struct span v, unsigned low, unsigned high, unsigned *out)
{
	unsigned sum = 0;

	for (size_t i = 0; i < v.n; i++) {
		if (v.at[i] < '0' || v.at[i] > '9' || sum > high)
			return -1;
		sum = sum * 10 + (unsigned)(v.at[i] - '0');
	}
	*out = sum;
	return v.n && sum >= low && sum <= high ? 0 : -1;
}

static const char *set(struct conf *c, struct span name, struct span v)
{
	unsigned n;

	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
		if (!is(name, fields[i].name))
			continue;
		if (v.n >= fields[i].size)
			return "is too long";
		for (size_t k = 0; k < v.n; k++)
			if ((unsigned char)v.at[k] < 0x20 || v.at[k] == 0x7f)
				return "has a control character";
		memcpy((char *)c + fields[i].at, v.at, v.n);
		((char *)c)[fields[i].at + v.n] = 0;
		return NULL;
	}
	if (is(name, "heartbeat")) {
		if (number(v, 1, 300, &c->heartbeat))
			return "is a number of seconds from 1 to 300";
	} else if (is(name, "debug")) {
		if (number(v, 0, 1, &n))
			return "is 0 or 1";
		c->debug = n;
	}
	return NULL;	/* what a newer one may know is left alone */
}

int conf_parse(struct conf *c, const char *text, size_t len, char error[160])
{
	struct span rest = { text, len }, line, name, value;
	unsigned row = 0;
	bool ours = true;
	const char *end, *equals, *why;

	memset(c, 0, sizeof *c);
	c->heartbeat = 30;
	while (rest.n) {
		row++;
		end = memchr(rest.at, '\n', rest.n);
		line = (struct span){ rest.at, end ? (size_t)(end - rest.at) : rest.n };
		rest.n -= line.n + (end != NULL);
		rest.at += line.n + (end != NULL);
		line = trim(line);
		if (!line.n || line.at[0] == '#' || line.at[0] == ';')
			continue;
		if (line.at[0] == '[') {
			ours = is(line, "[agent]");
			continue;
		}
		equals = memchr(line.at, '=', line.n);
		if (!ours)
			continue;
		if (!equals) {
			snprintf(error, 160, "line %u: not of the form name=value", row);
			return -1;
		}
		name = trim((struct span){ line.at, (size_t)(equals - line.at) });
		value = trim((struct span){ equals + 1, line.n - (size_t)(equals - line.at) - 1 });
		why = set(c, name, value);
		if (why) {
			snprintf(error, 160, "line %u: %.*s %s", row, (int)(name.n < 40 ? name.n : 40), name.at, why);
			return -1;
		}
	}
	return 0;
}

int conf_address(const char *text, char host[256], char port[8])
{
	const char *colon = strrchr(text, ':'), *close = strchr(text, ']');
	size_t n = strlen(text);

	strcpy(port, "443");
	if (text[0] == '[') {
		if (!close || (close[1] && close[1] != ':'))
			return -1;
		n = (size_t)(close - text) + 1;
		colon = close[1] ? close + 1 : NULL;
	} else if (colon && strchr(text, ':') != colon) {
		return -1;	/* IPv6 without brackets */
	} else if (colon) {
		n = (size_t)(colon - text);
	}
	if (!n || n > 255)
		return -1;
	memcpy(host, text, n);
	host[n] = 0;
	if (colon) {
		if (!colon[1] || strlen(colon + 1) > 5 || strspn(colon + 1, "0123456789") != strlen(colon + 1) || atoi(colon + 1) > 65535)
			return -1;
		strcpy(port, colon + 1);
	}
	return 0;
}

int conf_load(struct conf *c, const char *path, char error[160])
{
	char host[256], port[8], why[160];
	size_t len;
	char *text = file_read(AT_FDCWD, path, CONF_MAX, &len);
	int rc;

	if (!text) {
		snprintf(error, 160, "%.100s: %s", path, strerror(errno));
		return -1;
	}
	rc = conf_parse(c, text, len, why);
	free(text);
	if (rc == 0 && (!c->host[0] || !c->token[0] || !c->ca[0])) {
		snprintf(why, sizeof why, "%s is missing", !c->host[0] ? "host" : !c->token[0] ? "token" : "ca");
		rc = -1;
	}
	if (rc == 0 && c->address[0] && conf_address(c->address, host, port)) {
		snprintf(why, sizeof why, "address: neither a name nor an address");
		rc = -1;
	}
	if (rc)
		snprintf(error, 160, "%.60s: %.90s", path, why);
	return rc;
}
