/* agent: the loop: one connection, the steps, the commands on this machine, one wake-up per heartbeat. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/agent.h"
#include "agent/channel.h"
#include "agent/local.h"
#include "agent/message.h"
#include "agent/steps.h"
#include "agent/upgrade.h"
#include "plat/random.h"

/* Between attempts to connect, milliseconds: the first is up to FIRST, each further one up to twice as long, to MOST.  An appliance has
 * thousands of agents but few that are at work: these come sooner. */
#define DELAY_LEAST 100
#define DELAY_FIRST 2000
#define DELAY_FIRST_AT_WORK 400
#define DELAY_MOST 60000
/* So long after a connection was lost an appliance where nobody listens is starting again: trying costs it nothing. */
#define RESTART_TIME 20000
/* After a refusal that time alone will not change. */
#define DELAY_REFUSED 60000
/* A connection this long was a good one: the delays begin anew.  A shorter one halves them. */
#define STABLE 60000
#define WELCOME_WITHIN 60000
#define PROBE_SECONDS 120
#define DEAD_BEATS 3
/* What a former agent left may take so long to let go of its lock, and is looked at so often; milliseconds. */
#define FORMER_WITHIN 5000
#define FORMER_LOOK 20
/* A new version that was connected so often, and for so many heartbeats was never welcomed, gives the place back. */
#define UNWELCOME 3
#define UNWELCOME_BEATS 10
#define FDS (CHANNEL_FDS + LOCAL_CLIENTS + 4)

static struct conf conf;
static int wake[2];
static bool probing, welcomed, restart, stop;
static unsigned failures, heartbeat, unwelcome;
static int64_t began, connect_at, opened_at, beat_at, cut_at = -RESTART_TIME;
static pid_t trial = -1;

static void on_signal(int sig)
{
	int saved = errno;

	(void)!write(wake[1], &(char){ sig == SIGCHLD ? 'c' : 't' }, 1);
	errno = saved;
}

static void signals(void)
{
	struct sigaction catch = { .sa_handler = on_signal, .sa_flags = SA_RESTART }, ignore = { .sa_handler = SIG_IGN };

	if (pipe2(wake, O_CLOEXEC | O_NONBLOCK) < 0)
		exit(EXIT_TROUBLE);
	sigaction(SIGCHLD, &catch, NULL);
	sigaction(SIGTERM, &catch, NULL);
	sigaction(SIGINT, &catch, NULL);
	sigaction(SIGPIPE, &ignore, NULL);
	sigaction(SIGHUP, &ignore, NULL);
}

/* ---- the connection ---- */

static int64_t next_delay(bool nobody)
{
	int64_t first = probing || steps_idle() ? DELAY_FIRST : DELAY_FIRST_AT_WORK, span = first << (failures < 8 ? failures : 8);

	if (nobody && clock_mono() - cut_at < RESTART_TIME)
		return DELAY_LEAST + plat_random_below((uint32_t)first);
	if (span > DELAY_MOST)
		span = DELAY_MOST;
	/* The first is anywhere within its span, the later ones in the upper half of theirs. */
	return failures++ ? span / 2 + plat_random_below((uint32_t)(span / 2)) : DELAY_LEAST + plat_random_below((uint32_t)span);
}

/* nobody: nobody listened there. */
static void again_later(int64_t least, bool nobody)
{
	int64_t delay = next_delay(nobody);

	connect_at = clock_mono() + (delay > least ? delay : least + plat_random_below((uint32_t)least / 2 + 1));
}

static void say_hello(void)
{
	size_t len;
	char *text = message_hello(probing ? NULL : steps_list(), &len);

	channel_text(text, len);
	free(text);
	welcomed = false;
}

static void on_opened(void)
{
	opened_at = clock_mono();
	unwelcome++;
	beat_at = opened_at + WELCOME_WITHIN;
	facts_changed();
	say_hello();
}

static void on_closed(const char *why, long status)
{
	if (welcomed) {
		cut_at = clock_mono();
		failures = cut_at - opened_at > STABLE ? 0 : failures / 2;
	}
	note("%s: %s", conf.host, why);
	welcomed = false;
	steps_disconnected();
	again_later(status == 401 || status == 403 ? DELAY_REFUSED : 0, status == CHANNEL_NOBODY);
	/* On trial it connects again, too, until its time is over: what cut it may be a restart of the appliance. */
	if (!probing && unwelcome >= UNWELCOME && clock_mono() - began > (int64_t)UNWELCOME_BEATS * heartbeat * 1000)
		upgrade_unwelcome();
}

