/* openstack: provider.validate, provider.sync. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "cloud/openstack.h"

#define SCHEMAS "http://elasticbox.net/schemas/"

struct sync {
	struct os *o;
	yyjson_mut_doc *doc;
	yyjson_mut_val *linux_images, *windows_images, *flavors, *keypairs, *networks, *pools, *groups, *volume_types;
};

static yyjson_mut_val *named(struct sync *s, yyjson_mut_val *list, yyjson_val *one)
{
	yyjson_mut_val *v = yyjson_mut_arr_add_obj(s->doc, list);

	yyjson_mut_obj_add_strcpy(s->doc, v, "name", job_text(one, "name")[0] ? job_text(one, "name") : job_text(one, "id"));
	yyjson_mut_obj_add_strcpy(s->doc, v, "id", job_text(one, "id"));
	return v;
}

static int take_image(yyjson_val *one, void *arg)
{
	struct sync *s = arg;
	bool windows = !strcasecmp(job_text(one, "os_type"), "windows") || !strcasecmp(job_text(one, "os_distro"), "windows") ||
		strcasestr(job_text(one, "name"), "windows") != NULL;
	yyjson_mut_val *v;

	if (strcmp(job_text(one, "status"), "active") != 0)
		return 0;
	v = named(s, windows ? s->windows_images : s->linux_images, one);
	yyjson_mut_obj_add_int(s->doc, v, "root_disk", job_number(one, "min_disk", 0));
	return 0;
}

static int take_flavor(yyjson_val *one, void *arg)
{
	struct sync *s = arg;
	yyjson_mut_val *v = named(s, s->flavors, one);

	yyjson_mut_obj_add_int(s->doc, v, "cpus", job_number(one, "vcpus", 0));
	yyjson_mut_obj_add_int(s->doc, v, "memory", job_number(one, "ram", 0));
	yyjson_mut_obj_add_int(s->doc, v, "disk", job_number(one, "disk", 0));
	return 0;
}

static int take_keypair(yyjson_val *one, void *arg)
{
	struct sync *s = arg;
	yyjson_mut_val *v = yyjson_mut_arr_add_obj(s->doc, s->keypairs);

	yyjson_mut_obj_add_strcpy(s->doc, v, "name", job_text(yyjson_obj_get(one, "keypair"), "name"));
	return 0;
}

static int take_network(yyjson_val *one, void *arg)
{
	struct sync *s = arg;

	named(s, yyjson_is_true(yyjson_obj_get(one, "router:external")) ? s->pools : s->networks, one);
	return 0;
}

static int take_group(yyjson_val *one, void *arg)
{
	struct sync *s = arg;

	/* those we made for one machine are nobody's choice */
	if (!job_own(s->o->job, job_text(one, "description")))
		named(s, s->groups, one);
	return 0;
}

static int take_volume_type(yyjson_val *one, void *arg)
{
	struct sync *s = arg;

	named(s, s->volume_types, one);
	return 0;
}

static enum os_result collect(struct sync *s)
{
	struct os *o = s->o;
	enum os_result r;

	s->linux_images = yyjson_mut_arr(s->doc);
	s->windows_images = yyjson_mut_arr(s->doc);
	s->flavors = yyjson_mut_arr(s->doc);
	s->keypairs = yyjson_mut_arr(s->doc);
	s->networks = yyjson_mut_arr(s->doc);
	s->pools = yyjson_mut_arr(s->doc);
	s->groups = yyjson_mut_arr(s->doc);
	s->volume_types = yyjson_mut_arr(s->doc);
	r = os_each(o, OS_IMAGE, "/images", "images", "id", take_image, s);
	if (r == OS_DONE)
		r = os_each(o, OS_COMPUTE, "/flavors/detail", "flavors", "id", take_flavor, s);
	if (r == OS_DONE)
		r = os_each(o, OS_COMPUTE, "/os-keypairs", "keypairs", NULL, take_keypair, s);
	if (r == OS_DONE && o->url[OS_NETWORK][0])
		r = os_each(o, OS_NETWORK, "/networks", "networks", "id", take_network, s);
	if (r == OS_DONE && o->url[OS_NETWORK][0])
		r = os_each(o, OS_NETWORK, "/security-groups", "security_groups", "id", take_group, s);
	/* a cloud without types of volumes has none */
	if (r == OS_DONE && os_there(o, OS_VOLUME) &&
			(r = os_each(o, OS_VOLUME, "/types", "volume_types", "id", take_volume_type, s)) == OS_MISSING)
		r = OS_DONE;
	if (r == OS_DONE)
		r = os_each(o, OS_COMPUTE, "/servers/detail", "servers", "id", os_list_one, o->job);
	return r;
}

static yyjson_mut_val *by_id(yyjson_mut_val *list, const char *id)
{
	yyjson_mut_arr_iter it = yyjson_mut_arr_iter_with(list);
	yyjson_mut_val *v;

	while (id && id[0] && (v = yyjson_mut_arr_iter_next(&it)))
		if (yyjson_mut_equals_str(yyjson_mut_obj_get(v, "id"), id))
			return v;
	return NULL;
}

