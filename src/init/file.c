#include "init.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int
init_file_read(const char *path, char *buf, int n)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), have = 0;
	ssize_t r;

	if (fd == -1)
		return -1;
	while (have < n - 1 && (r = read(fd, buf + have, (size_t)(n - 1 - have))) > 0)
		have += (int)r;
	buf[have] = 0;
	close(fd);
	return have;
}

int
init_file_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600), rc = 0;
	size_t n = strlen(text);

	if (fd == -1)
		return -1;
	if (write(fd, text, n) != (ssize_t)n)
		rc = -1;
	close(fd);
	return rc;
}

int
init_release(const char *key, char *buf, int n)
{
	char text[1024], *line = text, *end;
	size_t k = strlen(key);

	if (init_file_read(INIT_RELEASE, text, sizeof text) == -1)
		return -1;
	for (; *line; line = end + 1) {
		end = strchr(line, '\n');
		if (!end)
			break;
		*end = 0;
		if (strncmp(line, key, k) == 0 && line[k] == '=') {
			snprintf(buf, (size_t)n, "%s", line + k + 1);
			return 0;
		}
	}
	errno = ENOENT;
	return -1;
}
