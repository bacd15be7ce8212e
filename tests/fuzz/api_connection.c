/* with: api/access.c api/arguments.c api/auth.c api/bootstrap.c api/call.c api/channel.c api/conn.c api/description.c api/download.c api/events.c api/files.c api/limits.c api/list.c api/parts.c api/peers.c api/reply.c api/spare.c api/request.c api/ring.c api/socket.c api/stored.c api/upload.c api/viewers.c */
/*
 * Bytes of a client through a whole connection of api, with a core that gives
 * every kind of answer: no crash, no leak, and whatever comes back is HTTP.
 * The first byte chooses core's answers, the second how the input is cut.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/access.h"
#include "api/agents.h"
#include "api/bootstrap.h"
#include "api/call.h"
#include "api/conn.h"
#include "api/files.h"
#include "api/live.h"
#include "ipc/ipc.h"
#include "ipc/proto.h"
#include "log/log.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

#define ANSWERS_MAX 4096
/* What core and store say of a file; with a descriptor, and for all questions of an input, uploads and downloads
 * come to their end. */
#define DIGEST "0123456789012345678901234567890123456789012345678901234567890123"
#define STORED "{\"status\":200,\"body\":{},\"upload\":1,\"length\":1,\"digest\":\"" DIGEST "\"," \
	"\"file\":{\"name\":\"n\",\"content_type\":\"a/b\",\"digest\":\"" DIGEST "\"}}"

/* ---- a core of our own ---- */

static struct {
	ipc_reply_fn *reply;
	void *arg;
} waiting[ANSWERS_MAX];
static unsigned asked, answered, choice;

static const struct {
	int error;
	uint8_t flags;
	const char *body;
} answers[] = {
	{ 0, IPC_REPLY, "{\"status\":200,\"body\":{\"a\":[1,2]}}" },
	{ 0, IPC_REPLY, "{\"status\":200,\"text\":\"token\"}" },
	{ 0, IPC_REPLY, "{\"status\":200,\"bytes\":\"MIIB-_8\",\"content_type\":\"application/pkix-crl\",\"file\":\"a.crl\"}" },
	{ 0, IPC_REPLY, "{\"status\":200,\"bytes\":\"A\",\"content_type\":\"a\\r\\nX: y\",\"file\":\"a\\\"b\"}" },
	{ 0, IPC_REPLY, "{\"status\":204,\"session\":\"\"}" },
	{ 0, IPC_REPLY, "{\"status\":200,\"body\":{\"csrf\":\"c\"},\"session\":\"s\",\"csrf\":\"c\"}" },
	{ 0, IPC_REPLY, "{\"status\":429,\"body\":{\"message\":\"m\"},\"retry_after\":3}" },
	{ 0, IPC_REPLY, "{\"status\":200,\"session\":\"a b\\r\\nX: y\"}" },
	{ 0, IPC_REPLY | IPC_ERROR, "{\"code\":507,\"message\":\"full\"}" },
	{ 0, IPC_REPLY | IPC_ERROR, "{\"code\":7}" },
	{ 0, IPC_REPLY, "{\"status\":99}" },
	{ 0, IPC_REPLY, "not JSON" },
	{ 0, IPC_REPLY, "{\"status\":200,\"next\":\"c\"}\n{\"a\":1},{\"b\":2}" },
	{ 0, IPC_REPLY, "{\"status\":200,\"next\":\"\"}\n{\"a\":1}" },
	{ 0, IPC_REPLY, "{\"status\":200,\"next\":\"d\"}\n" },
	{ 0, IPC_REPLY, "{\"status\":403,\"body\":{\"message\":\"m\"}}\n" },
	{ 0, IPC_REPLY, STORED },
	{ 0, IPC_REPLY, "{\"status\":200,\"body\":{\"name\":\"n\",\"ca_pem\":\"c\"},\"parts\":[{\"text\":\"t\"},{\"segment\":\"s\",\"from\":0}]}" },
	{ ENOTCONN, 0, NULL },
	{ ECONNRESET, 0, NULL },
	{ ETIMEDOUT, 0, NULL },
};

