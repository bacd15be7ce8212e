/* core: what each operation of an instance consists of: a table. */
#ifndef CAM_CORE_PLAN_H
#define CAM_CORE_PLAN_H

#include "lifecycle.h"

#define PLAN_STEPS 16

enum plan_kind {
	PLAN_END = 0,
	PLAN_PROVISION,		/* make the machines that are missing */
	PLAN_HELLO,		/* wait for all agents */
	PLAN_SCRIPT,		/* the event's scripts, on all machines */
	PLAN_SCRIPT_ANY,	/* on those whose agent is known: what takes down */
	PLAN_BIND,		/* what do the bindings find now? */
	PLAN_NEXT,		/* the second phase begins: another word for clients */
	PLAN_START,		/* machines on */
	PLAN_STOP,		/* machines off */
	PLAN_DESTROY,		/* machines away */
	PLAN_ADOPT,		/* what the provider had already becomes the instance's */
	PLAN_IMPOSSIBLE		/* nobody can do it yet: its event says what for */
};

struct plan_step { enum plan_kind kind; const char *event; };

struct plan {
	const char *name;
	struct plan_step steps[PLAN_STEPS];	/* ends with PLAN_END */
};

/* NULL past the end; by name. */
const struct plan *plan_at(unsigned i);
const struct plan *plan_by_name(const char *name);
/* Of the operation that begins with this event. */
const struct plan *plan_of(enum life_event event);

#endif
