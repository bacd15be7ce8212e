#include "yard.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "log/log.h"

#define NAMESPACES (CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP)
/* Milliseconds until its first program must run. */
#define START_TIME 15000

bool yard_name_valid(const char *name)
{
	size_t n = strlen(name);

	return n > 2 && n < YARD_NAME - 1 && !strncmp(name, "m-", 2) &&
		strspn(name + 2, "abcdefghijklmnopqrstuvwxyz0123456789") == n - 2;
}

static int refuse(char why[YARD_WHY], const char *what)
{
	(void)snprintf(why, YARD_WHY, "%s: %s", what, strerror(errno));
	return errno == ENOSPC || errno == EDQUOT ? 507 : 500;
}

/* The first process of the machine: waits until it is where it belongs, then builds its place around itself. */
static _Noreturn void first_process(const struct yard_machine *m, int go, int said)
{
	char why[YARD_WHY] = "", byte;
	ssize_t n;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (read(go, &byte, 1) != 1)
		_exit(111);
	(void)prctl(PR_SET_PDEATHSIG, 0);
	close(go);
	place_enter(m, why);
	n = write(said, why, strlen(why));
	_exit(n < 0 ? 111 : 100);
}

static int close_pair(int p[2])
{
	close(p[0]);
	close(p[1]);
	return 0;
}

/* What the first process says: nothing, when its first program runs (the pipe is closed by that). */
static int hear(const struct yard_machine *m, int said, char why[YARD_WHY])
{
	struct pollfd p = { .fd = said, .events = POLLIN };
	ssize_t n;

	if (poll(&p, 1, START_TIME) != 1) {
		(void)snprintf(why, YARD_WHY, "it was not built within %d s", START_TIME / 1000);
		return 500;
	}
	n = read(said, why, YARD_WHY - 1);
	if (n <= 0 && group_alive(m->name))
		return 0;
	if (n <= 0) {
		(void)snprintf(why, YARD_WHY, "it ended at once");
		return 500;
	}
	why[n] = '\0';
	return 500;
}

static int put_in_place(const struct yard_machine *m, pid_t pid, char why[YARD_WHY])
{
	if (group_enter(m->name, pid) == -1)
		return refuse(why, "control group");
	if (wire_make(m->slot, pid, m->name) == -1)
		return refuse(why, "network");
	return 0;
}

static int run(const struct yard_machine *m, char why[YARD_WHY])
{
	int go[2], said[2], rc;
	pid_t pid;

	if (pipe2(go, O_CLOEXEC) == -1)
		return refuse(why, "pipe");
	if (pipe2(said, O_CLOEXEC) == -1) {
		close_pair(go);
		return refuse(why, "pipe");
	}
	pid = (pid_t)syscall(SYS_clone, NAMESPACES | SIGCHLD, 0, 0, 0, 0);
	if (pid == 0) {
		close(go[1]);
		close(said[0]);
		first_process(m, go[0], said[1]);
	}
	rc = pid == -1 ? refuse(why, "namespaces") : put_in_place(m, pid, why);
	close(said[1]);
	if (rc == 0 && write(go[1], "g", 1) != 1)
		rc = refuse(why, "pipe");
	close_pair(go);
	if (rc == 0)
		rc = hear(m, said[0], why);
	close(said[0]);
	if (rc != 0 && pid > 0) {
		(void)kill(pid, SIGKILL);
		(void)group_end(m->name);
	}
	return rc;
}

int machine_start(const struct yard_machine *m, char why[YARD_WHY])
{
	if (group_alive(m->name))
		return 0;
	if (disk_make(m->name) == -1)
		return refuse(why, "disk");
	if (group_make(m) == -1)
		return refuse(why, "control group");
	return run(m, why);
}
