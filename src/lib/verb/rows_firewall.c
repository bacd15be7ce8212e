/* Verbs of the firewall. */
#include "verb/verb.h"

/* Words of an address, a name, a list of peers with addresses: bytes. */
#define WORD_MAX 64
#define PEERS_MAX 65536
/* Lines of a customer's own table. */
#define LINES_MAX 4096

static const struct verb_arg none[] = {
	{ .type = VERB_NONE },
};

static const struct verb_arg rules_args[] = {
	{ "profile", VERB_STRING, false, 1, WORD_MAX, "one profile; none = all" },
	{ .type = VERB_NONE },
};

static const struct verb_arg export_args[] = {
	{ "profile", VERB_STRING, false, 1, WORD_MAX, "what the file is for; none = the appliance" },
	{ "format", VERB_STRING, true, 1, WORD_MAX, "one of the formats of firewall.profiles" },
	{ "peers", VERB_STRING, false, 0, PEERS_MAX, "addresses of peers: vms=10.1.0.0/16;appliance=10.0.0.5,fd00::5" },
	{ .type = VERB_NONE },
};

static const struct verb_arg explain_args[] = {
	{ "profile", VERB_STRING, false, 1, WORD_MAX, "whose rules; none = the appliance's" },
	{ "peers", VERB_STRING, false, 0, PEERS_MAX, "addresses of peers, as in firewall.export" },
	{ "from", VERB_STRING, true, 1, WORD_MAX, "source address" },
	{ "to", VERB_STRING, true, 1, WORD_MAX, "destination address" },
	{ "proto", VERB_STRING, true, 1, WORD_MAX, "tcp, udp, icmp, icmp6 or a number" },
	{ "dport", VERB_STRING, false, 1, WORD_MAX, "destination port" },
	{ "sport", VERB_STRING, false, 1, WORD_MAX, "source port" },
	{ "type", VERB_STRING, false, 1, WORD_MAX, "type of ICMP" },
	{ "flags", VERB_STRING, false, 1, WORD_MAX, "TCP flags, letters of FSRPAU; none = a new connection" },
	{ "state", VERB_STRING, false, 1, WORD_MAX, "new, established or related" },
	{ "room", VERB_STRING, false, 1, WORD_MAX, "whose socket sends" },
	{ "direction", VERB_STRING, false, 1, WORD_MAX, "in or out; none = by the appliance's addresses" },
	{ .type = VERB_NONE },
};

static const struct verb_arg own_args[] = {
	{ "lines", VERB_ARRAY, true, 0, LINES_MAX, "the whole table, a text for each line; none = no own table" },
	{ .type = VERB_NONE },
};

static const struct verb_arg confirm_args[] = {
	{ "generation", VERB_INTEGER, true, 1, INT64_MAX, "of the change" },
	{ .type = VERB_NONE },
};

const struct verb verb_rows_firewall[] = {
	{ .name = "firewall.profiles", .method = "GET", .path = "/services/firewall/profiles", .role = VERB_ROLE_ADMIN,
	  .args = none, .help = "profiles, peers, conditions and formats of the port tables", .status = 200, .reply = "firewall-profiles" },
	{ .name = "firewall.rules", .method = "GET", .path = "/services/firewall/rules", .role = VERB_ROLE_ADMIN,
	  .args = rules_args, .help = "lines of the port tables", .status = 200, .reply = "firewall-rules" },
	{ .name = "firewall.export", .method = "GET", .path = "/services/firewall/export", .role = VERB_ROLE_ADMIN,
	  .args = export_args, .help = "a profile in the format of a firewall or a cloud", .status = 200, .reply = "file" },
	{ .name = "firewall.explain", .method = "GET", .path = "/services/firewall/explain", .role = VERB_ROLE_ADMIN,
	  .args = explain_args, .help = "would this packet pass, and which line says so?", .status = 200, .reply = "firewall-verdict" },
	{ .name = "firewall.status", .method = "GET", .path = "/services/firewall/status", .role = VERB_ROLE_ADMIN,
	  .args = none, .help = "what is enforced: counters, last drops, tables of others", .status = 200, .reply = "firewall-status" },
	{ .name = "firewall.own.get", .method = "GET", .path = "/services/firewall/own", .role = VERB_ROLE_ADMIN,
	  .args = none, .help = "the customer's own table", .status = 200, .reply = "firewall-own" },
	{ .name = "firewall.own.put", .method = "PUT", .path = "/services/firewall/own", .role = VERB_ROLE_ADMIN, .writes = true,
	  .args = own_args, .help = "change it: goes back by itself after 30 seconds unless confirmed", .status = 200,
	  .reply = "firewall-change" },
	{ .name = "firewall.confirm", .method = "POST", .path = "/services/firewall/confirm", .role = VERB_ROLE_ADMIN, .writes = true,
	  .args = confirm_args, .help = "keep a change; from a new connection", .status = 204 },
	{ .name = "firewall.model", .role = VERB_ROLE_FWD,
	  .args = none, .help = "what the firewall shall be", .status = 200, .reply = "firewall-model" },
	{ .name = NULL },
};