static void on_sent(void)
{
	steps_seen();	/* there is room for more output */
}

static void take_welcome(struct message *m)
{
	note("welcomed as %.80s of instance %.40s", m->machine, m->instance);
	if (probing) {
		channel_close();
		_exit(0);
	}
	welcomed = true;
	unwelcome = 0;
	heartbeat = m->heartbeat ? m->heartbeat : conf.heartbeat;
	beat_at = clock_mono() + (int64_t)heartbeat * 1000;
	upgrade_welcomed();
	steps_connected(heartbeat);
	local_connected();
	if (trial < 0)
		upgrade_offer(&conf, m);
}

static void take_refused(struct message *m)
{
	bool clone = !strcmp(m->code, "clone");

	note("refused: %s: %.200s", m->code, m->text);
	channel_close();
	welcomed = false;
	unwelcome = 0;	/* the appliance has understood it */
	steps_disconnected();
	again_later(clone ? 5 * DELAY_REFUSED : DELAY_REFUSED, false);
	if (probing)
		stop = true;
}

static void on_message(char *text, size_t len)
{
	struct message m;
	char error[160];

	if (message_read(&m, text, len, error) < 0) {
		note("a message that is not understood: %s", error);
		yyjson_doc_free(m.doc);
		return;
	}
	if (m.type == MESSAGE_WELCOME)
		take_welcome(&m);
	else if (m.type == MESSAGE_REFUSED)
		take_refused(&m);
	else if (m.type == MESSAGE_AGAIN)
		say_hello();
	else if (m.type == MESSAGE_REPLY)
		local_reply(m.request, m.status, m.body);
	else if (!probing)
		steps_message(&m, text, len);
	yyjson_doc_free(m.doc);
}

/* ---- the heartbeat ---- */

static void beat(int64_t now)
{
	size_t len;
	char *text;

	if (!channel_is_open() || now < beat_at)
		return;
	if (!welcomed || !channel_answers((int64_t)DEAD_BEATS * heartbeat * 1000)) {
		channel_close();
		on_closed(welcomed ? "the connection is dead" : "the appliance does not answer", 0);
		return;
	}
	beat_at = now + (int64_t)heartbeat * 1000;
	text = message_alive(&len);
	channel_text(text, len);
	free(text);
	if (facts_changed()) {
		text = message_facts(&len);
		channel_text(text, len);
		free(text);
	}
	/* A proxy may be there while the appliance is not: only an answer from behind it tells. */
	if (channel_by_proxy())
		channel_ping();
}

/* ---- commands ---- */

static bool forward(uint32_t number, yyjson_val *command)
{
	size_t len;
	char *text;

	if (!welcomed)
		return false;
	text = message_request(number, command, &len);
	channel_text(text, len);
	free(text);
	return true;
}

static char *own(yyjson_val *command, size_t *len)
{
	const char *name = yyjson_get_str(yyjson_obj_get(command, "command"));
	char *text;

	if (strcmp(name, "restart") && strcmp(name, "status"))
		return NULL;
	restart = restart || !strcmp(name, "restart");
	text = malloc(512);
	if (!text)
		exit(EXIT_TROUBLE);
	*len = (size_t)snprintf(text, 512, "{\"status\":200,\"body\":{\"version\":\"%s\",\"connected\":%s,\"host\":\"%.250s\"}}", AGENT_VERSION,
		welcomed ? "true" : "false", conf.host);
	return text;
}

/* ---- the loop ---- */

static void reap(void)
{
	char sink[64];
	ssize_t n;
	int status;
	pid_t pid;

	while ((n = read(wake[0], sink, sizeof sink)) > 0)
		for (ssize_t i = 0; i < n; i++)
			stop = stop || sink[i] == 't';
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid != trial)
			continue;
		trial = -1;
		upgrade_probed(status);
		connect_at = clock_mono();
		failures = 0;
	}
	if (!probing)
		steps_seen();
}

static void try_upgrade(void)
{
	if (!upgrade_ready() || trial > 0 || !steps_idle())
		return;
	channel_close();
	welcomed = false;
	steps_disconnected();
	trial = upgrade_probe();
	if (trial < 0)
		connect_at = clock_mono();
}

static int sooner(int timeout, int64_t ms)
{
	if (ms < 0)
		ms = 0;
	return timeout < 0 || ms < timeout ? (int)ms : timeout;
}

