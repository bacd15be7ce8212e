#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cutvfs.h"

#define SECTOR 512
#define FILES 8
#define SHM_REGIONS 64

/* One change that has not been synced. */
struct change {
	struct change *next;
	bool truncate;
	uint64_t at, len;
	uint8_t *data;
};

struct image {
	uint8_t *bytes;
	uint64_t len, room;
};

struct file {
	char name[128];
	bool there;		/* has a name now */
	bool lasting;		/* and would have it after a cut */
	struct image now, disk;
	struct change *first, **last;
};

struct handle {
	sqlite3_file base;
	struct file *file;
};

static struct {
	uint64_t random;
	unsigned long changes, cut, syncs;
	bool off;
	uint64_t capacity;
	struct file files[FILES];
	void *shm[SHM_REGIONS];
} disk;

/* ---- chance: splitmix64 ---- */

uint32_t cut_random(uint32_t below)
{
	uint64_t z = disk.random += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return (uint32_t)((z ^ z >> 31) % below);
}

/* ---- images ---- */

static void image_put(struct image *i, uint64_t at, const void *data, uint64_t len)
{
	if (at + len > i->room) {
		i->room = (at + len) * 2;
		i->bytes = realloc(i->bytes, i->room);
	}
	if (at > i->len)
		memset(i->bytes + i->len, 0, at - i->len);
	memcpy(i->bytes + at, data, len);
	if (at + len > i->len)
		i->len = at + len;
}

static void image_cut(struct image *i, uint64_t len)
{
	if (len < i->len)
		i->len = len;
}

static void image_copy(struct image *to, const struct image *from)
{
	to->len = 0;
	if (from->len)
		image_put(to, 0, from->bytes, from->len);
}

/* ---- files ---- */

static void changes_drop(struct file *f)
{
	struct change *c;

	while ((c = f->first)) {
		f->first = c->next;
		free(c->data);
		free(c);
	}
	f->last = &f->first;
}

static void file_clear(struct file *f)
{
	changes_drop(f);
	free(f->now.bytes);
	free(f->disk.bytes);
	memset(f, 0, sizeof *f);
	f->last = &f->first;
}

static void change_add(struct file *f, bool truncate, uint64_t at, const void *data, uint64_t len)
{
	struct change *c = calloc(1, sizeof *c);

	c->truncate = truncate;
	c->at = at;
	c->len = len;
	if (len) {
		c->data = malloc(len);
		memcpy(c->data, data, len);
	}
	*f->last = c;
	f->last = &c->next;
}

static struct file *file_find(const char *name)
{
	for (int i = 0; i < FILES; i++)
		if (!strcmp(disk.files[i].name, name))
			return &disk.files[i];
	return NULL;
}

static struct file *file_make(const char *name)
{
	struct file *f = file_find(name);

	for (int i = 0; !f && i < FILES; i++)
		if (!disk.files[i].name[0])
			f = &disk.files[i];
	if (!f)
		abort();
	snprintf(f->name, sizeof f->name, "%s", name);
	/* Of a file that was removed the bytes are gone, but until a sync the disk does not know. */
	if (f->now.len || f->disk.len)
		change_add(f, true, 0, NULL, 0);
	f->now.len = 0;
	f->there = true;
	return f;
}

/* ---- the world ---- */

void cut_reset(uint64_t seed)
{
	for (int i = 0; i < FILES; i++)
		file_clear(&disk.files[i]);
	disk.random = seed;
	disk.changes = disk.cut = 0;
	disk.off = false;
	disk.capacity = 0;
}

void cut_after(unsigned long n)
{
	disk.cut = n ? disk.changes + n : 0;
}

bool cut_happened(void)
{
	return disk.off;
}

unsigned long cut_changes(void)
{
	return disk.changes;
}

unsigned long cut_syncs(void)
{
	return disk.syncs;
}

void cut_capacity(uint64_t bytes)
{
	disk.capacity = bytes;
}

uint64_t cut_used(void)
{
	uint64_t sum = 0;

	for (int i = 0; i < FILES; i++)
		if (disk.files[i].there)
			sum += disk.files[i].now.len;
	return sum;
}

/* Does this change still happen? */
static bool change_happens(void)
{
	if (disk.off)
		return false;
	disk.changes++;
	if (disk.cut && disk.changes >= disk.cut)
		disk.off = true;
	return !disk.off;
}

