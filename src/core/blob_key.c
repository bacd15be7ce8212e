/* The key of blobs' credentials: made once, kept sealed by keyd, in memory while core runs;
 * and what is made with it. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "blobs.h"
#include "ipc/proto.h"
#include "log/log.h"
#include "plat/random.h"

#define OBJECT "blobs"
#define FIELD "credential_key"
#define LABEL "cam blob credential 1"
#define SEALED_MAX 512
/* Seconds until the next try, and of a ticket's life. */
#define RETRY 5.
#define TICKET_LIFE 60

static struct {
	struct core *core;
	bool working, ready;
	uint8_t key[BLOB_KEY];
	char sealed[SEALED_MAX];
	struct ev_timer retry;
} the;

struct key_job {
	struct core_job work;
	char sealed[SEALED_MAX];
};

const uint8_t *core_blob_key(void)
{
	return the.ready ? the.key : NULL;
}

static void later(const char *what)
{
	log_warn("blobs: key: %s failed: tried again", what);
	the.working = false;
	ev_timer_set(&the.retry, RETRY, 0.);
	ev_timer_start(the.core->loop, &the.retry);
}

static void ready(void)
{
	the.working = false;
	the.ready = true;
}

static struct key_job *job_of(struct db_job *job)
{
	return (struct key_job *)((char *)job - offsetof(struct core_job, job));
}

static struct key_job *job_new(int (*run)(struct db *, struct db_job *), void (*done)(struct core_job *))
{
	struct key_job *j = calloc(1, sizeof *j);

	if (!j)
		log_fatal("blobs");
	j->work.job.run = run;
	j->work.done = done;
	return j;
}

static yyjson_mut_doc *question(void)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);

	if (!doc)
		log_fatal("blobs");
	yyjson_mut_doc_set_root(doc, yyjson_mut_obj(doc));
	yyjson_mut_obj_add_str(doc, doc->root, "object", OBJECT);
	yyjson_mut_obj_add_str(doc, doc->root, "field", FIELD);
	return doc;
}

/* A text member of keyd's answer, copied; false when it failed. */
static bool answer_text(const struct ipc_msg *msg, int error, const char *member, char *out, size_t size)
{
	yyjson_doc *doc = error || (msg->flags & IPC_ERROR) ? NULL : ipc_msg_json(msg);
	const char *s = yyjson_get_str(yyjson_obj_get(yyjson_doc_get_root(doc), member));
	bool good = s && strlen(s) < size;

	if (good) {
		memcpy(out, s, strlen(s) + 1);
		sodium_memzero((void *)(uintptr_t)s, strlen(s));
	}
	yyjson_doc_free(doc);
	return good;
}

/* ---- a new one ---- */

static int keep_run(struct db *db, struct db_job *job)
{
	db_run(db, "INSERT INTO secret(object, field, sealed) VALUES(?, ?, ?)"
		" ON CONFLICT(object, field) DO UPDATE SET sealed = excluded.sealed", "ttt", OBJECT, FIELD,
		job_of(job)->sealed);
	return 0;
}

static void keep_done(struct core_job *work)
{
	if (work->job.failure)
		later("keeping it");
	else
		ready();
	free(work);
}

static void seal_replied(struct ipc_msg *msg, int error, void *arg)
{
	struct key_job *j = job_new(keep_run, keep_done);

	(void)arg;
	if (!answer_text(msg, error, "sealed", j->sealed, sizeof j->sealed)) {
		later("sealing");
		free(j);
		return;
	}
	core_job_write(the.core, &j->work);
}

