/* with: api/agents.c api/output.c api/limits.c */
/*
 * What an agent sends, through its channel: records of kind (text, output, an answer of core or store), length and bytes.
 * No crash, no leak, and what goes to the rooms is JSON.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/agents.h"
#include "api/call.h"
#include "api/limits.h"
#include "api/peers.h"
#include "api/stored.h"
#include "api/ws.h"

#define WAITING 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct { ipc_reply_fn *reply; void *arg; } waiting[WAITING];
static unsigned asked, answered;
static struct ws *the_ws;
static const char *const bodies[] = { "{}", "{\"limit\":100}", "{\"length\":5}", "{\"code\":409,\"length\":0}", "{\"code\":507}", "{\"code\":503}" };

static void ask(const void *body, uint32_t len, ipc_reply_fn *reply, void *arg)
{
	yyjson_doc *doc = yyjson_read(body, len, 0);

	if (!doc || asked == WAITING)
		abort();
	yyjson_doc_free(doc);
	waiting[asked].reply = reply;
	waiting[asked++].arg = arg;
}

static void answer(unsigned how)
{
	const char *body = bodies[how % 6];
	struct ipc_msg msg = { .flags = how % 6 > 2 ? IPC_REPLY | IPC_ERROR : IPC_REPLY, .body = (const uint8_t *)body,
		.len = (uint32_t)strlen(body) };
	bool lost = how % 7 == 6;

	if (answered < asked) {
		answered++;
		waiting[answered - 1].reply(lost ? NULL : &msg, lost ? ECONNRESET : 0, waiting[answered - 1].arg);
	}
}

struct ipc_client *call_core(void) { return NULL; }
void stored_call(uint16_t t, const char *b, uint32_t n, ipc_reply_fn *r, void *a) { (void)t; ask(b, n, r, a); }
void ipc_client_call(struct ipc_client *c, uint16_t t, const void *b, uint32_t n, const int *f, unsigned k, double s, ipc_reply_fn *r,
	void *a) { (void)c; (void)t; (void)f; (void)k; (void)s; ask(b, n, r, a); }
int ipc_client_notice(struct ipc_client *c, uint16_t t, const void *b, uint32_t n, const int *f, unsigned k) { (void)c; (void)t; (void)b;
	(void)n; (void)f; (void)k; return 0; }
yyjson_doc *ipc_msg_json(const struct ipc_msg *m) { return m ? yyjson_read((const char *)m->body, m->len, 0) : NULL; }
struct ws *ws_new(const struct ws_kind *k, struct peer *p) { (void)p; the_ws = calloc(1, k->size); the_ws->kind = k; return the_ws; }
void ws_adopt(struct ws *w, int fd, const char *head, size_t len) { (void)fd; (void)head; (void)len; w->kind->opened(w); }
bool ws_send(struct ws *w, const char *t, size_t n) { (void)w; (void)t; return n > 0; }
void ws_end(struct ws *w, int code, const char *why) { w->end_code = why ? code : 1; }
void ws_wait(struct ws *w, double s) { (void)w; (void)s; }
void ws_read(struct ws *w, bool on) { w->silent = !on; }

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t hash[AUTH_HASH] = { 0 };

	asked = answered = 0;
	agents_open(EV_DEFAULT);
	agents_adopt(-1, NULL, "", 0, agents_number(), hash);
	while (size >= 3 && !the_ws->end_code && asked < WAITING - 64) {
		size_t n = (size_t)data[1] << 8 | data[2], len = n < size - 3 ? n : size - 3;
		char *copy = malloc(len + 1);

		memcpy(copy, data + 3, len);
		copy[len] = '\0';
		if (data[0] % 3 == 0 && len <= AGENTS_TEXT)
			agents_kind.text(the_ws, copy, len);
		else if (data[0] % 3 == 1)
			agents_kind.bytes(the_ws, (const uint8_t *)copy, len);
		else
			answer(data[0]);
		free(copy);
		ev_run(EV_DEFAULT, EVRUN_NOWAIT);
		data += 3 + len;
		size -= 3 + len;
	}
	agents_kind.gone(the_ws);
	free(the_ws);
	while (answered < asked)
		answer(0);
	if (agents_count() || !limits_take(LIMIT_MEMORY))
		abort();
	limits_give(LIMIT_MEMORY);
	return 0;
}
