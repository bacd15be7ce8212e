/* firewall: the same ruleset for `nft -j -f` (libnftables-json(5)). */
#include <stdlib.h>
#include <string.h>

#include "firewall/formats.h"
#include "firewall/json.h"
#include "firewall/nft_words.h"

static yyjson_mut_val *jump(struct json *j, const struct nft_verdict *v)
{
	yyjson_mut_val *o = yyjson_mut_obj(j->d), *target;

	if (v->kind == NFT_V_GOTO) {
		target = json_object(j, o, "goto");
		json_text(j, target, "target", v->chain);
	} else {
		json_null(j, o, v->kind == NFT_V_ACCEPT ? "accept" : "drop");
	}
	return o;
}

static yyjson_mut_val *field_value(struct json *j, const struct nft_set *s, unsigned i, const struct nft_element *e)
{
	char text[NFT_VALUE], *at;
	yyjson_mut_val *o, *p;

	nft_value_text(s, i, e, text);
	at = strchr(text, '/');
	if (at) {
		*at = 0;
		o = yyjson_mut_obj(j->d);
		p = json_object(j, o, "prefix");
		json_text(j, p, "addr", text);
		json_number(j, p, "len", atoi(at + 1));
		return o;
	}
	at = strchr(text, '-');
	if (at) {
		*at = 0;
		o = yyjson_mut_obj(j->d);
		p = json_array(j, o, "range");
		if (s->fields[i] == NFT_F_DPORT) {
			yyjson_mut_arr_add_int(j->d, p, atoi(text));
			yyjson_mut_arr_add_int(j->d, p, atoi(at + 1));
		} else {
			yyjson_mut_arr_add_strcpy(j->d, p, text);
			yyjson_mut_arr_add_strcpy(j->d, p, at + 1);
		}
		return o;
	}
	if (s->fields[i] == NFT_F_DPORT || s->fields[i] == NFT_F_UID || s->fields[i] == NFT_F_ICMP_TYPE || s->fields[i] == NFT_F_ICMP6_TYPE)
		return yyjson_mut_int(j->d, atoll(text));
	return yyjson_mut_strcpy(j->d, text);
}

static yyjson_mut_val *element(struct json *j, const struct nft_set *s, const struct nft_element *e)
{
	yyjson_mut_val *value, *o, *list;

	if (s->field_count == 1) {
		value = field_value(j, s, 0, e);
	} else {
		value = yyjson_mut_obj(j->d);
		list = json_array(j, value, "concat");
		for (unsigned i = 0; i < s->field_count; i++)
			yyjson_mut_arr_append(list, field_value(j, s, i, e));
	}
	if (e->comment[0]) {
		o = yyjson_mut_obj(j->d);
		list = json_object(j, o, "elem");
		yyjson_mut_obj_add_val(j->d, list, "val", value);
		json_text(j, list, "comment", e->comment);
		value = o;
	}
	if (!s->map)
		return value;
	list = yyjson_mut_arr(j->d);
	yyjson_mut_arr_append(list, value);
	yyjson_mut_arr_append(list, jump(j, &e->verdict));
	return list;
}

/* {"add":{KIND:{"family":"inet",...}}} in the list; returns the inner object. */
static yyjson_mut_val *command(struct json *j, yyjson_mut_val *list, const char *verb, const char *kind)
{
	yyjson_mut_val *o = yyjson_mut_arr_add_obj(j->d, list), *inner = json_object(j, json_object(j, o, verb), kind);

	json_text(j, inner, "family", "inet");
	json_text(j, inner, !strcmp(kind, "table") ? "name" : "table", NFT_TABLE);
	return inner;
}

static void set(struct json *j, yyjson_mut_val *list, const struct nft_set *s)
{
	yyjson_mut_val *o = command(j, list, "add", s->map ? "map" : "set"), *a;

	json_text(j, o, "name", s->name);
	if (s->field_count == 1) {
		json_text(j, o, "type", nft_field_words(s->fields[0])->type);
	} else {
		a = json_array(j, o, "type");
		for (unsigned i = 0; i < s->field_count; i++)
			yyjson_mut_arr_add_str(j->d, a, nft_field_words(s->fields[i])->type);
	}
	if (s->map)
		json_text(j, o, "map", "verdict");
	/* that a set is dynamic follows from its use; older nft does not know the flag */
	if (s->timeout || s->interval)
		yyjson_mut_arr_add_str(j->d, json_array(j, o, "flags"), s->timeout ? "timeout" : "interval");
	if (s->size)
		json_number(j, o, "size", s->size);
	if (s->timeout)
		json_number(j, o, "timeout", s->timeout);
	if (!s->count)
		return;
	a = json_array(j, o, "elem");
	for (unsigned i = 0; i < s->count; i++)
		yyjson_mut_arr_append(a, element(j, s, &s->elements[i]));
}