/* Some of its sectors reach the disk. */
static void apply_torn(struct image *i, const struct change *c)
{
	uint64_t at = c->at, end = c->at + c->len, next;

	for (; at < end; at = next) {
		next = (at / SECTOR + 1) * SECTOR;
		if (next > end)
			next = end;
		if (cut_random(2))
			image_put(i, at, c->data + (at - c->at), next - at);
	}
}

static void apply_some(struct image *i, const struct change *c)
{
	uint32_t fate = cut_random(4);

	if (fate == 0)
		return;
	if (c->truncate)
		image_cut(i, c->at);
	else if (fate == 1)
		apply_torn(i, c);
	else
		image_put(i, c->at, c->data, c->len);
}

/* The unsynced changes in a seeded order. */
static void apply_changes(struct file *f)
{
	struct change **list, *c;
	size_t n = 0, j;

	for (c = f->first; c; c = c->next)
		n++;
	list = calloc(n + 1, sizeof *list);
	n = 0;
	for (c = f->first; c; c = c->next)
		list[n++] = c;
	/* Half of the time the order is kept: a disk that only stops is possible too. */
	for (size_t i = n; cut_random(2) && i > 1; i--) {
		j = cut_random((uint32_t)i);
		c = list[i - 1];
		list[i - 1] = list[j];
		list[j] = c;
	}
	for (size_t i = 0; i < n; i++)
		apply_some(&f->disk, list[i]);
	free(list);
}

void cut_power_on(void)
{
	for (int i = 0; i < FILES; i++) {
		struct file *f = &disk.files[i];

		if (!f->name[0])
			continue;
		/* A name that was never synced is there or not. */
		if (!f->lasting && (!f->there || cut_random(2))) {
			file_clear(f);
			continue;
		}
		/* Its removal was not synced: it may be back. */
		if (!f->there && cut_random(2)) {
			file_clear(f);
			continue;
		}
		apply_changes(f);
		changes_drop(f);
		image_copy(&f->now, &f->disk);
		f->there = f->lasting = true;
	}
	disk.off = false;
	disk.cut = 0;
}

/* ---- the methods of a file ---- */

static struct file *of(sqlite3_file *h)
{
	return ((struct handle *)h)->file;
}

static int file_close(sqlite3_file *h)
{
	(void)h;
	return SQLITE_OK;
}

static int file_read(sqlite3_file *h, void *out, int len, sqlite3_int64 at)
{
	struct image *i = &of(h)->now;
	uint64_t have = (uint64_t)at < i->len ? i->len - (uint64_t)at : 0;

	if (have >= (uint64_t)len) {
		memcpy(out, i->bytes + at, (size_t)len);
		return SQLITE_OK;
	}
	if (have)
		memcpy(out, i->bytes + at, have);
	memset((char *)out + have, 0, (size_t)len - have);
	return SQLITE_IOERR_SHORT_READ;
}

static int file_write(sqlite3_file *h, const void *data, int len, sqlite3_int64 at)
{
	struct file *f = of(h);
	uint64_t end = (uint64_t)at + (uint64_t)len, grows = end > f->now.len ? end - f->now.len : 0;

	if (disk.capacity && grows && cut_used() + grows > disk.capacity)
		return SQLITE_FULL;
	/* The one during which the power goes may reach the disk in part. */
	if (!disk.off)
		change_add(f, false, (uint64_t)at, data, (uint64_t)len);
	if (!change_happens())
		return SQLITE_IOERR_WRITE;
	image_put(&f->now, (uint64_t)at, data, (uint64_t)len);
	return SQLITE_OK;
}

static int file_truncate(sqlite3_file *h, sqlite3_int64 len)
{
	struct file *f = of(h);

	if (!disk.off)
		change_add(f, true, (uint64_t)len, NULL, 0);
	if (!change_happens())
		return SQLITE_IOERR_TRUNCATE;
	image_cut(&f->now, (uint64_t)len);
	return SQLITE_OK;
}

static int file_sync(sqlite3_file *h, int flags)
{
	struct file *f = of(h);

	(void)flags;
	if (!change_happens())
		return SQLITE_IOERR_FSYNC;
	disk.syncs++;
	changes_drop(f);
	image_copy(&f->disk, &f->now);
	f->lasting = true;
	return SQLITE_OK;
}

static int file_size(sqlite3_file *h, sqlite3_int64 *size)
{
	*size = (sqlite3_int64)of(h)->now.len;
	return SQLITE_OK;
}

static int file_lock(sqlite3_file *h, int kind)
{
	(void)h;
	(void)kind;
	return SQLITE_OK;
}

static int file_reserved(sqlite3_file *h, int *held)
{
	(void)h;
	*held = 0;
	return SQLITE_OK;
}

