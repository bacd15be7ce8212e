/*
 * room: the process table of the appliance and what every program does with
 * its own row.
 *
 * A room is one program under one user id inside one fence.  The table in
 * table.c is the single source for the launcher, for peer checks on unix
 * sockets, for the fences the programs put on themselves and for
 * docs/least-privilege.md.
 */
#ifndef CAM_ROOM_H
#define CAM_ROOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum room_id {
	ROOM_NONE = 0,
	ROOM_GATE,
	ROOM_KEYD,
	ROOM_HASHD,
	ROOM_API,
	ROOM_CORE,
	ROOM_STORE,
	ROOM_NET,
	ROOM_SYSD,
	ROOM_TTY,
	ROOM_LOG,		/* every room's logger */
	ROOM_DEMO,
	ROOM_YARD,
	ROOM_CLOUD,
	ROOM_FWD,
	ROOM_NAMES,
	ROOM_COUNT
};

#define ROOM_BIT(id) (1u << (id))
#define ROOM_FAMILY(af) (UINT64_C(1) << (af))
#define ROOM_CAPABILITY(cap) (UINT64_C(1) << (cap))

/* An empty directory in the root of a room with mounts. */
#define ROOM_ROOT_MOUNT "/mnt"

/* The group whose members may connect to a room: its uid and this. */
#define ROOM_CLIENTS_GROUP 1000

/* Descriptors the launcher opens before it gives up its privilege, in order,
 * starting at ROOM_FD_FIRST.  0,1,2 are null, standard error's pipe twice;
 * 3 is the readiness descriptor of s6. */
#define ROOM_FD_READY 3
#define ROOM_FD_FIRST 4

enum room_open_kind {
	ROOM_OPEN_NONE = 0,
	ROOM_OPEN_TCP,		/* listening, dual stack, non-blocking, SO_REUSEPORT off; arg = port */
	ROOM_OPEN_TTY,		/* a terminal, read and write; path; missing device = descriptor of /dev/null */
	ROOM_OPEN_SHARED	/* tmpfs file that outlives the room; path under /run/cam, arg = bytes */
};

struct room_open {
	enum room_open_kind kind;
	const char *path;
	unsigned long arg;
};

struct room_path {
	const char *path;
	uint64_t rights;	/* landlock file-system rights, as in linux/landlock.h */
};

struct room {
	enum room_id id;
	const char *name;
	const char *program;		/* absolute path */
	const char *job;		/* one line for people */
	uid_t uid;			/* gid is the same number; clients' group is uid + 1000 */
	uint32_t links;			/* ROOM_BITs of rooms it may connect to */
	uint32_t reads;			/* ROOM_BITs of rooms whose files it may read: member of their clients' group, no connection */
	bool listens;			/* owns /run/cam/<name>/sock */
	uint64_t capabilities;		/* bits of linux/capability.h, raised as ambient */
	const struct room_open *opens;	/* ends with kind ROOM_OPEN_NONE; may be NULL */
	const struct room_path *paths;	/* landlock: ends with path NULL; may be NULL = no file at all */
	const int *syscalls;		/* allowed system calls, ends with -1; on top of the common list (calls.h).
					 * With SYS_vfork clone(2) may also make processes; SYS_ioctl and SYS_prctl
					 * lift the argument limits of these two. */
	bool inet;			/* may create AF_INET/AF_INET6 sockets */
	uint64_t families;		/* ROOM_FAMILY bits: further socket families (AF_UNIX is always allowed) */
	bool mounts;			/* makes mounts and namespaces (but user namespaces), which landlock would forbid: its fence
					 * is a root directory of its own with nothing but its paths */
	bool foreign;			/* a third-party program: the launcher fences it, before exec */
	unsigned long memory;		/* bytes; cgroup memory.max where there is one */
	unsigned nofile;
	unsigned nproc;			/* threads and children */
	unsigned long memlock;		/* bytes it may lock in memory */
	int oom;			/* oom_score_adj: -1000 never killed, 1000 first */
	int nice;			/* 0..19: what nobody waits for when the appliance starts stands back */
	unsigned long data;		/* byte budget under /data, 0 = none */
};

/* The row, or NULL.  The table is constant and lives for ever. */
const struct room *room_by_id(enum room_id id);
const struct room *room_by_name(const char *name);
const struct room *room_by_uid(uid_t uid);

/* The row of this process: by $CAM_ROOM as set by the launcher, else by its
 * user id; NULL when neither names a room. */
const struct room *room_self(void);

/* May `from` connect to `to`? */
bool room_may_connect(const struct room *from, const struct room *to);

/* "read" for 0; NULL for a number this build does not know.  Async-signal-safe. */
const char *room_syscall_name(int nr);

/*
 * Fences this process in for good: landlock to the row's paths (read-only
 * where the row says so; no TCP bind or connect unless inet), then seccomp to
 * the common list and the row's list.  A call outside the list ends the
 * process with a line "room: seccomp: call 41 (socket)" and exit code 111.
 * Call after everything that needs more has been opened, before the first
 * byte from outside is read, and before threads are started (the filter is
 * inherited).  Ends the process when a fence cannot be put up.
 * With a kernel without landlock: logs it and goes on with seccomp alone.
 */
void room_fence(void);

/* Tells the supervisor that the room serves (newline on ROOM_FD_READY, then
 * closes it).  Harmless when there is no such descriptor. */
void room_ready(void);

#endif
