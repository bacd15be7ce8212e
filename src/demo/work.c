#include "demo.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "addr/addr.h"
#include "ipc/proto.h"
#include "log/log.h"
#include "plat/clock.h"
#include "testcloud/testcloud.h"

#define MEMORY_MICRO 64
#define MEMORY_SMALL 128

/* A task under way. */
struct task {
	uint64_t task, fence;
	char machine[DEMO_NAME];
};

static struct ipc_client *core;

/* ---- results ---- */

static void on_result(struct ipc_msg *msg, int error, void *arg)
{
	(void)arg;
	/* Core gives a task whose result it has not heard out again: each may be done twice. */
	if (error || (msg->flags & IPC_ERROR))
		log_warn("core: result of a task: not taken");
}

static yyjson_mut_doc *result_new(const struct task *t, const char *outcome, const char *message)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *root = yyjson_mut_obj(doc);

	yyjson_mut_doc_set_root(doc, root);
	yyjson_mut_obj_add_uint(doc, root, "task", t->task);
	yyjson_mut_obj_add_uint(doc, root, "fence", t->fence);
	yyjson_mut_obj_add_str(doc, root, "outcome", outcome);
	yyjson_mut_obj_add_strcpy(doc, root, "message", message);
	yyjson_mut_obj_add_obj(doc, root, "output");
	return doc;
}

static void result_send(yyjson_mut_doc *doc)
{
	ipc_client_call_json(core, PROTO_CORE_RESULT, doc, 0, on_result, NULL);
}

static void result(const struct task *t, const char *outcome, const char *message)
{
	result_send(result_new(t, outcome, message));
}

static void add_machine(yyjson_mut_doc *doc, yyjson_mut_val *to, const struct machine *m)
{
	yyjson_mut_val *addresses;
	char text[64];

	(void)snprintf(text, sizeof text, DEMO_EXTERNAL "%s", m->name);
	yyjson_mut_obj_add_strcpy(doc, to, "external_id", text);
	(void)snprintf(text, sizeof text, DEMO_ADDRESS "%u", 2 * list_slot(m) + 1);
	addresses = yyjson_mut_obj_add_obj(doc, to, "addresses");
	yyjson_mut_obj_add_strcpy(doc, addresses, "public", text);
	yyjson_mut_obj_add_strcpy(doc, addresses, "private", text);
	yyjson_mut_obj_add_strcpy(doc, to, "hostname", m->host);
}

/* Yard is at what a task asked for. */
static void applied(int status, const char *message, void *arg)
{
	struct task *t = arg;
	struct machine *m = list_find(t->machine);
	yyjson_mut_doc *doc = result_new(t, status ? "failed" : "done", message);

	if (!status && m)
		add_machine(doc, yyjson_mut_obj_get(doc->root, "output"), m);
	result_send(doc);
	free(t);
}

static void apply(const struct task *from, struct machine *m)
{
	struct task *t = malloc(sizeof *t);

	if (!t)
		log_fatal("task");
	*t = *from;
	(void)snprintf(t->machine, sizeof t->machine, "%s", m->name);
	host_apply(m, applied, t);
}

/* A machine that core has no row of is named by its external id alone. */
static struct machine *machine_of(yyjson_val *input)
{
	const char *name = yyjson_get_str(yyjson_obj_get(input, "machine"));
	const char *external = yyjson_get_str(yyjson_obj_get(input, "external_id"));

	if (name && *name)
		return list_find(name);
	return external && !strncmp(external, DEMO_EXTERNAL, sizeof DEMO_EXTERNAL - 1) ?
		list_find(external + sizeof DEMO_EXTERNAL - 1) : NULL;
}

/* ---- machine.create ---- */

static bool text(yyjson_val *from, const char *name, char *out, size_t size)
{
	yyjson_val *v = yyjson_obj_get(from, name);
	const char *s = yyjson_get_str(v);

	if (!s || !*s || strlen(s) != yyjson_get_len(v) || strlen(s) >= size)
		return false;
	strcpy(out, s);
	return true;
}

