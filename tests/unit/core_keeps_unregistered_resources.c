/* core: what a provider has that is no instance here: kept, only differences written, the same ids, gone with the provider. */
/* with: core/all.c */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/progress.h"
#include "core/provider.h"
#include "core/tasks.h"
#include "core/truth.h"
#include "core/unregistered.h"
#include "log/log.h"
#include "plat/clock.h"

static int failed;
static struct db *db;

#define CHECK(what) do { if (!(what)) { failed = 1; printf("%s:%d: %s\n", __FILE__, __LINE__, #what); } } while (0)

/* A sync of the provider ends with this output. */
static void ends(const char *output, bool quiet)
{
	struct core_task t = { .state = TASK_DONE, .kind = "provider.sync", .provider = "prov",
		.input = quiet ? "{\"quiet\":true}" : "{\"quiet\":false}" };
	yyjson_doc *doc = yyjson_read(output, strlen(output), 0);

	CHECK(doc != NULL);
	provider_sync_ended(db, &t, "", yyjson_doc_get_root(doc));
	yyjson_doc_free(doc);
	CHECK(!db_error_take(db));
}

static int64_t events(const char *kind)
{
	return db_number(db, 0, "SELECT count(*) FROM event WHERE kind = ?", "t", kind);
}

static int64_t logs(void)
{
	return db_number(db, 0, "SELECT count(*) FROM object WHERE kind = 9", "");
}

/* All of the list, in chunks of so many bytes; the caller frees it. */
static yyjson_doc *list(size_t bytes, unsigned *chunks)
{
	struct object_text all = { .p = NULL };
	char cursor[OBJECT_CURSOR] = "";
	yyjson_doc *doc;

	object_text_add(&all, "[", 1);
	*chunks = 0;
	do {
		struct object_text one = { .p = NULL };

		unregistered_list(db, "prov", cursor, bytes, &one);
		if (*chunks && one.len)
			object_text_add(&all, ",", 1);
		object_text_add(&all, one.len ? one.p : "", one.len);
		object_text_free(&one);
		++*chunks;
	} while (cursor[0] && *chunks < 1000);
	object_text_add(&all, "]", 1);
	doc = yyjson_read(all.p, all.len, 0);
	object_text_free(&all);
	CHECK(doc != NULL && !db_error_take(db));
	return doc;
}

static const char *member(yyjson_val *o, const char *name)
{
	const char *s = yyjson_get_str(yyjson_obj_get(o, name));

	return s ? s : "";
}

/* The one with this external id; copies its own. */
static bool find(const char *external_id, char id[OBJECT_ID], char name[64])
{
	unsigned chunks;
	yyjson_doc *doc = list(100000, &chunks);
	yyjson_arr_iter it = yyjson_arr_iter_with(yyjson_doc_get_root(doc));
	bool found = false;
	yyjson_val *o;

	while ((o = yyjson_arr_iter_next(&it)))
		if (!strcmp(member(o, "external_id"), external_id)) {
			found = true;
			snprintf(id, OBJECT_ID, "%s", member(o, "id"));
			snprintf(name, 64, "%s", member(o, "name"));
			CHECK(!strcmp(member(o, "provider_id"), "prov") && !strcmp(member(o, "organization"), "org"));
			CHECK(!strcmp(member(o, "schema"), "http://elasticbox.net/schemas/unregistered-instance"));
			CHECK(!strcmp(member(o, "type"), "Compute") && yyjson_is_obj(yyjson_obj_get(o, "server_info")));
			CHECK(yyjson_is_null(yyjson_obj_get(o, "stack_id")) && member(o, "created")[0]);
		}
	yyjson_doc_free(doc);
	return found;
}

static int64_t count(void)
{
	return db_number(db, 0, "SELECT count(*) FROM unregistered", "");
}

#define A "{\"name\":\"a\",\"external_id\":\"vm-1\",\"power_state\":\"poweredOn\",\"server_info\":{\"os\":\"Debian\"}}"
#define B "{\"name\":\"b\",\"external_id\":\"vm-2\",\"power_state\":\"poweredOff\",\"server_info\":{}}"
#define B2 "{\"name\":\"b\",\"external_id\":\"vm-2\",\"power_state\":\"poweredOn\",\"server_info\":{}}"
#define C "{\"name\":\"c\",\"external_id\":\"vm-3\",\"power_state\":\"poweredOn\"}"
#define OUT(list) "{\"services\":[],\"unregistered\":[" list "]}"

static void check_differences(void)
{
	char id[OBJECT_ID], again[OBJECT_ID], name[64];
	int64_t all, noted;

	ends(OUT(A "," B), false);
	CHECK(count() == 2 && events("provider.unregistered") == 1);
	CHECK(find("vm-1", id, name) && !strcmp(name, "a") && strlen(id) == 36);
	/* The same again: not a row, not an event, not a line. */
	all = db_number(db, 0, "SELECT count(*) FROM event", "");
	noted = logs();
	CHECK(sqlite3_total_changes(db_handle(db)) > 0);
	{
		int before = sqlite3_total_changes(db_handle(db));

		ends(OUT(B "," A), true);
		CHECK(sqlite3_total_changes(db_handle(db)) == before);
	}
	CHECK(logs() == noted && db_number(db, 0, "SELECT count(*) FROM event", "") == all);
	/* One changed, one gone, one new: one event, one line; the other keeps its id. */
	ends(OUT(B2 "," C), true);
	CHECK(count() == 2 && events("provider.unregistered") == 2 && logs() == noted + 1);
	CHECK(!find("vm-1", id, name) && find("vm-3", id, name) && find("vm-2", again, name));
	ends(OUT(B "," C), true);
	CHECK(find("vm-2", id, name) && !strcmp(id, again));
	/* A driver that does not look for any says nothing. */
	ends("{\"services\":[]}", true);
	CHECK(count() == 2);
	ends(OUT(""), true);
	CHECK(count() == 0);
}

