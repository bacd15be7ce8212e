/*
 * firewall: a policy as tables, sets, chains and rules of nftables.  One
 * description, from which come the script (format_nft.c), its JSON form
 * (format_nft_json.c) and fwd's netlink batch (src/fwd/batch.c).
 */
#ifndef CAM_FIREWALL_NFT_H
#define CAM_FIREWALL_NFT_H

#include "firewall/firewall.h"

#define NFT_TABLE "cam"
#define NFT_NAME 64
#define NFT_FIELDS 4
/* Bytes of a key: each field is filled up to a multiple of 4. */
#define NFT_KEY_MAX 28
/* Bytes of a comment with its 0: the kernel's users keep 128. */
#define NFT_COMMENT 120
#define NFT_STATEMENTS 6

/* What a rule can look at. */
enum nft_field {
	NFT_F_NONE = 0,
	NFT_F_UID, NFT_F_L4PROTO, NFT_F_DPORT, NFT_F_ICMP_TYPE, NFT_F_ICMP6_TYPE,
	NFT_F_SADDR4, NFT_F_DADDR4, NFT_F_SADDR6, NFT_F_DADDR6,
	NFT_F_SADDR6_NET,		/* the first 64 bits */
	NFT_F_CT_STATE
};

/* Bytes of a field in a key, before filling up. */
unsigned nft_field_size(enum nft_field f);

enum nft_verdict_kind { NFT_NO_VERDICT = 0, NFT_V_ACCEPT, NFT_V_DROP, NFT_V_GOTO };

struct nft_verdict {
	enum nft_verdict_kind kind;
	char chain[NFT_NAME];
};

struct nft_element {
	uint8_t key[NFT_KEY_MAX], end[NFT_KEY_MAX];	/* network order; CT_STATE and UID in the machine's */
	struct nft_verdict verdict;			/* of a map */
	char comment[NFT_COMMENT];
};

struct nft_set {
	char name[NFT_NAME];
	enum nft_field fields[NFT_FIELDS];
	unsigned field_count;
	bool map, interval;
	bool dynamic;			/* filled by rules */
	unsigned timeout;		/* of a dynamic one's elements, seconds; 0 = none */
	unsigned size;			/* of a dynamic one */
	struct nft_element *elements;
	unsigned count;
};

enum nft_statement_kind {
	NFT_STATEMENT_NONE = 0,
	NFT_INTERFACE,		/* text: name, or its beginning with a '*'; out: of the outgoing one */
	NFT_TCP_NOT_SYN,	/* TCP, and not SYN alone among fin, syn, rst, ack */
	NFT_SPOOF_LOCAL,	/* the source is an address of this machine */
	NFT_SPOOF_ROUTE,	/* nothing goes back to the source on this interface */
	NFT_IN_SET,		/* key in set */
	NFT_BY_MAP,		/* verdict by map */
	NFT_RATE_OVER,		/* set (by its one field): more than rate a second after burst */
	NFT_OPEN_OVER,		/* set: more than rate connections open */
	NFT_TCP_DPORT,		/* TCP to port rate */
	NFT_LIMIT,		/* at most rate a second, burst */
	NFT_LOG,		/* text: prefix; rate: group, 0 = the kernel's log */
	NFT_COUNTER
};

struct nft_statement {
	enum nft_statement_kind kind;
	const struct nft_set *set;
	char text[32];
	bool out;
	unsigned rate, burst;
};

struct nft_rule {
	struct nft_statement statements[NFT_STATEMENTS];
	unsigned count;
	struct nft_verdict verdict;
	char comment[NFT_COMMENT];	/* "" = none */
};

enum nft_hook { NFT_HOOK_NONE = 0, NFT_HOOK_INPUT, NFT_HOOK_FORWARD, NFT_HOOK_OUTPUT };

struct nft_chain {
	char name[NFT_NAME];
	enum nft_hook hook;		/* policy drop, priority filter; NONE = jumped to */
	struct nft_rule *rules;
	unsigned count;
};

struct nft_ruleset {
	struct nft_set **sets;
	unsigned set_count;
	struct nft_chain **chains;	/* those of hooks first: fwd keeps them in place, so they are first in any listing */
	unsigned chain_count;
};

/* The caller frees it. */
struct nft_ruleset *nft_compile(const struct fw_policy *p);
void nft_ruleset_free(struct nft_ruleset *r);

/* ---- parts of it (nft_ruleset.c) ---- */

struct nft_set *nft_set_add(struct nft_ruleset *r, const char *name, const enum nft_field *fields, unsigned count, bool map);
struct nft_chain *nft_chain_add(struct nft_ruleset *r, const char *name, enum nft_hook hook);
struct nft_element *nft_element_add(struct nft_set *s);
struct nft_rule *nft_rule_add(struct nft_chain *c, const char *comment);
struct nft_statement *nft_statement_add(struct nft_rule *r, enum nft_statement_kind kind);
/* Where field i of a key begins, bytes; of the one past the last: the key's length. */
unsigned nft_key_offset(const struct nft_set *s, unsigned i);

#endif
