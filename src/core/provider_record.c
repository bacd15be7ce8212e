/* A provider's record: states, log, steps. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "firewall.h"
#include "instance.h"
#include "provider.h"
#include "steps.h"
#include "truth.h"

/* Entries of the log removed at once. */
#define LOG_CUT 8

static yyjson_mut_val *root(const struct object *o)
{
	return o->doc->root;
}

void provider_state(struct db *db, struct object *p, const char *state)
{
	object_set(p, "state", state);
	snprintf(p->state, sizeof p->state, "%s", state);
	object_put(db, p);
}

void provider_log(struct db *db, const struct object *p, enum provider_level level, const char *operation, const char *text)
{
	char id[OBJECT_ID];
	struct object l;

	object_id_guid(id);
	object_new(&l, OBJECT_PROVIDER_LOG, id, SCHEMAS "provider-log");
	snprintf(l.owner, sizeof l.owner, "%s", p->owner);
	snprintf(l.organization, sizeof l.organization, "%s", p->organization);
	snprintf(l.parent, sizeof l.parent, "%s", p->id);
	object_set(&l, "provider_id", p->id);
	object_set(&l, "workspace", p->owner);
	object_set(&l, "text", text);
	yyjson_mut_obj_add_int(l.doc, root(&l), "level", level);
	object_set(&l, "operation", operation);
	object_set(&l, "request_id", id);
	object_put(db, &l);
	object_free(&l);
	db_run(db, "DELETE FROM object WHERE number IN (SELECT number FROM object WHERE kind = ?1 AND parent = ?2"
		" AND parent <> '' ORDER BY created DESC LIMIT ?3 OFFSET ?4)", "itii", (int64_t)OBJECT_PROVIDER_LOG, p->id,
		(int64_t)LOG_CUT, (int64_t)PROVIDER_LOGS_MAX);
}

void provider_sync(struct db *db, struct object *p)
{
	core_steps_drop(db, p->id, "provider.sync");
	core_step_add(db, "provider.sync", p->id, "", PROVIDER_STEP);
}

/* The end of a sync: what it found, or why it found nothing. */
static void sync_end(struct db *db, struct object *p)
{
	const char *type = object_member(p, "type");
	char why[160];

	if (!strcmp(type, PROVIDER_TEST)) {
		provider_test_services(p);
		provider_log(db, p, PROVIDER_INFO, "sync", "Found 1 image, 2 flavors and 1 key pair.");
		provider_state(db, p, "ready");
		provider_log(db, p, PROVIDER_INFO, "sync", "The provider is ready.");
		return;
	}
	snprintf(why, sizeof why, "no worker for %.*s", 128, type);
	provider_log(db, p, PROVIDER_ERROR, "sync", why);
	provider_state(db, p, "unavailable");
}

void provider_step_sync(struct db *db, const char *id, const char *unused)
{
	struct object p;

	(void)unused;
	if (!object_get(db, OBJECT_PROVIDER, id, &p))
		return;
	if (!strcmp(p.state, "initializing")) {
		provider_log(db, &p, PROVIDER_INFO, "sync", "Looking at what the provider has.");
		provider_state(db, &p, "processing");
		provider_sync(db, &p);
	} else if (!strcmp(p.state, "processing")) {
		sync_end(db, &p);
	}
	object_free(&p);
}

bool provider_used(struct db *db, const char *id)
{
	/* kind 6 = OBJECT_SERVICE, in figures for the index. */
	return db_number(db, 0, "SELECT EXISTS(SELECT 1 FROM object WHERE kind = 6 AND"
		" json_extract(doc, '$.provider_id') = ? AND NOT (state = 'done' AND"
		" json_extract(doc, '$.operation') IN ('terminate', 'terminate_service')))", "t", id) != 0;
}

void provider_remove(struct db *db, const struct object *p)
{
	db_run(db, "DELETE FROM object WHERE kind = ? AND parent = ? AND parent <> ''", "it", (int64_t)OBJECT_PROVIDER_LOG,
		p->id);
	core_steps_drop(db, p->id, NULL);
	object_delete(db, p);
	firewall_refresh(db);
}

void provider_step_delete(struct db *db, const char *id, const char *unused)
{
	struct object p;

	(void)unused;
	if (!object_peek(db, OBJECT_PROVIDER, id, &p))
		return;
	provider_remove(db, &p);
	object_free(&p);
}
