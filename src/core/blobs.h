/*
 * core: files of users.  The bytes are store's, by digest; core knows who owns
 * which, under what name, and what refers to it.
 *
 * A blob's object: parent = the digest, owner = the workspace of who uploaded it.
 * Documents refer to it by its address, "/services/blobs/download/<id>/<name>".
 */
#ifndef CAM_CORE_BLOBS_H
#define CAM_CORE_BLOBS_H

#include "core.h"
#include "schema/schema.h"

#define BLOB_PLACE "/services/blobs/download/"
/* Letters of a blob's id, hexadecimal. */
#define BLOB_ID_LEN 24
/* An address: the place, the id, and a name of up to 255 bytes that may each become three. */
#define BLOB_URL (sizeof BLOB_PLACE + BLOB_ID_LEN + 1 + 3 * 255 + 1)
/* Bytes of the key by which credentials are made, and a credential with its terminating 0. */
#define BLOB_KEY 32
#define BLOB_CREDENTIAL (OBJECT_ID + 44)

/* Seconds a blob stays that nothing refers to: an upload comes before the object that names it. */
#define BLOB_GRACE (24 * 3600)

/* keyd is connected: makes or unseals the key.  Then blobs are swept up from time to time. */
void core_blobs_open(struct core *core);
/* The connection to store, NULL before that. */
struct ipc_client *core_store(void);
/* The key, NULL while keyd has not opened it. */
const uint8_t *core_blob_key(void);

/*
 * A credential that opens one blob to one instance, for whoever has it: "<instance>.<MAC>", the
 * MAC being base64url of HMAC-SHA-256 over a label, the blob and the instance.  It is good while the
 * instance exists and its document (or its service's) names the blob.
 */
void core_blob_credential(const uint8_t key[BLOB_KEY], const char *blob, const char *instance,
	char out[BLOB_CREDENTIAL]);
/* Is it one for this blob?  The instance is copied out. */
bool core_blob_credential_good(const uint8_t key[BLOB_KEY], const char *blob, const char *credential,
	char instance[OBJECT_ID]);

/* The address of a blob, its name encoded (RFC 3986 §2.1). */
void core_blob_url(const char *id, const char *name, char out[BLOB_URL]);
/* Does this text name the blob? */
bool core_blob_named(const char *text, const char *id);

/* ---- who names which (blob_access.c; the rows are object_files.c's) ---- */

/* Said of a file that is missing and of one that the caller may not read. */
#define BLOB_MISSING "there is no such file; upload it first."

/* May the principal read the blob: as who uploaded it, as an administrator of that workspace, or because
 * something that the principal may see names it?  digest: NULL, or receives its SHA-256. */
bool core_blob_readable(struct db *db, const struct core_principal *p, const char *id, char digest[OBJECT_DIGEST]);
/* The same by its address; false for what is none. */
bool core_blob_url_readable(struct db *db, const struct core_principal *p, const char *url, char digest[OBJECT_DIGEST]);
/* The SHA-256 of a blob; "" when there is no such blob.  Whoever asks has to know that it may be read. */
void core_blob_digest(struct db *db, const char *id, char out[OBJECT_DIGEST]);
/* Before a change runs: who names a file in a request must be allowed to read it, or naming it would
 * open it.  0, or -1 with the sentence for the client. */
int core_blob_names_check(struct db *db, const struct core_call *call, char message[SCHEMA_MESSAGE]);

/* ---- sweeping (blob_sweep.c) ---- */

void core_blob_sweep_open(struct core *core);

/* Ids of blobs, without order. */
struct blob_ids { char (*ids)[BLOB_ID_LEN + 1]; size_t count, cap; };
/* In a reader: blobs older than the grace that no document names. *stamp = when was looked. */
void core_blob_unnamed(struct db *db, struct blob_ids *out, int64_t *stamp);
/* In the writer: removes those of them that no document changed since the look names. */
void core_blob_remove(struct db *db, const struct blob_ids *ids, int64_t stamp);

/* ---- verbs (verb_blobs.c) ---- */

void verb_blob_add_start(struct core_call *call);
int verb_blob_add_run(struct db *db, struct core_call *call);
void verb_blob_get_start(struct core_call *call);
int verb_blob_get_run(struct db *db, struct core_call *call);
void verb_blob_credential_start(struct core_call *call);
int verb_blob_credential_run(struct db *db, struct core_call *call);

#endif
