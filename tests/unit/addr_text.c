/* addr: what is and is not an address, a prefix, a netmask, a name. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "addr/addr.h"

static int failed;

#define CHECK(what) do { if (!(what)) { failed = 1; printf("%s:%d: %s\n", __FILE__, __LINE__, #what); } } while (0)

static bool parses(const char *text)
{
	struct addr a;

	return addr_parse(&a, text) == 0;
}

static bool host(const char *text)
{
	struct addr a;

	return addr_parse(&a, text) == 0 && addr_is_host(&a);
}

static bool prefix_host(const char *text)
{
	struct addr_prefix p;

	return addr_prefix_parse(&p, text) == 0 && addr_prefix_is_host(&p);
}

static bool contains(const char *prefix, const char *text)
{
	struct addr_prefix p;
	struct addr a;

	return addr_prefix_parse(&p, prefix) == 0 && addr_parse(&a, text) == 0 && addr_prefix_contains(&p, &a);
}

static int mask(const char *text)
{
	unsigned len;

	return addr_netmask_parse(&len, text) < 0 ? -1 : (int)len;
}

static void check_addresses(void)
{
	CHECK(parses("10.0.2.15"));
	CHECK(parses("fd00::1"));
	CHECK(parses("::ffff:1.2.3.4"));
	CHECK(!parses(""));
	CHECK(!parses("10.0.2"));
	CHECK(!parses("10.0.2.256"));
	CHECK(!parses("010.0.2.1"));
	CHECK(!parses("10.0.2.1 "));
	CHECK(!parses("10.0.2.1;reboot"));
	CHECK(!parses("0x0a.0.0.1"));
	CHECK(!parses("fe80::1%eth0"));
	CHECK(host("10.0.2.15"));
	CHECK(host("fe80::1"));
	CHECK(host("169.254.1.1"));
	CHECK(!host("0.0.0.0"));
	CHECK(!host("127.0.0.1"));
	CHECK(!host("224.0.0.1"));
	CHECK(!host("255.255.255.255"));
	CHECK(!host("::"));
	CHECK(!host("::1"));
	CHECK(!host("ff02::1"));
	CHECK(!host("::ffff:10.0.0.1"));
}

static void check_prefixes(void)
{
	struct addr_prefix p;
	struct addr b;
	char text[ADDR_PREFIX_TEXT_MAX];

	CHECK(prefix_host("10.0.0.5/24"));
	CHECK(!prefix_host("10.0.0.0/24"));
	CHECK(!prefix_host("10.0.0.255/24"));
	CHECK(!prefix_host("10.0.0.5/0"));
	CHECK(!prefix_host("10.0.0.5/33"));
	CHECK(prefix_host("10.0.0.4/31"));
	CHECK(prefix_host("10.0.0.5/32"));
	CHECK(prefix_host("fd00::5/64"));
	CHECK(!prefix_host("fd00::5/129"));
	CHECK(!prefix_host("10.0.0.5"));
	CHECK(!prefix_host("10.0.0.5/"));
	CHECK(!prefix_host("10.0.0.5/024"));
	CHECK(!prefix_host("10.0.0.5/+4"));
	CHECK(!prefix_host("/24"));
	CHECK(contains("10.0.0.5/24", "10.0.0.1"));
	CHECK(!contains("10.0.0.5/24", "10.0.1.1"));
	CHECK(!contains("10.0.0.5/24", "fd00::1"));
	CHECK(contains("10.0.0.5/0", "11.0.0.1"));
	CHECK(contains("fd00::5/64", "fd00::ffff"));
	CHECK(!contains("fd00::5/64", "fd00:0:0:1::1"));
	CHECK(addr_prefix_parse(&p, "10.1.2.3/20") == 0);
	CHECK(addr_prefix_broadcast(&p, &b));
	addr_format(&b, text);
	CHECK(!strcmp(text, "10.1.15.255"));
	addr_prefix_format(&p, text);
	CHECK(!strcmp(text, "10.1.2.3/20"));
	CHECK(addr_prefix_parse(&p, "10.1.2.3/31") == 0 && !addr_prefix_broadcast(&p, &b));
}

static void check_masks(void)
{
	char text[ADDR_TEXT_MAX];

	CHECK(mask("255.255.255.0") == 24);
	CHECK(mask("255.255.255.255") == 32);
	CHECK(mask("128.0.0.0") == 1);
	CHECK(mask("24") == 24);
	CHECK(mask("/16") == 16);
	CHECK(mask("0.0.0.0") == -1);
	CHECK(mask("255.0.255.0") == -1);
	CHECK(mask("0") == -1);
	CHECK(mask("33") == -1);
	CHECK(mask("ffff::") == -1);
	CHECK(mask("") == -1);
	for (unsigned i = 1; i <= 32; i++) {
		addr_netmask_format(i, text);
		CHECK(mask(text) == (int)i);
	}
}

static void check_names(void)
{
	char label[130], name[300] = "";

	CHECK(addr_hostname_valid("cam"));
	CHECK(addr_hostname_valid("cam-1.example.com"));
	CHECK(addr_hostname_valid("3com"));
	CHECK(!addr_hostname_valid(""));
	CHECK(!addr_hostname_valid("."));
	CHECK(!addr_hostname_valid("cam."));
	CHECK(!addr_hostname_valid(".cam"));
	CHECK(!addr_hostname_valid("a..b"));
	CHECK(!addr_hostname_valid("-cam"));
	CHECK(!addr_hostname_valid("cam-"));
	CHECK(!addr_hostname_valid("cam_1"));
	CHECK(!addr_hostname_valid("10.0.0.1"));
	CHECK(!addr_hostname_valid("x;touch${IFS}/tmp/pwn"));
	CHECK(!addr_hostname_valid("caf\xc3\xa9"));
	CHECK(!addr_hostname_valid("a b"));
	CHECK(!addr_hostname_valid("a\n"));
	memset(label, 'a', sizeof label);
	label[63] = 0;
	CHECK(addr_hostname_valid(label));
	label[63] = 'a';
	label[64] = 0;
	CHECK(!addr_hostname_valid(label));
	for (int i = 0; i < 126; i++)
		strcat(name, "a.");
	strcat(name, "a");
	CHECK(strlen(name) == 253 && addr_name_valid(name) && !addr_hostname_valid(name));
	strcat(name, "a");
	CHECK(!addr_name_valid(name));
	CHECK(addr_interface_valid("eth0"));
	CHECK(addr_interface_valid("enp0s3.100"));
	CHECK(!addr_interface_valid("eth0:1"));
	CHECK(!addr_interface_valid("../etc"));
	CHECK(!addr_interface_valid("a/b"));
	CHECK(!addr_interface_valid("-x"));
	CHECK(!addr_interface_valid("abcdefghijklmnop"));
	CHECK(addr_server_valid("ntp.example.com"));
	CHECK(addr_server_valid("192.0.2.1"));
	CHECK(!addr_server_valid("-p"));
	CHECK(!addr_server_valid("255.255.255.255"));
}

int main(void)
{
	check_addresses();
	check_prefixes();
	check_masks();
	check_names();
	return failed;
}
