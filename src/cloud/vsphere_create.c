/* vsphere: machine.create, machine.template: cloning so that there is one VM for a key, whatever happens meanwhile. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cloud/vsphere.h"
#include "plat/clock.h"

/* Between looks, seconds. */
#define LOOK 2.0

/* ---- the clone ---- */

static void put_clone(struct xml_out *o, const struct job *job, const struct vsphere_place *p, const char *name, bool template)
{
	static const char *const told[] = { "guestinfo.userdata", "guestinfo.userdata.encoding", "guestinfo.metadata",
		"guestinfo.metadata.encoding", "guestinfo.elasticbox.conf", "guestinfo.elasticbox.conf.encoding", "guestinfo.elasticbox.ca",
		"guestinfo.elasticbox.ca.encoding" };
	char uuid[VSPHERE_UUID], now[PLAT_CLOCK_TEXT];

	plat_clock_text(plat_clock_wall(), now);
	vsphere_uuid(job->key, uuid);
	vim_put_ref(o, "folder", &p->folder);
	xml_put_element(o, "name", name);
	xml_put(o, "<spec><location>");
	vim_put_ref(o, "datastore", &p->datastore);
	vim_put_ref(o, "pool", &p->pool);
	vim_put_ref(o, "host", &p->host);
	xml_put(o, "</location>");
	xml_put_element(o, "template", template ? "true" : "false");
	xml_put(o, "<config>");
	xml_put_element(o, "instanceUuid", uuid);
	vsphere_put_option(o, VSPHERE_KEY, job->key);
	vsphere_put_option(o, VSPHERE_MACHINE, job_input(job, "machine"));
	vsphere_put_option(o, VSPHERE_CREATED, now);
	/* vCenter copies what the template has: one of an adopted machine would say that this one was there before */
	vsphere_put_option(o, VSPHERE_ADOPTED, "");
	/* what the machine was told, its token with it, is nothing for those cloned from the template */
	for (size_t i = 0; template && i < sizeof told / sizeof told[0]; i++)
		vsphere_put_option(o, told[i], "");
	xml_put(o, "</config>");
	xml_put_element(o, "powerOn", "false");
	xml_put(o, "</spec>");
}

static enum vim_result clone_once(struct vim *v, const struct vsphere_place *p, const char *name, bool template, struct vim_ref *vm)
{
	struct xml_out args = XML_OUT_ZERO;
	enum vim_result r = VIM_LOST;

	put_clone(&args, v->job, p, name, template);
	job_say(v->job, JOB_INFO, "Cloning %s.", name);
	if (!args.bad)
		r = vim_task(v, "CloneVM_Task", &p->template, args.text, "Cloning", vm);
	xml_out_free(&args);
	return r;
}

/* ---- one VM for a key ---- */

static bool is_taken(const struct vim *v, enum vim_result r)
{
	return vim_is_fault(v, r, "DuplicateName") || vim_is_fault(v, r, "FileAlreadyExists") || vim_is_fault(v, r, "AlreadyExists");
}

/* It may be ours: a clone may take longer than the settle time, which is that of a call. */
static enum job_result wait_formed(struct job *job)
{
	job_settle(job, "a virtual machine of its name is just being made");
	return job_later(job, LOOK);
}

/* The name is taken: by ours, whose clone was not heard of, or by somebody else's. */
static enum job_result adopt(struct vim *v, const struct vsphere_place *p, const char *name, struct vim_ref *vm)
{
	struct job *job = v->job;
	enum vsphere_name whose;
	enum vim_result r = vsphere_find(v, job->key, "", &p->folder, name, vm, &whose);

	if (r != VIM_DONE)
		return vim_fail(v, r, "look for the machine");
	if (vm->value[0]) {
		job_say(job, JOB_INFO, "%s was there already: it is taken over.", name);
		return JOB_INVALID;
	}
	if (whose == VSPHERE_FORMING)
		return wait_formed(job);
	/* files of what a former attempt was making stand in the way for a while */
	return (job->attempt > 1 ? job_fail : job_refuse)(job,
		"vCenter has another virtual machine, or files of one, named %s where it should go", name);
}

/* The machine's VM, found or cloned.  vm is set when the result is 0. */
static enum job_result one_vm(struct vim *v, const struct vsphere_place *p, const char *name, bool template, struct vim_ref *vm)
{
	struct job *job = v->job;
	enum vsphere_name whose;
	enum vim_result r = vsphere_find(v, job->key, "", &p->folder, name, vm, &whose);

