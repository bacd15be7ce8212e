/* vsphere: provider.validate, provider.sync. */
#include <stdio.h>
#include <string.h>

#include "cloud/vsphere.h"
#include "plat/clock.h"

#define SCHEMAS "http://elasticbox.net/schemas/"
#define COMPUTE "ComputeResource ClusterComputeResource"
#define POOLS "ResourcePool VirtualApp"
#define NETWORKS "Network DistributedVirtualPortgroup OpaqueNetwork"

struct sync {
	struct vim *v;
	struct vsphere_inventory inv;
	yyjson_mut_doc *doc;
	yyjson_mut_val *customizations;
};

/* ---- one part of a datacenter ---- */

static bool within(const struct sync *s, const struct vsphere_entity *e, const struct vsphere_entity *dc)
{
	return vsphere_datacenter(&s->inv, e) == dc && e != dc;
}

static yyjson_mut_val *named(const struct sync *s, yyjson_mut_val *list, const struct vsphere_entity *e)
{
	yyjson_mut_val *o = yyjson_mut_arr_add_obj(s->doc, list);

	yyjson_mut_obj_add_strcpy(s->doc, o, "name", e->name);
	yyjson_mut_obj_add_strcpy(s->doc, o, "mor", e->ref.value);
	return o;
}

/* Folders that may hold VMs: below the datacenter's "vm". */
static bool is_vm_folder(const struct sync *s, const struct vsphere_entity *e, const struct vsphere_entity *dc)
{
	for (int i = 0; e && i < 64; i++) {
		const struct vsphere_entity *up = vsphere_entity(&s->inv, e->parent);

		if (up == dc)
			return !strcmp(e->name, "vm");
		e = up;
	}
	return false;
}

static void put_folders(const struct sync *s, yyjson_mut_val *d, const struct vsphere_entity *dc)
{
	yyjson_mut_val *list = yyjson_mut_obj_add_arr(s->doc, d, "folders"), *o;
	char path[1024];

	for (size_t i = 0; i < s->inv.count; i++) {
		const struct vsphere_entity *e = &s->inv.all[i];

		if (!vsphere_is(e, "Folder") || !within(s, e, dc) || !is_vm_folder(s, e, dc))
			continue;
		o = named(s, list, e);
		yyjson_mut_obj_add_strcpy(s->doc, o, "parent", e->parent);
		vsphere_path(&s->inv, e, path, sizeof path);
		yyjson_mut_obj_add_strcpy(s->doc, o, "path", path);
	}
}

static void put_datastores(const struct sync *s, yyjson_mut_val *d, const struct vsphere_entity *dc)
{
	yyjson_mut_val *list = yyjson_mut_obj_add_arr(s->doc, d, "datastores"), *o;

	for (size_t i = 0; i < s->inv.count; i++) {
		const struct vsphere_entity *e = &s->inv.all[i];

		if (!vsphere_is(e, "Datastore StoragePod") || !within(s, e, dc))
			continue;
		o = named(s, list, e);
		yyjson_mut_obj_add_bool(s->doc, o, "is_cluster", e->cluster);
		if (!e->cluster)
			yyjson_mut_obj_add_int(s->doc, o, "free", e->free >> 20);
	}
}

static void put_networks(const struct sync *s, yyjson_mut_val *d, const struct vsphere_entity *dc)
{
	yyjson_mut_val *list = yyjson_mut_obj_add_arr(s->doc, d, "networks");

	for (size_t i = 0; i < s->inv.count; i++)
		if (vsphere_is(&s->inv.all[i], NETWORKS) && within(s, &s->inv.all[i], dc))
			named(s, list, &s->inv.all[i]);
}

