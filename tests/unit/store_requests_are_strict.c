/* store: a request has the members of its type, all of them and no other. */
/* with: store/request.c store/objects.c store/recent.c store/segments.c store/logs.c */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ipc/proto.h"
#include "store/store.h"

static int failed;

#define CHECK(what) do { if (!(what)) { failed = 1; printf("%s:%d: %s\n", __FILE__, __LINE__, #what); } } while (0)
#define D "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static bool reads(uint16_t type, const char *body)
{
	struct store_request r = STORE_REQUEST_ZERO;
	const char *wrong = store_request_read(&r, type, (const uint8_t *)body, (uint32_t)strlen(body));

	free(r.data);
	return !wrong;
}

int main(void)
{
	struct store_request r = STORE_REQUEST_ZERO;
	const char *append = "{\"segment\":\"op\",\"offset\":7,\"data\":\"aGk\"}";

	if (sodium_init() < 0)
		return 111;
	CHECK(reads(PROTO_STORE_BEGIN, "{}") && !reads(PROTO_STORE_BEGIN, "") && !reads(PROTO_STORE_BEGIN, "[]"));
	CHECK(!reads(PROTO_STORE_BEGIN, "{\"upload\":1}"));
	CHECK(reads(PROTO_STORE_COMMIT, "{\"upload\":1}") && !reads(PROTO_STORE_COMMIT, "{\"upload\":-1}") &&
		!reads(PROTO_STORE_COMMIT, "{\"upload\":1.5}") && !reads(PROTO_STORE_COMMIT, "{}"));
	CHECK(reads(PROTO_STORE_GET, "{\"digest\":\"" D "\"}") && !reads(PROTO_STORE_GET, "{\"digest\":\"" D "0\"}"));
	CHECK(!reads(PROTO_STORE_DROP, "{\"digest\":\"\"}") && !reads(PROTO_STORE_DROP, "{\"digest\":1}"));
	CHECK(!store_request_read(&r, PROTO_STORE_APPEND, (const uint8_t *)append, (uint32_t)strlen(append)));
	CHECK(!strcmp(r.segment, "op") && r.offset == 7 && r.len == 2 && !memcmp(r.data, "hi", 2));
	free(r.data);
	CHECK(reads(PROTO_STORE_APPEND, "{\"segment\":\"op\",\"offset\":0,\"data\":\"\"}"));
	CHECK(!reads(PROTO_STORE_APPEND, "{\"segment\":\"op\",\"offset\":0,\"data\":\"a=\"}"));
	CHECK(!reads(PROTO_STORE_APPEND, "{\"segment\":\"op\",\"offset\":0,\"data\":\"aGk\",\"data\":\"aGk\"}"));
	CHECK(!reads(PROTO_STORE_APPEND, "{\"segment\":\"op\",\"offset\":18446744073709551615,\"data\":\"aGk\"}"));
	CHECK(!reads(PROTO_STORE_APPEND, "{\"segment\":\"../x\",\"offset\":0,\"data\":\"aGk\"}"));
	CHECK(!reads(PROTO_STORE_READ, "{\"segment\":\"a\\u0000b\"}"));
	CHECK(!reads(PROTO_STORE_SYNC, "{\"segment\":\"a\",\"more\":1}") && !reads(0x4ff, "{}"));
	CHECK(store_permitted(PROTO_STORE_COMMIT, ROOM_API) && !store_permitted(PROTO_STORE_COMMIT, ROOM_CORE));
	CHECK(store_permitted(PROTO_STORE_DROP, ROOM_CORE) && !store_permitted(PROTO_STORE_DROP, ROOM_API));
	CHECK(!store_permitted(PROTO_STORE_GET, ROOM_TTY));
	CHECK(reads(PROTO_STORE_ERASE, "{\"segment\":\"op\"}") && !reads(PROTO_STORE_ERASE, "{\"segment\":\"..\"}"));
	CHECK(reads(PROTO_STORE_SEGMENTS, "{\"at\":0}") && !reads(PROTO_STORE_SEGMENTS, "{\"at\":-1}"));
	CHECK(store_permitted(PROTO_STORE_ERASE, ROOM_CORE) && !store_permitted(PROTO_STORE_ERASE, ROOM_API));
	CHECK(store_permitted(PROTO_STORE_SEGMENTS, ROOM_CORE) && !store_permitted(PROTO_STORE_SEGMENTS, ROOM_API));
	return failed;
}
