/* firewall.*: the tables, exports and explanations. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "firewall.h"
#include "firewall/firewall.h"

/* ---- what several need: the tables with the own one, a policy ---- */

struct desk {
	struct fw_tables *t;
	struct fw_binding b;
	struct fw_policy *p;
};

static void desk_free(struct desk *k)
{
	fw_policy_free(k->p);
	fw_binding_free(&k->b);
	fw_tables_free(k->t);
}

static int refuse(struct core_call *call, const char *sentence)
{
	core_answer_message(&call->answer, 400, "%s", sentence);
	return -1;
}

/* "vcenter=10.0.0.5,fd00::5;vms=10.1.0.0/16" */
static int bind_words(struct desk *k, const char *words, char error[FW_ERROR])
{
	char *copy = strdup(words ? words : ""), *save, *word, *list;
	int at, rc = 0;

	for (word = strtok_r(copy, ";", &save); word && rc == 0; word = strtok_r(NULL, ";", &save)) {
		list = strchr(word, '=');
		if (list)
			*list++ = 0;
		at = fw_peer_find(k->t, word);
		if (list && !strcmp(word, "self"))
			rc = fw_prefixes_add(&k->b.self, list, error);
		else if (!list || at < 0 || k->t->peers[at].kind == FW_PEER_FIXED)
			rc = (snprintf(error, FW_ERROR, "peers: %.40s: no such peer", word), -1);
		else
			rc = fw_prefixes_add(&k->b.peers[at], list, error);
	}
	free(copy);
	return rc;
}

/* One further host of a provider: an address with its ports. Names are not core's to look up. */
static int bind_host(struct desk *k, unsigned peer, yyjson_mut_val *h, char error[FW_ERROR])
{
	const char *host = yyjson_mut_get_str(yyjson_mut_obj_get(h, "host"));
	yyjson_mut_arr_iter ports = yyjson_mut_arr_iter_with(yyjson_mut_obj_get(h, "ports"));
	yyjson_mut_val *n;
	struct addr a;

	if (!host || addr_parse(&a, host) < 0)
		return 0;
	while ((n = yyjson_mut_arr_iter_next(&ports)))
		if (fw_narrow_add(&k->b, peer, (uint16_t)yyjson_mut_get_sint(n), host, error) < 0)
			return -1;
	return 0;
}

static int bind_hosts(struct desk *k, yyjson_mut_val *hosts, char error[FW_ERROR])
{
	yyjson_mut_obj_iter it;
	yyjson_mut_val *key, *h;

	yyjson_mut_obj_iter_init(hosts, &it);
	while ((key = yyjson_mut_obj_iter_next(&it))) {
		yyjson_mut_arr_iter list = yyjson_mut_arr_iter_with(yyjson_mut_obj_iter_get_val(key));
		int at = fw_peer_find(k->t, yyjson_mut_get_str(key));

		while (at >= 0 && (h = yyjson_mut_arr_iter_next(&list)))
			if (bind_host(k, (unsigned)at, h, error) < 0)
				return -1;
	}
	return 0;
}

/* What the model says about the appliance itself. */
static int bind_model(struct desk *k, yyjson_mut_val *model, char error[FW_ERROR])
{
	yyjson_mut_obj_iter it;
	yyjson_mut_val *key, *a;

	yyjson_mut_obj_iter_init(yyjson_mut_obj_get(model, "peers"), &it);
	while ((key = yyjson_mut_obj_iter_next(&it))) {
		yyjson_mut_arr_iter list = yyjson_mut_arr_iter_with(yyjson_mut_obj_iter_get_val(key));
		int at = fw_peer_find(k->t, yyjson_mut_get_str(key));

		while (at >= 0 && (a = yyjson_mut_arr_iter_next(&list)))
			if (fw_prefixes_add(&k->b.peers[at], yyjson_mut_get_str(a), error) < 0)
				return -1;
	}
	return bind_hosts(k, yyjson_mut_obj_get(model, "hosts"), error);
}

static int own_table(struct desk *k, yyjson_mut_val *model, char error[FW_ERROR])
{
	const char *own = yyjson_mut_get_str(yyjson_mut_obj_get(model, "own"));

	return own && own[0] ? fw_parse(k->t, "own.fw", own, strlen(own), true, error) : 0;
}

