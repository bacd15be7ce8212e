/* appliance.network.*: how the machine's network is set, and a change that goes back by itself unless it is confirmed. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "netconf/netconf.h"
#include "tasks.h"
#include "truth.h"
#include "verbs.h"

/* A change that sysd does not hear of within this time is none, seconds: nobody would wait for it. */
#define TOLD_WITHIN 60
/* Bytes of a change's name: the stamp of the change that asked for it. */
#define CHANGE_TEXT 24

bool verb_network_take(struct core *core, yyjson_val *network)
{
	char *text = yyjson_is_obj(network) ? yyjson_val_write(network, 0, NULL) : NULL;
	bool changed = text && (!core->network || strcmp(core->network, text) != 0);

	if (!changed) {
		free(text);
		return false;
	}
	free(core->network);
	core->network = text;
	return true;
}

static void get(struct core_call *call)
{
	const char *text = call->core->network;
	yyjson_doc *d = text ? yyjson_read(text, strlen(text), 0) : NULL;

	if (!d) {
		core_call_refuse(call, 503, "sysd has not said yet how the network is set; please try again.");
		return;
	}
	core_answer_begin(&call->answer, 200);
	yyjson_mut_obj_add_val(call->answer.doc, call->answer.doc->root, "body", yyjson_val_mut_copy(call->answer.doc, yyjson_doc_get_root(d)));
	yyjson_doc_free(d);
	core_call_finish(call);
}

/* One task for sysd; the answer names the change. */
static void task_out(struct db *db, struct core_call *call, const char *kind, const char *change, const char *input)
{
	char key[2 * CHANGE_TEXT + 16], data[CORE_USER_TEXT + 64];
	yyjson_mut_val *body;

	snprintf(key, sizeof key, "%s-%s", kind, change);
	core_task_replace(db, "sysd", kind, "appliance", key, input, TOLD_WITHIN);
	snprintf(data, sizeof data, "{\"user\":\"%s\",\"state\":\"%s\"}", call->principal.user, strcmp(kind, "network") ? "confirmed" : "trial");
	core_event(db, "appliance.network", "appliance", data);
	body = core_answer_object(&call->answer, 202);
	yyjson_mut_obj_add_strcpy(call->answer.doc, body, "change", change);
	yyjson_mut_obj_add_int(call->answer.doc, body, "seconds", NETCONF_TRIAL_SECONDS);
}

static int put_run(struct db *db, struct core_call *call)
{
	char change[CHANGE_TEXT], *network = yyjson_val_write(call->args, 0, NULL), *input = NULL;

	snprintf(change, sizeof change, "%" PRId64, core_stamp(db));
	if (network && asprintf(&input, "{\"change\":\"%s\",\"network\":%s}", change, network) > 0)
		task_out(db, call, "network", change, input);
	else
		core_answer_message(&call->answer, 503, "The appliance is short of memory.");
	free(input);
	free(network);
	return call->answer.status == 202 ? 0 : -1;
}

static void after_put(struct core_call *call)
{
	core_engine_kick(call->core);
	core_call_finish(call);
}

static void put(struct core_call *call)
{
	struct netconf scratch;
	const char *why = "";

	netconf_default(&scratch);
	if (netconf_set_network(&scratch, call->args, &why) < 0) {
		core_call_refuse(call, 400, "%s.", why);
		return;
	}
	core_call_write(call, put_run, after_put, false);
}

static int confirm_run(struct db *db, struct core_call *call)
{
	const char *change = core_call_string(call, "change");
	char input[CHANGE_TEXT + 32];

	snprintf(input, sizeof input, "{\"change\":\"%s\"}", change);
	task_out(db, call, "network-confirm", change, input);
	return 0;
}

/* By what sysd has said. */
static bool on_trial(const struct core *core, const char *change)
{
	yyjson_doc *d = core->network ? yyjson_read(core->network, strlen(core->network), 0) : NULL;
	const char *now = yyjson_get_str(yyjson_obj_get(yyjson_obj_get(yyjson_doc_get_root(d), "trial"), "change"));
	bool same = now && !strcmp(now, change);

	yyjson_doc_free(d);
	return same;
}

static void confirm(struct core_call *call)
{
	const char *change = core_call_string(call, "change");

	if (!on_trial(call->core, change))
		core_call_refuse(call, 409, "No such change is on trial: it was confirmed, it went back, or it has not begun yet.");
	else
		core_call_write(call, confirm_run, after_put, false);
}

void verb_network_get_start(struct core_call *call)
{
	core_call_permitted(call, get);
}

void verb_network_put_start(struct core_call *call)
{
	core_call_permitted(call, put);
}

void verb_network_confirm_start(struct core_call *call)
{
	core_call_permitted(call, confirm);
}
