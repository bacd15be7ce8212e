/* server: the listening end of a room. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ipc/ipc_int.h"
#include "log/log.h"

/* Waiting connections; every room and worker at once fits. */
#define SERVER_BACKLOG 128
/* Pause after accept failed for want of descriptors or memory, seconds. */
#define SERVER_PAUSE 0.1

struct ipc_server {
	struct ev_loop *loop;
	ev_io accept;
	ev_timer pause;
	const struct room *self;
	const struct ipc_server_ops *ops;
	void *arg;
	struct ipc_conn *conns;
};

static void server_message(struct ipc_conn *c, struct ipc_msg *msg)
{
	struct ipc_server *s = c->owner_data;

	if (msg->flags & IPC_REPLY) {
		log_warn("ipc: %s: connection ended: a reply nobody asked for", c->peer->name);
		ipc_conn_close(c, true);
		return;
	}
	s->ops->message(c, msg, s->arg);
}

static void server_closed(struct ipc_conn *c)
{
	struct ipc_server *s = c->owner_data;

	if (s->ops->closed)
		s->ops->closed(c, s->arg);
	*c->prev = c->next;
	if (c->next)
		c->next->prev = c->prev;
}

static const struct ipc_owner server_owner = { server_message, server_closed };

static void take(struct ipc_server *s, int fd)
{
	const struct room *peer = ipc_peer_room(fd);
	struct ipc_conn *c;

	if (!peer || !room_may_connect(peer, s->self)) {
		if (peer)
			log_warn("ipc: %s: refused: it has no link to %s", peer->name, s->self->name);
		close(fd);
		return;
	}
	c = ipc_conn_new(s->loop, fd, peer, &server_owner, s);
	if (!c)
		return;
	c->next = s->conns;
	c->prev = &s->conns;
	if (c->next)
		c->next->prev = &c->next;
	s->conns = c;
	if (s->ops->opened)
		s->ops->opened(c, s->arg);
}

static void on_acceptable(struct ev_loop *loop, ev_io *w, int revents)
{
	struct ipc_server *s = w->data;

	(void)revents;
	for (;;) {
		int fd = accept4(w->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd >= 0) {
			take(s, fd);
			continue;
		}
		if (errno == EINTR || errno == ECONNABORTED)
			continue;
		if (errno != EAGAIN) {
			log_warn_errno("ipc: accept");
			ev_io_stop(loop, w);
			ev_timer_again(loop, &s->pause);
		}
		return;
	}
}

static void on_pause_over(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct ipc_server *s = w->data;

	(void)revents;
	ev_timer_stop(loop, w);
	ev_io_start(loop, &s->accept);
}

static int server_listen(const char *name)
{
	struct sockaddr_un sun;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	ipc_address(&sun, name);
	if (fd < 0)
		log_fatal("ipc: socket");
	/* what an earlier instance left; its directory is ours alone to write */
	unlink(sun.sun_path);
	if (bind(fd, (struct sockaddr *)&sun, sizeof sun) < 0)
		log_fatal("ipc: %s: bind", sun.sun_path);
	/* the directory's group (set-group-id bit) holds the permitted clients */
	if (chmod(sun.sun_path, 0660) < 0)
		log_fatal("ipc: %s: chmod", sun.sun_path);
	if (listen(fd, SERVER_BACKLOG) < 0)
		log_fatal("ipc: %s: listen", sun.sun_path);
	return fd;
}

struct ipc_server *ipc_server_open(struct ev_loop *loop, const struct ipc_server_ops *ops, void *arg)
{
	struct ipc_server *s = calloc(1, sizeof *s);

	if (!s)
		log_fatal("ipc: server");
	s->self = room_self();
	if (!s->self)
		log_usage("ipc: this process is no room of the table");
	s->loop = loop;
	s->ops = ops;
	s->arg = arg;
	ev_io_init(&s->accept, on_acceptable, server_listen(s->self->name), EV_READ);
	ev_timer_init(&s->pause, on_pause_over, 0., SERVER_PAUSE);
	s->accept.data = s->pause.data = s;
	ev_io_start(loop, &s->accept);
	return s;
}

void ipc_server_each(struct ipc_server *s, void (*f)(struct ipc_conn *c, void *arg), void *arg)
{
	for (struct ipc_conn *c = s->conns, *next; c; c = next) {
		next = c->next;
		if (!c->dead && !c->closing)
			f(c, arg);
	}
}
