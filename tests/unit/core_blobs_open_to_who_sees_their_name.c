/* core: a file is read by who uploaded it, by administrators of that workspace, and by who sees something that names it; nobody
 * can name a file that he may not read, so naming one opens nothing. */
/* with: core/all.c */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/blobs.h"
#include "core/box.h"
#include "core/personal.h"
#include "core/truth.h"
#include "log/log.h"

static int failed;
static struct db *db;

#define CHECK(what) do { if (!(what)) { failed = 1; printf("%s:%d: %s\n", __FILE__, __LINE__, #what); } } while (0)
#define A "aaaaaaaaaaaaaaaaaaaaaaaa"
#define B "bbbbbbbbbbbbbbbbbbbbbbbb"
#define C "cccccccccccccccccccccccc"
#define SCHEMA "http://elasticbox.net/schemas/"

static struct core_principal who(const char *user)
{
	struct core_principal p = { .kind = CORE_TOKEN, .known = user != NULL };

	snprintf(p.user, sizeof p.user, "%s", user ? user : "");
	snprintf(p.organization, sizeof p.organization, "acme");
	return p;
}

static void put(enum object_kind kind, const char *id, const char *owner, const char *parent, const char *json)
{
	yyjson_doc *doc = yyjson_read(json, strlen(json), 0);
	struct object o = { .kind = kind };

	o.doc = yyjson_doc_mut_copy(doc, NULL);
	yyjson_doc_free(doc);
	snprintf(o.id, sizeof o.id, "%s", id);
	snprintf(o.owner, sizeof o.owner, "%s", owner);
	snprintf(o.organization, sizeof o.organization, "acme");
	snprintf(o.parent, sizeof o.parent, "%s", parent);
	object_put(db, &o);
	object_free(&o);
}

static bool reads(const char *user, const char *blob)
{
	struct core_principal p = who(user);

	return core_blob_readable(db, &p, blob, NULL);
}

/* What a request with these arguments is refused with; "" = it is not. */
static const char *names(const char *user, const char *args)
{
	static char message[SCHEMA_MESSAGE];
	struct core_call call = { .principal = who(user) };
	yyjson_doc *doc = yyjson_read(args, strlen(args), 0);

	call.args = yyjson_doc_get_root(doc);
	message[0] = 0;
	core_blob_names_check(db, &call, message);
	yyjson_doc_free(doc);
	return message;
}

static int64_t uses(void)
{
	return db_number(db, -1, "SELECT count(*) FROM blob_use", "");
}

static void make_world(void)
{
	static const char *const users[] = { "ann", "ben", "eve" };

	for (size_t i = 0; i < 3; i++)
		personal_new(db, users[i], "x@example.com", users[i], "", "acme", "");
	put(OBJECT_WORKSPACE, "team", "team", "", "{\"schema\":\"" SCHEMA "workspaces/team\",\"members\":[{\"id\":\"ben\",\"role\":\"administrator\"},"
		"{\"id\":\"eve\",\"role\":\"visitor\"}]}");
	put(OBJECT_BLOB, A, "ann", "d", "{\"schema\":\"x\",\"name\":\"a\"}");
	put(OBJECT_BLOB, B, "team", "d", "{\"schema\":\"x\",\"name\":\"" BLOB_PLACE A "/a\"}");
}

static void who_has_it_reads_it(void)
{
	CHECK(reads("ann", A) && !reads("ben", A) && !reads(NULL, A) && !reads("ann", C));
	CHECK(reads("ben", B) && !reads("eve", B) && !reads("ann", B));
	CHECK(uses() == 0);
}

static void naming_opens_to_who_sees_it(void)
{
	put(OBJECT_BOX, "box", "team", "", "{\"schema\":\"" SCHEMA "boxes/script\",\"events\":{\"install\":{\"url\":\"" BLOB_PLACE A "/a\"}},\"x\":\""
		BLOB_PLACE A "/a and " BLOB_PLACE B "/b\",\"y\":\"" BLOB_PLACE "nothing\"}");
	CHECK(uses() == 2 && reads("ben", A) && reads("eve", A) && reads("eve", B) && !reads("ann", B));
	put(OBJECT_BOX, "box", "team", "", "{\"schema\":\"" SCHEMA "boxes/script\",\"x\":\"" BLOB_PLACE B "/b\"}");
	CHECK(uses() == 1 && !reads("ben", A) && reads("eve", B));
	/* Its rows go with it, however it goes. */
	db_run(db, "DELETE FROM object WHERE kind = ? AND id = 'box'", "i", (int64_t)OBJECT_BOX);
	CHECK(uses() == 0 && !reads("eve", B));
}

