/* openstack: volumes of a machine (Block Storage API v3): each is known by the machine's key and its own name. */
#include <stdio.h>
#include <string.h>

#include "cloud/openstack.h"
#include "plat/clock.h"

/* Between looks at a volume that changes, seconds. */
#define LOOK 1.0
/* Looks at one that is to become free, or to go. */
#define LOOKS_MAX 180
/* Volumes of one machine; GB of one: a mistake beyond it, whatever the quota says. */
#define VOLUMES_MAX 16
#define SIZE_MAX_GB 65536
#define NAME_MAX_ 64

struct wanted {
	char name[NAME_MAX_ + 1];
	const char *type;		/* of Cinder's volume types, "" = its own choice */
	int64_t size;
	bool image, persist;
};

struct plan {
	struct wanted list[VOLUMES_MAX];
	size_t count;
};

/* What Cinder has of one: the oldest, and another one that must go. */
struct found {
	struct os *o;
	const char *name;
	char id[OS_ID], created[64], status[32], server[OS_ID], double_[OS_ID];
};

/* ---- what is wanted ---- */

static enum job_result read_one(struct os *o, struct plan *p, yyjson_val *one)
{
	struct wanted *w = &p->list[p->count];

	*w = (struct wanted){ .type = job_text(one, "type"), .size = job_number(one, "size", 0),
		.image = yyjson_is_true(yyjson_obj_get(one, "image")), .persist = yyjson_is_true(yyjson_obj_get(one, "persist")) };
	if (strlen(job_text(one, "name")) > NAME_MAX_)
		return job_refuse(o->job, "volumes: a name has at most %d bytes", NAME_MAX_);
	if (job_text(one, "name")[0])
		snprintf(w->name, sizeof w->name, "%s", job_text(one, "name"));
	else
		snprintf(w->name, sizeof w->name, w->image ? "image" : "%zu", p->count + 1);
	if (w->size < 1 || w->size > SIZE_MAX_GB)
		return job_refuse(o->job, "volumes: %s: size must be 1 to %d GB", w->name, SIZE_MAX_GB);
	if (w->persist && !w->image)
		return job_refuse(o->job, "volumes: %s: only the volume of the image can persist", w->name);
	for (size_t i = 0; i < p->count; i++)
		if (!strcmp(p->list[i].name, w->name) || (p->list[i].image && w->image))
			return job_refuse(o->job, w->image && p->list[i].image ? "volumes: %s: only one can be of the image" :
				"volumes: %s: is named twice", w->name);
	p->count++;
	return JOB_INVALID;
}

static enum job_result read_plan(struct os *o, struct plan *p)
{
	yyjson_val *list = yyjson_obj_get(yyjson_obj_get(o->job->input, "profile"), "volumes"), *one;
	yyjson_arr_iter it = yyjson_arr_iter_with(list);
	enum job_result result = JOB_INVALID;

	p->count = 0;
	if (list && !yyjson_is_null(list) && !yyjson_is_arr(list))
		return job_refuse(o->job, "volumes: must be a list");
	if (yyjson_arr_size(list) > VOLUMES_MAX)
		return job_refuse(o->job, "volumes: at most %d are possible", VOLUMES_MAX);
	while (!result && (one = yyjson_arr_iter_next(&it)))
		result = read_one(o, p, one);
	return result;
}

enum job_result os_volumes_check(struct os *o)
{
	struct plan p;
	enum job_result result = read_plan(o, &p);

	if (!result && p.count && !os_there(o, OS_VOLUME))
		return job_refuse(o->job, "volumes: %s", o->closed[OS_VOLUME][0] ? o->closed[OS_VOLUME] :
			"the catalogue has no public endpoint of Cinder over TLS");
	return result;
}

/* ---- what is there ---- */

static const char *tag(yyjson_val *volume, const char *name)
{
	return job_text(yyjson_obj_get(volume, "metadata"), name);
}

