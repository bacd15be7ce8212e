/*
 * organization.report, organization.csv: what each service cost on each day, by the time it was up (state_history) and
 * the prices of the organization's settings: providers[{type, pricing[{flavor, location, price}]}], price in cents of a
 * dollar for an hour of one machine.  Services of instances that were deleted are in the table service_past.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "instance.h"
#include "verbs_places.h"
#include "plat/clock.h"

/* Longest period, days. */
#define DAYS_MAX 366
/* Rows looked at for one chunk. */
#define ROWS 128
#define DAY (INT64_C(86400) * PLAT_SECOND)
#define HOUR (INT64_C(3600) * PLAT_SECOND)

struct report {
	struct db *db;
	yyjson_doc *organization;
	int64_t start;			/* midnight UTC */
	size_t days;
	bool csv;
	struct object_text *out;
	bool first;			/* nothing before it in the array */
};

/* One service, as it is or was. */
struct past {
	yyjson_val *doc;
	const char *provider_type;
	int64_t created, ended;		/* ended 0 = it is there */
	int64_t up[DAYS_MAX];		/* µs of each day */
};

/* ---- the period ---- */

static int64_t midnight(const char *day)
{
	char text[32];

	if (strlen(day) != 10)
		return -1;
	snprintf(text, sizeof text, "%s 00:00:00", day);
	return instance_date_read(text);
}

static bool period(struct core_call *call, struct report *r)
{
	int64_t end = midnight(core_call_string(call, "end"));

	r->start = midnight(core_call_string(call, "start"));
	if (r->start < 0 || end < 0) {
		core_answer_message(&call->answer, 400, "%s: must be a day, as 2030-12-31.", r->start < 0 ? "start" : "end");
		return false;
	}
	if (end < r->start || (end - r->start) / DAY >= DAYS_MAX) {
		core_answer_message(&call->answer, 400, end < r->start ? "end: is before start." :
			"end: a report has at most %d days.", DAYS_MAX);
		return false;
	}
	r->days = (size_t)((end - r->start) / DAY) + 1;
	return true;
}

/* ---- time ---- */

static int64_t date_of(yyjson_val *entry, const char *member, int64_t absent)
{
	const char *s = yyjson_get_str(yyjson_obj_get(entry, member));
	int64_t at = s ? instance_date_read(s) : -1;

	return at < 0 ? absent : at;
}

static void add_time(const struct report *r, struct past *p, int64_t from, int64_t to)
{
	for (size_t d = 0; d < r->days; d++) {
		int64_t begin = r->start + (int64_t)d * DAY, end = begin + DAY;

		begin = from > begin ? from : begin;
		end = to < end ? to : end;
		if (end > begin)
			p->up[d] += end - begin;
	}
}

/* Was it up in the period at all? */
static bool count_time(const struct report *r, struct past *p)
{
	yyjson_arr_iter it = yyjson_arr_iter_with(yyjson_obj_get(p->doc, "state_history"));
	int64_t now = p->ended ? p->ended : plat_clock_wall(), from;
	yyjson_val *e;
	bool any = false;

	memset(p->up, 0, sizeof p->up);
	while ((e = yyjson_arr_iter_next(&it))) {
		from = date_of(e, "started", -1);
		if (yyjson_equals_str(yyjson_obj_get(e, "state"), "up") && from >= 0)
			add_time(r, p, from, date_of(e, "completed", now));
	}
	for (size_t d = 0; d < r->days; d++)
		any |= p->up[d] > 0;
	return any;
}

/* ---- prices ---- */

static const char *text(yyjson_val *object, const char *member)
{
	const char *s = yyjson_get_str(yyjson_obj_get(object, member));

	return s ? s : "";
}

static bool fits(yyjson_val *price, yyjson_val *profile, const char *member)
{
	const char *wanted = text(price, member);

	return !*wanted || !strcmp(wanted, text(profile, member));
}

