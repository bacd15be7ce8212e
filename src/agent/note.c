#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "agent/agent.h"

#define LINE_MAX_BYTES 1024
/* A full file becomes .1, that .2 and so on; the last one goes. */
#define FILE_BYTES (1u << 20)
#define FILES_KEPT 4

static const char *log_path;
static bool log_debug;

static void attach(void)
{
	int fd = open(log_path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);

	if (fd < 0)
		return;
	dup2(fd, STDERR_FILENO);
	close(fd);
}

static void rotate(void)
{
	char from[300], to[300];

	for (int i = FILES_KEPT; i > 0; i--) {
		if (i == 1)
			snprintf(from, sizeof from, "%s", log_path);
		else
			snprintf(from, sizeof from, "%s.%d", log_path, i - 1);
		snprintf(to, sizeof to, "%s.%d", log_path, i);
		(void)rename(from, to);
	}
	attach();
}

void note_open(const char *path, bool debug)
{
	log_path = path;
	log_debug = debug;
	if (path)
		attach();
}

static void line(const char *fmt, va_list ap)
{
	char text[LINE_MAX_BYTES];
	time_t now = time(NULL);
	struct tm tm;
	struct stat st;
	size_t n;
	int m;

	gmtime_r(&now, &tm);
	n = strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S ", &tm);
	m = vsnprintf(text + n, sizeof text - n - 1, fmt, ap);
	if (m > 0)
		n += (size_t)m < sizeof text - n - 1 ? (size_t)m : sizeof text - n - 2;
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
			text[i] = '?';
	text[n++] = '\n';
	if (log_path && fstat(STDERR_FILENO, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > (off_t)FILE_BYTES)
		rotate();
	(void)!write(STDERR_FILENO, text, n);
}

void note(const char *fmt, ...)
{
	int saved = errno;
	va_list ap;

	va_start(ap, fmt);
	line(fmt, ap);
	va_end(ap);
	errno = saved;
}

void note_debug(const char *fmt, ...)
{
	int saved = errno;
	va_list ap;

	if (!log_debug)
		return;
	va_start(ap, fmt);
	line(fmt, ap);
	va_end(ap);
	errno = saved;
}
