/* store: appended at the length, repeated without harm, refused elsewhere. */
/* with: store/segments.c store/objects.c store/recent.c */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "log/log.h"
#include "store/segments.h"

static int failed;

#define CHECK(what) do { if (!(what)) { failed = 1; printf("%s:%d: %s\n", __FILE__, __LINE__, #what); } } while (0)

static struct store_segments s;

static enum store_append append(const char *name, uint64_t offset, const char *text, uint64_t *grown)
{
	return store_segment_append(store_segment_find(&s, name, true), offset, text, strlen(text), grown);
}

static bool holds(const char *name, const char *text)
{
	struct store_segment *g = store_segment_find(&s, name, false);
	char there[64] = "";
	int fd = g ? store_segment_reader(&s, g) : -1;
	ssize_t n = fd < 0 ? -1 : read(fd, there, sizeof there);

	close(fd);
	return n == (ssize_t)strlen(text) && !memcmp(there, text, (size_t)n) && g->length == (uint64_t)n;
}

static void check_many(void)
{
	char name[32];
	uint64_t grown;

	/* More than are kept open: all are there afterwards. */
	for (int i = 0; i < 3 * STORE_SEGMENTS_OPEN; i++) {
		snprintf(name, sizeof name, "many-%d", i);
		CHECK(append(name, 0, name, &grown) == STORE_APPENDED);
	}
	for (int i = 0; i < 3 * STORE_SEGMENTS_OPEN; i++) {
		snprintf(name, sizeof name, "many-%d", i);
		CHECK(holds(name, name));
	}
}

static bool count_one(const char *name, void *arg)
{
	unsigned *left = arg;

	CHECK(store_segment_name_valid(name));
	return !--*left;
}

/* Named in turns, each once; taken away, none is left. */
static void check_names(unsigned want)
{
	uint64_t next = 0, freed;
	unsigned seen = 0, left;
	char name[32];

	do {
		left = 7;
		CHECK(!store_segments_each(&s, next, &next, count_one, &left));
		seen += 7 - left;
	} while (next && seen < 10 * want);
	CHECK(seen == want);
	for (int i = 0; i < 3 * STORE_SEGMENTS_OPEN; i++) {
		snprintf(name, sizeof name, "many-%d", i);
		CHECK(store_segment_erase(&s, name, &freed) == 1 && freed == strlen(name));
		CHECK(!store_segment_erase(&s, name, &freed) && !freed);
		CHECK(!store_segment_find(&s, name, false));
	}
	store_segment_find(&s, "op", false)->busy = true;
	CHECK(store_segment_erase(&s, "op", &freed) == -1 && errno == EBUSY);
	store_segment_find(&s, "op", false)->busy = false;
	left = 7;
	CHECK(!store_segments_each(&s, 0, &next, count_one, &left) && !next && left == 6);
}

int main(void)
{
	int root = open(".", O_RDONLY | O_DIRECTORY);
	uint64_t grown, bytes = 0;
	struct store_segment *g;

	log_open("test");
	CHECK(!store_segments_open(&s, root, &bytes) && !bytes);
	CHECK(!store_segment_find(&s, "op", false) && errno == ENOENT);
	CHECK(append("op", 1, "x", &grown) == STORE_APPEND_CONFLICT);
	CHECK(append("op", 0, "hello", &grown) == STORE_APPENDED && grown == 5);
	CHECK(append("op", 0, "hello", &grown) == STORE_APPENDED && grown == 0);
	CHECK(append("op", 2, "llo", &grown) == STORE_APPENDED && grown == 0);
	CHECK(append("op", 3, "lo world", &grown) == STORE_APPENDED && grown == 6);
	CHECK(append("op", 0, "jello", &grown) == STORE_APPEND_CONFLICT);
	CHECK(append("op", 10, "dX", &grown) == STORE_APPENDED && grown == 1);
	CHECK(append("op", 10, "Xd", &grown) == STORE_APPEND_CONFLICT);
	CHECK(append("op", 13, "x", &grown) == STORE_APPEND_CONFLICT);
	CHECK(append("op", 12, "", &grown) == STORE_APPENDED && grown == 0);
	CHECK(holds("op", "hello worldX"));
	g = store_segment_find(&s, "op", false);
	CHECK(g && !store_segment_sync(s.dir, g->fd, g->named));
	check_many();
	/* Opened anew: what an earlier life left unsynced may be torn and is written again. */
	CHECK(append("op", 6, "WORLD", &grown) == STORE_APPENDED && grown == 0);
	CHECK(holds("op", "hello WORLDX"));
	check_names(3 * STORE_SEGMENTS_OPEN + 1);
	CHECK(store_segment_name_valid("op-1.out") && store_segment_name_valid("0"));
	CHECK(!store_segment_name_valid("") && !store_segment_name_valid(".") && !store_segment_name_valid("..") &&
		!store_segment_name_valid("a/b") && !store_segment_name_valid("A") && !store_segment_name_valid(".x"));
	close(root);
	return failed;
}
