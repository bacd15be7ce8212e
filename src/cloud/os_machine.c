/* openstack: servers: which is ours, its power, its end, and the list of all (Compute API v2.1). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cloud/openstack.h"
#include "plat/clock.h"

/* Between looks at a server that changes, seconds: Nova has nothing to wait with. */
#define LOOK 2.0
/* Of a server that was deleted, where the cloud keeps those for a while. */
#define SOFT_DELETED "SOFT_DELETED"

/* ---- which one ---- */

struct search {
	const char *key;
	char id[OS_ID], created[64];
};

const char *os_key_of(yyjson_val *server)
{
	return job_text(yyjson_obj_get(server, "metadata"), OS_KEY);
}

static int look(yyjson_val *server, void *arg)
{
	struct search *s = arg;
	const char *created = job_text(server, "created");

	if (strcmp(os_key_of(server), s->key) != 0 || !strcmp(job_text(server, "status"), "DELETED") || !strcmp(job_text(server, "status"), SOFT_DELETED))
		return 0;
	if (!s->id[0] || strcmp(created, s->created) < 0) {
		snprintf(s->id, sizeof s->id, "%s", job_text(server, "id"));
		snprintf(s->created, sizeof s->created, "%s", created);
	}
	return 0;
}

enum os_result os_find(struct os *o, const char *key, const char *hint, char id[OS_ID])
{
	struct search s = { .key = key };
	char path[256], escaped[128];
	enum os_result r;

	id[0] = 0;
	if (hint[0]) {
		os_escape(hint, escaped, sizeof escaped);
		snprintf(path, sizeof path, "/servers/%s", escaped);
		r = os_call(o, OS_COMPUTE, "GET", path, NULL, false);
		if (r != OS_DONE && r != OS_MISSING)
			return r;
		if (r == OS_DONE && !strcmp(os_key_of(yyjson_obj_get(os_answer(o), "server")), key)) {
			snprintf(id, OS_ID, "%s", hint);
			return OS_DONE;
		}
	}
	r = os_each(o, OS_COMPUTE, "/servers/detail", "servers", "id", look, &s);
	if (r == OS_DONE)
		snprintf(id, OS_ID, "%s", s.id);
	return r;
}

/* ---- what it is like ---- */

static void put_text(struct job *job, yyjson_mut_val *of, const char *name, const char *text)
{
	yyjson_mut_obj_put(of, yyjson_mut_str(job->output, name), yyjson_mut_strcpy(job->output, text));
}

struct beside_search {
	const char *key;
	struct os_beside *found;
};

static int look_beside(yyjson_val *one, void *arg)
{
	struct beside_search *s = arg;

	if (strcmp(job_text(one, "description"), s->key) != 0)
		return 0;
	snprintf(s->found->id, sizeof s->found->id, "%s", job_text(one, "id"));
	snprintf(s->found->address, sizeof s->found->address, "%s", job_text(one, "floating_ip_address"));
	snprintf(s->found->port, sizeof s->found->port, "%s", job_text(one, "port_id"));
	return 1;
}

enum os_result os_beside(struct os *o, const char *path, const char *member, struct os_beside *found)
{
	struct beside_search s = { o->job->key, found };

	*found = (struct os_beside){ .id = "" };
	return os_each(o, OS_NETWORK, path, member, "id", look_beside, &s);
}

/* public: the floating address, "" when none is known: Nova hears of it late. */
static void report_addresses(struct job *job, yyjson_val *server, const char *public)
{
	yyjson_mut_val *a = yyjson_mut_obj(job->output);
	yyjson_obj_iter nets = yyjson_obj_iter_with(yyjson_obj_get(server, "addresses"));
	const char *fixed = "", *floating = public;
	yyjson_val *key, *one;
	yyjson_arr_iter it;

	while ((key = yyjson_obj_iter_next(&nets))) {
		it = yyjson_arr_iter_with(yyjson_obj_iter_get_val(key));
		while ((one = yyjson_arr_iter_next(&it))) {
			if (!strcmp(job_text(one, "OS-EXT-IPS:type"), "floating"))
				floating = job_text(one, "addr");
			else if (!fixed[0])
				fixed = job_text(one, "addr");
		}
	}
	put_text(job, a, "private", fixed);
	put_text(job, a, "public", floating[0] ? floating : fixed);
	yyjson_mut_obj_put(job->out, yyjson_mut_str(job->output, "addresses"), a);
}

