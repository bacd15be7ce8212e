/* child: one applet of busybox, started again with back-off, with the capabilities it needs and no other. */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "log/log.h"
#include "net.h"
#include "room/room.h"

/* Pauses before a child that ended is started again, seconds: doubled from the first to the
 * last, and back to the first once it has run for a while. */
#define DELAY_FIRST 1.0
#define DELAY_LAST 30.0
#define RUN_LONG 60.0
/* The firewall hears of a time server when we do and opens it; ntpd, whose first question is refused, asks again only half
 * a minute later.  Seconds. */
#define NTP_DELAY 1.0

struct need {
	const char *name;
	const char *path;
	uint32_t capabilities;		/* bits; all are below 32 */
};

#define BIT(cap) (UINT32_C(1) << (cap))

static const struct need needs[] = {
	/* packets before there is an address; ports 68 and 546 */
	[LEASE_V4] = { "udhcpc", "/bin/udhcpc", BIT(CAP_NET_RAW) | BIT(CAP_NET_BIND_SERVICE) },
	[LEASE_V6] = { "udhcpc6", "/bin/udhcpc6", BIT(CAP_NET_RAW) | BIT(CAP_NET_BIND_SERVICE) },
	[LEASE_NTP] = { "ntpd", "/bin/ntpd", BIT(CAP_SYS_TIME) },
};

const char *child_name(enum lease_kind kind)
{
	return needs[kind].name;
}

static int caps_get(struct __user_cap_data_struct data[2])
{
	struct __user_cap_header_struct h = { .version = _LINUX_CAPABILITY_VERSION_3 };

	return (int)syscall(SYS_capget, &h, data);
}

static int caps_set(const struct __user_cap_data_struct data[2])
{
	struct __user_cap_header_struct h = { .version = _LINUX_CAPABILITY_VERSION_3 };

	return (int)syscall(SYS_capset, &h, data);
}

void child_init(void)
{
	struct __user_cap_data_struct data[2];

	if (caps_get(data) < 0)
		log_fatal("capabilities: cannot read them");
	data[0].effective = 0;
	data[1].effective = 0;
	if (caps_set(data) < 0)
		log_fatal("capabilities: cannot put them aside");
}

/* Only ambient capabilities pass through an exec without file capabilities (capabilities(7)); they can be
 * lowered and never raised again. */
static int keep_only(uint32_t needed)
{
	uint64_t ours = room_self()->capabilities;
	struct __user_cap_data_struct data[2];

	for (unsigned cap = 0; cap <= CAP_LAST_CAP; cap++)
		if ((ours >> cap & 1) && (cap >= 32 || !(needed & BIT(cap))) &&
		    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_LOWER, cap, 0, 0) < 0)
			return -1;
	if (caps_get(data) < 0)
		return -1;
	data[0].permitted &= needed;
	data[0].inheritable &= needed;
	data[0].effective = 0;
	data[1] = (struct __user_cap_data_struct){ 0 };
	return caps_set(data);
}

/* In the child. */
static _Noreturn void child_run(struct applet *a, int parent)
{
	const struct need *need = &needs[a->kind];
	char applet[32], number[40];
	char *argv[NET_ARGS_MAX + 1], *envp[] = { applet, number, NULL };
	struct sigaction dfl = { .sa_handler = SIG_DFL };
	sigset_t none;

	snprintf(applet, sizeof applet, "CAM_APPLET=%s", need->name);
	snprintf(number, sizeof number, "CAM_CHILD=%lu", a->number);
	command_argv(&a->command, argv);
	sigemptyset(&none);
	sigaction(SIGTERM, &dfl, NULL);
	sigaction(SIGPIPE, &dfl, NULL);
	sigprocmask(SIG_SETMASK, &none, NULL);
	/* it must not outlive us: nobody would hear it */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 || getppid() != parent)
		_exit(111);
	if (keep_only(need->capabilities) < 0)
		log_fatal("%s: capabilities", need->name);
	execve(need->path, argv, envp);
	log_fatal("%s: cannot start", need->path);
}

/* "udhcpc eth0", "ntpd". */
static const char *label(const struct applet *a)
{
	static char text[32];

	snprintf(text, sizeof text, "%s%s%s", child_name(a->kind), a->interface[0] ? " " : "", a->interface);
	return text;
}

static void say_end(const struct applet *a, int status)
{
	if (WIFSIGNALED(status))
		log_warn("%s: ended by signal %d", label(a), WTERMSIG(status));
	else
		log_warn("%s: ended with %d", label(a), WEXITSTATUS(status));
}

static void on_end(struct ev_loop *loop, ev_child *w, int events)
{
	struct applet *a = w->data;

	(void)events;
	ev_child_stop(loop, w);
	a->pid = 0;
	if (!a->wanted) {
		wanted_release(a);
		return;
	}
	if (a->replaced) {
		child_start(loop, a);
		return;
	}
	say_end(a, w->rstatus);
	a->delay = ev_now(loop) - a->started > RUN_LONG || a->delay < DELAY_FIRST ? DELAY_FIRST : a->delay * 2;
	if (a->delay > DELAY_LAST)
		a->delay = DELAY_LAST;
	ev_timer_set(&a->restart, a->delay, 0);
	ev_timer_start(loop, &a->restart);
}

static void run(struct ev_loop *loop, struct applet *a);

static void on_restart(struct ev_loop *loop, ev_timer *w, int events)
{
	(void)events;
	run(loop, w->data);
}

void child_start(struct ev_loop *loop, struct applet *a)
{
	if (a->kind != LEASE_NTP) {
		run(loop, a);
		return;
	}
	ev_timer_init(&a->restart, on_restart, NTP_DELAY, 0);
	a->restart.data = a;
	ev_timer_start(loop, &a->restart);
}

static void run(struct ev_loop *loop, struct applet *a)
{
	static unsigned long number;
	int self = getpid(), pid;

	a->number = ++number;
	a->heard = false;
	a->replaced = false;
	a->started = ev_now(loop);
	ev_timer_init(&a->restart, on_restart, 0, 0);
	a->restart.data = a;
	pid = fork();
	if (pid == 0)
		child_run(a, self);
	if (pid < 0) {
		log_warn_errno("%s: cannot fork", label(a));
		ev_timer_set(&a->restart, DELAY_LAST, 0);
		ev_timer_start(loop, &a->restart);
		return;
	}
	a->pid = pid;
	log_info("%s: started", label(a));
	ev_child_init(&a->watch, on_end, pid, 0);
	a->watch.data = a;
	ev_child_start(loop, &a->watch);
}

void child_stop(struct ev_loop *loop, struct applet *a)
{
	ev_timer_stop(loop, &a->restart);
	if (a->pid)
		kill(a->pid, SIGTERM);
}

void child_replace(struct ev_loop *loop, struct applet *a)
{
	ev_timer_stop(loop, &a->restart);
	if (!a->pid) {
		child_start(loop, a);
		return;
	}
	/* without a chance to give the lease back: the next one asks for the same */
	a->replaced = true;
	kill(a->pid, SIGKILL);
}

void child_renew(struct applet *a)
{
	if (a->pid)
		kill(a->pid, SIGUSR1);
}
