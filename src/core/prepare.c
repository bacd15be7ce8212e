/* What a worker is told of its task. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent.h"
#include "blobs.h"
#include "bootstrap.h"
#include "box.h"
#include "endpoints.h"
#include "firewall.h"
#include "flow.h"
#include "plant.h"
#include "prepare.h"
#include "provider.h"
#include "truth.h"
#include "log/log.h"
#include "plat/clock.h"

/* What came of a create shows within that time, the longest that a provider's settle_seconds may be. */
#define SETTLED (INT64_C(3600) * PLAT_SECOND)

static const char *text(yyjson_val *o, const char *name)
{
	const char *s = yyjson_get_str(yyjson_obj_get(o, name));

	return s ? s : "";
}

static enum prepare_result later(struct prepared *p, enum prepare_result result, const char *why)
{
	snprintf(p->why, sizeof p->why, "%s", why);
	return result;
}

/* ---- a step for an agent ---- */

static enum prepare_result step_context(struct db *db, struct prepared *p, const struct machine *m, yyjson_val *in)
{
	yyjson_mut_doc *doc = p->context.doc;
	yyjson_mut_val *script, *context;
	const char *host = p->context.host;
	const struct object *instance = flow_recent(db, m->instance);

	if (!instance)
		return later(p, PREPARE_NEVER, "the instance is gone");
	script = yyjson_mut_obj_add_obj(doc, doc->root, "script");
	/* Where the agent is connected already. */
	p->context.host = "";
	yyjson_mut_obj_add_val(doc, script, "url", context_file(&p->context, m->instance, text(in, "url")));
	p->context.host = host;
	yyjson_mut_obj_add_sint(doc, script, "length", yyjson_get_sint(yyjson_obj_get(in, "length")));
	context = context_build(&p->context, instance, m, text(yyjson_obj_get(in, "box"), "path"));
	if (!context)
		return later(p, PREPARE_NEVER, "its box is not in the instance any more");
	yyjson_mut_obj_add_val(doc, doc->root, "context", context);
	return PREPARE_GOOD;
}

/* A machine inside the appliance reaches it at the other end of its card and nowhere else (docs/yard.md): its own address is the
 * odd one of a pair. */
static void reach_from_inside(struct db *db, const struct machine *m, struct prepared *p)
{
	struct object provider;
	unsigned last;

	if (!m->provider[0] || !object_get(db, OBJECT_PROVIDER, m->provider, &provider))
		return;
	if (!strcmp(object_member(&provider, "type"), PROVIDER_TEST) && sscanf(m->private, "169.254.77.%u", &last) == 1 && last % 2) {
		snprintf(p->inside, sizeof p->inside, "169.254.77.%u", last - 1);
		p->context.host = p->inside;
	}
	object_free(&provider);
}

/* Does the instance's organization want its scripts' ${...} and #if left alone? */
static bool ignores_velocity(struct db *db, const char *instance)
{
	return db_number(db, 0, "SELECT json_extract(o.doc, '$.features.ignore_velocity_templates') FROM object i JOIN object o ON o.kind = ?2"
		" AND o.id = i.organization WHERE i.kind = ?3 AND i.id = ?1", "tii", instance, (int64_t)OBJECT_ORGANIZATION, (int64_t)OBJECT_INSTANCE) == 1;
}

static enum prepare_result step(struct db *db, const struct prepare_facts *facts, struct prepared *p, yyjson_val *in)
{
	yyjson_mut_doc *doc = p->context.doc;
	yyjson_mut_val *root = doc->root, *engines;
	char base[CORE_HOSTNAME_TEXT + 16];
	struct machine m;

	if (!machine_read(db, p->task.machine, &m) || !m.channel)
		return later(p, PREPARE_LATER, "the agent is away");
	if (!facts->keyed)
		return later(p, PREPARE_LATER, "the appliance's keys are not available at the moment");
	p->channel = m.channel;
	reach_from_inside(db, &m, p);
	snprintf(base, sizeof base, "https://%s", p->context.host);
	yyjson_mut_obj_add_str(doc, root, "type", "step");
	yyjson_mut_obj_add_sint(doc, root, "task", p->task.id);
	yyjson_mut_obj_add_sint(doc, root, "fence", p->task.fence);
	yyjson_mut_obj_add_sint(doc, root, "attempt", p->task.attempts);
	yyjson_mut_obj_add_strcpy(doc, root, "event", text(in, "event"));
	yyjson_mut_obj_add_strcpy(doc, root, "instance", m.instance);
	yyjson_mut_obj_add_val(doc, root, "box", yyjson_val_mut_copy(doc, yyjson_obj_get(in, "box")));
	yyjson_mut_obj_add_strcpy(doc, root, "base", base);
	yyjson_mut_obj_add_sint(doc, root, "timeout", p->task.run);
	yyjson_mut_obj_add_sint(doc, root, "output_limit", AGENT_OUTPUT_LIMIT);
	engines = yyjson_mut_obj_add_arr(doc, root, "engines");
	if (!ignores_velocity(db, m.instance))
		yyjson_mut_arr_add_str(doc, engines, "velocity");
	yyjson_mut_arr_add_str(doc, engines, "jinja");
	return step_context(db, p, &m, in);
}

