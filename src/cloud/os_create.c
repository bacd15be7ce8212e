/* openstack: machine.create: one server for a key, with its group and its floating address. */
#include <ctype.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cloud/openstack.h"
#include "plat/clock.h"

#define LOOK 2.0
/* Port variables that make rules. */
#define PORTS_MAX 64
/* Nova's bounds of metadata: characters of a value. */
#define META_MAX 255

enum job_result os_create_failed(struct os *o, enum os_result r, const char *what)
{
	struct job *job = o->job;

	job->definite = r != OS_UNKNOWN && r != OS_CANCELLED;
	if (r != OS_UNKNOWN || job_over(job))
		return os_fail(o, r, what);
	job_settle(job, o->why);
	return job_later(job, LOOK);
}

/* ---- references by name ---- */

struct name {
	const char *want, *project;
	char id[OS_ID];
};

/* An administrator is shown those of all projects, of which several may have the name: one's own comes first. */
static int has_name(yyjson_val *one, void *arg)
{
	struct name *n = arg;
	const char *project = job_text(one, "project_id");
	bool own = !project[0] || !strcmp(project, n->project), by_id = !strcmp(job_text(one, "id"), n->want);

	if (!by_id && strcmp(job_text(one, "name"), n->want) != 0)
		return 0;
	if (!n->id[0] || own || by_id)
		snprintf(n->id, sizeof n->id, "%s", job_text(one, "id"));
	return own || by_id;
}

static enum job_result resolve(struct os *o, enum os_service s, const char *path, const char *member, const char *what, const char *value,
	char id[OS_ID])
{
	struct name n = { .want = value, .project = o->project };
	enum os_result r = os_each(o, s, path, member, "id", has_name, &n);

	if (r != OS_DONE)
		return os_fail(o, r, what);
	if (!n.id[0])
		return job_refuse(o->job, "%s: OpenStack has no %s %s (synchronize the provider and choose again)", what, what, value);
	snprintf(id, OS_ID, "%s", n.id);
	return JOB_INVALID;
}

/* ---- the automatic security group: everything out, the Port variables in ---- */

static enum os_result add_rule(struct os *o, const char *group, int port)
{
	yyjson_mut_doc *d = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *root = yyjson_mut_obj(d), *v;
	enum os_result r;

	yyjson_mut_doc_set_root(d, root);
	v = yyjson_mut_obj_add_obj(d, root, "security_group_rule");
	yyjson_mut_obj_add_str(d, v, "security_group_id", group);
	yyjson_mut_obj_add_str(d, v, "direction", "ingress");
	yyjson_mut_obj_add_str(d, v, "ethertype", "IPv4");
	yyjson_mut_obj_add_str(d, v, "protocol", "tcp");
	yyjson_mut_obj_add_int(d, v, "port_range_min", port);
	yyjson_mut_obj_add_int(d, v, "port_range_max", port);
	yyjson_mut_obj_add_str(d, v, "remote_ip_prefix", "0.0.0.0/0");
	r = os_call(o, OS_NETWORK, "POST", "/security-group-rules", d, false);
	yyjson_mut_doc_free(d);
	/* it is there already */
	return r == OS_BUSY && o->status == 409 ? OS_DONE : r;
}

static enum os_result make_group(struct os *o, char id[OS_ID])
{
	struct os_beside have;
	yyjson_mut_doc *d;
	yyjson_mut_val *root, *v;
	enum os_result r = os_beside(o, "/security-groups", "security_groups", &have);

	if (r != OS_DONE || have.id[0]) {
		snprintf(id, OS_ID, "%s", have.id);
		return r;
	}
	d = yyjson_mut_doc_new(NULL);
	root = yyjson_mut_obj(d);
	yyjson_mut_doc_set_root(d, root);
	v = yyjson_mut_obj_add_obj(d, root, "security_group");
	yyjson_mut_obj_add_str(d, v, "name", job_input(o->job, "name"));
	yyjson_mut_obj_add_str(d, v, "description", o->job->key);
	r = os_call(o, OS_NETWORK, "POST", "/security-groups", d, true);
	yyjson_mut_doc_free(d);
	snprintf(id, OS_ID, "%s", job_text(yyjson_obj_get(os_answer(o), "security_group"), "id"));
	return r;
}

static enum job_result automatic_group(struct os *o, char id[OS_ID])
{
	yyjson_val *port;
	yyjson_arr_iter it = yyjson_arr_iter_with(yyjson_obj_get(o->job->input, "ports"));
	enum os_result r = make_group(o, id);
	int n = 0;

