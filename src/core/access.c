/* Who may do what.  One query finds the strongest role; everything else is the table of need.c. */
#include <stdio.h>
#include <string.h>

#include "access.h"
#include "core.h"

#define FORBIDDEN "Your role does not allow this."

/* The role a user has by members[] of this very object: by name or by a group. */
static enum access_role share_role(struct db *db, const struct core_principal *p, enum object_kind kind, const char *id)
{
	return (enum access_role)db_number(db, 0, "SELECT coalesce(max(role), 0) FROM share WHERE kind = ?1 AND id = ?2 AND"
		" ((type = 'workspace' AND member = ?3) OR (type = 'ldap' AND member IN"
		" (SELECT dn FROM user_group WHERE user = ?3)))", "itt", (int64_t)kind, id, p->user);
}

bool access_organization_admin(struct db *db, const struct core_principal *p, const char *organization)
{
	return p->known && (p->admin ||
		share_role(db, p, OBJECT_ORGANIZATION, organization) == ACCESS_ADMINISTRATOR);
}

/* Organization and cost center of a workspace or (the former only) a cost center. */
static bool place_of(struct db *db, enum object_kind kind, const char *id, char organization[OBJECT_ID],
	char parent[OBJECT_ID])
{
	sqlite3_stmt *q = db_query(db, "SELECT organization, parent FROM object WHERE kind = ? AND id = ?", "it",
		(int64_t)kind, id);

	if (!db_row(db, q))
		return false;
	snprintf(organization, OBJECT_ID, "%s", db_text(q, 0));
	snprintf(parent, OBJECT_ID, "%s", db_text(q, 1));
	db_end(q);
	return true;
}

bool access_costcenter_admin(struct db *db, const struct core_principal *p, const char *costcenter)
{
	char organization[OBJECT_ID], parent[OBJECT_ID];

	if (!p->known || !place_of(db, OBJECT_COSTCENTER, costcenter, organization, parent))
		return false;
	return share_role(db, p, OBJECT_COSTCENTER, costcenter) || access_organization_admin(db, p, organization);
}

static enum access_role workspace_role(struct db *db, const struct core_principal *p, const char *workspace,
	char organization[OBJECT_ID])
{
	char costcenter[OBJECT_ID];

	if (!p->known || !place_of(db, OBJECT_WORKSPACE, workspace, organization, costcenter))
		return ACCESS_NOBODY;
	if (!strcmp(workspace, p->user) || share_role(db, p, OBJECT_COSTCENTER, costcenter) ||
			access_organization_admin(db, p, organization))
		return ACCESS_ADMINISTRATOR;
	return share_role(db, p, OBJECT_WORKSPACE, workspace);
}

enum access_role access_workspace_role(struct db *db, const struct core_principal *p, const char *workspace)
{
	char organization[OBJECT_ID];

	return workspace_role(db, p, workspace, organization);
}

enum access_role access_owner_role(struct db *db, const struct core_principal *p, const struct object *o)
{
	switch (o->kind) {
	case OBJECT_ORGANIZATION:
		if (access_organization_admin(db, p, o->id))
			return ACCESS_ADMINISTRATOR;
		return p->known && !strcmp(p->organization, o->id) ? ACCESS_VISITOR : ACCESS_NOBODY;
	case OBJECT_COSTCENTER:
		return access_costcenter_admin(db, p, o->id) ? ACCESS_ADMINISTRATOR : ACCESS_NOBODY;
	case OBJECT_WORKSPACE:
		return access_workspace_role(db, p, o->id);
	default:
		return access_workspace_role(db, p, o->owner);
	}
}

/* The best that shares give: what is shared with a workspace, its members have, but nobody
 * more than by the role in that workspace. */
static bool allowed_by_share(struct db *db, const struct core_principal *p, enum object_kind kind, const char *id,
	enum access_need need)
{
	sqlite3_stmt *q = db_query(db, "SELECT member, role FROM share WHERE kind = ? AND id = ? AND type = 'workspace'"
		" ORDER BY member", "it", (int64_t)kind, id);
	enum access_role given, role;
	bool allowed = false;