enum os_result os_server(struct os *o, const char *id, char *status, size_t cap, bool report)
{
	char path[256];
	struct os_beside f = { .id = "" };
	enum os_result r;
	yyjson_val *server;

	if (report && o->url[OS_NETWORK][0])
		os_beside(o, "/floatingips", "floatingips", &f);
	snprintf(path, sizeof path, "/servers/%s", id);
	r = os_call(o, OS_COMPUTE, "GET", path, NULL, false);
	if (r != OS_DONE)
		return r;
	server = yyjson_obj_get(os_answer(o), "server");
	if (status)
		snprintf(status, cap, "%s", job_text(server, "status"));
	if (!strcmp(job_text(server, "status"), "ERROR"))
		snprintf(o->why, sizeof o->why, "%.500s", job_text(yyjson_obj_get(server, "fault"), "message"));
	if (report) {
		put_text(o->job, o->job->out, "external_id", id);
		put_text(o->job, o->job->out, "hostname", job_text(server, "name"));
		report_addresses(o->job, server, f.address);
	}
	return OS_DONE;
}

/* ---- power ---- */

enum os_result os_action(struct os *o, enum os_service service, const char *path, const char *action)
{
	yyjson_mut_doc *d = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *root = yyjson_mut_obj(d);
	enum os_result r;

	yyjson_mut_doc_set_root(d, root);
	yyjson_mut_obj_add_null(d, root, action);
	r = os_call(o, service, "POST", path, d, false);
	yyjson_mut_doc_free(d);
	return r;
}

/* What leads out of a state; somebody may have put a server into one of the lower ones by hand.  NULL = the state ends by itself, or by somebody. */
static const char *way_out(const char *status, const char *action)
{
	static const struct { const char *status, *action; } ways[] = {
		{ "ACTIVE", NULL }, { "SHUTOFF", NULL },
		{ "PAUSED", "unpause" }, { "SUSPENDED", "resume" }, { "SHELVED", "unshelve" }, { "SHELVED_OFFLOADED", "unshelve" },
	};

	for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++)
		if (!strcmp(status, ways[i].status))
			return ways[i].action ? ways[i].action : action;
	return NULL;
}

static bool ends_by_hand(const char *status)
{
	return !strcmp(status, "RESCUE") || !strcmp(status, "VERIFY_RESIZE") || !strcmp(status, SOFT_DELETED);
}

/* Until it has the status.  A conflict (409) of the action is another action under way: asked again. */
static enum job_result reach(struct os *o, const char *id, const char *action, const char *want)
{
	char status[32], said[32] = "", path[256];
	const char *way;
	enum os_result r;

	snprintf(path, sizeof path, "/servers/%s/action", id);
	while (!job_over(o->job)) {
		r = os_server(o, id, status, sizeof status, false);
		if (r != OS_DONE)
			return os_fail(o, r, action);
		if (!strcmp(status, want))
			return JOB_INVALID;
		if (!strcmp(status, "ERROR"))
			return job_fail(o->job, "%s: the server is in the state ERROR: %s", action, o->why);
		if (ends_by_hand(status))
			return job_refuse(o->job, "%s: the server is in the state %s, which has to be ended in OpenStack first", action, status);
		way = way_out(status, action);
		if (way != action && strcmp(said, status) != 0) {
			job_say(o->job, JOB_WARNING, "%s: the server is in the state %s: %s.", action, status, way ? way : "waiting for its end");
			memcpy(said, status, sizeof said);
		}
		if (way) {
			r = os_action(o, OS_COMPUTE, path, way);
			if (r != OS_DONE && !(r == OS_BUSY && o->status == 409))
				return os_fail(o, r, way);
		}
		job_sleep(o->job, LOOK);
	}
	return job_over(o->job);
}

static enum job_result power(struct job *job, const char *action, const char *want, bool report)
{
	enum job_result result;
	struct os *o = os_open(job, &result);
	enum os_result r;
	char id[OS_ID];

	if (!o)
		return result;
	r = os_find(o, job->key, job_input(job, "external_id"), id);
	if (r != OS_DONE)
		result = os_fail(o, r, "find the machine");
	else if (!id[0])
		result = job_refuse(job, "the server %s (%s) is gone from OpenStack", job_input(job, "name"), job_input(job, "external_id"));
	else
		result = reach(o, id, action, want);
	if (!result) {
		if (report)
			os_server(o, id, NULL, 0, true);
		result = JOB_DONE;
	}
	os_close(o);
	return result;
}

