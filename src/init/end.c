#include "init.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define END_VERB INIT_RUN "/end"
#define CONTROL INIT_SCAN "/.s6-svscan/control"
/* Seconds the services have to end by themselves, and then, after SIGTERM to what is left. */
#define SERVICES_PATIENCE 15
#define UNMOUNT_TRIES 40
#define LEFTOVER_PATIENCE 2

/*
 * Called by s6-svscan on a signal. Notes the verb and asks s6-svscan to end; then stays as the one who
 * loses patience: a service that does not end is killed, so that power off always comes.
 */
int
init_end_ask(const char *verb)
{
	int fd;

	init_say_open();
	if (init_file_write(END_VERB, verb) == -1)
		init_say("%s: cannot write: %m", END_VERB);
	init_say("end: %s asked for", verb);
	fd = open(CONTROL, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd == -1 || write(fd, "t", 1) != 1) {
		init_say("%s: cannot ask: %m", CONTROL);
		return INIT_SYSTEM;
	}
	close(fd);
	sleep(SERVICES_PATIENCE);
	init_say("end: services still running after %d s are killed", SERVICES_PATIENCE);
	kill(-1, SIGKILL);
	return INIT_OK;
}

static void
reap(int seconds)
{
	struct timespec pause = { .tv_nsec = 20 * 1000 * 1000 };

	for (int i = 0; i < seconds * 50; i++) {
		pid_t pid = waitpid(-1, NULL, WNOHANG);

		if (pid == -1 && errno == ECHILD)
			return;
		if (pid == 0)
			nanosleep(&pause, NULL);
	}
}

/* The loop devices of machines' disks let go of their files a moment after the last process. */
static void
unmount(void)
{
	struct timespec pause = { .tv_nsec = 50 * 1000 * 1000 };

	sync();
	for (int i = 0; i < UNMOUNT_TRIES; i++) {
		if (umount("/data") == 0 || errno == EINVAL)
			return;
		if (errno != EBUSY)
			break;
		nanosleep(&pause, NULL);
	}
	init_say("data: cannot unmount: %m");
	if (mount(NULL, "/data", NULL, MS_REMOUNT | MS_RDONLY, NULL) == -1)
		init_say("data: cannot make it read-only: %m");
}

void
init_end_now(const char *verb)
{
	int how = strcmp(verb, "reboot") == 0 ? RB_AUTOBOOT : strcmp(verb, "halt") == 0 ? RB_HALT_SYSTEM : RB_POWER_OFF;

	sync();
	if (getpid() == 1)
		reboot(how);
	_exit(INIT_OK);
}

/* s6-svscan becomes this when all services have ended. */
int
init_end_finish(void)
{
	char verb[16];

	if (getpid() != 1)
		return INIT_OK;
	init_say_open();
	if (init_file_read(END_VERB, verb, sizeof verb) == -1)
		snprintf(verb, sizeof verb, "reboot");
	kill(-1, SIGTERM);
	reap(LEFTOVER_PATIENCE);
	kill(-1, SIGKILL);
	reap(LEFTOVER_PATIENCE);
	if (chdir("/") == -1)
		init_say("/: cannot enter: %m");
	unmount();
	init_say("end: %s", verb);
	init_end_now(verb);
}

/* s6-svscan becomes this when it cannot go on. A reboot is the way back to a known state. */
int
init_end_crash(void)
{
	init_say_open();
	init_say("s6-svscan: has given up: rebooting");
	if (getpid() == 1)
		init_file_write(END_VERB, "reboot");
	return init_end_finish();
}
