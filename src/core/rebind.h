/*
 * core: what the bindings of instances find, and automatic reconfiguration when that changes.
 * All functions run in the writer.
 */
#ifndef CAM_CORE_REBIND_H
#define CAM_CORE_REBIND_H

#include "instance.h"

/* After a change, before one looks: many changes are one look, µs. */
#define REBIND_SOON (2 * PLAT_SECOND)
/* Instances looked at in one transaction. */
#define REBIND_BATCH 20
/* An instance that is busy is tried again after so long, µs, so many times. */
#define REBIND_AGAIN (15 * PLAT_SECOND)
#define REBIND_TRIES 1000

/* Looks for what the instance's Binding variables find now, and keeps it: rows and bindings[] of the document, which is put. */
void rebind_collect(struct db *db, struct object *instance);
/* Something changed that bindings may depend on: tags, addresses, an instance came or went. */
void rebind_soon(struct db *db);
/* `elasticbox notify`: every instance bound to this one is reconfigured.  How many. */
int rebind_notify(struct db *db, const char *instance);
void rebind_forget(struct db *db, const char *instance);

/* Timers. */
void rebind_timer_look(struct db *db, const char *unused, const char *after);
void rebind_timer_reconfigure(struct db *db, const char *id, const char *tries);

#endif
