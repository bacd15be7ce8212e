/* store: kept by digest, once; what changes the upload afterwards does not change the object; strays are removed at the start. */
/* with: store/objects.c store/recent.c */
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <time.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log/log.h"
#include "plat/clock.h"
#include "store/objects.h"

static int failed;

#define CHECK(what) do { if (!(what)) { failed = 1; printf("%s:%d: %s\n", __FILE__, __LINE__, #what); } } while (0)
#define ABC "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define EMPTY "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static void touch(const char *path)
{
	close(open(path, O_WRONLY | O_CREAT, 0600));
}

static void check_restart(int root, const struct store_usage *usage)
{
	struct store_usage again = { 0, 0 };
	int dir;

	touch("objects/stray");
	touch("objects/ba/tmp-1");
	mkdir("objects/zz", 0700);
	dir = store_objects_open(root, &again);
	CHECK(dir >= 0 && again.bytes == usage->bytes && again.objects == usage->objects);
	CHECK(access("objects/stray", F_OK) && access("objects/ba/tmp-1", F_OK));
	close(dir);
}

/* Two hours on. */
static int64_t later(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return (t.tv_sec + 7200) * PLAT_SECOND;
}

static bool count_one(const char *digest, void *arg)
{
	++*(int *)arg;
	return store_digest_valid(digest);
}

int main(void)
{
	struct store_usage usage = { 0, 0 };
	char digest[STORE_DIGEST_TEXT], text[8] = "";
	int root = open(".", O_RDONLY | O_DIRECTORY), dir, upload, fd;
	uint64_t length;
	int found = 0;
	bool fresh;

	if (sodium_init() < 0)
		return 111;
	log_open("test");
	dir = store_objects_open(root, &usage);
	CHECK(dir >= 0 && !usage.bytes && !usage.objects);
	upload = store_upload_open(dir);
	CHECK(upload >= 0 && write(upload, "abc", 3) == 3);
	CHECK(!store_object_keep(dir, upload, digest, &length, &fresh) && fresh && length == 3);
	CHECK(!strcmp(digest, ABC));
	CHECK(!store_object_keep(dir, upload, digest, &length, &fresh) && !fresh);
	/* Whoever still holds the upload cannot reach the object. */
	CHECK(pwrite(upload, "xyz", 3, 0) == 3);
	close(upload);
	fd = store_object_get(dir, ABC, &length);
	CHECK(fd >= 0 && length == 3 && read(fd, text, sizeof text) == 3 && !memcmp(text, "abc", 3));
	CHECK(write(fd, "x", 1) == -1);
	close(fd);
	upload = store_upload_open(dir);
	CHECK(!store_object_keep(dir, upload, digest, &length, &fresh) && !strcmp(digest, EMPTY) && !length);
	close(upload);
	usage = (struct store_usage){ .bytes = store_cost(3) + store_cost(0), .objects = 2 };
	check_restart(root, &usage);
	CHECK(store_object_drop(dir, ABC, false, &length) == -1 && errno == EBUSY);
	plat_clock_replace(NULL, later);
	CHECK(!store_objects_each(dir, 0xba, count_one, &found) && found == 1);
	CHECK(!store_objects_each(dir, 0xbb, count_one, &found) && found == 1);
	CHECK(!store_object_drop(dir, EMPTY, false, &length) && !length);
	plat_clock_replace(NULL, NULL);
	CHECK(!store_object_drop(dir, ABC, true, &length) && length == 3);
	CHECK(store_object_get(dir, ABC, &length) == -1 && errno == ENOENT);
	CHECK(store_object_drop(dir, ABC, true, &length) == -1 && errno == ENOENT);
	CHECK(store_cost(0) == 0 && store_cost(1) == 4096 && store_cost(4096) == 4096 && store_cost(4097) == 8192);
	CHECK(store_digest_valid(ABC) && !store_digest_valid("") && !store_digest_valid("../../../etc/passwd"));
	CHECK(!store_digest_valid("BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD"));
	close(dir);
	close(root);
	return failed;
}
