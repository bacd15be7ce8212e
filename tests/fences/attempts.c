#include "probe.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TRY(name) static long name(const struct room *self __attribute__((unused)), \
	const char *what __attribute__((unused)))

#define X32_BIT 0x40000000

/* How long a room we may connect to may take to listen, in steps of 20 ms. */
#define CONNECT_STEPS 500

/* ---- files ---- */

static int open_at(const char *path, int flags) { return openat(AT_FDCWD, path, flags, 0600); }

TRY(read_passwd) { return open_at("/etc/passwd", O_RDONLY); }
TRY(read_root) { return open_at("/", O_RDONLY | O_DIRECTORY); }
TRY(read_init_status) { return open_at("/proc/1/status", O_RDONLY); }
TRY(read_device) { return open_at("/dev/zero", O_RDONLY); }
TRY(read_memory) { return open_at("/proc/self/mem", O_RDWR); }
TRY(read_share) { return open_at("/usr/share/cam", O_RDONLY | O_DIRECTORY); }
TRY(read_services) { return open_at("/run/cam/services", O_RDONLY | O_DIRECTORY); }
TRY(read_interfaces) { return open_at("/sys/class/net", O_RDONLY | O_DIRECTORY); }
TRY(read_logs) { return open_at("/data/log", O_RDONLY | O_DIRECTORY); }
TRY(write_run) { return open_at("/run/probe", O_WRONLY | O_CREAT); }
TRY(write_services) { return open_at("/run/cam/services/probe", O_WRONLY | O_CREAT); }
/* Gate's launcher makes it, perhaps a moment later. */
TRY(write_session_cache) {
	struct timespec step = { 0, 20000000 };
	long rc = -1;

	errno = ENOENT;
	for (int i = 0; i < CONNECT_STEPS && rc == -1 && errno == ENOENT; i++) {
		rc = open_at("/run/cam/gate.shared", O_RDWR);
		if (rc == -1 && errno == ENOENT && nanosleep(&step, NULL) == 0)
			errno = ENOENT;
	}
	return rc;
}
TRY(write_sysctl) { return open_at("/proc/sys/kernel/core_pattern", O_WRONLY); }
TRY(read_cgroup) { return open_at("/sys/fs/cgroup/cam/keyd/cgroup.events", O_RDONLY); }
TRY(write_cgroup) { return open_at("/sys/fs/cgroup/cgroup.procs", O_WRONLY); }
TRY(write_resolv) { return open_at("/run/cam/resolv/probe", O_WRONLY | O_CREAT); }
TRY(make_node) { return mknod("/data/probe", S_IFCHR | 0600, 0x0103); }
TRY(make_socket) {
	char path[96];

	(void)snprintf(path, sizeof path, "/data/%s/socket", self->name);
	return mknod(path, S_IFSOCK | 0600, 0);
}
TRY(make_symlink) {
	char path[96];

	(void)snprintf(path, sizeof path, "/data/%s/link", self->name);
	return symlink("/etc/passwd", path);
}
TRY(setuid_file) {
	char path[96];
	int fd;

	(void)snprintf(path, sizeof path, "/data/%s/probe", self->name);
	fd = open_at(path, O_RDWR | O_CREAT);
	return fd == -1 ? -1 : fchmod(fd, 06755);
}

/* Makes a file below /data/<room>, writes, removes it. */
long attempt_data(const struct room *self, const char *name)
{
	char path[96];
	int fd;

	(void)self;
	(void)snprintf(path, sizeof path, "/data/%s/probe", strchr(name, ':') + 1);
	fd = open_at(path, O_RDWR | O_CREAT);
	if (fd == -1 || write(fd, "x", 1) != 1)
		return -1;
	return unlinkat(AT_FDCWD, path, 0);
}

/* ---- sockets ---- */

TRY(socket_unix) { return socket(AF_UNIX, SOCK_STREAM, 0); }
TRY(socket_tcp4) { return socket(AF_INET, SOCK_STREAM, 0); }
TRY(socket_tcp6) { return socket(AF_INET6, SOCK_STREAM, 0); }
TRY(socket_udp) { return socket(AF_INET, SOCK_DGRAM, 0); }
TRY(socket_icmp) { return socket(AF_INET, SOCK_RAW, IPPROTO_ICMP); }
TRY(socket_netlink) { return socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE); }
TRY(socket_packet) { return socket(AF_PACKET, SOCK_DGRAM, 0); }
TRY(socket_vsock) { return socket(AF_VSOCK, SOCK_STREAM, 0); }
TRY(socket_alg) { return socket(AF_ALG, SOCK_SEQPACKET, 0); }
TRY(pair_unix) { int p[2]; return socketpair(AF_UNIX, SOCK_STREAM, 0, p); }
TRY(pair_tipc) { int p[2]; return socketpair(AF_TIPC, SOCK_STREAM, 0, p); }