/* ---- a task for a room ---- */

static void add_bootstrap(const struct prepare_facts *facts, struct prepared *p, const struct machine *m, yyjson_mut_val *input)
{
	yyjson_mut_doc *doc = p->context.doc;
	char token[MACHINE_TOKEN], *conf, *user_data;
	struct bootstrap b = { .host = facts->agents_name, .address = facts->host, .ca = facts->ca, .machine = m->id, .token = token,
		.proxy = "", .no_proxy = "" };

	machine_token(facts->key, m->id, m->token_number, token);
	conf = bootstrap_conf(&b);
	user_data = bootstrap_user_data(&b);
	yyjson_mut_obj_add_strcpy(doc, input, "conf", conf);
	yyjson_mut_obj_add_strcpy(doc, input, "user_data", user_data);
	yyjson_mut_obj_add_strcpy(doc, input, "ca", facts->ca);
	sodium_memzero(token, sizeof token);
	sodium_memzero(conf, strlen(conf));
	sodium_memzero(user_data, strlen(user_data));
	free(conf);
	free(user_data);
}

/* The provider's record without what is secret or not the worker's concern. */
static void add_provider(struct db *db, const struct prepare_facts *facts, struct prepared *p, yyjson_mut_val *input)
{
	static const char *const left_out[] = { "services", "members", "admin_boxes", "images", "vanished", "endpoints" };
	const char *own[CORE_ADDRESSES];
	yyjson_mut_doc *doc = p->context.doc;
	yyjson_mut_val *config;
	struct object provider;

	if (!object_get(db, OBJECT_PROVIDER, p->task.provider, &provider))
		return;
	config = yyjson_mut_val_mut_copy(doc, provider.doc->root);
	for (size_t i = 0; provider_secrets[i]; i++)
		yyjson_mut_obj_remove_key(config, provider_secrets[i]);
	for (size_t i = 0; i < sizeof left_out / sizeof left_out[0]; i++)
		yyjson_mut_obj_remove_key(config, left_out[i]);
	yyjson_mut_obj_put(input, yyjson_mut_str(doc, "type"), yyjson_mut_strcpy(doc, object_member(&provider, "type")));
	yyjson_mut_obj_put(input, yyjson_mut_str(doc, "config"), config);
	p->peer = firewall_named(&provider, p->name);
	for (unsigned i = 0; i < facts->own_count; i++)
		own[i] = facts->own[i];
	endpoints_input(db, &provider, own, facts->own_count, doc, input);
	if (!p->peer && yyjson_mut_obj_get(input, "endpoints"))
		p->peer = "openstack";
	object_free(&provider);
}

/* A ticket by which the worker opens the secret (object, field), under a name of its own; keyd fills it in. */
static bool add_ticket(struct prepared *p, yyjson_mut_val *list, const char *object, const char *field, const char *name)
{
	yyjson_mut_doc *doc = p->context.doc;
	yyjson_mut_val *ticket = yyjson_mut_str(doc, ""), *o;
	const struct context_secret *s;

	if (!context_secret(&p->context, ticket, object, field))
		return false;
	s = &p->context.secrets[p->context.count - 1];
	o = yyjson_mut_arr_add_obj(doc, list);
	yyjson_mut_obj_add_strcpy(doc, o, "field", name);
	yyjson_mut_obj_add_strcpy(doc, o, "object", s->object);
	yyjson_mut_obj_add_strcpy(doc, o, "sealed_field", s->field);
	yyjson_mut_obj_add_strcpy(doc, o, "sealed", s->sealed);
	yyjson_mut_obj_add_val(doc, o, "ticket", ticket);
	return true;
}