static void take(struct found *f, yyjson_val *volume)
{
	snprintf(f->id, sizeof f->id, "%s", job_text(volume, "id"));
	snprintf(f->created, sizeof f->created, "%s", job_text(volume, "created_at"));
	snprintf(f->status, sizeof f->status, "%s", job_text(volume, "status"));
	snprintf(f->server, sizeof f->server, "%s", job_text(yyjson_arr_get_first(yyjson_obj_get(volume, "attachments")), "server_id"));
}

static int look(yyjson_val *volume, void *arg)
{
	struct found *f = arg;
	const char *id = job_text(volume, "id"), *created = job_text(volume, "created_at");
	int order;

	if (strcmp(tag(volume, OS_KEY), f->o->job->key) != 0 || (f->name && strcmp(tag(volume, OS_VOLUME_NAME), f->name) != 0))
		return 0;
	if (!f->id[0]) {
		take(f, volume);
		return 0;
	}
	order = strcmp(created, f->created) ? strcmp(created, f->created) : strcmp(id, f->id);
	snprintf(f->double_, sizeof f->double_, "%s", order < 0 ? f->id : id);
	if (order < 0)
		take(f, volume);
	return 0;
}

/* name NULL = any of the machine's. */
static enum os_result find(struct os *o, const char *name, struct found *f)
{
	*f = (struct found){ .o = o, .name = name };
	return os_each(o, OS_VOLUME, "/volumes/detail", "volumes", "id", look, f);
}

static bool is_error(const char *status)
{
	return !strncmp(status, "error", 5);
}

/* Why a volume is in the state error, in Cinder's words if it has any. */
static void words(struct os *o, const char *id)
{
	char path[256], text[OS_WHY];
	const char *said = "";

	if (os_has(o, OS_MESSAGES)) {
		snprintf(path, sizeof path, "/messages?resource_uuid=%s", id);
		if (os_call_for(o, OS_MESSAGES, "GET", path, NULL, false) == OS_DONE)
			said = job_text(yyjson_arr_get_first(yyjson_obj_get(os_answer(o), "messages")), "user_message");
	}
	snprintf(text, sizeof text, "%.500s", said[0] ? said : "Cinder says no reason");
	memcpy(o->why, text, sizeof o->why);
}

/* ---- reserved for a server that never came ---- */

/* Attachments of one volume that are looked at. */
#define RESERVATIONS_MAX 4

struct reservations {
	struct { char id[OS_ID], server[OS_ID]; } list[RESERVATIONS_MAX];
	size_t count;
};

static enum os_result reservations(struct os *o, const char *volume, struct reservations *l)
{
	char path[256];
	yyjson_arr_iter it;
	yyjson_val *one;
	enum os_result r;

	l->count = 0;
	snprintf(path, sizeof path, "/attachments?volume_id=%s", volume);
	r = os_call_for(o, OS_RESERVATIONS, "GET", path, NULL, false);
	it = yyjson_arr_iter_with(yyjson_obj_get(os_answer(o), "attachments"));
	while (r == OS_DONE && l->count < RESERVATIONS_MAX && (one = yyjson_arr_iter_next(&it))) {
		if (strcmp(job_text(one, "status"), "reserved") != 0 || !job_text(one, "id")[0] || !job_text(one, "instance")[0])
			continue;
		snprintf(l->list[l->count].id, OS_ID, "%s", job_text(one, "id"));
		snprintf(l->list[l->count++].server, OS_ID, "%s", job_text(one, "instance"));
	}
	return r;
}

/*
 * Nova reserves a volume before there is anything to be seen of the server; ended between, it never lets go of it.  The caller knows that no
 * server of the machine is still to appear: what is reserved for one that Nova does not know becomes free.
 */
static enum os_result unreserve(struct os *o, const char *volume)
{
	struct reservations l;
	char path[256];
	enum os_result r;

