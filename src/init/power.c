#include "init.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/*
 * The service `power`: sysd writes a word a line into a FIFO, so that no room needs the privilege to stop the
 * machine. It also hears the power button and, once after the start, marks the boot good.
 */
#define POWER_FIFO "/run/cam/power"
#define POWER_WRITER 108	/* sysd */
#define POWER_LINE 128
#define POWER_RESET "/data/.factory-reset"
/* Linux takes host names up to 64 bytes (uname(2)). */
#define HOSTNAME_MAX 64
#define READY_FD 3

/* How long after the start the boot may become good, and how often that is looked at until then. */
#define GOOD_SECONDS 900
#define GOOD_PAUSE_MS 250

/* s6's status file, 35 bytes: the last one holds the flags, bit 3 is "ready" (s6 2.11, s6_svstatus_pack). */
#define STATUS_SIZE 35
#define STATUS_READY 8

static int
service_ready(const char *name)
{
	char path[96], status[STATUS_SIZE + 1];

	snprintf(path, sizeof path, INIT_SCAN "/%s/supervise/status", name);
	return init_file_read(path, status, sizeof status) == STATUS_SIZE && status[STATUS_SIZE - 1] & STATUS_READY;
}

static int
appliance_ready(void)
{
	return service_ready("gate") && service_ready("api") && service_ready("core") && service_ready("keyd");
}

/* A process of its own: it ends when the boot is good, and keeps its privileges no longer than that. */
static void
good_start(void)
{
	struct timespec pause = { .tv_nsec = GOOD_PAUSE_MS * 1000 * 1000 };
	pid_t pid = fork();

	if (pid == -1)
		init_say("boot: cannot start the watch: %m");
	if (pid != 0)
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (int i = 0; i < GOOD_SECONDS * 1000 / GOOD_PAUSE_MS; i++) {
		if (appliance_ready())
			_exit(init_good() == 0 ? INIT_OK : INIT_SYSTEM);
		nanosleep(&pause, NULL);
	}
	init_say("boot: not ready after %d s: the entry keeps its counter", GOOD_SECONDS);
	_exit(INIT_SYSTEM);
}

int
init_power_fifo(void)
{
	if ((mkfifo(POWER_FIFO, 0600) == 0 || errno == EEXIST) && chown(POWER_FIFO, 0, POWER_WRITER) == 0
	    && chmod(POWER_FIFO, 0620) == 0)
		return 0;
	init_say("%s: cannot make: %m", POWER_FIFO);
	return -1;
}

static void
end(const char *word, int signal)
{
	init_say("power: %s", word);
	if (kill(1, signal) == -1)
		init_say("power: %s: %m", word);
}

static void
factory_reset(void)
{
	int fd = open(POWER_RESET, O_WRONLY | O_CREAT | O_CLOEXEC, 0600), dir = open("/data", O_RDONLY | O_CLOEXEC), rc = -1;

	if (fd != -1 && dir != -1 && fsync(fd) == 0 && fsync(dir) == 0)
		rc = 0;
	if (rc == -1)
		init_say("power: factory-reset: cannot note it: %m");
	if (fd != -1)
		close(fd);
	if (dir != -1)
		close(dir);
	if (rc == 0)
		end("factory-reset", SIGINT);
}

static void
hostname(const char *name)
{
	size_t n = strlen(name);
	int ok = n >= 1 && n <= HOSTNAME_MAX && *name != '-' && *name != '.';

	for (const char *p = name; ok && *p; p++)
		ok = isalnum((unsigned char)*p) || *p == '-' || *p == '.';
	if (!ok)
		init_say("power: hostname: refused: not a host name");
	else if (sethostname(name, n) == -1)
		init_say("power: hostname %s: %m", name);
}

static void
obey(const char *line)
{
	if (strcmp(line, "poweroff") == 0)
		end(line, SIGUSR2);
	else if (strcmp(line, "reboot") == 0)
		end(line, SIGINT);
	else if (strcmp(line, "factory-reset") == 0)
		factory_reset();
	else if (strncmp(line, "hostname ", 9) == 0)
		hostname(line + 9);
	else
		init_say("power: an unknown word was refused");
}

/* Lines up to POWER_LINE bytes; a longer one is refused as a whole. */
static void
words(int fd)
{
	static char buf[POWER_LINE];
	static size_t have;
	static int skip;
	char c;

	while (read(fd, &c, 1) == 1) {
		if (c != '\n') {
			if (have < sizeof buf - 1)
				buf[have++] = c;
			else
				skip = 1;
			continue;
		}
		buf[have] = 0;
		if (skip)
			init_say("power: a word longer than %d bytes was refused", POWER_LINE);
		else
			obey(buf);
		have = 0;
		skip = 0;
	}
}

int
init_power(void)
{
	struct pollfd p[2] = { { .events = POLLIN }, { .events = POLLIN } };

	init_say_open();
	signal(SIGCHLD, SIG_IGN);
	/* Read and write: so the last writer's close is no end of file. */
	p[0].fd = open(POWER_FIFO, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (p[0].fd == -1) {
		init_say("%s: cannot open: %m", POWER_FIFO);
		return INIT_SYSTEM;
	}
	p[1].fd = init_button_open();
	if (p[1].fd == -1)
		init_say("power: no power button to listen to: %m");
	good_start();
	if (init_fence() == -1) {
		init_say("power: cannot put up the fence: %m");
		return INIT_SYSTEM;
	}
	(void)!write(READY_FD, "\n", 1);
	close(READY_FD);
	for (;;) {
		if (poll(p, 2, -1) == -1 && errno != EINTR)
			return INIT_SYSTEM;
		if (p[0].revents)
			words(p[0].fd);
		if (p[1].revents && init_button_pressed(p[1].fd))
			end("poweroff", SIGUSR2);
	}
}
