/* appliance.*: status, screen, facts, settings. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "addr/addr.h"
#include "tasks.h"
#include "truth.h"
#include "verbs.h"
#include "log/log.h"
#include "plat/clock.h"

#define PRODUCT "CAM Dedicated Edition"
/* sysd has a day to apply a setting: it may be down for long. */
#define SETTING_DEADLINE 86400

/* Bytes of a task's time servers: four names with their quotes. */
#define SERVERS_TEXT (4 * (CORE_HOSTNAME_TEXT + 4) + 32)

static const char *state_of(const struct core *core)
{
	return core->full ? "full" : core->identity.known ? "ready" : "starting";
}

/* ---- appliance.status ---- */

void verb_status_start(struct core_call *call)
{
	struct core *core = call->core;
	yyjson_mut_val *body = core_answer_object(&call->answer, 200);
	yyjson_mut_doc *doc = call->answer.doc;
	char now[PLAT_CLOCK_TEXT];

	plat_clock_text(plat_clock_wall(), now);
	yyjson_mut_obj_add_bool(doc, body, "setup", core->setup);
	yyjson_mut_obj_add_strcpy(doc, body, "version", core->version);
	yyjson_mut_obj_add_bool(doc, body, "development", core->development);
	yyjson_mut_obj_add_strcpy(doc, body, "id", core->identity.id);
	yyjson_mut_obj_add_str(doc, body, "state", state_of(core));
	yyjson_mut_obj_add_strcpy(doc, body, "time", now);
	core_call_finish(call);
}

/* ---- appliance.screen ---- */

static void add_text_or_null(yyjson_mut_doc *doc, yyjson_mut_val *body, const char *name, const char *text)
{
	if (text && text[0])
		yyjson_mut_obj_add_strcpy(doc, body, name, text);
	else
		yyjson_mut_obj_add_null(doc, body, name);
}

void verb_screen_start(struct core_call *call)
{
	struct core *core = call->core;
	yyjson_mut_val *body = core_answer_object(&call->answer, 200);
	yyjson_mut_doc *doc = call->answer.doc;
	char url[CORE_HOSTNAME_TEXT + 16];

	core_url(core, url, sizeof url);
	yyjson_mut_obj_add_str(doc, body, "product", PRODUCT);
	yyjson_mut_obj_add_strcpy(doc, body, "version", core->version);
	add_text_or_null(doc, body, "url", url);
	add_text_or_null(doc, body, "fingerprint", core->identity.fingerprint);
	add_text_or_null(doc, body, "setup_code", core_setup_code(core));
	yyjson_mut_obj_add_bool(doc, body, "setup", core->setup);
	yyjson_mut_obj_add_str(doc, body, "state", state_of(core));
	core_call_finish(call);
}

/* ---- appliance.facts ---- */

static bool facts_take(struct core *core, yyjson_val *addresses, const char *hostname)
{
	char before[CORE_HOSTNAME_TEXT + 16], now[CORE_HOSTNAME_TEXT + 16];
	yyjson_arr_iter it = yyjson_arr_iter_with(addresses);
	yyjson_val *v;
	struct addr a;

	core_url(core, before, sizeof before);
	core->address_count = 0;
	while ((v = yyjson_arr_iter_next(&it)) && core->address_count < CORE_ADDRESSES) {
		addr_parse(&a, yyjson_get_str(v));
		addr_format(&a, core->addresses[core->address_count++]);
	}
	snprintf(core->fact_hostname, sizeof core->fact_hostname, "%s", hostname ? hostname : "");
	core_url(core, now, sizeof now);
	return strcmp(before, now) != 0;
}

void verb_facts_start(struct core_call *call)
{
	yyjson_val *addresses = yyjson_obj_get(call->args, "addresses"), *v;
	const char *hostname = core_call_string(call, "hostname");
	yyjson_arr_iter it = yyjson_arr_iter_with(addresses);
	struct addr a;

	while ((v = yyjson_arr_iter_next(&it)))
		if (!yyjson_is_str(v) || addr_parse(&a, yyjson_get_str(v)) || !addr_is_host(&a)) {
			core_call_refuse(call, 400, "addresses: each must be the address of a host.");
			return;
		}
	if (hostname && hostname[0] && !addr_name_valid(hostname)) {
		core_call_refuse(call, 400, "hostname: is not a host name.");
		return;
	}
	verb_network_take(call->core, yyjson_obj_get(call->args, "network"));
	if (facts_take(call->core, addresses, hostname))
		core_console_changed(call->core);
	core_names_send(call->core);
	core_answer_begin(&call->answer, 204);
	core_call_finish(call);
}

