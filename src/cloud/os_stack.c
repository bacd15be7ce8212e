/*
 * openstack: stacks of Heat (Orchestration API v1): one for a key, whose name it is.
 *
 * Heat keeps names unique within a project: a create that was carried out already is refused with 409, and the stack taken.  A stack's tag
 * says which operation made it as it is: what this operation has begun before cloud was killed is waited for, not begun again.
 */
#include <ctype.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cloud/openstack.h"

/* Between looks at a stack that changes, seconds. */
#define LOOK 2.0
/* Minutes that Heat gives itself: less than core gives the task. */
#define MINUTES 50
#define NAME_CAP 256

struct stack {
	char id[OS_ID], status[64], why[OS_WHY];
	char since[40];			/* when what it is at began */
	bool mine;			/* by this operation */
};

/* ---- which one ---- */

/* A letter, then letters, digits, "_", "." and "-". */
static void name_of_key(const char *key, char out[NAME_CAP])
{
	int n = snprintf(out, NAME_CAP, "cam-%s", key);

	for (int i = 0; i < n && i < NAME_CAP; i++)
		if (!isalnum((unsigned char)out[i]) && !strchr("_.-", out[i]))
			out[i] = '-';
}

static void name_of(const struct job *job, char out[NAME_CAP])
{
	name_of_key(job->key, out);
}

static void tag_of(const struct job *job, char out[80])
{
	snprintf(out, 80, "%.79s", job_input(job, "operation"));
}

struct search { struct job *job; const char *name; struct stack *out; };

static int take(yyjson_val *one, void *arg)
{
	struct search *s = arg;
	yyjson_arr_iter it = yyjson_arr_iter_with(yyjson_obj_get(one, "tags"));
	char tag[80];
	yyjson_val *t;

	if (strcmp(job_text(one, "stack_name"), s->name) != 0 || !strcmp(job_text(one, "stack_status"), "DELETE_COMPLETE"))
		return 0;
	tag_of(s->job, tag);
	snprintf(s->out->id, sizeof s->out->id, "%s", job_text(one, "id"));
	snprintf(s->out->status, sizeof s->out->status, "%s", job_text(one, "stack_status"));
	snprintf(s->out->why, sizeof s->out->why, "%.500s", job_text(one, "stack_status_reason"));
	snprintf(s->out->since, sizeof s->out->since, "%s", job_text(one, "updated_time")[0] ? job_text(one, "updated_time") :
		job_text(one, "creation_time"));
	while (tag[0] && (t = yyjson_arr_iter_next(&it)))
		s->out->mine |= yyjson_equals_str(t, tag);
	return 1;
}

static enum os_result find(struct os *o, struct stack *out)
{
	char name[NAME_CAP], escaped[3 * NAME_CAP], path[3 * NAME_CAP + 32];
	struct search s = { .job = o->job, .name = name, .out = out };

	*out = (struct stack){ .mine = false };
	name_of(o->job, name);
	os_escape(name, escaped, sizeof escaped);
	snprintf(path, sizeof path, "/stacks?name=%s", escaped);
	return os_each(o, OS_STACK, path, "stacks", "id", take, &s);
}

static void path_of(const struct job *job, const struct stack *s, const char *rest, char out[1024])
{
	char name[NAME_CAP], escaped[3 * OS_ID];

	name_of(job, name);
	os_escape(s->id, escaped, sizeof escaped);
	snprintf(out, 1024, "/stacks/%s/%s%s", name, escaped, rest);
}

static bool ends(const char *status, const char *with)
{
	size_t n = strlen(status), m = strlen(with);

	return n >= m && !strcmp(status + n - m, with);
}

/* ---- what happens to it ---- */

/* quiet: what there is was of something before, and is only counted; mine: so are those of another operation. */
struct events { struct job *job; const char *since; size_t seen, count; bool quiet, mine; };

