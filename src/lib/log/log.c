#include "log/log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Longest line, bytes with the newline: not above PIPE_BUF (4096), so that a
 * line goes into the pipe whole or not at all. Longer text is cut. */
#define LOG_LINE_MAX 2048

/* How long a last line may wait for the logger before the process ends
 * without it, milliseconds. */
#define LOG_LAST_WAIT 100

#define EXIT_USAGE 100
#define EXIT_TROUBLE 111

static const char *log_name = "cam";
static atomic_ulong log_lost;		/* since the start */
static atomic_ulong log_unreported;	/* since the last line that said so */

void log_open(const char *name)
{
	int flags = fcntl(STDERR_FILENO, F_GETFL);

	log_name = name;
	if (flags != -1)
		(void)fcntl(STDERR_FILENO, F_SETFL, flags | O_NONBLOCK);
}

unsigned long log_dropped(void)
{
	return atomic_load(&log_lost);
}

/* Replaces what a terminal or a line reader would act upon: C0, DEL and the
 * two-byte UTF-8 form of C1. */
static void log_clean(char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c < 0x20 || c == 0x7f) {
			text[i] = '?';
		} else if (c == 0xc2 && i + 1 < len) {
			unsigned char d = (unsigned char)text[i + 1];

			if (d >= 0x80 && d <= 0x9f)
				text[i] = text[i + 1] = '?';
		}
	}
}

static int log_write(const char *line, size_t len)
{
	ssize_t n;

	do
		n = write(STDERR_FILENO, line, len);
	while (n == -1 && errno == EINTR);
	return n == -1 ? -1 : 0;
}

static void log_report_lost(void)
{
	unsigned long n = atomic_exchange(&log_unreported, 0);
	char line[128];
	int len;

	if (n == 0)
		return;
	len = snprintf(line, sizeof line, "%.64s: log: %lu lines dropped: standard error was full\n",
		log_name, n);
	if (len > 0 && (size_t)len < sizeof line && log_write(line, (size_t)len) == 0)
		return;
	atomic_fetch_add(&log_unreported, n);
}

static void log_line(bool last, int error, const char *fmt, va_list ap)
{
	char line[LOG_LINE_MAX];
	const size_t room = sizeof line - 1;	/* one byte for the newline */
	size_t len;
	int n;

	n = snprintf(line, room, "%.64s: ", log_name);
	len = n < 0 ? 0 : (size_t)n;
	n = vsnprintf(line + len, room - len, fmt, ap);
	if (n > 0)
		len += (size_t)n;
	if (len >= room)
		len = room - 1;
	if (error != 0) {
		n = snprintf(line + len, room - len, ": %s", strerror(error));
		if (n > 0)
			len += (size_t)n;
		if (len >= room)
			len = room - 1;
	}
	log_clean(line, len);
	line[len++] = '\n';

	log_report_lost();
	if (log_write(line, len) == 0)
		return;
	if (last && errno == EAGAIN) {
		struct pollfd p = { .fd = STDERR_FILENO, .events = POLLOUT };

		if (poll(&p, 1, LOG_LAST_WAIT) == 1 && log_write(line, len) == 0)
			return;
	}
	atomic_fetch_add(&log_lost, 1);
	atomic_fetch_add(&log_unreported, 1);
}

void log_info(const char *fmt, ...)
{
	int saved = errno;
	va_list ap;

	va_start(ap, fmt);
	log_line(false, 0, fmt, ap);
	va_end(ap);
	errno = saved;
}

void log_warn(const char *fmt, ...)
{
	int saved = errno;
	va_list ap;

	va_start(ap, fmt);
	log_line(false, 0, fmt, ap);
	va_end(ap);
	errno = saved;
}

void log_warn_errno(const char *fmt, ...)
{
	int saved = errno;
	va_list ap;

	va_start(ap, fmt);
	log_line(false, saved, fmt, ap);
	va_end(ap);
	errno = saved;
}

void log_fatal(const char *fmt, ...)
{
	int saved = errno;
	va_list ap;

	va_start(ap, fmt);
	log_line(true, saved, fmt, ap);
	va_end(ap);
	_exit(EXIT_TROUBLE);
}

void log_usage(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_line(true, 0, fmt, ap);
	va_end(ap);
	_exit(EXIT_USAGE);
}

void log_bug_at(const char *file, int line, const char *what)
{
	errno = 0;
	log_fatal("bug: %s:%d: %s", file, line, what);
}