/* ---- appliance.settings ---- */

/* Members that are ours to say: not kept when a client sends them back. */
static const char *const read_only[] = {
	"appliance_id", "version", "development", "addresses", "fingerprint", "agents_name", "uptime", "setup", "state",
	"updated",
};

int verb_settings_get_run(struct db *db, struct core_call *call)
{
	call->forget = free;
	free(call->state);
	call->state = core_settings(db);
	core_answer_begin(&call->answer, 200);
	return 0;
}

static void add_live(const struct core *core, yyjson_mut_doc *doc, yyjson_mut_val *body)
{
	yyjson_mut_val *addresses;

	yyjson_mut_obj_add_strcpy(doc, body, "appliance_id", core->identity.id);
	yyjson_mut_obj_add_strcpy(doc, body, "version", core->version);
	yyjson_mut_obj_add_bool(doc, body, "development", core->development);
	addresses = yyjson_mut_obj_add_arr(doc, body, "addresses");
	for (unsigned i = 0; i < core->address_count; i++)
		yyjson_mut_arr_add_strcpy(doc, addresses, core->addresses[i]);
	yyjson_mut_obj_add_strcpy(doc, body, "fingerprint", core->identity.fingerprint);
	yyjson_mut_obj_add_strcpy(doc, body, "agents_name", core->identity.agents_name);
	yyjson_mut_obj_add_sint(doc, body, "uptime", plat_clock_boot() / PLAT_SECOND);
	yyjson_mut_obj_add_bool(doc, body, "setup", core->setup);
	yyjson_mut_obj_add_str(doc, body, "state", state_of(core));
}

/* Takes the host name over from a document that was read or written. */
static bool hostname_take(struct core *core, const char *hostname)
{
	if (!hostname || !strcmp(core->hostname, hostname))
		return false;
	snprintf(core->hostname, sizeof core->hostname, "%s", hostname);
	return true;
}

/* The answer is the kept document (call->state) with what is true now. */
void verb_settings_after(struct core_call *call)
{
	struct core *core = call->core;
	const char *text = call->state ? call->state : "{\"hostname\":\"\",\"ntp\":[]}";
	yyjson_doc *kept;
	yyjson_mut_val *body;

	if (call->answer.status != 200) {
		core_call_finish(call);
		return;
	}
	kept = yyjson_read(text, strlen(text), 0);
	core_answer_begin(&call->answer, 200);
	body = yyjson_val_mut_copy(call->answer.doc, yyjson_doc_get_root(kept));
	add_live(core, call->answer.doc, body);
	yyjson_mut_obj_add(call->answer.doc->root, yyjson_mut_str(call->answer.doc, "body"), body);
	if (call->verb->writes && hostname_take(core, yyjson_get_str(yyjson_obj_get(yyjson_doc_get_root(kept), "hostname")))) {
		core_names_send(core);
		core_console_changed(core);
	}
	if (call->verb->writes)
		core_engine_kick(core);
	yyjson_doc_free(kept);
	core_call_finish(call);
}

/* What is kept, with the members of the request in place of those it had: one that is not named stays as it is. */
static char *document_of_args(struct core_call *call, const char *before, int64_t stamp)
{
	yyjson_doc *kept = before ? yyjson_read(before, strlen(before), 0) : NULL;
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *body = kept ? yyjson_val_mut_copy(doc, yyjson_doc_get_root(kept)) : yyjson_mut_obj(doc);
	yyjson_obj_iter it = yyjson_obj_iter_with(call->args);
	char updated[PLAT_CLOCK_TEXT], *text;
	yyjson_val *key;

	while ((key = yyjson_obj_iter_next(&it)))
		yyjson_mut_obj_put(body, yyjson_val_mut_copy(doc, key), yyjson_val_mut_copy(doc, yyjson_obj_iter_get_val(key)));
	for (size_t i = 0; i < sizeof read_only / sizeof read_only[0]; i++)
		yyjson_mut_obj_remove_key(body, read_only[i]);
	if (!yyjson_mut_is_str(yyjson_mut_obj_get(body, "hostname")))
		yyjson_mut_obj_put(body, yyjson_mut_str(doc, "hostname"), yyjson_mut_str(doc, ""));
	if (!yyjson_mut_is_arr(yyjson_mut_obj_get(body, "ntp")))
		yyjson_mut_obj_put(body, yyjson_mut_str(doc, "ntp"), yyjson_mut_arr(doc));
	plat_clock_text(stamp, updated);
	yyjson_mut_obj_add_strcpy(doc, body, "updated", updated);
	text = yyjson_mut_val_write(body, 0, NULL);
	yyjson_mut_doc_free(doc);
	yyjson_doc_free(kept);
	return text;
}