enum job_result os_start(struct job *job)
{
	return power(job, "os-start", "ACTIVE", true);
}

/* Nova asks the guest by ACPI and cuts the power after its own time. */
enum job_result os_stop(struct job *job)
{
	return power(job, "os-stop", "SHUTOFF", false);
}

/* ---- the end ---- */

/* A cloud may keep what was deleted: may it not be forced to let go, then it is gone for us, and goes by itself after the cloud's own time. */
static bool kept(struct os *o, const char *id)
{
	char path[256];

	snprintf(path, sizeof path, "/servers/%s/action", id);
	if (os_action(o, OS_COMPUTE, path, "forceDelete") != OS_REFUSED)
		return false;
	job_say(o->job, JOB_WARNING, "OpenStack keeps the server for a while after its deletion (%s).", o->why);
	return true;
}

static enum job_result remove_server(struct os *o, const char *id)
{
	bool adopted = false;
	char status[32], path[256];
	enum os_result r;

	if (yyjson_is_true(yyjson_obj_get(o->job->input, "stray"))) {
		r = os_release(o, id, &adopted);
		if (r != OS_DONE && r != OS_MISSING)
			return os_fail(o, r, "let go of the machine");
		if (adopted)
			return JOB_INVALID;
	}
	snprintf(path, sizeof path, "/servers/%s", id);
	while (!job_over(o->job)) {
		r = os_call(o, OS_COMPUTE, "DELETE", path, NULL, false);
		if (r == OS_MISSING)
			return JOB_INVALID;
		if (r != OS_DONE && !(r == OS_BUSY && o->status == 409))
			return os_fail(o, r, "destroy");
		job_sleep(o->job, LOOK);
		r = os_server(o, id, status, sizeof status, false);
		if (r == OS_MISSING || (r == OS_DONE && !strcmp(status, SOFT_DELETED) && kept(o, id)))
			return JOB_INVALID;
	}
	return job_over(o->job);
}

/* Floating address, security group. */
static enum job_result remove_beside(struct os *o, const char *list, const char *member)
{
	struct os_beside w;
	char path[256];
	enum os_result r;

	if (!o->url[OS_NETWORK][0])
		return JOB_INVALID;
	for (int i = 0; i < 16; i++) {
		r = os_beside(o, list, member, &w);
		/* a cloud without this extension has none of them */
		if (r == OS_MISSING || (r == OS_DONE && !w.id[0]))
			return JOB_INVALID;
		if (r != OS_DONE)
			return os_fail(o, r, "look for what belongs to the machine");
		snprintf(path, sizeof path, "%s/%s", list, w.id);
		r = os_call(o, OS_NETWORK, "DELETE", path, NULL, false);
		/* a group is in use until the server's port is gone */
		if (r == OS_BUSY && o->status == 409)
			job_sleep(o->job, LOOK);
		else if (r != OS_DONE && r != OS_MISSING)
			return os_fail(o, r, "remove what belongs to the machine");
	}
	return job_fail(o->job, "%s of the machine cannot be removed: %s", member, o->why);
}

static enum job_result destroy_all(struct os *o)
{
	const char *named = job_input(o->job, "external_id");
	enum job_result result;
	char id[OS_ID];
	enum os_result r;

	for (int i = 0; i < 8; i++) {
		r = os_find(o, o->job->key, named, id);
		if (r != OS_DONE)
			return os_fail(o, r, "find the machine");
		/* of two with one key the reconciler names which is to go, and the rest belongs to the other */
		if (named[0] && id[0] && strcmp(id, named) != 0)
			return JOB_DONE;
		if (!id[0])
			break;
		result = remove_server(o, id);
		if (result)
			return result;
	}
	result = remove_beside(o, "/floatingips", "floatingips");
	if (!result)
		result = remove_beside(o, "/security-groups", "security_groups");
	if (!result)
		result = os_volumes_remove(o);
	return result ? result : JOB_DONE;
}

enum job_result os_destroy(struct job *job)
{
	enum job_result result;
	struct os *o = os_open(job, &result);

	if (!o)
		return result;
	result = destroy_all(o);
	os_close(o);
	return result;
}

/* ---- all of them ---- */

