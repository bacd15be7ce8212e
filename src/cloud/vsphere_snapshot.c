/* vsphere: snapshots of machines, known by their names. */
#include <stdio.h>
#include <string.h>

#include "cloud/vsphere.h"

/* Snapshots inside each other. */
#define DEPTH_MAX 64

static const struct xml_node *search(const struct xml_node *list, const char *element, const char *name, int depth)
{
	const struct xml_node *s, *found;

	for (s = xml_child(list, element); s && depth < DEPTH_MAX; s = xml_again(s)) {
		if (!strcmp(xml_text(s, "name"), name))
			return s;
		found = search(s, "childSnapshotList", name, depth + 1);
		if (found)
			return found;
	}
	return NULL;
}

static enum vim_result find_snapshot(struct vim *v, const struct vim_ref *vm, const char *name, struct vim_ref *out)
{
	struct xml_node *o;
	enum vim_result r = vim_get(v, vm, "snapshot", &o);
	const struct xml_node *s;

	out->value[0] = 0;
	if (r != VIM_DONE)
		return r;
	s = search(vim_property(o, "snapshot"), "rootSnapshotList", name, 0);
	if (s)
		vim_ref_read(out, xml_child(s, "snapshot"));
	return VIM_DONE;
}

static enum vim_result make(struct vim *v, const struct vim_ref *vm, const char *name)
{
	struct xml_out args = XML_OUT_ZERO;
	enum vim_result r = VIM_LOST;

	xml_put_element(&args, "name", name);
	xml_put_element(&args, "description", job_input(v->job, "description"));
	xml_put_element(&args, "memory", yyjson_is_true(yyjson_obj_get(v->job->input, "memory")) ? "true" : "false");
	xml_put_element(&args, "quiesce", "false");
	if (!args.bad)
		r = vim_task(v, "CreateSnapshot_Task", vm, args.text, "Taking a snapshot", NULL);
	xml_out_free(&args);
	return r;
}

/* method: NULL = make one, unless there is one of that name. */
static enum job_result run(struct job *job, const char *method, const char *args, const char *what, bool absent_is_done)
{
	const char *name = job_input(job, "snapshot");
	enum job_result result;
	char key[JOB_KEY];
	struct vim_ref vm, s = { .value = "" };
	enum vim_result r;
	struct vim *v;

	if (!name[0])
		return job_refuse(job, "snapshot: its name is missing");
	v = vim_take(job, &result);
	if (!v)
		return result;
	job_key(job, job_input(job, "machine_key"), key);
	r = vsphere_find(v, key, job_input(job, "external_id"), NULL, "", &vm, NULL);
	result = JOB_DONE;
	if (r == VIM_DONE && !vm.value[0])
		result = job_refuse(job, "the virtual machine %s is gone from vCenter", job_input(job, "external_id"));
	else if (r == VIM_DONE)
		r = find_snapshot(v, &vm, name, &s);
	if (result == JOB_DONE && r == VIM_DONE && !method && !s.value[0])
		r = make(v, &vm, name);
	else if (result == JOB_DONE && r == VIM_DONE && method && s.value[0])
		r = vim_task(v, method, &s, args, what, NULL);
	else if (result == JOB_DONE && r == VIM_DONE && method && !absent_is_done)
		result = job_refuse(job, "snapshot: the machine has no snapshot %s", name);
	if (r != VIM_DONE)
		result = vim_fail(v, r, what);
	vim_give(v);
	return result;
}

enum job_result vsphere_snapshot(struct job *job)
{
	return run(job, NULL, "", "take a snapshot", false);
}

enum job_result vsphere_unsnapshot(struct job *job)
{
	return run(job, "RemoveSnapshot_Task", "<removeChildren>false</removeChildren>", "remove the snapshot", true);
}

enum job_result vsphere_revert(struct job *job)
{
	return run(job, "RevertToSnapshot_Task", "", "go back to the snapshot", false);
}

const struct driver driver_vsphere = {
	.type = "VMware vSphere",
	.validate = vsphere_validate, .sync = vsphere_sync, .create = vsphere_create, .adopt = vsphere_adopt,
	.start = vsphere_start, .stop = vsphere_stop, .destroy = vsphere_destroy, .list = vsphere_list,
	.snapshot = vsphere_snapshot, .unsnapshot = vsphere_unsnapshot, .revert = vsphere_revert, .template_ = vsphere_template, .idle = vim_pool_clear,
};
