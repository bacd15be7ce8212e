/*
 * ipc: framed messages between rooms over unix stream sockets.
 *
 * Frame: 12-byte header, little endian, then the body:
 *   u8 version (IPC_VERSION), u8 flags, u16 type, u32 seq, u32 length.
 * Types and bodies: proto.h.  Descriptors travel by SCM_RIGHTS with the first
 * byte of their frame.  A request has a seq != 0 chosen by the caller; the
 * reply carries the same seq with IPC_REPLY (and IPC_ERROR when refused).  A
 * frame with seq 0 is a notice without reply.
 *
 * A frame that is malformed, too long or of an unknown version ends the
 * connection with a log line that names the peer.  Buffers are wiped before they
 * are freed or used again: secrets pass through them.  All calls belong to the
 * thread of the loop they were given.
 */
#ifndef CAM_IPC_H
#define CAM_IPC_H

#include <ev.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <yyjson.h>

#include "room/room.h"

#define IPC_VERSION 1
#define IPC_HEADER 12
/* Largest body, bytes: a whole box with its variables fits; larger things
 * travel as descriptors through store. */
#define IPC_BODY_MAX (4u << 20)
#define IPC_FDS_MAX 4
/* Bytes waiting to be sent on one connection before it is cut: a reader that
 * stopped reading must not eat our memory. */
#define IPC_QUEUE_MAX (32u << 20)

#define IPC_REPLY 0x01
#define IPC_ERROR 0x02

struct ipc_conn;

struct ipc_msg {
	uint16_t type;
	uint8_t flags;
	uint32_t seq;
	const uint8_t *body;	/* valid during the callback only; body[len] is 0 */
	uint32_t len;
	int fds[IPC_FDS_MAX];	/* closed after the callback unless taken */
	unsigned nfds;
};

/* Takes descriptor i out of the message: the caller now closes it. -1 if absent. */
int ipc_msg_take_fd(struct ipc_msg *msg, unsigned i);

/* Parses the body as JSON.  NULL when it is not a JSON object; else the caller
 * frees the document with yyjson_doc_free. */
yyjson_doc *ipc_msg_json(const struct ipc_msg *msg);

/* ---- a connection, from either side ---- */

/* The room at the other end (by SO_PEERCRED for servers). */
const struct room *ipc_conn_peer(const struct ipc_conn *c);
void *ipc_conn_data(const struct ipc_conn *c);
void ipc_conn_set_data(struct ipc_conn *c, void *data);

/* Queues a frame; it leaves when the loop is about to wait, together with what else this round has
 * queued.  body may be NULL when len is 0.  fds are duplicated into
 * the queue, the caller keeps its own.  Returns 0, or -1 when the connection is gone or
 * its queue is full (then it is being closed). */
int ipc_send(struct ipc_conn *c, uint8_t flags, uint16_t type, uint32_t seq,
	const void *body, uint32_t len, const int *fds, unsigned nfds);
/* The same with a body in two parts. */
int ipc_send2(struct ipc_conn *c, uint8_t flags, uint16_t type, uint32_t seq, const void *head, uint32_t head_len,
	const void *body, uint32_t len, const int *fds, unsigned nfds);
/* The same with a JSON body; frees doc. */
int ipc_send_json(struct ipc_conn *c, uint8_t flags, uint16_t type, uint32_t seq,
	yyjson_mut_doc *doc);
/* Answers a request: flags IPC_REPLY and the request's type. */
int ipc_reply(struct ipc_conn *c, const struct ipc_msg *req, const void *body, uint32_t len,
	const int *fds, unsigned nfds);