static int file_control(sqlite3_file *h, int op, void *arg)
{
	(void)h;
	(void)op;
	(void)arg;
	return SQLITE_NOTFOUND;
}

static int file_sector(sqlite3_file *h)
{
	(void)h;
	return SECTOR;
}

/* Nothing is promised: no atomic write, no order, and a neighbour may be torn. */
static int file_promises(sqlite3_file *h)
{
	(void)h;
	return 0;
}

static int shm_map(sqlite3_file *h, int region, int size, int extend, void volatile **out)
{
	(void)h;
	if (region >= SHM_REGIONS)
		return SQLITE_NOMEM;
	if (!disk.shm[region] && extend)
		disk.shm[region] = calloc(1, (size_t)size);
	*out = disk.shm[region];
	return SQLITE_OK;
}

static int shm_lock(sqlite3_file *h, int offset, int n, int flags)
{
	(void)h;
	(void)offset;
	(void)n;
	(void)flags;
	return SQLITE_OK;
}

static void shm_barrier(sqlite3_file *h)
{
	(void)h;
}

static int shm_unmap(sqlite3_file *h, int erase)
{
	(void)h;
	(void)erase;
	for (int i = 0; i < SHM_REGIONS; i++) {
		free(disk.shm[i]);
		disk.shm[i] = NULL;
	}
	return SQLITE_OK;
}

static const sqlite3_io_methods methods = {
	2, file_close, file_read, file_write, file_truncate, file_sync, file_size, file_lock, file_lock, file_reserved,
	file_control, file_sector, file_promises, shm_map, shm_lock, shm_barrier, shm_unmap, NULL, NULL
};

/* ---- the methods of the file system ---- */

static int vfs_open(sqlite3_vfs *v, const char *name, sqlite3_file *h, int flags, int *out)
{
	struct file *f = name ? file_find(name) : NULL;

	(void)v;
	h->pMethods = NULL;
	if (!name)
		return SQLITE_CANTOPEN;
	if (!f || !f->there) {
		if (!(flags & SQLITE_OPEN_CREATE) || disk.off)
			return SQLITE_CANTOPEN;
		f = file_make(name);
	}
	((struct handle *)h)->file = f;
	h->pMethods = &methods;
	if (out)
		*out = flags;
	return SQLITE_OK;
}

static int vfs_delete(sqlite3_vfs *v, const char *name, int sync)
{
	struct file *f = file_find(name);

	(void)v;
	if (!f || !f->there)
		return SQLITE_IOERR_DELETE_NOENT;
	if (!change_happens())
		return SQLITE_IOERR_DELETE;
	if (sync || !f->lasting) {
		file_clear(f);
		return SQLITE_OK;
	}
	f->there = false;
	return SQLITE_OK;
}

static int vfs_access(sqlite3_vfs *v, const char *name, int flags, int *there)
{
	struct file *f = file_find(name);

	(void)v;
	(void)flags;
	*there = f && f->there && (flags != SQLITE_ACCESS_EXISTS || f->now.len);
	return SQLITE_OK;
}

static int vfs_path(sqlite3_vfs *v, const char *name, int size, char *out)
{
	(void)v;
	sqlite3_snprintf(size, out, "%s", name);
	return SQLITE_OK;
}

static int vfs_randomness(sqlite3_vfs *v, int n, char *out)
{
	(void)v;
	for (int i = 0; i < n; i++)
		out[i] = (char)cut_random(256);
	return n;
}

static int vfs_sleep(sqlite3_vfs *v, int us)
{
	(void)v;
	return us;
}

static int vfs_time(sqlite3_vfs *v, sqlite3_int64 *now)
{
	(void)v;
	*now = 210866760000000;
	return SQLITE_OK;
}

static int vfs_error(sqlite3_vfs *v, int n, char *text)
{
	(void)v;
	(void)n;
	(void)text;
	return 0;
}

static sqlite3_vfs vfs = {
	.iVersion = 2, .szOsFile = sizeof(struct handle), .mxPathname = 120, .zName = "cut",
	.xOpen = vfs_open, .xDelete = vfs_delete, .xAccess = vfs_access, .xFullPathname = vfs_path,
	.xRandomness = vfs_randomness, .xSleep = vfs_sleep, .xCurrentTimeInt64 = vfs_time, .xGetLastError = vfs_error,
};

void cut_register(void)
{
	for (int i = 0; i < FILES; i++)
		disk.files[i].last = &disk.files[i].first;
	sqlite3_vfs_register(&vfs, 0);
}
