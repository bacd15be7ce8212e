#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bootstrap.h"
#include "log/log.h"

#define TEXT_MAX 32768

struct out { char *p; size_t len; };

static void add(struct out *o, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void add(struct out *o, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(o->p + o->len, TEXT_MAX - o->len, fmt, ap);
	va_end(ap);
	if (n < 0 || o->len + (size_t)n >= TEXT_MAX)
		log_bug("bootstrap: too long");
	o->len += (size_t)n;
}

static struct out begin(void)
{
	struct out o = { calloc(1, TEXT_MAX), 0 };

	if (!o.p)
		log_fatal("bootstrap");
	return o;
}

/* "http://user:password@host:port" in its parts. */
static void add_proxy(struct out *o, const char *proxy)
{
	const char *at = strrchr(proxy, '@'), *scheme = strstr(proxy, "://"), *begin_at = scheme ? scheme + 3 : proxy, *colon;

	if (!at || at < begin_at) {
		add(o, "proxy=%s\nproxy_user=\nproxy_password=\n", proxy);
		return;
	}
	colon = memchr(begin_at, ':', (size_t)(at - begin_at));
	add(o, "proxy=%.*s%s\n", (int)(begin_at - proxy), proxy, at + 1);
	add(o, "proxy_user=%.*s\n", (int)((colon ? colon : at) - begin_at), begin_at);
	add(o, "proxy_password=%.*s\n", colon ? (int)(at - colon - 1) : 0, colon ? colon + 1 : "");
}

char *bootstrap_conf(const struct bootstrap *b)
{
	struct out o = begin();

	add(&o, "[agent]\nhost=%s\naddress=%s\ntoken=%s\nmachine=%s\nca=/usr/elasticbox/ca.pem\n", b->host, b->address, b->token,
		b->machine);
	add_proxy(&o, b->proxy);
	add(&o, "no_proxy=%s\nheartbeat=30\ndebug=0\n", b->no_proxy);
	return o.p;
}

/* A file as a block of literal lines. */
static void add_file(struct out *o, const char *path, const char *mode, const char *text)
{
	size_t n;

	add(o, "  - path: %s\n    permissions: '%s'\n    owner: root:root\n    content: |\n", path, mode);
	for (; *text; text += n + (text[n] == '\n')) {
		n = strcspn(text, "\n");
		add(o, n ? "      %.*s\n" : "\n", (int)n, text);
	}
}

char *bootstrap_user_data(const struct bootstrap *b)
{
	struct out o = begin();
	char *conf = bootstrap_conf(b);

	add(&o, "#cloud-config\nwrite_files:\n");
	add_file(&o, "/usr/elasticbox/elasticbox.conf", "0600", conf);
	add_file(&o, "/usr/elasticbox/ca.pem", "0644", b->ca);
	/* The certificate of the agents' name, at whatever address the appliance has. */
	add(&o, "runcmd:\n  - |\n    umask 077\n    mkdir -p /usr/elasticbox /var/elasticbox /var/log/elasticbox\n"
		"    curl -sS --fail --retry 20 --retry-delay 3 --retry-connrefused --cacert /usr/elasticbox/ca.pem \\\n"
		"      %s%s%s--connect-to %s:443:%s: \\\n"
		"      -o /usr/elasticbox/elasticbox-agent.new https://%s" BOOTSTRAP_AGENT "\n"
		"    chmod 755 /usr/elasticbox/elasticbox-agent.new\n"
		"    mv -f /usr/elasticbox/elasticbox-agent.new /usr/elasticbox/elasticbox-agent\n"
		"    /usr/elasticbox/elasticbox-agent install\n", b->proxy[0] ? "--proxy '" : "", b->proxy, b->proxy[0] ? "' " : "", b->host,
		b->address, b->host);
	free(conf);
	return o.p;
}