	if (r != VIM_DONE)
		return vim_fail(v, r, "look for the machine");
	if (vm->value[0])
		return JOB_INVALID;
	if (job_settling(job))
		return job_later(job, LOOK);
	if (whose == VSPHERE_FORMING)
		return wait_formed(job);
	/* vCenter would refuse the clone, after a while: better not to begin */
	if (whose == VSPHERE_TAKEN)
		return job_refuse(job, "vCenter has another virtual machine named %s in that folder", name);
	job->definite = false;
	r = clone_once(v, p, name, template, vm);
	if (r == VIM_DONE)
		return JOB_INVALID;
	/* a place that is not good any more */
	vim_forget(v);
	/* vCenter refused, or was never reached: nothing will appear */
	job->definite = r != VIM_UNKNOWN && r != VIM_CANCELLED;
	if (is_taken(v, r))
		return adopt(v, p, name, vm);
	if (!job->definite && !job_over(job)) {
		job_settle(job, v->why);
		return job_later(job, LOOK);
	}
	return vim_fail(v, r, "clone");
}

/* ---- from a bare clone to the machine ---- */

static enum job_result reconfigure(struct vim *v, const struct vim_ref *vm, const struct vsphere_place *p)
{
	struct xml_out spec = XML_OUT_ZERO, args = XML_OUT_ZERO;
	enum job_result result = vsphere_difference(v, vm, p, &spec);
	enum vim_result r;

	if (!result && spec.len) {
		xml_put(&args, "<spec>");
		xml_put(&args, spec.text);
		xml_put(&args, "</spec>");
		r = args.bad ? VIM_LOST : vim_task(v, "ReconfigVM_Task", vm, args.text, "Configuring", NULL);
		if (r != VIM_DONE)
			result = vim_fail(v, r, "configure");
	}
	xml_out_free(&spec);
	xml_out_free(&args);
	return result;
}

/* Does the specification leave the address to whoever deploys? */
static bool asks_for_address(const struct xml_node *n)
{
	const struct xml_node *c;

	if (!strcmp(vim_type(n), "CustomizationUnknownIpGenerator"))
		return true;
	for (c = n->first; c && !asks_for_address(c); c = c->next)
		;
	return c != NULL;
}

/* A tree as it came, with the types its values have; address, unless it is "", in place of the address it has. */
static void put_tree(struct xml_out *o, const struct xml_node *n, const char *address)
{
	static const char *const plain[] = { "string", "int", "long", "short", "byte", "boolean", "dateTime", "base64Binary", NULL };
	const char *type = vim_type(n), *prefix = "";

	for (size_t i = 0; plain[i]; i++)
		if (!strcmp(plain[i], type))
			prefix = "xsd:";
	if (address[0] && !strcmp(n->name, "ip")) {
		xml_put(o, "<ip xsi:type=\"CustomizationFixedIp\">");
		xml_put_element(o, "ipAddress", address);
		xml_put(o, "</ip>");
		return;
	}
	xml_put(o, "<");
	xml_put(o, n->name);
	if (type[0]) {
		xml_put(o, " xsi:type=\"");
		xml_put(o, prefix);
		xml_put_text(o, type);
		xml_put(o, "\"");
	}
	xml_put(o, ">");
	xml_put_text(o, n->text);
	for (const struct xml_node *c = n->first; c; c = c->next)
		put_tree(o, c, address);
	xml_put(o, "</");
	xml_put(o, n->name);
	xml_put(o, ">");
}

static enum job_result customize(struct vim *v, const struct vim_ref *vm)
{
	const char *name = job_profile(v->job, "customization_spec");
	const char *address = job_text(yyjson_obj_get(v->job->input, "address"), "ip");
	struct xml_out args = XML_OUT_ZERO;
	struct xml_node *answer = NULL;
	const struct xml_node *spec;
	enum vim_result r = VIM_LOST;

	if (!name[0] || !strcmp(name, "None"))
		return JOB_INVALID;
	xml_put_element(&args, "name", name);
	if (!args.bad)
		r = vim_call(v, "GetCustomizationSpec", &v->customizations, args.text, true, &answer);
	xml_out_free(&args);
	if (vim_is_fault(v, r, "NotFound"))
		return job_refuse(v->job, "customization_spec: vCenter has no customization specification %s", name);
	if (r != VIM_DONE)
		return vim_fail(v, r, "read the customization specification");
	spec = xml_path(answer, "returnval/spec");
	if (spec && !address[0] && asks_for_address(spec))
		return job_refuse(v->job, "customization_spec: %s leaves the address to whoever deploys, and none is given", name);
	xml_put(&args, "<spec>");
	for (const struct xml_node *c = spec ? spec->first : NULL; c; c = c->next)
		put_tree(&args, c, address);
	xml_put(&args, "</spec>");
	r = args.bad ? VIM_LOST : vim_task(v, "CustomizeVM_Task", vm, args.text, "Customizing", NULL);
	xml_out_free(&args);
	/* a former attempt did it: it waits for the first start */
	return r == VIM_DONE || vim_is_fault(v, r, "CustomizationPending") ? JOB_INVALID : vim_fail(v, r, "customize");
}

