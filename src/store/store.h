/* store: what its files share.  All of it belongs to the loop's thread. */
#ifndef CAM_STORE_H
#define CAM_STORE_H

#include <ev.h>
#include <stdint.h>

#include "ipc/ipc.h"
#include "logs.h"
#include "objects.h"
#include "segments.h"
#include "work/work.h"

#define STORE_ROOT "/data/store"
/* Threads that copy, hash and sync. */
#define STORE_THREADS 2
/* Digests in one list. */
#define STORE_LIST_MAX 4096
/* Names of segments in one answer. */
#define STORE_NAMES_MAX 1024
/* Uploads one connection may have open: each holds a descriptor. */
#define STORE_UPLOADS_MAX 512

struct store {
	struct work_pool *pool;
	int objects;			/* directory */
	struct store_segments segments;
	int logs;			/* directory of the programs' logs, -1 = not there */
	struct store_usage usage;	/* segments' bytes included */
	uint64_t budget;		/* bytes */
	uint64_t next_upload;
};

struct store_upload {
	struct store_upload *next;
	uint64_t id;
	int fd;
};

/* One connection; outlives it while work for it is under way. */
struct store_link {
	struct ipc_conn *conn;		/* NULL = closed */
	unsigned refs;
	struct store_upload *uploads;
	unsigned upload_count;
};

struct store_link *store_link_hold(struct store_link *link);
void store_link_drop(struct store_link *link);

/* A request as the store understands it. */
struct store_request {
	uint64_t upload, offset, shard, at;
	char digest[STORE_DIGEST_TEXT];
	char segment[STORE_SEGMENT_NAME + 1];
	char log[STORE_LOG_NAME];
	uint8_t *data;			/* malloc; may be NULL when len is 0 */
	size_t len;
};
#define STORE_REQUEST_ZERO { .data = NULL }

/* Reads the body of a message of this type.  NULL, or what is wrong with it.  The
 * caller frees data either way. */
const char *store_request_read(struct store_request *r, uint16_t type, const uint8_t *body, uint32_t len);

/* Which rooms may send a message of this type? */
bool store_permitted(uint16_t type, enum room_id from);

/* Does what a message asks; the answer may come later. */
void store_serve(struct store *s, struct store_link *link, struct ipc_msg *msg);

#endif
