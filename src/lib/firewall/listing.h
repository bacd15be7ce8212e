/*
 * firewall: a ruleset as nft lists it (libnftables-json(5): what `nft -j list ruleset` writes, and what `nft -j -f` reads), as lines of
 * text in one form: numbers instead of nft's names for ICMP types, members in order, without what counts or was learnt (handles,
 * counters, elements that rules have added).  Two rulesets that do the same with a packet have the same lines.
 */
#ifndef CAM_FIREWALL_LISTING_H
#define CAM_FIREWALL_LISTING_H

#include "firewall/firewall.h"

struct fw_lines {
	char **at;		/* malloc each */
	unsigned count;
};

struct fw_listing {
	struct fw_lines words;	/* of the table inet cam: chains, sets and their elements, rules; ascending */
	struct fw_lines rules;	/* its rules once more, in their order: "chain NAME: ..." */
	struct fw_lines foreign;	/* tables of others: "ip nat" */
};

/* Takes any bytes.  0, or -1 with a sentence; only after 0 it is to be freed. */
int fw_listing_read(struct fw_listing *l, const char *text, size_t len, char error[FW_ERROR]);
void fw_listing_free(struct fw_listing *l);

/* Keeps text, which was malloced. */
void fw_lines_add(struct fw_lines *l, char *text);
void fw_lines_free(struct fw_lines *l);

#endif