struct ipc_client *ipc_client_open(struct ev_loop *loop, enum room_id to,
	const struct ipc_client_ops *ops, void *arg)
{
	(void)loop;
	/* Core's events are followed from the start. */
	if (to == ROOM_CORE && ops->connected)
		ops->connected(NULL, arg);
	return NULL;
}

bool ipc_client_connected(const struct ipc_client *cl)
{
	(void)cl;
	return true;
}

void ipc_client_call(struct ipc_client *cl, uint16_t type, const void *body, uint32_t len,
	const int *fds, unsigned nfds, double timeout, ipc_reply_fn *reply, void *arg)
{
	yyjson_doc *doc = yyjson_read(body, len, 0);

	(void)cl;
	(void)type;
	(void)fds;
	(void)nfds;
	(void)timeout;
	/* What api sends core must be JSON whatever the client sent. */
	if (!doc || asked == ANSWERS_MAX)
		abort();
	yyjson_doc_free(doc);
	waiting[asked].reply = reply;
	waiting[asked++].arg = arg;
}

void ipc_client_call_json(struct ipc_client *cl, uint16_t type, yyjson_mut_doc *doc,
	double timeout, ipc_reply_fn *reply, void *arg)
{
	static const char bounds[] = "{\"tail\":1,\"head\":0}";
	struct ipc_msg msg = { .flags = IPC_REPLY, .body = (const uint8_t *)bounds, .len = sizeof bounds - 1 };

	(void)cl;
	(void)timeout;
	yyjson_mut_doc_free(doc);
	if (type == PROTO_CORE_EVENTS) {
		reply(&msg, 0, arg);
		return;
	}
	if (asked == ANSWERS_MAX)
		abort();
	waiting[asked].reply = reply;
	waiting[asked++].arg = arg;
}

int ipc_client_notice(struct ipc_client *cl, uint16_t type, const void *body, uint32_t len,
	const int *fds, unsigned nfds)
{
	(void)cl;
	(void)type;
	(void)body;
	(void)len;
	(void)fds;
	(void)nfds;
	return -1;
}

static void answer_one(void)
{
	unsigned i = (choice + answered) % (sizeof answers / sizeof *answers);
	const char *body = answers[i].body;
	struct ipc_msg msg = { .flags = answers[i].flags, .body = (const uint8_t *)body,
		.len = body ? (uint32_t)strlen(body) : 0 };

	if (choice & 0x40) {
		msg.body = (const uint8_t *)STORED;
		msg.len = (uint32_t)strlen(STORED);
		msg.flags = IPC_REPLY;
		msg.nfds = 1;
		msg.fds[0] = memfd_create("file", MFD_CLOEXEC);
		if (msg.fds[0] < 0 || ftruncate(msg.fds[0], 1))
			abort();
		waiting[answered].reply(&msg, 0, waiting[answered].arg);
		if (msg.fds[0] >= 0)
			close(msg.fds[0]);
		answered++;
		return;
	}
	waiting[answered].reply(body ? &msg : NULL, answers[i].error, waiting[answered].arg);
	answered++;
}

/* ---- no WebSocket engine: what reaches it is well formed ---- */

void live_adopt(int fd, struct peer *peer, const char *head, size_t len, struct viewer *viewer)
{
	if (len < 100 || memcmp(head, "GET /services/events HTTP/1.1\r\n", 31))
		abort();
	if (viewer)
		viewer_drop(viewer);
	peer_drop(peer);
	close(fd);
}

uint64_t agents_number(void)
{
	return 1;
}

size_t agents_open_text(uint64_t number, const uint8_t hash[AUTH_HASH], const char *peer, char out[AGENTS_OPEN_SIZE])
{
	(void)number;
	(void)hash;
	return (size_t)snprintf(out, AGENTS_OPEN_SIZE, "{\"peer\":\"%s\"}", peer);
}

void agents_adopt(int fd, struct peer *peer, const char *head, size_t len, uint64_t number, const uint8_t hash[AUTH_HASH])
{
	(void)number;
	(void)hash;
	if (len < 100 || memcmp(head, "GET /services/agents/channel HTTP/1.1\r\n", 39) || !strstr(head, "cam-agent.1"))
		abort();
	peer_drop(peer);
	close(fd);
}

