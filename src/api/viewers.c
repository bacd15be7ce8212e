#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "call.h"
#include "ipc/ipc.h"
#include "log/log.h"
#include "viewers.h"

/* Lists of viewers by their hash. */
#define BUCKETS 1024
/* Scopes asked for at once: a change of roles must not fill core's queue. */
#define ASKING_MAX 32
/* Seconds a scope is believed without an event, sessions end without one; between two looks; until
 * core is asked again after it did not answer. */
#define BELIEVED 600.
#define LOOK 60.
#define AGAIN 1.

struct viewer {
	struct viewer *next;		/* in its bucket */
	struct viewer *stale_next;
	unsigned references;
	struct auth auth;
	uint8_t hash[AUTH_HASH];
	char peer[48];
	bool stale;			/* in the list of those to be asked about */
	bool asking, again;
	unsigned epoch;			/* when it was asked */
	ev_tstamp known_at;		/* 0 = not known */
	yyjson_doc *scope;
	const char *user, *organization;
	bool admin;
	yyjson_val *workspaces, *organizations;
};

static struct ev_loop *the_loop;
static const struct viewers_ops *the_ops;
static struct viewer *buckets[BUCKETS], *stale_first, **stale_last = &stale_first;
static unsigned asking, epoch, viewers;
static ev_timer look, again;

static void ask_some(void);

unsigned viewers_epoch(void)
{
	return epoch;
}

const uint8_t *viewer_hash(const struct viewer *v)
{
	return v->hash;
}

bool viewer_known(const struct viewer *v)
{
	return v->known_at > 0. && !v->stale && !v->asking;
}

/* ---- the table ---- */

static struct viewer **bucket_of(const uint8_t hash[AUTH_HASH])
{
	return &buckets[(hash[0] << 8 | hash[1]) % BUCKETS];
}

static void make_stale(struct viewer *v)
{
	if (v->asking) {
		v->again = true;
		return;
	}
	if (v->stale)
		return;
	v->stale = true;
	v->stale_next = NULL;
	*stale_last = v;
	stale_last = &v->stale_next;
	v->references++;
}

static void take_scope(struct viewer *v, yyjson_val *body)
{
	yyjson_mut_doc *copy = yyjson_mut_doc_new(NULL);
	yyjson_val *root;
	const char *s;

	yyjson_doc_free(v->scope);
	yyjson_mut_doc_set_root(copy, yyjson_val_mut_copy(copy, body));
	v->scope = yyjson_mut_doc_imut_copy(copy, NULL);
	yyjson_mut_doc_free(copy);
	root = yyjson_doc_get_root(v->scope);
	s = yyjson_get_str(yyjson_obj_get(root, "user"));
	v->user = s ? s : "";
	s = yyjson_get_str(yyjson_obj_get(root, "organization"));
	v->organization = s ? s : "";
	v->admin = yyjson_get_bool(yyjson_obj_get(root, "admin"));
	v->workspaces = yyjson_obj_get(root, "workspaces");
	v->organizations = yyjson_obj_get(root, "organizations");
	v->known_at = ev_now(the_loop);
}

static struct viewer *viewer_new(const struct auth *auth, const char *peer, const uint8_t hash[AUTH_HASH])
{
	struct viewer *v = calloc(1, sizeof *v);

	if (!v)
		return NULL;
	v->auth.kind = auth->kind;
	v->auth.value = strdup(auth->value);
	if (!v->auth.value) {
		free(v);
		return NULL;
	}
	memcpy(v->hash, hash, sizeof v->hash);
	snprintf(v->peer, sizeof v->peer, "%s", peer);
	v->next = *bucket_of(hash);
	*bucket_of(hash) = v;
	if (!viewers++)
		ev_timer_again(the_loop, &look);
	return v;
}

struct viewer *viewer_take(const struct auth *auth, const char *peer, yyjson_val *body, unsigned asked_at)
{
	uint8_t hash[AUTH_HASH];
	struct viewer *v;

	auth_hash(auth->value, hash);
	for (v = *bucket_of(hash); v; v = v->next)
		if (!memcmp(v->hash, hash, sizeof hash) && v->auth.kind == auth->kind)
			break;
	if (!v)
		v = viewer_new(auth, peer, hash);
	if (!v)
		return NULL;
	v->references++;
	if (body && !v->asking)
		take_scope(v, body);
	/* Roles changed while core answered: it may not have known yet. */
	if ((!v->known_at && !v->asking) || (body && asked_at != epoch))
		make_stale(v);
	ask_some();
	return v;
}