/* Of servers Nova says the ids of flavor and image: what people want to know is in the lists beside. */
static void describe(struct sync *s, yyjson_mut_val *info)
{
	yyjson_mut_val *flavor = by_id(s->flavors, yyjson_mut_get_str(yyjson_mut_obj_get(info, "flavor")));
	const char *image = yyjson_mut_get_str(yyjson_mut_obj_get(info, "image"));
	yyjson_mut_val *system = by_id(s->linux_images, image);
	static const char *const numbers[] = { "cpus", "memory" };

	for (size_t i = 0; flavor && i < 2; i++)
		yyjson_mut_obj_add_int(s->doc, info, numbers[i], yyjson_mut_get_sint(yyjson_mut_obj_get(flavor, numbers[i])));
	if (!system)
		system = by_id(s->windows_images, image);
	if (system)
		yyjson_mut_obj_add_val(s->doc, info, "os", yyjson_mut_val_mut_copy(s->doc, yyjson_mut_obj_get(system, "name")));
}

static void describe_all(struct sync *s, yyjson_mut_val *others)
{
	yyjson_mut_arr_iter it = yyjson_mut_arr_iter_with(others);
	yyjson_mut_val *v;

	while ((v = yyjson_mut_arr_iter_next(&it)))
		describe(s, yyjson_mut_obj_get(v, "server_info"));
}

static void put(struct sync *s, yyjson_mut_val *of, const char *name, yyjson_mut_val *list)
{
	yyjson_mut_obj_add_val(s->doc, of, name, yyjson_mut_val_mut_copy(s->doc, list));
}

static void put_service(struct sync *s, yyjson_mut_val *services, bool windows)
{
	const char *region = job_text(s->o->job->config, "region");
	yyjson_mut_val *service = yyjson_mut_arr_add_obj(s->doc, services), *location;

	yyjson_mut_obj_add_str(s->doc, service, "name", windows ? "Windows Compute" : "Linux Compute");
	yyjson_mut_obj_add_str(s->doc, service, "icon", windows ? "images/platform/windows.png" : "images/platform/linux.png");
	yyjson_mut_obj_add_str(s->doc, service, "schema", windows ? SCHEMAS "openstack/compute/windows" : SCHEMAS "openstack/compute/linux");
	location = yyjson_mut_arr_add_obj(s->doc, yyjson_mut_obj_add_arr(s->doc, service, "locations"));
	yyjson_mut_obj_add_strcpy(s->doc, location, "name", region[0] ? region : job_text(s->o->job->config, "project"));
	put(s, location, "images", windows ? s->windows_images : s->linux_images);
	put(s, location, "keypairs", s->keypairs);
	put(s, location, "networks", s->networks);
	put(s, location, "security_groups", s->groups);
	put(s, location, "floating_ip_pools", s->pools);
	put(s, location, "volume_types", s->volume_types);
	put(s, service, "flavors", s->flavors);
}

enum job_result os_sync(struct job *job)
{
	struct sync s = { .doc = job->output };
	yyjson_mut_val *services, *others;
	enum job_result result;
	enum os_result r;

	s.o = os_open(job, &result);
	if (!s.o)
		return result;
	others = yyjson_mut_obj_add_arr(job->output, job->out, "unregistered");
	r = collect(&s);
	if (r == OS_DONE) {
		services = yyjson_mut_obj_add_arr(s.doc, job->out, "services");
		put_service(&s, services, false);
		put_service(&s, services, true);
		describe_all(&s, others);
		os_endpoints(s.o);
		job_say(job, JOB_INFO, "Found %zu images, %zu flavors, %zu key pairs, %zu networks, %zu floating pools, %zu security groups and %zu volume types.",
			yyjson_mut_arr_size(s.linux_images) + yyjson_mut_arr_size(s.windows_images), yyjson_mut_arr_size(s.flavors),
			yyjson_mut_arr_size(s.keypairs), yyjson_mut_arr_size(s.networks), yyjson_mut_arr_size(s.pools), yyjson_mut_arr_size(s.groups),
			yyjson_mut_arr_size(s.volume_types));
		job_say(job, JOB_INFO, "Found %zu servers that are not registered.", yyjson_mut_arr_size(others));
	}
	result = r == OS_DONE ? JOB_DONE : os_fail(s.o, r, "synchronize");
	os_close(s.o);
	return result;
}

enum job_result os_validate(struct job *job)
{
	enum job_result result;
	struct os *o = os_open(job, &result);

	if (!o)
		return result;
	yyjson_mut_obj_add_str(job->output, job->out, "version", os_identity_version(o));
	yyjson_mut_obj_add_str(job->output, job->out, "product", "OpenStack");
	yyjson_mut_obj_add_strcpy(job->output, job->out, "fingerprint", http_fingerprint(o->http));
	os_close(o);
	return JOB_DONE;
}

const struct driver driver_openstack = {
	.type = "Openstack", .validate = os_validate, .sync = os_sync, .create = os_create, .adopt = os_adopt, .start = os_start, .stop = os_stop,
	.destroy = os_destroy, .list = os_list, .stack_put = os_stack_put, .stack_start = os_stack_start, .stack_stop = os_stack_stop,
	.stack_delete = os_stack_delete,
};
