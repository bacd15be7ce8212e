/* keyd: the build time comes from a whole line of the release file. */
/* with: keyd/built.c */
#include <stdio.h>

#include "keyd/keyd.h"

static int failed;

#define CHECK(what) do { if (!(what)) { failed = 1; printf("%s:%d: %s\n", __FILE__, __LINE__, #what); } } while (0)

int main(void)
{
	CHECK(keyd_built_parse("NAME=x\nBUILD_TIME=1800000000\nDEVELOPMENT=yes\n") == 1800000000);
	CHECK(keyd_built_parse("BUILD_TIME=1800000000") == 1800000000);
	CHECK(keyd_built_parse("BUILD_TIME=1800000000x\n") == 0);
	CHECK(keyd_built_parse("BUILD_TIME=\n") == 0);
	CHECK(keyd_built_parse("BUILD_TIME=-5\n") == 0);
	CHECK(keyd_built_parse("BUILD_TIME=99999999999999999999\n") == 0);
	CHECK(keyd_built_parse("XBUILD_TIME=1800000000\n") == 0);
	CHECK(keyd_built_parse("") == 0);
	return failed;
}