static int desk_open(struct desk *k, struct db *db, struct core_call *call)
{
	const char *name = core_call_string(call, "profile"), *peers = core_call_string(call, "peers");
	yyjson_mut_doc *model = firewall_model(db);
	yyjson_mut_val *root = yyjson_mut_doc_get_root(model);
	char error[FW_ERROR] = "";
	int profile, rc;

	memset(k, 0, sizeof *k);
	k->t = fw_tables_new();
	profile = fw_profile_find(k->t, name ? name : "appliance");
	rc = profile < 0 ? (snprintf(error, sizeof error, "profile: no such profile"), -1) : own_table(k, root, error);
	if (rc == 0 && !strcmp(k->t->profiles[profile].name, "appliance"))
		rc = bind_model(k, root, error);
	if (rc == 0)
		rc = bind_words(k, peers, error);
	if (rc == 0 && !(k->p = fw_policy_new(k->t, (unsigned)profile, &k->b, error)))
		rc = -1;
	yyjson_mut_doc_free(model);
	if (rc == 0)
		return 0;
	desk_free(k);
	return refuse(call, error);
}

/* ---- firewall.profiles, firewall.rules ---- */

static void words(yyjson_mut_doc *d, yyjson_mut_val *o, const char *name, const struct fw_word *w, unsigned count)
{
	yyjson_mut_val *list = yyjson_mut_obj_add_arr(d, o, name), *one;

	for (unsigned i = 0; i < count; i++) {
		one = yyjson_mut_arr_add_obj(d, list);
		yyjson_mut_obj_add_strcpy(d, one, "name", w[i].name);
		yyjson_mut_obj_add_strcpy(d, one, "title", w[i].text);
	}
}

static void formats(yyjson_mut_doc *d, yyjson_mut_val *o)
{
	yyjson_mut_val *list = yyjson_mut_obj_add_arr(d, o, "formats"), *one;
	const struct fw_format *f;

	for (unsigned i = 0; (f = fw_format_at(i)); i++) {
		one = yyjson_mut_arr_add_obj(d, list);
		yyjson_mut_obj_add_str(d, one, "name", f->name);
		yyjson_mut_obj_add_str(d, one, "title", f->title);
		yyjson_mut_obj_add_str(d, one, "suffix", f->suffix);
		yyjson_mut_obj_add_str(d, one, "how", f->how);
		yyjson_mut_obj_add_str(d, one, "checked", fw_check_text(f->check));
		yyjson_mut_obj_add_str(d, one, "note", f->note);
	}
}

int verb_firewall_profiles_run(struct db *db, struct core_call *call)
{
	struct fw_tables *t = fw_tables_new();
	yyjson_mut_val *body = core_answer_object(&call->answer, 200), *list, *one;
	yyjson_mut_doc *d = call->answer.doc;

	(void)db;
	words(d, body, "profiles", t->profiles, t->profile_count);
	words(d, body, "conditions", t->conditions, t->condition_count);
	list = yyjson_mut_obj_add_arr(d, body, "peers");
	for (unsigned i = 0; i < t->peer_count; i++) {
		one = yyjson_mut_arr_add_obj(d, list);
		yyjson_mut_obj_add_strcpy(d, one, "name", t->peers[i].name);
		yyjson_mut_obj_add_strcpy(d, one, "title", t->peers[i].text);
		yyjson_mut_obj_add_bool(d, one, "needed", t->peers[i].kind == FW_PEER_NAMED);
	}
	formats(d, body);
	fw_tables_free(t);
	return 0;
}

static void rule(yyjson_mut_doc *d, yyjson_mut_val *o, const struct fw_tables *t, const struct fw_rule *r)
{
	char text[FW_RANGES_TEXT];

	yyjson_mut_obj_add_strcpy(d, o, "id", r->id);
	yyjson_mut_obj_add_strcpy(d, o, "profile", t->profiles[r->profile].name);
	yyjson_mut_obj_add_str(d, o, "direction", fw_direction_name(r->direction));
	yyjson_mut_obj_add_str(d, o, "protocol", fw_protocol_name(r->protocol));
	fw_ranges_text(r->ranges, r->range_count, "-", text, sizeof text);
	yyjson_mut_obj_add_strcpy(d, o, "ports", text);
	yyjson_mut_obj_add_strcpy(d, o, "peer", t->peers[r->peer].text);
	yyjson_mut_obj_add_strcpy(d, o, "condition", r->condition == FW_ALWAYS ? "always" : t->conditions[r->condition].text);
	yyjson_mut_obj_add_strcpy(d, o, "room", r->room);
	yyjson_mut_obj_add_strcpy(d, o, "purpose", r->purpose);
	yyjson_mut_obj_add_strcpy(d, o, "source", t->sources[r->source].text);
	snprintf(text, sizeof text, "%s:%u", r->place.file, r->place.line);
	yyjson_mut_obj_add_strcpy(d, o, "line", text);
	yyjson_mut_obj_add_bool(d, o, "narrowed", r->narrowed);
}

