/*
 * verb: what a verb needs of which kind of object, and which role has it.  The
 * table's rows name kind and need; core decides by the same function the role
 * table in docs/roles.md is made from.
 */
#ifndef CAM_VERB_NEED_H
#define CAM_VERB_NEED_H

#include <stdbool.h>

/* Kept in the database: never change a number. */
enum object_kind {
	OBJECT_NONE = 0,
	OBJECT_ORGANIZATION = 1,
	OBJECT_COSTCENTER = 2,
	OBJECT_WORKSPACE = 3,		/* team and personal; the personal one is the user */
	OBJECT_BOX = 4,			/* drafts, and versions with parent = their draft */
	OBJECT_INSTANCE = 5,
	OBJECT_SERVICE = 6,		/* parent = its instance */
	OBJECT_OPERATION = 7,		/* parent = its instance */
	OBJECT_PROVIDER = 8,
	OBJECT_PROVIDER_LOG = 9,	/* parent = its provider */
	OBJECT_ACTIVITY = 10,		/* parent = its instance: entries of the instance's log */
	OBJECT_BLOB = 11,
	OBJECT_TASK = 12,		/* tasks clients poll (create-template) */
	OBJECT_USER = 13,		/* what administrators do to users; kept as its WORKSPACE and its credentials */
	OBJECT_KINDS
};

/* Roles in a workspace, weakest first; the words on the wire are visitor, user, author,
 * administrator (collaborator and read are older words for author and visitor).
 * Cost centers and organizations know administrators; who is a user of an organization
 * has VISITOR there. */
enum access_role {
	ACCESS_NOBODY = 0,
	ACCESS_VISITOR,
	ACCESS_USER,
	ACCESS_AUTHOR,
	ACCESS_ADMINISTRATOR
};

enum access_need {
	ACCESS_NONE = 0,	/* no object decides */
	ACCESS_SEE,		/* read it */
	ACCESS_USE,		/* deploy it; operate an instance */
	ACCESS_EDIT,		/* change it */
	ACCESS_OWN,		/* delete it, share it, give it away */
	ACCESS_CREATE,		/* make one in the place that will own it */
	ACCESS_NEEDS
};

/* Does this role in the place that owns the object allow it?  The owner of a
 * box, instance, provider is a workspace; of a workspace it is itself (its cost center
 * for ACCESS_CREATE); of a cost center it is itself (its organization for CREATE
 * and OWN); of an organization it is itself. */
bool access_permits(enum object_kind kind, enum access_need need, enum access_role role);

/* What a share of this role gives, as a role of access_permits; ACCESS_OWN is never
 * given by a share. */
enum access_role access_by_share(enum object_kind kind, enum access_role shared);

/* "box", "workspace": as in events and addresses. "" for OBJECT_NONE. */
const char *access_kind_name(enum object_kind kind);
/* "visitor"...; "" for nobody. */
const char *access_role_name(enum access_role role);
/* The role a word on the wire means; visitor for words nobody knows (it gives least). */
enum access_role access_role_by_name(const char *word);

#endif
