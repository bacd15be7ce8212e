/* core: files that nothing names go after the grace, others stay; a credential opens one file to one instance. */
/* with: core/all.c */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/blobs.h"
#include "core/truth.h"
#include "log/log.h"
#include "plat/clock.h"

static int failed;
static int64_t offset;
static struct db *db;

#define CHECK(what) do { if (!(what)) { failed = 1; printf("%s:%d: %s\n", __FILE__, __LINE__, #what); } } while (0)
#define DAY (INT64_C(86400) * PLAT_SECOND)

static int64_t wall(void)
{
	return 1700000000 * PLAT_SECOND + offset;
}

static void put(enum object_kind kind, const char *id, const char *value)
{
	struct object o;

	object_new(&o, kind, id, "http://elasticbox.net/schemas/x");
	snprintf(o.owner, sizeof o.owner, "ann");
	object_set(&o, "value", value);
	object_put(db, &o);
	object_free(&o);
}

static bool there(const char *id)
{
	return db_number(db, 0, "SELECT count(*) FROM object WHERE kind = ? AND id = ?", "it", (int64_t)OBJECT_BLOB, id) == 1;
}

static void unnamed(struct blob_ids *ids, int64_t *stamp)
{
	free(ids->ids);
	*ids = (struct blob_ids){ .ids = NULL };
	core_blob_unnamed(db, ids, stamp);
}

#define A "aaaaaaaaaaaaaaaaaaaaaaaa"
#define B "bbbbbbbbbbbbbbbbbbbbbbbb"
#define C "cccccccccccccccccccccccc"

static void check_sweep(void)
{
	struct blob_ids ids = { .ids = NULL };
	int64_t stamp;

	put(OBJECT_BLOB, A, "");
	put(OBJECT_BLOB, B, "");
	put(OBJECT_BOX, "box", "see " BLOB_PLACE A "/file.txt");
	unnamed(&ids, &stamp);
	CHECK(!ids.count);			/* within the grace */
	offset += DAY + PLAT_SECOND;
	put(OBJECT_BLOB, C, "");
	unnamed(&ids, &stamp);
	CHECK(ids.count == 1 && !strcmp(ids.ids[0], B));
	/* Between the look and the removal an object begins to name it. */
	put(OBJECT_INSTANCE, "i-000001", BLOB_PLACE B "/file.txt");
	core_blob_remove(db, &ids, stamp);
	CHECK(there(A) && there(B) && there(C));
	/* Nothing names it any more. */
	put(OBJECT_INSTANCE, "i-000001", "");
	unnamed(&ids, &stamp);
	CHECK(ids.count == 1);
	core_blob_remove(db, &ids, stamp);
	CHECK(there(A) && !there(B) && there(C));
	CHECK(db_number(db, 0, "SELECT count(*) FROM event WHERE kind = 'blob.deleted'", "") == 1);
	free(ids.ids);
}

static void check_credentials(void)
{
	uint8_t key[BLOB_KEY], other[BLOB_KEY];
	char credential[BLOB_CREDENTIAL], instance[OBJECT_ID], url[BLOB_URL];

	memset(key, 1, sizeof key);
	memset(other, 2, sizeof other);
	core_blob_credential(key, A, "i-abcdef", credential);
	CHECK(core_blob_credential_good(key, A, credential, instance) && !strcmp(instance, "i-abcdef"));
	CHECK(!core_blob_credential_good(key, B, credential, instance));
	CHECK(!core_blob_credential_good(other, A, credential, instance));
	credential[2]++;
	CHECK(!core_blob_credential_good(key, A, credential, instance));
	CHECK(!core_blob_credential_good(key, A, "", instance) && !core_blob_credential_good(key, A, "i-abcdef.", instance));
	CHECK(!core_blob_credential_good(key, A, "i-abcdef.AAAA", instance) && !core_blob_credential_good(key, A, ".", instance));
	core_blob_url(A, "a b/\xc3\xa9.txt", url);
	CHECK(!strcmp(url, BLOB_PLACE A "/a%20b%2F%C3%A9.txt"));
	CHECK(core_blob_named("x " BLOB_PLACE B "/b and " BLOB_PLACE A "/a", A) && !core_blob_named(BLOB_PLACE B "/b", A));
}

int main(void)
{
	log_open("test");
	if (sodium_init() < 0)
		return 111;
	db_start();
	plat_clock_replace(wall, NULL);
	db = db_open("core.db", NULL, DB_WRITER);
	CHECK(db && !db_migrate(db, core_schema, core_schema_count, "test"));
	check_sweep();
	check_credentials();
	CHECK(!db_error_take(db));
	db_close(db);
	return failed;
}
