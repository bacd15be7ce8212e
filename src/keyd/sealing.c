/* keyd: secrets at rest, and the tickets to read them. */
#include <sodium.h>

#include "ipc/proto.h"
#include "keyd.h"
#include "request.h"
#include "log/log.h"
#include "plat/clock.h"

/* One request at a time: its secret and its sealed form; wiped after each. */
static uint8_t plain[KEYD_PLAIN_MAX];
static uint8_t sealed[KEYD_PLAIN_MAX + SEAL_OVERHEAD];

/* Reads the members object and field. */
static int read_place(yyjson_val *root, struct seal_place *place)
{
	place->object = keyd_request_text(root, "object", SEAL_NAME_MAX);
	place->field = keyd_request_text(root, "field", SEAL_NAME_MAX);
	return place->object && place->field ? 0 : -1;
}

static void refuse_place(struct ipc_conn *c, struct ipc_msg *msg)
{
	ipc_reply_error(c, msg, 400, "object and field are texts of 1 to %d bytes", SEAL_NAME_MAX);
}

static void seal_it(struct keyd *k, struct ipc_conn *c, struct ipc_msg *msg, yyjson_val *root)
{
	struct seal_place place;
	size_t len;

	if (read_place(root, &place)) {
		refuse_place(c, msg);
		return;
	}
	if (keyd_request_bytes(root, "plain", plain, sizeof plain, &len)) {
		ipc_reply_error(c, msg, 400, "plain is base64url of at most %u bytes", KEYD_PLAIN_MAX);
		return;
	}
	if (seal_close(sealed, k->ring.secrets->master, &place, plain, len))
		ipc_reply_error(c, msg, 500, "the secret could not be sealed");
	else
		keyd_reply_bytes(c, msg, "sealed", sealed, len + SEAL_OVERHEAD);
	sodium_memzero(plain, len);
}

void keyd_seal(struct keyd *k, struct ipc_conn *c, struct ipc_msg *msg)
{
	yyjson_val *root = keyd_request_open(c, msg);

	if (!root)
		return;
	seal_it(k, c, msg, root);
	keyd_request_close(msg);
}

static void make_ticket(struct keyd *k, struct ipc_conn *c, struct ipc_msg *msg, yyjson_val *root)
{
	const char *name = keyd_request_text(root, "room", 32);
	const struct room *room = name ? room_by_name(name) : NULL;
	int64_t lifetime = yyjson_get_sint(yyjson_obj_get(root, "lifetime"));
	uint8_t ticket[SEAL_TICKET];
	struct seal_place place;

	if (!room) {
		ipc_reply_error(c, msg, 400, "there is no such room");
		return;
	}
	if (!yyjson_is_int(yyjson_obj_get(root, "lifetime")) || lifetime < 1 || lifetime > KEYD_TICKET_MAX) {
		ipc_reply_error(c, msg, 400, "lifetime is 1 to %d seconds", KEYD_TICKET_MAX);
		return;
	}
	if (read_place(root, &place)
			|| seal_ticket_make(ticket, k->ticket_key, room->id,
				plat_clock_boot() + lifetime * PLAT_SECOND, &place)) {
		refuse_place(c, msg);
		return;
	}
	keyd_reply_bytes(c, msg, "ticket", ticket, sizeof ticket);
}

void keyd_ticket(struct keyd *k, struct ipc_conn *c, struct ipc_msg *msg)
{
	yyjson_val *root = keyd_request_open(c, msg);

	if (!root)
		return;
	make_ticket(k, c, msg, root);
	keyd_request_close(msg);
}

static void unseal_it(struct keyd *k, struct ipc_conn *c, struct ipc_msg *msg, yyjson_val *root)
{
	const struct room *peer = ipc_conn_peer(c);
	uint8_t ticket[SEAL_TICKET];
	struct seal_place place;
	size_t len, ticket_len;

	if (read_place(root, &place)) {
		refuse_place(c, msg);
		return;
	}
	if (keyd_request_bytes(root, "ticket", ticket, sizeof ticket, &ticket_len)
			|| keyd_request_bytes(root, "sealed", sealed, sizeof sealed, &len)) {
		ipc_reply_error(c, msg, 400, "sealed and ticket are base64url");
		return;
	}
	switch (seal_ticket_check(ticket, ticket_len, k->ticket_key, peer->id, plat_clock_boot(), &place)) {
	case SEAL_TICKET_GOOD:
		break;
	case SEAL_TICKET_EXPIRED:
		ipc_reply_error(c, msg, 403, "the ticket has expired");
		return;
	case SEAL_TICKET_INVALID:
		log_warn("%s: %s of %s not unsealed: the ticket is not for this room and place",
			peer->name, place.field, place.object);
		ipc_reply_error(c, msg, 403, "the ticket is not for this room and place");
		return;
	}
	if (seal_open(plain, &len, k->ring.secrets->master, &place, sealed, len)) {
		log_warn("%s: %s of %s not unsealed: not sealed here for this place, or changed",
			peer->name, place.field, place.object);
		ipc_reply_error(c, msg, 422, "the sealed value was changed or belongs to another place");
		return;
	}
	keyd_reply_bytes(c, msg, "plain", plain, len);
	sodium_memzero(plain, len);
}

void keyd_unseal(struct keyd *k, struct ipc_conn *c, struct ipc_msg *msg)
{
	yyjson_val *root = keyd_request_open(c, msg);

	if (!root)
		return;
	unseal_it(k, c, msg, root);
	keyd_request_close(msg);
}