int verb_firewall_rules_run(struct db *db, struct core_call *call)
{
	const char *name = core_call_string(call, "profile");
	yyjson_mut_doc *model = firewall_model(db), *d;
	struct desk k = { .t = fw_tables_new() };
	char error[FW_ERROR] = "profile: no such profile";
	int profile = name ? fw_profile_find(k.t, name) : -1, rc = name && profile < 0 ? -1 : 0;
	yyjson_mut_val *list;

	if (rc == 0)
		rc = own_table(&k, yyjson_mut_doc_get_root(model), error);
	if (rc == 0) {
		list = yyjson_mut_obj_add_arr(call->answer.doc, core_answer_object(&call->answer, 200), "rules");
		d = call->answer.doc;
		for (unsigned i = 0; i < k.t->rule_count; i++)
			if (profile < 0 || k.t->rules[i].profile == (unsigned)profile)
				rule(d, yyjson_mut_arr_add_obj(d, list), k.t, &k.t->rules[i]);
	}
	yyjson_mut_doc_free(model);
	desk_free(&k);
	return rc == 0 ? 0 : refuse(call, error);
}

/* ---- firewall.export, firewall.explain ---- */

static const char *content_type(const char *suffix)
{
	return !strcmp(suffix, "json") ? "application/json" : !strcmp(suffix, "svg") ? "image/svg+xml" :
		!strcmp(suffix, "csv") ? "text/csv; charset=utf-8" : "text/plain; charset=utf-8";
}

int verb_firewall_export_run(struct db *db, struct core_call *call)
{
	const struct fw_format *f = fw_format_by_name(core_call_string(call, "format"));
	char *text = NULL, name[64];
	struct desk k;
	size_t len = 0;
	FILE *m;

	if (!f)
		return refuse(call, "format: no such format (see /services/firewall/profiles).");
	if (desk_open(&k, db, call) < 0)
		return -1;
	m = open_memstream(&text, &len);
	if (m) {
		f->write(k.p, m);
		fclose(m);
	}
	core_answer_text(&call->answer, 200, text ? text : "");
	snprintf(name, sizeof name, "cam-%s.%s", k.t->profiles[k.p->profile].name, f->suffix);
	core_answer_file(&call->answer, content_type(f->suffix), name);
	free(text);
	desk_free(&k);
	return 0;
}

/* The appliance's addresses are the loop's: they go along. */
void verb_firewall_explain_start(struct core_call *call)
{
	const struct core *core = call->core;
	char *text = core->address_count ? calloc(core->address_count, CORE_ADDRESS_TEXT + 1) : NULL;

	for (unsigned i = 0; text && i < core->address_count; i++) {
		if (i)
			strcat(text, ",");
		strcat(text, core->addresses[i]);
	}
	call->state = text;
	call->forget = free;
	core_call_read(call, verb_firewall_explain_run, NULL);
}

int verb_firewall_explain_run(struct db *db, struct core_call *call)
{
	struct fw_packet_words w = {
		.from = core_call_string(call, "from"), .to = core_call_string(call, "to"), .protocol = core_call_string(call, "proto"),
		.dport = core_call_string(call, "dport"), .sport = core_call_string(call, "sport"), .type = core_call_string(call, "type"),
		.flags = core_call_string(call, "flags"), .state = core_call_string(call, "state"), .room = core_call_string(call, "room"),
		.direction = core_call_string(call, "direction"),
	};
	struct fw_packet packet;
	struct fw_verdict v;
	struct desk k;
	const char *why;
	yyjson_mut_val *body;

	if (desk_open(&k, db, call) < 0)
		return -1;
	if (call->state && !strcmp(k.t->profiles[k.p->profile].name, "appliance")) {
		char error[FW_ERROR];

		fw_prefixes_add(&k.p->self, call->state, error);
	}
	why = fw_packet_read(&packet, k.p, &w);
	if (why) {
		desk_free(&k);
		return refuse(call, why);
	}
	fw_explain(k.p, &packet, &v);
	body = core_answer_object(&call->answer, 200);
	yyjson_mut_obj_add_str(call->answer.doc, body, "verdict", v.pass ? "pass" : "drop");
	yyjson_mut_obj_add_str(call->answer.doc, body, "reason", v.reason);
	if (v.line)
		rule(call->answer.doc, yyjson_mut_obj_add_obj(call->answer.doc, body, "rule"), k.t, v.line->rule);
	desk_free(&k);
	return 0;
}

int verb_firewall_model_run(struct db *db, struct core_call *call)
{
	yyjson_mut_doc *model = firewall_model(db);
	yyjson_mut_val *body = core_answer_object(&call->answer, 200), *key, *value;
	size_t i, max;

	/* as one document: fwd is no carrier of bodies it does not look into, as api is */
	yyjson_mut_obj_foreach(yyjson_mut_doc_get_root(model), i, max, key, value)
		yyjson_mut_obj_add(body, yyjson_mut_val_mut_copy(call->answer.doc, key), yyjson_mut_val_mut_copy(call->answer.doc, value));
	yyjson_mut_doc_free(model);
	return 0;
}