/* The kernel looks at 32 bits of the family, and so must the filter. */
TRY(socket_wide) { return syscall(SYS_socket, (1l << 32) | AF_INET, SOCK_STREAM, 0); }

TRY(interface_up) {
	struct ifreq r = { .ifr_name = "lo" };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (fd == -1)
		return -1;
	r.ifr_flags = IFF_UP;
	return ioctl(fd, SIOCSIFFLAGS, &r);
}

long attempt_connect(const struct room *self, const char *name)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int rc = -1, fd = socket(AF_UNIX, SOCK_STREAM, 0);

	if (fd == -1)
		return -1;
	(void)snprintf(to.sun_path, sizeof to.sun_path, "/run/cam/%s/sock", strchr(name, ':') + 1);
	for (int i = 0; i < CONNECT_STEPS && rc == -1; i++) {
		struct timespec step = { 0, 20000000 };

		rc = connect(fd, (struct sockaddr *)&to, sizeof to);
		/* In a root of its own there is nothing to wait for. */
		if (rc == -1 && (self->mounts || (errno != ENOENT && errno != ECONNREFUSED)))
			break;
		if (rc == -1)
			(void)nanosleep(&step, NULL);
	}
	return rc;
}

/* The parent, outside the fence, listens there. */
TRY(connect_abstract) {
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int len = snprintf(to.sun_path + 1, sizeof to.sun_path - 1, "probe-%s", self->name);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	return fd == -1 ? -1 : connect(fd, (struct sockaddr *)&to,
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)len));
}

/* ---- other processes ---- */

/* The bare call: musl's fork() blocks signals, and a forbidden call with SIGSYS
 * blocked ends the process without a line. */
TRY(fork_self) {
	long pid = syscall(SYS_fork);

	if (pid == 0)
		_exit(0);
	return pid;
}
TRY(execute_data) {
	char *const argv[] = { "probe", NULL };

	return execve("/etc/passwd", argv, NULL);
}
/* The suite puts the probe there: it starts behind the fence it inherits and
 * ends at once. */
TRY(execute) {
	char *const argv[] = { "probe", "child", NULL };

	return execve("/bin/busybox", argv, NULL);
}
/* The shell in the sealed tree; the suite puts the probe there as well. */
TRY(execute_sealed) {
	char *const argv[] = { "probe", "child", NULL };

	return execve("/run/cam/demo-tree/bin/busybox", argv, NULL);
}
TRY(clone_process) {
	long pid = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);

	if (pid == 0)
		_exit(0);
	return pid;
}
TRY(clone_user_namespace) {
	long pid = syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0);

	if (pid == 0)
		_exit(0);
	return pid;
}
TRY(clone3_process) { char args[64] = { 0 }; return syscall(SYS_clone3, args, sizeof args); }
TRY(unshare_user) { return unshare(CLONE_NEWUSER); }
TRY(unshare_net) { return unshare(CLONE_NEWNET); }
TRY(enter_namespace) { return setns(0, CLONE_NEWNET); }
TRY(kill_init) { return kill(1, 0); }
TRY(kill_parent) { return kill(getppid(), 0); }
TRY(kill_all) { return kill(-1, 0); }
TRY(kill_self) { return syscall(SYS_tgkill, getpid(), gettid(), 0); }
TRY(trace) { return ptrace(PTRACE_TRACEME, 0, 0, 0); }
TRY(read_process) { return syscall(SYS_process_vm_readv, getppid(), 0, 0, 0, 0, 0); }
TRY(steal_descriptor) { return syscall(SYS_pidfd_getfd, 0, 0, 0); }

static void *nothing(void *arg)
{
	(void)prctl(PR_SET_NAME, "probe thread");
	return arg;
}
TRY(thread) {
	pthread_t t;
	int rc = pthread_create(&t, NULL, nothing, NULL);

	if (rc == 0)
		rc = pthread_join(t, NULL);
	errno = rc;
	return rc == 0 ? 0 : -1;
}

/* ---- memory ---- */

