/* hashd: requests in, answers out. */
#include <pthread.h>
#include <sodium.h>
#include <string.h>

#include "hashd.h"
#include "queue.h"
#include "ipc/ipc.h"
#include "ipc/proto.h"
#include "log/log.h"

/* Longest request, bytes: the longest password with every byte escaped (\u0000), and the hash. */
#define BODY_MAX (6 * PWHASH_PASSWORD_MAX + 2 * PWHASH_STRING)
/* What yyjson needs at most for it (yyjson_read_max_memory_usage), and what its pool keeps for itself. */
#define POOL (BODY_MAX * 14 + 4096)

static struct ev_loop *main_loop;
static ev_async done;
static _Alignas(16) uint8_t pool[POOL];

/* Copies the member "hash" of a check; one that cannot be a hash is refused here. */
static int read_hash(yyjson_val *root, struct hashd_job *job)
{
	yyjson_val *hash = yyjson_obj_get(root, "hash");
	size_t len = yyjson_get_len(hash);

	if (!yyjson_is_str(hash) || len >= sizeof job->hash)
		return -1;
	memcpy(job->hash, yyjson_get_str(hash), len + 1);
	return strlen(job->hash) == len && pwhash_acceptable(job->hash) ? 0 : -1;
}

static const char *read_job(const struct ipc_msg *msg, struct hashd_job *job)
{
	yyjson_alc memory;
	yyjson_doc *doc;
	yyjson_val *root, *password;

	if (msg->len > BODY_MAX)
		return "the request is too long";
	yyjson_alc_pool_init(&memory, pool, sizeof pool);
	doc = yyjson_read_opts((char *)(uintptr_t)msg->body, msg->len, 0, &memory, NULL);
	root = yyjson_doc_get_root(doc);
	password = yyjson_obj_get(root, "password");
	if (!yyjson_is_str(password))
		return "password is a text";
	if (yyjson_get_len(password) > sizeof job->password)
		return "password is longer than 1024 bytes";
	if (job->check && read_hash(root, job))
		return "hash is not an Argon2id hash made here";
	job->len = yyjson_get_len(password);
	memcpy(job->password, yyjson_get_str(password), job->len);
	return NULL;
}

static void take(struct ipc_conn *c, struct ipc_msg *msg, bool check)
{
	struct hashd_job job = { .conn = c, .type = msg->type, .seq = msg->seq, .check = check };
	const char *wrong = read_job(msg, &job);

	sodium_memzero(pool, sizeof pool);
	/* the bytes lie in the connection's buffer, which is ours for the callback */
	sodium_memzero((uint8_t *)(uintptr_t)msg->body, msg->len);
	if (wrong)
		ipc_reply_error(c, msg, 400, "%s", wrong);
	else if (!hashd_queue_add(&job))
		ipc_reply_error(c, msg, 429, "too many passwords are being checked: try again in a moment");
	sodium_memzero(&job, sizeof job);
}

static void on_message(struct ipc_conn *c, struct ipc_msg *msg, void *arg)
{
	const struct room *peer = ipc_conn_peer(c);

	(void)arg;
	if (peer->id != ROOM_CORE) {
		log_warn("%s: message 0x%04x refused: not for this room", peer->name, msg->type);
		ipc_reply_error(c, msg, 403, "%s may not ask for this", peer->name);
		return;
	}
	switch (msg->type) {
	case PROTO_HASHD_HASH:
		take(c, msg, false);
		break;
	case PROTO_HASHD_VERIFY:
		take(c, msg, true);
		break;
	default:
		log_warn("%s: connection ended: unknown message 0x%04x", peer->name, msg->type);
		ipc_conn_close(c, true);
	}
}

static void on_closed(struct ipc_conn *c, void *arg)
{
	(void)arg;
	hashd_queue_forget(c);
}

static void answer_check(struct ipc_conn *c, const struct hashd_job *job)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *root = yyjson_mut_obj(doc);

	yyjson_mut_doc_set_root(doc, root);
	if (job->check)
		yyjson_mut_obj_add_bool(doc, root, "match", job->result == PWHASH_MATCH);
	else
		yyjson_mut_obj_add_str(doc, root, "hash", job->hash);
	ipc_send_json(c, IPC_REPLY, job->type, job->seq, doc);
}

static void answer(const struct hashd_job *job)
{
	struct ipc_conn *c = job->conn;

	if (!c || !job->seq)
		return;
	switch (job->result) {
	case PWHASH_MATCH:
	case PWHASH_MISMATCH:
		answer_check(c, job);
		break;
	case PWHASH_NO_MEMORY:
		log_warn("password: not checked: no memory");
		ipc_refuse(c, job->type, job->seq, 503, "no memory to check a password: try again in a moment");
		break;
	case PWHASH_INVALID:
		ipc_refuse(c, job->type, job->seq, 400, "hash is not an Argon2id hash made here");
		break;
	}
}

static void on_done(struct ev_loop *loop, ev_async *w, int revents)
{
	struct hashd_job job;

	(void)loop;
	(void)w;
	(void)revents;
	while (hashd_queue_done(&job))
		answer(&job);
	sodium_memzero(&job, sizeof job);
}

/* From the worker. */
static void wake(void)
{
	ev_async_send(main_loop, &done);
}

void hashd_listen(struct ev_loop *loop)
{
	static const struct ipc_server_ops ops = { .message = on_message, .closed = on_closed };

	main_loop = loop;
	ev_async_init(&done, on_done);
	ev_async_start(loop, &done);
	hashd_queue_open(wake);
	ipc_server_open(loop, &ops, NULL);
}

static void *worker(void *arg)
{
	(void)arg;
	hashd_queue_work();
}

void hashd_work(void)
{
	pthread_t thread;
	int error = pthread_create(&thread, NULL, worker, NULL);

	if (error)
		log_fatal("worker: no thread");
	pthread_detach(thread);
}
