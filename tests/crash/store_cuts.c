/*
 * The power goes at any change store makes to the disk: objects that were
 * acknowledged are there and whole, no name ever stands for anything but its
 * digest, dropped ones stay dropped, synced segments keep what was synced.
 *
 * The real files play the kernel's memory.  What was synced is noted; at the cut the
 * rest is lost, torn by sectors or kept, as the seed says.
 *
 * usage: store_cuts [-n CUTS] [-s SEED] [-p]      -p: files are not synced; a loss must be found
 */
/* with: store/objects.c store/recent.c store/segments.c */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log/log.h"
#include "plat/disk.h"
#include "store/objects.h"
#include "store/segments.h"

#define LIVES 5
#define CHANGES 60
#define SECTOR 512
#define NODES 4096
#define OBJECTS 512
#define SEGMENTS 4
#define SEGMENT_MAX (64 * 1024)

/* What the disk knows of one file or directory. */
struct node {
	ino_t ino;
	uint8_t *bytes;		/* of a file, as synced */
	size_t len;
	char (*names)[80];	/* of a directory, as synced */
	size_t count;
};

struct grave {
	ino_t directory;
	char name[80], place[32];
};

static struct node nodes[NODES];
static struct grave graves[NODES];
static size_t node_count, grave_count;
static uint64_t seed, state;
static unsigned long changes, cut, losses, done;
static bool off, planted;
static int root, graveyard;
static const struct plat_disk *real;

static struct { char digest[STORE_DIGEST_TEXT]; bool alive, doubtful; } objects[OBJECTS];
static size_t object_count;
static struct { uint8_t bytes[SEGMENT_MAX]; size_t len, synced; } segments[SEGMENTS];

static uint32_t chance(uint32_t below)
{
	uint64_t z = state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return (uint32_t)((z ^ z >> 31) % below);
}

static void lost(const char *what, const char *name)
{
	losses++;
	printf("lost: seed %" PRIu64 ": %s: %s\n", seed, name, what);
}

/* ---- what is on the disk ---- */

static struct node *node_of(ino_t ino, bool make)
{
	for (size_t i = 0; i < node_count; i++)
		if (nodes[i].ino == ino)
			return &nodes[i];
	if (!make || node_count == NODES)
		return NULL;
	nodes[node_count] = (struct node){ .ino = ino };
	return &nodes[node_count++];
}

static void note_file(int fd, const struct stat *st)
{
	struct node *n = node_of(st->st_ino, true);
	char path[32];
	int again;

	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	again = open(path, O_RDONLY | O_CLOEXEC);
	n->len = (size_t)st->st_size;
	n->bytes = realloc(n->bytes, n->len + 1);
	if (again < 0 || pread(again, n->bytes, n->len, 0) != (ssize_t)n->len)
		abort();
	close(again);
}

