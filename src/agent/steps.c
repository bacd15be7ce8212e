#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "agent/agent.h"
#include "agent/channel.h"
#include "agent/steps.h"

/* Bytes of one piece, and of output that is sent and not acknowledged. */
#define PIECE 32768
#define WINDOW (256u << 10)
/* Between two looks at a script that writes without pause, and when nothing tells of it; milliseconds. */
#define LOOK_SHORT 50
#define LOOK_LONG 2000
/* An answer that does not come is asked for again after so many heartbeats; a script that could not be fetched after 0.5, 1, 2 … seconds. */
#define REPEAT_BEATS 2
#define FETCH_AGAIN 250
#define FETCH_TRIES 10
#define START_TRIES 5

static struct step *steps;
static const char *journal_path;
static int notify = -1;
static bool connected, dirty = true, heard;
static int64_t looked, next_turn, repeat;

static void watch(const struct step *s)
{
	char path[300];

	snprintf(path, sizeof path, "%s/%llu", journal_path, (unsigned long long)s->task);
	if (notify >= 0)
		(void)inotify_add_watch(notify, path, IN_MODIFY | IN_CREATE | IN_MOVED_TO);
}

int steps_open(const char *journal)
{
	journal_path = journal;
	if (journal_open(journal) < 0)
		return -1;
	steps = journal_load();
	notify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	/* Those that outlived the agent before. */
	for (const struct step *s = steps; s; s = s->next)
		if (s->state == STEP_RUNNING)
			watch(s);
	return 0;
}

const struct step *steps_list(void)
{
	return steps;
}

static struct step *find(uint64_t task)
{
	struct step *s;

	for (s = steps; s && s->task != task; s = s->next)
		;
	return s;
}

static struct step *add(uint64_t task)
{
	struct step *s = calloc(1, sizeof *s), **at;

	if (!s)
		exit(EXIT_TROUBLE);
	s->task = task;
	for (at = &steps; *at && (*at)->task < task; at = &(*at)->next)
		;
	s->next = *at;
	*at = s;
	return s;
}

static void drop(struct step *s)
{
	struct step **at;

	for (at = &steps; *at != s; at = &(*at)->next)
		;
	*at = s->next;
	free(s->text);
	free(s);
}

bool steps_heard(void)
{
	return heard;
}

bool steps_idle(void)
{
	for (const struct step *s = steps; s; s = s->next)
		if (s->state != STEP_ACKED)
			return false;
	return true;
}

static struct step *active(void)
{
	struct step *s;

	for (s = steps; s && s->state != STEP_RUNNING && s->state != STEP_REBOOT; s = s->next)
		;
	return s;
}

int steps_fd(int64_t now)
{
	struct step *s = active();

	return s && s->state == STEP_RUNNING && now - looked >= LOOK_SHORT ? notify : -1;
}

int steps_pause(int64_t now)
{
	struct step *s = active();

	return s && s->state == STEP_RUNNING && now - looked < LOOK_SHORT ? (int)(LOOK_SHORT - (now - looked)) : -1;
}

void steps_seen(void)
{
	static char sink[8192];

	while (notify >= 0 && read(notify, sink, sizeof sink) > 0)
		;
	dirty = true;
}

static void send_free(char *text, size_t len)
{
	channel_text(text, len);
	free(text);
}

static void send_accepted(const struct step *s)
{
	size_t len;
	char *text;

	if (!connected)
		return;
	text = message_accepted(s, &len);
	send_free(text, len);
}

static void send_result(struct step *s, int64_t now)
{
	size_t len;
	char *text = message_result(s, &len);

	s->result_at = now;
	send_free(text, len);
}

/* ---- from the message to the journal ---- */

static void into_journal(struct step *s, const char *script, size_t len)
{
	if (journal_accept(s, script, len) < 0) {
		s->ending.outcome = OUTCOME_REFUSED;
		snprintf(s->ending.message, sizeof s->ending.message, "the script cannot be written to the machine's disk: %s", strerror(errno));
		note("task %llu: %s", (unsigned long long)s->task, s->ending.message);
		if (connected)	/* else the appliance offers it again */
			send_result(s, 0);
		journal_drop(s);	/* it may be there and only not be durable */
		drop(s);
		return;
	}
	free(s->text);
	s->text = NULL;
	s->state = STEP_WAITING;
	s->attempts = 0;
	s->fetch_at = 0;
	dirty = true;
	send_accepted(s);
}

