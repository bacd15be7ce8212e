/*
 * core: providers as records: their states, what a sync found, their log.
 *
 * `initializing` → `processing` → `ready` or `unavailable`; a sync goes through `processing`
 * again; `deleting` is the last.  A sync is a task of the type's worker; without one a
 * provider ends `unavailable`, only a Test Provider is ready all the same, for what it has is always the same.
 */
#ifndef CAM_CORE_PROVIDER_H
#define CAM_CORE_PROVIDER_H

#include "core.h"
#include "object.h"
#include "tasks.h"

#define PROVIDER_TEST "Test Provider"
/* How long a state of a provider lasts that core itself moves on, µs. */
#define PROVIDER_STEP INT64_C(500000)
/* Entries of a provider's log: older ones go. */
#define PROVIDER_LOGS_MAX 500

/* Severity of log entries, as clients know it. */
enum provider_level { PROVIDER_INFO = 20, PROVIDER_ERROR = 40 };

/* Members of a provider whose values are secret, NULL-terminated. */
extern const char *const provider_secrets[];

/* Checks what a request says: type, name, what the type needs.  0, or -1 with a sentence. */
#define PROVIDER_MESSAGE 320
int provider_check(yyjson_val *args, char message[PROVIDER_MESSAGE]);
/* The schema of a type that is known, else NULL. */
const char *provider_schema(const char *type);

/* ---- in the writer ---- */

/* State and its history; puts the record. */
void provider_state(struct db *db, struct object *p, const char *state);
/* One entry of the log. */
void provider_log(struct db *db, const struct object *p, enum provider_level level, const char *operation,
	const char *text);
/* Is this what the log says last? */
bool provider_said(struct db *db, const struct object *p, const char *line);
/* Starts looking again at what the cloud has. */
void provider_sync(struct db *db, struct object *p);
/* Does an instance that is not terminated use it? */
bool provider_used(struct db *db, const char *id);
/* Removes it with its log and steps. */
void provider_remove(struct db *db, const struct object *p);

void provider_timer_sync(struct db *db, const char *id, const char *unused);
/* Removes it when nothing is left to remove with it; looks: how often that was seen to be not so. */
void provider_timer_delete(struct db *db, const char *id, const char *looks);

/* Recurrent: looks at what the cloud has; and at which of our machines it has. */
int64_t provider_schedule_sync(struct db *db, const char *id);
int64_t provider_schedule_list(struct db *db, const char *id);
/* Is the task recurrent work, whose steps are nobody's concern while they go well? */
bool provider_quiet(const struct core_task *t);
void provider_sync_ended(struct db *db, const struct core_task *t, const char *why, yyjson_val *output);

/* A machine that no row knows is removed when it was seen for so long, µs: longer than a provider's own request
 * may take to have its effect. */
#define PROVIDER_SETTLE (INT64_C(300) * PLAT_SECOND)
/* The list came: keeps one machine for each row, the others are strays and go (reconcile.c). */
void provider_list_ended(struct db *db, const struct core_task *t, const char *why, yyjson_val *output);

/* What a sync of the Test Provider finds, in the document: services[]. */
void provider_test_services(struct object *p);

#endif
