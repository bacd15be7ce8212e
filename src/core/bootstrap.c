#include <sodium.h>
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

/* Lines of a script of runcmd, which is a block of literal lines, too. */
static void add_lines(struct out *o, const char *text)
{
	size_t n;

	for (; *text; text += n + (text[n] == '\n')) {
		n = strcspn(text, "\n");
		add(o, "    %.*s\n", (int)n, text);
	}
}

/* Fetches the agent by the certificate's name, at whatever address the appliance has: with curl, or where that is missing or
 * older than 7.49 with the Python that cloud-init runs in. */
static const char fetch[] =
	"umask 077\n"
	"mkdir -p /usr/elasticbox /var/elasticbox /var/log/elasticbox && cd /usr/elasticbox || exit 1\n"
	"if { curl --help all || curl --help; } 2>/dev/null | grep -q -e --connect-to; then\n"
	"  curl -sS --fail --retry 20 --retry-delay 3 --retry-connrefused --cacert ca.pem ${proxy:+--proxy \"$proxy\"} \\\n"
	"    --connect-to \"$name:443:$address:\" -o elasticbox-agent.new \"https://$name$path\"\n"
	"else\n"
	"  for python in python3 /usr/libexec/platform-python python2 python; do\n"
	"    command -v $python >/dev/null && break\n"
	"  done\n"
	"  $python - \"$name\" \"$address\" \"$path\" <<'PYTHON'\n"
	"import socket, ssl, sys, time\n"
	"try:\n"
	"    from http.client import HTTPSConnection\n"
	"except ImportError:\n"
	"    from httplib import HTTPSConnection\n"
	"name, address, path = sys.argv[1:]\n"
	"context = ssl.create_default_context(cafile=\"ca.pem\")\n"
	"for attempt in range(20):\n"
	"    try:\n"
	"        c = HTTPSConnection(name, timeout=60)\n"
	"        c.sock = context.wrap_socket(socket.create_connection((address.strip(\"[]\"), 443), 60), server_hostname=name)\n"
	"        c.request(\"GET\", path)\n"
	"        r = c.getresponse()\n"
	"        if r.status == 200:\n"
	"            open(\"elasticbox-agent.new\", \"wb\").write(r.read())\n"
	"            break\n"
	"        why = \"status %d\" % r.status\n"
	"    except (EnvironmentError, ssl.SSLError) as e:\n"
	"        why = str(e)\n"
	"    sys.stderr.write(\"%s: %s\\n\" % (address, why))\n"
	"    time.sleep(3)\n"
	"PYTHON\n"
	"fi\n"
	"[ -s elasticbox-agent.new ] || exit 1\n"
	"chmod 755 elasticbox-agent.new\n"
	"mv -f elasticbox-agent.new elasticbox-agent\n"
	"./elasticbox-agent install\n";

char *bootstrap_user_data(const struct bootstrap *b)
{
	struct out o = begin();
	char *conf = bootstrap_conf(b);

	add(&o, "#cloud-config\nwrite_files:\n");
	add_file(&o, "/usr/elasticbox/elasticbox.conf", "0600", conf);
	add_file(&o, "/usr/elasticbox/ca.pem", "0644", b->ca);
	add(&o, "runcmd:\n  - |\n    name='%s' address='%s' proxy='%s' path='" BOOTSTRAP_AGENT "'\n", b->host, b->address, b->proxy);
	add_lines(&o, fetch);
	sodium_memzero(conf, strlen(conf));
	free(conf);
	return o.p;
}
