/* store: a program's log is read over its files in the order of their first lines; a file is found by its first line also after it was
 * renamed; what is no log, or has no line yet, is left alone. */
/* with: store/logs.c store/objects.c store/recent.c store/segments.c */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/logs.h"

#define OLD "2026-11-27 23:59:59.999999999 gate: one\n"
#define NEW "2026-11-28 00:00:00.000000001 gate: two\n"

static char told[1024];
static int failed;

#define CHECK(x) do { if (!(x)) { printf("line %d: %s\n", __LINE__, #x); failed = 1; } } while (0)

static void each(const char *name, const struct store_log_file *f, void *arg)
{
	size_t n = strlen(told);

	(void)arg;
	snprintf(told + n, sizeof told - n, "%s %llu %llu;", name, (unsigned long long)f->first, (unsigned long long)f->length);
}

static void put(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	if (!f || fputs(text, f) < 0 || fclose(f))
		abort();
}

static void read_back(int dir, const char *name, const char *line)
{
	char text[128] = "";
	uint64_t length = 0;
	int fd = store_log_reader(dir, name, store_log_moment(line), &length);

	CHECK(fd >= 0 && length == strlen(line) && read(fd, text, sizeof text - 1) == (ssize_t)length && !strcmp(text, line));
	if (fd >= 0)
		close(fd);
}

int main(void)
{
	char top[] = "/tmp/logs.XXXXXX", want[256], command[64];
	uint64_t length;
	int dir;

	CHECK(store_log_moment(NEW) - store_log_moment(OLD) == 2);
	CHECK(store_log_moment("2026-11-28 00:00:00.00000000 gate") == 0 && store_log_moment("2026-11-28T00:00:00.000000001") == 0);
	CHECK(store_log_moment("1969-12-31 23:59:59.000000001") == 0 && store_log_moment("9999-12-31 23:59:59.000000001") == 0);
	CHECK(store_log_name_valid("gate") && !store_log_name_valid("../gate") && !store_log_name_valid(".x") && !store_log_name_valid("a/b"));
	if (!mkdtemp(top) || chdir(top) || mkdir("gate", 0700) || mkdir("tty", 0700) || mkdir("x!", 0700))
		return 1;
	put("gate/@4000000065e5c2a1.s", OLD);
	put("gate/current", NEW);
	put("gate/lock", OLD);
	put("gate/state", OLD);
	put("tty/current", "");
	put("x!/current", OLD);
	if (symlink("current", "gate/@4000000065e5c2a2.s"))
		return 1;
	dir = open(".", O_RDONLY | O_DIRECTORY);
	snprintf(want, sizeof want, "gate %llu %zu;gate %llu %zu;", (unsigned long long)store_log_moment(OLD), strlen(OLD),
		(unsigned long long)store_log_moment(NEW), strlen(NEW));
	for (int i = 0; i < 2; i++) {
		told[0] = 0;
		CHECK(!store_logs_each(dir, each, NULL) && !strcmp(told, want));
	}
	read_back(dir, "gate", OLD);
	read_back(dir, "gate", NEW);
	CHECK(!rename("gate/current", "gate/@4000000065e5c2a3.u"));
	read_back(dir, "gate", NEW);
	CHECK(store_log_reader(dir, "gate", 1, &length) < 0 && store_log_reader(dir, "none", 1, &length) < 0);
	close(dir);
	snprintf(command, sizeof command, "rm -rf %s", top);
	return system(command) || failed;
}
