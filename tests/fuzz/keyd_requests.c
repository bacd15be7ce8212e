/* Requests of any room to keyd: byte 0 chooses the message, byte 1 the room, the rest is the body.  Every
 * request is answered once and none gives another room what is not its own. */
/* with: keyd/dispatch.c keyd/sign.c keyd/sealing.c keyd/identity.c keyd/upgrade.c keyd/built.c keyd/request.c keyd/renew.c keyd/jwt.c keyd/checkpoint.c keyd/certificate.c */
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ipc/ipc_int.h"
#include "ipc/proto.h"
#include "keyd/keyd.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Every message of keyd, and one before and one behind. */
#define MESSAGES (PROTO_KEYD_CERTIFICATE - PROTO_KEYD_SIGN + 3)

static struct keyd k;
static struct ipc_conn *conn[ROOM_COUNT];
static int far[ROOM_COUNT];

/* There is no listening socket here, so nobody to notify. */
void ipc_server_each(struct ipc_server *s, void (*f)(struct ipc_conn *c, void *arg), void *arg)
{
	(void)s;
	(void)f;
	(void)arg;
}

static void no_message(struct ipc_conn *c, struct ipc_msg *msg)
{
	(void)c;
	(void)msg;
}

static void gone(struct ipc_conn *c)
{
	conn[c->peer->id] = NULL;
}

static const struct ipc_owner owner = { no_message, gone };

static void start(void)
{
	char dir[] = "/tmp/keyd-fuzz-XXXXXX", command[64];
	const char *what;

	if (sodium_init() < 0 || !mkdtemp(dir)
			|| keyring_open(&k.ring, dir, 1793491200, keyd_now(), &what) != KEYRING_MADE)
		abort();
	snprintf(command, sizeof command, "rm -r %s", dir);
	if (system(command))
		abort();
	/* nothing can be written from here on: every new leaf stays in memory */
	close(k.ring.dir);
	k.ring.dir = -1;
	k.ring.jwt = sodium_malloc(sizeof *k.ring.jwt);
	if (!jwt_key_make(k.ring.jwt, &k.ring.jwt_public))
		abort();
	k.ticket_key = sodium_malloc(SEAL_KEY);
	randombytes_buf(k.ticket_key, SEAL_KEY);
	k.loop = EV_DEFAULT;
	keyd_renew_start(&k);
	keyd_certificate_start(&k);
}

static void connect_room(enum room_id id)
{
	int pair[2];

	if (conn[id])
		return;
	if (far[id])
		close(far[id]);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair))
		abort();
	far[id] = pair[1];
	conn[id] = ipc_conn_new(k.loop, pair[0], room_by_id(id), &owner, NULL);
}

/* The one answer: its flags; -1 when the connection was ended instead. */
static int answer(enum room_id id, uint16_t type)
{
	static uint8_t frame[1 << 18];
	ssize_t n = read(far[id], frame, sizeof frame);
	struct ipc_header h;

	if (n <= 0)
		return -1;
	if (n < IPC_HEADER || ipc_header_get(&h, frame) || h.len != (size_t)n - IPC_HEADER || h.seq != 9
			|| h.type != type || !(h.flags & IPC_REPLY))
		abort();
	return h.flags;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t body[KEYD_BODY_MAX + 64];
	struct ipc_msg msg = { .seq = 9, .body = body };
	enum room_id id;
	int flags;

	if (!k.loop)
		start();
	if (size < 2 || size - 2 >= sizeof body)
		return 0;
	msg.type = (uint16_t)(PROTO_KEYD_SIGN - 1 + data[0] % MESSAGES);
	id = (enum room_id)(1 + data[1] % (ROOM_COUNT - 1));
	msg.len = (uint32_t)(size - 2);
	memcpy(body, data + 2, msg.len);
	body[msg.len] = 0;
	connect_room(id);
	keyd_dispatch(&k, conn[id], &msg);
	/* frames leave when the loop comes round */
	ev_run(k.loop, EVRUN_NOWAIT);
	flags = answer(id, msg.type);
	if (flags == -1 && msg.type >= PROTO_KEYD_SIGN && msg.type <= PROTO_KEYD_CERTIFICATE)
		abort();
	if (flags == IPC_REPLY && (msg.type == PROTO_KEYD_UNSEAL || (msg.type == PROTO_KEYD_SEAL && id != ROOM_CORE)
			|| (msg.type >= PROTO_KEYD_JWT && id != ROOM_CORE)
			|| (msg.type == PROTO_KEYD_SIGN && id != ROOM_GATE)))
		abort();	/* a ticket was forged, or a stranger was served */
	ev_run(k.loop, EVRUN_NOWAIT);
	return 0;
}