static bool name_valid(const char *name)
{
	return !strncmp(name, "m-", 2) && name[2] && strspn(name + 2, "abcdefghijklmnopqrstuvwxyz0123456789") == strlen(name + 2);
}

/* The appliance as this machine reaches it, in place of where others do. */
static char *conf_for(const char *conf, unsigned slot)
{
	static const char key[] = "address=";
	const char *at = strncmp(conf, key, sizeof key - 1) ? strstr(conf, "\naddress=") : conf, *end;
	size_t before, size = strlen(conf) + 64;
	char *out = malloc(size);

	if (!out)
		log_fatal("conf");
	if (at && *at == '\n')
		at++;
	before = at ? (size_t)(at - conf) : strlen(conf);
	end = at ? strchr(at, '\n') : NULL;
	(void)snprintf(out, size, "%.*s%s" DEMO_ADDRESS "%u%s", (int)before, conf, at || (before && conf[before - 1] == '\n') ? key :
		"\naddress=", 2 * slot, end ? end : "\n");
	return out;
}

static const char *fill(struct machine *m, yyjson_val *input)
{
	const char *conf = yyjson_get_str(yyjson_obj_get(input, "conf")), *ca = yyjson_get_str(yyjson_obj_get(input, "ca"));
	const char *flavor = yyjson_get_str(yyjson_obj_get(yyjson_obj_get(input, "profile"), "flavor"));

	if (!text(input, "machine", m->name, sizeof m->name) || !name_valid(m->name))
		return "machine: is no name of one";
	if (!text(input, "key", m->key, sizeof m->key) || !text(input, "provider", m->provider, sizeof m->provider))
		return "key, provider: are missing or too long";
	if (!text(input, "name", m->host, sizeof m->host) || !addr_hostname_valid(m->host))
		return "name: is no host name";
	if (!conf || !*conf || !ca || !*ca)
		return "conf, ca: are missing";
	m->memory = flavor && !strcmp(flavor, "test.small") ? MEMORY_SMALL : MEMORY_MICRO;
	m->conf = conf_for(conf, list_slot(m));
	m->ca = strdup(ca);
	if (!m->ca)
		log_fatal("ca");
	m->running = true;
	m->ending = false;
	m->created = plat_clock_wall();
	m->used = true;
	return NULL;
}

static void do_create(const struct task *t, yyjson_val *input)
{
	const char *key = yyjson_get_str(yyjson_obj_get(input, "key"));
	struct machine *m = key ? list_find_key(key) : NULL, *same = machine_of(input);
	const char *wrong;
	char why[DEMO_WHY];

	if (m && m == same && !m->ending) {		/* the same again */
		apply(t, m);
		return;
	}
	if (m || same) {
		result(t, "failed", "A machine of this name or key is being removed.");
		return;
	}
	m = list_free();
	if (!m) {
		(void)snprintf(why, sizeof why, "The Test Provider has %d machines at most, and all are in use.", DEMO_MACHINES);
		result(t, "failed", why);
		return;
	}
	wrong = fill(m, input);
	if (wrong) {
		result(t, "refused", wrong);
		return;
	}
	if (list_save(m) == -1) {
		free(m->conf);
		free(m->ca);
		m->used = false;
		result(t, "failed", "The list of machines could not be written.");
		return;
	}
	apply(t, m);
}

/* ---- the others ---- */

static void change(const struct task *t, struct machine *m, bool running, bool ending)
{
	bool was_running = m->running, was_ending = m->ending;

	m->running = running;
	m->ending = ending;
	if (list_save(m) == 0) {
		apply(t, m);
		return;
	}
	m->running = was_running;
	m->ending = was_ending;
	result(t, "failed", "The list of machines could not be written.");
}

static void do_power(const struct task *t, yyjson_val *input, bool on)
{
	struct machine *m = machine_of(input);

	if (!m || m->ending)
		result(t, "refused", "The machine does not exist any more.");
	else
		change(t, m, on, false);
}

