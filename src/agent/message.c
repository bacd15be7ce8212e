#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/agent.h"
#include "agent/message.h"
#include "strict/json.h"

static const char *text(yyjson_val *o, const char *name)
{
	return yyjson_get_str(yyjson_obj_get(o, name));
}

/* Task numbers are kept as names of directories and sent as 64 bits. */
static bool read_task(struct message *m, yyjson_val *o)
{
	yyjson_val *task = yyjson_obj_get(o, "task"), *fence = yyjson_obj_get(o, "fence");

	if (!yyjson_is_uint(task) || !yyjson_is_uint(fence) || yyjson_get_uint(task) > INT64_MAX / 10 || yyjson_get_uint(fence) > UINT32_MAX)
		return false;
	m->task = yyjson_get_uint(task);
	m->fence = (uint32_t)yyjson_get_uint(fence);
	return true;
}

/* A name that becomes a directory below /var/elasticbox. */
static bool instance_good(const char *s)
{
	size_t n = s ? strlen(s) : 0;

	if (!n || n > 64 || *s == '.')
		return false;
	return strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") == n;
}

/* A path of the appliance: nothing that could name another host or end the request line. */
static bool path_good(const char *s)
{
	size_t n = s ? strlen(s) : 0;

	if (n < 2 || n > 1000 || s[0] != '/' || s[1] == '/')
		return false;
	for (size_t i = 0; i < n; i++)
		if (s[i] <= ' ' || s[i] > '~')
			return false;
	return true;
}

static const char *read_step(struct message *m, yyjson_val *o)
{
	yyjson_val *script = yyjson_obj_get(o, "script"), *seconds = yyjson_obj_get(o, "timeout");

	if (!instance_good(text(o, "instance")))
		return "a step without a good instance";
	m->url = text(script, "url");
	if (m->url ? !path_good(m->url) : !yyjson_is_str(yyjson_obj_get(script, "text")))
		return "a step without a script";
	m->seconds = yyjson_is_int(seconds) && yyjson_get_sint(seconds) > 0 ? yyjson_get_sint(seconds) : 3600;
	m->event = text(o, "event") ? text(o, "event") : "";
	m->box = text(yyjson_obj_get(o, "box"), "name") ? text(yyjson_obj_get(o, "box"), "name") : "";
	return NULL;
}

static void read_welcome(struct message *m, yyjson_val *o)
{
	yyjson_val *u = yyjson_obj_get(o, "upgrade"), *h = yyjson_obj_get(o, "heartbeat");

	m->machine = text(o, "machine") ? text(o, "machine") : "";
	m->instance = text(o, "instance") ? text(o, "instance") : "";
	if (yyjson_is_uint(h) && yyjson_get_uint(h) >= 1 && yyjson_get_uint(h) <= 300)
		m->heartbeat = (unsigned)yyjson_get_uint(h);
	if (text(u, "version") && path_good(text(u, "path")) && text(u, "sha256") && text(u, "signature")) {
		m->upgrade.version = text(u, "version");
		m->upgrade.path = text(u, "path");
		m->upgrade.sha256 = text(u, "sha256");
		m->upgrade.signature = text(u, "signature");
	}
}

int message_read(struct message *m, const char *s, size_t len, char error[160])
{
	static const struct { const char *name; enum message_type type; bool task; } types[] = {
		{ "welcome", MESSAGE_WELCOME, false }, { "step", MESSAGE_STEP, true }, { "abort", MESSAGE_ABORT, true },
		{ "output_ack", MESSAGE_OUTPUT_ACK, true }, { "result_ack", MESSAGE_RESULT_ACK, true },
		{ "reply", MESSAGE_REPLY, false }, { "refused", MESSAGE_REFUSED, false }, { "again", MESSAGE_AGAIN, false } };
	char message[STRICT_MESSAGE];
	yyjson_val *o, *v;
	const char *type, *why;

	memset(m, 0, sizeof *m);
	m->doc = strict_json_read(s, len, NULL, message);
	o = yyjson_doc_get_root(m->doc);
	type = text(o, "type");
	if (!type) {
		snprintf(error, 160, "%.150s", m->doc ? "a message without a type" : message);
		return -1;
	}
	for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
		if (strcmp(type, types[i].name))
			continue;
		m->type = types[i].type;
		if (types[i].task && !read_task(m, o)) {
			snprintf(error, 160, "%s without task and fence", type);
			return -1;
		}
	}
	if (m->type == MESSAGE_STEP && (why = read_step(m, o))) {
		snprintf(error, 160, "task %llu: %s", (unsigned long long)m->task, why);
		return -1;
	}
	if (m->type == MESSAGE_WELCOME)
		read_welcome(m, o);
	m->length = yyjson_get_uint(yyjson_obj_get(o, "length"));
	m->accepted = yyjson_get_bool(yyjson_obj_get(o, "accepted"));
	v = yyjson_obj_get(o, "request");
	m->request = yyjson_is_uint(v) ? (uint32_t)yyjson_get_uint(v) : 0;
	m->status = yyjson_get_int(yyjson_obj_get(o, "status"));
	m->body = yyjson_obj_get(o, "body");
	m->code = text(o, "code") ? text(o, "code") : "";
	m->text = text(o, "message") ? text(o, "message") : "";
	return 0;
}