void agents_closed(uint64_t number)
{
	(void)number;
}

void agents_core_connected(void)
{
}

void agents_core_lost(void)
{
}

void agents_notice(struct ipc_msg *msg)
{
	(void)msg;
}

void live_event(void)
{
}

void live_revoked(const uint8_t *hash)
{
	(void)hash;
}

unsigned live_count(void)
{
	return 0;
}

/* ---- no log lines, and none of the ends that a log line announces ---- */

void log_info(const char *fmt, ...)
{
	(void)fmt;
}

void log_warn(const char *fmt, ...)
{
	(void)fmt;
}

void log_warn_errno(const char *fmt, ...)
{
	(void)fmt;
}

void log_fatal(const char *fmt, ...)
{
	(void)fmt;
	abort();
}

void log_usage(const char *fmt, ...)
{
	(void)fmt;
	abort();
}

void log_bug_at(const char *file, int line, const char *what)
{
	fprintf(stderr, "%s:%d: %s\n", file, line, what);
	abort();
}

void log_open(const char *name)
{
	(void)name;
}

unsigned long log_dropped(void)
{
	return 0;
}

/* ---- the client ---- */

static void drain(int fd)
{
	char sink[65536];
	ssize_t n = recv(fd, sink, sizeof sink, MSG_DONTWAIT);

	if (n >= 9 && answered == 0 && memcmp(sink, "HTTP/1.1 ", 9))
		abort();
	while (n > 0)
		n = recv(fd, sink, sizeof sink, MSG_DONTWAIT);
}

static void turn(int fd)
{
	ev_run(EV_DEFAULT, EVRUN_NOWAIT);
	while (answered < asked)
		answer_one();
	ev_run(EV_DEFAULT, EVRUN_NOWAIT);
	drain(fd);
}

static void nothing(struct viewer *v)
{
	(void)v;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static const struct viewers_ops ops = { nothing, nothing };
	char directory[] = "/tmp/api_connection.XXXXXX", name[64];
	FILE *f;

	(void)argc;
	(void)argv;
	if (!mkdtemp(directory))
		abort();
	snprintf(name, sizeof name, "%s/index.html", directory);
	f = fopen(name, "w");
	if (!f || fputs("<!doctype html>", f) < 0 || fclose(f))
		abort();
	files_load(directory);
	unlink(name);
	snprintf(name, sizeof name, "%s/linux", directory);
	mkdir(name, 0700);
	snprintf(name, sizeof name, "%s/linux/installer", directory);
	f = fopen(name, "w");
	if (!f || fputs("#!/bin/sh\n@CAM_HOST@ @CAM_NAME@\n@CAM_CA@", f) < 0 || fclose(f))
		abort();
	bootstrap_load(directory);
	unlink(name);
	snprintf(name, sizeof name, "%s/linux", directory);
	rmdir(name);
	rmdir(directory);
	access_open(EV_DEFAULT, ACCESS_SUMMARY_SECONDS);
	viewers_open(EV_DEFAULT, &ops);
	call_open(EV_DEFAULT);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t at = 2, step, turns;
	int pair[2];

	if (size < 2 || size > 150000 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) < 0)
		return 0;
	asked = answered = 0;
	choice = data[0];
	step = data[1] ? (size_t)data[1] * data[1] : size;
	ev_now_update(EV_DEFAULT);
	conn_open(EV_DEFAULT, pair[0], "192.0.2.1", 1 + (data[0] >> 7));
	while (at < size) {
		size_t n = size - at < step ? size - at : step;
		ssize_t sent = send(pair[1], data + at, n, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (sent > 0)
			at += (size_t)sent;
		turn(pair[1]);
		if (sent < 0 && errno == EPIPE)
			break;
	}
	turn(pair[1]);
	close(pair[1]);
	for (turns = 0; conn_count() && turns < 100000; turns++) {
		ev_run(EV_DEFAULT, EVRUN_NOWAIT);
		while (answered < asked)
			answer_one();
	}
	if (conn_count())
		abort();
	return 0;
}
