/* vsphere: where a new machine goes: the names and references of its profile against what the vCenter has. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cloud/vsphere.h"
#include "plat/clock.h"

#define POOLS "ResourcePool VirtualApp"
#define COMPUTE "ComputeResource ClusterComputeResource"
#define NETWORKS "Network DistributedVirtualPortgroup OpaqueNetwork"

const struct vsphere_flavor vsphere_flavors[] = {
	{ "Tiny", 1, 1024 }, { "Small", 1, 2048 }, { "Medium", 2, 4096 }, { "Large", 4, 8192 }, { NULL, 0, 0 }
};

/* An inventory is good for so long: many machines are made one after another. */
#define FRESH (60 * PLAT_SECOND)

struct search {
	struct vim *v;
	struct vsphere_inventory inv;		/* a view into the session's */
	const struct vsphere_entity *dc;	/* NULL = any */
};

static enum job_result refuse(struct search *s, const char *member, const char *value, const char *what)
{
	return job_refuse(s->v->job, "%s: %s has no %s %s%s%s (synchronize the provider and choose again)", member, s->v->host,
		what, value, s->dc ? " in datacenter " : "", s->dc ? s->dc->name : "");
}

/* By reference first, then by name, within the datacenter. */
static const struct vsphere_entity *find(const struct search *s, const char *value, const char *types)
{
	const struct vsphere_entity *e = vsphere_entity(&s->inv, value);

	if (e && vsphere_is(e, types) && (!s->dc || vsphere_datacenter(&s->inv, e) == s->dc))
		return e;
	for (size_t i = 0; i < s->inv.count; i++) {
		e = &s->inv.all[i];
		if (vsphere_is(e, types) && !strcmp(e->name, value) && (!s->dc || vsphere_datacenter(&s->inv, e) == s->dc))
			return e;
	}
	return NULL;
}

static const struct vsphere_entity *child(const struct search *s, const struct vsphere_entity *of, const char *types, const char *name)
{
	for (size_t i = 0; of && i < s->inv.count; i++)
		if (!strcmp(s->inv.all[i].parent, of->ref.value) && vsphere_is(&s->inv.all[i], types) &&
				(!name || !strcmp(s->inv.all[i].name, name)))
			return &s->inv.all[i];
	return NULL;
}

/* ---- the parts ---- */

static enum job_result place_template(struct search *s, struct vsphere_place *p)
{
	const char *dc = job_profile(s->v->job, "datacenter"), *name = job_profile(s->v->job, "template");
	const struct vsphere_entity *e;

	if (dc[0]) {
		s->dc = find(s, dc, "Datacenter");
		if (!s->dc)
			return refuse(s, "datacenter", dc, "datacenter");
	}
	if (!name[0])
		return job_refuse(s->v->job, "template: is missing in the profile");
	e = find(s, name, "VirtualMachine");
	if (!e)
		return refuse(s, "template", name, "template");
	p->template = e->ref;
	p->windows = e->windows;
	if (!s->dc)
		s->dc = vsphere_datacenter(&s->inv, e);
	return s->dc ? JOB_INVALID : refuse(s, "template", name, "datacenter around the template");
}

static enum job_result place_folder(struct search *s, struct vsphere_place *p)
{
	const char *name = job_profile(s->v->job, "folder");
	const struct vsphere_entity *e = name[0] ? find(s, name, "Folder") : child(s, s->dc, "Folder", "vm");

	if (!e)
		return refuse(s, "folder", name, "folder");
	p->folder = e->ref;
	return JOB_INVALID;
}

/* The compute resource around a host or a pool. */
static const struct vsphere_entity *around(const struct search *s, const struct vsphere_entity *e)
{
	for (int i = 0; e && !vsphere_is(e, COMPUTE) && i < 64; i++)
		e = vsphere_entity(&s->inv, e->parent);
	return e;
}

