/*
 * viewers: who watches events, and what they may see of them.  One viewer stands
 * for all sockets of one credential.  What it may see is core's answer to
 * access.scope, asked for again whenever roles change.
 */
#ifndef CAM_API_VIEWERS_H
#define CAM_API_VIEWERS_H

#include <ev.h>
#include <stdbool.h>
#include <stdint.h>
#include <yyjson.h>

#include "auth.h"
#include "ring.h"

#define VIEWERS_SCOPE_VERB "access.scope"

struct viewer;

struct viewers_ops {
	/* The scope is known again: what waited can go on. */
	void (*known)(struct viewer *v);
	/* The credential is good no more. */
	void (*ended)(struct viewer *v);
};

void viewers_open(struct ev_loop *loop, const struct viewers_ops *ops);

/* The viewer of this credential, with a reference, made when there is none; NULL = no memory.  body:
 * core's answer to access.scope, asked when viewers_epoch() was epoch; NULL = not known yet: it is asked for. */
struct viewer *viewer_take(const struct auth *auth, const char *peer, yyjson_val *body, unsigned epoch);
void viewer_drop(struct viewer *v);

/* Is its scope known and still so?  If not, known or ended will be called. */
bool viewer_known(const struct viewer *v);
bool viewer_sees(const struct viewer *v, const struct event *e);
const uint8_t *viewer_hash(const struct viewer *v);

/* Looks at an event before anybody is told: after some all scopes are asked for again. */
void viewers_event(const struct event *e);
unsigned viewers_epoch(void);

#endif
