#include <stdio.h>
#include <string.h>

#include "instance.h"
#include "progress.h"
#include "provider.h"
#include "tasks.h"
#include "template_task.h"

/* The part of a text that is kept, whole characters of UTF-8. */
static void cut(const char *text, char out[PROGRESS_MAX + 1])
{
	size_t n = strlen(text);

	if (n > PROGRESS_MAX)
		for (n = PROGRESS_MAX; n && ((unsigned char)text[n] & 0xc0) == 0x80; n--)
			;
	memcpy(out, text, n);
	out[n] = 0;
}

static const char *wire_level(const char *level)
{
	return !strcmp(level, "error") || !strcmp(level, "warning") ? "error" : "info";
}

bool progress_note(struct db *db, const char *worker, int64_t task, int64_t fence, const char *level, const char *text)
{
	char line[PROGRESS_MAX + 1];
	struct core_task t;
	struct object o;
	bool holds = core_task_read(db, task, &t) && t.fence == fence && !strcmp(t.worker, worker) &&
		(t.state == TASK_LEASED || t.state == TASK_CANCELLING);

	cut(text, line);
	if (holds && !strcmp(t.kind, "machine.template")) {
		template_note(db, &t, line);
	} else if (holds && t.flow[0] && object_get(db, OBJECT_INSTANCE, t.instance, &o)) {
		instance_log(db, &o, t.flow, life_event_word(instance_event(&o)), wire_level(level), NULL, line);
		object_free(&o);
	} else if (holds && t.provider[0] && !(provider_quiet(&t) && strcmp(wire_level(level), "error") != 0) &&
			object_get(db, OBJECT_PROVIDER, t.provider, &o)) {
		/* recurrent work that warns as before writes nothing */
		if (!provider_quiet(&t) || !provider_said(db, &o, line))
			provider_log(db, &o, !strcmp(wire_level(level), "error") ? PROVIDER_ERROR : PROVIDER_INFO,
				!strcmp(t.kind, "provider.sync") ? "sync" : "reconcile", line);
		object_free(&o);
	}
	core_task_free(&t);
	return holds;
}