static void turn(void)
{
	struct pollfd fds[FDS];
	size_t n = 0, channel_n, local_n = 0;
	int64_t now = clock_mono();
	int timeout = -1, ms;

	if (!probing && (ms = steps_turn(now)) >= 0)
		timeout = ms;
	try_upgrade();
	/* What the turns above put into the queue goes out now; and what comes in, the end of the connection too, says how long to wait. */
	channel_turn();
	if (!channel_is_open() && trial < 0 && connect_at >= 0)
		timeout = sooner(timeout, connect_at - now);
	if (channel_is_open())
		timeout = sooner(timeout, beat_at - now);
	if (!probing && steps_heard())
		timeout = 0;
	channel_n = channel_poll(fds, &timeout);
	if (upgrade_ready() && trial < 0 && steps_idle())
		timeout = 0;
	n = channel_n;
	if (!probing) {
		local_n = local_poll(fds + n);
		n += local_n;
	}
	fds[n++] = (struct pollfd){ .fd = wake[0], .events = POLLIN };
	fds[n++] = (struct pollfd){ .fd = probing ? -1 : steps_fd(now), .events = POLLIN };
	if (!probing && (ms = steps_pause(now)) >= 0)
		timeout = sooner(timeout, ms);
	if (!probing && (ms = local_turn(NULL, 0, now)) >= 0)
		timeout = sooner(timeout, ms);
	if (poll(fds, n, timeout) < 0 && errno != EINTR)
		exit(EXIT_TROUBLE);
	now = clock_mono();
	if (fds[n - 2].revents)
		reap();
	if (fds[n - 1].revents)
		steps_seen();
	channel_turn();
	if (!probing)
		local_turn(fds + channel_n, local_n, now);
	beat(now);
	channel_turn();
	if (trial < 0 && connect_at >= 0 && now >= connect_at && !channel_is_open()) {
		connect_at = -1;
		channel_open();
	}
}

/* One agent for one machine: before it looks at what another may be doing.  A runner that an agent was just making when it was killed has the
 * agent's lock until it is a program of its own. */
static void only_one(void)
{
	int fd = open(AGENT_JOURNAL "/.agent", O_RDWR | O_CREAT | O_CLOEXEC, 0600), rc = -1;

	for (int i = 0; fd >= 0 && (rc = flock(fd, LOCK_EX | LOCK_NB)) < 0 && errno == EWOULDBLOCK && i < FORMER_WITHIN / FORMER_LOOK; i++)
		poll(NULL, 0, FORMER_LOOK);
	if (rc < 0) {
		note("another agent is running: %s", strerror(errno));
		exit(EXIT_TROUBLE);
	}
}

static void start(void)
{
	static const struct local_ops locals = { forward, own, steps_context };

	upgrade_start();
	if (journal_open(AGENT_JOURNAL) == 0)
		only_one();
	if (steps_open(AGENT_JOURNAL) < 0) {
		note("%s: %s", AGENT_JOURNAL, strerror(errno));
		exit(EXIT_TROUBLE);
	}
	if (local_open(AGENT_SOCKET, AGENT_SOCKET_ELSE, &locals) < 0)
		note("%s: %s: the elasticbox command will not work", AGENT_SOCKET, strerror(errno));
}

int agent_main(const char *conf_path, bool foreground, bool probe)
{
	static const struct channel_ops channel = { on_opened, on_message, on_closed, on_sent };
	char error[160];

	umask(022);
	probing = probe;
	if (!foreground) {
		mkdir("/var/log", 0755);
		mkdir("/var/log/elasticbox", 0755);
	}
	if (conf_load(&conf, conf_path, error) < 0) {
		fprintf(stderr, "elasticbox-agent: %s\n", error);
		note_open(foreground ? NULL : AGENT_LOG, false);
		note("%s", error);
		return EXIT_USAGE;
	}
	note_open(foreground ? NULL : AGENT_LOG, conf.debug || foreground);
	heartbeat = conf.heartbeat;
	signals();
	if (!probe)
		start();
	note("version %s%s for %s", AGENT_VERSION, probe ? " on trial" : "", conf.host);
	channel_init(&conf, &channel);
	connect_at = 0;
	began = clock_mono();
	if (probe)
		alarm(PROBE_SECONDS);
	while (!stop) {
		turn();
		if (restart) {
			note("starts again");
			channel_close();
			upgrade_exec();
		}
	}
	note("ends");
	channel_close();
	return probe ? 1 : 0;
}
