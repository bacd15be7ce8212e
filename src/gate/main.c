/*
 * gate: TLS on port 443.
 *
 * The master holds the listening socket and the session cache that the
 * launcher opened, keeps one worker process per processor alive and takes no
 * byte from outside itself.  See docs/gate.md.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "limits.h"
#include "log/log.h"
#include "pump.h"
#include "room/room.h"
#include "tls/server.h"
#include "tls/sessions.h"
#include "worker.h"

#define USAGE "usage: gate (started by the launcher, without arguments)"

#define LISTENER ROOM_FD_FIRST
#define SHARED (ROOM_FD_FIRST + 1)

struct child {
	pid_t pid;		/* 0 = to be started */
	uint64_t started, again;	/* milliseconds */
};

static struct child children[GATE_WORKERS_MAX];
static unsigned nchildren;
static unsigned young_deaths;
static int life[2];
static struct tls_sessions sessions;
static struct worker_config config;
static sigset_t waited, inherited;

/* ---- before the fence ---- */

/* Accepted sockets inherit these. */
static void listener_options(void)
{
	static const struct { int name, value; } options[] = {
		{ TCP_NODELAY, 1 },
		{ TCP_NOTSENT_LOWAT, GATE_NOTSENT },
		{ TCP_USER_TIMEOUT, GATE_USER_TIMEOUT_MS }
	};

	for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
		if (setsockopt(LISTENER, IPPROTO_TCP, options[i].name, &options[i].value,
				sizeof options[i].value) < 0)
			log_fatal("listener: option %d", options[i].name);
}

static unsigned processors(void)
{
	cpu_set_t set;
	int n;

	if (sched_getaffinity(0, sizeof set, &set) < 0)
		return 1;
	n = CPU_COUNT(&set);
	return n < 1 ? 1 : n > GATE_WORKERS_MAX ? GATE_WORKERS_MAX : (unsigned)n;
}

/* As many as the room's memory and a worker's descriptors carry. */
static unsigned conns_per_worker(void)
{
	const struct room *row = room_self();
	struct rlimit files;
	unsigned long n = GATE_CONNS_MAX, by_memory = row->memory / GATE_CONN_MEMORY / nchildren, by_files;

	if (row->memory != 0 && by_memory < n)
		n = by_memory;
	if (getrlimit(RLIMIT_NOFILE, &files) < 0)
		log_fatal("limit of descriptors");
	if (files.rlim_cur <= GATE_OTHER_FDS + GATE_CONN_FDS)
		log_usage("limit of descriptors: %lu are too few", (unsigned long)files.rlim_cur);
	by_files = (files.rlim_cur - GATE_OTHER_FDS) / GATE_CONN_FDS;
	return (unsigned)(by_files < n ? by_files : n);
}

static void prepare(void)
{
	if (room_self() == NULL)
		log_usage(USAGE);
	if (tls_start() < 0)
		log_fatal("cryptography: start");
	listener_options();
	if (tls_sessions_open(&sessions, SHARED) < 0)
		log_fatal("session cache");
	close(SHARED);
	if (pipe2(life, O_CLOEXEC | O_NONBLOCK) < 0)
		log_fatal("pipe");
	nchildren = processors();
	config = (struct worker_config){
		.listener = LISTENER, .life = life[0], .conns = conns_per_worker(), .sessions = &sessions
	};
}

/* ---- workers ---- */

static void child_start(struct child *c)
{
	pid_t pid = fork();

	if (pid < 0)
		log_fatal("worker: fork");
	if (pid == 0) {
		close(life[1]);
		close(ROOM_FD_READY);
		sigprocmask(SIG_SETMASK, &inherited, NULL);
		worker_run(&config);
	}
	c->pid = pid;
	c->started = pump_now();
}

static void child_died(struct child *c, int status)
{
	uint64_t now = pump_now();
	bool young = now - c->started < GATE_WORKER_YOUNG_MS;

	if (WIFSIGNALED(status))
		log_warn("worker: %d: killed by signal %d", (int)c->pid, WTERMSIG(status));
	else
		log_warn("worker: %d: left with %d", (int)c->pid, WEXITSTATUS(status));
	c->pid = 0;
	c->again = young ? now + GATE_WORKER_YOUNG_MS : now;
	young_deaths = young ? young_deaths + 1 : 0;
	if (young_deaths >= GATE_WORKER_DEATHS) {
		errno = ECANCELED;
		log_fatal("worker: %u died young in a row", young_deaths);
	}
}

static void children_reap(void)
{
	pid_t pid;
	int status;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		for (unsigned i = 0; i < nchildren; i++)
			if (children[i].pid == pid)
				child_died(&children[i], status);
}

/* Starts those that are due.  Returns the milliseconds until the next, or -1. */
static int children_start(void)
{
	uint64_t now = pump_now();
	int next = -1;

	for (unsigned i = 0; i < nchildren; i++) {
		int left;

		if (children[i].pid != 0)
			continue;
		if (children[i].again <= now) {
			child_start(&children[i]);
			continue;
		}
		left = (int)(children[i].again - now);
		next = next < 0 || left < next ? left : next;
	}
	return next;
}

static bool children_signal(int signal)
{
	bool any = false;

	for (unsigned i = 0; i < nchildren; i++)
		if (children[i].pid != 0) {
			kill(children[i].pid, signal);
			any = true;
		}
	return any;
}

/* ---- the master's loop ---- */

/* The next signal, or 0 when ms (-1 = for ever) have passed. */
static int signal_wait(int ms)
{
	struct timespec ts = { ms / 1000, ms % 1000 * 1000000L };
	int s = ms < 0 ? sigwaitinfo(&waited, NULL) : sigtimedwait(&waited, NULL, &ts);

	return s < 0 ? 0 : s;
}

static _Noreturn void stop(void)
{
	uint64_t end = pump_now() + GATE_STOP_MS;

	children_signal(SIGTERM);
	for (;;) {
		uint64_t now = pump_now();
		pid_t pid;

		while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
			for (unsigned i = 0; i < nchildren; i++)
				if (children[i].pid == pid)
					children[i].pid = 0;
		if (pid < 0 && errno == ECHILD)
			break;
		if (now >= end) {
			children_signal(SIGKILL);
			break;
		}
		signal_wait((int)(end - now));
	}
	log_info("stopped");
	_exit(0);
}

static void serve(void)
{
	bool ready = false;

	for (;;) {
		switch (signal_wait(children_start())) {
		case SIGTERM:
		case SIGINT:
			stop();
		case SIGUSR1:
			if (!ready) {
				log_info("ready: %u workers, %u connections each, %zu sessions",
					nchildren, config.conns, tls_sessions_capacity(&sessions));
				room_ready();
			}
			ready = true;
			break;
		default:
			children_reap();
			break;
		}
	}
}

int main(int argc, char **argv)
{
	(void)argv;
	log_open("gate");
	if (argc != 1)
		log_usage(USAGE);
	prepare();
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&waited);
	sigaddset(&waited, SIGCHLD);
	sigaddset(&waited, SIGTERM);
	sigaddset(&waited, SIGINT);
	sigaddset(&waited, SIGUSR1);
	sigprocmask(SIG_BLOCK, &waited, &inherited);
	room_fence();
	serve();
	return 0;
}
