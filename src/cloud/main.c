/* cloud: the room of the providers' drivers. */
#include <signal.h>
#include <sodium.h>
#include <string.h>
#include <unistd.h>

#include "cloud/cloud.h"
#include "cloud/http.h"
#include "log/log.h"
#include "room/room.h"

#define USAGE "cloud"

static void on_connected(struct ipc_client *cl, void *arg)
{
	(void)cl;
	(void)arg;
	cloud_tasks_hello();
}

static void on_notice(struct ipc_client *cl, struct ipc_msg *msg, void *arg)
{
	(void)cl;
	(void)arg;
	cloud_tasks_notice(msg);
}

static void on_end(struct ev_loop *loop, ev_signal *w, int events)
{
	(void)w;
	(void)events;
	ev_break(loop, EVBREAK_ALL);
}

int main(int argc, char **argv)
{
	static const struct ipc_client_ops ops = { .connected = on_connected, .notice = on_notice };
	struct ev_loop *loop;
	ev_signal end;

	(void)argv;
	log_open("cloud");
	if (argc != 1)
		log_usage("usage: " USAGE);
	if (sodium_init() < 0 || http_start())
		log_fatal("libraries");
	loop = ev_default_loop(0);
	if (!loop)
		log_fatal("event loop");
	ev_signal_init(&end, on_end, SIGTERM);
	ev_signal_start(loop, &end);
	room_fence();
	cloud_tasks_open(loop, ipc_client_open(loop, ROOM_CORE, &ops, NULL));
	cloud_tasks_start();
	room_ready();
	ev_run(loop, 0);
	/* Tasks that run now are given out again, and take up what they find.  Threads may still use what exit would free. */
	_exit(0);
}
