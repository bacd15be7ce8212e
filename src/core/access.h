/*
 * core: who may do what to which object.
 *
 * A principal is a user (= a personal workspace) with roles in team workspaces,
 * cost centers and organizations.  One function decides; verbs only say what they
 * need.  What one may not see does not exist: callers answer the same 404 for
 * foreign and for missing objects.
 */
#ifndef CAM_CORE_ACCESS_H
#define CAM_CORE_ACCESS_H

#include "object.h"
#include "principal.h"
#include "verb/need.h"

/* The principal's role in a workspace: its own personal one: administrator; else by members
 * (users or groups); administrators of its cost center and organization are its
 * administrators.  NOBODY for a workspace that is not there. */
enum access_role access_workspace_role(struct db *db, const struct core_principal *p, const char *workspace);

/* Administrator of the organization (or of the appliance). */
bool access_organization_admin(struct db *db, const struct core_principal *p, const char *organization);
/* Administrator of the cost center, or of its organization. */
bool access_costcenter_admin(struct db *db, const struct core_principal *p, const char *costcenter);

/* The role in the place that owns the object (need.h), shares and visibility not counted. */
enum access_role access_owner_role(struct db *db, const struct core_principal *p, const struct object *o);

/* Does the principal's role in the owning place, or a share, or the object's
 * visibility, allow it?  Versions of a box ask their draft; services, operations and
 * activity their instance; logs their provider. */
bool access_allowed(struct db *db, const struct core_principal *p, const struct object *o, enum access_need need);

/* Reads an object for a verb: true with out filled (free it); else the call's answer is set:
 * 404 when it is missing or may not be seen, 403 when seen but not for this need. */
struct core_call;
bool access_object(struct db *db, struct core_call *call, enum object_kind kind, const char *id,
	enum access_need need, struct object *out);
/* The same with out->text instead of out->doc: for answers that are the object as it is. */
bool access_peek(struct db *db, struct core_call *call, enum object_kind kind, const char *id,
	enum access_need need, struct object *out);
/* The same for a workspace as the place of a new object (ACCESS_CREATE) or of a list
 * (ACCESS_SEE) of a kind. organization: NULL, or receives the workspace's. */
bool access_place(struct db *db, struct core_call *call, const char *workspace, enum object_kind kind,
	enum access_need need, char organization[OBJECT_ID]);
/* The same by role alone. */
bool access_workspace(struct db *db, struct core_call *call, const char *workspace, enum access_role least);

#endif
