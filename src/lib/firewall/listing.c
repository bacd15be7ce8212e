/* firewall: a ruleset of nft's JSON as lines. */
#include <stdlib.h>
#include <string.h>
#include <yyjson.h>

#include "firewall/listing.h"
#include "firewall/nft.h"
#include "log/log.h"

#define FAMILY "inet"
/* Parts in parts of an expression; nft's own have less. */
#define DEPTH 16

void fw_lines_add(struct fw_lines *l, char *text)
{
	if (!(l->count & (l->count - 1))) {
		l->at = realloc(l->at, (l->count ? (size_t)l->count * 2 : 1) * sizeof *l->at);
		if (!l->at)
			log_fatal("firewall: listing");
	}
	l->at[l->count++] = text;
}

void fw_lines_free(struct fw_lines *l)
{
	for (unsigned i = 0; i < l->count; i++)
		free(l->at[i]);
	free(l->at);
	*l = (struct fw_lines){ 0 };
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* ---- values ---- */

/* nft's names of ICMP types (its datatypes icmp_type and icmpv6_type). */
static const char *type_number(const char *set_type, const char *name)
{
	static const struct { const char *name, *v4, *v6; } types[] = {
		{ "echo-reply", "0", "129" }, { "destination-unreachable", "3", "1" }, { "source-quench", "4", NULL }, { "redirect", "5", NULL },
		{ "echo-request", "8", "128" }, { "router-advertisement", "9", NULL }, { "router-solicitation", "10", NULL },
		{ "time-exceeded", "11", "3" }, { "parameter-problem", "12", "4" }, { "timestamp-request", "13", NULL },
		{ "timestamp-reply", "14", NULL }, { "info-request", "15", NULL }, { "info-reply", "16", NULL },
		{ "address-mask-request", "17", NULL }, { "address-mask-reply", "18", NULL }, { "packet-too-big", NULL, "2" },
		{ "mld-listener-query", NULL, "130" }, { "mld-listener-report", NULL, "131" }, { "mld-listener-done", NULL, "132" },
		{ "mld-listener-reduction", NULL, "132" }, { "nd-router-solicit", NULL, "133" }, { "nd-router-advert", NULL, "134" },
		{ "nd-neighbor-solicit", NULL, "135" }, { "nd-neighbor-advert", NULL, "136" }, { "nd-redirect", NULL, "137" },
		{ "router-renumbering", NULL, "138" }, { "ind-neighbor-solicit", NULL, "141" }, { "ind-neighbor-advert", NULL, "142" },
		{ "mld2-listener-report", NULL, "143" },
	};
	bool v6 = !strcmp(set_type, "icmpv6_type");

	if (!v6 && strcmp(set_type, "icmp_type"))
		return name;
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
		if (!strcmp(types[i].name, name) && (v6 ? types[i].v6 : types[i].v4))
			return v6 ? types[i].v6 : types[i].v4;
	return name;
}

/* A value without parts; an address in our form. */
static void plain(FILE *o, yyjson_val *v, const char *type)
{
	char text[ADDR_TEXT_MAX];
	struct addr a;

	if (yyjson_is_int(v))
		fprintf(o, "%lld", (long long)yyjson_get_sint(v));
	else if (yyjson_is_bool(v))
		fputs(yyjson_get_bool(v) ? "true" : "false", o);
	else if (!yyjson_is_str(v))
		fputs("?", o);
	else if (addr_parse(&a, yyjson_get_str(v)) == 0)
		fputs((addr_format(&a, text), text), o);
	else
		fputs(type_number(type, yyjson_get_str(v)), o);
}

static const char *type_at(yyjson_val *types, size_t i)
{
	yyjson_val *v = yyjson_is_arr(types) ? yyjson_arr_get(types, i) : types;

	return yyjson_is_str(v) ? yyjson_get_str(v) : "";
}

/* One field of a key. */
static void field(FILE *o, yyjson_val *v, const char *type)
{
	yyjson_val *prefix = yyjson_obj_get(v, "prefix"), *range = yyjson_obj_get(v, "range");

	if (prefix) {
		plain(o, yyjson_obj_get(prefix, "addr"), type);
		fputc('/', o);
		plain(o, yyjson_obj_get(prefix, "len"), "");
	} else if (range) {
		plain(o, yyjson_arr_get(range, 0), type);
		fputc('-', o);
		plain(o, yyjson_arr_get(range, 1), type);
	} else {
		plain(o, v, type);
	}
}

static void key(FILE *o, yyjson_val *v, yyjson_val *types)
{
	yyjson_val *parts = yyjson_obj_get(v, "concat"), *one;
	size_t i, max;

	if (!parts) {
		field(o, v, type_at(types, 0));
		return;
	}
	yyjson_arr_foreach(parts, i, max, one) {
		if (i)
			fputs(" . ", o);
		field(o, one, type_at(types, i));
	}
}

/* ---- expressions of rules ---- */

struct members {
	const char *names[32];
	unsigned count;
};

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The members' names in order; what a counter has counted is none. */
static void members_of(struct members *m, yyjson_val *o)
{
	yyjson_obj_iter it = yyjson_obj_iter_with(o);
	yyjson_val *name;

	m->count = 0;
	while (m->count < sizeof m->names / sizeof m->names[0] && (name = yyjson_obj_iter_next(&it)))
		m->names[m->count++] = yyjson_get_str(name);
	if (m->count)
		qsort(m->names, m->count, sizeof *m->names, by_name);
}

static void expression(FILE *o, yyjson_val *v, unsigned depth);

/* Flags are said as a list, or as an "or" of two, one of which is an "or" again. */
static void either(FILE *o, yyjson_val *v, unsigned depth)
{
	yyjson_val *list = yyjson_is_arr(v) ? v : yyjson_obj_get(v, "|"), *one;
	size_t i, max;

	if (!list || depth > DEPTH) {
		expression(o, v, depth);
		return;
	}
	yyjson_arr_foreach(list, i, max, one) {
		if (i)
			fputc(',', o);
		either(o, one, depth + 1);
	}
}

static void expression(FILE *o, yyjson_val *v, unsigned depth)
{
	struct members m;
	yyjson_val *one;
	size_t i, max;

	if (depth > DEPTH) {
		fputs("...", o);
		return;
	}
	if (yyjson_is_arr(v)) {
		yyjson_arr_foreach(v, i, max, one) {
			if (i)
				fputc(' ', o);
			expression(o, one, depth + 1);
		}
		return;
	}
	if (!yyjson_is_obj(v)) {
		plain(o, v, "");
		return;
	}
	members_of(&m, v);
	for (unsigned k = 0; k < m.count; k++) {
		one = yyjson_obj_get(v, m.names[k]);
		fprintf(o, "%s%s", k ? " " : "", m.names[k]);
		if (!strcmp(m.names[k], "counter") || yyjson_is_null(one))
			continue;
		if (!strcmp(m.names[k], "&")) {
			fputc('(', o);
			expression(o, yyjson_arr_get(one, 0), depth + 1);
			fputs(" & ", o);
			either(o, yyjson_arr_get(one, 1), depth + 1);
			fputc(')', o);
			continue;
		}
		fputs(yyjson_is_obj(one) || yyjson_is_arr(one) ? "(" : "=", o);
		expression(o, one, depth + 1);
		if (yyjson_is_obj(one) || yyjson_is_arr(one))
			fputc(')', o);
	}
}

/* ---- one object of the ruleset ---- */

static const char *member(yyjson_val *o, const char *name)
{
	const char *text = yyjson_get_str(yyjson_obj_get(o, name));

	return text ? text : "";
}

static void element(struct fw_lines *out, const char *set, yyjson_val *v, yyjson_val *types, bool map)
{
	yyjson_val *left = map ? yyjson_arr_get(v, 0) : v, *elem = yyjson_obj_get(left, "elem");
	size_t len;
	char *text;
	FILE *o = open_memstream(&text, &len);

	if (!o)
		log_fatal("firewall: listing");
	fprintf(o, "%s: ", set);
	key(o, elem ? yyjson_obj_get(elem, "val") : left, types);
	if (map) {
		fputs(" : ", o);
		expression(o, yyjson_arr_get(v, 1), 0);
	}
	if (elem && *member(elem, "comment"))
		fprintf(o, "   # %s", member(elem, "comment"));
	fclose(o);
	fw_lines_add(out, text);
}

static void set(struct fw_listing *s, yyjson_val *v, bool map)
{
	yyjson_val *types = yyjson_obj_get(v, "type"), *list = yyjson_obj_get(v, "elem"), *one;
	const char *name = member(v, "name");
	size_t i, max, len;
	char *text;
	FILE *o = open_memstream(&text, &len);

	if (!o)
		log_fatal("firewall: listing");
	fprintf(o, "%s %s: ", map ? "map" : "set", name);
	expression(o, types, 0);
	if (yyjson_obj_get(v, "timeout"))
		fprintf(o, ", timeout %lld s", (long long)yyjson_get_sint(yyjson_obj_get(v, "timeout")));
	fclose(o);
	fw_lines_add(&s->words, text);
	/* a set with a size is filled by rules */
	if (yyjson_obj_get(v, "size"))
		return;
	yyjson_arr_foreach(list, i, max, one)
		element(&s->words, name, one, types, map);
}

static void chain(struct fw_listing *s, yyjson_val *v)
{
	char text[256];

	snprintf(text, sizeof text, "chain %.60s%s%.20s%s%.20s", member(v, "name"), *member(v, "hook") ? ": hook " : "", member(v, "hook"),
		*member(v, "hook") ? ", policy " : "", member(v, "policy"));
	fw_lines_add(&s->words, strdup(text));
}

static void rule(struct fw_listing *s, yyjson_val *v)
{
	size_t len;
	char *text;
	FILE *o = open_memstream(&text, &len);

	if (!o)
		log_fatal("firewall: listing");
	fprintf(o, "chain %s: ", member(v, "chain"));
	expression(o, yyjson_obj_get(v, "expr"), 0);
	if (*member(v, "comment"))
		fprintf(o, "   # %s", member(v, "comment"));
	fclose(o);
	fw_lines_add(&s->words, text);
	fw_lines_add(&s->rules, strdup(text));
}

static void object(struct fw_listing *s, yyjson_val *v)
{
	static const char *const kinds[] = { "table", "chain", "set", "map", "rule" };
	char text[128];
	yyjson_val *o;
	bool ours;

	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		o = yyjson_obj_get(v, kinds[i]);
		if (!o)
			continue;
		ours = !strcmp(member(o, "family"), FAMILY) && !strcmp(member(o, i ? "table" : "name"), NFT_TABLE);
		if (!i && !ours) {
			snprintf(text, sizeof text, "%.20s %.60s", member(o, "family"), member(o, "name"));
			fw_lines_add(&s->foreign, strdup(text));
		} else if (i == 1 && ours) {
			chain(s, o);
		} else if ((i == 2 || i == 3) && ours) {
			set(s, o, i == 3);
		} else if (i == 4 && ours) {
			rule(s, o);
		}
	}
}

