/*
 * yard: does what demo asks, and only that: starts, ends and removes machines.
 * Nothing from outside is parsed here.
 *
 * What this does not do: remember (demo keeps the list; what runs is seen from
 * the control groups, what there is from the disks), decide, speak to core.
 */
#include <errno.h>
#include <ev.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "addr/addr.h"
#include "ipc/ipc.h"
#include "ipc/proto.h"
#include "log/log.h"
#include "room/room.h"
#include "yard.h"

#define USAGE "usage: yard"
/* Machines watched for their end, those being removed included. */
#define WATCHED_MAX 32

static struct {
	struct ipc_server *server;
	ev_io watch;
	struct { int descriptor; char machine[YARD_NAME]; } watched[WATCHED_MAX];
} y;

/* ---- the end of a machine ---- */

static void tell_ended(struct ipc_conn *c, void *arg)
{
	char body[64];
	int n = snprintf(body, sizeof body, "{\"machine\":\"%s\"}", (const char *)arg);

	(void)ipc_send(c, 0, PROTO_YARD_ENDED, 0, body, (uint32_t)n, NULL, 0);
}

static void changed(int wd)
{
	for (unsigned i = 0; i < WATCHED_MAX; i++) {
		char machine[YARD_NAME];

		if (y.watched[i].descriptor != wd || group_alive(y.watched[i].machine))
			continue;
		memcpy(machine, y.watched[i].machine, sizeof machine);
		y.watched[i].descriptor = 0;
		log_info("%s: ended", machine);
		(void)group_end(machine);
		ipc_server_each(y.server, tell_ended, machine);
	}
}

static void watch(const char *machine)
{
	char path[96];
	unsigned i;
	int wd;

	(void)snprintf(path, sizeof path, YARD_CGROUP "/%s/cgroup.events", machine);
	wd = inotify_add_watch(y.watch.fd, path, IN_MODIFY);
	if (wd == -1) {
		log_warn_errno("%s", path);
		return;
	}
	for (i = 0; i < WATCHED_MAX && y.watched[i].descriptor > 0 && y.watched[i].descriptor != wd; i++)
		;
	if (i == WATCHED_MAX)
		return;
	y.watched[i].descriptor = wd;
	(void)snprintf(y.watched[i].machine, sizeof y.watched[i].machine, "%s", machine);
	/* It may have ended before it was watched. */
	changed(wd);
}

static void on_watch(struct ev_loop *loop, ev_io *w, int events)
{
	_Alignas(struct inotify_event) char buffer[4096];
	const struct inotify_event *e;
	ssize_t n = read(w->fd, buffer, sizeof buffer);

	(void)loop;
	(void)events;
	for (char *p = buffer; n > 0 && p < buffer + n; p += sizeof *e + e->len) {
		e = (const struct inotify_event *)p;
		if (e->mask & IN_MODIFY)
			changed(e->wd);
	}
}

static void watch_one(const char *machine, void *arg)
{
	(void)arg;
	if (group_alive(machine))
		watch(machine);
	else
		(void)group_end(machine);
}

/* ---- what demo asks ---- */

static bool text(yyjson_val *root, const char *name, const char **out, size_t *len, size_t max)
{
	yyjson_val *v = yyjson_obj_get(root, name);

	*out = yyjson_get_str(v);
	*len = yyjson_get_len(v);
	return *out && *len && *len <= max && strlen(*out) == *len;
}

static bool read_name(yyjson_val *root, char out[YARD_NAME])
{
	const char *name = yyjson_get_str(yyjson_obj_get(root, "machine"));

	if (!name || yyjson_get_len(yyjson_obj_get(root, "machine")) != strlen(name) || !yard_name_valid(name))
		return false;
	strcpy(out, name);
	return true;
}

/* NULL, or what is wrong with the request. */
static const char *read_machine(yyjson_val *root, struct yard_machine *m)
{
	yyjson_val *slot = yyjson_obj_get(root, "slot"), *memory = yyjson_obj_get(root, "memory");
	size_t len;

	if (!yyjson_is_uint(slot) || yyjson_get_uint(slot) >= YARD_SLOTS)
		return "slot: is none";
	if (!yyjson_is_uint(memory) || yyjson_get_uint(memory) < 16 || yyjson_get_uint(memory) > YARD_MEMORY_MAX)
		return "memory: 16 to 256 MiB";
	m->slot = (unsigned)yyjson_get_uint(slot);
	m->memory = (unsigned)yyjson_get_uint(memory);
	if (!text(root, "name", &m->hostname, &len, 63) || !addr_hostname_valid(m->hostname))
		return "name: is no host name";
	if (!text(root, "conf", &m->conf, &m->conf_len, 16384))
		return "conf: a text of at most 16 KiB";
	if (!text(root, "ca", &m->ca, &m->ca_len, 65536))
		return "ca: a text of at most 64 KiB";
	return NULL;
}

