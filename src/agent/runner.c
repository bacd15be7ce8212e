/*
 * runner: runs one step in a session of its own and writes down what came of it, whether or not the agent lives.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <yyjson.h>

#include "agent/agent.h"
#include "agent/journal.h"
#include "agent/script.h"
#include "agent/session.h"

#define OUTPUT_LIMIT (INT64_C(50) << 20)
#define SECONDS_DEFAULT 3600
#define SECONDS_MAX (72 * 3600)
/* Written where output is cut. */
#define CUT "\n[output cut: it is longer than the limit]\n"

struct run {
	int dir, lock, output;
	int pipe;		/* what the script writes */
	int64_t limit, written;
	bool cut;
	struct ending ending;
};

static int wake[2] = { -1, -1 };

static void on_signal(int sig)
{
	int saved = errno;

	(void)!write(wake[1], &(char){ sig == SIGCHLD ? 'c' : 'a' }, 1);
	errno = saved;
}

static void signals(void)
{
	static const int ignored[] = { SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGPIPE, SIGTSTP, SIGUSR2, 0 };
	struct sigaction ignore = { .sa_handler = SIG_IGN }, catch = { .sa_handler = on_signal, .sa_flags = SA_RESTART };

	for (int i = 0; ignored[i]; i++)
		sigaction(ignored[i], &ignore, NULL);
	sigaction(SIGCHLD, &catch, NULL);
	sigaction(SIGUSR1, &catch, NULL);
}

/* All that is needed to write the ending is needed: a full disk is waited for. */
static void finish(struct run *r)
{
	char text[1024];
	size_t len;
	struct stat st;

	if (fsync(r->output) == 0 && fstat(r->output, &st) == 0)
		r->ending.output_length = (uint64_t)st.st_size;
	r->ending.finished = clock_wall();
	len = ending_write(&r->ending, text, sizeof text);
	while (file_write(r->dir, "exit", text, len, 0600) < 0)
		sleep(1);
	close(r->lock);
}

static void write_output(struct run *r, const char *data, size_t n)
{
	int64_t room = r->limit - (int64_t)sizeof CUT - r->written;
	ssize_t m;

	if (r->cut)
		return;
	if ((int64_t)n > room) {
		r->cut = true;
		if (room > 0)
			(void)!write(r->output, data, (size_t)room);
		(void)!write(r->output, CUT, sizeof CUT - 1);
		return;
	}
	while (n) {
		m = write(r->output, data, n);
		if (m < 0 && errno == EINTR)
			continue;
		if (m <= 0)	/* the disk is full: the script goes on, its output is lost */
			return;
		r->written += m;
		data += m;
		n -= (size_t)m;
	}
}

/* Reads what there is; false at the end. */
static bool drain(struct run *r, bool keep)
{
	static char buf[65536];
	ssize_t n;

	for (int i = 0; i < 64; i++) {
		n = read(r->pipe, buf, sizeof buf);
		if (n > 0 && keep)
			write_output(r, buf, (size_t)n);
		if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
			return false;
		if (n < 0 && errno == EAGAIN)
			break;
	}
	return true;
}

static void refuse(struct run *r, const char *message)
{
	r->ending.outcome = OUTCOME_REFUSED;
	snprintf(r->ending.message, sizeof r->ending.message, "%s", message);
	write_output(r, message, strlen(message));
	write_output(r, "\n", 1);
	finish(r);
	_exit(0);
}

/* Only one runner of a step ever comes past this. */
static void start_once(struct run *r)
{
	char text[256];

	r->ending.started = clock_wall();
	snprintf(text, sizeof text, "{\"runner\":%ld,\"boot\":\"%s\",\"at\":%lld}\n", (long)getpid(), facts_boot(), (long long)r->ending.started);
	if (file_create(r->dir, "started", text, strlen(text), 0600) < 0)
		_exit(errno == EEXIST ? 0 : EXIT_TROUBLE);
}

static void make_folder(const char *folder)
{
	mkdir(AGENT_WORK, 0755);
	mkdir(folder, 0755);
}