/* Number of the custom attribute of this name, -1 when there is none. */
static enum vim_result find_attribute(struct vim *v, const char *name, int64_t *key)
{
	struct xml_node *o, *f;
	enum vim_result r = vim_get(v, &v->fields, "field", &o);

	*key = -1;
	for (f = r == VIM_DONE ? xml_child(vim_property(o, "field"), "CustomFieldDef") : NULL; f && *key < 0; f = xml_again(f))
		if (!strcmp(xml_text(f, "name"), name))
			*key = xml_number(xml_text(f, "key"), -1);
	return r;
}

/* The same, made when it is not there.  -1 when it cannot be. */
static int64_t attribute(struct vim *v, const char *name)
{
	struct xml_out args = XML_OUT_ZERO;
	struct xml_node *o;
	enum vim_result r = VIM_LOST;
	int64_t key;

	if (find_attribute(v, name, &key) != VIM_DONE || key >= 0)
		return key;
	xml_put_element(&args, "name", name);
	xml_put_element(&args, "moType", "VirtualMachine");
	if (!args.bad)
		r = vim_call(v, "AddCustomFieldDef", &v->fields, args.text, false, &o);
	xml_out_free(&args);
	if (r == VIM_DONE)
		return xml_number(xml_text(o, "returnval/key"), -1);
	/* made for another machine at the same moment */
	if (vim_is_fault(v, r, "DuplicateName"))
		find_attribute(v, name, &key);
	return key;
}

/* Tags are an extra: a user without the privilege for them gets a warning, and the machine. */
static void tag(struct vim *v, const struct vim_ref *vm)
{
	yyjson_val *tags = yyjson_obj_get(v->job->input, "tags"), *name, *value;
	yyjson_obj_iter it = yyjson_obj_iter_with(tags);
	struct xml_out args = XML_OUT_ZERO;
	enum vim_result r;
	int64_t key;

	while (v->fields.value[0] && (name = yyjson_obj_iter_next(&it))) {
		value = yyjson_obj_iter_get_val(name);
		if (!yyjson_is_str(value))
			continue;
		key = attribute(v, yyjson_get_str(name));
		vim_put_ref(&args, "entity", vm);
		xml_put_number(&args, "key", key);
		xml_put_element(&args, "value", yyjson_get_str(value));
		r = key < 0 || args.bad ? VIM_LOST : vim_call(v, "SetField", &v->fields, args.text, true, NULL);
		xml_out_free(&args);
		if (r != VIM_DONE) {
			job_say(v->job, JOB_WARNING, "The tag %s could not be set: %s%s%s", yyjson_get_str(name), v->why[0] ? v->why : v->fault,
				v->privilege[0] ? ", privilege " : "", v->privilege);
			return;
		}
	}
}

static enum job_result finish(struct vim *v, const struct vim_ref *vm, const struct vsphere_place *p)
{
	enum job_result result = JOB_INVALID;
	enum vsphere_power is;
	enum vim_result r = vsphere_power(v, vm, &is);

	if (r != VIM_DONE)
		return vim_fail(v, r, "read the machine's state");
	/* one that runs, or did, was finished by a former attempt */
	if (is == VSPHERE_OFF) {
		result = reconfigure(v, vm, p);
		if (!result)
			result = customize(v, vm);
		if (!result)
			tag(v, vm);
	}
	if (!result)
		result = vsphere_power_on(v, vm);
	if (result)
		return result;
	/* a guest reports addresses later, if at all; the agent's first message brings them anyway */
	vsphere_report(v, vm);
	return job_over(v->job) ? job_over(v->job) : JOB_DONE;
}

enum job_result vsphere_create(struct job *job)
{
	struct vsphere_place place = { .windows = false };
	enum job_result result;
	struct vim_ref vm;
	struct vim *v;

