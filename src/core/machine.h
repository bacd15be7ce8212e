/*
 * core: machines of instances: a row each, mirrored into the documents of the service and the instance.
 * All functions run in the writer.  States: chart.h.
 */
#ifndef CAM_CORE_MACHINE_H
#define CAM_CORE_MACHINE_H

#include "chart.h"
#include "core.h"
#include "object.h"
#include "tasks.h"

/* After so long without its agent a machine does not respond, µs. */
#define MACHINE_QUIET_AFTER (600 * PLAT_SECOND)
/* How long an operation waits for an agent, seconds. */
#define MACHINE_HELLO_WAIT 1800
/* Machines of one instance. */
#define MACHINE_MAX 100
#define MACHINE_NAME 160
#define MACHINE_TEXT 256
/* Bytes of a machine's token, a UUID's text with its terminating 0. */
#define MACHINE_TOKEN 37

struct machine {
	char id[OBJECT_ID], instance[OBJECT_ID], service[OBJECT_ID], provider[OBJECT_ID];
	char name[MACHINE_NAME], fingerprint[MACHINE_TEXT], boot_id[MACHINE_TEXT], external_id[MACHINE_TEXT];
	char public[MACHINE_TEXT], private[MACHINE_TEXT], hostname[MACHINE_TEXT], version[64];
	int64_t number, channel, token_number, last_close;
	int64_t vanished;	/* since when its provider has it no more (vanished.h), 0 = it has */
	enum machine_state state;
	bool tried;
};

bool machine_read(struct db *db, const char *id, struct machine *out);
/* Ids of an instance's machines that are not gone, by number: how many. */
unsigned machine_list(struct db *db, const char *instance, char out[MACHINE_MAX][OBJECT_ID]);
/* Rows for machines 1 to count, as far as they are missing. */
void machine_ensure(struct db *db, const struct object *instance, const char *provider, int count);
/* The row of a machine the provider has already under external_id, which an import is to make this instance's. */
void machine_import(struct db *db, const struct object *instance, const char *provider, const char *external_id);
/* The instance that has (or is to have) this machine of the provider, "" = none. */
void machine_owner(struct db *db, const char *provider, const char *external_id, char instance[OBJECT_ID]);

/* What happens to it, by the chart: the row, and the documents.  False when its state does not take it. */
bool machine_move(struct db *db, const char *id, enum machine_event event);
/* Brings the documents in line with the rows. */
void machine_mirror(struct db *db, const char *instance);

/* Rows and timers of an instance that goes. */
void machine_forget(struct db *db, const char *instance);

/* The token, from core's key: always the same for one number.  It is nowhere kept; the row has its hash. */
void machine_token(const uint8_t key[32], const char *machine, int64_t number, char out[MACHINE_TOKEN]);
/* Keeps the hash of the present one, if it is not there. */
void machine_token_keep(struct db *db, const uint8_t key[32], const char *machine);
/* Is it kept? One that is not must not leave. Runs in readers too. */
bool machine_token_kept(struct db *db, const uint8_t key[32], const char *machine);

/* ---- ends of tasks (machine_tasks.c) ---- */

void machine_create_given(struct db *db, struct core_task *t);
void machine_create_ended(struct db *db, const struct core_task *t, const char *why, yyjson_val *output);
void machine_adopt_given(struct db *db, struct core_task *t);
void machine_adopt_ended(struct db *db, const struct core_task *t, const char *why, yyjson_val *output);
void machine_start_ended(struct db *db, const struct core_task *t, const char *why, yyjson_val *output);
void machine_stop_ended(struct db *db, const struct core_task *t, const char *why, yyjson_val *output);
void machine_destroy_ended(struct db *db, const struct core_task *t, const char *why, yyjson_val *output);

/* Timer: it did not come back. */
void machine_timer_quiet(struct db *db, const char *id, const char *unused);

#endif