int fw_listing_read(struct fw_listing *s, const char *text, size_t len, char error[FW_ERROR])
{
	yyjson_read_err why;
	yyjson_doc *d = yyjson_read_opts((char *)text, len, 0, NULL, &why);
	yyjson_val *list = yyjson_obj_get(yyjson_doc_get_root(d), "nftables"), *one;
	size_t i, max;

	memset(s, 0, sizeof *s);
	if (!d)
		return snprintf(error, FW_ERROR, "is no JSON (byte %zu: %.100s): `nft -j list ruleset` writes it", why.pos, why.msg), -1;
	if (!yyjson_is_arr(list)) {
		yyjson_doc_free(d);
		return snprintf(error, FW_ERROR, "is no ruleset of nft: `nft -j list ruleset` writes it"), -1;
	}
	yyjson_arr_foreach(list, i, max, one)
		object(s, yyjson_obj_get(one, "add") ? yyjson_obj_get(one, "add") : one);
	yyjson_doc_free(d);
	if (s->words.count)
		qsort(s->words.at, s->words.count, sizeof *s->words.at, by_text);
	return 0;
}

void fw_listing_free(struct fw_listing *s)
{
	fw_lines_free(&s->words);
	fw_lines_free(&s->rules);
	fw_lines_free(&s->foreign);
}
