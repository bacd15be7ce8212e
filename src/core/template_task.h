/*
 * core: instance.template: a template out of a machine of an instance.  Clients poll a record (OBJECT_TASK: submitted, processing,
 * done or unsuccessful, with a log); the work is a task of the engine for the worker of the provider, beside the
 * instance's operations.  All functions run in the writer.
 */
#ifndef CAM_CORE_TEMPLATE_TASK_H
#define CAM_CORE_TEMPLATE_TASK_H

#include "tasks.h"

/* Time a worker has to make one, seconds. */
#define TEMPLATE_SECONDS 7200
/* Bytes of a record's log: what comes later is left out. */
#define TEMPLATE_LOG 16384

/* Timer "instance.template" of the record's id: makes the engine's task. */
void template_timer(struct db *db, const char *id, const char *unused);
/* What the worker says meanwhile. */
void template_note(struct db *db, const struct core_task *t, const char *line);
void template_given(struct db *db, struct core_task *t);
void template_ended(struct db *db, const struct core_task *t, const char *why, yyjson_val *output);

#endif
