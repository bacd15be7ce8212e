/* instance.machine_token, instance.agent_configuration: how an agent that somebody installs by hand gets in. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "access.h"
#include "bootstrap.h"
#include "flow.h"
#include "instance.h"
#include "machine.h"
#include "prepare.h"
#include "truth.h"
#include "verbs_instances.h"

struct token_state {
	struct prepare_facts facts;
	char *ca;
};

static void token_forget(void *state)
{
	free(((struct token_state *)state)->ca);
	sodium_memzero(state, sizeof(struct token_state));
	free(state);
}

void verb_machine_token_start(struct core_call *call)
{
	struct token_state *s = calloc(1, sizeof *s);

	if (s)
		core_prepare_facts(call->core, &s->facts);
	/* The identity may change meanwhile. */
	if (s && s->facts.ca)
		s->facts.ca = s->ca = strdup(s->facts.ca);
	if (!s || !s->facts.keyed || !s->ca || !s->ca[0]) {
		if (s)
			token_forget(s);
		core_call_refuse(call, 503, "The appliance's keys are not available at the moment. Please try again.");
		return;
	}
	call->state = s;
	call->forget = token_forget;
	core_call_write(call, call->handler->run, call->handler->after, false);
}

/* Another agent may say hello with the new one, on whatever machine it is installed; the one before ends. */
static void renew(struct db *db, const struct core_call *call, struct machine *m, char token[MACHINE_TOKEN])
{
	const struct token_state *s = call->state;

	db_run(db, "UPDATE machine SET token_number = token_number + 1, fingerprint = '', clone = '', updated = ? WHERE id = ?", "it",
		core_stamp(db), m->id);
	machine_token_keep(db, s->facts.key, m->id);
	machine_token(s->facts.key, m->id, m->token_number + 1, token);
}

/* A machine of the instance by its name, NULL = the first. */
static bool find(struct db *db, const char *instance, const char *name, struct machine *m)
{
	sqlite3_stmt *q = db_query(db, "SELECT id FROM machine WHERE instance = ?1 AND (?2 IS NULL OR name = ?2)"
		" AND state NOT IN ('gone', 'leaving') ORDER BY number LIMIT 1", "tt", instance, name);
	char id[OBJECT_ID];

	if (!db_row(db, q))
		return false;
	snprintf(id, sizeof id, "%s", db_text(q, 0));
	db_end(q);
	return machine_read(db, id, m);
}

int verb_machine_token_run(struct db *db, struct core_call *call)
{
	char token[MACHINE_TOKEN];
	yyjson_mut_val *body;
	struct machine m;
	struct object o;

	if (!access_peek(db, call, OBJECT_INSTANCE, core_call_string(call, "id"), call->verb->need, &o))
		return -1;
	object_free(&o);
	if (!find(db, core_call_string(call, "id"), core_call_string(call, "machine"), &m)) {
		core_answer_message(&call->answer, 404, "The instance has no machine of this name.");
		return -1;
	}
	renew(db, call, &m, token);
	body = core_answer_object(&call->answer, call->verb->status);
	yyjson_mut_obj_add_strcpy(call->answer.doc, body, "machine", m.id);
	yyjson_mut_obj_add_strcpy(call->answer.doc, body, "name", m.name);
	yyjson_mut_obj_add_strcpy(call->answer.doc, body, "token", token);
	sodium_memzero(token, sizeof token);
	return 0;
}

/* ---- instance.agent_configuration ---- */

static int refuse(struct core_call *call, const char *sentence)
{
	core_answer_message(&call->answer, 409, "%s", sentence);
	return -1;
}

static void answer_conf(struct db *db, struct core_call *call, struct machine *m)
{
	const struct token_state *s = call->state;
	char token[MACHINE_TOKEN], *conf, *user_data;
	struct bootstrap b = { .host = s->facts.agents_name, .address = s->facts.host, .ca = s->facts.ca, .machine = m->id, .token = token,
		.proxy = "", .no_proxy = "" };
	yyjson_mut_val *body = core_answer_object(&call->answer, call->verb->status);

	renew(db, call, m, token);
	conf = bootstrap_conf(&b);
	user_data = bootstrap_user_data(&b);
	yyjson_mut_obj_add_strcpy(call->answer.doc, body, "conf", conf);
	yyjson_mut_obj_add_strcpy(call->answer.doc, body, "user_data", user_data);
	sodium_memzero(token, sizeof token);
	sodium_memzero(conf, strlen(conf));
	sodium_memzero(user_data, strlen(user_data));
	free(conf);
	free(user_data);
}

static int configure(struct db *db, struct core_call *call, const struct object *o)
{
	enum life_situation s = life_situation(instance_state(o), instance_event(o));
	char provider[OBJECT_ID];
	struct machine m;

	flow_provider(o, provider);
	/* of an import the person who has it installs the agent */
	if (provider[0] && !object_member(o, "unregistered_id")[0])
		return refuse(call, "The instance's machines are its provider's: they bring their own configuration.");
	if (s == LIFE_TERMINATED || s == LIFE_REMOVING || s == LIFE_TERMINATING)
		return refuse(call, "The instance is terminated.");
	/* The operation that waits for it may not have begun. */
	if (!provider[0])
		machine_ensure(db, o, "", 1);
	if (!find(db, o->id, NULL, &m))
		return refuse(call, "The instance has no machine.");
	if (m.channel)
		return refuse(call, "The machine has an agent that is connected.");
	answer_conf(db, call, &m);
	return 0;
}

int verb_agent_configuration_run(struct db *db, struct core_call *call)
{
	struct object o;
	int result;

	if (!access_object(db, call, OBJECT_INSTANCE, core_call_string(call, "id"), call->verb->need, &o))
		return -1;
	result = configure(db, call, &o);
	object_free(&o);
	return result;
}
