#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log/log.h"
#include "objects.h"
#include "plat/disk.h"
#include "segments.h"

/* Bytes compared at a time. */
#define PIECE 16384u

bool store_segment_name_valid(const char *name)
{
	size_t n = strlen(name);

	return n && n <= STORE_SEGMENT_NAME && name[0] != '.' &&
		strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789._-") == n;
}

static int count_segments(int root, uint64_t *bytes)
{
	int fd = openat(root, "segments", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;
	struct stat st;

	if (!d)
		return -1;
	while ((e = readdir(d))) {
		if (e->d_name[0] == '.')
			continue;
		if (!store_segment_name_valid(e->d_name) || fstatat(fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) ||
				!S_ISREG(st.st_mode))
			log_warn("segments: %s: is no segment", e->d_name);
		else
			*bytes += store_cost((uint64_t)st.st_size);
	}
	closedir(d);
	return 0;
}

int store_segments_open(struct store_segments *s, int root, uint64_t *bytes)
{
	memset(s, 0, sizeof *s);
	for (size_t i = 0; i < STORE_SEGMENTS_OPEN; i++)
		s->open[i].fd = -1;
	if (mkdirat(root, "segments", 0700) && errno != EEXIST)
		return -1;
	if (plat_disk->fsync(root))
		return -1;
	s->dir = openat(root, "segments", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return s->dir < 0 ? -1 : count_segments(root, bytes);
}

/* A place for one more: a free one, or the one used longest ago that is whole on disk. */
static struct store_segment *place(struct store_segments *s)
{
	struct store_segment *best = NULL, *g;

	for (size_t i = 0; i < STORE_SEGMENTS_OPEN; i++) {
		g = &s->open[i];
		if (g->fd < 0)
			return g;
		if (!g->busy && (!best || g->used < best->used))
			best = g;
	}
	if (!best) {
		errno = EBUSY;
		return NULL;
	}
	/* What it holds unsynced is in the kernel; nobody was told it is durable. */
	close(best->fd);
	best->fd = -1;
	return best;
}

struct store_segment *store_segment_find(struct store_segments *s, const char *name, bool create)
{
	struct store_segment *g;
	struct stat st;
	int fd;

	for (size_t i = 0; i < STORE_SEGMENTS_OPEN; i++) {
		g = &s->open[i];
		if (g->fd >= 0 && !strcmp(g->name, name)) {
			g->used = ++s->clock;
			return g;
		}
	}
	fd = openat(s->dir, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW | (create ? O_CREAT : 0), 0600);
	if (fd < 0)
		return NULL;
	g = place(s);
	if (!g || fstat(fd, &st)) {
		close(fd);
		return NULL;
	}
	memset(g, 0, sizeof *g);
	snprintf(g->name, sizeof g->name, "%s", name);
	g->fd = fd;
	g->length = g->soft = (uint64_t)st.st_size;
	g->used = ++s->clock;
	return g;
}

/* 1 = the same, 0 = not, -1 = error. */
static int same_bytes(int fd, uint64_t at, const uint8_t *data, size_t len)
{
	uint8_t piece[PIECE];
	ssize_t n;

	while (len) {
		n = pread(fd, piece, len < sizeof piece ? len : sizeof piece, (off_t)at);
		if (n <= 0)
			return -1;
		if (memcmp(piece, data, (size_t)n))
			return 0;
		at += (uint64_t)n;
		data += n;
		len -= (size_t)n;
	}
	return 1;
}

/* Compares what data covers of the bytes that are there and not soft. */
static enum store_append check_overlap(const struct store_segment *g, uint64_t offset, const uint8_t *data, size_t len)
{
	uint64_t from = offset > g->soft ? offset : g->soft, to = offset + len < g->length ? offset + len : g->length;

	if (from >= to)
		return STORE_APPENDED;
	switch (same_bytes(g->fd, from, data + (from - offset), (size_t)(to - from))) {
	case 1:
		return STORE_APPENDED;
	case 0:
		return STORE_APPEND_CONFLICT;
	default:
		return STORE_APPEND_ERROR;
	}
}

enum store_append store_segment_append(struct store_segment *g, uint64_t offset, const void *data, size_t len,
	uint64_t *grown)
{
	enum store_append checked;

	*grown = 0;
	if (offset > g->length)
		return STORE_APPEND_CONFLICT;
	checked = check_overlap(g, offset, data, len);
	if (checked != STORE_APPENDED || !len)
		return checked;
	if (offset >= g->soft && offset + len <= g->length)
		return STORE_APPENDED;
	if (plat_disk_write(g->fd, data, len, (off_t)offset))
		return STORE_APPEND_ERROR;
	if (offset + len > g->length) {
		*grown = offset + len - g->length;
		g->length = offset + len;
	}
	return STORE_APPENDED;
}

int store_segment_erase(struct store_segments *s, const char *name, uint64_t *freed)
{
	struct stat st;

	*freed = 0;
	for (size_t i = 0; i < STORE_SEGMENTS_OPEN; i++) {
		struct store_segment *g = &s->open[i];

		if (g->fd < 0 || strcmp(g->name, name))
			continue;
		if (g->busy) {
			errno = EBUSY;
			return -1;
		}
		close(g->fd);
		g->fd = -1;
	}
	if (fstatat(s->dir, name, &st, AT_SYMLINK_NOFOLLOW))
		return errno == ENOENT ? 0 : -1;
	if (plat_disk->unlink(s->dir, name))
		return errno == ENOENT ? 0 : -1;
	*freed = (uint64_t)st.st_size;
	return 1;
}

/* Places in a directory are the file system's own numbers; they stay valid while names come and go. */
int store_segments_each(const struct store_segments *s, uint64_t at, uint64_t *next,
	bool (*each)(const char *name, void *arg), void *arg)
{
	int fd = openat(s->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	bool full = false;
	struct dirent *e;

	*next = 0;
	if (!d)
		return -1;
	if (at)
		seekdir(d, (long)at);
	while (!full && (e = readdir(d)))
		full = store_segment_name_valid(e->d_name) && each(e->d_name, arg);
	if (full)
		*next = (uint64_t)telldir(d);
	closedir(d);
	return 0;
}

int store_segment_sync(int dir, int fd, bool named)
{
	if (plat_disk->fdatasync(fd))
		return -1;
	return named ? 0 : plat_disk->fsync(dir);
}

int store_segment_reader(const struct store_segments *s, const struct store_segment *g)
{
	return openat(s->dir, g->name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
}