static void end_without_running(struct step *s, enum outcome outcome, const char *why)
{
	if (s->state == STEP_FETCHING) {
		into_journal(s, "", 0);
		s = find(s->task);
		if (!s)
			return;
	}
	if (journal_end(s, outcome, why) < 0)
		note("task %llu: its end cannot be written: %s", (unsigned long long)s->task, strerror(errno));
	dirty = true;
}

static void fetched(void *arg, char *data, size_t len, bool permanent, const char *why)
{
	struct step *s = find((uintptr_t)arg);
	char text[256];

	heard = true;
	if (!s || s->state != STEP_FETCHING)
		return;
	if (data) {
		into_journal(s, data, len);
		return;
	}
	s->attempts++;
	note("task %llu: its script cannot be fetched: %s", (unsigned long long)s->task, why);
	if (!permanent && s->attempts < FETCH_TRIES) {
		s->fetch_at = clock_mono() + (FETCH_AGAIN << s->attempts);
		return;
	}
	snprintf(text, sizeof text, "the script cannot be fetched: %.200s", why);
	end_without_running(s, OUTCOME_REFUSED, text);
}

static void fetch(struct step *s)
{
	s->fetch_at = 0;
	channel_fetch(s->url, JOURNAL_SCRIPT_MAX, fetched, (void *)(uintptr_t)s->task);
}

static void take_new(struct message *m, const char *text, size_t len)
{
	struct step *s = add(m->task);

	s->fence = m->fence;
	s->seconds = m->seconds;
	s->text = malloc(len + 1);
	if (!s->text)
		exit(EXIT_TROUBLE);
	memcpy(s->text, text, len + 1);
	s->len = len;
	note("task %llu: %.40s script of box %.60s", (unsigned long long)s->task, m->event, m->box);
	if (!m->url) {
		into_journal(s, NULL, 0);
		return;
	}
	snprintf(s->url, sizeof s->url, "%s", m->url);
	fetch(s);
}

/* A step the journal knows: never started twice. */
static void take_known(struct step *s, struct message *m, const char *text, size_t len)
{
	if (m->fence < s->fence)
		return;
	if (m->fence > s->fence && s->state <= STEP_WAITING) {
		if (s->state == STEP_WAITING)
			journal_drop(s);
		drop(s);
		take_new(m, text, len);
		return;
	}
	if (m->fence > s->fence) {
		s->fence = m->fence;
		journal_refence(s);
	}
	if (s->state == STEP_FETCHING)
		return;
	send_accepted(s);
	s->result_at = 0;
	if (s->state == STEP_ACKED && connected)
		send_result(s, clock_mono());
	dirty = true;
}

/* ---- abort ---- */

static void signal_runner(struct step *s)
{
	int dir = journal_directory(s->task), lock;
	size_t len;
	long pid = 0;
	char *text;

	if (dir < 0)
		return;
	text = file_read(dir, "started", 4096, &len);
	/* Its number is only its own while it holds the lock. */
	lock = journal_lock(s);
	if (lock < 0 && errno == EWOULDBLOCK && text && sscanf(text, "{\"runner\":%ld", &pid) == 1 && pid > 1)
		kill((pid_t)pid, SIGUSR1);
	if (lock >= 0)
		close(lock);
	free(text);
	close(dir);
}

static void wish_abort(struct step *s)
{
	int dir = journal_directory(s->task);

	if (dir < 0)
		return;
	if (file_write(dir, "abort", "", 0, 0600) < 0)
		note("task %llu: abort: %s", (unsigned long long)s->task, strerror(errno));
	close(dir);
	signal_runner(s);
}

static bool abort_wished(const struct step *s)
{
	int dir = journal_directory(s->task);
	bool is = dir >= 0 && faccessat(dir, "abort", F_OK, 0) == 0;

	if (dir >= 0)
		close(dir);
	return is;
}

