/*
 * core: what a provider has no more although something here was made with it.
 *
 * Templates, images, flavors, networks and whatever else a policy's profile names are marked in the provider's record when a sync no
 * longer finds them: vanished[]{type, name, id, location, since, instances[]}; the mark goes when they are found again.
 * They are known by their names, as profiles know them, within their datacenter or location.  A machine has vanished when two lists
 * of the provider's machines, both given out after its last change, do not have it: it is "unavailable" then, with the time, until a list
 * has it again.  All functions run in the writer.
 */
#ifndef CAM_CORE_VANISHED_H
#define CAM_CORE_VANISHED_H

#include "object.h"
#include "tasks.h"

/* Marks of one provider: older ones go. */
#define VANISHED_MAX 200
/* Longest name or id of what can be marked, bytes. */
#define VANISHED_NAME 256
/* Instances one mark names, and a line of the log. */
#define VANISHED_INSTANCES 100
#define VANISHED_NAMED 10
/* Lines of the log about single objects in one sync; the rest is counted. */
#define VANISHED_LINES 20
/* Lists in a row that do not have a machine before it has vanished. */
#define VANISHED_LISTS 2

/* Before services[] of a sync take the place of those in the record: brings vanished[] of the document in line and writes
 * the log.  True when the document changed; the caller puts it. */
bool vanished_take(struct db *db, struct object *provider, yyjson_val *services);

/* Machines a list has, by their keys: a provider may give another machine the reference of one that is gone. */
struct vanished_list {
	const char **keys;		/* put in order by it */
	size_t count;
};
/* The list of this task came: marks machines of the provider that are not in it. */
void vanished_machines(struct db *db, const struct core_task *t, const struct vanished_list *list);

#endif