void viewer_drop(struct viewer *v)
{
	struct viewer **at;

	if (--v->references)
		return;
	for (at = bucket_of(v->hash); *at != v; at = &(*at)->next)
		;
	*at = v->next;
	if (!--viewers)
		ev_timer_stop(the_loop, &look);
	auth_wipe(&v->auth);
	yyjson_doc_free(v->scope);
	free(v);
}

/* ---- asking core ---- */

static void answered(struct ipc_msg *msg, int error, void *arg)
{
	struct viewer *v = arg;
	yyjson_doc *doc = error || (msg->flags & IPC_ERROR) ? NULL : ipc_msg_json(msg);
	int status = yyjson_get_int(yyjson_obj_get(yyjson_doc_get_root(doc), "status"));
	bool changed = v->again || v->epoch != epoch;

	asking--;
	v->asking = v->again = false;
	if (status == 200)
		take_scope(v, yyjson_obj_get(yyjson_doc_get_root(doc), "body"));
	if (status == 401 || status == 403) {
		the_ops->ended(v);
	} else if (status != 200) {
		/* Core is away: nobody is told anything until it is back. */
		make_stale(v);
		if (!ev_is_active(&again)) {
			ev_timer_set(&again, AGAIN, 0.);
			ev_timer_start(the_loop, &again);
		}
	} else if (changed) {
		make_stale(v);
	} else {
		the_ops->known(v);
	}
	yyjson_doc_free(doc);
	viewer_drop(v);
	if (!ev_is_active(&again))
		ask_some();
}

static void ask_some(void)
{
	struct viewer *v;

	while (asking < ASKING_MAX && (v = stale_first)) {
		stale_first = v->stale_next;
		if (!stale_first)
			stale_last = &stale_first;
		v->stale = false;
		if (v->references == 1) {	/* only the list's own */
			viewer_drop(v);
			continue;
		}
		asking++;
		v->asking = true;
		v->epoch = epoch;
		call_scope(&v->auth, v->peer, answered, v);
	}
}

static void on_again(struct ev_loop *loop, ev_timer *w, int events)
{
	(void)loop;
	(void)w;
	(void)events;
	ask_some();
}

static void all_stale(ev_tstamp known_before)
{
	struct viewer *v;
	size_t i;

	for (i = 0; i < BUCKETS; i++)
		for (v = buckets[i]; v; v = v->next)
			if (v->known_at < known_before)
				make_stale(v);
	ask_some();
}

static void on_look(struct ev_loop *loop, ev_timer *w, int events)
{
	(void)w;
	(void)events;
	all_stale(ev_now(loop) - BELIEVED);
}

/* ---- what is seen ---- */

static bool begins(const char *s, const char *prefix)
{
	return !strncmp(s, prefix, strlen(prefix));
}

void viewers_event(const struct event *e)
{
	if (strcmp(e->kind, "access.changed") && strcmp(e->kind, "workspace.created") &&
	    strcmp(e->kind, "workspace.deleted") && !begins(e->kind, "user.") && !begins(e->kind, "costcenter.") &&
	    !begins(e->kind, "organization."))
		return;
	epoch++;
	all_stale(ev_now(the_loop) + 1.);
}

/* Workspaces come as ids or as {"id","role"}. */
static bool has(yyjson_val *list, const char *id)
{
	yyjson_val *one;
	size_t i, n;

	yyjson_arr_foreach(list, i, n, one)
		if (yyjson_equals_str(yyjson_is_obj(one) ? yyjson_obj_get(one, "id") : one, id))
			return true;
	return false;
}

/* Kinds that are the appliance's own business. */
static bool internal(const char *kind)
{
	static const char *const families[] = { "token.", "session.", "secret.", "task.", "access.", "blob." };
	size_t i;

	for (i = 0; i < sizeof families / sizeof *families; i++)
		if (begins(kind, families[i]))
			return true;
	return !strcmp(kind, "operation");
}

bool viewer_sees(const struct viewer *v, const struct event *e)
{
	size_t i;

	if (internal(e->kind))
		return false;
	if (begins(e->kind, "appliance.") || v->admin)
		return true;
	if (e->owner[0] && (!strcmp(e->owner, v->user) || has(v->workspaces, e->owner)))
		return true;
	if (e->organization[0] && has(v->organizations, e->organization))
		return true;
	for (i = 0; i < e->member_count; i++)
		if (!strcmp(e->members[i], v->user) || has(v->workspaces, e->members[i]))
			return true;
	return !strcmp(e->visibility, "public") ||
		(!strcmp(e->visibility, "organization") && e->organization[0] && !strcmp(e->organization, v->organization));
}

void viewers_open(struct ev_loop *loop, const struct viewers_ops *ops)
{
	the_loop = loop;
	the_ops = ops;
	ev_timer_init(&look, on_look, LOOK, LOOK);
	ev_timer_init(&again, on_again, AGAIN, 0.);
}