static void take_abort(struct message *m)
{
	struct step *s = find(m->task), unknown = { .task = m->task, .fence = m->fence };

	if (!s) {
		unknown.ending.outcome = OUTCOME_ABORTED;
		snprintf(unknown.ending.message, sizeof unknown.ending.message, "this machine does not know the step");
		send_result(&unknown, 0);
		return;
	}
	if (m->fence < s->fence)
		return;
	note("task %llu: abort", (unsigned long long)s->task);
	if (s->state == STEP_RUNNING)
		wish_abort(s);
	else if (s->state < STEP_FINISHED)
		end_without_running(s, OUTCOME_ABORTED, "aborted");
	dirty = true;
}

/* ---- acknowledgements ---- */

static void take_output_ack(struct message *m)
{
	struct step *s = find(m->task);

	if (!s || m->fence != s->fence || m->length > s->sent || m->length <= s->acked)
		return;
	s->acked = m->length;
	if (s->result_at < 0)	/* on a slow link, too, the result waits for all of it */
		s->result_at = 0;
	dirty = true;
}

static void take_result_ack(struct message *m)
{
	struct step *s = find(m->task);

	if (!s || s->state != STEP_FINISHED || m->fence < s->fence)
		return;
	note("task %llu: %s%s", (unsigned long long)s->task, outcome_names[s->ending.outcome], m->accepted ? "" : ", which the appliance did not want any more");
	journal_wipe(s);
	journal_forget(&steps);
}

void steps_message(struct message *m, const char *text, size_t len)
{
	struct step *s;

	heard = true;
	switch (m->type) {
	case MESSAGE_STEP:
		s = find(m->task);
		if (s)
			take_known(s, m, text, len);
		else
			take_new(m, text, len);
		break;
	case MESSAGE_ABORT: take_abort(m); break;
	case MESSAGE_OUTPUT_ACK: take_output_ack(m); break;
	case MESSAGE_RESULT_ACK: take_result_ack(m); break;
	default: break;
	}
}

void steps_connected(unsigned heartbeat)
{
	connected = dirty = heard = true;
	repeat = (int64_t)REPEAT_BEATS * heartbeat * 1000;
	for (struct step *s = steps; s; s = s->next) {
		s->sent = s->acked;
		s->result_at = 0;
		if (s->state == STEP_FETCHING && s->fetch_at)
			fetch(s);
		else if (s->state >= STEP_WAITING && s->state < STEP_FINISHED)
			send_accepted(s);
	}
}

void steps_disconnected(void)
{
	connected = false;
}

/* ---- running ---- */

static _Noreturn void become_runner(const struct step *s, int lock)
{
	char path[300], number[16];

	snprintf(path, sizeof path, "%s/%llu", journal_path, (unsigned long long)s->task);
	snprintf(number, sizeof number, "%d", lock);
	fcntl(lock, F_SETFD, 0);
	execl("/proc/self/exe", "elasticbox-runner", "runner", path, number, (char *)NULL);
	_exit(runner_main(path, lock));
}

static void start(struct step *s, int64_t now)
{
	int lock = journal_lock(s);
	pid_t pid;

	if (lock < 0 && errno == EWOULDBLOCK) {
		s->state = STEP_RUNNING;
		watch(s);
		return;
	}
	if (s->attempts++ >= START_TRIES || lock < 0) {
		if (lock >= 0)
			close(lock);
		end_without_running(s, OUTCOME_REFUSED, "the script cannot be started on this machine: see the agent's log");
		return;
	}
	watch(s);
	pid = fork();
	if (!pid)
		become_runner(s, lock);
	if (pid < 0)
		note("task %llu: no process for its runner: %s", (unsigned long long)s->task, strerror(errno));
	close(lock);
	s->state = pid < 0 ? STEP_WAITING : STEP_RUNNING;
	s->fetch_at = now + 1000;	/* not sooner, if it has to be tried again */
}