static void do_destroy(const struct task *t, yyjson_val *input)
{
	struct machine *m = machine_of(input);

	if (m)
		change(t, m, false, true);
	else
		result(t, "done", "");
}

static void do_list(const struct task *t, yyjson_val *input)
{
	const char *provider = yyjson_get_str(yyjson_obj_get(input, "provider"));
	yyjson_mut_doc *doc = result_new(t, "done", "");
	yyjson_mut_val *list = yyjson_mut_obj_add_arr(doc, yyjson_mut_obj_get(doc->root, "output"), "machines"), *one;
	char created[PLAT_CLOCK_TEXT];

	for (unsigned i = 0; i < DEMO_MACHINES; i++) {
		const struct machine *m = &machines[i];

		if (!m->used || !provider || strcmp(m->provider, provider))
			continue;
		one = yyjson_mut_arr_add_obj(doc, list);
		yyjson_mut_obj_add_strcpy(doc, one, "machine", m->name);
		yyjson_mut_obj_add_strcpy(doc, one, "key", m->key);
		add_machine(doc, one, m);
		yyjson_mut_obj_add_str(doc, one, "state", m->ending ? "ending" : m->running ? "running" : "stopped");
		plat_clock_text(m->created, created);
		yyjson_mut_obj_add_strcpy(doc, one, "created", created);
	}
	result_send(doc);
}

static void do_sync(const struct task *t)
{
	yyjson_mut_doc *doc = result_new(t, "done", "");

	yyjson_mut_obj_add_val(doc, yyjson_mut_obj_get(doc->root, "output"), "services", testcloud_services(doc));
	result_send(doc);
}

/* ---- core ---- */

static void do_task(yyjson_val *root)
{
	struct task t = { .task = yyjson_get_uint(yyjson_obj_get(root, "task")), .fence = yyjson_get_uint(yyjson_obj_get(root, "fence")) };
	yyjson_val *kind = yyjson_obj_get(root, "kind"), *input = yyjson_obj_get(root, "input");

	log_info("core: task %" PRIu64 ": %s", t.task, yyjson_get_str(kind) ? yyjson_get_str(kind) : "?");
	if (yyjson_equals_str(kind, "provider.sync"))
		do_sync(&t);
	else if (yyjson_equals_str(kind, "machine.create"))
		do_create(&t, input);
	else if (yyjson_equals_str(kind, "machine.start"))
		do_power(&t, input, true);
	else if (yyjson_equals_str(kind, "machine.stop"))
		do_power(&t, input, false);
	else if (yyjson_equals_str(kind, "machine.destroy"))
		do_destroy(&t, input);
	else if (yyjson_equals_str(kind, "machine.list"))
		do_list(&t, input);
	else
		result(&t, "refused", "The Test Provider knows no such task.");
}

/* Cancelling needs nothing: whatever is asked is done within seconds, and its result follows. */
static void on_notice(struct ipc_client *cl, struct ipc_msg *msg, void *arg)
{
	yyjson_doc *doc;

	(void)cl;
	(void)arg;
	if (msg->type != PROTO_CORE_TASK)
		return;
	doc = ipc_msg_json(msg);
	if (doc)
		do_task(yyjson_doc_get_root(doc));
	yyjson_doc_free(doc);
}

static void on_hello(struct ipc_msg *msg, int error, void *arg)
{
	(void)arg;
	if (!error && (msg->flags & IPC_ERROR))
		log_warn("core: does not take demo as a worker");
}

static void on_connected(struct ipc_client *cl, void *arg)
{
	char hello[64];
	int n = snprintf(hello, sizeof hello, "{\"worker\":\"demo\",\"slots\":%d,\"running\":[]}", DEMO_SLOTS);

	(void)arg;
	ipc_client_call(cl, PROTO_CORE_WORKER, hello, (uint32_t)n, NULL, 0, 0, on_hello, NULL);
}

void work_open(struct ev_loop *loop)
{
	static const struct ipc_client_ops ops = { .connected = on_connected, .notice = on_notice };

	core = ipc_client_open(loop, ROOM_CORE, &ops, NULL);
}
