/* keyd: which room may ask for what. */
#include "ipc/proto.h"
#include "keyd.h"
#include "log/log.h"

#define ANY (~0u)

static const struct {
	enum proto_type type;
	uint32_t rooms;			/* ROOM_BITs */
	keyd_handler *handle;
} requests[] = {
	{ PROTO_KEYD_SIGN, ROOM_BIT(ROOM_GATE), keyd_sign },
	{ PROTO_KEYD_CHAINS, ROOM_BIT(ROOM_GATE), keyd_chains },
	{ PROTO_KEYD_IDENTITY, ROOM_BIT(ROOM_CORE), keyd_identity },
	{ PROTO_KEYD_NAMES, ROOM_BIT(ROOM_CORE), keyd_names },
	{ PROTO_KEYD_SEAL, ROOM_BIT(ROOM_CORE), keyd_seal },
	{ PROTO_KEYD_TICKET, ROOM_BIT(ROOM_CORE), keyd_ticket },
	{ PROTO_KEYD_UNSEAL, ANY, keyd_unseal },	/* the ticket says which room */
	{ PROTO_KEYD_CLOCK, ROOM_BIT(ROOM_SYSD) | ROOM_BIT(ROOM_CORE), keyd_clock },
	{ PROTO_KEYD_JWT, ROOM_BIT(ROOM_CORE), keyd_jwt },
	{ PROTO_KEYD_CHECKPOINT, ROOM_BIT(ROOM_CORE), keyd_checkpoint },
	{ PROTO_KEYD_REQUEST, ROOM_BIT(ROOM_CORE), keyd_request },
	{ PROTO_KEYD_UPLOAD, ROOM_BIT(ROOM_CORE), keyd_upload },
	{ PROTO_KEYD_CERTIFICATE, ROOM_BIT(ROOM_CORE), keyd_certificate },
};

void keyd_dispatch(struct keyd *k, struct ipc_conn *c, struct ipc_msg *msg)
{
	const struct room *peer = ipc_conn_peer(c);

	for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
		if (requests[i].type != msg->type)
			continue;
		if (requests[i].rooms & ROOM_BIT(peer->id)) {
			requests[i].handle(k, c, msg);
			return;
		}
		log_warn("%s: message 0x%04x refused: not for this room", peer->name, msg->type);
		ipc_reply_error(c, msg, 403, "%s may not ask for this", peer->name);
		return;
	}
	/* a peer that speaks another protocol is not to be trusted with this one */
	log_warn("%s: connection ended: unknown message 0x%04x", peer->name, msg->type);
	ipc_conn_close(c, true);
}