/* The interpreter of the first line, as the kernel would take it; false when there is none. */
static bool shebang(const char *text, size_t len, char program[256], char argument[256])
{
	size_t n = strcspn(text, "\n"), i, from;

	program[0] = argument[0] = 0;
	if (len < 3 || text[0] != '#' || text[1] != '!')
		return false;
	for (i = 2; i < n && (text[i] == ' ' || text[i] == '\t'); i++)
		;
	for (from = i; i < n && text[i] != ' ' && text[i] != '\t'; i++)
		;
	if (i == from || i - from > 255)
		return false;
	memcpy(program, text + from, i - from);
	program[i - from] = 0;
	for (; i < n && (text[i] == ' ' || text[i] == '\t'); i++)
		;
	while (n > i && (text[n - 1] == ' ' || text[n - 1] == '\t'))
		n--;
	if (n - i > 255)
		return false;
	memcpy(argument, text + i, n - i);
	argument[n - i] = 0;
	return true;
}

/* Becomes the script. What it says when it cannot goes to the caller by the descriptor. */
static _Noreturn void become(const struct script *s, const char *path, int out, const int ready[2], int trouble)
{
	char program[256], argument[256], *argv[4];
	char go, why[400];
	int null, n = 0;
	ssize_t got;

	close(ready[1]);	/* or this process would wait for itself when its runner dies, and hold the step's lock */
	setsid();
	null = open("/dev/null", O_RDONLY);
	dup2(null, 0);
	dup2(out, 1);
	dup2(out, 2);
	do
		got = read(ready[0], &go, 1);
	while (got < 0 && errno == EINTR);
	if (got != 1)	/* its runner is dead: nobody would write down how it ends */
		_exit(127);
	signal(SIGCHLD, SIG_DFL);
	for (int sig = 1; sig < 32; sig++)
		signal(sig, SIG_DFL);
	umask(022);
	if (chdir(s->folder) < 0) {
		n = snprintf(why, sizeof why, "%.300s: %s", s->folder, strerror(errno));
	} else {
		if (!shebang(s->text, s->len, program, argument))
			strcpy(program, access("/bin/bash", X_OK) == 0 ? "/bin/bash" : "/bin/sh");
		argv[n++] = program;
		if (argument[0])
			argv[n++] = argument;
		argv[n++] = (char *)path;
		argv[n] = NULL;
		execve(program, argv, s->environment);
		n = snprintf(why, sizeof why, "%.255s: %s", program, strerror(errno));
	}
	(void)!write(trouble, why, (size_t)n);
	_exit(127);
}

/* Starts the script; its process, -1 with a sentence. */
static pid_t launch(struct run *r, const struct script *s, const char *path, char error[400])
{
	int out[2], ready[2], trouble[2];
	char text[64];
	ssize_t n;
	pid_t pid;

	if (pipe2(out, O_CLOEXEC) < 0 || pipe2(ready, O_CLOEXEC) < 0 || pipe2(trouble, O_CLOEXEC) < 0 || (pid = fork()) < 0) {
		snprintf(error, 400, "the script cannot be started: %s", strerror(errno));
		return -1;
	}
	if (!pid)
		become(s, path, out[1], ready, trouble[1]);
	close(out[1]);
	close(ready[0]);
	close(trouble[1]);
	snprintf(text, sizeof text, "%ld %llu\n", (long)pid, session_start(pid));
	if (file_write(r->dir, "child", text, strlen(text), 0600) < 0)
		note("child: %s", strerror(errno));
	(void)!write(ready[1], "g", 1);
	close(ready[1]);
	do
		n = read(trouble[0], error, 399);
	while (n < 0 && errno == EINTR);
	close(trouble[0]);
	r->pipe = out[0];
	fcntl(r->pipe, F_SETFL, O_NONBLOCK);
	if (n <= 0)
		return pid;
	error[n] = 0;
	waitpid(pid, NULL, 0);
	return -1;
}

