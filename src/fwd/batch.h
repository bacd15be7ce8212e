/* fwd: a ruleset as one batch of netlink messages, by libnftnl. */
#ifndef CAM_FWD_BATCH_H
#define CAM_FWD_BATCH_H

#include <stddef.h>
#include <stdint.h>

#include "firewall/nft.h"

struct batch {
	char *bytes;		/* whole messages (malloc) */
	size_t len, room;
	uint32_t seq;		/* of the last message: the kernel acknowledges that one */
};
#define BATCH_ZERO { .bytes = NULL }

/* What the table `cam` has now, by name. */
#define BATCH_OLD 256
struct batch_old {
	char sets[BATCH_OLD][NFT_NAME], chains[BATCH_OLD][NFT_NAME];	/* chains: those that are not ours to keep */
	unsigned set_count, chain_count;
	bool table, more;		/* it is there; it has more than fits */
};

/*
 * The table `cam` in the place of what it was: a kernel takes the whole batch or nothing of it.  The three chains that packets
 * come in by stay and only their rules change, all at one instant: a chain that is taken away and made anew has a moment without
 * rules, in which its policy drops everything.  old NULL, or without a table: the table is made anew.
 */
void batch_ruleset(struct batch *b, const struct nft_ruleset *r, const struct batch_old *old);
/* Nothing in, nothing out, but loopback. */
void batch_base(struct batch *b);
void batch_free(struct batch *b);

/* ---- parts ---- */

struct nlmsghdr;

/* Where the next message is written: room for the largest. */
void *batch_scratch(void);
/* Appends the message in it. */
void batch_put(struct batch *b, const struct nlmsghdr *h);
/* The sets with their elements (batch_set.c), a rule (batch_rule.c). */
void batch_set(struct batch *b, const struct nft_set *s, uint32_t id);
void batch_elements(struct batch *b, const struct nft_set *s, uint32_t id);
void batch_rule(struct batch *b, const char *chain, const struct nft_rule *r);

#endif
