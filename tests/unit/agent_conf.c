/* with: agent/conf.c agent/proxy.c agent/files.c */
/* elasticbox.conf and no_proxy: what is read, what is refused and with which line. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/agent.h"

static int failures;

static void check(const char *what, bool good)
{
	if (good)
		return;
	fprintf(stderr, "%s\n", what);
	failures++;
}

static void refused(const char *text, const char *want)
{
	struct conf c;
	char error[160] = "";

	if (conf_parse(&c, text, strlen(text), error) == 0 || !strstr(error, want)) {
		fprintf(stderr, "%.60s: %s, not %s\n", text, error[0] ? error : "accepted", want);
		failures++;
	}
}

static void address(const char *text, const char *host, const char *port)
{
	char h[256], p[8];
	int rc = conf_address(text, h, p);

	if (host ? rc || strcmp(h, host) || strcmp(p, port) : rc == 0) {
		fprintf(stderr, "address %s\n", text);
		failures++;
	}
}

static void proxies(void)
{
	struct conf c = { .host = "x.agents.internal", .address = "[2001:db8::7]:443" };

	check("suffix", proxy_excepted("example.org", "a.example.org") && proxy_excepted(".example.org", "a.example.org") &&
		proxy_excepted(".example.org", "example.org"));
	check("no suffix", !proxy_excepted("example.org", "badexample.org") && !proxy_excepted("example.org", "example.org.evil"));
	check("case", proxy_excepted("EXAMPLE.org", "example.ORG"));
	check("star", proxy_excepted("a, *", "anything"));
	check("addresses", proxy_excepted("10.1.2.3", "10.1.2.3") && !proxy_excepted("10.1.2.3", "10.1.2.30") && proxy_excepted("10.0.0.0/8", "10.9.9.9") &&
		!proxy_excepted("10.0.0.0/8", "11.0.0.1") && proxy_excepted("x,0.0.0.0/0", "1.2.3.4") && proxy_excepted("2001:db8::/32", "[2001:db8::1]"));
	check("nothing", !proxy_excepted("", "a") && !proxy_excepted(" , ,", "a") && !proxy_excepted("a.example", ""));
	setenv("https_proxy", "http://env:3128", 1);
	check("environment", !strcmp(proxy_for(&c), "http://env:3128"));
	setenv("no_proxy", "2001:db8::/64", 1);
	check("no_proxy of the environment, by address", !proxy_for(&c));
	strcpy(c.proxy, "http://conf:1");
	check("the configuration comes first", !strcmp(proxy_for(&c), "http://conf:1"));
	strcpy(c.no_proxy, ".internal");
	check("no_proxy of the configuration, by name", !proxy_for(&c));
}

int main(void)
{
	static const char good[] = "# comment\r\n[other]\nhost=no\nnonsense\n[agent]\n host = h.example \ntoken=t=1\nca=/ca.pem\nproxy_password=p w\nheartbeat=5\n"
		"debug=1\nlater=kept\n";
	struct conf c;
	char error[160];

	check("good", conf_parse(&c, good, strlen(good), error) == 0);
	check("values", !strcmp(c.host, "h.example") && !strcmp(c.token, "t=1") && !strcmp(c.ca, "/ca.pem") && !strcmp(c.proxy_password, "p w") &&
		c.heartbeat == 5 && c.debug && !c.proxy[0]);
	check("empty", conf_parse(&c, "", 0, error) == 0 && c.heartbeat == 30);
	refused("[agent]\n\nhost\n", "line 3: not of the form");
	refused("heartbeat=0\n", "line 1: heartbeat");
	refused("heartbeat=301", "line 1: heartbeat");
	refused("heartbeat=99999999999999999999", "line 1: heartbeat");
	refused("debug=yes", "line 1: debug");
	refused("a=1\nmachine=0123456789012345678901234567890123456789012345678901234567890123456789\n", "line 2: machine is too long");
	refused("token=a\x01" "b", "control character");
	address("a.example", "a.example", "443");
	address("a.example:8443", "a.example", "8443");
	address("192.0.2.1:1", "192.0.2.1", "1");
	address("[2001:db8::1]", "[2001:db8::1]", "443");
	address("[2001:db8::1]:8443", "[2001:db8::1]", "8443");
	address("2001:db8::1", NULL, NULL);
	address("a:", NULL, NULL);
	address("a:99999", NULL, NULL);
	address("a:12x", NULL, NULL);
	address(":443", NULL, NULL);
	address("[a", NULL, NULL);
	address("", NULL, NULL);
	proxies();
	return failures != 0;
}