	if (!os_has(o, OS_RESERVATIONS))
		return OS_DONE;
	r = reservations(o, volume, &l);
	for (size_t i = 0; r == OS_DONE && i < l.count; i++) {
		snprintf(path, sizeof path, "/servers/%s", l.list[i].server);
		r = os_call(o, OS_COMPUTE, "GET", path, NULL, false);
		if (r == OS_MISSING) {
			job_say(o->job, JOB_WARNING, "The volume %s is reserved for a server that is not there: it is made free.", volume);
			snprintf(path, sizeof path, "/attachments/%s", l.list[i].id);
			r = os_call_for(o, OS_RESERVATIONS, "DELETE", path, NULL, false);
			r = r == OS_MISSING ? OS_DONE : r;
		}
	}
	return r;
}

/* ---- the end of one ---- */

static enum os_result read_one_volume(struct os *o, const char *id, struct found *f)
{
	char path[256];
	enum os_result r;

	*f = (struct found){ .o = o };
	snprintf(path, sizeof path, "/volumes/%s", id);
	r = os_call(o, OS_VOLUME, "GET", path, NULL, false);
	if (r == OS_DONE)
		take(f, yyjson_obj_get(os_answer(o), "volume"));
	return r;
}

/* A volume goes once no server has it any more. */
static enum job_result remove_volume(struct os *o, const char *id)
{
	struct found f = { .o = o };
	enum job_result result;
	char path[256];
	enum os_result r;

	for (int i = 0; i < LOOKS_MAX && !job_over(o->job); i++) {
		r = read_one_volume(o, id, &f);
		if (r == OS_MISSING)
			return JOB_INVALID;
		if (r != OS_DONE)
			return os_fail(o, r, "remove a volume");
		if (!strcmp(f.status, "error_deleting")) {
			words(o, id);
			return job_fail(o->job, "remove the volume %s: it is in the state error_deleting: %s", id, o->why);
		}
		snprintf(path, sizeof path, "/volumes/%s", id);
		if (!strcmp(f.status, "available") || is_error(f.status)) {
			r = os_call(o, OS_VOLUME, "DELETE", path, NULL, false);
			if (r != OS_DONE && r != OS_MISSING && !(r == OS_BUSY && o->status == 409))
				return os_fail(o, r, "remove a volume");
		} else if (!strcmp(f.status, "reserved")) {
			r = unreserve(o, id);
			if (r != OS_DONE)
				return os_fail(o, r, "make a volume free");
		}
		job_sleep(o->job, LOOK);
	}
	result = job_over(o->job);
	return result ? result : job_fail(o->job, "remove the volume %s: it stays in the state %s%s%s", id, f.status,
		f.server[0] ? ", attached to the server " : "", f.server);
}

/* ---- one for a name ---- */

static enum job_result make(struct os *o, const struct wanted *w, const char *image)
{
	yyjson_mut_doc *d = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *root = yyjson_mut_obj(d), *v, *meta;
	char name[256];
	enum os_result r;

	yyjson_mut_doc_set_root(d, root);
	v = yyjson_mut_obj_add_obj(d, root, "volume");
	snprintf(name, sizeof name, "%.160s-%s", job_input(o->job, "name"), w->name);
	yyjson_mut_obj_add_str(d, v, "name", name);
	yyjson_mut_obj_add_int(d, v, "size", w->size);
	if (w->type[0])
		yyjson_mut_obj_add_str(d, v, "volume_type", w->type);
	if (image)
		yyjson_mut_obj_add_str(d, v, "imageRef", image);
	meta = yyjson_mut_obj_add_obj(d, v, "metadata");
	yyjson_mut_obj_add_str(d, meta, OS_KEY, o->job->key);
	yyjson_mut_obj_add_str(d, meta, OS_MACHINE, job_input(o->job, "machine"));
	yyjson_mut_obj_add_str(d, meta, OS_VOLUME_NAME, w->name);
	job_say(o->job, JOB_INFO, "Creating the volume %s of %d GB.", name, (int)w->size);
	o->job->definite = false;
	r = os_call(o, OS_VOLUME, "POST", "/volumes", d, true);
	yyjson_mut_doc_free(d);
	return r == OS_DONE ? JOB_INVALID : os_create_failed(o, r, "create a volume");
}

