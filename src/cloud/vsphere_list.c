/* vsphere: machine.list: what carries our key, for the reconciler, and what is not registered. */
#include <stdio.h>
#include <string.h>

#include "cloud/vsphere.h"

/* VMs of one appliance on one vCenter: more than one may have. */
#define MACHINES_MAX 8000u

struct listing {
	struct job *job;
	yyjson_mut_val *machines;
	struct vsphere_inventory others;
};

static int take_vm(struct xml_node *record, void *arg)
{
	struct listing *l = arg;
	yyjson_mut_doc *d = l->job->output;
	yyjson_mut_val *o;

	if (strncmp(vim_property_text(record, "config.instanceUuid"), VSPHERE_UUID_PREFIX, strlen(VSPHERE_UUID_PREFIX)) != 0)
		return 0;
	if (xml_true(vim_property_text(record, "config.template")) || yyjson_mut_arr_size(l->machines) >= MACHINES_MAX)
		return 0;
	o = yyjson_mut_arr_add_obj(d, l->machines);
	yyjson_mut_obj_add_strcpy(d, o, "external_id", xml_text(record, "obj"));
	yyjson_mut_obj_add_strcpy(d, o, "name", vim_property_text(record, "name"));
	yyjson_mut_obj_add_str(d, o, "state", !strcmp(vim_property_text(record, "runtime.powerState"), "poweredOn") ? "running" : "stopped");
	return 0;
}

/* The key itself is in ExtraConfig, which is large: only of those that look like ours.  Another appliance's are not. */
static enum vim_result add_keys(struct vim *v, struct listing *l)
{
	yyjson_mut_arr_iter it = yyjson_mut_arr_iter_with(l->machines);
	yyjson_mut_doc *d = l->job->output;
	enum vim_result r = VIM_DONE;
	const struct xml_node *options;
	struct xml_node *objects;
	yyjson_mut_val *o;
	const char *key;
	struct vim_ref vm;

	while (r == VIM_DONE && (o = yyjson_mut_arr_iter_next(&it))) {
		vim_ref_set(&vm, "VirtualMachine", yyjson_mut_get_str(yyjson_mut_obj_get(o, "external_id")));
		r = vim_get(v, &vm, "config.extraConfig", &objects);
		if (vim_is_fault(v, r, "ManagedObjectNotFound")) {
			yyjson_mut_arr_iter_remove(&it);
			r = VIM_DONE;
			continue;
		}
		if (r != VIM_DONE)
			break;
		options = vim_property(objects, "config.extraConfig");
		key = job_own(l->job, vsphere_option(options, VSPHERE_KEY));
		if (!key) {
			yyjson_mut_arr_iter_remove(&it);
			continue;
		}
		yyjson_mut_obj_add_strcpy(d, o, "key", key);
		yyjson_mut_obj_add_strcpy(d, o, "machine", vsphere_option(options, VSPHERE_MACHINE));
		yyjson_mut_obj_add_strcpy(d, o, "created", vsphere_option(options, VSPHERE_CREATED));
	}
	return r;
}

enum job_result vsphere_list(struct job *job)
{
	static const struct vim_kind kinds[] = {
		{ "VirtualMachine", "name config.instanceUuid config.template runtime.powerState" }, { NULL, NULL }
	};
	struct listing l = { .job = job };
	enum job_result result;
	enum vim_result r;
	struct vim *v = vim_take(job, &result);

	if (!v)
		return result;
	l.machines = yyjson_mut_obj_add_arr(job->output, job->out, "machines");
	r = vim_scan(v, &v->root, kinds, take_vm, &l);
	if (r == VIM_DONE)
		r = add_keys(v, &l);
	if (r == VIM_DONE && yyjson_is_true(yyjson_obj_get(job->input, "unregistered"))) {
		l.others.doc = job->output;
		l.others.others = yyjson_mut_obj_add_arr(job->output, job->out, "unregistered");
		r = vsphere_inventory_read(v, &l.others);
		vsphere_inventory_free(&l.others);
	}
	result = r == VIM_DONE ? JOB_DONE : vim_fail(v, r, "list the machines");
	vim_give(v);
	return result;
}