static int say(yyjson_val *event, void *arg)
{
	struct events *e = arg;
	const char *status = job_text(event, "resource_status"), *why = job_text(event, "resource_status_reason");

	if (++e->count <= e->seen)
		return 0;
	e->seen = e->count;
	if (e->quiet || strcmp(job_text(event, "event_time"), e->since) < 0)
		return 0;
	if (!strcmp(why, "state changed"))
		why = "";
	job_say(e->job, ends(status, "_FAILED") ? JOB_WARNING : JOB_INFO, "%.128s: %.64s%s%.500s", job_text(event, "resource_name"), status,
		why[0] ? ": " : "", why);
	return 0;
}

/* Lines of the log; a look that does not succeed is made up for by the next. */
static void follow(struct os *o, const struct stack *s, struct events *e)
{
	char path[1024];

	e->since = s->since;
	e->count = 0;
	if (e->mine)
		e->quiet = !s->mine;
	path_of(o->job, s, "/events?sort_dir=asc", path);
	os_each(o, OS_STACK, path, "events", "id", say, e);
}

/* Until nothing is under way.  id "" afterwards: it is gone. */
static enum job_result wait(struct os *o, struct stack *s, struct events *e)
{
	enum os_result r;

	while (!job_over(o->job)) {
		r = find(o, s);
		if (r != OS_DONE)
			return os_fail(o, r, "look for the stack");
		if (!s->id[0])
			return JOB_INVALID;
		follow(o, s, e);
		if (!ends(s->status, "_IN_PROGRESS"))
			return JOB_INVALID;
		job_sleep(o->job, LOOK);
	}
	return job_over(o->job);
}

/* ---- made, or changed ---- */

/* Values as they are; secret ones are opened by their tickets. */
static enum job_result put_parameters(struct job *job, yyjson_mut_doc *d, yyjson_mut_val *body)
{
	yyjson_mut_val *list = yyjson_mut_obj_add_obj(d, body, "parameters");
	yyjson_obj_iter it = yyjson_obj_iter_with(yyjson_obj_get(job->input, "parameters"));
	yyjson_arr_iter names = yyjson_arr_iter_with(yyjson_obj_get(job->input, "secret_parameters"));
	yyjson_val *name;
	char field[160], *secret;

	while ((name = yyjson_obj_iter_next(&it)))
		yyjson_mut_obj_add(list, yyjson_val_mut_copy(d, name), yyjson_val_mut_copy(d, yyjson_obj_iter_get_val(name)));
	while ((name = yyjson_arr_iter_next(&names))) {
		if (!yyjson_is_str(name) || yyjson_get_len(name) > 128)
			continue;
		snprintf(field, sizeof field, "parameters/%s", yyjson_get_str(name));
		secret = job->secret(job, field);
		if (!secret)
			return JOB_FAILED;
		yyjson_mut_obj_add(list, yyjson_val_mut_copy(d, name), yyjson_mut_strcpy(d, secret));
		sodium_memzero(secret, strlen(secret));
		free(secret);
	}
	return JOB_INVALID;
}

static enum job_result make_body(struct job *job, bool create, yyjson_mut_doc **out)
{
	yyjson_mut_doc *d = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *body = yyjson_mut_obj(d);
	char name[NAME_CAP], tag[80];
	enum job_result result;

	yyjson_mut_doc_set_root(d, body);
	name_of(job, name);
	tag_of(job, tag);
	if (create) {
		yyjson_mut_obj_add_strcpy(d, body, "stack_name", name);
		yyjson_mut_obj_add_bool(d, body, "disable_rollback", true);
	}
	yyjson_mut_obj_add_int(d, body, "timeout_mins", MINUTES);
	yyjson_mut_obj_add_strcpy(d, body, "tags", tag);
	yyjson_mut_obj_add_str(d, body, "template", job_input(job, "template"));
	result = put_parameters(job, d, body);
	*out = d;
	return result;
}

/* Heat's own reason is all there is to know of a stack that failed: trying again would fail again. */
static enum job_result judge(struct job *job, const struct stack *s)
{
	if (ends(s->status, "_COMPLETE") && strcmp(s->status, "DELETE_COMPLETE") != 0)
		return JOB_INVALID;
	return job_refuse(job, "stack: %s: %s", s->id[0] ? s->status : "it is gone", s->why);
}

