/*
 * core: secret values of objects (Password variables, providers' credentials).
 *
 * Before a verb's change runs, in the loop: the secret leaves named by the verb
 * are cut out of its arguments, sealed by keyd with the object's id and the
 * field's path as associated data, and what remains carries the mask.  In the
 * writer the sealed values go to the table `secret`.  A value that equals the mask
 * keeps what is there (clients send whole objects back).
 */
#ifndef CAM_CORE_SECRETS_H
#define CAM_CORE_SECRETS_H

#include "core.h"

/* What clients see in place of a secret. */
#define SECRET_MASK "********"

/* Cuts and seals, then goes on with next in the loop.  id: of the object (made before,
 * for a new one).  Finds: variables[] members of type Password (also nested in box
 * and policy_box of requests, and boxes[] of instances), and the members named in
 * fields (NULL-terminated, of the top level).  The call is refused (503) when keyd is away. */
void secrets_cut(struct core_call *call, const char *id, const char *const fields[],
	void (*next)(struct core_call *call));

/* In the writer, after object_put: keeps the sealed values of this call. */
void secrets_keep(struct db *db, struct core_call *call, const char *id);

#endif
