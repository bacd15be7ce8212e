/* core: personal workspaces: the record of a user as clients see it.  Credentials are in the table `user`. */
#ifndef CAM_CORE_PERSONAL_H
#define CAM_CORE_PERSONAL_H

#include "object.h"

/* The id of a new user: the part of the address before the @ as a slug nobody has. */
void personal_id(struct db *db, const char *email, char out[OBJECT_ID]);

/* In the writer: makes the personal workspace with every field clients read. */
void personal_new(struct db *db, const char *id, const char *email, const char *name, const char *last_name,
	const char *organization, const char *costcenter);

#endif
