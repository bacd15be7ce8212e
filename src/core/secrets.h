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

struct secrets;

/* Cuts and seals, then goes on with next in the loop.  id: of the object (made before,
 * for a new one: call->id).  Finds: members of type Password in any variables[] (also
 * nested in box, policy_box, boxes[]), and the members named in fields (NULL-terminated, of
 * the top level, or with a "*" in front of any level; NULL = none).  call->args is a new document then.  The call is refused
 * (503) when keyd is away.
 *
 * A value's field is its path by names: "variables/PW", "variables/<scope>:PW",
 * "policy_box/variables/PW", "boxes/<id>/variables/PW", "secret".  The "box" of a request is left
 * out ("box/variables/PW" is "variables/PW"): that is where the instance has it. */
void secrets_cut(struct core_call *call, const char *id, const char *const fields[],
	void (*next)(struct core_call *call));

/* The arguments become those of the document; what held them before is wiped. */
void secrets_args_replace(struct core_call *call, const yyjson_mut_doc *by);
/* Wipes every text of a value; none of them may be a constant. */
void secrets_wipe_tree(yyjson_mut_val *v);

/* In the writer, after object_put of the whole object: keeps the sealed values of this call,
 * and drops those of fields the object has no longer. What the request does not name at all
 * (the first part of the field's path) stays. */
void secrets_keep(struct db *db, struct core_call *call, const char *id);

/* In the writer: what a copied document takes with it.  Fields that begin with `prefix` (""
 * = all) are known as `to_prefix` + the rest in the copy; what is there stays. The value stays
 * sealed under the names it had (columns sealed_object, sealed_field). */
void secrets_copy(struct db *db, const char *from, const char *prefix, const char *to, const char *to_prefix);

/* Frees and wipes; NULL is fine. */
void secrets_forget(struct secrets *s);

#endif
