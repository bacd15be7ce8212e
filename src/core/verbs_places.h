/* core: handlers of organizations, cost centers, workspaces, and what they share. */
#ifndef CAM_CORE_VERBS_PLACES_H
#define CAM_CORE_VERBS_PLACES_H

#include "access.h"
#include "core.h"

int verb_scope_run(struct db *db, struct core_call *call);

int verb_organization_get_run(struct db *db, struct core_call *call);
void verb_organization_put_start(struct core_call *call);
int verb_organization_put_run(struct db *db, struct core_call *call);
int verb_organization_groups_run(struct db *db, struct core_call *call);
int verb_organization_report_chunk(struct db *db, struct core_call *call, char cursor[OBJECT_CURSOR], struct object_text *out);
int verb_organization_list(struct db *db, struct core_call *call, char cursor[OBJECT_CURSOR], struct object_text *out);

int verb_costcenter_list(struct db *db, struct core_call *call, char cursor[OBJECT_CURSOR], struct object_text *out);
void verb_costcenter_create_start(struct core_call *call);
int verb_costcenter_create_run(struct db *db, struct core_call *call);
int verb_costcenter_get_run(struct db *db, struct core_call *call);
int verb_costcenter_put_run(struct db *db, struct core_call *call);
int verb_costcenter_delete_run(struct db *db, struct core_call *call);

int verb_workspace_list(struct db *db, struct core_call *call, char cursor[OBJECT_CURSOR], struct object_text *out);
int verb_workspace_create_run(struct db *db, struct core_call *call);
int verb_workspace_get_run(struct db *db, struct core_call *call);
int verb_workspace_put_run(struct db *db, struct core_call *call);
int verb_workspace_delete_run(struct db *db, struct core_call *call);
int verb_workspace_contents(struct db *db, struct core_call *call, char cursor[OBJECT_CURSOR], struct object_text *out);

/* ---- shared (place.c) ---- */

#define PLACE_SCHEMA "http://elasticbox.net/schemas/"

/* Takes the request's members over into the object's document; those of read_only
 * (NULL-terminated) and the object's id, uri and times stay as they are.  What the request
 * does not name stays too. */
void place_merge(struct object *o, yyjson_val *args, const char *const read_only[]);

/* Makes members[] whole ({id, type, role, workspace} each, with the default role) and holds it
 * against the users there are.  -1 with the answer set. */
int place_members(struct db *db, struct core_call *call, struct object *o, const char *default_role);

/* Is the value one of the strings of the object's list? */
bool place_listed(yyjson_mut_val *object, const char *list, const char *value);
/* The organization of a user; false when there is no such user. */
bool place_user(struct db *db, const char *id, char organization[OBJECT_ID]);

/* ---- other organizations (federation.c): 0, or -1 with the answer set ---- */

/* Makes organizations[] of a team workspace whole and holds it against the organization's federated_to and the
 * members.  before: the document that is kept, NULL = a new workspace. */
int federation_of_workspace(struct db *db, struct core_call *call, struct object *o, yyjson_mut_val *before);
/* What federated_to no longer names must not be in use. */
int federation_of_organization(struct db *db, struct core_call *call, const struct object *o, yyjson_mut_val *before);

/* The ids= of a list, or NULL. */
const char *place_ids(const struct core_call *call);

#endif