	while (r == OS_DONE && n++ < PORTS_MAX && (port = yyjson_arr_iter_next(&it)))
		if (yyjson_get_int(port) > 0 && yyjson_get_int(port) < 65536)
			r = add_rule(o, id, (int)yyjson_get_int(port));
	return r == OS_DONE ? JOB_INVALID : os_fail(o, r, "security group");
}

/* ---- the server ---- */

struct plan {
	char image[OS_ID], flavor[OS_ID], group[OS_ID], volume[OS_ID];
	bool persist;			/* the volume stays after the server */
	const char *networks_word;	/* NULL, or Nova's "auto", "none" instead of a list */
	char networks[8][OS_ID];
	size_t network_count;
};

static const char *networks_word(yyjson_val *list)
{
	const char *word = yyjson_arr_size(list) == 1 ? yyjson_get_str(yyjson_arr_get_first(list)) : NULL;

	return word && (!strcmp(word, "auto") || !strcmp(word, "none")) ? word : NULL;
}

static enum job_result plan_networks(struct os *o, struct plan *p)
{
	yyjson_val *list = yyjson_obj_get(yyjson_obj_get(o->job->input, "profile"), "networks"), *one;
	yyjson_arr_iter it = yyjson_arr_iter_with(list);
	enum job_result result = JOB_INVALID;
	char what[32];

	p->networks_word = networks_word(list);
	if (p->networks_word) {
		snprintf(what, sizeof what, "networks: %s", p->networks_word);
		return os_need(o, OS_NETWORKS_WORD, what);
	}
	if (yyjson_arr_size(list) > 8)
		return job_refuse(o->job, "networks: at most 8 are possible");
	while (!result && (one = yyjson_arr_iter_next(&it)))
		result = resolve(o, OS_NETWORK, "/networks", "networks", "network", yyjson_is_str(one) ? yyjson_get_str(one) : job_text(one, "id"),
			p->networks[p->network_count++]);
	return result;
}

static enum job_result make_plan(struct os *o, struct plan *p)
{
	const char *image = job_profile(o->job, "image"), *flavor = job_profile(o->job, "flavor");
	enum job_result result;

	if (!image[0] || !flavor[0])
		return job_refuse(o->job, "%s: is missing in the profile", image[0] ? "flavor" : "image");
	result = os_volumes_check(o);
	if (!result)
		result = resolve(o, OS_IMAGE, "/images", "images", "image", image, p->image);
	if (!result)
		result = resolve(o, OS_COMPUTE, "/flavors", "flavors", "flavor", flavor, p->flavor);
	if (!result)
		result = plan_networks(o, p);
	if (!result && !strcmp(job_profile(o->job, "security_group"), "Automatic"))
		result = automatic_group(o, p->group);
	if (!result)
		result = os_volume_boot(o, p->image, p->volume, &p->persist);
	return result;
}

/* Nova's metadata have names of [a-zA-Z0-9-_:. ], 1 to 255: a character of another kind becomes a '_'. */
static bool metadata_name(const char *name, char out[META_MAX + 1])
{
	size_t n = 0;

	for (; *name && n < META_MAX; name++)
		if (((unsigned char)*name & 0xc0) != 0x80)	/* but for the first, the bytes of a character of UTF-8 count for nothing */
			out[n++] = isalnum((unsigned char)*name) || strchr("-_:. ", *name) ? *name : '_';
	out[n] = 0;
	return n && !*name;
}

static void put_metadata(struct job *job, yyjson_mut_doc *d, yyjson_mut_val *server)
{
	yyjson_mut_val *meta = yyjson_mut_obj_add_obj(d, server, "metadata"), *key;
	yyjson_obj_iter it = yyjson_obj_iter_with(yyjson_obj_get(job->input, "tags"));
	yyjson_val *name, *value;
	char called[META_MAX + 1];

	while ((name = yyjson_obj_iter_next(&it))) {
		value = yyjson_obj_iter_get_val(name);
		if (!metadata_name(yyjson_get_str(name), called) || !yyjson_is_str(value) || yyjson_get_len(value) > META_MAX) {
			job_say(job, JOB_WARNING, "The tag %.64s is left out: Nova's metadata have names of 1 to %d characters and texts of at most %d bytes.",
				yyjson_get_str(name), META_MAX, META_MAX);
			continue;
		}
		key = yyjson_mut_strcpy(d, called);
		/* two may have become the same */
		yyjson_mut_obj_put(meta, key, yyjson_mut_str(d, yyjson_get_str(value)));
	}
	yyjson_mut_obj_add_str(d, meta, OS_KEY, job->key);
	yyjson_mut_obj_add_str(d, meta, OS_MACHINE, job_input(job, "machine"));
}

