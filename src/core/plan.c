#include <stddef.h>
#include <string.h>

#include "plan.h"

#define SCRIPT(e) { PLAN_SCRIPT, e }
#define DOWN(e) { PLAN_SCRIPT_ANY, e }
#define INSTALL SCRIPT("pre_install"), SCRIPT("install")
#define CONFIGURE { PLAN_BIND, NULL }, SCRIPT("pre_configure"), SCRIPT("configure"), SCRIPT("pre_start"), SCRIPT("start")
#define STOP_ALL DOWN("pre_stop"), DOWN("stop"), DOWN("post_stop")

static const struct plan plans[] = {
	{ "deploy", { { PLAN_PROVISION, NULL }, { PLAN_HELLO, NULL }, INSTALL, CONFIGURE } },
	{ "reinstall", { INSTALL, CONFIGURE } },
	{ "reconfigure", { CONFIGURE } },
	{ "poweron", { { PLAN_START, NULL }, { PLAN_HELLO, NULL }, CONFIGURE } },
	{ "shutdown", { STOP_ALL, { PLAN_NEXT, NULL }, { PLAN_STOP, NULL } } },
	{ "terminate", { STOP_ALL, DOWN("pre_dispose"), DOWN("dispose"), DOWN("post_dispose"), { PLAN_NEXT, NULL },
		{ PLAN_DESTROY, NULL } } },
	{ "terminate_service", { { PLAN_DESTROY, NULL } } },
	/* The agent first: nothing is changed at the provider before somebody has shown that the machine is theirs. */
	{ "import", { { PLAN_HELLO, NULL }, { PLAN_ADOPT, NULL } } },
	{ "make_managed_os", { { PLAN_IMPOSSIBLE, "managed services" } } },
};

const struct plan *plan_at(unsigned i)
{
	return i < sizeof plans / sizeof plans[0] ? &plans[i] : NULL;
}

const struct plan *plan_by_name(const char *name)
{
	const struct plan *p;

	for (unsigned i = 0; (p = plan_at(i)); i++)
		if (!strcmp(p->name, name))
			return p;
	return NULL;
}

const struct plan *plan_of(enum life_event event)
{
	const char *word = life_event_word(event);

	return word ? plan_by_name(word) : NULL;
}
