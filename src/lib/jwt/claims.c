/* jwt: claims, from JSON. */
#include <stdio.h>
#include <string.h>

#include "jwt/jwt.h"

enum { OF_USER = 1, OF_SERVICE = 2 };

static const struct {
	const char *name;
	size_t at;
	unsigned of;
} texts[] = {
	{ "sub", offsetof(struct jwt_claims, sub), OF_USER },
	{ "name", offsetof(struct jwt_claims, name), OF_USER },
	{ "organization", offsetof(struct jwt_claims, organization), OF_USER },
	{ "instance", offsetof(struct jwt_claims, instance), OF_SERVICE },
	{ "service", offsetof(struct jwt_claims, service), OF_SERVICE },
	{ "machine", offsetof(struct jwt_claims, machine), OF_SERVICE },
	{ "jti", offsetof(struct jwt_claims, jti), OF_USER | OF_SERVICE },
};
#define TEXTS (sizeof texts / sizeof texts[0])

static bool take_type(struct jwt_claims *claims, yyjson_val *value)
{
	if (yyjson_equals_str(value, "user"))
		claims->type = JWT_TYPE_USER;
	else if (yyjson_equals_str(value, "service"))
		claims->type = JWT_TYPE_SERVICE;
	return claims->type != JWT_TYPE_INVALID;
}

static bool take_time(int64_t *out, yyjson_val *value)
{
	if (!yyjson_is_int(value) || yyjson_get_sint(value) < 0)
		return false;
	*out = yyjson_get_sint(value);
	return true;
}

static bool take_text(struct jwt_claims *claims, size_t i, yyjson_val *value)
{
	char *out = (char *)claims + texts[i].at;
	size_t len = yyjson_get_len(value);

	if (!yyjson_is_str(value) || len > JWT_TEXT_MAX || memchr(yyjson_get_str(value), 0, len))
		return false;
	memcpy(out, yyjson_get_str(value), len);
	out[len] = 0;
	return true;
}

/* One member; which ones were there is kept as bits: texts, then type, iat, exp. */
static bool take_member(struct jwt_claims *claims, const char *name, yyjson_val *value, unsigned *had)
{
	unsigned bit = TEXTS + 3;
	bool good = false;

	if (!strcmp(name, "type")) {
		bit = TEXTS;
		good = take_type(claims, value);
	} else if (!strcmp(name, "iat")) {
		bit = TEXTS + 1;
		good = take_time(&claims->iat, value);
	} else if (!strcmp(name, "exp")) {
		bit = TEXTS + 2;
		good = take_time(&claims->exp, value);
	} else {
		for (size_t i = 0; i < TEXTS; i++) {
			if (strcmp(name, texts[i].name))
				continue;
			bit = (unsigned)i;
			good = take_text(claims, i, value);
		}
	}
	if (!good || *had & 1u << bit)
		return false;
	*had |= 1u << bit;
	return true;
}

const char *jwt_claims_read(struct jwt_claims *claims, yyjson_val *object)
{
	yyjson_val *key, *value;
	unsigned had = 0, of;
	size_t at, count;

	memset(claims, 0, sizeof *claims);
	if (!yyjson_is_obj(object))
		return "claims are an object";
	yyjson_obj_foreach(object, at, count, key, value) {
		if (strlen(yyjson_get_str(key)) != yyjson_get_len(key)
				|| !take_member(claims, yyjson_get_str(key), value, &had))
			return "a claim is unknown, given twice, too long or of another type";
	}
	if (!(had & 1u << TEXTS) || !(had & 1u << (TEXTS + 1)))
		return "type and iat are needed";
	of = claims->type == JWT_TYPE_USER ? OF_USER : OF_SERVICE;
	for (size_t i = 0; i < TEXTS; i++)
		if (!(texts[i].of & of) != !(had & 1u << i))
			return "a claim is missing, or belongs to another type of token";
	if (!claims->jti[0] || (of == OF_USER ? !claims->sub[0] : !claims->instance[0]))
		return "jti and who the token is of are needed";
	return NULL;
}