/* Boot from the volume made of the image: it goes with the server unless it is to persist. */
static void put_root(yyjson_mut_doc *d, yyjson_mut_val *server, const struct plan *p)
{
	yyjson_mut_val *v;

	if (!p->volume[0]) {
		yyjson_mut_obj_add_str(d, server, "imageRef", p->image);
		return;
	}
	v = yyjson_mut_arr_add_obj(d, yyjson_mut_obj_add_arr(d, server, "block_device_mapping_v2"));
	yyjson_mut_obj_add_str(d, v, "source_type", "volume");
	yyjson_mut_obj_add_str(d, v, "uuid", p->volume);
	yyjson_mut_obj_add_str(d, v, "destination_type", "volume");
	yyjson_mut_obj_add_int(d, v, "boot_index", 0);
	yyjson_mut_obj_add_bool(d, v, "delete_on_termination", !p->persist);
}

static void put_networks(yyjson_mut_doc *d, yyjson_mut_val *server, const struct plan *p)
{
	yyjson_mut_val *list;

	if (p->networks_word)
		yyjson_mut_obj_add_str(d, server, "networks", p->networks_word);
	if (!p->network_count)
		return;
	list = yyjson_mut_obj_add_arr(d, server, "networks");
	for (size_t i = 0; i < p->network_count; i++)
		yyjson_mut_obj_add_str(d, yyjson_mut_arr_add_obj(d, list), "uuid", p->networks[i]);
}

static void put_user_data(struct job *job, yyjson_mut_doc *d, yyjson_mut_val *server)
{
	const char *text = job_input(job, "user_data");
	size_t len = strlen(text), cap = sodium_base64_ENCODED_LEN(len, sodium_base64_VARIANT_ORIGINAL);
	char *out = len ? malloc(cap) : NULL;

	if (!out)
		return;
	sodium_bin2base64(out, cap, (const uint8_t *)text, len, sodium_base64_VARIANT_ORIGINAL);
	yyjson_mut_obj_add_strcpy(d, server, "user_data", out);
	sodium_memzero(out, cap);
	free(out);
}

static yyjson_mut_doc *server_body(struct job *job, const struct plan *p)
{
	yyjson_mut_doc *d = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *root = yyjson_mut_obj(d), *server;
	const char *group = p->group[0] ? p->group : job_profile(job, "security_group");

	yyjson_mut_doc_set_root(d, root);
	server = yyjson_mut_obj_add_obj(d, root, "server");
	yyjson_mut_obj_add_str(d, server, "name", job_input(job, "name"));
	yyjson_mut_obj_add_str(d, server, "flavorRef", p->flavor);
	put_root(d, server, p);
	if (job_profile(job, "keypair")[0])
		yyjson_mut_obj_add_str(d, server, "key_name", job_profile(job, "keypair"));
	put_networks(d, server, p);
	if (group[0])
		yyjson_mut_obj_add_str(d, yyjson_mut_arr_add_obj(d, yyjson_mut_obj_add_arr(d, server, "security_groups")), "name", group);
	yyjson_mut_obj_add_bool(d, server, "config_drive", true);
	put_metadata(job, d, server);
	put_user_data(job, d, server);
	return d;
}

static enum job_result create_server(struct os *o, char id[OS_ID])
{
	struct job *job = o->job;
	struct plan p = { .network_count = 0 };
	enum job_result result = make_plan(o, &p);
	yyjson_mut_doc *body;
	enum os_result r;

	if (result)
		return result;
	job_say(job, JOB_INFO, "Creating %s.", job_input(job, "name"));
	job->definite = false;
	body = server_body(job, &p);
	r = p.networks_word ? os_call_for(o, OS_NETWORKS_WORD, "POST", "/servers", body, true) :
		os_call(o, OS_COMPUTE, "POST", "/servers", body, true);
	yyjson_mut_doc_free(body);
	if (r == OS_DONE) {
		snprintf(id, OS_ID, "%s", job_text(yyjson_obj_get(os_answer(o), "server"), "id"));
		if (id[0])
			return JOB_INVALID;
		snprintf(o->why, sizeof o->why, "the answer names no server");
		r = OS_UNKNOWN;
	}
	return os_create_failed(o, r, "create");
}

