/*
 * api: HTTP/1.1 on the connections that gate hands over.  Pages of the console
 * come from memory, everything below /services becomes a verb of core.
 *
 * What this does not do: TLS (gate), decisions (core), keeping files (store),
 * compression, HTTP/2, pages from outside its own directory.
 */
#include <ev.h>
#include <signal.h>

#include "access.h"
#include "adopt.h"
#include "agents.h"
#include "bootstrap.h"
#include "call.h"
#include "files.h"
#include "live.h"
#include "log/log.h"
#include "plat/heap.h"
#include "room/room.h"
#include "stored.h"
#include "ws.h"

#define USAGE "usage: api"
#define PAGES "/usr/share/cam/console"
#define BOOTSTRAP "/usr/share/cam/agent"

static void on_term(struct ev_loop *loop, ev_signal *w, int events)
{
	(void)w;
	(void)events;
	ev_break(loop, EVBREAK_ALL);
}

int main(int argc, char **argv)
{
	const struct ws_kind *const kinds[] = { &live_kind, &agents_kind };
	struct ev_loop *loop;
	ev_signal term;

	(void)argv;
	log_open("api");
	plat_heap_keep();
	if (argc != 1)
		log_usage(USAGE);
	signal(SIGPIPE, SIG_IGN);
	loop = ev_default_loop(EVBACKEND_EPOLL | EVFLAG_NOENV);
	if (!loop)
		log_fatal("event loop");
	files_load(PAGES);
	bootstrap_load(BOOTSTRAP);
	access_open(loop, ACCESS_SUMMARY_SECONDS);
	live_open(loop);
	agents_open(loop);
	ws_open(loop, kinds, sizeof kinds / sizeof *kinds);
	adopt_open(loop);
	call_open(loop);
	stored_open(loop);
	ev_signal_init(&term, on_term, SIGTERM);
	ev_signal_start(loop, &term);
	room_fence();
	room_ready();
	ev_run(loop, 0);
	log_info("stopped");
	return 0;
}