static enum job_result place_compute(struct search *s, struct vsphere_place *p)
{
	const char *name = job_profile(s->v->job, "compute_resource"), *pool = job_profile(s->v->job, "resource_pool");
	const struct vsphere_entity *c = NULL, *e = NULL;

	if (name[0] && !(e = find(s, name, COMPUTE " HostSystem VirtualApp")))
		return refuse(s, "compute_resource", name, "host, cluster or vApp");
	if (e && vsphere_is(e, "HostSystem"))
		p->host = e->ref;
	c = around(s, e);
	if (e && vsphere_is(e, "VirtualApp") && !pool[0]) {
		p->pool = e->ref;
		return JOB_INVALID;
	}
	for (size_t i = 0; pool[0] && i < s->inv.count && !p->pool.value[0]; i++) {
		const struct vsphere_entity *x = &s->inv.all[i];

		if (vsphere_is(x, POOLS) && (!strcmp(x->ref.value, pool) || !strcmp(x->name, pool)) &&
				vsphere_datacenter(&s->inv, x) == s->dc && (!c || around(s, x) == c))
			p->pool = x->ref;
	}
	if (pool[0])
		return p->pool.value[0] ? JOB_INVALID : refuse(s, "resource_pool", pool, "resource pool");
	/* any one: the first that has a pool */
	for (size_t i = 0; i < s->inv.count && !p->pool.value[0]; i++) {
		const struct vsphere_entity *x = c ? c : &s->inv.all[i], *root;

		if (!vsphere_is(x, COMPUTE) || vsphere_datacenter(&s->inv, x) != s->dc)
			continue;
		root = child(s, x, "ResourcePool", NULL);
		if (root)
			p->pool = root->ref;
		else if (c)
			break;
	}
	return p->pool.value[0] ? JOB_INVALID : refuse(s, "compute_resource", name, "host or cluster that has a resource pool:");
}

/* Of a cluster of datastores, the member with the most room. */
static const struct vsphere_entity *roomiest(const struct search *s, const struct vsphere_entity *pod)
{
	const struct vsphere_entity *best = NULL;

	for (size_t i = 0; i < s->inv.count; i++)
		if (!strcmp(s->inv.all[i].parent, pod->ref.value) && vsphere_is(&s->inv.all[i], "Datastore") &&
				(!best || s->inv.all[i].free > best->free))
			best = &s->inv.all[i];
	return best;
}

static const struct vsphere_entity *find_store(const struct search *s, const char *name)
{
	const struct vsphere_entity *e = name[0] ? find(s, name, "Datastore StoragePod") : NULL;

	return e && e->cluster ? roomiest(s, e) : e;
}

static enum job_result place_datastore(struct search *s, struct vsphere_place *p)
{
	const char *name = job_profile(s->v->job, "datastore");
	const struct vsphere_entity *e = find_store(s, name);

	if (name[0] && !e)
		return refuse(s, "datastore", name, "datastore");
	if (e)
		p->datastore = e->ref;
	return JOB_INVALID;
}

/* Those of the template come with the clone: theirs is the clone's, when the profile names no other. */
static enum job_result place_disks(struct search *s, struct vsphere_place *p)
{
	yyjson_val *one;
	yyjson_arr_iter it = yyjson_arr_iter_with(yyjson_obj_get(yyjson_obj_get(s->v->job->input, "profile"), "disks"));
	const struct vsphere_entity *e;

	for (size_t i = 0; (one = yyjson_arr_iter_next(&it)); i++) {
		const char *name = job_text(one, "datastore");

		if (i == VSPHERE_DISKS)
			return job_refuse(s->v->job, "disks: a profile has at most %d", VSPHERE_DISKS);
		if (!name[0])
			continue;
		e = find_store(s, name);
		if (!e)
			return refuse(s, "disks", name, "datastore");
		if (!yyjson_is_true(yyjson_obj_get(one, "template")))
			snprintf(p->disk_stores[i], VSPHERE_NAME, "%s", e->name);
		else if (!p->datastore.value[0])
			p->datastore = e->ref;
		else if (strcmp(p->datastore.value, e->ref.value) != 0)
			return job_refuse(s->v->job, "disks: the template's disk goes where the machine goes (datastore), not to %s", name);
	}
	return JOB_INVALID;
}

