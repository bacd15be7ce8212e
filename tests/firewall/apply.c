/*
 * Puts policies into the kernel as fwd does.
 *
 * usage: apply base
 *        apply policy OPTIONS OF CAMFW                      prints nothing
 *        apply flip N FILE OPTIONS OF CAMFW                 N times in turn: the policy, and the policy with the own table FILE
 *                                                           on top; prints the microseconds of building and applying, each
 *        apply time N OPTIONS OF CAMFW                      N times the policy; prints the microseconds, each
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "camfw/camfw.h"
#include "fwd/kernel.h"
#include "log/log.h"
#include "plat/clock.h"

static void put(struct batch *b)
{
	if (kernel_apply(b) < 0)
		trouble("apply: %s", strerror(errno));
	batch_free(b);
}

static void put_policy(const struct fw_policy *p)
{
	struct nft_ruleset *r = nft_compile(p);

	if (kernel_replace(r) < 0)
		trouble("apply: %s", strerror(errno));
	nft_ruleset_free(r);
}

static struct fw_policy *policy(struct options *o, int argc, char **argv)
{
	options_read(o, false, argc, argv);
	return options_policy(o);
}

static void in_turn(long n, struct fw_policy *const policies[2])
{
	for (long i = 0; i < n; i++) {
		int64_t began = plat_clock_boot();

		put_policy(policies[i & 1]);
		printf("%lld\n", (long long)(plat_clock_boot() - began));
		fflush(stdout);
	}
}

int main(int argc, char **argv)
{
	struct options o, other;
	struct fw_policy *p[2];
	struct batch b = BATCH_ZERO;

	log_open("apply");
	if (argc < 2)
		misuse("apply: see the source");
	if (kernel_open() < 0)
		trouble("nf_tables: %s", strerror(errno));
	if (!strcmp(argv[1], "base")) {
		batch_base(&b);
		put(&b);
	} else if (!strcmp(argv[1], "policy")) {
		put_policy(policy(&o, argc - 2, argv + 2));
	} else if (!strcmp(argv[1], "time") && argc > 3) {
		p[0] = p[1] = policy(&o, argc - 3, argv + 3);
		in_turn(atol(argv[2]), p);
	} else if (!strcmp(argv[1], "flip") && argc > 4) {
		char *more[128] = { "--own", argv[3] };

		p[0] = policy(&o, argc - 4, argv + 4);
		memcpy(more + 2, argv + 4, (size_t)(argc - 4) * sizeof *argv);
		p[1] = policy(&other, argc - 2, more);
		in_turn(atol(argv[2]), p);
	} else {
		misuse("apply: see the source");
	}
	return 0;
}