/* ---- rules ---- */

static yyjson_mut_val *field(struct json *j, enum nft_field f)
{
	const struct nft_field_words *w = nft_field_words(f);
	yyjson_mut_val *o = yyjson_mut_obj(j->d), *p, *masked, *both;

	p = json_object(j, o, w->protocol ? "payload" : f == NFT_F_CT_STATE ? "ct" : "meta");
	if (w->protocol)
		json_text(j, p, "protocol", w->protocol);
	json_text(j, p, w->protocol ? "field" : "key", w->field);
	if (f != NFT_F_SADDR6_NET)
		return o;
	masked = yyjson_mut_obj(j->d);
	both = json_array(j, masked, "&");
	yyjson_mut_arr_append(both, o);
	yyjson_mut_arr_add_str(j->d, both, "ffff:ffff:ffff:ffff::");
	return masked;
}

static yyjson_mut_val *key(struct json *j, const struct nft_set *s)
{
	yyjson_mut_val *o, *list;

	if (s->field_count == 1)
		return field(j, s->fields[0]);
	o = yyjson_mut_obj(j->d);
	list = json_array(j, o, "concat");
	for (unsigned i = 0; i < s->field_count; i++)
		yyjson_mut_arr_append(list, field(j, s->fields[i]));
	return o;
}

/* A match; the sides are given. */
static void match(struct json *j, yyjson_mut_val *list, const char *op, yyjson_mut_val *left, yyjson_mut_val *right)
{
	yyjson_mut_val *m = json_object(j, yyjson_mut_arr_add_obj(j->d, list), "match");

	json_text(j, m, "op", op);
	yyjson_mut_obj_add_val(j->d, m, "left", left);
	yyjson_mut_obj_add_val(j->d, m, "right", right);
}

static yyjson_mut_val *meta(struct json *j, const char *name)
{
	yyjson_mut_val *o = yyjson_mut_obj(j->d);

	json_text(j, json_object(j, o, "meta"), "key", name);
	return o;
}

static yyjson_mut_val *payload(struct json *j, const char *protocol, const char *name)
{
	yyjson_mut_val *o = yyjson_mut_obj(j->d), *p = json_object(j, o, "payload");

	json_text(j, p, "protocol", protocol);
	json_text(j, p, "field", name);
	return o;
}

static void not_syn(struct json *j, yyjson_mut_val *list)
{
	yyjson_mut_val *masked = yyjson_mut_obj(j->d), *both = json_array(j, masked, "&"), *flags = yyjson_mut_str(j->d, "fin"), *or;
	static const char *const names[] = { "syn", "rst", "ack" };

	yyjson_mut_arr_append(both, payload(j, "tcp", "flags"));
	for (int i = 0; i < 3; i++) {	/* an operator takes two */
		or = yyjson_mut_obj(j->d);
		yyjson_mut_arr_append(json_array(j, or, "|"), flags);
		yyjson_mut_arr_add_str(j->d, yyjson_mut_obj_get(or, "|"), names[i]);
		flags = or;
	}
	yyjson_mut_arr_append(both, flags);
	match(j, list, "!=", masked, yyjson_mut_str(j->d, "syn"));
}

static void fib(struct json *j, yyjson_mut_val *list, bool route)
{
	yyjson_mut_val *o = yyjson_mut_obj(j->d), *f = json_object(j, o, "fib"), *flags = json_array(j, f, "flags");

	json_text(j, f, "result", route ? "oif" : "type");
	yyjson_mut_arr_add_str(j->d, flags, "saddr");
	if (route)
		yyjson_mut_arr_add_str(j->d, flags, "iif");
	match(j, list, "==", o, route ? yyjson_mut_bool(j->d, false) : yyjson_mut_str(j->d, "local"));
}

static char *at_name(struct json *j, const struct nft_set *s)
{
	char name[NFT_NAME + 1];

	snprintf(name, sizeof name, "@%s", s->name);
	return (char *)yyjson_mut_get_str(yyjson_mut_strcpy(j->d, name));
}

static void meter(struct json *j, yyjson_mut_val *list, const struct nft_statement *s)
{
	yyjson_mut_val *o = json_object(j, yyjson_mut_arr_add_obj(j->d, list), "set"), *stmt, *l;

	json_text(j, o, "op", "add");
	yyjson_mut_obj_add_val(j->d, o, "elem", key(j, s->set));
	json_text(j, o, "set", at_name(j, s->set));
	stmt = yyjson_mut_arr_add_obj(j->d, json_array(j, o, "stmt"));
	if (s->kind == NFT_RATE_OVER) {
		l = json_object(j, stmt, "limit");
		json_number(j, l, "rate", s->rate);
		json_number(j, l, "burst", s->burst);
		json_text(j, l, "per", "second");
		yyjson_mut_obj_add_bool(j->d, l, "inv", true);
	} else {
		l = json_object(j, stmt, "ct count");
		json_number(j, l, "val", s->rate);
		yyjson_mut_obj_add_bool(j->d, l, "inv", true);
	}
}