/* A volume in the state error will never be anything else: it goes, and the next attempt makes a new one. */
static enum job_result give_up(struct os *o, const char *id, const char *name)
{
	char why[OS_WHY];
	enum job_result result;

	words(o, id);
	memcpy(why, o->why, sizeof why);
	result = remove_volume(o, id);
	if (result)
		return result;
	o->job->definite = true;
	return job_fail(o->job, "volumes: %s: OpenStack could not make the volume: %s", name, why);
}

/* An image may take long to become a volume. */
static bool is_coming(const char *status)
{
	return !strcmp(status, "creating") || !strcmp(status, "downloading");
}

/* Until the volume is there and free, or of `server`. */
static enum job_result have(struct os *o, const struct wanted *w, const char *image, const char *server, struct found *f)
{
	enum job_result result = JOB_INVALID;
	bool made = false;
	enum os_result r;

	for (int looks = 0; !result && !(result = job_over(o->job));) {
		if (looks == LOOKS_MAX)
			return job_fail(o->job, "volumes: %s: stays in the state %s", w->name, f->status[0] ? f->status : "unknown");
		r = find(o, w->name, f);
		if (r != OS_DONE)
			return os_fail(o, r, "look for the volumes");
		if (f->double_[0])
			result = remove_volume(o, f->double_);
		else if (!f->id[0] && !made && job_settling(o->job))
			return job_later(o->job, 2.0);
		else if (!f->id[0] && !made)
			result = make(o, w, image), made = true;
		else if (is_error(f->status))
			return give_up(o, f->id, w->name);
		else if (!strcmp(f->status, "reserved") && !server && (r = unreserve(o, f->id)) != OS_DONE)
			return os_fail(o, r, "make a volume free");
		else if (!strcmp(f->status, "available") || (server && !strcmp(f->server, server) && !strcmp(f->status, "in-use")))
			break;
		else
			looks += !is_coming(f->status), job_sleep(o->job, LOOK);
	}
	/* it was seen */
	if (!result && made)
		o->job->definite = true;
	return result;
}

enum job_result os_volume_boot(struct os *o, const char *image, char id[OS_ID], bool *persist)
{
	struct plan p;
	struct found f;
	enum job_result result = read_plan(o, &p);

	id[0] = 0;
	for (size_t i = 0; !result && i < p.count; i++) {
		if (!p.list[i].image)
			continue;
		result = have(o, &p.list[i], image, NULL, &f);
		if (!result)
			snprintf(id, OS_ID, "%s", f.id);
		*persist = p.list[i].persist;
	}
	return result;
}

/* ---- at the server ---- */

static enum os_result attach(struct os *o, const char *server, const char *volume)
{
	bool goes = os_has(o, OS_ATTACHED_GOES);
	yyjson_mut_doc *d = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *root = yyjson_mut_obj(d), *v;
	enum os_result r;
	char path[256];

	yyjson_mut_doc_set_root(d, root);
	v = yyjson_mut_obj_add_obj(d, root, "volumeAttachment");
	yyjson_mut_obj_add_str(d, v, "volumeId", volume);
	/* then it is gone, too, when somebody deletes the server by hand */
	if (goes)
		yyjson_mut_obj_add_bool(d, v, "delete_on_termination", true);
	snprintf(path, sizeof path, "/servers/%s/os-volume_attachments", server);
	r = goes ? os_call_for(o, OS_ATTACHED_GOES, "POST", path, d, true) : os_call(o, OS_COMPUTE, "POST", path, d, true);
	yyjson_mut_doc_free(d);
	return r;
}

/* Nova ended between its parts of an attachment, which it neither ends nor takes back by itself: the next attempt has a new server, with this volume. */
static enum job_result stuck(struct os *o, const char *server, enum job_result result)
{
	char path[256];

	snprintf(path, sizeof path, "/servers/%s", server);
	if (os_call(o, OS_COMPUTE, "DELETE", path, NULL, false) == OS_DONE)
		o->job->definite = true;
	return result;
}

