/*
 * firewall: the port tables, the policy made from them, what it decides, and
 * its formats.
 *
 * The tables (firewall/ *.fw, linked in) are the one source: what the appliance
 * enforces, what is exported, the documents and every explanation come from
 * them.  A policy is one profile of the tables with addresses in the place of
 * its peers.  No function looks at the machine or resolves a name.
 */
#ifndef CAM_FIREWALL_H
#define CAM_FIREWALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "addr/addr.h"

/* Bytes of a name in the tables, with its 0. */
#define FW_NAME 41
/* Bytes of a purpose, a title, a source, with its 0. */
#define FW_TEXT 201
/* Port ranges, or ICMP types, of one line. */
#define FW_RANGES 32
/* Lines of all tables together, a customer's own included. */
#define FW_RULES_MAX 2048
/* Sources, peers, conditions, profiles: of each. */
#define FW_WORDS_MAX 128
/* Prefixes of one peer. */
#define FW_PREFIXES_MAX 4096
/* Bytes of one table. */
#define FW_FILE_MAX (1u << 20)
/* Bytes of an error's sentence: "file:line:column: what". */
#define FW_ERROR 320

enum fw_direction { FW_DIRECTION_NONE = 0, FW_IN, FW_OUT };
enum fw_protocol { FW_PROTOCOL_NONE = 0, FW_TCP, FW_UDP, FW_ICMP, FW_ICMP6, FW_OTHER };

/* A rule's condition: none. */
#define FW_ALWAYS UINT32_MAX

struct fw_range { uint16_t first, last; };

struct fw_place { const char *file; unsigned line; };

enum fw_peer_kind { FW_PEER_NONE = 0, FW_PEER_NAMED, FW_PEER_ANY, FW_PEER_FIXED };

struct fw_prefixes {
	struct addr_prefix *list;
	unsigned count;
};

struct fw_word {		/* a source, a condition, a profile */
	char name[FW_NAME];
	char text[FW_TEXT];
	struct fw_place place;
};

struct fw_peer {
	char name[FW_NAME];
	char text[FW_TEXT];
	struct fw_place place;
	enum fw_peer_kind kind;
	struct fw_prefixes fixed;
};

struct fw_rule {
	char id[FW_NAME];
	char room[FW_NAME];		/* "" = any */
	char purpose[FW_TEXT];
	struct fw_place place;
	enum fw_direction direction;
	enum fw_protocol protocol;
	struct fw_range ranges[FW_RANGES];	/* ascending, apart */
	unsigned range_count;
	unsigned profile, peer, condition, source;	/* places in the tables' lists */
	/* what one source may do (limit); 0 = no limit */
	unsigned rate, burst, open;	/* new connections a second, at once, open at once */
	/* what a customer's own file took away */
	bool narrowed, off;
	struct fw_prefixes within;
	char reason[FW_TEXT];
};

struct fw_tables {
	struct fw_word sources[FW_WORDS_MAX], conditions[FW_WORDS_MAX], profiles[FW_WORDS_MAX];
	struct fw_peer peers[FW_WORDS_MAX];
	unsigned source_count, condition_count, profile_count, peer_count;
	struct fw_rule *rules;
	unsigned rule_count;
	char *files[16];		/* names, kept for the places */
	unsigned file_count;
};

/* ---- tables (parse.c, builtin.c) ---- */

/* Reads one table's text on top of what t has; own: a customer's file, which may add lines (their ids
 * begin with "own-") and narrow others, and may not define a word or a line anew.  0, or -1 with
 * "file:line:column: what" in error; t is then to be freed, it may have a part of the file. */
int fw_parse(struct fw_tables *t, const char *file, const char *text, size_t len, bool own, char error[FW_ERROR]);
/* The tables of this tree.  Never NULL: ends the process when they are damaged (a test reads them). */
struct fw_tables *fw_tables_new(void);
void fw_tables_free(struct fw_tables *t);
/* Place in the list, or -1. */
int fw_peer_find(const struct fw_tables *t, const char *name);
int fw_profile_find(const struct fw_tables *t, const char *name);
int fw_condition_find(const struct fw_tables *t, const char *name);
const struct fw_rule *fw_rule_find(const struct fw_tables *t, const char *id);

/* "tcp", "out", ... */
const char *fw_protocol_name(enum fw_protocol p);
const char *fw_direction_name(enum fw_direction d);
/* "443,8085", "5985-5986"; between: what stands between first and last. */
void fw_ranges_text(const struct fw_range *r, unsigned count, const char *between, char *out, size_t size);
#define FW_RANGES_TEXT (FW_RANGES * 12)

/* ---- policy (policy.c) ---- */

/* Addresses that a peer has for one of its ports alone. */
struct fw_narrow {
	unsigned peer;			/* place in the tables */
	uint16_t port;
	struct fw_prefixes list;
};

