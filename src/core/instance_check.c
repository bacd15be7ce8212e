/* Leases and tags: what may be in them. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "instance.h"
#include "plat/clock.h"
#include "schema/schema.h"

/* Years a date may have. */
#define YEAR_MIN 1970
#define YEAR_MAX 9999

static int refuse(char *message, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static int refuse(char *message, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(message, INSTANCE_MESSAGE, fmt, ap);
	va_end(ap);
	return -1;
}

/* Exactly n digits. */
static bool digits(const char **s, int n, int *out)
{
	for (*out = 0; n > 0; n--, (*s)++) {
		if (**s < '0' || **s > '9')
			return false;
		*out = *out * 10 + (**s - '0');
	}
	return true;
}

static bool letter(const char **s, const char *any)
{
	if (!**s || !strchr(any, **s))
		return false;
	(*s)++;
	return true;
}

/* ".ffffff", one to six digits. */
static bool fraction(const char **s, int64_t *us)
{
	int64_t unit = PLAT_SECOND / 10;

	*us = 0;
	if (**s != '.')
		return true;
	for ((*s)++; **s >= '0' && **s <= '9'; (*s)++, unit /= 10)
		*us += unit * (**s - '0');
	return (*s)[-1] != '.';
}

int64_t instance_date_read(const char *s)
{
	struct tm tm = { 0 }, again;
	int64_t us;
	time_t t;

	if (!digits(&s, 4, &tm.tm_year) || !letter(&s, "-") || !digits(&s, 2, &tm.tm_mon) || !letter(&s, "-") ||
			!digits(&s, 2, &tm.tm_mday) || !letter(&s, " T") || !digits(&s, 2, &tm.tm_hour) ||
			!letter(&s, ":") || !digits(&s, 2, &tm.tm_min) || !letter(&s, ":") ||
			!digits(&s, 2, &tm.tm_sec) || !fraction(&s, &us))
		return -1;
	if (*s == 'Z')
		s++;
	if (*s || tm.tm_year < YEAR_MIN || tm.tm_year > YEAR_MAX)
		return -1;
	tm.tm_year -= 1900;
	tm.tm_mon--;
	again = tm;
	t = timegm(&again);
	/* The 31st of June comes back as another day. */
	if (again.tm_mon != tm.tm_mon || again.tm_mday != tm.tm_mday || again.tm_hour != tm.tm_hour ||
			again.tm_min != tm.tm_min || again.tm_sec != tm.tm_sec)
		return -1;
	return (int64_t)t * PLAT_SECOND + us;
}

int instance_lease_check(yyjson_val *lease, const char *before, int64_t now, char message[INSTANCE_MESSAGE])
{
	yyjson_val *expire = yyjson_obj_get(lease, "expire"), *operation = yyjson_obj_get(lease, "operation");
	int64_t at;

	if (!lease || yyjson_is_null(lease))
		return 0;
	if (!yyjson_is_obj(lease))
		return refuse(message, "lease: must be an object.");
	if (!yyjson_is_str(expire))
		return refuse(message, "lease.expire: must be a date, as 2030-12-31 23:59:59.000000.");
	at = instance_date_read(yyjson_get_str(expire));
	if (at < 0)
		return refuse(message, "lease.expire: must be a date, as 2030-12-31 23:59:59.000000.");
	if (!yyjson_equals_str(operation, "shutdown") && !yyjson_equals_str(operation, "terminate"))
		return refuse(message, "lease.operation: must be one of shutdown, terminate.");
	if (at <= now && at != instance_date_read(before))
		return refuse(message, "lease.expire: is in the past.");
	return 0;
}

int instance_tags_check(yyjson_val *tags, const char *member, char message[INSTANCE_MESSAGE])
{
	yyjson_arr_iter it = yyjson_arr_iter_with(tags);
	yyjson_val *tag;

	if (!tags || yyjson_is_null(tags))
		return 0;
	if (!yyjson_is_arr(tags))
		return refuse(message, "%s: must be an array of strings.", member);
	if (yyjson_arr_size(tags) > INSTANCE_TAGS_MAX)
		return refuse(message, "%s: at most %d tags are accepted.", member, INSTANCE_TAGS_MAX);
	for (size_t i = 0; (tag = yyjson_arr_iter_next(&it)); i++)
		if (!yyjson_get_len(tag) || !yyjson_is_str(tag) ||
				schema_characters(yyjson_get_str(tag), yyjson_get_len(tag)) > INSTANCE_TAG_MAX)
			return refuse(message, "%s[%zu]: must be a string of 1 to %d characters.", member, i, INSTANCE_TAG_MAX);
	return 0;
}

int instance_members_check(yyjson_val *members, char message[INSTANCE_MESSAGE])
{
	yyjson_arr_iter it = yyjson_arr_iter_with(members);
	yyjson_val *m;

	if (!members || yyjson_is_null(members))
		return 0;
	if (!yyjson_is_arr(members))
		return refuse(message, "members: must be an array.");
	for (size_t i = 0; (m = yyjson_arr_iter_next(&it)); i++)
		if (!yyjson_is_str(yyjson_obj_get(m, "role")) ||
				(!yyjson_is_str(yyjson_obj_get(m, "workspace")) && !yyjson_is_str(yyjson_obj_get(m, "id"))))
			return refuse(message, "members[%zu]: must have a workspace (or an id) and a role.", i);
	return 0;
}

static bool has(yyjson_mut_val *list, const char *want)
{
	yyjson_mut_arr_iter it = yyjson_mut_arr_iter_with(list);
	yyjson_mut_val *v;

	while ((v = yyjson_mut_arr_iter_next(&it)))
		if (yyjson_mut_equals_str(v, want))
			return true;
	return false;
}

bool instance_tags_cover(yyjson_mut_val *a, yyjson_mut_val *b)
{
	yyjson_mut_arr_iter it = yyjson_mut_arr_iter_with(b);
	yyjson_mut_val *v;

	while ((v = yyjson_mut_arr_iter_next(&it)))
		if (yyjson_mut_is_str(v) && !has(a, yyjson_mut_get_str(v)))
			return false;
	return true;
}