int ipc_reply_json(struct ipc_conn *c, const struct ipc_msg *req, yyjson_mut_doc *doc);
/* Refuses a request: {"code":code,"message":...}; code as an HTTP status. */
int ipc_reply_error(struct ipc_conn *c, const struct ipc_msg *req, int code,
	const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* As ipc_reply_error for a request that was kept aside by type and seq. */
int ipc_refuse(struct ipc_conn *c, uint16_t type, uint32_t seq, int code, const char *message);

/* Closes after what is queued has been sent (now = false) or at once.  The
 * closed callback runs later from the loop. */
void ipc_conn_close(struct ipc_conn *c, bool now);

/* ---- server ---- */

struct ipc_server_ops {
	/* A permitted peer connected. May be NULL. */
	void (*opened)(struct ipc_conn *c, void *arg);
	/* A whole frame arrived. */
	void (*message)(struct ipc_conn *c, struct ipc_msg *msg, void *arg);
	/* The connection ended; c is freed when this returns. May be NULL. */
	void (*closed)(struct ipc_conn *c, void *arg);
};

struct ipc_server;

/* Listens on /run/cam/<room_self()->name>/sock (0660, group of the directory).
 * Peers are accepted by SO_PEERCRED when the process table links them to this
 * room; user 0 never.  Ends the process when the socket cannot be made.
 * The returned object lives as long as the process. */
struct ipc_server *ipc_server_open(struct ev_loop *loop, const struct ipc_server_ops *ops, void *arg);

/* Calls f for every open connection. */
void ipc_server_each(struct ipc_server *s, void (*f)(struct ipc_conn *c, void *arg), void *arg);

/* ---- client ---- */

struct ipc_client;

struct ipc_client_ops {
	/* Connected (again): send hellos here.  May be NULL. */
	void (*connected)(struct ipc_client *cl, void *arg);
	/* A notice (seq 0) from the server.  May be NULL. */
	void (*notice)(struct ipc_client *cl, struct ipc_msg *msg, void *arg);
	/* The connection was lost; pending calls have already been failed.  May be NULL. */
	void (*lost)(struct ipc_client *cl, void *arg);
};

/* Connects to room `to` and stays connected: back-off from 50 ms to 2 s with
 * jitter.  Never fails.  Lives as long as the process. */
struct ipc_client *ipc_client_open(struct ev_loop *loop, enum room_id to,
	const struct ipc_client_ops *ops, void *arg);

bool ipc_client_connected(const struct ipc_client *cl);

/* The reply to a call.  error is 0 with msg set (msg->flags may carry
 * IPC_ERROR), or an errno with msg NULL: ENOTCONN, ECONNRESET, ETIMEDOUT. */
typedef void ipc_reply_fn(struct ipc_msg *msg, int error, void *arg);

/* Sends a request; reply is called exactly once, never from inside this call.
 * timeout in seconds, <= 0 = 30 s.  When not connected: waits for the connection within
 * the timeout.  fds are duplicated.  Returns nothing: failures come through reply. */
void ipc_client_call(struct ipc_client *cl, uint16_t type, const void *body, uint32_t len,
	const int *fds, unsigned nfds, double timeout, ipc_reply_fn *reply, void *arg);
/* The same with a JSON body; frees doc. */
void ipc_client_call_json(struct ipc_client *cl, uint16_t type, yyjson_mut_doc *doc,
	double timeout, ipc_reply_fn *reply, void *arg);
/* Sends a notice (seq 0); -1 when not connected. */
int ipc_client_notice(struct ipc_client *cl, uint16_t type, const void *body, uint32_t len,
	const int *fds, unsigned nfds);

/* ---- blocking client, for threads that may wait (gate's handshakes, tools) ---- */

struct ipc_sync {
	int fd;			/* -1 = not connected */
	enum room_id to;
	uint32_t seq;
};
#define IPC_SYNC_ZERO { .fd = -1 }

/* One request and its reply within timeout_ms, connecting first when needed
 * (again and again within the time).  The reply body goes to reply (capacity
 * *reply_len, which is set to its length).  Returns 0; -1 with errno: ETIMEDOUT,
 * EMSGSIZE (reply larger than the room), EPROTO (malformed), EREMOTEIO (refused; reply
 * holds the error object), or a socket error.  After an error the connection
 * is closed and made anew by the next call. */
int ipc_sync_call(struct ipc_sync *s, uint16_t type, const void *body, uint32_t len,
	void *reply, uint32_t *reply_len, int timeout_ms);
void ipc_sync_close(struct ipc_sync *s);

/* ---- the frame format alone, for the fuzz target and tests ---- */

struct ipc_header { uint8_t version, flags; uint16_t type; uint32_t seq, len; };
void ipc_header_put(uint8_t out[IPC_HEADER], const struct ipc_header *h);
/* 0, or -1 when version or length are not acceptable. */
int ipc_header_get(struct ipc_header *h, const uint8_t in[IPC_HEADER]);

#endif
