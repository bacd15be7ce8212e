/* settings: network.json, written so that a power cut leaves the old or the new one. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "log/log.h"
#include "sysd.h"

#define DIRECTORY "/data/sysd"
#define FILE_NAME DIRECTORY "/network.json"
#define FILE_NEW DIRECTORY "/network.json.new"

/* Length, or -1 with errno; EFBIG when the file does not fit. */
static ssize_t read_all(int fd, char *buf, size_t size)
{
	size_t len = 0;
	ssize_t n;

	while (len < size) {
		n = read(fd, buf + len, size - len);
		if (n < 0)
			return -1;
		if (n == 0)
			return (ssize_t)len;
		len += (size_t)n;
	}
	errno = EFBIG;
	return -1;
}

void settings_load(struct netconf *c)
{
	static char buf[NETCONF_FILE_MAX + 1];
	const char *why;
	ssize_t len;
	int fd;

	netconf_default(c);
	fd = open(FILE_NAME, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		if (errno != ENOENT)
			log_warn_errno("settings: cannot open " FILE_NAME);
		return;
	}
	len = read_all(fd, buf, sizeof buf);
	if (len < 0)
		log_warn_errno("settings: cannot read " FILE_NAME);
	else if (netconf_parse(c, buf, (size_t)len, &why) < 0)
		log_warn("settings: " FILE_NAME " is not used: %s", why);
	close(fd);
}

static int write_all(int fd, const char *p, size_t len)
{
	ssize_t n;

	while (len > 0) {
		n = write(fd, p, len);
		if (n < 0)
			return -1;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

static int sync_directory(void)
{
	int fd = open(DIRECTORY, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int rc;

	if (fd < 0)
		return -1;
	rc = fsync(fd);
	close(fd);
	return rc;
}

static int write_file(const char *text, size_t len)
{
	int fd = open(FILE_NEW, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	int rc, saved;

	if (fd < 0)
		return -1;
	rc = write_all(fd, text, len);
	if (rc == 0)
		rc = fsync(fd);
	saved = errno;
	close(fd);
	if (rc == 0 && rename(FILE_NEW, FILE_NAME) == 0)
		return sync_directory();
	if (rc < 0)
		errno = saved;
	saved = errno;
	unlink(FILE_NEW);
	errno = saved;
	return -1;
}

int settings_save(const struct netconf *c)
{
	size_t len;
	char *text = netconf_format(c, &len);
	int rc, saved;

	if (!text) {
		errno = ENOMEM;
		return -1;
	}
	rc = write_file(text, len);
	saved = errno;
	free(text);
	errno = saved;
	return rc;
}