	if (!job->key[0] || !job_input(job, "name")[0])
		return job_refuse(job, "key and name of the machine are missing");
	v = vim_take(job, &result);
	if (!v)
		return result;
	result = vsphere_place(v, &place);
	if (!result)
		result = one_vm(v, &place, job_input(job, "name"), false, &vm);
	if (!result)
		result = finish(v, &vm, &place);
	vim_give(v);
	return result;
}

/* ---- a template out of a machine ---- */

/* The first entity of these types that has the reference or the name; within a datacenter, when one is given. */
static const struct vsphere_entity *named(const struct vsphere_inventory *inv, const char *types, const char *name,
	const struct vsphere_entity *dc)
{
	for (size_t i = 0; i < inv->count; i++) {
		const struct vsphere_entity *e = &inv->all[i];

		if (vsphere_is(e, types) && (!strcmp(e->ref.value, name) || !strcmp(e->name, name)) && (!dc || vsphere_datacenter(inv, e) == dc))
			return e;
	}
	return NULL;
}

/* The folder a datacenter has for machines. */
static const struct vsphere_entity *machines_of(const struct vsphere_inventory *inv, const struct vsphere_entity *dc)
{
	for (size_t i = 0; i < inv->count; i++)
		if (vsphere_is(&inv->all[i], "Folder") && !strcmp(inv->all[i].name, "vm") && !strcmp(inv->all[i].parent, dc->ref.value))
			return &inv->all[i];
	return NULL;
}

/* Where the request wants it: each by reference or name; a datacenter alone means its folder for machines. */
static enum job_result template_wanted(struct vim *v, const struct vsphere_inventory *inv, struct vsphere_place *p)
{
	const char *datacenter = job_input(v->job, "datacenter"), *folder = job_input(v->job, "folder"), *store = job_input(v->job, "datastore");
	const struct vsphere_entity *dc = NULL, *e;

	if (datacenter[0] && !(dc = named(inv, "Datacenter", datacenter, NULL)))
		return job_refuse(v->job, "datacenter: vCenter has no datacenter %s", datacenter);
	if (folder[0] || dc) {
		e = folder[0] ? named(inv, "Folder", folder, dc) : machines_of(inv, dc);
		if (!e)
			return job_refuse(v->job, "folder: vCenter has no folder %s%s%s", folder, dc ? " in " : "", dc ? dc->name : "");
		p->folder = e->ref;
	}
	if (store[0]) {
		e = named(inv, "Datastore", store, dc);
		if (!e)
			return job_refuse(v->job, "datastore: vCenter has no datastore %s%s%s", store, dc ? " in " : "", dc ? dc->name : "");
		p->datastore = e->ref;
	}
	return JOB_INVALID;
}

static enum job_result template_place(struct vim *v, struct vsphere_place *p)
{
	struct vsphere_inventory inv = { .all = NULL };
	enum vim_result r = vsphere_inventory_read(v, &inv);
	enum job_result result = r == VIM_DONE ? template_wanted(v, &inv, p) : vim_fail(v, r, "read the inventory");
	struct xml_node *o;

	vsphere_inventory_free(&inv);
	if (result)
		return result;
	r = vim_get(v, &p->template, "parent resourcePool", &o);
	if (r != VIM_DONE)
		return vim_fail(v, r, "read the machine's place");
	if (!p->folder.value[0])
		vim_ref_read(&p->folder, vim_property(o, "parent"));
	vim_ref_read(&p->pool, vim_property(o, "resourcePool"));
	return JOB_INVALID;
}

enum job_result vsphere_template(struct job *job)
{
	const char *name = job_input(job, "template_name");
	char of[JOB_KEY];
	struct vsphere_place p = { .windows = false };
	enum job_result result;
	struct vim_ref made;
	enum vim_result r;
	struct vim *v;

	if (!name[0] || !job->key[0])
		return job_refuse(job, "template_name: is missing");
	v = vim_take(job, &result);
	if (!v)
		return result;
	job_key(job, job_input(job, "machine_key"), of);
	r = vsphere_find(v, of, job_input(job, "external_id"), NULL, "", &p.template, NULL);
	result = r == VIM_DONE ? JOB_INVALID : vim_fail(v, r, "find the machine");
	if (!result && !p.template.value[0])
		result = job_refuse(job, "the virtual machine %s is gone from vCenter", job_input(job, "external_id"));
	if (!result)
		result = template_place(v, &p);
	if (!result)
		result = one_vm(v, &p, name, true, &made);
	if (!result) {
		yyjson_mut_obj_add_strcpy(job->output, job->out, "external_id", made.value);
		result = JOB_DONE;
	}
	vim_give(v);
	return result;
}
