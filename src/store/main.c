/* store: the room that keeps bytes. */
#include <fcntl.h>
#include <signal.h>
#include <sodium.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log/log.h"
#include "room/room.h"
#include "store.h"

static void link_opened(struct ipc_conn *c, void *arg)
{
	struct store_link *link = calloc(1, sizeof *link);

	(void)arg;
	if (!link)
		log_fatal("link");
	link->conn = c;
	link->refs = 1;
	ipc_conn_set_data(c, link);
}

/* Uploads that were not committed have no name: closing them is all. */
static void link_closed(struct ipc_conn *c, void *arg)
{
	struct store_link *link = ipc_conn_data(c);
	struct store_upload *u;

	(void)arg;
	while ((u = link->uploads)) {
		link->uploads = u->next;
		close(u->fd);
		free(u);
	}
	link->conn = NULL;
	store_link_drop(link);
}

static void link_message(struct ipc_conn *c, struct ipc_msg *msg, void *arg)
{
	store_serve(arg, ipc_conn_data(c), msg);
}

static void end_asked(struct ev_loop *loop, struct ev_signal *s, int events)
{
	(void)s;
	(void)events;
	ev_break(loop, EVBREAK_ALL);
}

static void files_open(struct store *s)
{
	int root = open(STORE_ROOT, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (root < 0)
		log_fatal("%s", STORE_ROOT);
	s->objects = store_objects_open(root, &s->usage);
	if (s->objects < 0)
		log_fatal("%s/objects", STORE_ROOT);
	if (store_segments_open(&s->segments, root, &s->usage.bytes))
		log_fatal("%s/segments", STORE_ROOT);
	close(root);
	s->logs = store_logs_open();
	if (s->logs < 0)
		log_warn_errno("%s: the programs' logs are not shown", STORE_LOGS);
}

int main(void)
{
	static const struct ipc_server_ops ops = {
		.opened = link_opened, .message = link_message, .closed = link_closed,
	};
	static struct store store;
	void *contexts[STORE_THREADS] = { NULL };
	const struct room *self;
	struct ev_signal end;
	struct ev_loop *loop;

	log_open("store");
	umask(077);
	if (sodium_init() < 0)
		log_fatal("sodium");
	self = room_self();
	if (!self || !self->data)
		log_usage("this process is not the room store");
	store.budget = self->data;
	loop = ev_default_loop(EVFLAG_AUTO);
	if (!loop)
		log_fatal("loop");
	files_open(&store);
	ipc_server_open(loop, &ops, &store);
	room_fence();
	store.pool = work_pool_open(loop, STORE_THREADS, contexts);
	ev_signal_init(&end, end_asked, SIGTERM);
	ev_signal_start(loop, &end);
	room_ready();
	log_info("ready: %llu objects, %llu of %llu bytes", (unsigned long long)store.usage.objects,
		(unsigned long long)store.usage.bytes, (unsigned long long)store.budget);
	ev_run(loop, 0);
	return 0;
}
