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

/* Roles in a workspace, weakest first; the words on the wire are visitor, user, author,
 * administrator (collaborator and read are older words for author and visitor). */
enum access_role {
	ACCESS_NOBODY = 0,
	ACCESS_VISITOR,
	ACCESS_USER,
	ACCESS_AUTHOR,
	ACCESS_ADMINISTRATOR
};

enum access_need {
	ACCESS_SEE = 1,		/* read it */
	ACCESS_USE,		/* deploy it; operate an instance */
	ACCESS_EDIT,		/* change it */
	ACCESS_OWN		/* delete it, share it, give it away */
};

/* The principal's role in a workspace: its own personal one: administrator; a team
 * one by members (users or groups), cost center and organization administrators. */
enum access_role access_workspace_role(struct db *db, const struct core_principal *p, const char *workspace);

/* Administrator of the organization (or of the appliance). */
bool access_organization_admin(struct db *db, const struct core_principal *p, const char *organization);

/* Does the principal's role in the owning workspace, or a share, or the
 * object's visibility, allow it? */
bool access_allowed(struct db *db, const struct core_principal *p, const struct object *o, enum access_need need);

/* Reads an object for a verb: true with out filled; else the call's answer is set:
 * 404 {"message"} when it is missing or may not be seen, 403 when seen but not for this need. */
struct core_call;
bool access_object(struct db *db, struct core_call *call, enum object_kind kind, const char *id,
	enum access_need need, struct object *out);
/* The same for a workspace as the place of a new object or a list. */
bool access_workspace(struct db *db, struct core_call *call, const char *workspace, enum access_role least);

#endif
