#include "room/fence.h"

#include <sys/prctl.h>

#include "log/log.h"
#include "room/room.h"

/* The launcher sets it too; a fence must not hang on who started us. */
static void no_new_privileges(void)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		log_fatal("fence: no_new_privs");
}

void room_fence(void)
{
	const struct room *row = room_self();

	if (row == NULL)
		log_usage("fence: this process is no room of the process table");
	no_new_privileges();
	/* No core file and no ptrace by the same user; exec had reset it. */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == -1)
		log_fatal("fence: dumpable");
	if (row->mounts)
		fence_root(row);
	else
		fence_landlock(row);
	fence_seccomp(row, true);
}

void fence_foreign(const struct room *row)
{
	no_new_privileges();
	fence_landlock(row);
	fence_seccomp(row, false);
}
