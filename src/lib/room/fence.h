/*
 * fence: the two halves of room_fence(), and the launcher's way to fence a
 * program that cannot fence itself.  Errors end the process with 111.
 */
#ifndef CAM_ROOM_FENCE_H
#define CAM_ROOM_FENCE_H

#include <linux/filter.h>
#include <stddef.h>

#include "room/room.h"

/* Longest filter, instructions; the kernel's own limit is 4096 (BPF_MAXINSNS). */
#define FENCE_FILTER_MAX 1024

/* Writes the row's filter; returns its length, 0 when it does not fit. */
size_t fence_seccomp_build(const struct room *row, struct sock_filter *out, size_t cap);

/* Installs the filter on all threads.  With handler = true a forbidden call
 * writes its name and ends the process with 111; without, SIGSYS ends it. */
void fence_seccomp(const struct room *row, bool handler);

/* Landlock to the row's paths; logs and returns when the kernel has none. */
void fence_landlock(const struct room *row);

/* For rows with mounts, instead: a mount namespace and a root directory with the row's paths and nothing else. */
void fence_root(const struct room *row);

/* For rows marked foreign: both fences, put up before exec. */
void fence_foreign(const struct room *row);

#endif