static void limit(struct json *j, yyjson_mut_val *list, const struct nft_statement *s)
{
	yyjson_mut_val *l = json_object(j, yyjson_mut_arr_add_obj(j->d, list), "limit");

	json_number(j, l, "rate", s->rate);
	json_number(j, l, "burst", s->burst);
	json_text(j, l, "per", "second");
}

static void log_to(struct json *j, yyjson_mut_val *list, const struct nft_statement *s)
{
	yyjson_mut_val *l = json_object(j, yyjson_mut_arr_add_obj(j->d, list), "log");

	json_text(j, l, "prefix", s->text);
	if (s->rate)
		json_number(j, l, "group", s->rate);
}

static void statement(struct json *j, yyjson_mut_val *list, const struct nft_statement *s)
{
	yyjson_mut_val *o;

	switch (s->kind) {
	case NFT_INTERFACE:
		match(j, list, "==", meta(j, s->out ? "oifname" : "iifname"), yyjson_mut_strcpy(j->d, s->text));
		break;
	case NFT_TCP_NOT_SYN:
		not_syn(j, list);
		break;
	case NFT_SPOOF_LOCAL:
	case NFT_SPOOF_ROUTE:
		fib(j, list, s->kind == NFT_SPOOF_ROUTE);
		break;
	case NFT_IN_SET:
		match(j, list, "==", key(j, s->set), yyjson_mut_str(j->d, at_name(j, s->set)));
		break;
	case NFT_BY_MAP:
		o = json_object(j, yyjson_mut_arr_add_obj(j->d, list), "vmap");
		yyjson_mut_obj_add_val(j->d, o, "key", key(j, s->set));
		json_text(j, o, "data", at_name(j, s->set));
		break;
	case NFT_RATE_OVER:
	case NFT_OPEN_OVER:
		meter(j, list, s);
		break;
	case NFT_TCP_DPORT:
		match(j, list, "==", payload(j, "tcp", "dport"), yyjson_mut_int(j->d, s->rate));
		break;
	case NFT_LIMIT:
		limit(j, list, s);
		break;
	case NFT_LOG:
		log_to(j, list, s);
		break;
	case NFT_COUNTER:
		json_null(j, yyjson_mut_arr_add_obj(j->d, list), "counter");
		break;
	case NFT_STATEMENT_NONE:
		break;
	}
}

static void rule(struct json *j, yyjson_mut_val *list, const struct nft_chain *c, const struct nft_rule *r)
{
	yyjson_mut_val *o = command(j, list, "add", "rule"), *expr;

	json_text(j, o, "chain", c->name);
	expr = json_array(j, o, "expr");
	for (unsigned i = 0; i < r->count; i++)
		statement(j, expr, &r->statements[i]);
	if (r->verdict.kind)
		yyjson_mut_arr_append(expr, jump(j, &r->verdict));
	if (r->comment[0])
		json_text(j, o, "comment", r->comment);
}

static void chain(struct json *j, yyjson_mut_val *list, const struct nft_chain *c)
{
	static const char *const hooks[] = { "", "input", "forward", "output" };
	yyjson_mut_val *o = command(j, list, "add", "chain");

	json_text(j, o, "name", c->name);
	if (!c->hook)
		return;
	json_text(j, o, "type", "filter");
	json_text(j, o, "hook", hooks[c->hook]);
	json_number(j, o, "prio", 0);
	json_text(j, o, "policy", "drop");
}

static void write(const struct fw_policy *p, FILE *out)
{
	struct nft_ruleset *r = nft_compile(p);
	struct json j;
	yyjson_mut_val *list;

	json_begin(&j);
	list = json_array(&j, j.root, "nftables");
	json_number(&j, json_object(&j, yyjson_mut_arr_add_obj(j.d, list), "metainfo"), "json_schema_version", 1);
	command(&j, list, "add", "table");
	command(&j, list, "delete", "table");
	command(&j, list, "add", "table");
	for (unsigned i = 0; i < r->chain_count; i++)
		chain(&j, list, r->chains[i]);
	for (unsigned i = 0; i < r->set_count; i++)
		set(&j, list, r->sets[i]);
	for (unsigned i = 0; i < r->chain_count; i++)
		for (unsigned k = 0; k < r->chains[i]->count; k++)
			rule(&j, list, r->chains[i], &r->chains[i]->rules[k]);
	json_end(&j, out);
	nft_ruleset_free(r);
}

const struct fw_format fw_format_nft_json = {
	.name = "nft-json", .title = "nftables, JSON", .suffix = "json", .check = FW_CHECK_CONSUMER,
	.how = "nft -j -f FILE", .note = "", .write = write,
};
