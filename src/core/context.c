#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "blobs.h"
#include "box.h"
#include "context.h"
#include "log/log.h"

/* Bound machines of one variable. */
#define BOUND_MAX 200

static const char *text(yyjson_mut_val *object, const char *name)
{
	const char *s = yyjson_mut_get_str(yyjson_mut_obj_get(object, name));

	return s ? s : "";
}

void context_free(struct context *c)
{
	for (unsigned i = 0; i < c->count; i++) {
		free(c->secrets[i].field);
		free(c->secrets[i].sealed);
	}
	free(c->secrets);
	c->secrets = NULL;
	c->count = 0;
}

/* ---- secrets ---- */

bool context_secret(struct context *c, yyjson_mut_val *place, const char *object, const char *field)
{
	sqlite3_stmt *q = db_query(c->db, "SELECT sealed, coalesce(sealed_object, object), coalesce(sealed_field, field) FROM secret"
		" WHERE object = ? AND field = ?", "tt", object, field);
	struct context_secret *s;

	if (!db_row(c->db, q))
		return false;
	if (!c->secrets)
		c->secrets = calloc(CONTEXT_SECRETS, sizeof *c->secrets);
	if (!c->secrets)
		log_fatal("context");
	if (c->count < CONTEXT_SECRETS) {
		s = &c->secrets[c->count++];
		s->place = place;
		s->sealed = strdup(db_text(q, 0));
		snprintf(s->object, sizeof s->object, "%s", db_text(q, 1));
		s->field = strdup(db_text(q, 2));
	}
	db_end(q);
	return true;
}

struct kept { struct context *c; const char *object; };

static bool is_kept(void *arg, const char *field)
{
	struct kept *k = arg;

	return db_number(k->c->db, 0, "SELECT EXISTS(SELECT 1 FROM secret WHERE object = ? AND field = ?)", "tt", k->object, field) != 0;
}

/* ---- files ---- */

yyjson_mut_val *context_file(struct context *c, const char *instance, const char *value)
{
	char id[OBJECT_ID], credential[BLOB_CREDENTIAL], url[BLOB_URL + BLOB_CREDENTIAL + CORE_HOSTNAME_TEXT + 32];

	if (!box_blob_id(value, id) || !c->key)
		return yyjson_mut_strcpy(c->doc, value);
	core_blob_credential(c->key, id, instance, credential);
	snprintf(url, sizeof url, "%s%s%s?credential=%s", c->host[0] ? "https://" : "", c->host, value, credential);
	return yyjson_mut_strcpy(c->doc, url);
}

/* ---- one box ---- */

struct part {
	const struct object *instance;
	struct instance_stack *stack;
	bool bound;			/* seen through a binding: public variables only */
};

static yyjson_mut_val *node_object(struct context *c, const struct part *p, unsigned node);
static yyjson_mut_val *bindings(struct context *c, const struct part *p, unsigned node, const char *name);

static yyjson_mut_val *password(struct context *c, const struct part *p, unsigned node, const char *name)
{
	struct kept k = { c, p->instance->id };
	char field[STACK_FIELD];
	yyjson_mut_val *v = stack_value(p->stack, node, name, is_kept, &k, field), *place;

	if (!field[0]) {
		/* A value that is none: nothing was ever sealed. */
		place = yyjson_mut_strcpy(c->doc, yyjson_mut_equals_str(yyjson_mut_obj_get(v, "value"), "********") ? "" : text(v, "value"));
		return place;
	}
	place = yyjson_mut_str(c->doc, "");
	context_secret(c, place, p->instance->id, field);
	return place;
}

static yyjson_mut_val *child(struct context *c, const struct part *p, unsigned node, const char *name)
{
	const char *path = p->stack->node[node].path;
	char below[2 * STACK_PATH];
	int at;

	snprintf(below, sizeof below, "%s%s%s", path, path[0] ? "." : "", name);
	at = stack_find(p->stack, below);
	return at < 0 ? yyjson_mut_obj(c->doc) : node_object(c, p, (unsigned)at);
}

static yyjson_mut_val *value_of(struct context *c, const struct part *p, unsigned node, yyjson_mut_val *declared)
{
	const char *name = text(declared, "name"), *type = text(declared, "type");
	char field[STACK_FIELD];
	yyjson_mut_val *v;

	if (!strcmp(type, "Password"))
		return password(c, p, node, name);
	if (!strcmp(type, "Box"))
		return child(c, p, node, name);
	if (!strcmp(type, "Binding"))
		return p->bound ? NULL : bindings(c, p, node, name);
	v = yyjson_mut_obj_get(stack_value(p->stack, node, name, NULL, NULL, field), "value");
	if (!strcmp(type, "File") && yyjson_mut_is_str(v))
		return context_file(c, p->instance->id, yyjson_mut_get_str(v));
	return v ? yyjson_mut_val_mut_copy(c->doc, v) : yyjson_mut_str(c->doc, "");
}

static yyjson_mut_val *node_object(struct context *c, const struct part *p, unsigned node)
{
	yyjson_mut_arr_iter it = yyjson_mut_arr_iter_with(yyjson_mut_obj_get(p->stack->node[node].box, "variables"));
	yyjson_mut_val *o = yyjson_mut_obj(c->doc), *v, *value;
	const char *visibility;

	while ((v = yyjson_mut_arr_iter_next(&it))) {
		visibility = text(v, "visibility");
		if (text(v, "scope")[0] || (p->bound && (!strcmp(visibility, "private") || !strcmp(visibility, "internal"))))
			continue;
		value = value_of(c, p, node, v);
		if (value)
			yyjson_mut_obj_put(o, yyjson_mut_strcpy(c->doc, text(v, "name")), value);
	}
	return o;
}