static enum job_result attached(struct os *o, const struct wanted *w, const char *server)
{
	struct found f;
	enum job_result result;
	enum os_result r;

	while (!job_over(o->job)) {
		result = have(o, w, NULL, server, &f);
		if (result == JOB_FAILED && (!strcmp(f.status, "reserved") || !strcmp(f.status, "attaching")))
			return stuck(o, server, result);
		if (result || !strcmp(f.server, server))
			return result;
		r = attach(o, server, f.id);
		/* of unknown fate, or while the server is at something else: the next look says */
		if (r != OS_DONE && r != OS_UNKNOWN && !(r == OS_BUSY && o->status == 409))
			return os_fail(o, r, "attach a volume");
		job_sleep(o->job, LOOK);
	}
	return job_over(o->job);
}

static enum os_result mark(struct os *o, const char *volume)
{
	yyjson_mut_doc *d = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *root = yyjson_mut_obj(d);
	enum os_result r;
	char path[256];

	yyjson_mut_doc_set_root(d, root);
	yyjson_mut_obj_add_str(d, yyjson_mut_obj_add_obj(d, root, "metadata"), OS_PERSIST, "true");
	snprintf(path, sizeof path, "/volumes/%s/metadata", volume);
	r = os_call(o, OS_VOLUME, "POST", path, d, false);
	yyjson_mut_doc_free(d);
	return r;
}

enum job_result os_volumes_attach(struct os *o, const char *server)
{
	struct plan p;
	struct found f;
	enum job_result result = read_plan(o, &p);
	enum os_result r;

	for (size_t i = 0; !result && i < p.count; i++) {
		if (!p.list[i].image) {
			result = attached(o, &p.list[i], server);
		} else if (p.list[i].persist) {
			/* only now: before there was a server there was nothing in it to keep */
			r = find(o, p.list[i].name, &f);
			if (r == OS_DONE && f.id[0])
				r = mark(o, f.id);
			result = r == OS_DONE ? JOB_INVALID : os_fail(o, r, "mark the volume that persists");
		}
	}
	return result;
}

/* ---- the end of all ---- */

struct next { struct os *o; char id[OS_ID]; bool persists; };

static int is_ours(yyjson_val *volume, void *arg)
{
	struct next *n = arg;

	if (strcmp(tag(volume, OS_KEY), n->o->job->key) != 0)
		return 0;
	snprintf(n->id, sizeof n->id, "%s", job_text(volume, "id"));
	n->persists = !strcmp(tag(volume, OS_PERSIST), "true");
	return 1;
}

/* Without the key it is nobody's: neither removed nor taken for another machine. */
static enum job_result release(struct os *o, const char *id)
{
	char path[256];
	enum os_result r;

	snprintf(path, sizeof path, "/volumes/%s/metadata/" OS_KEY, id);
	r = os_call(o, OS_VOLUME, "DELETE", path, NULL, false);
	if (r != OS_DONE && r != OS_MISSING)
		return os_fail(o, r, "keep the volume that persists");
	job_say(o->job, JOB_INFO, "The volume %s stays.", id);
	return JOB_INVALID;
}

enum job_result os_volumes_remove(struct os *o)
{
	enum job_result result = JOB_INVALID;
	struct next n;
	enum os_result r;

	if (!os_there(o, OS_VOLUME))
		return JOB_INVALID;
	for (size_t i = 0; !result && i < 4 * VOLUMES_MAX; i++) {
		n = (struct next){ .o = o };
		r = os_each(o, OS_VOLUME, "/volumes/detail", "volumes", "id", is_ours, &n);
		if (r != OS_DONE)
			return os_fail(o, r, "look for the machine's volumes");
		if (!n.id[0])
			return JOB_INVALID;
		result = n.persists ? release(o, n.id) : remove_volume(o, n.id);
	}
	return result ? result : job_fail(o->job, "volumes of the machine appear again and again");
}
