/* core: opens the secret values of a message by keyd, at the moment it is sent. */
#ifndef CAM_CORE_UNSEAL_H
#define CAM_CORE_UNSEAL_H

#include "context.h"

/* In the loop.  ticket_room NULL: each place receives its value; else a ticket by which that room opens it.
 * done is called once, perhaps at once. */
void unseal(struct core *core, struct context *c, const char *ticket_room, void (*done)(bool good, void *arg), void *arg);
/* Wipes the values that were put in; the document is not to be written any more. */
void unseal_wipe(struct context *c);

#endif
