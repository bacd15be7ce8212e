/*
 * The process table.  Per room: its calls, its paths, what the launcher opens
 * for it, then its row.  docs/least-privilege.md is made from this file.
 */
#include "room/calls.h"
#include "room/landlock.h"
#include "room/room.h"

#include <linux/capability.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define KIB 1024ul
#define MIB (1024ul * KIB)

/* ---- gate: TLS in, plain bytes to api; no file, no key ---- */

static const int gate_calls[] = {
	CALLS_FORK,			/* a worker per processor */
	SYS_set_tid_address,		/* what fork does in the child */
	SYS_rt_sigtimedwait,		/* the master waits for its workers */
	-1
};

static const struct room_open gate_opens[] = {
	{ ROOM_OPEN_TCP, NULL, 443 },
	{ ROOM_OPEN_SHARED, "gate.shared", 4 * MIB },	/* the session cache */
	{ ROOM_OPEN_NONE, NULL, 0 }
};

/* ---- keyd: the keys ---- */

static const int keyd_calls[] = {
	SYS_openat,			/* a leaf made anew: written, synced, renamed */
	SYS_fsync,
	SYS_renameat,
	SYS_unlinkat,
	-1
};

static const struct room_path keyd_paths[] = {
	{ "/data/keyd", ROOM_WRITE },
	{ NULL, 0 }
};

/* ---- hashd: passwords; cpu and memory only ---- */

static const int hashd_calls[] = {
	-1
};

/* ---- api: HTTP on descriptors from gate; the pages are in memory before the fence ---- */

static const int api_calls[] = {
	-1
};

/* ---- core: the database ---- */

static const int core_calls[] = {
	CALLS_READ_FILES,
	CALLS_WRITE_FILES,
	SYS_getcwd,			/* sqlite3_open makes the name absolute */
	-1
};

static const struct room_path core_paths[] = {
	{ "/data/core", ROOM_WRITE },
	{ "/sys/fs/cgroup/cam", LL_READ_FILE },	/* what the rooms' memory is */
	{ NULL, 0 }
};

/* ---- store: bytes by digest ---- */

static const int store_calls[] = {
	CALLS_READ_FILES,
	CALLS_WRITE_FILES,
	-1
};

static const struct room_path store_paths[] = {
	{ "/data/store", ROOM_WRITE },
	{ "/data/log", ROOM_READ },	/* what the programs said, for administrators */
	{ NULL, 0 }
};

/* ---- net: DHCP and NTP clients as its children, under the same filter ---- */

static const int net_calls[] = {
	CALLS_READ_FILES,
	CALLS_EXECUTE,
	SYS_bind,
	SYS_ioctl,			/* SIOCGIF*: what udhcpc asks about its interface */
	SYS_capget,
	SYS_capset,
	SYS_clock_settime,
	SYS_settimeofday,
	SYS_adjtimex,
	SYS_clock_adjtime,
	-1
};

static const struct room_path net_paths[] = {
	{ "/bin/busybox", ROOM_EXECUTE },
	{ "/bin/dhcp-event", ROOM_EXECUTE },
	{ "/dev/null", LL_READ_FILE | LL_WRITE_FILE },
	{ NULL, 0 }
};

/* ---- sysd: addresses; the host name and power are a word to init's power service ---- */

static const int sysd_calls[] = {
	CALLS_READ_FILES,
	CALLS_WRITE_FILES,
	SYS_bind,			/* of its netlink socket */
	SYS_pidfd_open,			/* hears the end of each service */
	-1
};

static const struct room_path sysd_paths[] = {
	{ "/data/sysd", ROOM_WRITE },
	{ "/run/cam/resolv", ROOM_WRITE },
	{ "/run/cam/services", ROOM_READ },
	{ "/run/cam/power", LL_WRITE_FILE },
	{ NULL, 0 }
};

/* ---- tty: the screen and the serial port ---- */

static const int tty_calls[] = {
	SYS_ioctl,			/* of the two terminals the launcher opened */
	-1
};

static const struct room_open tty_opens[] = {
	{ ROOM_OPEN_TTY, "/dev/tty1", 0 },
	{ ROOM_OPEN_TTY, "/dev/ttyS0", 0 },
	{ ROOM_OPEN_NONE, NULL, 0 }
};

/* ---- log: s6-log, once beside every room ---- */

static const int log_calls[] = {
	CALLS_READ_FILES,
	CALLS_WRITE_FILES,
	SYS_execve,
	SYS_arch_prctl,
	SYS_set_tid_address,
	SYS_signalfd4,
	SYS_chdir,
	SYS_fchdir,
	SYS_setitimer,
	SYS_wait4,
	-1
};

