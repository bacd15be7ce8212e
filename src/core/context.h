/*
 * core: what a script sees: variables of its box and of the boxes below, bindings, facts of the machine.
 *
 * Secret values are not in the document that is built: their places are listed with what keyd needs, and they are
 * put in when it is sent (prepare.c).  Runs in a reader.
 */
#ifndef CAM_CORE_CONTEXT_H
#define CAM_CORE_CONTEXT_H

#include "core.h"
#include "instance_stack.h"
#include "machine.h"

/* Secret values of one context. */
#define CONTEXT_SECRETS 1024

struct context_secret {
	yyjson_mut_val *place;		/* a string in the document */
	char object[OBJECT_ID];		/* as it was sealed */
	char *field, *sealed;		/* malloc */
};

struct context {
	struct db *db;
	yyjson_mut_doc *doc;
	const uint8_t *key;		/* of blobs' credentials */
	const char *host;		/* of addresses of files */
	struct context_secret *secrets;	/* malloc */
	unsigned count;
};

/* The context of a box (its path in the tree) on a machine, as a value of c->doc; NULL = there is no such box. */
yyjson_mut_val *context_build(struct context *c, const struct object *instance, const struct machine *m, const char *path);
/* The address of a file by which this instance may fetch it; the value as it is when it is none of ours. */
yyjson_mut_val *context_file(struct context *c, const char *instance, const char *value);
/* Notes that the string at place is to become the secret of (object, field); false when there is none. */
bool context_secret(struct context *c, yyjson_mut_val *place, const char *object, const char *field);
void context_free(struct context *c);

#endif
