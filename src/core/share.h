/* core: who may share instances and providers, and with whom.  (Boxes: box_share.c.) */
#ifndef CAM_CORE_SHARE_H
#define CAM_CORE_SHARE_H

#include "access.h"

/* In the writer, before object_put: are the members[] of o such as the caller may write?  When they are
 * those that are kept: yes.  Else the caller must own it (ACCESS_OWN), each member must be a workspace
 * of the same organization, and for a provider of the same cost center.  0, or -1 with the answer
 * set (403, 400 with the path). */
int share_check(struct db *db, struct core_call *call, const struct object *o);

#endif
