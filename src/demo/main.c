/*
 * demo: see demo.h.
 *
 * What this does not do: build machines (yard), decide who may have one (core),
 * reach anything outside.
 */
#include <ev.h>
#include <signal.h>
#include <sys/stat.h>

#include "demo.h"
#include "log/log.h"
#include "room/room.h"

#define USAGE "usage: demo"

static void on_term(struct ev_loop *loop, ev_signal *w, int events)
{
	(void)w;
	(void)events;
	ev_break(loop, EVBREAK_ALL);
}

int main(int argc, char **argv)
{
	struct ev_loop *loop;
	ev_signal term;

	(void)argv;
	log_open("demo");
	if (argc != 1)
		log_usage(USAGE);
	umask(077);
	loop = ev_default_loop(EVFLAG_AUTO);
	if (!loop)
		log_fatal("event loop");
	room_fence();
	list_open();
	host_open(loop);
	work_open(loop);
	ev_signal_init(&term, on_term, SIGTERM);
	ev_signal_start(loop, &term);
	room_ready();
	ev_run(loop, 0);
	return 0;
}