/* ---- facts of a machine ---- */

static yyjson_mut_val *address_of(struct context *c, const struct machine *m)
{
	yyjson_mut_val *a = yyjson_mut_obj(c->doc);

	yyjson_mut_obj_add_strcpy(c->doc, a, "public", m->public);
	yyjson_mut_obj_add_strcpy(c->doc, a, "private", m->private);
	return a;
}

static void put(struct context *c, yyjson_mut_val *o, const char *name, yyjson_mut_val *value)
{
	yyjson_mut_obj_put(o, yyjson_mut_strcpy(c->doc, name), value);
}

/* What every script may use; a box's own variable of such a name gives way. */
static void add_system(struct context *c, yyjson_mut_val *o, const struct object *instance, const struct machine *m, const char *box)
{
	char ids[MACHINE_MAX][OBJECT_ID], folder[OBJECT_ID + 32];
	unsigned n = machine_list(c->db, instance->id, ids);
	yyjson_mut_val *list = yyjson_mut_arr(c->doc);
	struct machine other;

	for (unsigned i = 0; i < n; i++)
		if (machine_read(c->db, ids[i], &other))
			yyjson_mut_arr_append(list, address_of(c, &other));
	snprintf(folder, sizeof folder, "/var/elasticbox/%s", instance->id);
	put(c, o, "environment", yyjson_mut_strcpy(c->doc, object_member(instance, "name")));
	put(c, o, "machine", yyjson_mut_strcpy(c->doc, m->name));
	put(c, o, "instance", yyjson_mut_strcpy(c->doc, instance->id));
	put(c, o, "service", yyjson_mut_strcpy(c->doc, instance_service(instance)));
	put(c, o, "addresses", list);
	put(c, o, "address", address_of(c, m));
	put(c, o, "box", yyjson_mut_strcpy(c->doc, box));
	put(c, o, "folder", yyjson_mut_strcpy(c->doc, folder));
	if (!yyjson_mut_obj_get(o, "username"))
		put(c, o, "username", yyjson_mut_str(c->doc, ""));
	if (!yyjson_mut_obj_get(o, "password"))
		put(c, o, "password", yyjson_mut_str(c->doc, ""));
}

static void add_provider_type(struct context *c, yyjson_mut_val *o, const struct machine *m)
{
	struct object p;

	if (!m->provider[0] || !object_get(c->db, OBJECT_PROVIDER, m->provider, &p))
		return;
	put(c, o, "service.provider_type", yyjson_mut_strcpy(c->doc, object_member(&p, "type")));
	object_free(&p);
}

/* ---- bindings ---- */

/* A bound instance: an element for each of its machines. */
static void add_bound(struct context *c, yyjson_mut_val *list, const char *id)
{
	struct instance_stack stack;
	char ids[MACHINE_MAX][OBJECT_ID];
	struct object instance;
	struct machine m;
	unsigned n;

	if (object_get(c->db, OBJECT_INSTANCE, id, &instance)) {
		struct part p = { &instance, &stack, true };
		yyjson_mut_val *o;

		stack_read(c->db, &instance, &stack);
		n = machine_list(c->db, id, ids);
		for (unsigned i = 0; i < n && stack.count && yyjson_mut_arr_size(list) < BOUND_MAX; i++) {
			if (!machine_read(c->db, ids[i], &m))
				continue;
			o = node_object(c, &p, 0);
			add_system(c, o, &instance, &m, text(stack.node[0].box, "name"));
			yyjson_mut_arr_append(list, o);
		}
		stack_free(&stack);
		object_free(&instance);
	}
}

static yyjson_mut_val *bindings(struct context *c, const struct part *p, unsigned node, const char *name)
{
	sqlite3_stmt *q = db_query(c->db, "SELECT target FROM binding WHERE instance = ? AND scope = ? AND name = ? ORDER BY target"
		" LIMIT ?", "ttti", p->instance->id, p->stack->node[node].path, name, (int64_t)BOUND_MAX);
	char (*targets)[OBJECT_ID] = calloc(BOUND_MAX, sizeof *targets);
	yyjson_mut_val *list = yyjson_mut_arr(c->doc);
	unsigned n = 0;

	while (targets && n < BOUND_MAX && db_row(c->db, q))
		snprintf(targets[n++], OBJECT_ID, "%s", db_text(q, 0));
	db_end(q);
	for (unsigned i = 0; i < n; i++)
		add_bound(c, list, targets[i]);
	free(targets);
	return list;
}

/* ---- the whole ---- */

/* The box around it, for `box`: its own name at the top. */
static const char *box_name(const struct instance_stack *s, int at)
{
	int parent = s->node[at].parent;

	return text(s->node[parent < 0 ? at : parent].box, "name");
}

yyjson_mut_val *context_build(struct context *c, const struct object *instance, const struct machine *m, const char *path)
{
	struct instance_stack stack;
	struct part p = { instance, &stack, false };
	yyjson_mut_val *o = NULL;
	int at;

	stack_read(c->db, instance, &stack);
	at = stack_find(&stack, path);
	if (at >= 0) {
		o = node_object(c, &p, (unsigned)at);
		add_system(c, o, instance, m, box_name(&stack, at));
		add_provider_type(c, o, m);
	}
	stack_free(&stack);
	return o;
}