static enum job_result wait_active(struct os *o, const char *id)
{
	char status[32] = "", path[256], why[OS_WHY];
	enum os_result r;

	while (!job_over(o->job)) {
		r = os_server(o, id, status, sizeof status, false);
		if (r == OS_MISSING) {
			/* accepted, and not there yet, or gone meanwhile */
			job_settle(o->job, "OpenStack has no such server");
			return job_later(o->job, LOOK);
		}
		if (r != OS_DONE)
			return os_fail(o, r, "wait for the server");
		if (!strcmp(status, "ACTIVE") || !strcmp(status, "SHUTOFF"))
			return JOB_INVALID;
		if (!strcmp(status, "ERROR")) {
			/* it will never be anything else: the next attempt makes a new one */
			memcpy(why, o->why, sizeof why);
			snprintf(path, sizeof path, "/servers/%s", id);
			os_call(o, OS_COMPUTE, "DELETE", path, NULL, false);
			o->job->definite = true;
			return job_fail(o->job, "create: OpenStack could not make the server: %s", why);
		}
		job_sleep(o->job, LOOK);
	}
	return job_over(o->job);
}

/* Found, or made and seen. */
static enum job_result one_server(struct os *o, char id[OS_ID])
{
	enum job_result result;
	enum os_result r = os_find(o, o->job->key, "", id);

	if (r != OS_DONE)
		return os_fail(o, r, "look for the machine");
	if (id[0])
		return wait_active(o, id);
	if (job_settling(o->job))
		return job_later(o->job, LOOK);
	result = create_server(o, id);
	if (!result)
		result = wait_active(o, id);
	if (!result)
		o->job->definite = true;
	return result;
}

/* ---- the floating address ---- */

/* A new one at the port, or the one there is already, which may be that of a server that is no more. */
static enum os_result bind_address(struct os *o, const char *id, const char *net, const char *port)
{
	yyjson_mut_doc *d = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *root = yyjson_mut_obj(d), *v;
	char path[256];
	enum os_result r;

	yyjson_mut_doc_set_root(d, root);
	v = yyjson_mut_obj_add_obj(d, root, "floatingip");
	yyjson_mut_obj_add_str(d, v, "port_id", port);
	if (!id[0]) {
		yyjson_mut_obj_add_str(d, v, "floating_network_id", net);
		yyjson_mut_obj_add_str(d, v, "description", o->job->key);
	}
	snprintf(path, sizeof path, "/floatingips%s%s", id[0] ? "/" : "", id);
	r = os_call(o, OS_NETWORK, id[0] ? "PUT" : "POST", path, d, !id[0]);
	yyjson_mut_doc_free(d);
	return r;
}

static enum job_result floating(struct os *o, const char *server)
{
	const char *pool = job_profile(o->job, "floating_ip_pool");
	struct os_beside have;
	char net[OS_ID] = "", port[OS_ID], path[256];
	enum job_result result;
	enum os_result r;

	if (!pool[0])
		return JOB_INVALID;
	r = os_beside(o, "/floatingips", "floatingips", &have);
	if (r == OS_DONE) {
		snprintf(path, sizeof path, "/ports?device_id=%s", server);
		r = os_call(o, OS_NETWORK, "GET", path, NULL, false);
	}
	if (r != OS_DONE)
		return os_fail(o, r, "floating address");
	snprintf(port, sizeof port, "%s", job_text(yyjson_arr_get_first(yyjson_obj_get(os_answer(o), "ports")), "id"));
	if (have.id[0] && !strcmp(have.port, port))
		return JOB_INVALID;
	if (!port[0])
		return job_refuse(o->job, "floating_ip_pool: the server has no network card");
	if (!have.id[0]) {
		result = resolve(o, OS_NETWORK, "/networks?router:external=true", "networks", "floating_ip_pool", pool, net);
		if (result)
			return result;
	}
	r = bind_address(o, have.id, net, port);
	return r == OS_DONE ? JOB_INVALID : os_fail(o, r, "floating address");
}

enum job_result os_create(struct job *job)
{
	enum job_result result;
	struct os *o;
	char id[OS_ID];

	if (!job->key[0] || !job_input(job, "name")[0])
		return job_refuse(job, "key and name of the machine are missing");
	o = os_open(job, &result);
	if (!o)
		return result;
	result = one_server(o, id);
	if (!result)
		result = os_volumes_attach(o, id);
	if (!result)
		result = floating(o, id);
	if (!result) {
		os_server(o, id, NULL, 0, true);
		result = JOB_DONE;
	}
	os_close(o);
	return result;
}
