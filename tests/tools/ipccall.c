/*
 * ipccall: asks a room of the appliance something, for tests and for people
 * who look for a fault.
 *
 *   ipccall [-a ROOM] [-t SECONDS] ROOM TYPE [BODY]
 *
 * TYPE is the message's number (0x0103) or its name without PROTO_ (KEYD_IDENTITY).
 * BODY is JSON, or bytes as x:<hexadecimal>; absent = {}.  -a: become that room's
 * user first (needs root): rooms look at who asks.  Prints the body of the reply;
 * a reply that is not UTF-8 text as x:<hexadecimal>.
 * Exit: 0 answered, 1 refused (the error object is printed), 100 usage, 111 no answer.
 */
#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ipc/ipc.h"
#include "ipc/proto.h"

#define USAGE "usage: ipccall [-a ROOM] [-t SECONDS] ROOM TYPE [JSON | x:HEX]\n"

static const struct { const char *name; enum proto_type type; } types[] = {
#define TYPE(name) { #name, PROTO_ ## name }
	TYPE(KEYD_SIGN), TYPE(KEYD_CHAINS), TYPE(KEYD_IDENTITY), TYPE(KEYD_NAMES), TYPE(KEYD_SEAL),
	TYPE(KEYD_TICKET), TYPE(KEYD_UNSEAL), TYPE(KEYD_CLOCK), TYPE(KEYD_REQUEST), TYPE(KEYD_UPLOAD),
	TYPE(KEYD_CERTIFICATE), TYPE(HASHD_HASH), TYPE(HASHD_VERIFY),
	TYPE(CORE_VERB), TYPE(CORE_EVENTS), TYPE(CORE_WORKER), TYPE(CORE_RESULT), TYPE(STORE_BEGIN),
	TYPE(STORE_COMMIT), TYPE(STORE_GET), TYPE(STORE_DROP), TYPE(STORE_APPEND), TYPE(STORE_SYNC),
	TYPE(STORE_STATUS), TYPE(STORE_READ), TYPE(STORE_LOGS), TYPE(STORE_LOG), TYPE(SYSD_FACT), TYPE(SYSD_STATE), TYPE(SYSD_NETWORK),
	TYPE(SYSD_POWER), TYPE(NET_EVENT),
#undef TYPE
};

static _Noreturn void usage(void)
{
	fputs(USAGE, stderr);
	exit(100);
}

static _Noreturn void trouble(const char *what)
{
	fprintf(stderr, "ipccall: %s: %s\n", what, strerror(errno));
	exit(111);
}

static uint16_t parse_type(const char *text)
{
	char *end;
	unsigned long number = strtoul(text, &end, 0);

	if (*text && !*end && number && number <= UINT16_MAX)
		return (uint16_t)number;
	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (!strcmp(types[i].name, text))
			return (uint16_t)types[i].type;
	usage();
}

static const struct room *parse_room(const char *name)
{
	const struct room *room = room_by_name(name);

	if (!room) {
		fprintf(stderr, "ipccall: %s: there is no such room\n", name);
		exit(100);
	}
	return room;
}

/* A room has its own group and those of the rooms it may ask. */
static void become(const struct room *as, const struct room *to)
{
	gid_t group = to->uid + 1000;

	if (setgroups(1, &group) || setgid(as->uid) || setuid(as->uid))
		trouble(as->name);
}

/* Turns x:HEX into bytes, in place; the length. */
static uint32_t parse_body(char *body)
{
	size_t n = 0;

	if (strncmp(body, "x:", 2))
		return (uint32_t)strlen(body);
	for (const char *at = body + 2; *at; at += 2) {
		unsigned byte;

		if (sscanf(at, "%2x", &byte) != 1 || !at[1])
			usage();
		body[n++] = (char)byte;
	}
	return (uint32_t)n;
}

static void print(const uint8_t *body, uint32_t len)
{
	if (len && (*body == '{' || *body == '[')) {
		printf("%.*s\n", (int)len, (const char *)body);
		return;
	}
	fputs("x:", stdout);
	for (uint32_t i = 0; i < len; i++)
		printf("%02x", body[i]);
	putchar('\n');
}

int main(int argc, char **argv)
{
	static uint8_t reply[IPC_BODY_MAX];
	char none[] = "{}", *body = none;
	uint32_t reply_len = sizeof reply, len;
	struct ipc_sync sync = IPC_SYNC_ZERO;
	const struct room *as = NULL, *to;
	int c, seconds = 10, result;
	uint16_t type;

	while ((c = getopt(argc, argv, "+a:t:")) != -1)
		switch (c) {
		case 'a': as = parse_room(optarg); break;
		case 't': seconds = atoi(optarg); break;
		default: usage();
		}
	if (argc - optind < 2 || argc - optind > 3)
		usage();
	to = parse_room(argv[optind]);
	type = parse_type(argv[optind + 1]);
	if (argc - optind == 3)
		body = argv[optind + 2];
	len = parse_body(body);
	if (as)
		become(as, to);
	sync.to = to->id;
	result = ipc_sync_call(&sync, type, body, len, reply, &reply_len, seconds * 1000);
	if (result && errno != EREMOTEIO)
		trouble(to->name);
	print(reply, reply_len);
	return result ? 1 : 0;
}
