/*
 * hashd: checks passwords for core, one at a time.  See docs/keyd.md.
 */
#include <errno.h>
#include <signal.h>
#include <sodium.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "hashd.h"
#include "log/log.h"
#include "room/room.h"

#define USAGE "runs as room hashd, without arguments"
/* A password flood must not take the processor from handshakes. */
#define NICE 5

int main(int argc, char **argv)
{
	const struct room *self = room_self();
	struct ev_loop *loop;

	(void)argv;
	log_open("hashd");
	if (argc != 1 || !self || self->id != ROOM_HASHD)
		log_usage(USAGE);
	if (prctl(PR_SET_DUMPABLE, 0) || sodium_init() < 0)
		log_fatal("start");
	/* On top of what it was started with; only less would need a privilege. */
	errno = 0;
	if (nice(NICE) == -1 && errno)
		log_fatal("priority");
	signal(SIGPIPE, SIG_IGN);
	loop = ev_default_loop(EVBACKEND_EPOLL | EVFLAG_NOENV);
	if (!loop)
		log_fatal("event loop");
	hashd_listen(loop);
	room_fence();
	hashd_work();
	room_ready();
	ev_run(loop, 0);
	return 0;
}
