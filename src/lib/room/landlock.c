/*
 * Landlock to the paths of a row: everything that the running kernel can
 * handle is forbidden, then the row's paths are allowed.
 */
#include "room/landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "log/log.h"
#include "room/fence.h"

#define CREATE_RULESET_VERSION 1u
#define RULE_PATH_BENEATH 1

struct ruleset {
	uint64_t fs, net, scoped;
};

/* Packed in the kernel's header as well. */
struct path_beneath {
	uint64_t allowed;
	int32_t parent;
} __attribute__((packed));

static const struct {
	long abi;
	struct ruleset adds;
} versions[] = {
	{ 1, { (LL_MAKE_SYM << 1) - 1, 0, 0 } },
	{ 2, { LL_REFER, 0, 0 } },
	{ 3, { LL_TRUNCATE, 0, 0 } },
	{ 4, { 0, LL_NET_BIND_TCP | LL_NET_CONNECT_TCP, 0 } },
	{ 5, { LL_IOCTL_DEV, 0, 0 } },
	{ 6, { 0, 0, LL_SCOPE_ABSTRACT_UNIX | LL_SCOPE_SIGNAL } },
};

/* What this kernel can forbid; the structure's size grew with the versions. */
static size_t handled(long abi, struct ruleset *set)
{
	*set = (struct ruleset){ 0, 0, 0 };
	for (size_t i = 0; i < sizeof versions / sizeof *versions; i++) {
		if (versions[i].abi > abi)
			break;
		set->fs |= versions[i].adds.fs;
		set->net |= versions[i].adds.net;
		set->scoped |= versions[i].adds.scoped;
	}
	return abi >= 6 ? 24 : abi >= 4 ? 16 : 8;
}

static void allow_path(int ruleset, uint64_t fs, const struct room_path *p)
{
	struct path_beneath rule = { .allowed = p->rights & fs };
	struct stat st;
	int fd = open(p->path, O_PATH | O_CLOEXEC);

	if (fd == -1) {
		log_warn_errno("landlock: %s", p->path);
		return;
	}
	if (fstat(fd, &st) == -1)
		log_fatal("landlock: %s", p->path);
	if (!S_ISDIR(st.st_mode))
		rule.allowed &= LL_FILE;
	rule.parent = fd;
	if (syscall(SYS_landlock_add_rule, ruleset, RULE_PATH_BENEATH, &rule, 0) != 0)
		log_fatal("landlock: allow %s", p->path);
	(void)close(fd);
}

void fence_landlock(const struct room *row)
{
	struct ruleset set;
	size_t size;
	int fd;
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, CREATE_RULESET_VERSION);

	if (abi < 1) {
		log_warn_errno("landlock: not in this kernel, going on with seccomp alone");
		return;
	}
	size = handled(abi, &set);
	if (row->inet)
		set.net = 0;
	/* A room that commands other rooms' processes by CAP_KILL keeps that. */
	if (row->capabilities & ROOM_CAPABILITY(CAP_KILL))
		set.scoped &= ~LL_SCOPE_SIGNAL;
	fd = (int)syscall(SYS_landlock_create_ruleset, &set, size, 0);
	if (fd == -1)
		log_fatal("landlock: make the rules");
	for (const struct room_path *p = row->paths; p != NULL && p->path != NULL; p++)
		allow_path(fd, set.fs, p);
	if (syscall(SYS_landlock_restrict_self, fd, 0) != 0)
		log_fatal("landlock: enforce the rules");
	(void)close(fd);
}