static enum job_result place_network(struct search *s, struct vsphere_place *p)
{
	const char *mor = job_profile(s->v->job, "network_mor"), *name = job_profile(s->v->job, "network");
	const struct vsphere_entity *e;

	if (!mor[0] && !name[0])
		return JOB_INVALID;
	e = find(s, mor[0] ? mor : name, NETWORKS);
	if (!e && name[0])
		e = find(s, name, NETWORKS);
	if (!e)
		return refuse(s, mor[0] ? "network_mor" : "network", mor[0] ? mor : name, "network");
	p->network = e->ref;
	snprintf(p->network_name, sizeof p->network_name, "%s", e->name);
	return JOB_INVALID;
}

/* ---- the flavor: of the provider's own, else of those every provider has ---- */

static bool own_flavor(struct job *job, const char *name, struct vsphere_place *p)
{
	yyjson_val *one;
	yyjson_arr_iter it = yyjson_arr_iter_with(yyjson_obj_get(job->config, "flavors"));

	while ((one = yyjson_arr_iter_next(&it)))
		if (!strcmp(job_text(one, "name"), name)) {
			p->cpus = job_number(one, "cpus", job_number(one, "cpu", 0));
			p->memory = job_number(one, "memory", 0);
			return true;
		}
	return false;
}

static enum job_result place_flavor(struct job *job, struct vsphere_place *p)
{
	const char *name = job_profile(job, "flavor");

	if (!name[0] || own_flavor(job, name, p))
		return JOB_INVALID;
	for (const struct vsphere_flavor *f = vsphere_flavors; f->name; f++)
		if (!strcmp(f->name, name)) {
			p->cpus = f->cpus;
			p->memory = f->memory;
			return JOB_INVALID;
		}
	return job_refuse(job, "flavor: the provider has no flavor %s", name);
}

static void free_inventory(void *cache)
{
	vsphere_inventory_free(cache);
	free(cache);
}

/* The session's inventory, read anew when it is not fresh. */
static enum vim_result take_inventory(struct vim *v, struct search *s)
{
	struct vsphere_inventory *inv = v->cache;
	enum vim_result r;

	if (!inv || inv->at + FRESH < plat_clock_boot()) {
		vim_forget(v);
		inv = calloc(1, sizeof *inv);
		if (!inv)
			return VIM_LOST;
		r = vsphere_inventory_read(v, inv);
		if (r != VIM_DONE) {
			free_inventory(inv);
			return r;
		}
		v->cache = inv;
		v->cache_free = free_inventory;
	}
	s->inv = *inv;
	return VIM_DONE;
}

static enum job_result place_all(struct vim *v, struct vsphere_place *place)
{
	static enum job_result (*const parts[])(struct search *s, struct vsphere_place *p) = {
		place_template, place_folder, place_compute, place_datastore, place_disks, place_network,
	};
	struct search s = { .v = v };
	enum job_result result = place_flavor(v->job, place);
	enum vim_result r;

	if (result)
		return result;
	r = take_inventory(v, &s);
	if (r != VIM_DONE)
		return vim_fail(v, r, "read the inventory");
	for (size_t i = 0; !result && i < sizeof parts / sizeof parts[0]; i++)
		result = parts[i](&s, place);
	return result;
}

enum job_result vsphere_place(struct vim *v, struct vsphere_place *place)
{
	struct vsphere_place empty = { .windows = false };
	bool kept = v->cache != NULL;
	enum job_result result = place_all(v, place);

	/* what is not found may be new */
	if (result == JOB_REFUSED && kept) {
		vim_forget(v);
		*place = empty;
		result = place_all(v, place);
	}
	return result;
}
