/*
 * core: endpoints: where services of a provider are that are at other hosts than its record names (an OpenStack's catalogue).
 *
 * A worker says them (output endpoints[] {service, host, port}: when a task is done, or is to be given out again because of
 * them); the record keeps them as `endpoints[]`, as clients see them.  From there they come into the firewall's model and into each
 * task of the provider, and are known no longer than the provider says them.
 *
 * Who says them has read them from the provider: a host may be any, a port opens nothing unless a line of the tables has it.
 */
#ifndef CAM_CORE_ENDPOINTS_H
#define CAM_CORE_ENDPOINTS_H

#include "object.h"

/* Kept of one provider: what is beyond is left out. */
#define ENDPOINTS_MAX 8

/* In the writer.  Brings the document in line with what was said: is it another than before?  No array: nothing was said.  The caller
 * puts the record, then endpoints_said. */
bool endpoints_take(struct object *provider, yyjson_val *said);
/* The log says them, the firewall is told. */
void endpoints_said(struct db *db, const struct object *provider);
/* All of it, for a task that is to be given out again. */
void endpoints_found(struct db *db, const char *provider, yyjson_val *said);
/* The record's own address is another now: forgets them. */
void endpoints_forget(struct object *provider);

/* For a worker: endpoints[] {service, host, port, message?} into input; message says why there is no way there.  own: the appliance's
 * addresses, as text. */
void endpoints_input(struct db *db, const struct object *provider, const char *const own[], unsigned own_count, yyjson_mut_doc *doc,
	yyjson_mut_val *input);
/* For the model: hosts[] {"host":"..","ports":[n,..]} of one provider's endpoints (JSON), added to a list. */
void endpoints_model(yyjson_mut_doc *doc, yyjson_mut_val *list, const char *endpoints);

#endif