/* A share for reading shows what is published, not the draft. */
static void drafts_open_nothing_to_readers(void)
{
	static const char shared[] = "\"members\":[{\"workspace\":\"eve\",\"role\":\"read\"}]";
	char json[600];

	snprintf(json, sizeof json, "{\"schema\":\"" SCHEMA "boxes/script\",\"name\":\"n\",%s,\"events\":{\"install\":{\"url\":\"" BLOB_PLACE A "/a\"}}}", shared);
	put(OBJECT_BOX, "draft", "ann", "", json);
	CHECK(!reads("eve", A));
	snprintf(json, sizeof json, "{\"schema\":\"" SCHEMA "boxes/script\",\"name\":\"n\",%s,\"events\":{\"install\":{\"url\":\"" BLOB_PLACE A "/a\"}},"
		"\"version\":{\"box\":\"draft\",\"number\":{\"major\":1,\"minor\":0,\"patch\":0},\"description\":\"\"}}", shared);
	put(OBJECT_BOX, "version", "ann", "draft", json);
	CHECK(reads("eve", A) && !reads("ben", A));
}

static void what_one_may_not_read_one_does_not_name(void)
{
	static const char missing[] = "events.install.url: there is no such file; upload it first.";

	CHECK(!strcmp(names("ben", "{\"events\":{\"install\":{\"url\":\"" BLOB_PLACE A "/a\"}}}"), missing));
	CHECK(!*names("ann", "{\"events\":{\"install\":{\"url\":\"" BLOB_PLACE A "/a\"}}}"));
	CHECK(!strcmp(names("eve", "{\"name\":\"n\",\"deep\":[1,{\"list\":[null,\"see " BLOB_PLACE A "/a, " BLOB_PLACE B "/b\"]}]}"),
		"deep[1].list[1]: there is no such file; upload it first."));
	/* One that is gone is for the verb to judge; what is no address is none. */
	CHECK(!*names("ben", "{\"icon\":\"" BLOB_PLACE C "/c\",\"x\":\"" BLOB_PLACE "short\",\"n\":7}") && !*names("ben", "{}"));
}

/* A machine fetches its script just after core has started: that is no reason to say that there is none. */
static void without_a_key_nothing_is_said_to_be_missing(void)
{
	static const struct { const char *args; int status; } asked[] = {
		{ "{\"id\":\"" A "\",\"name\":\"a\",\"credential\":\"i-abcdef.AAAA\"}", 503 },
		{ "{\"id\":\"" C "\",\"name\":\"a\",\"credential\":\"i-abcdef.AAAA\"}", 404 },
		{ "{\"id\":\"" A "\",\"name\":\"a\"}", 401 },
	};

	for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++) {
		char no_key[256] = "";	/* the state of a call that came before the key */
		struct core_call call = { .state = no_key };
		yyjson_doc *doc = yyjson_read(asked[i].args, strlen(asked[i].args), 0);

		call.args = yyjson_doc_get_root(doc);
		CHECK(verb_blob_get_run(db, &call) < 0 && call.answer.status == asked[i].status);
		core_answer_reset(&call.answer);
		yyjson_doc_free(doc);
	}
}

int main(void)
{
	if (sodium_init() < 0)
		return 111;
	log_open("test");
	db_start();
	db = db_open("core.db", NULL, DB_WRITER);
	CHECK(db && !db_migrate(db, core_schema, core_schema_count, "test"));
	make_world();
	without_a_key_nothing_is_said_to_be_missing();
	who_has_it_reads_it();
	naming_opens_to_who_sees_it();
	drafts_open_nothing_to_readers();
	what_one_may_not_read_one_does_not_name();
	CHECK(!db_error_take(db));
	db_close(db);
	return failed;
}
