#include <stdio.h>
#include <string.h>

#include "call.h"
#include "ipc/proto.h"
#include "log/log.h"
#include "request.h"
#include "stored.h"

/* Seconds store has for an answer: a copy of the largest file and its sync on a slow disk. */
#define PATIENCE 30.

static struct ipc_client *store;
static unsigned generation;

unsigned stored_generation(void)
{
	return generation;
}

static void on_connected(struct ipc_client *cl, void *arg)
{
	(void)cl;
	(void)arg;
	log_info("store: connected");
}

static void on_lost(struct ipc_client *cl, void *arg)
{
	(void)cl;
	(void)arg;
	generation++;
	log_warn("store: connection: lost");
}

void stored_open(struct ev_loop *loop)
{
	static const struct ipc_client_ops ops = { .connected = on_connected, .lost = on_lost };

	store = ipc_client_open(loop, ROOM_STORE, &ops, NULL);
}

void stored_ask(struct request *r, uint16_t type, const char *body, ipc_reply_fn *answer)
{
	r->asked = true;
	conn_want_answer(r->conn);
	ipc_client_call(store, type, body, (uint32_t)strlen(body), NULL, 0, PATIENCE, answer, r);
}

void stored_call(uint16_t type, const char *body, uint32_t len, ipc_reply_fn *answer, void *arg)
{
	ipc_client_call(store, type, body, len, NULL, 0, PATIENCE, answer, arg);
}

struct request *stored_returned(struct request *r)
{
	r->asked = false;
	if (r->conn)
		return r;
	request_free(r);
	return NULL;
}

static void forgotten(struct ipc_msg *msg, int error, void *arg)
{
	(void)msg;
	(void)error;
	(void)arg;
}

void stored_forget(unsigned of, uint64_t upload)
{
	char body[48];
	int n;

	if (of != generation || !upload)
		return;
	n = snprintf(body, sizeof body, "{\"upload\":%llu}", (unsigned long long)upload);
	ipc_client_call(store, PROTO_STORE_FORGET, body, (uint32_t)n, NULL, 0, PATIENCE, forgotten, NULL);
}

void stored_refused(struct request *r, const struct ipc_msg *msg, int error)
{
	yyjson_doc *doc = error ? NULL : ipc_msg_json(msg);
	int code = yyjson_get_int(yyjson_obj_get(yyjson_doc_get_root(doc), "code"));

	yyjson_doc_free(doc);
	if (code == 507)
		request_refuse(r, 507, "There is no space left for files.");
	else
		request_refuse(r, 503, "The appliance cannot keep or read files at the moment; try again.");
}
