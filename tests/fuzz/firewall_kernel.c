/* fwd: any bytes as the kernel's answers: rules that count, tables, logged packets. */
/* with: fwd/kernel.c fwd/batch.c fwd/batch_rule.c fwd/batch_set.c fwd/kernel_parse.c fwd/drops.c */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fwd/fwd.h"
#include "fwd/kernel.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void whole(const char *text, size_t room)
{
	if (strnlen(text, room) == room)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size + 1);	/* of its own, so that a step past the end is seen */
	struct kernel_counter c;
	struct kernel_tables t;
	static struct batch_old old;
	struct drop d;

	memcpy(copy, data, size);
	memset(&t, 0, sizeof t);
	if (kernel_parse_rule(copy, (uint32_t)size, &c)) {
		whole(c.chain, sizeof c.chain);
		whole(c.comment, sizeof c.comment);
	}
	kernel_parse_table(copy, (uint32_t)size, &t);
	memset(&old, 0, sizeof old);
	if (kernel_parse_set(copy, (uint32_t)size, &old))
		whole(old.sets[0], NFT_NAME);
	if (kernel_parse_chain(copy, (uint32_t)size, &old))
		whole(old.chains[0], NFT_NAME);
	for (unsigned i = 0; i < t.count && i < KERNEL_TABLES; i++)
		whole(t.names[i], KERNEL_TABLE_NAME);
	if (drop_parse(&d, copy, size))
		whole(d.reason, sizeof d.reason);
	free(copy);
	return 0;
}
