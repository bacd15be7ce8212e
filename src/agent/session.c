#include <ctype.h>
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <fcntl.h>

#include "agent/agent.h"
#include "agent/session.h"

/* Time between the request to end and the end, milliseconds. */
#define GRACE 2000
#define STEP 50

/* Session, state and start of a process. */
static bool read_stat(pid_t pid, int *session, char *state, unsigned long long *start)
{
	char path[64], *after, *text;
	size_t len;
	bool good;

	snprintf(path, sizeof path, "/proc/%ld/stat", (long)pid);
	text = file_read(AT_FDCWD, path, 4096, &len);
	after = text ? strrchr(text, ')') : NULL;
	good = after && sscanf(after + 2, "%c %*d %*d %d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu", state,
		session, start) == 3;
	free(text);
	return good;
}

unsigned long long session_start(pid_t pid)
{
	unsigned long long start;
	int session;
	char state;

	return read_stat(pid, &session, &state, &start) ? start : 0;
}

/* Sends a signal to all of a session; how many were there that are not dead yet. */
static unsigned signal_all(pid_t session, int sig)
{
	DIR *d = opendir("/proc");
	struct dirent *e;
	unsigned long long start;
	unsigned n = 0;
	int of;
	char state;

	while (d && (e = readdir(d))) {
		pid_t pid = (pid_t)atol(e->d_name);

		if (!isdigit((unsigned char)e->d_name[0]) || !read_stat(pid, &of, &state, &start) || of != session || state == 'Z' || state == 'X')
			continue;
		n++;
		if (sig)
			kill(pid, sig);
	}
	if (d)
		closedir(d);
	return n;
}

static void pause_ms(long ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&t, NULL);
}

void session_end(pid_t session)
{
	signal_all(session, SIGTERM);
	signal_all(session, SIGCONT);
	for (int waited = 0; waited < GRACE && signal_all(session, 0); waited += STEP)
		pause_ms(STEP);
	/* One that forks while the list is read is found by the next look; two empty ones in a row are the end. */
	for (int empty = 0, i = 0; empty < 2 && i < 200; i++) {
		empty = signal_all(session, SIGKILL) ? 0 : empty + 1;
		if (i)
			pause_ms(5);
	}
}

void session_kill_recorded(int dir)
{
	unsigned long long start = 0, now;
	size_t len;
	long pid = 0;
	char *text = file_read(dir, "child", 256, &len);

	if (text && sscanf(text, "%ld %llu", &pid, &start) == 2 && pid > 1) {
		now = session_start((pid_t)pid);
		/* Another process by that number now means that the session is long gone. */
		if (!now || now == start)
			session_end((pid_t)pid);
	}
	free(text);
}
