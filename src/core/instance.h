/*
 * core: instances: the record, its service, its operations and its activity.
 *
 * An operation is a record of its own; while one runs the instance is `processing`, and the engine (flow.h)
 * leads it to its end, whatever restarts in between.  All functions run in the writer unless they say otherwise.
 */
#ifndef CAM_CORE_INSTANCE_H
#define CAM_CORE_INSTANCE_H

#include "core.h"
#include "lifecycle.h"
#include "object.h"

#define SCHEMAS "http://elasticbox.net/schemas/"
#define INSTANCE_SCHEMA SCHEMAS "instance"
/* Longest name of a new instance, characters. */
#define INSTANCE_NAME_MAX 30
#define INSTANCE_DESCRIPTION_MAX 2048
/* Tags of an instance, and characters of one (as its key and value would have together). */
#define INSTANCE_TAGS_MAX 100
#define INSTANCE_TAG_MAX 380
/* Times up and down that a service's state_history has. */
#define INSTANCE_HISTORY_MAX 1000
/* Longest sentence for a person, bytes. */
#define INSTANCE_MESSAGE 320
/* How long an operation that may end at once is in the queue, µs: clients that ask once a second see it run. */
#define INSTANCE_STEP INT64_C(1000000)
/* The same where agents are there, who take their time. */
#define INSTANCE_STEP_SHORT INT64_C(20000)
/* Entries of an instance's activity that are answered at once, the newest. */
#define INSTANCE_ACTIVITY_MAX 2000

/* ---- the record (instance_record.c) ---- */

struct instance_plan {
	const char *name, *description, *icon, *owner, *organization, *updates;
	const char *unregistered;	/* resource that is imported, NULL = none */
	const char *external_id;	/* of it at its provider */
	const char *linux_username, *windows_username;	/* how an import gets in, or NULL */
	const char *address;		/* of the machine of one's own, or NULL */
	const char *user;
	yyjson_val *tags, *more_tags, *lease, *variables, *policy_variables;
	const struct object *boxes;	/* the stack; the first is the main one */
	size_t box_count;
	const struct object *policy;	/* NULL = the main box is its own policy */
	const struct object *admin;	/* the policy's admin boxes with all they contain */
	size_t admin_count;
	const char *provider;		/* its id, "" = none */
	const char *service_type;
};

/* Makes the record, its service and its first operation (deploy).  id: of the instance. */
void instance_create(struct db *db, const char *id, const struct instance_plan *plan, struct object *out);
/* Everything of it: service, operations, activity, tasks, machines, timers; then itself. */
void instance_remove(struct db *db, const struct object *instance);

enum life_state instance_state(const struct object *instance);
enum life_event instance_event(const struct object *instance);
/* Sets both words in the record and its service, and puts the service (not the instance). */
void instance_words(struct db *db, struct object *instance, enum life_state state, enum life_event event,
	const char *user);
/* Replaces its copies of boxes; the first is the main one. */
void instance_boxes(struct object *instance, const struct object *boxes, size_t count);
/* After a client has sent the record back: what clients read without looking is there. */
void instance_tidy(struct object *instance);
/* The id of its service. */
const char *instance_service(const struct object *instance);
/* Notes in the service's state_history that it came up or went down (instance_history.c). */
void instance_history(struct object *service, enum life_state state, enum life_event event, const char *date);
/* Before the record goes: when its service was up stays, for reports. */
void instance_keep_history(struct db *db, const struct object *instance);
/* Is it protected from being shut down (or terminated) by hand?  Its own switch or its policy's. */
bool instance_protected(const struct object *instance, const char *member);
#define INSTANCE_NO_SHUTDOWN "manual_shutdown_protection"
#define INSTANCE_NO_TERMINATE "manual_terminate_protection"
/* A date of now, for members of documents. */
void instance_now(struct db *db, char out[OBJECT_DATE]);

/* ---- operations (instance_operation.c) ---- */

/* Begins what life_decide said (LIFE_START): the words, the operation's record, its step. An
 * operation that still runs ends as unavailable.  name: of the operation as it is
 * recorded, NULL = the event's word.  The instance is put. */
void instance_begin(struct db *db, struct object *instance, enum life_event event, const char *user, const char *name);
/* Ends the running one and the instance's words; why is for the activity. */
void instance_end(struct db *db, struct object *instance, enum life_state state, const char *user, const char *why);
/* One entry of the activity; operation "" = of none. */
void instance_log(struct db *db, const struct object *instance, const char *operation, const char *event,
	const char *level, const char *user, const char *text);

/* Sets the timer of the record's lease anew: none without one. */
void instance_lease_plan(struct db *db, const struct object *instance);

void instance_timer_lease(struct db *db, const char *id, const char *said);

/* ---- lease and tags: no database (instance_check.c) ---- */

/* "YYYY-MM-DD HH:MM:SS[.ffffff]", also with T and Z: wall microseconds; -1 = not a date. */
int64_t instance_date_read(const char *text);
/* 0, or -1 with a sentence.  before: the lease that was there (kept ones may have run out). */
int instance_lease_check(yyjson_val *lease, const char *before, int64_t now, char message[INSTANCE_MESSAGE]);
/* Each is {workspace or id, role}. */
int instance_members_check(yyjson_val *members, char message[INSTANCE_MESSAGE]);
int instance_tags_check(yyjson_val *tags, const char *member, char message[INSTANCE_MESSAGE]);
/* Has the list a, every string of the list b? */
bool instance_tags_cover(yyjson_mut_val *a, yyjson_mut_val *b);
/* ---- bindings: no database (instance_bindings.c) ---- */

/* May `target` (an instance, with its service) be bound by this variable of an instance that
 * `workspace` owns? It must be shared with the workspace, have an address, not be terminated,
 * contain a box of the binding's type (AnyBox: any), and carry all of the binding's tags. */
bool binding_matches(const char *workspace, yyjson_mut_val *variable, yyjson_mut_val *target, yyjson_mut_val *service);
/* The Binding variables of an instance as it has them: those of its boxes, overridden by its
 * own (same name and scope).  Calls each once. */
void binding_variables(yyjson_mut_val *instance, void (*each)(yyjson_mut_val *variable, void *arg), void *arg);

/* ---- requests (instance_request.c) ---- */

/* POST /services/instances, of any schema: makes the records and the answer. dryrun: checks only.
 * 0, or -1 with the answer set. */
int instance_request(struct db *db, struct core_call *call, bool dryrun);

#endif