/* Of a provider that lies: no name, none that can be kept, twice the same, far too long, not even objects. */
static void check_hostile(void)
{
	size_t size = UNREGISTERED_BYTES + 4096;
	char *text = malloc(size + 256), *at = text;

	at += sprintf(at, "{\"unregistered\":[{\"name\":\"x\"},7,null,[],{\"external_id\":\"\"}," A "," A ",{\"external_id\":\"long\",\"name\":\"");
	memset(at, 'n', UNREGISTERED_BYTES);
	at += UNREGISTERED_BYTES;
	sprintf(at, "\"},{\"external_id\":[1],\"name\":{}},{\"external_id\":\"odd\",\"name\":5,\"server_info\":\"none\"}]}");
	ends(text, true);
	CHECK(count() == 2);
	memset(text, 'i', 300);
	sprintf(text, "{\"unregistered\":[{\"external_id\":\"%0300d\"}]}", 1);
	ends(text, true);
	CHECK(count() == 0);
	free(text);
}

/* Some pages of them: how long, and the list in chunks. */
#define MANY 1000

static void check_many(void)
{
	struct object_text out = { .p = NULL };
	char one[256];
	int64_t began = plat_clock_boot(), took;
	unsigned chunks;
	yyjson_doc *doc;

	object_text_add(&out, "{\"unregistered\":[", 17);
	for (int i = 0; i < MANY; i++) {
		int len = sprintf(one, "%s{\"name\":\"server-%d\",\"external_id\":\"vm-%05d\",\"power_state\":\"poweredOn\",\"server_info\":{\"os\":"
			"\"Debian GNU/Linux 12\",\"cpus\":2,\"memory\":2048,\"address\":\"192.0.2.1\"}}", i ? "," : "", i, i);

		object_text_add(&out, one, (size_t)len);
	}
	object_text_add(&out, "]}", 2);
	db_control(db, "BEGIN");
	ends(out.p, true);
	db_control(db, "COMMIT");
	CHECK(count() == MANY);
	took = plat_clock_boot() - began;
	began = plat_clock_boot();
	ends(out.p, true);
	printf("%d found anew in %lld ms, found again in %lld ms\n", MANY, (long long)took / 1000,
		(long long)(plat_clock_boot() - began) / 1000);
	doc = list(16u << 10, &chunks);
	CHECK(yyjson_arr_size(yyjson_doc_get_root(doc)) == MANY && chunks > 10);
	yyjson_doc_free(doc);
	object_text_free(&out);
}

/* A recurrent sync that fails: told, and the state with it; the same again is not. */
static void check_failing(void)
{
	struct core_task t = { .state = TASK_FAILED, .kind = "provider.sync", .provider = "prov", .input = "{\"quiet\":true}" };
	int64_t noted = logs(), rows = count();
	int before;

	provider_sync_ended(db, &t, "the connection is refused", NULL);
	CHECK(logs() == noted + 1 && count() == rows);
	before = sqlite3_total_changes(db_handle(db));
	provider_sync_ended(db, &t, "the connection is refused", NULL);
	CHECK(sqlite3_total_changes(db_handle(db)) == before);
	provider_sync_ended(db, &t, "no whole answer in time", NULL);
	CHECK(logs() == noted + 2);
	ends(OUT(A), true);
	CHECK(db_number(db, 0, "SELECT state = 'ready' FROM object WHERE kind = 8 AND id = 'prov'", ""));
}

/* A worker's warning in recurrent work is a line when it is a new one, and a word that all is well is none. */
static void check_warning(void)
{
	int64_t noted = logs(), task;

	db_run(db, "INSERT INTO task(operation, worker, kind, key, input, state, fence, created, updated, provider)"
		" VALUES(0, 'cloud', 'provider.sync', 'quiet', '{\"quiet\":true}', 'leased', 1, 1, 1, 'prov')", "");
	task = db_number(db, 0, "SELECT id FROM task WHERE key = 'quiet'", "");
	for (int i = 0; i < 3; i++) {
		CHECK(progress_note(db, "cloud", task, 1, "info", "Found 3 datacenters."));
		CHECK(progress_note(db, "cloud", task, 1, "warning", "Of those that are not registered 7 are left out of the list."));
	}
	CHECK(logs() == noted + 1);
	CHECK(progress_note(db, "cloud", task, 1, "warning", "Of those that are not registered 8 are left out of the list."));
	CHECK(logs() == noted + 2 && !db_error_take(db));
}

static void check_removed(void)
{
	struct object p;

	CHECK(object_get(db, OBJECT_PROVIDER, "prov", &p));
	provider_remove(db, &p);
	object_free(&p);
	CHECK(count() == 0 && !db_error_take(db));
}

int main(void)
{
	struct object o;

	log_open("core");
	db_start();
	db = db_open("core_keeps_unregistered_resources.db", NULL, DB_WRITER);
	if (!db || db_migrate(db, core_schema, core_schema_count, "0.0"))
		return 1;
	object_new(&o, OBJECT_PROVIDER, "prov", "http://elasticbox.net/schemas/vsphere/provider");
	snprintf(o.organization, sizeof o.organization, "org");
	object_set(&o, "type", "VMware vSphere");
	provider_state(db, &o, "processing");
	object_free(&o);
	check_differences();
	check_hostile();
	check_many();
	check_failing();
	check_warning();
	check_removed();
	db_close(db);
	return failed;
}