static const struct room_path log_paths[] = {
	{ "/data/log", ROOM_WRITE },
	{ "/run/cam/log", ROOM_WRITE },
	{ "/bin/s6-log", ROOM_EXECUTE },
	{ "/lib", ROOM_EXECUTE },
	{ "/dev/null", LL_READ_FILE | LL_WRITE_FILE },
	{ NULL, 0 }
};

/* ---- cloud: providers; no file, and no name service: core's task has the addresses ---- */

static const int cloud_calls[] = {
	-1
};

/* ---- demo: the Test Provider's worker ---- */

static const int demo_calls[] = {
	CALLS_READ_FILES,
	CALLS_WRITE_FILES,
	-1
};

static const struct room_path demo_paths[] = {
	{ "/data/demo", ROOM_WRITE },
	{ NULL, 0 }
};

/* ---- yard: the machines of the Test Provider, which inherit its filter and get a narrower one ---- */

static const int yard_calls[] = {
	CALLS_READ_FILES,
	CALLS_WRITE_FILES,
	CALLS_EXECUTE,
	SYS_mount,			/* a machine's root; only in its own mount namespace */
	SYS_umount2,
	SYS_pivot_root,
	SYS_sethostname,
	SYS_prctl,
	SYS_seccomp,
	SYS_capset,
	SYS_setgroups,
	SYS_setresuid,
	SYS_setresgid,
	SYS_landlock_create_ruleset,
	SYS_landlock_add_rule,
	SYS_landlock_restrict_self,
	SYS_ioctl,			/* loop devices; terminals of scripts */
	SYS_prlimit64,
	SYS_bind,
	SYS_pidfd_open,
	SYS_pidfd_send_signal,
	/* what else a shell, its tools and the agent call */
	SYS_listen,
	SYS_symlink,
	SYS_symlinkat,
	SYS_mknod,
	SYS_mknodat,
	SYS_chown,
	SYS_fchown,
	SYS_lchown,
	SYS_fchownat,
	SYS_fchdir,
	SYS_getcwd,
	SYS_utime,
	SYS_utimes,
	SYS_futimesat,
	SYS_getdents,
	SYS_creat,
	SYS_getxattr,
	SYS_lgetxattr,
	SYS_fgetxattr,
	SYS_listxattr,
	SYS_sendfile,
	SYS_splice,
	SYS_tee,
	SYS_copy_file_range,
	SYS_epoll_create,
	SYS_eventfd,
	SYS_inotify_init,
	SYS_inotify_init1,
	SYS_inotify_add_watch,
	SYS_inotify_rm_watch,
	SYS_signalfd4,
	SYS_setitimer,
	SYS_getitimer,
	SYS_alarm,
	SYS_pause,
	SYS_rt_sigsuspend,
	SYS_rt_sigtimedwait,
	SYS_rt_sigpending,
	SYS_getpgid,
	SYS_setpgid,
	SYS_getpgrp,
	SYS_getsid,
	SYS_getresuid,
	SYS_getresgid,
	SYS_setuid,
	SYS_setgid,
	SYS_getgroups,
	SYS_capget,
	SYS_getrlimit,
	SYS_setrlimit,
	SYS_getpriority,
	SYS_setpriority,
	SYS_sysinfo,
	SYS_times,
	SYS_sched_setaffinity,
	SYS_sched_getparam,
	SYS_sched_getscheduler,
	SYS_mlock,
	SYS_munlock,
	SYS_msync,
	SYS_mincore,
	SYS_sync,
	SYS_recvmmsg,
	SYS_sendmmsg,
	-1
};

static const struct room_path yard_paths[] = {
	{ "/data/yard", ROOM_WRITE },
	{ "/run/cam/demo-tree", ROOM_EXECUTE },
	{ "/sys/fs/cgroup/machines", ROOM_WRITE },
	{ "/dev/null", LL_READ_FILE | LL_WRITE_FILE },
	{ "/dev/zero", LL_READ_FILE },
	{ "/dev/random", LL_READ_FILE },
	{ "/dev/urandom", LL_READ_FILE },
	{ "/dev/loop65", LL_READ_FILE | LL_WRITE_FILE },
	{ "/dev/loop66", LL_READ_FILE | LL_WRITE_FILE },
	{ "/dev/loop67", LL_READ_FILE | LL_WRITE_FILE },
	{ "/dev/loop68", LL_READ_FILE | LL_WRITE_FILE },
	{ "/dev/loop69", LL_READ_FILE | LL_WRITE_FILE },
	{ "/dev/loop70", LL_READ_FILE | LL_WRITE_FILE },
	{ "/dev/loop71", LL_READ_FILE | LL_WRITE_FILE },
	{ "/dev/loop72", LL_READ_FILE | LL_WRITE_FILE },
	{ NULL, 0 }
};