/* Which peers there are, and what is on. */
struct fw_binding {
	struct fw_prefixes peers[FW_WORDS_MAX];	/* by place in the tables; empty = not given */
	struct fw_narrow *narrow;		/* more of them: a line that has the port is on for these, as its id and the port */
	unsigned narrow_count;
	bool on[FW_WORDS_MAX];			/* conditions */
	struct fw_prefixes self;		/* the addresses the profile's machine has itself */
	bool every_room;			/* also lines of rooms this build does not have: to be talked about, not enforced */
};

/* Adds "10.0.0.0/8,fd00::1" to a list; host bits must be 0.  0, or -1 with a sentence. */
int fw_prefixes_add(struct fw_prefixes *p, const char *text, char error[FW_ERROR]);
void fw_prefixes_free(struct fw_prefixes *p);
/* Adds an address to what a peer has for one port. The same ends. */
int fw_narrow_add(struct fw_binding *b, unsigned peer, uint16_t port, const char *text, char error[FW_ERROR]);
void fw_binding_free(struct fw_binding *b);

/* A line of a policy: a rule that is on, with its addresses. */
struct fw_line {
	const struct fw_rule *rule;
	struct fw_prefixes peers;	/* empty = any address */
	bool restricted;		/* by user: uid */
	unsigned uid;
};

struct fw_policy {
	const struct fw_tables *tables;
	unsigned profile;
	struct fw_line *lines;
	unsigned count, capacity;
	struct fw_rule **narrowed;	/* of lines for one port of a rule: "openstack-out-8774" */
	unsigned narrowed_count;
	struct fw_prefixes self;
	bool enforced;			/* the appliance's own: rooms' users, its own log group */
	bool unlimited;			/* without the limits per source, for tests */
};

/* Log group (nfnetlink_log) of what the appliance drops; fwd reads it. */
#define FW_LOG_GROUP 3

/* Makes the policy of a profile.  NULL with a sentence in error: a condition that is on names a peer
 * that has no address.  Lines of rooms this build does not have are left out.  The caller frees it; t must live longer. */
struct fw_policy *fw_policy_new(const struct fw_tables *t, unsigned profile, const struct fw_binding *b,
	char error[FW_ERROR]);
void fw_policy_free(struct fw_policy *p);

/* ---- what it decides (explain.c) ---- */

enum fw_state { FW_STATE_NONE = 0, FW_NEW, FW_ESTABLISHED, FW_RELATED };

struct fw_packet {
	enum fw_direction direction;
	struct addr from, to;
	enum fw_protocol protocol;
	unsigned number;		/* IP protocol number for FW_OTHER */
	uint16_t sport, dport;
	uint8_t type, code;		/* ICMP */
	uint8_t flags;			/* TCP, RFC 9293 §3.1; FW_SYN when it opens a connection */
	enum fw_state state;		/* what went before; invalid follows from the packet */
	bool loopback;
	bool socket;			/* sent by a socket of user uid */
	unsigned uid;
};
#define FW_FIN 0x01
#define FW_SYN 0x02
#define FW_RST 0x04
#define FW_PSH 0x08
#define FW_ACK 0x10
#define FW_URG 0x20

/* The words a packet is given by, NULL = not given: numbers as text, flags as letters of FSRPAU or "-", room a room's name or
 * a user's number, direction in or out (else by the policy's own addresses). */
struct fw_packet_words {
	const char *from, *to, *protocol, *dport, *sport, *type, *flags, *state, *room, *direction;
	bool loopback;
};

/* (packet.c) NULL, or what is wrong: "name: what is expected". */
const char *fw_packet_read(struct fw_packet *k, const struct fw_policy *p, const struct fw_packet_words *words);

struct fw_verdict {
	bool pass;
	const struct fw_line *line;	/* that decided, or NULL */
	const char *reason;		/* for a person, a constant */
};

/* The verdict on one packet (a whole one: fragments are put together before rules see them). */
void fw_explain(const struct fw_policy *p, const struct fw_packet *packet, struct fw_verdict *v);

/* ---- the formats (formats.c names each; one file each) ---- */

enum fw_check { FW_CHECK_NONE = 0, FW_CHECK_CONSUMER, FW_CHECK_SCHEMA, FW_CHECK_EYE, FW_CHECK_UNCHECKED };

struct fw_format {
	const char *name;		/* as in --format */
	const char *title;
	const char *suffix;		/* of files */
	enum fw_check check;
	const char *how;		/* how it is loaded, one line */
	const char *note;		/* what the format cannot say, or "" */
	void (*write)(const struct fw_policy *p, FILE *out);
};

/* In order; NULL past the end. */
const struct fw_format *fw_format_at(unsigned i);
const struct fw_format *fw_format_by_name(const char *name);
const char *fw_check_text(enum fw_check c);

/* The tables as Markdown, for docs/firewall.md. */
void fw_document(const struct fw_tables *t, FILE *out);

#endif
