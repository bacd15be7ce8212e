#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "agent/agent.h"
#include "agent/local.h"

/* How long a request may wait for the appliance, milliseconds. */
#define PATIENCE 60000

struct client {
	int fd;
	char *line;
	size_t len;
	uint32_t number;	/* of its request, 0 = not asked yet */
	bool forwarded;
	int64_t until;
};

static int listener = -1;
static struct client clients[LOCAL_CLIENTS];
static struct local_ops ops;
static uint32_t numbers;

static int listen_at(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd;
	mode_t mask;

	if (strlen(path) >= sizeof a.sun_path)
		return -1;
	strcpy(a.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -1;
	unlink(path);
	mask = umask(0177);
	if (bind(fd, (struct sockaddr *)&a, sizeof a) < 0 || listen(fd, LOCAL_CLIENTS) < 0) {
		close(fd);
		fd = -1;
	}
	umask(mask);
	return fd;
}

int local_open(const char *path, const char *otherwise, const struct local_ops *o)
{
	ops = *o;
	for (int i = 0; i < LOCAL_CLIENTS; i++)
		clients[i].fd = -1;
	listener = listen_at(path);
	if (listener < 0)
		listener = listen_at(otherwise);
	return listener < 0 ? -1 : 0;
}

static void end(struct client *c)
{
	close(c->fd);
	free(c->line);
	*c = (struct client){ .fd = -1 };
}

static void answer(struct client *c, const char *text, size_t len)
{
	size_t sent = 0;
	ssize_t n;

	/* A context may be longer than the socket's buffer: the command is waiting, so this is soon done. */
	fcntl(c->fd, F_SETFL, 0);
	setsockopt(c->fd, SOL_SOCKET, SO_SNDTIMEO, &(struct timeval){ 5, 0 }, sizeof(struct timeval));
	while (sent < len && ((n = send(c->fd, text + sent, len - sent, MSG_NOSIGNAL)) > 0 || errno == EINTR))
		sent += n > 0 ? (size_t)n : 0;
	(void)send(c->fd, "\n", 1, MSG_NOSIGNAL);
	end(c);
}

static void refuse(struct client *c, int status, const char *text)
{
	char line[256];

	answer(c, line, (size_t)snprintf(line, sizeof line, "{\"status\":%d,\"body\":{\"message\":\"%s\"}}", status, text));
}

/* The appliance cannot be asked: a context is at hand while a script runs. */
static void without_appliance(struct client *c)
{
	yyjson_doc *d = yyjson_read(c->line, c->len, 0);
	yyjson_val *o = yyjson_doc_get_root(d);
	const char *command = yyjson_get_str(yyjson_obj_get(o, "command"));
	char *text = NULL, *whole;
	size_t len;

	if (command && !strcmp(command, "context"))
		text = ops.context(yyjson_get_str(yyjson_obj_get(o, "box")), &len);
	yyjson_doc_free(d);
	if (!text) {
		refuse(c, 503, "the agent is not connected to the appliance; try again later");
		return;
	}
	whole = malloc(len + 64);
	if (!whole)
		exit(EXIT_TROUBLE);
	len = (size_t)sprintf(whole, "{\"status\":200,\"body\":%s}", text);
	answer(c, whole, len);
	free(whole);
	free(text);
}

static void ask(struct client *c)
{
	yyjson_doc *d = yyjson_read(c->line, c->len, 0);
	yyjson_val *o = yyjson_doc_get_root(d);
	const char *command = yyjson_get_str(yyjson_obj_get(o, "command"));
	char *text;
	size_t len;

	if (!command) {
		refuse(c, 400, "not a request");
	} else if ((text = ops.own(o, &len))) {
		answer(c, text, len);
		free(text);
	} else if (strcmp(command, "set") && strcmp(command, "notify") && strcmp(command, "context")) {
		refuse(c, 400, "not a command of the agent");
	} else {
		if (!c->number) {
			c->number = ++numbers ? numbers : ++numbers;
			c->until = clock_mono() + PATIENCE;
		}
		c->forwarded = ops.forward(c->number, o);
	}
	yyjson_doc_free(d);
}

static void hear(struct client *c)
{
	static char buf[16384];
	ssize_t n = recv(c->fd, buf, sizeof buf, MSG_DONTWAIT);
	char *more;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0 || c->number || c->len + (size_t)n > LOCAL_LINE_MAX) {
		end(c);
		return;
	}
	more = realloc(c->line, c->len + (size_t)n + 1);
	if (!more)
		exit(EXIT_TROUBLE);
	c->line = more;
	memcpy(c->line + c->len, buf, (size_t)n);
	c->len += (size_t)n;
	c->line[c->len] = 0;
	if (c->line[c->len - 1] == '\n')
		ask(c);
}

static void greet(void)
{
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	for (int i = 0; fd >= 0 && i < LOCAL_CLIENTS; i++)
		if (clients[i].fd < 0) {
			clients[i].fd = fd;
			return;
		}
	if (fd >= 0)
		close(fd);
}

size_t local_poll(struct pollfd fds[LOCAL_CLIENTS + 1])
{
	size_t n = 0;

	fds[n++] = (struct pollfd){ .fd = listener, .events = POLLIN };
	for (int i = 0; i < LOCAL_CLIENTS; i++)
		if (clients[i].fd >= 0)
			fds[n++] = (struct pollfd){ .fd = clients[i].fd, .events = POLLIN };
	return n;
}

int local_turn(const struct pollfd *fds, size_t n, int64_t now)
{
	int64_t left = -1;

	for (size_t i = 0; i < n; i++) {
		if (!fds[i].revents)
			continue;
		if (fds[i].fd == listener)
			greet();
		for (int k = 0; fds[i].fd != listener && k < LOCAL_CLIENTS; k++)
			if (clients[k].fd == fds[i].fd) {
				hear(&clients[k]);
				break;
			}
	}
	for (int k = 0; k < LOCAL_CLIENTS; k++) {
		if (clients[k].fd < 0 || !clients[k].number)
			continue;
		/* Nobody to ask, and a short wait did not help. */
		if (now >= clients[k].until || (!clients[k].forwarded && now >= clients[k].until - PATIENCE * 9 / 10))
			without_appliance(&clients[k]);
		else if (left < 0 || left > 1000)
			left = 1000;
	}
	return (int)left;
}

void local_reply(uint32_t number, int status, yyjson_val *body)
{
	char *text, *whole;
	size_t len = 0;

	for (int k = 0; k < LOCAL_CLIENTS; k++) {
		if (clients[k].fd < 0 || clients[k].number != number || !number)
			continue;
		if (status == 404 || status == 501 || status == 503) {
			yyjson_doc *d = yyjson_read(clients[k].line, clients[k].len, 0);
			const char *command = yyjson_get_str(yyjson_obj_get(yyjson_doc_get_root(d), "command"));
			bool context = command && !strcmp(command, "context");

			yyjson_doc_free(d);
			if (context) {
				without_appliance(&clients[k]);
				return;
			}
		}
		text = body ? yyjson_val_write(body, 0, &len) : NULL;
		whole = malloc(len + 64);
		if (!whole)
			exit(EXIT_TROUBLE);
		len = (size_t)sprintf(whole, "{\"status\":%d,\"body\":%s}", status, text ? text : "{}");
		answer(&clients[k], whole, len);
		free(whole);
		free(text);
		return;
	}
}

void local_connected(void)
{
	for (int k = 0; k < LOCAL_CLIENTS; k++)
		if (clients[k].fd >= 0 && clients[k].number)
			ask(&clients[k]);
}
