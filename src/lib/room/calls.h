/*
 * What every room may call, and groups of calls for the rows of the table.
 * Each list ends with -1.
 */
#ifndef CAM_ROOM_CALLS_H
#define CAM_ROOM_CALLS_H

#include <sys/syscall.h>

/* Allowed for every room with any argument. */
extern const int room_calls_common[];

/* Allowed for every room with the arguments that the filter checks. */
extern const int room_calls_checked[];

/* Look into files that landlock lets it reach. */
#define CALLS_READ_FILES \
	SYS_open, SYS_openat, SYS_stat, SYS_lstat, SYS_newfstatat, SYS_statx, \
	SYS_access, SYS_faccessat, SYS_faccessat2, SYS_readlink, SYS_readlinkat, \
	SYS_getdents64, SYS_pread64, SYS_preadv, SYS_fstatfs, SYS_statfs, SYS_fadvise64

/* Change them. */
#define CALLS_WRITE_FILES \
	SYS_pwrite64, SYS_pwritev, SYS_ftruncate, SYS_truncate, SYS_fallocate, \
	SYS_fsync, SYS_fdatasync, SYS_sync_file_range, SYS_syncfs, \
	SYS_rename, SYS_renameat, SYS_renameat2, SYS_link, SYS_linkat, \
	SYS_unlink, SYS_unlinkat, SYS_mkdir, SYS_mkdirat, SYS_rmdir, \
	SYS_chmod, SYS_fchmod, SYS_fchmodat, SYS_utimensat, SYS_flock, SYS_umask

/* Copies of itself. */
#define CALLS_FORK \
	SYS_fork, SYS_wait4, SYS_waitid, SYS_kill

/* Other programs; the second line is what their start-up needs. */
#define CALLS_EXECUTE \
	CALLS_FORK, SYS_vfork, SYS_execve, \
	SYS_arch_prctl, SYS_set_tid_address, SYS_setsid, SYS_chdir

#endif
