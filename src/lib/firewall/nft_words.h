/* firewall: the words of nftables' language that its text and JSON share. */
#ifndef CAM_FIREWALL_NFT_WORDS_H
#define CAM_FIREWALL_NFT_WORDS_H

#include "firewall/nft.h"

struct nft_field_words {
	const char *type;	/* of a set's key */
	const char *text;	/* of a rule */
	const char *protocol, *field;	/* of a payload in JSON; protocol NULL = the meta or ct key `field` */
};

const struct nft_field_words *nft_field_words(enum nft_field f);
/* Field i of a key; end: of the key's end, NULL = a single value.  Prefixes as such, ranges as a-b. */
#define NFT_VALUE 100
void nft_value_text(const struct nft_set *s, unsigned i, const struct nft_element *e, char out[NFT_VALUE]);

#endif
