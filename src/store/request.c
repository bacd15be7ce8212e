/* Requests, read strictly: nothing but the members of the protocol. */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <yyjson.h>

#include "ipc/proto.h"
#include "store.h"

enum member { UPLOAD = 1, DIGEST = 2, SEGMENT = 4, OFFSET = 8, DATA = 16, SHARD = 32, AT = 64, LOG = 128 };

/* What each type needs, all of it and no more; -1 = no such type. */
static int members_of(uint16_t type)
{
	switch (type) {
	case PROTO_STORE_BEGIN:
	case PROTO_STORE_STATUS:
	case PROTO_STORE_LOGS:
		return 0;
	case PROTO_STORE_COMMIT:
	case PROTO_STORE_FORGET:
		return UPLOAD;
	case PROTO_STORE_LIST:
		return SHARD;
	case PROTO_STORE_GET:
	case PROTO_STORE_DROP:
		return DIGEST;
	case PROTO_STORE_APPEND:
		return SEGMENT | OFFSET | DATA;
	case PROTO_STORE_SYNC:
	case PROTO_STORE_READ:
	case PROTO_STORE_ERASE:
		return SEGMENT;
	case PROTO_STORE_SEGMENTS:
		return AT;
	case PROTO_STORE_LOG:
		return LOG | AT;
	default:
		return -1;
	}
}

bool store_permitted(uint16_t type, enum room_id from)
{
	switch (type) {
	case PROTO_STORE_BEGIN:
	case PROTO_STORE_COMMIT:
	case PROTO_STORE_FORGET:
	case PROTO_STORE_LOG:
		return from == ROOM_API;
	case PROTO_STORE_LIST:
	case PROTO_STORE_DROP:
	case PROTO_STORE_ERASE:
	case PROTO_STORE_SEGMENTS:
	case PROTO_STORE_LOGS:
		return from == ROOM_CORE;
	default:
		return from == ROOM_API || from == ROOM_CORE;
	}
}

static const char *read_number(yyjson_val *v, uint64_t *out)
{
	if (!yyjson_is_uint(v) || yyjson_get_uint(v) > INT64_MAX)
		return "a number must be whole and not negative";
	*out = yyjson_get_uint(v);
	return NULL;
}

static const char *read_data(yyjson_val *v, struct store_request *r)
{
	const char *text = yyjson_get_str(v);
	size_t n = yyjson_get_len(v);

	if (!text)
		return "data: must be base64url";
	if (r->data)
		return "data: given twice";
	r->data = malloc(n / 4 * 3 + 3);
	if (!r->data)
		return "data: no memory";
	if (sodium_base642bin(r->data, n / 4 * 3 + 3, text, n, NULL, &r->len, NULL,
			sodium_base64_VARIANT_URLSAFE_NO_PADDING))
		return "data: must be base64url";
	return NULL;
}

static const char *read_name(yyjson_val *v, char *out, size_t size, bool (*valid)(const char *), const char *wrong)
{
	const char *s = yyjson_get_str(v);

	if (!s || strlen(s) != yyjson_get_len(v) || strlen(s) >= size || !valid(s))
		return wrong;
	memcpy(out, s, strlen(s) + 1);
	return NULL;
}

static const char *read_member(struct store_request *r, yyjson_val *key, int *seen)
{
	yyjson_val *v = yyjson_obj_iter_get_val(key);

	if (yyjson_equals_str(key, "upload"))
		return *seen |= UPLOAD, read_number(v, &r->upload);
	if (yyjson_equals_str(key, "shard")) {
		*seen |= SHARD;
		return yyjson_get_uint(v) > 0xff ? "shard: must be a byte" : read_number(v, &r->shard);
	}
	if (yyjson_equals_str(key, "at"))
		return *seen |= AT, read_number(v, &r->at);
	if (yyjson_equals_str(key, "offset"))
		return *seen |= OFFSET, read_number(v, &r->offset);
	if (yyjson_equals_str(key, "digest"))
		return *seen |= DIGEST, read_name(v, r->digest, sizeof r->digest, store_digest_valid,
			"digest: must be 64 hexadecimal digits");
	if (yyjson_equals_str(key, "segment"))
		return *seen |= SEGMENT, read_name(v, r->segment, sizeof r->segment, store_segment_name_valid,
			"segment: is no name of a segment");
	if (yyjson_equals_str(key, "log"))
		return *seen |= LOG, read_name(v, r->log, sizeof r->log, store_log_name_valid, "log: is no name of a program");
	if (yyjson_equals_str(key, "data"))
		return *seen |= DATA, read_data(v, r);
	return "a member is not known";
}

const char *store_request_read(struct store_request *r, uint16_t type, const uint8_t *body, uint32_t len)
{
	yyjson_doc *doc = yyjson_read((const char *)body, len, 0);
	yyjson_val *root = yyjson_doc_get_root(doc), *key;
	yyjson_obj_iter it = yyjson_obj_iter_with(root);
	const char *wrong = yyjson_is_obj(root) ? NULL : "must be a JSON object";
	int seen = 0;

	while (!wrong && (key = yyjson_obj_iter_next(&it)))
		wrong = read_member(r, key, &seen);
	yyjson_doc_free(doc);
	if (wrong)
		return wrong;
	return seen == members_of(type) ? NULL : "a member is missing or too much";
}