/* Cents for an hour of one machine: the first that fits. */
static double price_of(const struct report *r, const struct past *p)
{
	yyjson_arr_iter clouds = yyjson_arr_iter_with(yyjson_obj_get(yyjson_doc_get_root(r->organization), "providers")), it;
	yyjson_val *profile = yyjson_obj_get(p->doc, "profile"), *cloud, *price;

	while ((cloud = yyjson_arr_iter_next(&clouds))) {
		if (strcmp(text(cloud, "type"), p->provider_type))
			continue;
		it = yyjson_arr_iter_with(yyjson_obj_get(cloud, "pricing"));
		while ((price = yyjson_arr_iter_next(&it)))
			if (fits(price, profile, "flavor") && fits(price, profile, "location"))
				return yyjson_get_num(yyjson_obj_get(price, "price"));
	}
	return 0;
}

static int64_t machines(const struct past *p)
{
	yyjson_val *n = yyjson_obj_get(yyjson_obj_get(p->doc, "profile"), "instances");

	return yyjson_is_int(n) && yyjson_get_sint(n) > 0 ? yyjson_get_sint(n) : 1;
}

/* Of one day, in cents. */
static double cost(const struct past *p, double price, size_t day)
{
	double cents = price * (double)machines(p) * (double)p->up[day] / (double)HOUR;

	return cents >= 0 && cents < 1e12 ? cents : 0;
}

/* ---- as JSON: {"cost":[{"cost":[...],"service":{...}}]} ---- */

static void add_json(struct report *r, const struct past *p)
{
	double price = price_of(r, p);
	char number[32], *doc = yyjson_val_write(p->doc, 0, NULL);

	if (!doc)
		return;
	if (!r->first)
		object_text_add(r->out, ",", 1);
	r->first = false;
	object_text_add(r->out, "{\"cost\":[", 9);
	for (size_t d = 0; d < r->days; d++) {
		/* hundredths of a cent: the wire has whole numbers */
		snprintf(number, sizeof number, "%s%" PRId64, d ? "," : "", (int64_t)llround(100 * cost(p, price, d)));
		object_text_add(r->out, number, strlen(number));
	}
	object_text_add(r->out, "],\"service\":", 12);
	object_text_add(r->out, doc, strlen(doc));
	object_text_add(r->out, "}", 1);
	free(doc);
}

/* ---- as a table ---- */

static const char head[] = "SERVICE_ID,DAY (in Date Range),SIZE,REGION,PROVIDER_TYPE,PROVIDER_ID,PROFILE_SCHEMA,CREATED (UTC),TYPE,"
	"COST (cents of $),EVENT_TYPE,INSTANCES,SIZE.CPU,SIZE.MEMORY,SIZE.DISK,CPU UNIT,MEMORY UNIT,DISK UNIT,ALLOCATED.CPU (Max.),"
	"ALLOCATED.MEMORY (Max.),ALLOCATED.DISK (Max.)\r\n";

/* RFC 4180: what has a comma, a quote or a line's end is quoted.  A text that a spreadsheet would take for a formula is no
 * formula. */
static void add_field(struct report *r, const char *s)
{
	bool quoted = strpbrk(s, ",\"\r\n") != NULL || (*s && strchr("=+-@", *s));

	if (quoted)
		object_text_add(r->out, "\"", 1);
	if (*s && strchr("=+-@", *s))
		object_text_add(r->out, "'", 1);
	for (; *s; s++)
		object_text_add(r->out, *s == '"' ? "\"\"" : s, *s == '"' ? 2 : 1);
	object_text_add(r->out, quoted ? "\"," : ",", quoted ? 2 : 1);
}

static void add_row(struct report *r, const struct past *p, double price, size_t d)
{
	yyjson_val *profile = yyjson_obj_get(p->doc, "profile");
	char date[OBJECT_DATE], end[96];

	object_date(r->start + (int64_t)d * DAY, date);
	date[10] = 0;
	add_field(r, text(p->doc, "id"));
	object_text_add(r->out, date, 10);
	object_text_add(r->out, ",", 1);
	add_field(r, text(profile, "flavor"));
	add_field(r, text(profile, "location"));
	add_field(r, p->provider_type);
	add_field(r, text(p->doc, "provider_id"));
	add_field(r, text(profile, "schema"));
	add_field(r, text(p->doc, "created"));
	add_field(r, text(p->doc, "type"));
	/* What nothing here knows stays empty. */
	snprintf(end, sizeof end, "%.2f,,%" PRId64 ",,,,,,,,,\r\n", cost(p, price, d), machines(p));
	object_text_add(r->out, end, strlen(end));
}