static void look(struct step *s, int64_t now)
{
	int lock = journal_lock(s);
	bool alive = lock < 0 && errno == EWOULDBLOCK;

	if (lock >= 0)
		close(lock);
	if (alive && abort_wished(s))
		signal_runner(s);
	journal_look(s, alive);
	if (s->state == STEP_REBOOT) {
		s->reboot_until = now + s->seconds * 1000;
		note("task %llu: exit code 100: goes on when the machine has started again", (unsigned long long)s->task);
	} else if (s->state == STEP_FINISHED) {
		note("task %llu: ended: %s, exit code %d", (unsigned long long)s->task, outcome_names[s->ending.outcome], s->ending.exit_code);
	}
}

static void wait_reboot(struct step *s, int64_t now)
{
	char text[160];

	if (!s->reboot_until)
		s->reboot_until = now + s->seconds * 1000;
	if (now < s->reboot_until)
		return;
	snprintf(text, sizeof text, "exit code 100 asks for a restart of the machine, which did not come within %lld s", (long long)s->seconds);
	journal_end(s, OUTCOME_TIMEOUT, text);
}

static void send_output(struct step *s)
{
	static char piece[PIECE];
	uint8_t head[MESSAGE_PIECE_HEAD];
	size_t got;

	while (channel_is_open() && s->sent - s->acked < WINDOW && channel_queued() < WINDOW) {
		journal_output(s, s->sent, piece, sizeof piece, &got);
		if (!got)
			return;
		message_piece(head, s, s->sent);
		channel_binary(head, sizeof head, piece, got);
		s->sent += got;
	}
}

static void report(struct step *s, int64_t now)
{
	if (s->state >= STEP_RUNNING && s->state <= STEP_FINISHED)
		send_output(s);
	if (s->state != STEP_FINISHED)
		return;
	if (!s->result_at && s->acked < s->ending.output_length) {
		/* Output nobody acknowledges: the appliance does not know the step any more. The result will tell. */
		s->result_at = -now;
	} else if (s->acked >= s->ending.output_length ? s->result_at <= 0 || now - s->result_at > repeat :
		now - (s->result_at < 0 ? -s->result_at : s->result_at) > repeat) {
		send_result(s, now);
	}
}

/* What there is to do for the steps as they are; milliseconds until the next look, -1 = none is needed. */
static int wait_for(void)
{
	int wait = -1;

	for (const struct step *s = steps; s; s = s->next) {
		if (s->state == STEP_RUNNING || s->state == STEP_REBOOT || s->state == STEP_WAITING)
			wait = wait < 0 ? LOOK_LONG : wait;
		else if (connected && s->state != STEP_ACKED)
			wait = LOOK_LONG / 2;
	}
	return wait;
}

int steps_turn(int64_t now)
{
	struct step *s, *next;
	int wait;

	heard = false;
	if (!dirty && now < next_turn)
		return next_turn == INT64_MAX ? -1 : (int)(next_turn - now);
	dirty = false;
	looked = now;
	for (s = steps; s; s = next) {
		next = s->next;
		if (s->state == STEP_RUNNING)
			look(s, now);
		else if (s->state == STEP_REBOOT)
			wait_reboot(s, now);
		else if (s->state == STEP_FETCHING && s->fetch_at && connected && now >= s->fetch_at)
			fetch(s);
	}
	for (s = steps; s && !active(); s = next) {
		next = s->next;
		if (s->state == STEP_WAITING && now >= s->fetch_at)
			start(s, now);
	}
	for (s = steps; s && connected; s = s->next)
		report(s, now);
	wait = wait_for();
	next_turn = wait < 0 ? INT64_MAX : now + wait;
	return wait;
}

char *steps_context(const char *box, size_t *len)
{
	struct step *s = active();
	int dir = s && s->state == STEP_RUNNING ? journal_directory(s->task) : -1;
	char *text = dir < 0 ? NULL : file_read(dir, "step.json", JOURNAL_STEP_MAX, len), *out = NULL;
	yyjson_doc *d = text ? yyjson_read(text, *len, 0) : NULL;
	yyjson_val *step = yyjson_doc_get_root(d);
	const char *path = yyjson_get_str(yyjson_obj_get(yyjson_obj_get(step, "box"), "path"));

	if (d && (!box || !strcmp(box, path ? path : "")))
		out = yyjson_val_write(yyjson_obj_get(step, "context"), 0, len);
	yyjson_doc_free(d);
	free(text);
	if (dir >= 0)
		close(dir);
	return out;
}
