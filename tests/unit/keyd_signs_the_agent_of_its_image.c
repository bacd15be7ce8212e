/* keyd: which agent the image ships comes from whole, well formed lines of the release file. */
/* with: keyd/upgrade.c keyd/built.c */
#include <stdio.h>
#include <string.h>

#include "keyd/keyd.h"

#define SUM64 "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static int failed;

#define CHECK(what) do { if (!(what)) { failed = 1; printf("%s:%d: %s\n", __FILE__, __LINE__, #what); } } while (0)

static char version[KEYD_VERSION], sum[KEYD_SUM];

static bool parse(const char *text)
{
	memset(version, 0, sizeof version);
	memset(sum, 0, sizeof sum);
	return keyd_upgrade_parse(text, version, sum);
}

int main(void)
{
	CHECK(parse("NAME=x\nAGENT_VERSION=1.0.0\nAGENT_SHA256=" SUM64 "\n") && !strcmp(version, "1.0.0") && !strcmp(sum, SUM64));
	CHECK(parse("AGENT_SHA256=" SUM64 "\nAGENT_VERSION=1.2~rc1"));
	CHECK(!parse(""));
	CHECK(!parse("AGENT_VERSION=1.0.0\n"));
	CHECK(!parse("AGENT_VERSION=\nAGENT_SHA256=" SUM64 "\n"));
	CHECK(!parse("AGENT_VERSION=1.0.0\nAGENT_SHA256=" SUM64 "0\n"));
	CHECK(!parse("AGENT_VERSION=1.0.0\nAGENT_SHA256=0011\n"));
	CHECK(!parse("AGENT_VERSION=1 0\nAGENT_SHA256=" SUM64 "\n"));
	CHECK(!parse("XAGENT_VERSION=1.0.0\nAGENT_SHA256=" SUM64 "\n"));
	CHECK(!parse("AGENT_VERSION=1.0.0\nAGENT_SHA256=" "ZZ112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n"));
	return failed;
}
