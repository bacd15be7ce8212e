/*
 * Load over a veth pair, from one process each side.
 *
 * usage: flow sink ADDRESS PORT..              takes connections at the ports, reads what comes; ends when it is killed; says "ready"
 *        flow stream ADDRESS PORT SECONDS      one connection; prints bytes a second
 *        flow connect ADDRESS PORT SECONDS     one connection after the other, each reset at once; prints connections a second
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PORTS 4
#define FDS 256

static char buffer[1 << 17];

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int trouble(const char *what)
{
	fprintf(stderr, "flow: %s: %s\n", what, strerror(errno));
	return 1;
}

static struct sockaddr_in place(const char *address, const char *port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(port)) };

	inet_pton(AF_INET, address, &a.sin_addr);
	return a;
}

static int sink(const char *address, int count, char **ports)
{
	struct pollfd fds[FDS];
	int n = 0, one = 1;

	for (; n < count && n < PORTS; n++) {
		struct sockaddr_in a = place(address, ports[n]);

		fds[n] = (struct pollfd){ .fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), .events = POLLIN };
		setsockopt(fds[n].fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
		if (bind(fds[n].fd, (struct sockaddr *)&a, sizeof a) || listen(fds[n].fd, 4096))
			return trouble("listen");
	}
	count = n;
	puts("ready");
	fflush(stdout);
	for (;;) {
		if (poll(fds, (nfds_t)n, -1) < 0)
			return trouble("poll");
		for (int i = n - 1; i >= count; i--)
			if (fds[i].revents && read(fds[i].fd, buffer, sizeof buffer) <= 0) {
				close(fds[i].fd);
				fds[i] = fds[--n];
			}
		for (int i = 0; i < count; i++)
			while (fds[i].revents && n < FDS) {
				int fd = accept4(fds[i].fd, NULL, NULL, SOCK_NONBLOCK);

				if (fd < 0)
					break;
				fds[n++] = (struct pollfd){ .fd = fd, .events = POLLIN };
			}
	}
}

static int connected(const struct sockaddr_in *a)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd >= 0 && connect(fd, (const struct sockaddr *)a, sizeof *a)) {
		close(fd);
		return -1;
	}
	return fd;
}

static int stream(const struct sockaddr_in *a, double seconds)
{
	double began = now(), bytes = 0;
	int fd = connected(a);
	ssize_t n = 1;

	if (fd < 0)
		return trouble("connect");
	while (now() - began < seconds && (n = write(fd, buffer, sizeof buffer)) > 0)
		bytes += (double)n;
	if (n <= 0)
		return trouble("write");
	printf("%.0f\n", bytes / (now() - began));
	return 0;
}

static int connects(const struct sockaddr_in *a, double seconds)
{
	struct linger reset = { .l_onoff = 1, .l_linger = 0 };
	double began = now(), count = 0;

	while (now() - began < seconds) {
		int fd = connected(a);

		if (fd < 0)
			return trouble("connect");
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
		close(fd);
		count++;
	}
	printf("%.0f\n", count / (now() - began));
	return 0;
}

int main(int argc, char **argv)
{
	struct sockaddr_in a;

	if (argc > 3 && !strcmp(argv[1], "sink"))
		return sink(argv[2], argc - 3, argv + 3);
	if (argc != 5)
		return 2;
	a = place(argv[2], argv[3]);
	return !strcmp(argv[1], "stream") ? stream(&a, atof(argv[4])) : connects(&a, atof(argv[4]));
}