	while (!allowed && db_row(db, q)) {
		given = access_by_share(kind, (enum access_role)db_int(q, 1));
		role = access_workspace_role(db, p, db_text(q, 0));
		if (role == ACCESS_NOBODY)
			continue;
		/* A provider's share gives an author's view; a user of the workspace still has none. */
		allowed = access_permits(kind, need, given) && access_permits(kind, need, role);
	}
	db_end(q);
	return allowed;
}

/* Boxes only: shown to the organization or to everybody. */
static bool allowed_by_visibility(const struct core_principal *p, const struct object *o, enum access_need need)
{
	if (need != ACCESS_SEE && need != ACCESS_USE)
		return false;
	return !strcmp(o->visibility, "public") ||
		(!strcmp(o->visibility, "organization") && !strcmp(o->organization, p->organization));
}

/* Whose shares and owner count: versions, services, logs are parts of their parent. */
static bool part_of(struct db *db, const struct object *o, struct object *whole)
{
	enum object_kind kind = o->kind;

	switch (o->kind) {
	case OBJECT_BOX:
		break;
	case OBJECT_SERVICE:
	case OBJECT_OPERATION:
	case OBJECT_ACTIVITY:
	case OBJECT_TASK:
		kind = OBJECT_INSTANCE;
		break;
	case OBJECT_PROVIDER_LOG:
		kind = OBJECT_PROVIDER;
		break;
	default:
		return false;
	}
	return o->parent[0] && object_peek(db, kind, o->parent, whole);
}

static bool allowed(struct db *db, const struct core_principal *p, const struct object *o, enum access_need need)
{
	/* A cost center's administrators do not delete it; the organization's do. */
	if (o->kind == OBJECT_COSTCENTER && need == ACCESS_OWN)
		return access_organization_admin(db, p, o->organization);
	if (access_permits(o->kind, need, access_owner_role(db, p, o)))
		return true;
	if (o->kind == OBJECT_BOX && allowed_by_visibility(p, o, need))
		return true;
	return need != ACCESS_OWN && o->kind != OBJECT_WORKSPACE && o->kind != OBJECT_COSTCENTER &&
		o->kind != OBJECT_ORGANIZATION && allowed_by_share(db, p, o->kind, o->id, need);
}

bool access_allowed(struct db *db, const struct core_principal *p, const struct object *o, enum access_need need)
{
	struct object whole;
	bool yes;

	if (!p->known)
		return false;
	if (allowed(db, p, o, need))
		return true;
	if (!part_of(db, o, &whole))
		return false;
	yes = allowed(db, p, &whole, need);
	object_free(&whole);
	return yes;
}

static bool judge(struct db *db, struct core_call *call, struct object *out, bool found, enum access_need need)
{
	if (found && access_allowed(db, &call->principal, out, need))
		return true;
	if (found && need != ACCESS_SEE && access_allowed(db, &call->principal, out, ACCESS_SEE))
		core_answer_message(&call->answer, 403, FORBIDDEN);
	else
		core_answer_missing(&call->answer);
	object_free(out);
	return false;
}

bool access_object(struct db *db, struct core_call *call, enum object_kind kind, const char *id,
	enum access_need need, struct object *out)
{
	return judge(db, call, out, object_get(db, kind, id, out), need);
}

bool access_peek(struct db *db, struct core_call *call, enum object_kind kind, const char *id,
	enum access_need need, struct object *out)
{
	return judge(db, call, out, object_peek(db, kind, id, out), need);
}

bool access_place(struct db *db, struct core_call *call, const char *workspace, enum object_kind kind,
	enum access_need need, char organization[OBJECT_ID])
{
	char its[OBJECT_ID];
	enum access_role role = workspace_role(db, &call->principal, workspace, its);

	if (role == ACCESS_NOBODY) {
		core_answer_missing(&call->answer);
		return false;
	}
	if (!access_permits(kind, need, role)) {
		core_answer_message(&call->answer, 403, FORBIDDEN);
		return false;
	}
	if (organization)
		memcpy(organization, its, sizeof its);
	return true;
}

bool access_workspace(struct db *db, struct core_call *call, const char *workspace, enum access_role least)
{
	enum access_role role = access_workspace_role(db, &call->principal, workspace);

	if (role >= least && role != ACCESS_NOBODY)
		return true;
	if (role == ACCESS_NOBODY)
		core_answer_missing(&call->answer);
	else
		core_answer_message(&call->answer, 403, FORBIDDEN);
	return false;
}
