#include "room/calls.h"

/*
 * Written from what musl, libev, BearSSL, libsodium and libwebsockets do: own
 * memory, own threads, descriptors one already holds, clocks, waiting.
 * Nothing here opens a file, starts a program or names another process.
 */
const int room_calls_common[] = {
	/* descriptors */
	SYS_read,
	SYS_readv,
	SYS_write,
	SYS_writev,
	SYS_close,
	SYS_dup,
	SYS_dup2,
	SYS_dup3,
	SYS_fcntl,
	SYS_fstat,
	SYS_lseek,
	SYS_pipe,
	SYS_pipe2,
	/* waiting */
	SYS_poll,
	SYS_ppoll,
	SYS_select,
	SYS_pselect6,
	SYS_epoll_create1,
	SYS_epoll_ctl,
	SYS_epoll_wait,
	SYS_epoll_pwait,
	SYS_eventfd2,
	SYS_timerfd_create,
	SYS_timerfd_settime,
	SYS_timerfd_gettime,
	SYS_nanosleep,
	SYS_clock_nanosleep,
	SYS_restart_syscall,
	/* sockets; making and connecting them is checked */
	SYS_accept,
	SYS_accept4,
	SYS_sendto,
	SYS_sendmsg,
	SYS_recvfrom,
	SYS_recvmsg,
	SYS_shutdown,
	SYS_getsockname,
	SYS_getpeername,
	SYS_getsockopt,
	SYS_setsockopt,
	/* memory; mmap and mprotect are checked */
	SYS_brk,
	SYS_munmap,
	SYS_mremap,
	SYS_madvise,
	SYS_membarrier,
	/* threads; clone is checked */
	SYS_futex,
	SYS_set_robust_list,
	SYS_get_robust_list,
	SYS_rseq,
	SYS_gettid,
	SYS_sched_yield,
	SYS_sched_getaffinity,
	SYS_getcpu,
	/* signals to itself */
	SYS_rt_sigaction,
	SYS_rt_sigprocmask,
	SYS_rt_sigreturn,
	SYS_sigaltstack,
	SYS_tgkill,
	SYS_tkill,
	/* clocks: real calls wherever the kernel's clock source has no vDSO */
	SYS_clock_gettime,
	SYS_clock_getres,
	SYS_gettimeofday,
	SYS_time,
	/* who and what it is */
	SYS_getpid,
	SYS_getppid,
	SYS_getuid,
	SYS_geteuid,
	SYS_getgid,
	SYS_getegid,
	SYS_getrusage,
	SYS_uname,
	SYS_getrandom,
	/* the end */
	SYS_exit,
	SYS_exit_group,
	-1
};

const int room_calls_checked[] = {
	SYS_socket,		/* AF_UNIX, and the families of the row */
	SYS_socketpair,		/* AF_UNIX */
	SYS_connect,		/* rooms with links or with further families only */
	SYS_mmap,		/* never executable */
	SYS_mprotect,		/* never executable */
	SYS_clone,		/* threads; never a namespace */
	SYS_clone3,		/* always "no such call": its flags cannot be seen */
	SYS_prctl,		/* name, parent's death signal, dumpable off, ambient capabilities off */
	SYS_ioctl,		/* FIONBIO, FIONREAD, TIOCGWINSZ */
	SYS_prlimit64,		/* reading its own limits */
	-1
};
