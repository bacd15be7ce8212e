/* openstack: machine.adopt: a server that is there gets a key of ours; and loses it again, when nobody wants it any more. */
#include <stdio.h>
#include <string.h>

#include "cloud/openstack.h"

/* The server as it is now is the answer of o afterwards, when it is there. */
static enum os_result get(struct os *o, const char *id)
{
	char path[512], escaped[3 * OS_ID];

	os_escape(id, escaped, sizeof escaped);
	snprintf(path, sizeof path, "/servers/%s", escaped);
	return os_call(o, OS_COMPUTE, "GET", path, NULL, false);
}

/* Into its metadata, beside what others have put there (Compute API, "Create or Update Metadata Items"). */
static enum os_result mark(struct os *o, const char *id)
{
	yyjson_mut_doc *d = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *root = yyjson_mut_obj(d), *meta;
	enum os_result r;
	char path[256];

	yyjson_mut_doc_set_root(d, root);
	meta = yyjson_mut_obj_add_obj(d, root, "metadata");
	yyjson_mut_obj_add_str(d, meta, OS_KEY, o->job->key);
	yyjson_mut_obj_add_str(d, meta, OS_MACHINE, job_input(o->job, "machine"));
	yyjson_mut_obj_add_str(d, meta, OS_ADOPTED, "true");
	snprintf(path, sizeof path, "/servers/%s/metadata", id);
	r = os_call(o, OS_COMPUTE, "POST", path, d, false);
	yyjson_mut_doc_free(d);
	return r;
}

static enum job_result adopt(struct os *o, char id[OS_ID])
{
	const char *named = job_input(o->job, "external_id");
	enum os_result r = get(o, named);
	yyjson_val *server;
	const char *key;

	server = r == OS_DONE ? yyjson_obj_get(os_answer(o), "server") : NULL;
	if (r == OS_MISSING || (server && !strcmp(job_text(server, "status"), "DELETED")))
		return job_refuse(o->job, "the server %s is gone from OpenStack", named);
	if (r != OS_DONE)
		return os_fail(o, r, "look at the server");
	/* what has the server's id only in the question may be anything */
	if (strcmp(job_text(server, "id"), named) != 0 || strlen(named) >= OS_ID)
		return job_fail(o->job, "look at the server: the answer is about another one than %s", named);
	key = os_key_of(server);
	if (key[0] && strcmp(key, o->job->key) != 0)
		return job_refuse(o->job, "the server %s belongs to another instance, or to another appliance", named);
	snprintf(id, OS_ID, "%s", named);
	/* a former attempt did it */
	if (key[0])
		return JOB_INVALID;
	job_say(o->job, JOB_INFO, "Taking over %s.", job_text(server, "name"));
	r = mark(o, id);
	return r == OS_DONE ? JOB_INVALID : os_fail(o, r, "take over");
}

enum job_result os_adopt(struct job *job)
{
	enum job_result result;
	char id[OS_ID];
	struct os *o;

	if (!job->key[0] || !job_input(job, "external_id")[0])
		return job_refuse(job, "key and reference of the machine are missing");
	o = os_open(job, &result);
	if (!o)
		return result;
	result = adopt(o, id);
	if (!result) {
		os_server(o, id, NULL, 0, true);
		result = JOB_DONE;
	}
	os_close(o);
	return result;
}

enum os_result os_release(struct os *o, const char *id, bool *adopted)
{
	/* the mark goes after the key: with the key alone the server would be removed by the next look */
	static const char *const names[] = { OS_MACHINE, OS_KEY, OS_ADOPTED };
	enum os_result r = get(o, id);
	char path[256];

	*adopted = r == OS_DONE && job_text(yyjson_obj_get(yyjson_obj_get(os_answer(o), "server"), "metadata"), OS_ADOPTED)[0];
	for (size_t i = 0; *adopted && r == OS_DONE && i < sizeof names / sizeof names[0]; i++) {
		snprintf(path, sizeof path, "/servers/%s/metadata/%s", id, names[i]);
		r = os_call(o, OS_COMPUTE, "DELETE", path, NULL, false);
		if (r == OS_MISSING)
			r = OS_DONE;
	}
	return r;
}