/* Tickets for the provider's credentials, for the worker that needs them. */
static void add_tickets(struct db *db, struct prepared *p, yyjson_mut_val *input)
{
	yyjson_mut_val *list = yyjson_mut_obj_add_arr(p->context.doc, input, "tickets");
	char fields[16][128];
	sqlite3_stmt *q;
	unsigned n = 0;

	if (strcmp(p->task.worker, "cloud") != 0)
		return;
	q = db_query(db, "SELECT field FROM secret WHERE object = ? LIMIT 16", "t", p->task.provider);
	while (n < 16 && db_row(db, q))
		snprintf(fields[n++], sizeof fields[0], "%s", db_text(q, 0));
	db_end(q);
	for (unsigned i = 0; i < n; i++)
		add_ticket(p, list, p->task.provider, fields[i], fields[i]);
}

/* ---- a stack: the template of its box, and the variables of that as parameters ---- */

struct kept { struct db *db; const char *instance; };

static bool is_kept(void *arg, const char *field)
{
	const struct kept *k = arg;

	return db_number(k->db, 0, "SELECT EXISTS(SELECT 1 FROM secret WHERE object = ? AND field = ?)", "tt", k->instance, field) != 0;
}

static const char *of(yyjson_mut_val *o, const char *name)
{
	const char *s = yyjson_mut_get_str(yyjson_mut_obj_get(o, name));

	return s ? s : "";
}

static void add_parameter(struct db *db, struct prepared *p, const struct instance_stack *stack, yyjson_mut_val *variable, yyjson_mut_val *input)
{
	yyjson_mut_doc *doc = p->context.doc;
	struct kept k = { db, p->task.instance };
	const char *name = of(variable, "name"), *type = of(variable, "type");
	char field[STACK_FIELD] = "", ticket[STACK_FIELD];
	yyjson_mut_val *v;

	if (of(variable, "scope")[0] || !strcmp(type, "Box") || !strcmp(type, "Binding"))
		return;
	v = stack_value(stack, 0, name, is_kept, &k, field);
	if (!strcmp(type, "Password") && field[0]) {
		snprintf(ticket, sizeof ticket, "parameters/%s", name);
		if (add_ticket(p, yyjson_mut_obj_get(input, "tickets"), p->task.instance, field, ticket))
			yyjson_mut_arr_add_strcpy(doc, yyjson_mut_obj_get(input, "secret_parameters"), name);
		return;
	}
	v = yyjson_mut_obj_get(v, "value");
	if (v && !yyjson_mut_is_null(v))
		yyjson_mut_obj_put(yyjson_mut_obj_get(input, "parameters"), yyjson_mut_strcpy(doc, name), yyjson_mut_val_mut_copy(doc, v));
}

static enum prepare_result add_stack(struct db *db, struct prepared *p, yyjson_mut_val *input)
{
	yyjson_mut_doc *doc = p->context.doc;
	struct instance_stack stack;
	struct object instance;
	char id[OBJECT_ID];
	yyjson_mut_val *v;
	yyjson_mut_arr_iter it;

	if (strcmp(p->task.kind, "stack.put") != 0)
		return PREPARE_GOOD;
	if (!object_get(db, OBJECT_INSTANCE, p->task.instance, &instance))
		return later(p, PREPARE_NEVER, "the instance is gone");
	yyjson_mut_obj_add_obj(doc, input, "parameters");
	yyjson_mut_obj_add_arr(doc, input, "secret_parameters");
	stack_read(db, &instance, &stack);
	it = yyjson_mut_arr_iter_with(stack.count ? yyjson_mut_obj_get(stack.node[0].box, "variables") : NULL);
	while ((v = yyjson_mut_arr_iter_next(&it)))
		add_parameter(db, p, &stack, v, input);
	if (stack.count && box_blob_id(of(yyjson_mut_obj_get(stack.node[0].box, "template"), "url"), id))
		core_blob_digest(db, id, p->digest);
	stack_free(&stack);
	object_free(&instance);
	return p->digest[0] ? PREPARE_GOOD : later(p, PREPARE_NEVER, "the box has no template");
}

/* Machines inside the appliance run what a user's box says: only where an administrator has said so. */
static bool demo_on(struct db *db)
{
	char *settings = core_settings(db);
	yyjson_doc *doc = settings ? yyjson_read(settings, strlen(settings), 0) : NULL;
	bool on = yyjson_get_bool(yyjson_obj_get(yyjson_doc_get_root(doc), "demo"));

	yyjson_doc_free(doc);
	free(settings);
	return on;
}

/* Is it known of all that was tried for this machine before what it left?  Else the worker looks for it first, for a while. */
static bool definite(struct db *db, const struct core_task *t)
{
	return !db_number(db, 0, "SELECT EXISTS(SELECT 1 FROM task WHERE machine = ?1 AND machine <> '' AND kind = 'machine.create'"
		" AND json_extract(output, '$.definite') IS NOT 1 AND started > 0 AND ((id = ?2 AND ?3 > 1) OR (id <> ?2 AND state <> 'done'"
		" AND finished > ?4)))", "tiii", t->machine, t->id, t->attempts, plat_clock_wall() - SETTLED);
}

