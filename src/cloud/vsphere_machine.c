/* vsphere: power, and what the guest reports. */
#include <stdio.h>
#include <string.h>

#include "cloud/vsphere.h"

/* A guest gets so long to shut down before its power is cut, seconds; the task may say another time. */
#define GUEST_SECONDS 120

enum vim_result vsphere_power(struct vim *v, const struct vim_ref *vm, enum vsphere_power *is)
{
	struct xml_node *o;
	enum vim_result r = vim_get(v, vm, "runtime.powerState", &o);
	const char *state = r == VIM_DONE ? vim_property_text(o, "runtime.powerState") : "";

	*is = !strcmp(state, "poweredOn") ? VSPHERE_ON : !strcmp(state, "suspended") ? VSPHERE_SUSPENDED : VSPHERE_OFF;
	return r;
}

/* vCenter refuses it in the state the VM is in: good only when somebody else was quicker. */
static enum vim_result change_power(struct vim *v, const struct vim_ref *vm, const char *method, const char *doing, enum vsphere_power wanted)
{
	enum vim_result r = vim_task(v, method, vm, "", doing, NULL);
	char fault[sizeof v->fault], why[sizeof v->why];
	enum vsphere_power is;

	if (!vim_is_fault(v, r, "InvalidPowerState"))
		return r;
	snprintf(fault, sizeof fault, "%s", v->fault);
	snprintf(why, sizeof why, "%s", v->why);
	if (vsphere_power(v, vm, &is) == VIM_DONE && is == wanted)
		return VIM_DONE;
	snprintf(v->fault, sizeof v->fault, "%s", fault);
	snprintf(v->why, sizeof v->why, "%s", why);
	return r;
}

static void put_addresses(struct job *job, const char *first)
{
	yyjson_mut_val *a = yyjson_mut_obj(job->output);

	yyjson_mut_obj_add_strcpy(job->output, a, "private", first);
	yyjson_mut_obj_add_strcpy(job->output, a, "public", first);
	yyjson_mut_obj_put(job->out, yyjson_mut_str(job->output, "addresses"), a);
}

void vsphere_report(struct vim *v, const struct vim_ref *vm)
{
	struct job *job = v->job;
	struct xml_node *o;
	const char *host;

	yyjson_mut_obj_put(job->out, yyjson_mut_str(job->output, "external_id"), yyjson_mut_strcpy(job->output, vm->value));
	if (vim_get(v, vm, "guest.ipAddress guest.hostName", &o) != VIM_DONE)
		return;
	put_addresses(job, vim_property_text(o, "guest.ipAddress"));
	host = vim_property_text(o, "guest.hostName");
	yyjson_mut_obj_put(job->out, yyjson_mut_str(job->output, "hostname"), yyjson_mut_strcpy(job->output, host));
}

enum job_result vsphere_power_on(struct vim *v, const struct vim_ref *vm)
{
	enum vsphere_power is;
	enum vim_result r = vsphere_power(v, vm, &is);

	/* one that is suspended goes on by the same method */
	if (r == VIM_DONE && is != VSPHERE_ON)
		r = change_power(v, vm, "PowerOnVM_Task", is == VSPHERE_SUSPENDED ? "Resuming" : "Powering on", VSPHERE_ON);
	return r == VIM_DONE ? JOB_INVALID : vim_fail(v, r, "power on");
}

static int is_off(const struct xml_node *change, void *arg)
{
	(void)arg;
	return !strcmp(xml_text(change, "val"), "poweredOff");
}

/* Asks the guest, if it can be asked.  True when it went off by itself. */
static bool guest_shutdown(struct vim *v, const struct vim_ref *vm)
{
	int64_t seconds = job_number(v->job->input, "guest_seconds", GUEST_SECONDS);
	enum vim_result r = vim_call(v, "ShutdownGuest", vm, "", false, NULL);
	int off = 0;

	if (r != VIM_DONE) {
		job_say(v->job, JOB_WARNING, "The guest cannot be asked to shut down (%s): its power is cut.",
			v->fault[0] ? v->fault : v->why);
		return false;
	}
	r = vim_watch(v, vm, "runtime.powerState", (double)seconds, is_off, NULL, &off);
	if (!off && r == VIM_DONE && !job_over(v->job))
		job_say(v->job, JOB_WARNING, "The guest did not shut down within %d s: its power is cut.", (int)seconds);
	return off != 0;
}