static long map(int prot)
{
	return mmap(NULL, 4096, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? -1 : 0;
}
TRY(map_data) { return map(PROT_READ | PROT_WRITE); }
TRY(map_code) { return map(PROT_READ | PROT_EXEC); }
TRY(map_writable_code) { return map(PROT_READ | PROT_WRITE | PROT_EXEC); }
TRY(protect_code) {
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? -1 : mprotect(p, 4096, PROT_READ | PROT_EXEC);
}
TRY(protect_code_key) { return syscall(SYS_pkey_mprotect, 0, 4096, PROT_EXEC, -1); }
TRY(big_allocation) {
	void *p = malloc(8 << 20);
	long rc = p == NULL ? -1 : 0;

	free(p);
	return rc;
}

/* ---- the machine ---- */

/* Without its fence the room that may mount would take the floor from under the house. */
static bool would_break(const struct room *self)
{
#ifdef PROBE_WITHOUT_FENCE
	errno = ENOSYS;
	return self->mounts;
#else
	(void)self;
	return false;
#endif
}
TRY(mount_tmpfs) { return would_break(self) ? -1 : syscall(SYS_mount, "none", "/run", "tmpfs", 0, 0); }
TRY(unmount) { return would_break(self) ? -1 : syscall(SYS_umount2, "/data", 0); }
TRY(change_root) { return chroot("/data"); }
TRY(power_off) { return syscall(SYS_reboot, 0, 0, 0, 0); }	/* wrong magic: EINVAL at most */
TRY(host_name) { return sethostname("probe", 5); }
TRY(load_module) { return syscall(SYS_init_module, 0, 0, 0); }
TRY(load_kernel) { return syscall(SYS_kexec_load, 0, 0, 0, 0); }
TRY(set_clock) {
	struct timespec t = { -1, 0 };	/* refused even to root: the clock stays */

	return clock_settime(CLOCK_REALTIME, &t);
}
TRY(ports) { return syscall(SYS_ioperm, 0x70, 1, 1); }
TRY(program_bpf) { return syscall(SYS_bpf, 0, 0, 0); }
TRY(perf) { return syscall(SYS_perf_event_open, 0, 0, 0, 0, 0); }
TRY(uring) { return syscall(SYS_io_uring_setup, 1, 0); }
TRY(keyring) { return syscall(SYS_keyctl, 0, 0, 0, 0, 0); }
TRY(fault_handler) { return syscall(SYS_userfaultfd, 0); }
TRY(memory_file) { return memfd_create("probe", 0); }
TRY(personality_set) { return syscall(SYS_personality, 0x0400000); }	/* READ_IMPLIES_EXEC */
TRY(local_descriptor_table) { return syscall(SYS_modify_ldt, 0, 0, 0); }
TRY(file_handle) { return syscall(SYS_open_by_handle_at, -1, 0, 0); }
TRY(kernel_messages) { return syscall(SYS_syslog, 3, 0, 0); }

/* ---- itself ---- */

TRY(become_root) { return syscall(SYS_setresuid, 0, 0, 0); }
TRY(take_groups) { gid_t g = 0; return (long)syscall(SYS_setgroups, 1, &g); }
TRY(take_capabilities) { return syscall(SYS_capset, 0, 0); }
TRY(filter_again) { return syscall(SYS_seccomp, 0, 0, 0); }
TRY(dump_on) { return prctl(PR_SET_DUMPABLE, 1, 0, 0, 0); }
TRY(dump_off) { return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); }
TRY(no_name) { return prctl(PR_SET_NAME, "probe"); }
TRY(parent_signal) { return prctl(PR_SET_PDEATHSIG, 0); }
TRY(ambient_raise) { return prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, 21, 0, 0); }
TRY(ambient_clear) { return prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0); }
TRY(keep_capabilities) { return prctl(PR_SET_KEEPCAPS, 1); }
TRY(limit_read) { struct rlimit r; return getrlimit(RLIMIT_NOFILE, &r); }
TRY(limit_set) { struct rlimit r = { 16, 16 }; return setrlimit(RLIMIT_NOFILE, &r); }
TRY(type_into_terminal) { char c = 'x'; return ioctl(0, TIOCSTI, &c); }
TRY(nonblocking) { int on = 1; return ioctl(1, FIONBIO, &on); }

/* ---- other ways into the kernel ---- */

TRY(call_x32) { return syscall(X32_BIT + SYS_getpid); }
TRY(call_i386) {
	long rc = 20;	/* getpid of i386, writev of x86-64 */

	__asm__ volatile("int $0x80" : "+a"(rc) : : "memory", "r8", "r9", "r10", "r11");
	return rc;
}

/* ---- clocks as real calls: what a clock source without vDSO makes of them ---- */

TRY(clock_real) { struct timespec t; return syscall(SYS_clock_gettime, CLOCK_REALTIME, &t); }
TRY(clock_monotonic) { struct timespec t; return syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &t); }
TRY(clock_boot) { struct timespec t; return syscall(SYS_clock_gettime, CLOCK_BOOTTIME, &t); }
TRY(clock_coarse) { struct timespec t; return syscall(SYS_clock_gettime, CLOCK_MONOTONIC_COARSE, &t); }
TRY(clock_resolution) { struct timespec t; return syscall(SYS_clock_getres, CLOCK_MONOTONIC, &t); }
TRY(clock_day) { struct timeval t; return syscall(SYS_gettimeofday, &t, NULL); }
TRY(clock_time) { return syscall(SYS_time, NULL); }
TRY(clock_cpu) { unsigned c; return syscall(SYS_getcpu, &c, NULL, NULL); }
TRY(clock_sleep) { struct timespec t = { 0, 1000 }; return syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, &t, NULL); }
TRY(random_bytes) { char b[8]; return syscall(SYS_getrandom, b, sizeof b, 0); }

