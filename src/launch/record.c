#include "launch.h"

#include <fcntl.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "log/log.h"

#define RECORDS "/run/cam/services/"

/* Starts noted so far; 0 when there is no good record. */
static unsigned long starts(const char *path)
{
	char text[96];
	unsigned long n = 0;
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	ssize_t len;

	if (fd == -1)
		return 0;
	len = read(fd, text, sizeof text - 1);
	(void)close(fd);
	text[len > 0 ? len : 0] = '\0';
	return sscanf(text, "%*d %lu ", &n) == 1 ? n : 0;
}

/* For people (tty, the console): a missing record stops nobody, so trouble is
 * said and that is all. */
void record_write(const struct launch *l)
{
	char path[LAUNCH_PATH_MAX], fresh[LAUNCH_PATH_MAX + 8], text[96];
	struct timespec now;
	int fd, len;

	(void)snprintf(path, sizeof path, RECORDS "%s", l->title);
	(void)snprintf(fresh, sizeof fresh, RECORDS ".%s", l->title);
	(void)clock_gettime(CLOCK_REALTIME, &now);
	len = snprintf(text, sizeof text, "%d %lu %lld\n", (int)getpid(), starts(path) + 1,
		(long long)now.tv_sec * 1000000 + now.tv_nsec / 1000);
	fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd == -1 || write(fd, text, (size_t)len) != len || rename(fresh, path) == -1)
		log_warn_errno("%s: record %s", l->title, path);
	if (fd != -1)
		(void)close(fd);
}