/* The host name of a settings' document, "" = none. */
static void hostname_of(const char *doc, char out[CORE_HOSTNAME_TEXT])
{
	yyjson_doc *d = doc ? yyjson_read(doc, strlen(doc), 0) : NULL;
	const char *name = yyjson_get_str(yyjson_obj_get(yyjson_doc_get_root(d), "hostname"));

	snprintf(out, CORE_HOSTNAME_TEXT, "%s", name ? name : "");
	yyjson_doc_free(d);
}

static void hostname_task(struct db *db, const char *before, const char *now, int64_t stamp)
{
	char was[CORE_HOSTNAME_TEXT], hostname[CORE_HOSTNAME_TEXT], key[48], input[CORE_HOSTNAME_TEXT + 32];

	hostname_of(before, was);
	hostname_of(now, hostname);
	/* An address or a long name is how others reach us; it cannot be the machine's own. */
	if (!strcmp(was, hostname) || !addr_hostname_valid(hostname))
		return;
	snprintf(key, sizeof key, "hostname-%" PRId64, stamp);
	snprintf(input, sizeof input, "{\"hostname\":\"%s\"}", hostname);
	core_task_replace(db, "sysd", "hostname", "appliance", key, input, SETTING_DEADLINE);
}

/* The time servers of a settings' document as JSON text (malloc), "[]" for none. */
static char *servers_text(const char *settings)
{
	yyjson_doc *d = settings ? yyjson_read(settings, strlen(settings), 0) : NULL;
	yyjson_val *list = yyjson_obj_get(yyjson_doc_get_root(d), "ntp");
	char *text = list ? yyjson_val_write(list, 0, NULL) : strdup("[]");

	yyjson_doc_free(d);
	return text;
}

static void servers_task(struct db *db, const char *before, const char *now, int64_t stamp)
{
	char *was = servers_text(before), *is = servers_text(now);
	char key[48], input[SERVERS_TEXT];

	snprintf(key, sizeof key, "ntp-%" PRId64, stamp);
	if (was && is && strcmp(was, is) != 0 && snprintf(input, sizeof input, "{\"servers\":%s}", is) < (int)sizeof input)
		core_task_replace(db, "sysd", "ntp", "appliance", key, input, SETTING_DEADLINE);
	free(was);
	free(is);
}

int verb_settings_put_run(struct db *db, struct core_call *call)
{
	char data[CORE_USER_TEXT + 16];
	int64_t stamp = core_stamp(db);
	char *before = core_settings(db);

	call->forget = free;
	free(call->state);
	call->state = document_of_args(call, before, stamp);
	db_run(db, "INSERT INTO setting(name, doc, updated) VALUES('appliance', ?, ?)"
		" ON CONFLICT(name) DO UPDATE SET doc = excluded.doc, updated = excluded.updated",
		"ti", (const char *)call->state, stamp);
	snprintf(data, sizeof data, "{\"user\":\"%s\"}", call->principal.user);
	core_event(db, "appliance.settings", "appliance", data);
	hostname_task(db, before, call->state, stamp);
	servers_task(db, before, call->state, stamp);
	free(before);
	core_answer_begin(&call->answer, 200);
	return 0;
}

static bool is_host(const char *text)
{
	struct addr a;

	return addr_name_valid(text) || (!addr_parse(&a, text) && addr_is_host(&a));
}

static bool are_hosts(yyjson_val *list)
{
	yyjson_arr_iter it = yyjson_arr_iter_with(list);
	yyjson_val *v;

	while ((v = yyjson_arr_iter_next(&it)))
		if (!yyjson_is_str(v) || !is_host(yyjson_get_str(v)))
			return false;
	return true;
}

void verb_settings_put_start(struct core_call *call)
{
	const char *hostname = core_call_string(call, "hostname");

	if (!call->args)
		core_call_refuse(call, 400, "The settings must be a JSON object.");
	else if (hostname && hostname[0] && !is_host(hostname))
		core_call_refuse(call, 400, "hostname: must be a host name or an IP address.");
	else if (!are_hosts(yyjson_obj_get(call->args, "ntp")))
		core_call_refuse(call, 400, "ntp: each must be a host name or an IP address.");
	else
		core_call_write(call, verb_settings_put_run, verb_settings_after, false);
}