/* Begins what is to be, unless this operation has begun it already. */
static enum job_result begin(struct os *o, struct stack *s)
{
	yyjson_mut_doc *body = NULL;
	char path[1024];
	enum job_result result;
	enum os_result r;

	if (s->mine)
		return JOB_INVALID;
	result = make_body(o->job, !s->id[0], &body);
	if (!result) {
		job_say(o->job, JOB_INFO, s->id[0] ? "Changing the stack." : "Creating the stack.");
		path_of(o->job, s, "", path);
		r = os_call(o, OS_STACK, s->id[0] ? "PUT" : "POST", s->id[0] ? path : "/stacks", body, true);
		/* of unknown fate, or one of that name is there: the next look says; it has this operation's tag then */
		result = r == OS_DONE || r == OS_UNKNOWN || (r == OS_BUSY && o->status == 409) ? JOB_INVALID : os_fail(o, r, "stack");
		if (!result)
			job_sleep(o->job, LOOK);
	}
	yyjson_mut_doc_free(body);
	return result;
}

static enum job_result put(struct os *o)
{
	struct events e = { .job = o->job, .mine = true };
	enum job_result result;
	struct stack s;

	for (int i = 0; i < 5; i++) {
		result = wait(o, &s, &e);
		if (result || (s.id[0] && s.mine))
			return result ? result : judge(o->job, &s);
		result = begin(o, &s);
		if (result)
			return result;
	}
	return job_fail(o->job, "stack: Heat does not take it: %s", o->why);
}

/* What the template's outputs are, for people. */
static void say_outputs(struct os *o)
{
	struct stack s;
	char path[1024], *value;
	yyjson_arr_iter it;
	yyjson_val *one;

	if (find(o, &s) != OS_DONE || !s.id[0])
		return;
	yyjson_mut_obj_add_strcpy(o->job->output, o->job->out, "external_id", s.id);
	path_of(o->job, &s, "", path);
	if (os_call(o, OS_STACK, "GET", path, NULL, false) != OS_DONE)
		return;
	it = yyjson_arr_iter_with(yyjson_obj_get(yyjson_obj_get(os_answer(o), "stack"), "outputs"));
	while ((one = yyjson_arr_iter_next(&it))) {
		value = yyjson_val_write(yyjson_obj_get(one, "output_value"), 0, NULL);
		job_say(o->job, JOB_INFO, "Output %.128s: %.500s", job_text(one, "output_key"), value ? value : "");
		free(value);
	}
}

static enum job_result with_heat(struct job *job, enum job_result (*f)(struct os *o))
{
	enum job_result result;
	struct os *o;

	if (!job->key[0])
		return job_refuse(job, "the key of the stack is missing");
	o = os_open(job, &result);
	if (!o)
		return result;
	result = f(o);
	os_close(o);
	return result ? result : JOB_DONE;
}

static enum job_result put_and_say(struct os *o)
{
	enum job_result result = put(o);

	if (!result)
		say_outputs(o);
	return result;
}

enum job_result os_stack_put(struct job *job)
{
	if (!job_input(job, "template")[0] || !job_input(job, "operation")[0])
		return job_refuse(job, "template: the box has none");
	return with_heat(job, put_and_say);
}

/* ---- on and off ---- */

static enum job_result act(struct os *o, const char *action, const char *want)
{
	struct events e = { .job = o->job };
	char path[1024];
	enum job_result result;
	struct stack s;
	enum os_result r;

