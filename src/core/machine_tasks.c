/* What becomes of a machine when a task of its provider's worker ends. */
#include <stdio.h>
#include <string.h>

#include "instance.h"
#include "machine.h"
#include "rebind.h"
#include "truth.h"
#include "unregistered.h"

static void text_of(yyjson_val *from, const char *name, char *out, size_t size)
{
	const char *s = yyjson_get_str(yyjson_obj_get(from, name));

	snprintf(out, size, "%s", s ? s : "");
}

void machine_create_given(struct db *db, struct core_task *t)
{
	db_run(db, "UPDATE machine SET tried = 1 WHERE id = ?", "t", t->machine);
	machine_move(db, t->machine, MACHINE_CREATE);
}

/* What the provider says of it, whatever the state: also of one that is to go. */
static void note(struct db *db, const char *id, yyjson_val *output)
{
	yyjson_val *addresses = yyjson_obj_get(output, "addresses");
	char external[MACHINE_TEXT], public[MACHINE_TEXT], private[MACHINE_TEXT], hostname[MACHINE_TEXT];

	text_of(output, "external_id", external, sizeof external);
	text_of(addresses, "public", public, sizeof public);
	text_of(addresses, "private", private, sizeof private);
	text_of(output, "hostname", hostname, sizeof hostname);
	db_run(db, "UPDATE machine SET external_id = CASE WHEN ?1 <> '' THEN ?1 ELSE external_id END,"
		" public = CASE WHEN ?2 <> '' THEN ?2 ELSE public END, private = CASE WHEN ?3 <> '' THEN ?3 ELSE private END,"
		" hostname = CASE WHEN hostname = '' THEN ?4 ELSE hostname END WHERE id = ?5", "ttttt", external, public, private,
		hostname, id);
}

/* What has been done to it is kept, and seen in the instance. */
static void done(struct db *db, const struct core_task *t, enum machine_event event, yyjson_val *output)
{
	note(db, t->machine, output);
	machine_move(db, t->machine, event);
	machine_mirror(db, t->instance);
}

static void tell(struct db *db, const struct core_task *t, const char *sentence)
{
	struct object instance;

	if (!object_get(db, OBJECT_INSTANCE, t->instance, &instance))
		return;
	instance_log(db, &instance, t->flow, "deploy", "add", NULL, sentence);
	object_free(&instance);
}

void machine_create_ended(struct db *db, const struct core_task *t, const char *why, yyjson_val *output)
{
	struct machine m;
	char text[MACHINE_NAME + 64];

	(void)why;
	if (t->state != TASK_DONE)
		return;
	done(db, t, MACHINE_CREATED, output);
	if (machine_read(db, t->machine, &m)) {
		snprintf(text, sizeof text, "Machine %s was made.", m.name);
		tell(db, t, text);
	}
}

/* From now on it may carry our key, so that what removes the instance has to see to it. */
void machine_adopt_given(struct db *db, struct core_task *t)
{
	db_run(db, "UPDATE machine SET tried = 1 WHERE id = ?", "t", t->machine);
}

void machine_adopt_ended(struct db *db, const struct core_task *t, const char *why, yyjson_val *output)
{
	struct machine m;
	char text[MACHINE_NAME + MACHINE_TEXT + 64];

	(void)why;
	if (t->state != TASK_DONE)
		return;
	done(db, t, MACHINE_CREATED, output);
	if (!machine_read(db, t->machine, &m))
		return;
	unregistered_taken(db, m.provider, m.external_id);
	snprintf(text, sizeof text, "Machine %s (%s) was imported.", m.name, m.external_id);
	tell(db, t, text);
	rebind_soon(db);
}

void machine_start_ended(struct db *db, const struct core_task *t, const char *why, yyjson_val *output)
{
	(void)why;
	if (t->state != TASK_DONE)
		return;
	/* Machines may have other addresses after a start. */
	done(db, t, MACHINE_STARTED, output);
	rebind_soon(db);
}

void machine_stop_ended(struct db *db, const struct core_task *t, const char *why, yyjson_val *output)
{
	(void)why;
	(void)output;
	if (t->state == TASK_DONE)
		machine_move(db, t->machine, MACHINE_STOPPED);
}

void machine_destroy_ended(struct db *db, const struct core_task *t, const char *why, yyjson_val *output)
{
	(void)why;
	(void)output;
	if (t->state == TASK_DONE && t->machine[0])
		machine_move(db, t->machine, MACHINE_DESTROYED);
	else if (t->state == TASK_DONE)
		db_run(db, "DELETE FROM stray WHERE provider = ?1 AND external_id = json_extract(?2, '$.external_id')", "tt", t->provider,
			t->input);
}