static void make(void)
{
	char plain[2 * BLOB_KEY];
	yyjson_mut_doc *doc = question();

	plat_random(the.key, sizeof the.key);
	sodium_bin2base64(plain, sizeof plain, the.key, sizeof the.key, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	yyjson_mut_obj_add_strcpy(doc, doc->root, "plain", plain);
	sodium_memzero(plain, sizeof plain);
	ipc_client_call_json(the.core->keyd, PROTO_KEYD_SEAL, doc, 10., seal_replied, NULL);
}

/* ---- the one that is there ---- */

static void unseal_replied(struct ipc_msg *msg, int error, void *arg)
{
	char plain[2 * BLOB_KEY];
	size_t len = 0;

	(void)arg;
	if (error) {
		later("unsealing");
		return;
	}
	if (answer_text(msg, error, "plain", plain, sizeof plain) &&
	    !sodium_base642bin(the.key, sizeof the.key, plain, strlen(plain), NULL, &len, NULL,
			sodium_base64_VARIANT_URLSAFE_NO_PADDING) && len == sizeof the.key) {
		sodium_memzero(plain, sizeof plain);
		ready();
		return;
	}
	/* Sealed under a master key that is gone: its credentials are, too. */
	log_warn("blobs: key: cannot be opened: a new one is made");
	make();
}

static void ticket_replied(struct ipc_msg *msg, int error, void *arg)
{
	yyjson_mut_doc *doc;
	char ticket[1024];

	(void)arg;
	if (!answer_text(msg, error, "ticket", ticket, sizeof ticket)) {
		later("ticket");
		return;
	}
	doc = question();
	yyjson_mut_obj_add_str(doc, doc->root, "sealed", the.sealed);
	yyjson_mut_obj_add_strcpy(doc, doc->root, "ticket", ticket);
	ipc_client_call_json(the.core->keyd, PROTO_KEYD_UNSEAL, doc, 10., unseal_replied, NULL);
}

static void unseal(void)
{
	yyjson_mut_doc *doc = question();

	yyjson_mut_obj_add_str(doc, doc->root, "room", "core");
	yyjson_mut_obj_add_int(doc, doc->root, "lifetime", TICKET_LIFE);
	ipc_client_call_json(the.core->keyd, PROTO_KEYD_TICKET, doc, 10., ticket_replied, NULL);
}

/* ---- is there one? ---- */

static int load_run(struct db *db, struct db_job *job)
{
	sqlite3_stmt *q = db_query(db, "SELECT sealed FROM secret WHERE object = ? AND field = ?", "tt", OBJECT, FIELD);

	if (db_row(db, q)) {
		snprintf(job_of(job)->sealed, SEALED_MAX, "%s", db_text(q, 0));
		db_end(q);
	}
	return 0;
}

static void load_done(struct core_job *work)
{
	memcpy(the.sealed, job_of(&work->job)->sealed, sizeof the.sealed);
	if (work->job.failure)
		later("reading");
	else if (the.sealed[0])
		unseal();
	else
		make();
	free(work);
}

static void retry_reached(struct ev_loop *loop, struct ev_timer *t, int events)
{
	(void)loop;
	(void)t;
	(void)events;
	core_blobs_open(the.core);
}

void core_blobs_open(struct core *core)
{
	if (!the.core) {
		the.core = core;
		ev_timer_init(&the.retry, retry_reached, RETRY, 0.);
		core_blob_sweep_open(core);
	}
	if (the.ready || the.working)
		return;
	the.working = true;
	core_job_read(core, &job_new(load_run, load_done)->work);
}

/* ---- credentials ---- */

static void mac(const uint8_t key[BLOB_KEY], const char *blob, const char *instance,
	uint8_t out[crypto_auth_hmacsha256_BYTES])
{
	crypto_auth_hmacsha256_state st;

	/* The 0 that ends each part keeps them apart. */
	crypto_auth_hmacsha256_init(&st, key, BLOB_KEY);
	crypto_auth_hmacsha256_update(&st, (const uint8_t *)LABEL, sizeof LABEL);
	crypto_auth_hmacsha256_update(&st, (const uint8_t *)blob, strlen(blob) + 1);
	crypto_auth_hmacsha256_update(&st, (const uint8_t *)instance, strlen(instance) + 1);
	crypto_auth_hmacsha256_final(&st, out);
	sodium_memzero(&st, sizeof st);
}

void core_blob_credential(const uint8_t key[BLOB_KEY], const char *blob, const char *instance,
	char out[BLOB_CREDENTIAL])
{
	uint8_t bytes[crypto_auth_hmacsha256_BYTES];
	size_t n = strlen(instance);

	mac(key, blob, instance, bytes);
	memcpy(out, instance, n);
	out[n] = '.';
	sodium_bin2base64(out + n + 1, BLOB_CREDENTIAL - n - 1, bytes, sizeof bytes,
		sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

bool core_blob_credential_good(const uint8_t key[BLOB_KEY], const char *blob, const char *credential,
	char instance[OBJECT_ID])
{
	uint8_t want[crypto_auth_hmacsha256_BYTES], have[crypto_auth_hmacsha256_BYTES];
	const char *dot = strchr(credential, '.');
	size_t n = dot ? (size_t)(dot - credential) : 0, len = 0;

	if (!n || n >= OBJECT_ID)
		return false;
	memcpy(instance, credential, n);
	instance[n] = 0;
	if (sodium_base642bin(have, sizeof have, dot + 1, strlen(dot + 1), NULL, &len, NULL,
			sodium_base64_VARIANT_URLSAFE_NO_PADDING) || len != sizeof have)
		return false;
	mac(key, blob, instance, want);
	return !sodium_memcmp(have, want, sizeof have);
}
