/*
 * core: unregistered resources: what a provider has that is no instance here.  A row each, found by syncs; its id stays the
 * same for as long as a sync finds it, so that it can be imported by it.
 *
 * The first two run in the writer, the list in a reader.
 */
#ifndef CAM_CORE_UNREGISTERED_H
#define CAM_CORE_UNREGISTERED_H

#include "object.h"

/* Kept of one provider; drivers list no more. */
#define UNREGISTERED_MAX 5000
/* Longest description of one, bytes of JSON: a longer one is left out. */
#define UNREGISTERED_BYTES 16384

/* Brings the rows in line with what a sync found (unregistered[] of its output: name, external_id, power_state,
 * server_info{}): only differences are written, with one line in the provider's log and one event
 * "provider.unregistered".  No array: the driver does not look for any, nothing changes. */
void unregistered_take(struct db *db, const struct object *provider, yyjson_val *found);
/* A resource by its id: false when there is none (any more). */
bool unregistered_read(struct db *db, const char *id, char provider[OBJECT_ID], char external_id[256]);
/* Why an import of one ends that a sync no longer finds, after its external_id. */
#define UNREGISTERED_GONE "is no longer at its provider: there is nothing to import"
/* One was imported: it is no longer unregistered. */
void unregistered_taken(struct db *db, const char *provider, const char *external_id);
/* The provider goes. */
void unregistered_forget(struct db *db, const char *provider);
/* Appends wire documents, oldest first, as object_list does. */
void unregistered_list(struct db *db, const char *provider, char cursor[OBJECT_CURSOR], size_t bytes, struct object_text *out);

#endif