static void note_directory(int fd, const struct stat *st)
{
	struct node *n = node_of(st->st_ino, true);
	DIR *d = fdopendir(openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	struct dirent *e;

	n->count = 0;
	while ((e = readdir(d))) {
		if (e->d_name[0] == '.')
			continue;
		n->names = realloc(n->names, (n->count + 1) * sizeof n->names[0]);
		snprintf(n->names[n->count++], sizeof n->names[0], "%.79s", e->d_name);
	}
	closedir(d);
}

static bool lasting(const struct node *n, const char *name)
{
	for (size_t i = 0; n && i < n->count; i++)
		if (!strcmp(n->names[i], name))
			return true;
	return false;
}

static bool happens(void)
{
	if (off)
		return false;
	changes++;
	if (cut && changes >= cut)
		off = true;
	if (off)
		errno = EIO;
	return !off;
}

static ssize_t my_pwrite(int fd, const void *data, size_t len, off_t at)
{
	return happens() ? real->pwrite(fd, data, len, at) : -1;
}

static int my_sync(int fd)
{
	struct stat st;

	if (!happens())
		return -1;
	fstat(fd, &st);
	if (S_ISDIR(st.st_mode))
		note_directory(fd, &st);
	else if (!planted)
		note_file(fd, &st);
	return 0;
}

static int my_link(int fd, int directory, const char *name)
{
	/* At the cut itself the name may be there or not. */
	if (!happens() && chance(2))
		return -1;
	return real->link(fd, directory, name) || off ? -1 : 0;
}

/* A removed name is kept aside: until a sync it may come back. */
static int my_unlink(int directory, const char *name)
{
	struct grave *g = &graves[grave_count % NODES];
	struct stat st;

	if (!happens())
		return -1;
	fstat(directory, &st);
	g->directory = st.st_ino;
	snprintf(g->name, sizeof g->name, "%s", name);
	snprintf(g->place, sizeof g->place, "%zu", grave_count++);
	return renameat(directory, name, graveyard, g->place);
}

static const struct plat_disk cutting = {
	.pwrite = my_pwrite, .fsync = my_sync, .fdatasync = my_sync, .link = my_link, .unlink = my_unlink,
};

/* ---- the power comes back ---- */

/* Each sector is as synced or as written last; the length too. */
static void tear_file(int directory, const char *name)
{
	int fd = openat(directory, name, O_RDWR | O_CLOEXEC);
	struct stat st;
	struct node *n;
	size_t len, end;
	uint8_t zero[SECTOR] = { 0 };

	fstat(fd, &st);
	n = node_of(st.st_ino, true);
	len = (size_t)st.st_size;
	if (len > n->len)
		len = n->len + chance((uint32_t)(len - n->len) + 1);
	for (size_t at = 0; at < len; at += SECTOR) {
		end = at + SECTOR < len ? at + SECTOR : len;
		if (!chance(2))
			continue;
		if (end <= n->len)
			(void)!pwrite(fd, n->bytes + at, end - at, (off_t)at);
		else if (at >= n->len)
			(void)!pwrite(fd, zero, end - at, (off_t)at);
	}
	(void)!ftruncate(fd, (off_t)len);
	fstat(fd, &st);
	note_file(fd, &st);
	close(fd);
}

static void power_on(int directory);

static void entry_on(int directory, const struct node *n, const char *name)
{
	struct stat st;
	int sub;

	fstatat(directory, name, &st, AT_SYMLINK_NOFOLLOW);
	if (!lasting(n, name) && chance(2)) {
		unlinkat(directory, name, S_ISDIR(st.st_mode) ? AT_REMOVEDIR : 0);
		return;
	}
	if (S_ISREG(st.st_mode)) {
		tear_file(directory, name);
		return;
	}
	sub = openat(directory, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	power_on(sub);
	close(sub);
}

static void power_on(int directory)
{
	DIR *d = fdopendir(openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	const struct node *n;
	struct dirent *e;
	struct stat st;

	fstat(directory, &st);
	n = node_of(st.st_ino, false);
	for (size_t i = 0; i < grave_count && i < NODES; i++)
		if (graves[i].directory == st.st_ino && lasting(n, graves[i].name) && chance(2))
			renameat(graveyard, graves[i].place, directory, graves[i].name);
	while ((e = readdir(d)))
		if (e->d_name[0] != '.')
			entry_on(directory, n, e->d_name);
	closedir(d);
	note_directory(directory, &st);
}

/* ---- what store did ---- */

static void do_keep(int dir)
{
	int upload = store_upload_open(dir);
	size_t len = chance(5) ? chance(4000) : chance(90000);
	uint8_t *data = malloc(len + 1);
	uint64_t length;
	bool fresh;

	for (size_t i = 0; i < len; i++)
		data[i] = (uint8_t)chance(256);
	if (upload < 0 || write(upload, data, len) != (ssize_t)len)
		abort();
	if (object_count < OBJECTS &&
			!store_object_keep(dir, upload, objects[object_count].digest, &length, &fresh)) {
		objects[object_count].doubtful = false;
		objects[object_count++].alive = true;
	}
	close(upload);
	free(data);
}

static void do_drop(int dir)
{
	size_t i = object_count ? chance((uint32_t)object_count) : 0;
	uint64_t length;

	if (!object_count || !objects[i].alive)
		return;
	objects[i].doubtful = true;
	if (!store_object_drop(dir, objects[i].digest, true, &length)) {
		objects[i].alive = false;
		objects[i].doubtful = false;
	}
}

static void do_segment(struct store_segments *s)
{
	uint32_t which = chance(SEGMENTS), len = 1 + chance(2000);
	char name[16];
	uint64_t grown;
	struct store_segment *g;

	snprintf(name, sizeof name, "segment-%u", which);
	g = store_segment_find(s, name, true);
	if (!g || segments[which].len + len > SEGMENT_MAX)
		return;
	for (uint32_t i = 0; i < len; i++)
		segments[which].bytes[segments[which].len + i] = (uint8_t)chance(256);
	if (store_segment_append(g, segments[which].len, segments[which].bytes + segments[which].len, len, &grown))
		return;
	segments[which].len += len;
	if (chance(2) || store_segment_sync(s->dir, g->fd, g->named))
		return;
	g->named = true;
	g->soft = 0;
	segments[which].synced = segments[which].len;
}

/* ---- what is there ---- */

static void digest_of(int fd, char text[STORE_DIGEST_TEXT])
{
	static uint8_t bytes[1 << 20];
	uint8_t hash[STORE_DIGEST];
	ssize_t n = pread(fd, bytes, sizeof bytes, 0);

	crypto_hash_sha256(hash, bytes, (unsigned long long)n);
	sodium_bin2hex(text, STORE_DIGEST_TEXT, hash, sizeof hash);
}

static void check_shard(int dir, const char *shard)
{
	int fd = openat(dir, shard, O_RDONLY | O_DIRECTORY | O_CLOEXEC), file;
	DIR *d = fdopendir(fd);
	char text[STORE_DIGEST_TEXT], name[STORE_DIGEST_TEXT + 16];
	struct dirent *e;

	while ((e = readdir(d))) {
		if (e->d_name[0] == '.')
			continue;
		file = openat(fd, e->d_name, O_RDONLY | O_CLOEXEC);
		digest_of(file, text);
		close(file);
		snprintf(name, sizeof name, "%.2s%.64s", shard, e->d_name);
		if (strcmp(name, text))
			lost("is not what its name says", name);
	}
	closedir(d);
}

static void check_objects(int dir)
{
	DIR *d = fdopendir(openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	struct dirent *e;
	uint64_t length;
	int fd;

	while ((e = readdir(d)))
		if (e->d_name[0] != '.')
			check_shard(dir, e->d_name);
	closedir(d);
	for (size_t i = 0; i < object_count; i++) {
		fd = store_object_get(dir, objects[i].digest, &length);
		if (fd < 0 && objects[i].alive && !objects[i].doubtful)
			lost("an acknowledged object is gone", objects[i].digest);
		if (fd >= 0 && !objects[i].alive)
			lost("a dropped object is back", objects[i].digest);
		objects[i].alive = fd >= 0;
		objects[i].doubtful = false;
		if (fd >= 0)
			close(fd);
	}
}

static void check_segments(struct store_segments *s)
{
	static uint8_t there[SEGMENT_MAX];
	struct store_segment *g;
	uint64_t grown;
	char name[16];

	for (unsigned i = 0; i < SEGMENTS; i++) {
		snprintf(name, sizeof name, "segment-%u", i);
		g = store_segment_find(s, name, false);
		if (!g && segments[i].synced)
			lost("a synced segment is gone", name);
		if (g && (g->length < segments[i].synced || pread(g->fd, there, segments[i].synced, 0) !=
				(ssize_t)segments[i].synced || memcmp(there, segments[i].bytes, segments[i].synced)))
			lost("synced bytes are gone", name);
		/* The client repeats what it was not sure of, over what a cut may have torn. */
		g = store_segment_find(s, name, true);
		if (!g || store_segment_append(g, segments[i].synced, segments[i].bytes + segments[i].synced,
				segments[i].len - segments[i].synced, &grown))
			lost("what was not synced cannot be repeated", name);
		if (g && g->length > segments[i].len)
			segments[i].len = (size_t)g->length;
		if (g && pread(g->fd, segments[i].bytes, segments[i].len, 0) != (ssize_t)segments[i].len)
			lost("cannot be read", name);
	}
}

/* ---- lives ---- */

static void life(void)
{
	struct store_usage usage = { 0, 0 };
	static struct store_segments s;
	uint64_t bytes = 0;
	int dir;

	off = false;
	cut = 0;
	dir = store_objects_open(root, &usage);
	if (dir < 0 || store_segments_open(&s, root, &bytes)) {
		lost("cannot be opened", "store");
		return;
	}
	check_objects(dir);
	check_segments(&s);
	cut = changes + 1 + chance(CHANGES);
	while (!off)
		switch (chance(5)) {
		case 0:
		case 1:
			do_keep(dir);
			break;
		case 2:
			do_drop(dir);
			break;
		default:
			do_segment(&s);
		}
	for (size_t i = 0; i < STORE_SEGMENTS_OPEN; i++)
		if (s.open[i].fd >= 0)
			close(s.open[i].fd);
	close(s.dir);
	close(dir);
	power_on(root);
	done++;
}

static void world(void)
{
	char name[] = "/tmp/store-cuts-XXXXXX", graves_name[48];
	char command[128];

	if (!mkdtemp(name))
		abort();
	snprintf(graves_name, sizeof graves_name, "%s.removed", name);
	mkdir(graves_name, 0700);
	root = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	graveyard = open(graves_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	state = seed;
	object_count = grave_count = 0;
	memset(segments, 0, sizeof segments);
	for (int i = 0; i < LIVES && !(planted && losses); i++)
		life();
	for (size_t i = 0; i < node_count; i++) {
		free(nodes[i].bytes);
		free(nodes[i].names);
	}
	node_count = 0;
	close(root);
	close(graveyard);
	snprintf(command, sizeof command, "rm -rf %s %s", name, graves_name);
	if (system(command))
		abort();
}

int main(int argc, char **argv)
{
	unsigned long cuts = 150;
	int option;

	seed = 1;
	while ((option = getopt(argc, argv, "n:s:p")) >= 0)
		switch (option) {
		case 'n':
			cuts = strtoul(optarg, NULL, 10);
			break;
		case 's':
			seed = strtoull(optarg, NULL, 10);
			break;
		case 'p':
			planted = true;
			break;
		default:
			fprintf(stderr, "usage: store_cuts [-n CUTS] [-s SEED] [-p]\n");
			return 100;
		}
	if (sodium_init() < 0)
		return 111;
	log_open("store_cuts");
	real = plat_disk;
	plat_disk = &cutting;
	for (; done < cuts && !(planted && losses); seed++)
		world();
	printf("%lu cuts, %lu changes, %lu losses\n", done, changes, losses);
	return losses != 0;
}