enum job_result vsphere_power_off(struct vim *v, const struct vim_ref *vm, bool guest_first)
{
	enum vsphere_power is;
	enum vim_result r = vsphere_power(v, vm, &is);

	/* the guest of one that is suspended hears nothing */
	if (r == VIM_DONE && is == VSPHERE_ON && guest_first && guest_shutdown(v, vm))
		is = VSPHERE_OFF;
	if (job_over(v->job))
		return job_over(v->job);
	if (r == VIM_DONE && is != VSPHERE_OFF)
		r = change_power(v, vm, "PowerOffVM_Task", "Powering off", VSPHERE_OFF);
	if (r == VIM_DONE || vim_is_fault(v, r, "ManagedObjectNotFound"))
		return JOB_INVALID;
	return vim_fail(v, r, "power off");
}

/* The machine's VM.  0, or the result; one that is gone has vm->value "". */
static enum job_result take_machine(struct vim *v, struct vim_ref *vm)
{
	struct job *job = v->job;
	enum vim_result r = vsphere_find(v, job->key, job_input(job, "external_id"), NULL, "", vm, NULL);

	return r == VIM_DONE ? JOB_INVALID : vim_fail(v, r, "find the machine");
}

static enum job_result gone(struct job *job)
{
	return job_refuse(job, "the virtual machine %s (%s) is gone from vCenter", job_input(job, "name"),
		job_input(job, "external_id"));
}

enum job_result vsphere_start(struct job *job)
{
	enum job_result result;
	struct vim *v = vim_take(job, &result);
	struct vim_ref vm;

	if (!v)
		return result;
	result = take_machine(v, &vm);
	if (!result && !vm.value[0])
		result = gone(job);
	if (!result)
		result = vsphere_power_on(v, &vm);
	if (!result) {
		vsphere_report(v, &vm);
		result = JOB_DONE;
	}
	vim_give(v);
	return result;
}

enum job_result vsphere_stop(struct job *job)
{
	enum job_result result;
	struct vim *v = vim_take(job, &result);
	struct vim_ref vm;

	if (!v)
		return result;
	result = take_machine(v, &vm);
	if (!result && !vm.value[0])
		result = gone(job);
	if (!result)
		result = vsphere_power_off(v, &vm, !yyjson_is_true(yyjson_obj_get(job->input, "force")));
	vim_give(v);
	return result ? result : JOB_DONE;
}

static enum job_result destroy_one(struct vim *v, const struct vim_ref *vm)
{
	enum job_result result;
	enum vim_result r;
	bool adopted;

	if (yyjson_is_true(yyjson_obj_get(v->job->input, "stray"))) {
		r = vsphere_release(v, vm, &adopted);
		if (r != VIM_DONE)
			return vim_is_fault(v, r, "ManagedObjectNotFound") ? JOB_INVALID : vim_fail(v, r, "let go of the machine");
		if (adopted)
			return JOB_INVALID;
	}
	result = vsphere_power_off(v, vm, false);
	if (result)
		return result;
	r = vim_task(v, "Destroy_Task", vm, "", "Destroying", NULL);
	return r == VIM_DONE || vim_is_fault(v, r, "ManagedObjectNotFound") ? JOB_INVALID : vim_fail(v, r, "destroy");
}

/*
 * The VM that is named, if it carries the key; without a name, whatever carries it.  Of two with one key the
 * reconciler names which is to go: the other must stay.  What is gone already is what was wanted.
 */
static enum job_result destroy_all(struct vim *v)
{
	const char *named = job_input(v->job, "external_id");
	enum job_result result;
	struct vim_ref vm;

	for (int i = 0; i < 8; i++) {
		result = take_machine(v, &vm);
		if (result)
			return result;
		if (!vm.value[0] || (named[0] && strcmp(vm.value, named) != 0))
			return JOB_DONE;
		result = destroy_one(v, &vm);
		if (result || named[0])
			return result ? result : JOB_DONE;
	}
	return job_fail(v->job, "destroy: virtual machines with the key of this machine keep appearing");
}

/* A create that was not heard of may still take effect: the reconciler of the engine (machine.list) sees to it. */
enum job_result vsphere_destroy(struct job *job)
{
	enum job_result result;
	struct vim *v = vim_take(job, &result);

	if (!v)
		return result;
	result = destroy_all(v);
	vim_give(v);
	return result;
}
