/* The four roles.  The rules are those of the product's documentation: a visitor sees
 * everything and edits nothing; a user edits and deploys instances, sees boxes, and does
 * not see providers; an author edits boxes too and sees providers. */
#include <string.h>

#include "verb/need.h"

#define BIT(role) (1u << (role))
#define ANY (BIT(ACCESS_VISITOR) | BIT(ACCESS_USER) | BIT(ACCESS_AUTHOR) | BIT(ACCESS_ADMINISTRATOR))
#define USERS (BIT(ACCESS_USER) | BIT(ACCESS_AUTHOR) | BIT(ACCESS_ADMINISTRATOR))
#define AUTHORS (BIT(ACCESS_AUTHOR) | BIT(ACCESS_ADMINISTRATOR))
#define ADMINISTRATORS BIT(ACCESS_ADMINISTRATOR)
#define NOT_USERS (ANY & ~BIT(ACCESS_USER))

static const unsigned char permitted[OBJECT_KINDS][ACCESS_NEEDS] = {
	/*                         -  see        use             edit            own             create */
	[OBJECT_ORGANIZATION] =  { 0, ANY,       ADMINISTRATORS, ADMINISTRATORS, ADMINISTRATORS, 0 },
	[OBJECT_COSTCENTER] =    { 0, ADMINISTRATORS, ADMINISTRATORS, ADMINISTRATORS, ADMINISTRATORS, ADMINISTRATORS },
	[OBJECT_WORKSPACE] =     { 0, ANY,       USERS,          ADMINISTRATORS, ADMINISTRATORS, ADMINISTRATORS },
	[OBJECT_BOX] =           { 0, ANY,       USERS,          AUTHORS,        ADMINISTRATORS, AUTHORS },
	[OBJECT_INSTANCE] =      { 0, ANY,       USERS,          USERS,          ADMINISTRATORS, USERS },
	[OBJECT_SERVICE] =       { 0, ANY,       USERS,          USERS,          ADMINISTRATORS, USERS },
	[OBJECT_OPERATION] =     { 0, ANY,       USERS,          USERS,          ADMINISTRATORS, USERS },
	[OBJECT_PROVIDER] =      { 0, NOT_USERS, AUTHORS,        ADMINISTRATORS, ADMINISTRATORS, ADMINISTRATORS },
	[OBJECT_PROVIDER_LOG] =  { 0, NOT_USERS, AUTHORS,        ADMINISTRATORS, ADMINISTRATORS, ADMINISTRATORS },
	[OBJECT_ACTIVITY] =      { 0, ANY,       USERS,          USERS,          ADMINISTRATORS, USERS },
	[OBJECT_BLOB] =          { 0, ANY,       USERS,          USERS,          ADMINISTRATORS, USERS },
	[OBJECT_TASK] =          { 0, ANY,       USERS,          USERS,          ADMINISTRATORS, USERS },
	[OBJECT_USER] =          { 0, ADMINISTRATORS, ADMINISTRATORS, ADMINISTRATORS, ADMINISTRATORS, ADMINISTRATORS },
};

bool access_permits(enum object_kind kind, enum access_need need, enum access_role role)
{
	return role != ACCESS_NOBODY && (permitted[kind][need] & BIT(role));
}

/* A box shared for viewing may be deployed; a provider shared for viewing is seen as by
 * an author. "Edit is all but delete." */
enum access_role access_by_share(enum object_kind kind, enum access_role shared)
{
	bool edit = shared >= ACCESS_AUTHOR;

	switch (kind) {
	case OBJECT_BOX:
		return edit ? ACCESS_AUTHOR : ACCESS_USER;
	case OBJECT_INSTANCE:
	case OBJECT_SERVICE:
	case OBJECT_OPERATION:
	case OBJECT_ACTIVITY:
	case OBJECT_TASK:
		return edit ? ACCESS_AUTHOR : ACCESS_VISITOR;
	case OBJECT_PROVIDER:
	case OBJECT_PROVIDER_LOG:
		return edit ? ACCESS_ADMINISTRATOR : ACCESS_AUTHOR;
	default:
		return shared;
	}
}

const char *access_kind_name(enum object_kind kind)
{
	static const char *const names[OBJECT_KINDS] = {
		"", "organization", "costcenter", "workspace", "box", "instance", "service", "operation", "provider",
		"provider-log", "activity", "blob", "task", "user",
	};

	return names[kind];
}

static const char *const role_names[] = { "", "visitor", "user", "author", "administrator" };

const char *access_role_name(enum access_role role)
{
	return role_names[role];
}

enum access_role access_role_by_name(const char *word)
{
	for (int i = ACCESS_VISITOR; i <= ACCESS_ADMINISTRATOR; i++)
		if (!strcmp(role_names[i], word))
			return (enum access_role)i;
	if (!strcmp(word, "collaborator") || !strcmp(word, "edit"))
		return ACCESS_AUTHOR;
	if (!strcmp(word, "owner"))
		return ACCESS_ADMINISTRATOR;
	return ACCESS_VISITOR;
}
