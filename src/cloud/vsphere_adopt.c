/* vsphere: machine.adopt: a virtual machine that is there gets a key of ours; and loses it again, when nobody wants it any more. */
#include <stdio.h>
#include <string.h>

#include "cloud/vsphere.h"
#include "plat/clock.h"

/* In place of an instance UUID that it did not have. */
#define NO_UUID "none"

struct was { char key[JOB_KEY], adopted[VSPHERE_UUID], uuid[VSPHERE_UUID]; bool template; };

static enum vim_result look(struct vim *v, const struct vim_ref *vm, struct was *w)
{
	const struct xml_node *options;
	struct xml_node *o;
	enum vim_result r = vim_get(v, vm, "config.extraConfig config.instanceUuid config.template", &o);

	memset(w, 0, sizeof *w);
	if (r != VIM_DONE)
		return r;
	options = vim_property(o, "config.extraConfig");
	snprintf(w->key, sizeof w->key, "%s", vsphere_option(options, VSPHERE_KEY));
	snprintf(w->adopted, sizeof w->adopted, "%s", vsphere_option(options, VSPHERE_ADOPTED));
	snprintf(w->uuid, sizeof w->uuid, "%s", vim_property_text(o, "config.instanceUuid"));
	w->template = xml_true(vim_property_text(o, "config.template"));
	return r;
}

static enum vim_result mark(struct vim *v, const struct vim_ref *vm, const char *uuid, const char *const values[4], const char *doing)
{
	static const char *const names[4] = { VSPHERE_KEY, VSPHERE_MACHINE, VSPHERE_CREATED, VSPHERE_ADOPTED };
	struct xml_out args = XML_OUT_ZERO;
	enum vim_result r;

	xml_put(&args, "<spec>");
	if (uuid[0])
		xml_put_element(&args, "instanceUuid", uuid);
	for (size_t i = 0; i < 4; i++)
		vsphere_put_option(&args, names[i], values[i]);
	xml_put(&args, "</spec>");
	r = args.bad ? VIM_LOST : vim_task(v, "ReconfigVM_Task", vm, args.text, doing, NULL);
	xml_out_free(&args);
	return r;
}

enum vim_result vsphere_release(struct vim *v, const struct vim_ref *vm, bool *adopted)
{
	static const char *const nothing[4] = { "", "", "", "" };
	struct was was;
	enum vim_result r = look(v, vm, &was);

	*adopted = r == VIM_DONE && was.adopted[0];
	/* one without a UUID before keeps ours, which without the key says nothing */
	return *adopted ? mark(v, vm, strcmp(was.adopted, NO_UUID) ? was.adopted : "", nothing, "Letting go") : r;
}

static enum job_result adopt(struct vim *v, const struct vim_ref *vm)
{
	struct job *job = v->job;
	char uuid[VSPHERE_UUID], now[PLAT_CLOCK_TEXT];
	struct was was;
	enum vim_result r = look(v, vm, &was);

	if (vim_is_fault(v, r, "ManagedObjectNotFound"))
		return job_refuse(job, "the virtual machine %s is gone from vCenter", vm->value);
	if (r != VIM_DONE)
		return vim_fail(v, r, "look at the machine");
	if (was.template)
		return job_refuse(job, "%s is a template", vm->value);
	if (was.key[0] && strcmp(was.key, job->key) != 0)
		return job_refuse(job, "the virtual machine %s belongs to another instance, or to another appliance", vm->value);
	/* a former attempt did it */
	if (was.key[0])
		return JOB_INVALID;
	plat_clock_text(plat_clock_wall(), now);
	vsphere_uuid(job->key, uuid);
	r = mark(v, vm, uuid, (const char *const [4]){ job->key, job_input(job, "machine"), now, was.uuid[0] ? was.uuid : NO_UUID }, "Taking over");
	return r == VIM_DONE ? JOB_INVALID : vim_fail(v, r, "take over");
}

enum job_result vsphere_adopt(struct job *job)
{
	enum job_result result;
	struct vim_ref vm;
	struct vim *v;

	if (!job->key[0] || !job_input(job, "external_id")[0])
		return job_refuse(job, "key and reference of the machine are missing");
	v = vim_take(job, &result);
	if (!v)
		return result;
	vim_ref_set(&vm, "VirtualMachine", job_input(job, "external_id"));
	result = adopt(v, &vm);
	if (!result) {
		vsphere_report(v, &vm);
		result = JOB_DONE;
	}
	vim_give(v);
	return result;
}