/* The first address of any network, for people. */
static const char *first_address(yyjson_val *server)
{
	yyjson_obj_iter nets = yyjson_obj_iter_with(yyjson_obj_get(server, "addresses"));
	yyjson_val *key, *one;

	while ((key = yyjson_obj_iter_next(&nets)))
		if ((one = yyjson_arr_get_first(yyjson_obj_iter_get_val(key))))
			return job_text(one, "addr");
	return "";
}

static void put_other(struct job *job, yyjson_mut_val *v, yyjson_val *server)
{
	yyjson_mut_val *info = yyjson_mut_obj_add_obj(job->output, v, "server_info");

	put_text(job, v, "power_state", job_text(server, "status"));
	put_text(job, info, "address", first_address(server));
	put_text(job, info, "flavor", job_text(yyjson_obj_get(server, "flavor"), "id"));
	put_text(job, info, "image", job_text(yyjson_obj_get(server, "image"), "id"));
}

int os_list_one(yyjson_val *server, void *arg)
{
	struct job *job = arg;
	const char *key = job_own(job, os_key_of(server));
	yyjson_mut_val *list = yyjson_mut_obj_get(job->out, key ? "machines" : "unregistered"), *v;
	yyjson_val *meta = yyjson_obj_get(server, "metadata");

	/* another appliance's are nobody's to import */
	if (!list || (!key && os_key_of(server)[0]) || yyjson_mut_arr_size(list) >= 5000)
		return 0;
	v = yyjson_mut_arr_add_obj(job->output, list);
	put_text(job, v, "external_id", job_text(server, "id"));
	put_text(job, v, "name", job_text(server, "name"));
	if (key) {
		put_text(job, v, "key", key);
		put_text(job, v, "machine", job_text(meta, OS_MACHINE));
		put_text(job, v, "created", job_text(server, "created"));
		put_text(job, v, "state", strcmp(job_text(server, "status"), "ACTIVE") ? "stopped" : "running");
	} else {
		put_other(job, v, server);
	}
	return 0;
}

static bool is_listed(yyjson_mut_val *list, const char *key)
{
	yyjson_mut_arr_iter it = yyjson_mut_arr_iter_with(list);
	yyjson_mut_val *v;

	while ((v = yyjson_mut_arr_iter_next(&it)))
		if (yyjson_mut_equals_str(yyjson_mut_obj_get(v, "key"), key))
			return true;
	return false;
}

/* What was made beside a server that is not there: core has it removed when it is of no machine any more. */
static int list_beside(yyjson_val *one, void *arg)
{
	struct job *job = arg;
	const char *key = job_own(job, os_key_of(one)[0] ? os_key_of(one) : job_text(one, "description"));
	yyjson_mut_val *list = yyjson_mut_obj_get(job->out, "machines"), *v;

	if (!key || is_listed(list, key) || yyjson_mut_arr_size(list) >= 5000)
		return 0;
	v = yyjson_mut_arr_add_obj(job->output, list);
	put_text(job, v, "key", key);
	put_text(job, v, "external_id", job_text(one, "id"));
	put_text(job, v, "created", job_text(one, "created_at"));
	yyjson_mut_obj_add_bool(job->output, v, "beside", true);
	return 0;
}

/* A service that does not answer now is asked by the next list: nothing follows from what is not listed here. */
static void each_beside(struct os *o)
{
	if (os_there(o, OS_VOLUME))
		os_each(o, OS_VOLUME, "/volumes/detail", "volumes", "id", list_beside, o->job);
	if (o->url[OS_NETWORK][0]) {
		os_each(o, OS_NETWORK, "/security-groups", "security_groups", "id", list_beside, o->job);
		os_each(o, OS_NETWORK, "/floatingips", "floatingips", "id", list_beside, o->job);
	}
	if (os_there(o, OS_STACK))
		os_stacks(o);
}

enum job_result os_list(struct job *job)
{
	enum job_result result;
	struct os *o = os_open(job, &result);
	enum os_result r;

	if (!o)
		return result;
	yyjson_mut_obj_add_arr(job->output, job->out, "machines");
	if (yyjson_is_true(yyjson_obj_get(job->input, "unregistered")))
		yyjson_mut_obj_add_arr(job->output, job->out, "unregistered");
	r = os_each(o, OS_COMPUTE, "/servers/detail", "servers", "id", os_list_one, job);
	if (r == OS_DONE)
		each_beside(o);
	result = r == OS_DONE ? JOB_DONE : os_fail(o, r, "list the machines");
	os_close(o);
	return result;
}