	for (int i = 0; i < 5; i++) {
		e.quiet = !i;
		result = wait(o, &s, &e);
		if (result)
			return result;
		if (!s.id[0])
			return job_refuse(o->job, "the stack is gone from OpenStack");
		if (!strcmp(s.status, want))
			return JOB_INVALID;
		if (i && ends(s.status, "_FAILED"))
			return judge(o->job, &s);
		path_of(o->job, &s, "/actions", path);
		r = os_action(o, OS_STACK, path, action);
		if (r != OS_DONE && !(r == OS_BUSY && o->status == 409))
			return os_fail(o, r, action);
		job_sleep(o->job, LOOK);
	}
	return job_fail(o->job, "%s: the stack is in the state %s", action, s.status);
}

/* A stack that was never suspended is on. */
static enum job_result resume(struct os *o)
{
	struct stack s;
	enum os_result r = find(o, &s);

	if (r != OS_DONE)
		return os_fail(o, r, "look for the stack");
	return s.id[0] && strncmp(s.status, "SUSPEND", 7) != 0 && strncmp(s.status, "RESUME", 6) != 0 && ends(s.status, "_COMPLETE") ? JOB_INVALID :
		act(o, "resume", "RESUME_COMPLETE");
}

static enum job_result suspend(struct os *o)
{
	return act(o, "suspend", "SUSPEND_COMPLETE");
}

enum job_result os_stack_start(struct job *job)
{
	return with_heat(job, resume);
}

enum job_result os_stack_stop(struct job *job)
{
	return with_heat(job, suspend);
}

/* ---- the end ---- */

static enum job_result delete(struct os *o)
{
	struct events e = { .job = o->job, .quiet = true };
	char path[1024];
	enum job_result result;
	bool asked = false;
	struct stack s;
	enum os_result r;

	while (!job_over(o->job)) {
		r = find(o, &s);
		if (r != OS_DONE)
			return os_fail(o, r, "look for the stack");
		if (!s.id[0])
			return JOB_INVALID;
		if (asked && !strcmp(s.status, "DELETE_FAILED"))
			return job_fail(o->job, "stack: %s: %s", s.status, s.why);
		follow(o, &s, &e);
		e.quiet = false;
		if (strcmp(s.status, "DELETE_IN_PROGRESS") != 0) {
			job_say(o->job, JOB_INFO, "Removing the stack.");
			path_of(o->job, &s, "", path);
			r = os_call(o, OS_STACK, "DELETE", path, NULL, false);
			asked = r == OS_DONE;
			if (r != OS_DONE && r != OS_MISSING && !(r == OS_BUSY && o->status == 409))
				return os_fail(o, r, "remove the stack");
		}
		job_sleep(o->job, LOOK);
		result = wait(o, &s, &e);
		if (result || !s.id[0])
			return result;
	}
	return job_over(o->job);
}

enum job_result os_stack_delete(struct job *job)
{
	return with_heat(job, delete);
}

/* ---- all of them ---- */

struct listing { struct job *job; char prefix[NAME_CAP]; };

static int list_one(yyjson_val *one, void *arg)
{
	struct listing *l = arg;
	const char *name = job_text(one, "stack_name");
	size_t n = strlen(l->prefix);
	yyjson_mut_val *list = yyjson_mut_obj_get(l->job->out, "machines"), *v;

	if (strncmp(name, l->prefix, n) != 0 || strncmp(name + n, "i-", 2) != 0 || !strcmp(job_text(one, "stack_status"), "DELETE_COMPLETE") ||
			yyjson_mut_arr_size(list) >= 5000)
		return 0;
	v = yyjson_mut_arr_add_obj(l->job->output, list);
	yyjson_mut_obj_add_strcpy(l->job->output, v, "key", name + n);
	yyjson_mut_obj_add_strcpy(l->job->output, v, "external_id", job_text(one, "id"));
	yyjson_mut_obj_add_bool(l->job->output, v, "stack", true);
	return 0;
}

void os_stacks(struct os *o)
{
	struct listing l = { .job = o->job };
	char owner[JOB_KEY];

	snprintf(owner, sizeof owner, "%.*s/", JOB_KEY - 2, job_input(o->job, "owner"));
	name_of_key(owner, l.prefix);
	os_each(o, OS_STACK, "/stacks", "stacks", "id", list_one, &l);
}
