/* fwd: its socket to the kernel's packet filter (nfnetlink, nf_tables). */
#ifndef CAM_FWD_KERNEL_H
#define CAM_FWD_KERNEL_H

#include <stdbool.h>
#include <stdint.h>

#include "batch.h"

/* Tables of others that are named in a report; more are counted. */
#define KERNEL_TABLES 8
#define KERNEL_TABLE_NAME 40
/* Counters that are reported: one for each end of a packet. */
#define KERNEL_COUNTERS 32

struct kernel_counter {
	char chain[NFT_NAME], comment[NFT_COMMENT];
	uint64_t packets, bytes;
};

struct kernel_tables {
	char names[KERNEL_TABLES][KERNEL_TABLE_NAME];	/* "ip nat" */
	unsigned count;			/* others', those that are not named counted too */
	bool ours;
};

/* 0, or -1 with errno.  The socket is for requests; each is answered while it is made. */
int kernel_open(void);
/* The batch as one transaction: 0, or -1 with errno, and then nothing has changed. */
int kernel_apply(const struct batch *b);
/* The ruleset in the place of what our table is: one transaction, nothing lost meanwhile.  0, or -1 with errno. */
int kernel_replace(const struct nft_ruleset *r);
/* Our netlink port, as events name who made a change. */
uint32_t kernel_port(void);
int kernel_list_tables(struct kernel_tables *t);
/* Rules of ours that count, in their order.  How many, or -1 with errno. */
int kernel_list_counters(struct kernel_counter out[KERNEL_COUNTERS]);

/* A non-blocking socket that hears of every change of nf_tables; -1 with errno. */
int kernel_watch_open(void);
/* Reads what came: *ours: somebody else changed our table; *others: a table of others came or went. */
void kernel_watch_drain(int fd, bool *ours, bool *others);

/* ---- one message alone, for the fuzz target ---- */
bool kernel_parse_rule(const void *msg, uint32_t len, struct kernel_counter *c);
bool kernel_parse_set(const void *msg, uint32_t len, struct batch_old *old);
bool kernel_parse_chain(const void *msg, uint32_t len, struct batch_old *old);
bool kernel_parse_table(const void *msg, uint32_t len, struct kernel_tables *t);

#endif