static enum prepare_result add_machine(struct db *db, const struct prepare_facts *facts, struct prepared *p, yyjson_mut_val *input)
{
	struct machine m;

	if (!p->task.machine[0] || !machine_read(db, p->task.machine, &m))
		return PREPARE_GOOD;
	yyjson_mut_obj_put(input, yyjson_mut_str(p->context.doc, "external_id"), yyjson_mut_strcpy(p->context.doc, m.external_id));
	if (strcmp(p->task.kind, "machine.create") != 0)
		return PREPARE_GOOD;
	if (!strcmp(p->task.worker, "demo") && !demo_on(db))
		return later(p, PREPARE_NEVER, "no worker for Test Provider: its machines are switched off; an administrator switches them"
			" on in the appliance's settings (demo)");
	if (!facts->keyed || !facts->ca || !facts->ca[0] || !facts->host[0])
		return later(p, PREPARE_LATER, "the appliance's keys, or its address, are not available at the moment");
	/* Given out while there was no key: nobody would ever know an agent with this token. */
	if (!machine_token_kept(db, facts->key, m.id) && !PLANTED("token-unkept"))
		return later(p, PREPARE_LATER, "the machine's token is not kept yet");
	yyjson_mut_obj_add_bool(p->context.doc, p->context.doc->root, "definite", definite(db, &p->task));
	add_bootstrap(facts, p, &m, input);
	return PREPARE_GOOD;
}

static enum prepare_result room(struct db *db, const struct prepare_facts *facts, struct prepared *p, yyjson_val *in)
{
	yyjson_mut_doc *doc = p->context.doc;
	yyjson_mut_val *root = doc->root, *input = yyjson_val_mut_copy(doc, in);
	const char *key = text(in, "key");
	int64_t left = (p->task.deadline_boot - plat_clock_boot()) / PLAT_SECOND - CORE_TASK_SLACK;

	yyjson_mut_obj_add_sint(doc, root, "task", p->task.id);
	yyjson_mut_obj_add_sint(doc, root, "fence", p->task.fence);
	yyjson_mut_obj_add_sint(doc, root, "attempt", p->task.attempts);
	yyjson_mut_obj_add_sint(doc, root, "deadline", left < 1 ? 1 : left);
	yyjson_mut_obj_add_strcpy(doc, root, "kind", p->task.kind);
	yyjson_mut_obj_add_strcpy(doc, root, "key", key[0] ? key : p->task.key);
	yyjson_mut_obj_add_val(doc, root, "input", input);
	if (!p->task.provider[0])
		return PREPARE_GOOD;
	yyjson_mut_obj_put(input, yyjson_mut_str(doc, "owner"), yyjson_mut_strcpy(doc, facts->id));
	add_provider(db, facts, p, input);
	add_tickets(db, p, input);
	return !strncmp(p->task.kind, "stack.", 6) ? add_stack(db, p, input) : add_machine(db, facts, p, input);
}

enum prepare_result prepare_message(struct db *db, const struct prepare_facts *facts, int64_t task, struct prepared *p)
{
	enum prepare_result result;
	yyjson_doc *in;

	memset(p, 0, sizeof *p);
	p->context = (struct context){ .db = db, .doc = yyjson_mut_doc_new(NULL), .key = facts->keyed ? facts->key : NULL,
		.host = facts->host };
	if (!p->context.doc)
		log_fatal("prepare");
	yyjson_mut_doc_set_root(p->context.doc, yyjson_mut_obj(p->context.doc));
	if (!core_task_read(db, task, &p->task) || (p->task.state != TASK_LEASED && p->task.state != TASK_CANCELLING))
		return PREPARE_GONE;
	/* Nobody but us knows of it: it has ended. */
	if (p->task.state == TASK_CANCELLING)
		return later(p, PREPARE_LATER, "cancelled before it was sent");
	in = yyjson_read(p->task.input, strlen(p->task.input), 0);
	result = !strcmp(p->task.kind, "script") ? step(db, facts, p, yyjson_doc_get_root(in)) : room(db, facts, p, yyjson_doc_get_root(in));
	yyjson_doc_free(in);
	return result;
}

void prepared_free(struct prepared *p)
{
	context_free(&p->context);
	yyjson_mut_doc_free(p->context.doc);
	p->context.doc = NULL;
	core_task_free(&p->task);
}
