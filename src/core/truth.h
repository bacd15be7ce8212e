/*
 * core: what every change does in its transaction: stamps, events, settings of
 * the database itself.  All functions run in the writer (or a reader where they
 * only read) and leave errors in the db.
 */
#ifndef CAM_CORE_TRUTH_H
#define CAM_CORE_TRUTH_H

#include "db/db.h"

/* The schema of this release. */
extern const struct db_migration core_schema[];
extern const size_t core_schema_count;
/* Steps of the parts, in files of their own (tables_<part>.c). */
extern const char core_tables_boxes[], core_tables_instances[], core_tables_users[], core_tables_blobs[],
	core_tables_blob_use[], core_tables_reports[], core_tables_work[], core_tables_output[],
	core_tables_unregistered[], core_tables_vanished[], core_tables_lost[];

/* Time of a change, wall microseconds: max(now, the one before + 1), so it grows
 * strictly over all changes whatever the clock does. */
int64_t core_stamp(struct db *db);
/* For db_writer's begin and end: within its transactions stamps cost one write together.  Elsewhere each is one. */
void core_stamps_begin(struct db *db, void *unused);
void core_stamps_end(struct db *db, void *unused);

/* Events the log keeps. */
#define CORE_EVENTS_KEPT 100000

/* Appends an event; data is JSON text of an object, "{}" for none.  No secrets. */
void core_event(struct db *db, const char *kind, const char *object, const char *data);

/* Named values of the database itself. */
void core_meta_set(struct db *db, const char *key, const char *value);
/* Copies the value, "" when there is none. */
void core_meta_get(struct db *db, const char *key, char *out, size_t size);

/* Is there a first administrator? */
bool core_is_setup(struct db *db);

/* The settings' document as JSON text into out (malloc, caller frees), NULL =
 * none yet. */
char *core_settings(struct db *db);

#endif
