/*
 * store: files that grow at their end, segments/<name>: script output, logs of
 * operations.  Written by offset, so that a client that lost its connection repeats
 * what it is not sure of.
 */
#ifndef CAM_STORE_SEGMENTS_H
#define CAM_STORE_SEGMENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STORE_SEGMENT_NAME 128
/* Segments kept open; more are closed (after a sync) and opened again. */
#define STORE_SEGMENTS_OPEN 64

struct store_segment {
	char name[STORE_SEGMENT_NAME + 1];
	int fd;
	uint64_t length;
	uint64_t soft;		/* so many bytes at its beginning were there when it was opened, and not synced since */
	bool named;		/* its name is on the disk */
	bool busy;		/* a thread syncs it */
	uint64_t used;		/* order of use */
};

struct store_segments {
	int dir;
	uint64_t clock;
	struct store_segment open[STORE_SEGMENTS_OPEN];
};

/* Lower-case letters, digits, '.', '_', '-'; not beginning with '.'; 1 to STORE_SEGMENT_NAME. */
bool store_segment_name_valid(const char *name);

/* Opens the directory below root; adds what is there to *bytes. */
int store_segments_open(struct store_segments *s, int root, uint64_t *bytes);

/* The segment, made when create says so.  NULL with errno: ENOENT, EBUSY (all are being synced) … */
struct store_segment *store_segment_find(struct store_segments *s, const char *name, bool create);

enum store_append { STORE_APPEND_ERROR = -1, STORE_APPENDED = 0, STORE_APPEND_CONFLICT = 1 };

/* Writes data at offset.  Beyond the length: conflict.  Over bytes that are there:
 * accepted when they are the same; soft ones are written again, for a power cut may have
 * torn them; else conflict.  *grown = bytes it got longer. */
enum store_append store_segment_append(struct store_segment *g, uint64_t offset, const void *data, size_t len,
	uint64_t *grown);

/* Takes it away, name and bytes; *freed = bytes it had.  1, 0 when there is none, -1 with errno: EBUSY while it is
 * being synced.  A name that comes back after a power cut is taken away again by who swept it. */
int store_segment_erase(struct store_segments *s, const char *name, uint64_t *freed);

/* Tells the names from a place on: 0 = the beginning, then *next; *next 0 = there are no more.  each says true when it
 * has had enough. -1 with errno. */
int store_segments_each(const struct store_segments *s, uint64_t at, uint64_t *next,
	bool (*each)(const char *name, void *arg), void *arg);

/* A new descriptor for reading. */
int store_segment_reader(const struct store_segments *s, const struct store_segment *g);

/* Syncs content and, unless it is named, its name; may run in a thread.  All that was
 * appended before is on the disk then. */
int store_segment_sync(int dir, int fd, bool named);

#endif
