#include "launch.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "log/log.h"

/* Some hosts give even root no more than they have: then that much, and said.
 * Less is never a weaker fence. */
static int limit_within(const struct room *row, int what, rlim_t value, const char *name)
{
	struct rlimit r;

	if (getrlimit(what, &r) == -1 || r.rlim_max >= value)
		return -1;
	log_warn("%s: limit %s: only %llu of %llu", row->name, name,
		(unsigned long long)r.rlim_max, (unsigned long long)value);
	r.rlim_cur = r.rlim_max;
	return setrlimit(what, &r);
}

static void limit(const struct room *row, int what, rlim_t value, const char *name)
{
	struct rlimit r = { .rlim_cur = value, .rlim_max = value };

	if (setrlimit(what, &r) == -1 && (errno != EPERM || limit_within(row, what, value, name) == -1))
		log_fatal("%s: limit %s", row->name, name);
}

void limits_priority(const struct room *row)
{
	if (row->nice != 0 && setpriority(PRIO_PROCESS, 0, row->nice) == -1)
		log_warn_errno("%s: priority", row->name);
}

void limits_set(const struct room *row)
{
	char number[16];
	sigset_t none;

	limit(row, RLIMIT_NOFILE, row->nofile, "nofile");
	limit(row, RLIMIT_CORE, 0, "core");
	limit(row, RLIMIT_MEMLOCK, row->memlock, "memlock");
	(void)snprintf(number, sizeof number, "%d", row->oom);
	if (row->oom != 0 && file_write("/proc/self/oom_score_adj", number) == -1)
		log_warn_errno("%s: oom_score_adj", row->name);
	/* logs are read by their group: logger.c */
	(void)umask(row->id == ROOM_LOG ? 0027 : 0077);
	sigemptyset(&none);
	if (sigprocmask(SIG_SETMASK, &none, NULL) == -1)
		log_fatal("%s: signal mask", row->name);
}