/* ---- fwd: the packet filter ---- */

static const int fwd_calls[] = {
	SYS_bind,			/* of its netlink sockets */
	-1
};

/* ---- names: DNS; no file: the name servers are sysd's word ---- */

static const int names_calls[] = {
	-1
};

/* ---- the rows ---- */

static const struct room rooms[ROOM_COUNT] = {
	[ROOM_GATE] = {
		.id = ROOM_GATE, .name = "gate", .program = "/bin/gate", .uid = 101,
		.job = "TLS: accepts connections, hands their plain bytes to api",
		.links = ROOM_BIT(ROOM_KEYD) | ROOM_BIT(ROOM_API),
		.opens = gate_opens, .syscalls = gate_calls,
		.memory = 512 * MIB, .nofile = 32768, .nproc = 256,
	},
	[ROOM_KEYD] = {
		.id = ROOM_KEYD, .name = "keyd", .program = "/bin/keyd", .uid = 102,
		.job = "keys: signs, issues certificates, seals and unseals",
		.listens = true,
		.paths = keyd_paths, .syscalls = keyd_calls,
		.memory = 16 * MIB, .nofile = 256, .nproc = 8, .memlock = 8 * MIB, .oom = -900,
		.data = 4 * MIB,
	},
	[ROOM_HASHD] = {
		.id = ROOM_HASHD, .name = "hashd", .program = "/bin/hashd", .uid = 103,
		.job = "passwords: Argon2id, one at a time",
		.listens = true,
		.syscalls = hashd_calls,
		.memory = 96 * MIB, .nofile = 64, .nproc = 8, .memlock = 1 * MIB,
	},
	[ROOM_API] = {
		.id = ROOM_API, .name = "api", .program = "/bin/api", .uid = 104,
		.job = "HTTP and the console's pages; each call becomes a verb of core",
		.links = ROOM_BIT(ROOM_CORE) | ROOM_BIT(ROOM_STORE), .listens = true,
		.syscalls = api_calls,
		.memory = 256 * MIB, .nofile = 32768, .nproc = 16,
	},
	[ROOM_CORE] = {
		.id = ROOM_CORE, .name = "core", .program = "/bin/core", .uid = 105,
		.job = "the truth: rules, database, events, tasks",
		.links = ROOM_BIT(ROOM_KEYD) | ROOM_BIT(ROOM_HASHD) | ROOM_BIT(ROOM_STORE) | ROOM_BIT(ROOM_FWD),
		.listens = true,
		.paths = core_paths, .syscalls = core_calls,
		.memory = 256 * MIB, .nofile = 1024, .nproc = 32, .oom = -800,
		.data = 1024 * MIB,
	},
	[ROOM_STORE] = {
		.id = ROOM_STORE, .name = "store", .program = "/bin/store", .uid = 106,
		.job = "bytes: uploads and outputs, kept by digest; hands out the programs' logs",
		.listens = true, .reads = ROOM_BIT(ROOM_LOG),
		.paths = store_paths, .syscalls = store_calls,
		.memory = 64 * MIB, .nofile = 4096, .nproc = 16,
		.data = 512 * MIB,
	},
	[ROOM_NET] = {
		.id = ROOM_NET, .name = "net", .program = "/bin/net", .uid = 107,
		.job = "DHCP and NTP clients; hands what they learn to sysd",
		.links = ROOM_BIT(ROOM_SYSD) | ROOM_BIT(ROOM_NET) | ROOM_BIT(ROOM_FWD), .listens = true,
		.capabilities = ROOM_CAPABILITY(CAP_NET_RAW) | ROOM_CAPABILITY(CAP_NET_BIND_SERVICE) |
			ROOM_CAPABILITY(CAP_SYS_TIME),
		.paths = net_paths, .syscalls = net_calls,
		.inet = true, .families = ROOM_FAMILY(AF_PACKET) | ROOM_FAMILY(AF_NETLINK),
		.memory = 16 * MIB, .nofile = 64, .nproc = 16,
	},
	[ROOM_SYSD] = {
		.id = ROOM_SYSD, .name = "sysd", .program = "/bin/sysd", .uid = 108,
		.job = "the machine: addresses, host name, power",
		.links = ROOM_BIT(ROOM_CORE) | ROOM_BIT(ROOM_KEYD), .listens = true,
		.capabilities = ROOM_CAPABILITY(CAP_NET_ADMIN),
		.paths = sysd_paths, .syscalls = sysd_calls,
		.inet = true, .families = ROOM_FAMILY(AF_NETLINK),
		.memory = 16 * MIB, .nofile = 64, .nproc = 8,
		.data = 4 * MIB,
	},
	[ROOM_TTY] = {
		.id = ROOM_TTY, .name = "tty", .program = "/bin/tty", .uid = 109,
		.job = "the screen and the serial port",
		.links = ROOM_BIT(ROOM_CORE) | ROOM_BIT(ROOM_SYSD),
		.opens = tty_opens, .syscalls = tty_calls,
		.memory = 8 * MIB, .nofile = 64, .nproc = 4,
	},
	[ROOM_LOG] = {
		.id = ROOM_LOG, .name = "log", .program = "/bin/s6-log", .uid = 110,
		.job = "writes one room's log lines to rotated files",
		.foreign = true,
		.paths = log_paths, .syscalls = log_calls,
		.memory = 8 * MIB, .nofile = 64, .nproc = 4, .oom = -500,
		.data = 8 * MIB,
	},
	[ROOM_CLOUD] = {
		.id = ROOM_CLOUD, .name = "cloud", .program = "/bin/cloud", .uid = 113,
		.job = "providers: vCenter, OpenStack; carries out core's tasks there",
		.links = ROOM_BIT(ROOM_CORE) | ROOM_BIT(ROOM_KEYD),
		.syscalls = cloud_calls,
		.inet = true,
		.memory = 256 * MIB, .nofile = 1024, .nproc = 64, .nice = 10,	/* a thread a task */
	},
	[ROOM_DEMO] = {
		.id = ROOM_DEMO, .name = "demo", .program = "/bin/demo", .uid = 111,
		.job = "the Test Provider: core's worker, keeps the list of its machines",
		.links = ROOM_BIT(ROOM_CORE) | ROOM_BIT(ROOM_YARD),
		.paths = demo_paths, .syscalls = demo_calls,
		.memory = 16 * MIB, .nofile = 64, .nproc = 4, .nice = 10,
		.data = 1 * MIB,
	},
	[ROOM_YARD] = {
		.id = ROOM_YARD, .name = "yard", .program = "/bin/yard", .uid = 112,
		.job = "the Test Provider's machines: namespaces from the sealed tree, nothing else",
		.listens = true,
		.capabilities = ROOM_CAPABILITY(CAP_SYS_ADMIN) | ROOM_CAPABILITY(CAP_NET_ADMIN) |
			ROOM_CAPABILITY(CAP_SETUID) | ROOM_CAPABILITY(CAP_SETGID) | ROOM_CAPABILITY(CAP_SETPCAP) |
			ROOM_CAPABILITY(CAP_CHOWN) | ROOM_CAPABILITY(CAP_DAC_OVERRIDE) | ROOM_CAPABILITY(CAP_FOWNER),
		.paths = yard_paths, .syscalls = yard_calls, .mounts = true,
		.inet = true, .families = ROOM_FAMILY(AF_NETLINK),
		.memory = 16 * MIB, .nofile = 512, .nproc = 32, .nice = 10, .oom = 300,
		.data = 640 * MIB,
	},
	[ROOM_FWD] = {
		.id = ROOM_FWD, .name = "fwd", .program = "/bin/fwd", .uid = 114,
		.job = "the packet filter: what core wants, in one transaction",
		.links = ROOM_BIT(ROOM_CORE) | ROOM_BIT(ROOM_SYSD) | ROOM_BIT(ROOM_NAMES), .listens = true,
		.capabilities = ROOM_CAPABILITY(CAP_NET_ADMIN),
		.syscalls = fwd_calls,
		.families = ROOM_FAMILY(AF_NETLINK),
		.memory = 32 * MIB, .nofile = 64, .nproc = 4, .oom = -800,
	},
	[ROOM_NAMES] = {
		.id = ROOM_NAMES, .name = "names", .program = "/bin/names", .uid = 115,
		.job = "DNS: looks the names of configured peers up, for fwd",
		.links = ROOM_BIT(ROOM_SYSD), .listens = true,
		.syscalls = names_calls,
		.inet = true,
		.memory = 8 * MIB, .nofile = 256, .nproc = 4, .nice = 10,
	},
};

const struct room *room_by_id(enum room_id id)
{
	return id > ROOM_NONE && id < ROOM_COUNT ? &rooms[id] : NULL;
}

const struct room *room_by_name(const char *name)
{
	for (int id = ROOM_NONE + 1; id < ROOM_COUNT; id++)
		if (strcmp(rooms[id].name, name) == 0)
			return &rooms[id];
	return NULL;
}

const struct room *room_by_uid(uid_t uid)
{
	for (int id = ROOM_NONE + 1; id < ROOM_COUNT; id++)
		if (rooms[id].uid == uid)
			return &rooms[id];
	return NULL;
}

bool room_may_connect(const struct room *from, const struct room *to)
{
	return from != NULL && to != NULL && to->listens && (from->links & ROOM_BIT(to->id)) != 0;
}
