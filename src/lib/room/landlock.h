/*
 * The landlock rights by name, for the process table and the fence.
 * linux/landlock.h of the build machine may be older than the kernel of the
 * appliance, so the numbers are written here (kernel: include/uapi/linux/landlock.h).
 */
#ifndef CAM_ROOM_LANDLOCK_H
#define CAM_ROOM_LANDLOCK_H

#include <stdint.h>

#define LL_EXECUTE	(UINT64_C(1) << 0)
#define LL_WRITE_FILE	(UINT64_C(1) << 1)
#define LL_READ_FILE	(UINT64_C(1) << 2)
#define LL_READ_DIR	(UINT64_C(1) << 3)
#define LL_REMOVE_DIR	(UINT64_C(1) << 4)
#define LL_REMOVE_FILE	(UINT64_C(1) << 5)
#define LL_MAKE_CHAR	(UINT64_C(1) << 6)
#define LL_MAKE_DIR	(UINT64_C(1) << 7)
#define LL_MAKE_REG	(UINT64_C(1) << 8)
#define LL_MAKE_SOCK	(UINT64_C(1) << 9)
#define LL_MAKE_FIFO	(UINT64_C(1) << 10)
#define LL_MAKE_BLOCK	(UINT64_C(1) << 11)
#define LL_MAKE_SYM	(UINT64_C(1) << 12)
#define LL_REFER	(UINT64_C(1) << 13)	/* ABI 2 */
#define LL_TRUNCATE	(UINT64_C(1) << 14)	/* ABI 3 */
#define LL_IOCTL_DEV	(UINT64_C(1) << 15)	/* ABI 5 */

#define LL_NET_BIND_TCP		(UINT64_C(1) << 0)	/* ABI 4 */
#define LL_NET_CONNECT_TCP	(UINT64_C(1) << 1)	/* ABI 4 */

#define LL_SCOPE_ABSTRACT_UNIX	(UINT64_C(1) << 0)	/* ABI 6 */
#define LL_SCOPE_SIGNAL		(UINT64_C(1) << 1)	/* ABI 6 */

/* Those that mean something for a path that is not a directory. */
#define LL_FILE (LL_EXECUTE | LL_WRITE_FILE | LL_READ_FILE | LL_TRUNCATE | LL_IOCTL_DEV)

/* What the rows of the table say. */
#define ROOM_READ	(LL_READ_FILE | LL_READ_DIR)
#define ROOM_EXECUTE	(LL_EXECUTE | ROOM_READ)
#define ROOM_WRITE	(ROOM_READ | LL_WRITE_FILE | LL_TRUNCATE | LL_REMOVE_DIR | \
			 LL_REMOVE_FILE | LL_MAKE_DIR | LL_MAKE_REG | LL_REFER)

#endif
