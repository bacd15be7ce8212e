#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "agent/agent.h"

/* An address in 16 bytes, IPv4 mapped; false when the text is none. */
static bool address(const char *text, unsigned char out[16])
{
	char bare[64];
	size_t n = strlen(text);

	memset(out, 0, 16);
	if (n && text[0] == '[' && text[n - 1] == ']' && n - 2 < sizeof bare) {
		memcpy(bare, text + 1, n - 2);
		bare[n - 2] = 0;
		return inet_pton(AF_INET6, bare, out) == 1;
	}
	if (inet_pton(AF_INET, text, out + 12) == 1) {
		out[10] = out[11] = 0xff;
		return true;
	}
	return inet_pton(AF_INET6, text, out) == 1;
}

static bool in_network(const unsigned char a[16], const char *entry)
{
	unsigned char net[16];
	char text[64], *slash;
	int bits;

	if (strlen(entry) >= sizeof text)
		return false;
	strcpy(text, entry);
	slash = strchr(text, '/');
	if (slash)
		*slash = 0;
	if (!address(text, net))
		return false;
	bits = slash ? atoi(slash + 1) + (strchr(text, ':') ? 0 : 96) : 128;
	for (int i = 0; i < bits && i < 128; i++)
		if ((a[i / 8] ^ net[i / 8]) >> (7 - i % 8) & 1)
			return false;
	return bits >= 0;
}

static bool matches(const char *entry, const char *host)
{
	size_t n = strlen(entry), m = strlen(host);
	unsigned char a[16];

	if (!strcmp(entry, "*"))
		return true;
	if (address(host, a))
		return in_network(a, entry);
	if (entry[0] == '.')
		return m > n - 1 ? !strcasecmp(host + m - n, entry) : !strcasecmp(host, entry + 1);
	return !strcasecmp(host, entry) || (n && m > n && host[m - n - 1] == '.' && !strcasecmp(host + m - n, entry));
}

bool proxy_excepted(const char *no_proxy, const char *host)
{
	char entry[256];
	size_t n;

	while (*no_proxy) {
		no_proxy += strspn(no_proxy, ", \t");
		n = strcspn(no_proxy, ", \t");
		if (n && n < sizeof entry) {
			memcpy(entry, no_proxy, n);
			entry[n] = 0;
			if (matches(entry, host))
				return true;
		}
		no_proxy += n;
	}
	return false;
}

static const char *from_environment(const char *const *names)
{
	for (; *names; names++)
		if (getenv(*names) && *getenv(*names))
			return getenv(*names);
	return NULL;
}

const char *proxy_for(const struct conf *c)
{
	static const char *const proxies[] = { "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", NULL };
	static const char *const exceptions[] = { "no_proxy", "NO_PROXY", NULL };
	const char *proxy = c->proxy[0] ? c->proxy : from_environment(proxies);
	const char *none = c->proxy[0] || c->no_proxy[0] ? c->no_proxy : from_environment(exceptions);
	char host[256], port[8];

	if (!proxy)
		return NULL;
	if (none && proxy_excepted(none, c->host))
		return NULL;
	if (none && c->address[0] && conf_address(c->address, host, port) == 0 && proxy_excepted(none, host))
		return NULL;
	return proxy;
}