/* Hosts and clusters, and below each its hosts and pools. */
static void put_below(const struct sync *s, yyjson_mut_val *o, const struct vsphere_entity *of, const char *member, const char *types)
{
	yyjson_mut_val *list = yyjson_mut_obj_add_arr(s->doc, o, member), *one;

	for (size_t i = 0; i < s->inv.count; i++) {
		const struct vsphere_entity *e = &s->inv.all[i], *up = e;

		if (!vsphere_is(e, types))
			continue;
		while (up && up != of && vsphere_is(up, POOLS " HostSystem"))
			up = vsphere_entity(&s->inv, up->parent);
		if (up != of)
			continue;
		one = named(s, list, e);
		yyjson_mut_obj_add_strcpy(s->doc, one, "parent", e->parent);
		if (vsphere_is(e, "VirtualApp"))
			yyjson_mut_obj_add_bool(s->doc, one, "is_vapp", true);
	}
}

static void put_compute(const struct sync *s, yyjson_mut_val *d, const struct vsphere_entity *dc)
{
	yyjson_mut_val *list = yyjson_mut_obj_add_arr(s->doc, d, "compute_resources"), *o;

	for (size_t i = 0; i < s->inv.count; i++) {
		const struct vsphere_entity *e = &s->inv.all[i];

		if (!vsphere_is(e, COMPUTE) || !within(s, e, dc))
			continue;
		o = named(s, list, e);
		yyjson_mut_obj_add_bool(s->doc, o, "is_cluster", vsphere_is(e, "ClusterComputeResource"));
		put_below(s, o, e, "hosts", "HostSystem");
		put_below(s, o, e, "resource_pools", POOLS);
	}
}

static void put_templates(const struct sync *s, yyjson_mut_val *d, const struct vsphere_entity *dc, bool windows)
{
	yyjson_mut_val *list = yyjson_mut_obj_add_arr(s->doc, d, "templates"), *o;

	for (size_t i = 0; i < s->inv.count; i++) {
		const struct vsphere_entity *e = &s->inv.all[i];

		if (!vsphere_is(e, "VirtualMachine") || e->windows != windows || !within(s, e, dc))
			continue;
		o = named(s, list, e);
		yyjson_mut_obj_add_strcpy(s->doc, o, "os", e->guest);
		yyjson_mut_obj_add_int(s->doc, o, "cpus", e->cpus);
		yyjson_mut_obj_add_int(s->doc, o, "memory", e->memory);
	}
}

/* ---- services ---- */

static void put_flavors(const struct sync *s, yyjson_mut_val *service)
{
	yyjson_mut_val *list = yyjson_mut_obj_add_arr(s->doc, service, "flavors"), *o;
	yyjson_val *own = yyjson_obj_get(s->v->job->config, "flavors"), *one;
	yyjson_arr_iter it = yyjson_arr_iter_with(own);

	for (const struct vsphere_flavor *f = vsphere_flavors; f->name; f++) {
		o = yyjson_mut_arr_add_obj(s->doc, list);
		yyjson_mut_obj_add_str(s->doc, o, "name", f->name);
		yyjson_mut_obj_add_int(s->doc, o, "cpus", f->cpus);
		yyjson_mut_obj_add_int(s->doc, o, "memory", f->memory);
	}
	while ((one = yyjson_arr_iter_next(&it)))
		if (job_text(one, "name")[0])
			yyjson_mut_arr_append(list, yyjson_val_mut_copy(s->doc, one));
}

static void put_service(const struct sync *s, yyjson_mut_val *services, bool windows)
{
	yyjson_mut_val *service = yyjson_mut_arr_add_obj(s->doc, services), *list, *d;

	yyjson_mut_obj_add_str(s->doc, service, "name", windows ? "Windows Compute" : "Linux Compute");
	yyjson_mut_obj_add_str(s->doc, service, "icon", windows ? "images/platform/windows.png" : "images/platform/linux.png");
	yyjson_mut_obj_add_str(s->doc, service, "schema", windows ? SCHEMAS "vsphere/compute/windows" : SCHEMAS "vsphere/compute/linux");
	list = yyjson_mut_obj_add_arr(s->doc, service, "datacenters");
	for (size_t i = 0; i < s->inv.count; i++) {
		const struct vsphere_entity *dc = &s->inv.all[i];

		if (!vsphere_is(dc, "Datacenter"))
			continue;
		d = named(s, list, dc);
		put_folders(s, d, dc);
		put_datastores(s, d, dc);
		put_networks(s, d, dc);
		put_compute(s, d, dc);
		put_templates(s, d, dc, windows);
	}
	put_flavors(s, service);
	yyjson_mut_obj_add_val(s->doc, service, "customization_specs", yyjson_mut_val_mut_copy(s->doc, s->customizations));
}