/* A call by number with arguments that no call accepts. */
long attempt_call(const struct room *self, const char *name)
{
	(void)self;
	return syscall(atol(strchr(name, ':') + 1), -1l, -1l, -1l, -1l, -1l, -1l);
}

const struct attempt attempts[] = {
	{ "read-passwd", read_passwd },
	{ "read-root", read_root },
	{ "read-init-status", read_init_status },
	{ "read-device", read_device },
	{ "read-memory", read_memory },
	{ "read-share", read_share },
	{ "read-services", read_services },
	{ "read-interfaces", read_interfaces },
	{ "read-logs", read_logs },
	{ "write-run", write_run },
	{ "write-services", write_services },
	{ "write-session-cache", write_session_cache },
	{ "write-sysctl", write_sysctl },
	{ "read-cgroup", read_cgroup },
	{ "write-cgroup", write_cgroup },
	{ "write-resolv", write_resolv },
	{ "make-node", make_node },
	{ "make-socket", make_socket },
	{ "make-symlink", make_symlink },
	{ "setuid-file", setuid_file },
	{ "socket-unix", socket_unix },
	{ "socket-tcp4", socket_tcp4 },
	{ "socket-tcp6", socket_tcp6 },
	{ "socket-udp", socket_udp },
	{ "socket-icmp", socket_icmp },
	{ "socket-netlink", socket_netlink },
	{ "socket-packet", socket_packet },
	{ "socket-vsock", socket_vsock },
	{ "socket-alg", socket_alg },
	{ "socket-wide", socket_wide },
	{ "pair-unix", pair_unix },
	{ "pair-tipc", pair_tipc },
	{ "interface-up", interface_up },
	{ "connect-abstract", connect_abstract },
	{ "fork", fork_self },
	{ "execute", execute },
	{ "execute-data", execute_data },
	{ "execute-sealed", execute_sealed },
	{ "clone-process", clone_process },
	{ "clone-user-namespace", clone_user_namespace },
	{ "clone3", clone3_process },
	{ "unshare-user", unshare_user },
	{ "unshare-net", unshare_net },
	{ "enter-namespace", enter_namespace },
	{ "kill-init", kill_init },
	{ "kill-parent", kill_parent },
	{ "kill-all", kill_all },
	{ "kill-self", kill_self },
	{ "trace", trace },
	{ "read-process", read_process },
	{ "steal-descriptor", steal_descriptor },
	{ "thread", thread },
	{ "map-data", map_data },
	{ "map-code", map_code },
	{ "map-writable-code", map_writable_code },
	{ "protect-code", protect_code },
	{ "protect-code-key", protect_code_key },
	{ "big-allocation", big_allocation },
	{ "mount", mount_tmpfs },
	{ "unmount", unmount },
	{ "change-root", change_root },
	{ "power-off", power_off },
	{ "host-name", host_name },
	{ "load-module", load_module },
	{ "load-kernel", load_kernel },
	{ "set-clock", set_clock },
	{ "ports", ports },
	{ "bpf", program_bpf },
	{ "perf", perf },
	{ "uring", uring },
	{ "keyring", keyring },
	{ "fault-handler", fault_handler },
	{ "memory-file", memory_file },
	{ "personality", personality_set },
	{ "descriptor-table", local_descriptor_table },
	{ "file-handle", file_handle },
	{ "kernel-messages", kernel_messages },
	{ "become-root", become_root },
	{ "take-groups", take_groups },
	{ "take-capabilities", take_capabilities },
	{ "filter-again", filter_again },
	{ "dump-on", dump_on },
	{ "dump-off", dump_off },
	{ "thread-name", no_name },
	{ "parent-signal", parent_signal },
	{ "ambient-raise", ambient_raise },
	{ "ambient-clear", ambient_clear },
	{ "keep-capabilities", keep_capabilities },
	{ "limit-read", limit_read },
	{ "limit-set", limit_set },
	{ "type-into-terminal", type_into_terminal },
	{ "nonblocking", nonblocking },
	{ "call-x32", call_x32 },
	{ "call-i386", call_i386 },
	{ "clock-real", clock_real },
	{ "clock-monotonic", clock_monotonic },
	{ "clock-boot", clock_boot },
	{ "clock-coarse", clock_coarse },
	{ "clock-resolution", clock_resolution },
	{ "clock-day", clock_day },
	{ "clock-time", clock_time },
	{ "clock-cpu", clock_cpu },
	{ "clock-sleep", clock_sleep },
	{ "random-bytes", random_bytes },
	{ NULL, NULL }
};
