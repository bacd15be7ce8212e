#include "launch.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "log/log.h"

/* s6-supervise's words: the exit code, or 256 and then the signal. */
#define BY_SIGNAL 256

static int number(int argc, char **argv, int i)
{
	return argc > i ? atoi(argv[i]) : -1;
}

int finish(const struct launch *l, int argc, char **argv)
{
	int code = number(argc, argv, 1);

	cgroup_clear(l);
	if (code == BY_SIGNAL) {
		int sig = number(argc, argv, 2);

		log_warn("%s: ended: signal %d (%s)", l->title, sig, strsignal(sig));
		return EXIT_OK;
	}
	if (code == EXIT_USAGE) {
		log_warn("%s: ended: exit code %d, bad usage or configuration: not started again",
			l->title, code);
		return EXIT_PERMANENT;
	}
	log_warn("%s: ended: exit code %d", l->title, code);
	return EXIT_OK;
}
