/*
 * firewall: the lines of a policy cut into pieces that do not overlap, as the
 * keys of one map must not.
 */
#ifndef CAM_FIREWALL_NFT_PIECES_H
#define CAM_FIREWALL_NFT_PIECES_H

#include "firewall/nft.h"

/* What the number in a key is. */
enum nft_class { NFT_CLASS_NONE = 0, NFT_PORTS, NFT_TYPES4, NFT_TYPES6 };

struct nft_piece {
	enum fw_protocol protocol;
	struct fw_range range;		/* a single type for ICMP */
	struct addr_prefix prefix;	/* ADDR_NONE = any */
	unsigned uid;
	const struct fw_rule *limit;	/* whose limit holds, or NULL */
	char comment[NFT_COMMENT];	/* the ids of the lines */
};

struct nft_pieces {
	struct nft_piece *list;
	unsigned count;
};

/* The pieces of all lines of this direction and class: family NONE those open to any peer, else
 * those to peers of this family that no line open to any peer covers. */
void nft_pieces_make(struct nft_pieces *out, const struct fw_policy *p, enum fw_direction d, enum nft_class class,
	enum addr_family family, bool by_user);
void nft_pieces_free(struct nft_pieces *p);

#endif