/* Names of the customization specifications, by their kind. */
static enum vim_result read_customizations(struct sync *s)
{
	struct xml_node *o, *one;
	enum vim_result r;

	s->customizations = yyjson_mut_arr(s->doc);
	if (!s->v->customizations.value[0])
		return VIM_DONE;
	r = vim_get(s->v, &s->v->customizations, "info", &o);
	/* they need a privilege of their own; without it there are none to choose from */
	if (vim_is_fault(s->v, r, "NoPermission"))
		return VIM_DONE;
	if (r != VIM_DONE)
		return r;
	for (one = xml_child(vim_property(o, "info"), "CustomizationSpecInfo"); one; one = xml_again(one)) {
		yyjson_mut_val *c = yyjson_mut_arr_add_obj(s->doc, s->customizations);

		yyjson_mut_obj_add_strcpy(s->doc, c, "name", xml_text(one, "name"));
		yyjson_mut_obj_add_strcpy(s->doc, c, "type", xml_text(one, "type"));
	}
	return VIM_DONE;
}

static size_t count(const struct vsphere_inventory *inv, const char *types)
{
	size_t n = 0;

	for (size_t i = 0; i < inv->count; i++)
		n += vsphere_is(&inv->all[i], types);
	return n;
}

static enum job_result report(struct sync *s)
{
	struct job *job = s->v->job;
	size_t templates = count(&s->inv, "VirtualMachine");
	yyjson_mut_val *services;

	if (!templates)
		return job_refuse(job, "%s has no template: a Linux or Windows template is needed to deploy from", s->v->host);
	services = yyjson_mut_obj_add_arr(s->doc, job->out, "services");
	put_service(s, services, false);
	put_service(s, services, true);
	yyjson_mut_obj_add_strcpy(s->doc, job->out, "version", s->v->version);
	job_say(job, JOB_INFO, "Found %zu datacenters, %zu hosts, %zu datastores, %zu networks, %zu templates and %zu customization"
		" specifications.", count(&s->inv, "Datacenter"), count(&s->inv, "HostSystem"), count(&s->inv, "Datastore"),
		count(&s->inv, NETWORKS), templates, yyjson_mut_arr_size(s->customizations));
	job_say(job, JOB_INFO, "Found %zu virtual machines: %zu of this appliance, %zu not registered.", s->inv.vms - templates,
		s->inv.ours, yyjson_mut_arr_size(s->inv.others) + s->inv.left_out);
	if (s->inv.left_out)
		job_say(job, JOB_WARNING, "Of those that are not registered %zu are left out of the list.", s->inv.left_out);
	return JOB_DONE;
}

enum job_result vsphere_sync(struct job *job)
{
	struct sync s = { .doc = job->output };
	enum job_result result;
	enum vim_result r;

	s.v = vim_take(job, &result);
	if (!s.v)
		return result;
	job_say(job, JOB_INFO, "Connected to %s (%s).", s.v->host, s.v->product);
	s.inv.doc = job->output;
	s.inv.others = yyjson_mut_obj_add_arr(job->output, job->out, "unregistered");
	r = vsphere_inventory_read(s.v, &s.inv);
	if (r == VIM_DONE)
		r = read_customizations(&s);
	result = r == VIM_DONE ? report(&s) : vim_fail(s.v, r, "read the inventory");
	vsphere_inventory_free(&s.inv);
	vim_give(s.v);
	return result;
}

enum job_result vsphere_validate(struct job *job)
{
	enum job_result result;
	struct vim *v = vim_take(job, &result);

	if (!v)
		return result;
	yyjson_mut_obj_add_strcpy(job->output, job->out, "version", v->version);
	yyjson_mut_obj_add_strcpy(job->output, job->out, "product", v->product);
	yyjson_mut_obj_add_strcpy(job->output, job->out, "fingerprint", http_fingerprint(v->http));
	vim_give(v);
	return JOB_DONE;
}