static void add_table(struct report *r, const struct past *p)
{
	double price = price_of(r, p);

	for (size_t d = 0; d < r->days; d++)
		add_row(r, p, price, d);
}

/* ---- all of them ---- */

static void add_service(struct report *r, sqlite3_stmt *q)
{
	yyjson_doc *doc = yyjson_read(db_text(q, 1), (size_t)sqlite3_column_bytes(q, 1), 0);
	struct past p = { .doc = yyjson_doc_get_root(doc), .provider_type = db_text(q, 2), .created = db_int(q, 3),
		.ended = db_int(q, 4) };

	/* What is there now and never was up is told, too: it cost nothing. */
	if (p.doc && p.created < r->start + (int64_t)r->days * DAY && (count_time(r, &p) || !p.ended)) {
		if (r->csv)
			add_table(r, &p);
		else
			add_json(r, &p);
	}
	yyjson_doc_free(doc);
}

/* The cursor: "s" and the last service's id, then "p" and the last number of those that are gone. */
static void add_some(struct report *r, const char *organization, char cursor[OBJECT_CURSOR])
{
	bool past = cursor[0] == 'p';
	sqlite3_stmt *q;
	int n = 0;

	if (past)
		q = db_query(r->db, "SELECT number, doc, provider_type, created, ended FROM service_past WHERE organization = ? AND"
			" number > ? ORDER BY number LIMIT ?", "tii", organization, strtoll(cursor + 1, NULL, 10), (int64_t)ROWS);
	else
		q = db_query(r->db, "SELECT s.id, s.doc, coalesce(json_extract(p.doc, '$.type'), ''), s.created, 0 FROM object s"
			" LEFT JOIN object p ON p.kind = 8 AND p.id = json_extract(s.doc, '$.provider_id') WHERE s.kind = 6 AND"
			" s.organization = ? AND s.id > ? ORDER BY s.id LIMIT ?", "tti", organization, cursor[0] ? cursor + 1 : "",
			(int64_t)ROWS);
	while (db_row(r->db, q)) {
		add_service(r, q);
		n++;
		snprintf(cursor, OBJECT_CURSOR, "%c%s", past ? 'p' : 's', db_text(q, 0));
		if (r->out->len < CORE_LIST_CHUNK)
			continue;
		db_end(q);
		return;
	}
	if (n < ROWS)
		snprintf(cursor, OBJECT_CURSOR, "%s", past ? "" : "p0");
}

int verb_organization_report_chunk(struct db *db, struct core_call *call, char cursor[OBJECT_CURSOR], struct object_text *out)
{
	bool csv = !strcmp(call->verb->name, "organization.csv"), begins = !cursor[0];
	/* Between chunks nobody knows whether something was told: the first element of a later one has its comma. */
	struct report r = { .db = db, .csv = csv, .out = out, .first = cursor[0] != ',' };
	struct object o;

	if (!access_peek(db, call, OBJECT_ORGANIZATION, core_call_string(call, "name"), ACCESS_OWN, &o))
		return -1;
	if (!period(call, &r)) {
		object_free(&o);
		return -1;
	}
	if (!r.first)
		memmove(cursor, cursor + 1, strlen(cursor));
	r.organization = yyjson_read(o.text, strlen(o.text), 0);
	if (begins)
		object_text_add(out, csv ? head : "{\"cost\":[", csv ? sizeof head - 1 : 9);
	add_some(&r, o.id, cursor);
	if (!cursor[0] && !csv)
		object_text_add(out, "]}", 2);
	if (cursor[0] && !r.first) {
		memmove(cursor + 1, cursor, strlen(cursor) + 1);
		cursor[0] = ',';
	}
	yyjson_doc_free(r.organization);
	object_free(&o);
	return 0;
}