static void do_start(struct ipc_conn *c, struct ipc_msg *msg, yyjson_val *root, const char *name)
{
	struct yard_machine m = { .slot = 0 };
	const char *wrong = read_machine(root, &m);
	char why[YARD_WHY] = "";
	int status;

	if (wrong) {
		ipc_reply_error(c, msg, 400, "%s", wrong);
		return;
	}
	(void)snprintf(m.name, sizeof m.name, "%s", name);
	status = machine_start(&m, why);
	if (status) {
		log_warn("%s: start: %s", name, why);
		ipc_reply_error(c, msg, status, "The machine could not be started: %s.", why);
		return;
	}
	watch(name);
	log_info("%s: runs", name);
	ipc_reply(c, msg, "{\"running\":true}", 16, NULL, 0);
}

static void forget(const char *name)
{
	for (unsigned i = 0; i < WATCHED_MAX; i++)
		if (y.watched[i].descriptor && !strcmp(y.watched[i].machine, name)) {
			(void)inotify_rm_watch(y.watch.fd, y.watched[i].descriptor);
			y.watched[i].descriptor = 0;
		}
}

static void do_end(struct ipc_conn *c, struct ipc_msg *msg, const char *name, bool remove)
{
	forget(name);
	if (group_end(name) == -1 || (remove && disk_remove(name) == -1)) {
		log_warn_errno("%s: end", name);
		ipc_reply_error(c, msg, 500, "The machine could not be ended: %s.", strerror(errno));
		return;
	}
	log_info("%s: %s", name, remove ? "removed" : "stopped");
	ipc_reply(c, msg, "{}", 2, NULL, 0);
}

static void list_one(const char *machine, void *arg)
{
	yyjson_mut_doc *doc = arg;
	yyjson_mut_val *list = yyjson_mut_obj_get(doc->root, "machines"), *one;
	yyjson_mut_arr_iter it = yyjson_mut_arr_iter_with(list);

	while ((one = yyjson_mut_arr_iter_next(&it)))
		if (yyjson_mut_equals_str(yyjson_mut_obj_get(one, "machine"), machine))
			return;
	one = yyjson_mut_arr_add_obj(doc, list);
	yyjson_mut_obj_add_strcpy(doc, one, "machine", machine);
	yyjson_mut_obj_add_bool(doc, one, "running", group_alive(machine));
	yyjson_mut_obj_add_bool(doc, one, "disk", disk_present(machine));
}

static void do_list(struct ipc_conn *c, struct ipc_msg *msg)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);

	if (!doc)
		log_fatal("list");
	yyjson_mut_doc_set_root(doc, yyjson_mut_obj(doc));
	yyjson_mut_obj_add_arr(doc, doc->root, "machines");
	group_each(list_one, doc);
	disk_each(list_one, doc);
	ipc_reply_json(c, msg, doc);
}

static void on_message(struct ipc_conn *c, struct ipc_msg *msg, void *arg)
{
	yyjson_doc *doc = ipc_msg_json(msg);
	yyjson_val *root = yyjson_doc_get_root(doc);
	char name[YARD_NAME] = "";

	(void)arg;
	if (!root || (msg->type != PROTO_YARD_LIST && !read_name(root, name)))
		ipc_reply_error(c, msg, 400, "machine: is no name of one");
	else if (msg->type == PROTO_YARD_LIST)
		do_list(c, msg);
	else if (msg->type == PROTO_YARD_START)
		do_start(c, msg, root, name);
	else if (msg->type == PROTO_YARD_STOP || msg->type == PROTO_YARD_REMOVE)
		do_end(c, msg, name, msg->type == PROTO_YARD_REMOVE);
	else
		ipc_reply_error(c, msg, 400, "not a message of yard");
	yyjson_doc_free(doc);
}

/* ---- start ---- */

static void on_term(struct ev_loop *loop, ev_signal *w, int events)
{
	(void)w;
	(void)events;
	ev_break(loop, EVBREAK_ALL);
}

int main(int argc, char **argv)
{
	static const struct ipc_server_ops ops = { .message = on_message };
	struct ev_loop *loop;
	ev_signal term;

	(void)argv;
	log_open("yard");
	if (argc != 1)
		log_usage(USAGE);
	loop = ev_default_loop(EVFLAG_AUTO);
	if (!loop)
		log_fatal("event loop");
	y.server = ipc_server_open(loop, &ops, NULL);
	room_fence();
	ev_io_init(&y.watch, on_watch, inotify_init1(IN_CLOEXEC | IN_NONBLOCK), EV_READ);
	if (y.watch.fd == -1)
		log_fatal("inotify");
	ev_io_start(loop, &y.watch);
	group_each(watch_one, NULL);
	ev_signal_init(&term, on_term, SIGTERM);
	ev_signal_start(loop, &term);
	room_ready();
	ev_run(loop, 0);
	return 0;
}