/* ---- what we say ---- */

static yyjson_mut_doc *begin(const char *type, yyjson_mut_val **o)
{
	yyjson_mut_doc *d = yyjson_mut_doc_new(NULL);

	if (!d)
		exit(EXIT_TROUBLE);
	*o = yyjson_mut_obj(d);
	yyjson_mut_doc_set_root(d, *o);
	yyjson_mut_obj_add_str(d, *o, "type", type);
	return d;
}

static char *end(yyjson_mut_doc *d, size_t *len)
{
	char *s = yyjson_mut_write(d, YYJSON_WRITE_ALLOW_INVALID_UNICODE, len);

	yyjson_mut_doc_free(d);
	if (!s)
		exit(EXIT_TROUBLE);
	return s;
}

static void put_task(yyjson_mut_doc *d, yyjson_mut_val *o, const struct step *s)
{
	yyjson_mut_obj_add_uint(d, o, "task", s->task);
	yyjson_mut_obj_add_uint(d, o, "fence", s->fence);
}

char *message_hello(const struct step *steps, size_t *len)
{
	yyjson_mut_val *o, *running, *finished;
	yyjson_mut_doc *d = begin("hello", &o);

	yyjson_mut_obj_add_int(d, o, "protocol", 1);
	yyjson_mut_obj_add_str(d, o, "version", AGENT_VERSION);
	yyjson_mut_obj_add_str(d, o, "fingerprint", facts_fingerprint());
	yyjson_mut_obj_add_str(d, o, "boot_id", facts_boot());
	yyjson_mut_obj_add_val(d, o, "facts", facts_object(d));
	running = yyjson_mut_obj_add_arr(d, o, "running");
	finished = yyjson_mut_obj_add_arr(d, o, "finished");
	for (; steps; steps = steps->next)
		if (steps->state >= STEP_WAITING && steps->state <= STEP_FINISHED)
			put_task(d, yyjson_mut_arr_add_obj(d, steps->state == STEP_FINISHED ? finished : running), steps);
	return end(d, len);
}

char *message_alive(size_t *len)
{
	yyjson_mut_val *o, *list;
	yyjson_mut_doc *d = begin("alive", &o);
	double load[3];

	facts_load(load);
	list = yyjson_mut_obj_add_arr(d, o, "load");
	for (int i = 0; i < 3; i++)
		yyjson_mut_arr_add_real(d, list, load[i]);
	return end(d, len);
}

char *message_facts(size_t *len)
{
	yyjson_mut_val *o;
	yyjson_mut_doc *d = begin("facts", &o);

	yyjson_mut_obj_add_val(d, o, "facts", facts_object(d));
	return end(d, len);
}

char *message_accepted(const struct step *s, size_t *len)
{
	yyjson_mut_val *o;
	yyjson_mut_doc *d = begin("accepted", &o);

	put_task(d, o, s);
	return end(d, len);
}

char *message_result(const struct step *s, size_t *len)
{
	yyjson_mut_val *o;
	yyjson_mut_doc *d = begin("result", &o);

	put_task(d, o, s);
	yyjson_mut_obj_add_str(d, o, "outcome", outcome_names[s->ending.outcome]);
	yyjson_mut_obj_add_int(d, o, "exit_code", s->ending.exit_code);
	yyjson_mut_obj_add_int(d, o, "signal", s->ending.signal);
	yyjson_mut_obj_add_int(d, o, "started", s->ending.started);
	yyjson_mut_obj_add_int(d, o, "finished", s->ending.finished);
	yyjson_mut_obj_add_uint(d, o, "output_length", s->ending.output_length);
	yyjson_mut_obj_add_str(d, o, "message", s->ending.message);
	return end(d, len);
}

char *message_request(uint32_t number, yyjson_val *command, size_t *len)
{
	static const char *const copied[] = { "box", "name", "value", NULL };
	yyjson_mut_val *o;
	yyjson_mut_doc *d = begin("request", &o);

	yyjson_mut_obj_add_uint(d, o, "request", number);
	yyjson_mut_obj_add_strcpy(d, o, "verb", text(command, "command"));
	for (int i = 0; copied[i]; i++)
		if (text(command, copied[i]))
			yyjson_mut_obj_add_strcpy(d, o, copied[i], text(command, copied[i]));
	return end(d, len);
}

void message_piece(uint8_t out[MESSAGE_PIECE_HEAD], const struct step *s, uint64_t offset)
{
	out[0] = 1;
	for (int i = 0; i < 8; i++) {
		out[1 + i] = (uint8_t)(s->task >> (56 - 8 * i));
		out[13 + i] = (uint8_t)(offset >> (56 - 8 * i));
	}
	for (int i = 0; i < 4; i++)
		out[9 + i] = (uint8_t)(s->fence >> (24 - 8 * i));
}
