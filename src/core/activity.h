/*
 * core: the activity: who did what, when, from where, to which object, with what
 * outcome.  Rows are only ever appended, in the transaction of what they tell of;
 * each carries the hash of the one before, and keyd signs how far the chain goes.
 *
 * The canonical text of a row is its JSON line: hash = SHA-256 of exactly these bytes.
 */
#ifndef CAM_CORE_ACTIVITY_H
#define CAM_CORE_ACTIVITY_H

#include "core.h"

#define ACTIVITY_HASH 65		/* hexadecimal, with its terminating 0 */

struct activity_entry {
	const char *user;		/* "" = nobody signed in */
	const char *peer;		/* address, or the room's name */
	const char *verb, *kind, *object;
	int status;			/* HTTP status of the answer */
};

/* Where the chain begins (first kept, and the hash of what was before it) and ends. */
struct activity_bounds {
	int64_t first, last;		/* last = first - 1: empty */
	char prev[ACTIVITY_HASH], hash[ACTIVITY_HASH];
};

/* In the writer. */
void activity_add(struct db *db, const struct activity_entry *e);
/* In the writer or a reader. */
void activity_bounds(struct db *db, struct activity_bounds *out);
/* In the writer: removes at most `rows` of the oldest, but only up to a signed checkpoint that is older
 * than `before` (wall microseconds) or lets more than `keep` rows remain: it becomes the new beginning.
 * Returns how many. */
int activity_cut(struct db *db, int64_t before, int64_t keep, int rows);

/* In the writer, after a verb's run that changed something. */
void activity_of_call(struct db *db, struct core_call *call);
/* In the loop, before the answer leaves: records a refusal of somebody known, or at the door; bounded. */
void activity_refused(struct core *core, const struct core_call *call);

/* Has keyd sign the chain's end now and then. */
void activity_open(struct core *core);
/* Asks keyd to sign these bounds; reply ends in the caller. */
void activity_sign(struct core *core, const struct activity_bounds *b, ipc_reply_fn *reply, void *arg);
/* Takes statement and signature out of keyd's reply; -1 when it refused. */
int activity_signed(struct ipc_msg *msg, int error, char *statement, size_t statement_size, char *signature,
	size_t signature_size);
#define ACTIVITY_STATEMENT 512
#define ACTIVITY_SIGNATURE 128

#endif
