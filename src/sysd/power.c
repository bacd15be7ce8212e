/* power: words to init's power service, which alone may stop the machine or name it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "log/log.h"
#include "sysd.h"

#define FIFO "/run/cam/power"
/* Bytes of a line the service takes. */
#define LINE_MAX_BYTES 128
/* Pause before the host name is tried again, seconds. */
#define RETRY 1.0

static struct {
	ev_timer retry;
	char name[ADDR_HOSTNAME_MAX + 1];
} hostname;

int power_word(const char *word)
{
	char line[LINE_MAX_BYTES];
	int len = snprintf(line, sizeof line, "%s\n", word);
	int fd, saved;
	ssize_t n;

	if (len < 0 || (size_t)len >= sizeof line) {
		errno = EMSGSIZE;
		return -1;
	}
	fd = open(FIFO, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return -1;
	/* shorter than PIPE_BUF: whole or not at all (pipe(7)) */
	n = write(fd, line, (size_t)len);
	saved = errno;
	close(fd);
	errno = saved;
	return n == len ? 0 : -1;
}

static void try_hostname(struct ev_loop *loop)
{
	char word[LINE_MAX_BYTES];

	snprintf(word, sizeof word, "hostname %s", hostname.name);
	if (power_word(word) == 0) {
		ev_timer_stop(loop, &hostname.retry);
		return;
	}
	if (!ev_is_active(&hostname.retry))
		log_info("hostname: waiting for the power service: %s", strerror(errno));
	ev_timer_again(loop, &hostname.retry);
}

static void on_retry(struct ev_loop *loop, ev_timer *w, int events)
{
	(void)w;
	(void)events;
	try_hostname(loop);
}

void power_hostname(struct ev_loop *loop, const char *name)
{
	ev_timer_stop(loop, &hostname.retry);
	ev_timer_init(&hostname.retry, on_retry, 0, RETRY);
	snprintf(hostname.name, sizeof hostname.name, "%s", name);
	try_hostname(loop);
}
