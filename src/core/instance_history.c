/* When a service was up: state_history[], what reports count. */
#include "instance.h"
#include "truth.h"

/* Up when it is online, down when it is switched off or gone; what fails leaves it as it was. */
static const char *state_of(enum life_state state, enum life_event event)
{
	switch (life_situation(state, event)) {
	case LIFE_ONLINE:
		return "up";
	case LIFE_OFF:
	case LIFE_TERMINATED:
		return "down";
	default:
		return NULL;
	}
}

void instance_history(struct object *service, enum life_state state, enum life_event event, const char *date)
{
	yyjson_mut_val *list = yyjson_mut_obj_get(service->doc->root, "state_history"), *last, *entry;
	const char *now = state_of(state, event);
	yyjson_mut_doc *doc = service->doc;

	if (!now || !yyjson_mut_is_arr(list))
		return;
	last = yyjson_mut_arr_get_last(list);
	if (last ? yyjson_mut_equals_str(yyjson_mut_obj_get(last, "state"), now) : *now == 'd')
		return;
	if (last)
		yyjson_mut_obj_put(last, yyjson_mut_str(doc, "completed"), yyjson_mut_strcpy(doc, date));
	/* The oldest go: a service that is switched every hour must not grow without end. */
	while (yyjson_mut_arr_size(list) >= INSTANCE_HISTORY_MAX)
		yyjson_mut_arr_remove_first(list);
	entry = yyjson_mut_arr_add_obj(doc, list);
	yyjson_mut_obj_add_strcpy(doc, entry, "state", now);
	yyjson_mut_obj_add_strcpy(doc, entry, "started", date);
	yyjson_mut_obj_add_null(doc, entry, "completed");
}

void instance_keep_history(struct db *db, const struct object *instance)
{
	char date[OBJECT_DATE];
	int64_t now = core_stamp(db);

	object_date(now, date);
	db_run(db, "INSERT INTO service_past(organization, id, provider_type, created, ended, doc) SELECT s.organization, s.id,"
		" coalesce(json_extract(p.doc, '$.type'), ''), s.created, ?1, json_set(s.doc, '$.deleted', ?2) FROM object s"
		" LEFT JOIN object p ON p.kind = ?3 AND p.id = json_extract(s.doc, '$.provider_id') WHERE s.kind = ?4 AND s.parent = ?5"
		" AND s.parent <> '' AND json_array_length(s.doc, '$.state_history') > 0", "itiit", now, date,
		(int64_t)OBJECT_PROVIDER, (int64_t)OBJECT_SERVICE, instance->id);
}
