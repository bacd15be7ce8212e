#include "launch.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "log/log.h"

/* Finished TCP handshakes that may wait for accept(2): a storm of agents
 * after a network outage; the kernel cuts it to net.core.somaxconn (4096). */
#define BACKLOG 4096

static int null_open(const struct room *row)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (fd == -1)
		log_fatal("%s: /dev/null", row->name);
	return fd;
}

/* The supervisor gives the log's pipe as standard output only. */
void descriptors_standard(const struct room *row)
{
	int fd;

	if (row->id == ROOM_LOG)
		return;
	if (dup2(STDOUT_FILENO, STDERR_FILENO) == -1)
		log_fatal("%s: standard error", row->name);
	fd = null_open(row);
	if (dup2(fd, STDIN_FILENO) == -1)
		log_fatal("%s: standard input", row->name);
	(void)close(fd);
	log_open("launch");	/* the pipe, now non-blocking */
}

static int tcp_bind(int family, unsigned long port)
{
	struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port) };
	struct sockaddr_in four = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	const struct sockaddr *address = family == AF_INET6 ? (void *)&six : (void *)&four;
	socklen_t len = family == AF_INET6 ? sizeof six : sizeof four;
	int on = 1, off = 0, saved;
	int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd == -1)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
			(family != AF_INET6 ||
			setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off) == 0) &&
			bind(fd, address, len) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	saved = errno;
	(void)close(fd);
	errno = saved;
	return -1;
}

/* Both families on one socket; version 4 alone where the kernel has no 6. */
static int tcp_open(const struct room *row, unsigned long port)
{
	int fd = tcp_bind(AF_INET6, port);

	if (fd == -1 && (errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL))
		fd = tcp_bind(AF_INET, port);
	if (fd == -1)
		log_fatal("%s: listen on port %lu", row->name, port);
	return fd;
}

/* Non-blocking: a serial line without a peer must not stop the start. */
static int tty_open(const struct room *row, const char *path)
{
	int fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);

	if (fd != -1 && isatty(fd))
		return fd;
	if (fd != -1)
		(void)close(fd);
	log_info("%s: %s: no such terminal here, using /dev/null", row->name, path);
	return null_open(row);
}

/* Owned by root: the room gets at it through this descriptor only. */
static int shared_open(const struct room *row, const char *name, unsigned long bytes)
{
	char path[LAUNCH_PATH_MAX];
	struct stat st;
	int fd;

	(void)snprintf(path, sizeof path, "/run/cam/%s", name);
	fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd == -1 || fstat(fd, &st) == -1 ||
			(st.st_size != (off_t)bytes && ftruncate(fd, (off_t)bytes) == -1))
		log_fatal("%s: %s", row->name, path);
	return fd;
}

static int kind_open(const struct room *row, const struct room_open *o)
{
	switch (o->kind) {
	case ROOM_OPEN_TCP:
		return tcp_open(row, o->arg);
	case ROOM_OPEN_TTY:
		return tty_open(row, o->path);
	case ROOM_OPEN_SHARED:
		return shared_open(row, o->path, o->arg);
	case ROOM_OPEN_NONE:
		break;
	}
	log_bug("a kind of descriptor without a way to open it");
}

/* Puts fd at its number, without close-on-exec. */
static void place(const struct room *row, int fd, int at)
{
	if (fd == at) {
		if (fcntl(fd, F_SETFD, 0) == -1)
			log_fatal("%s: descriptor %d", row->name, at);
		return;
	}
	if (dup2(fd, at) == -1)
		log_fatal("%s: descriptor %d", row->name, at);
	(void)close(fd);
}

void descriptors_open(const struct room *row)
{
	int at = ROOM_FD_FIRST;

	/* Nobody waits for readiness: the number stays taken all the same. */
	if (fcntl(ROOM_FD_READY, F_GETFD) == -1)
		place(row, null_open(row), ROOM_FD_READY);
	if (syscall(SYS_close_range, (unsigned)ROOM_FD_FIRST, ~0u, 0) != 0)
		log_fatal("%s: close inherited descriptors", row->name);
	for (const struct room_open *o = row->opens; o != NULL && o->kind != ROOM_OPEN_NONE; o++)
		place(row, kind_open(row, o), at++);
}