/* Ends the script before its time. */
static void cut_short(struct run *r, pid_t pid, enum outcome outcome, const char *message)
{
	r->ending.outcome = outcome;
	snprintf(r->ending.message, sizeof r->ending.message, "%s", message);
	session_end(pid);
}

/* Until the script has ended. */
static void follow(struct run *r, pid_t pid, int64_t until)
{
	struct pollfd p[2] = { { .fd = r->pipe, .events = POLLIN }, { .fd = wake[0], .events = POLLIN } };
	bool open = true, ended = false;
	int64_t left;
	char sink[64];
	int status;

	while (!ended) {
		left = until - clock_mono();
		p[0].fd = open ? r->pipe : -1;
		poll(p, 2, left < 0 ? 0 : left > 600000 ? 600000 : (int)left);
		if (open)
			open = drain(r, true);
		(void)!read(wake[0], sink, sizeof sink);
		if (waitpid(pid, &status, WNOHANG) == pid)
			ended = true;
		else if (r->ending.outcome != OUTCOME_EXITED)
			until = INT64_MAX;	/* it cannot die yet, in the middle of a disk's work perhaps: that it has will be told */
		else if (faccessat(r->dir, "abort", F_OK, 0) == 0)
			cut_short(r, pid, OUTCOME_ABORTED, "aborted");
		else if (clock_mono() >= until)
			cut_short(r, pid, OUTCOME_TIMEOUT, "the script took longer than its time limit");
	}
	if (open)
		drain(r, true);
	r->ending.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	r->ending.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

/* A process the script left behind may still write: it must not die of that. */
static void sink(struct run *r)
{
	struct pollfd p = { .fd = r->pipe, .events = POLLIN };

	close(r->output);
	close(r->dir);
	while (poll(&p, 1, -1) >= 0 || errno == EINTR)
		if (!drain(r, false))
			break;
}

/* Descriptors of the agent that came along. */
static void close_others(int keep, int also)
{
	for (int fd = 3; fd < 256; fd++)
		if (fd != keep && fd != also)
			close(fd);
}

int runner_main(const char *directory, int lock)
{
	struct run r = { .lock = lock, .dir = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC) };
	struct script script = { 0 };
	char path[400], error[400] = "";
	yyjson_doc *d = NULL;
	yyjson_val *step;
	int64_t seconds;
	size_t len;
	char *text;
	pid_t pid;

	close_others(lock, r.dir);
	fcntl(lock, F_SETFD, FD_CLOEXEC);
	if (r.dir < 0 || pipe2(wake, O_CLOEXEC | O_NONBLOCK) < 0)
		return EXIT_TROUBLE;
	setsid();
	signals();
	start_once(&r);
	r.output = openat(r.dir, "output", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	text = file_read(r.dir, "step.json", JOURNAL_STEP_MAX, &len);
	if (text)
		d = yyjson_read(text, len, 0);
	step = yyjson_doc_get_root(d);
	r.limit = yyjson_get_sint(yyjson_obj_get(step, "output_limit"));
	if (r.limit < 4096)
		r.limit = OUTPUT_LIMIT;
	if (!d || r.output < 0)
		refuse(&r, "the step cannot be read from the agent's journal");
	if (script_make(&script, r.dir, step, error) < 0)
		refuse(&r, error);
	make_folder(script.folder);
	snprintf(path, sizeof path, "%s/script", directory);
	if (file_write(r.dir, "script", script.text, script.len, 0700) < 0)
		refuse(&r, "the script cannot be written");
	pid = launch(&r, &script, path, error);
	if (pid < 0)
		refuse(&r, error);
	seconds = yyjson_get_sint(yyjson_obj_get(step, "timeout"));
	if (seconds <= 0 || seconds > SECONDS_MAX)
		seconds = seconds <= 0 ? SECONDS_DEFAULT : SECONDS_MAX;
	/* The variables, passwords among them, are not needed any more. */
	yyjson_doc_free(d);
	free(text);
	follow(&r, pid, clock_mono() + seconds * 1000);
	finish(&r);
	sink(&r);
	return 0;
}
