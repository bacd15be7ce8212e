/* Frames of every size, some with descriptors, through a connection whose
 * socket is filled and drained in uneven pieces: every body arrives whole, in
 * order, and every descriptor with the frame it was sent with. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ipc/ipc_int.h"
#include "log/log.h"

#define FRAMES 4000

static unsigned got, closed, wrong;
static int marks[3];

static uint32_t length_of(unsigned i)
{
	static const uint32_t edges[] = { 0, 1, 11, 12, 13, 4083, 4084, 4085, 65536, 200000 };

	return i % 7 == 0 ? edges[i / 7 % 10] : (i * 2654435761u) % 600;
}

static unsigned fds_of(unsigned i)
{
	return i % 3 == 1 ? 1 + i % 3 : 0;
}

static bool same_file(int a, int b)
{
	struct stat x, y;

	return fstat(a, &x) == 0 && fstat(b, &y) == 0 && x.st_ino == y.st_ino && x.st_dev == y.st_dev;
}

static void receive(struct ipc_conn *c, struct ipc_msg *msg)
{
	unsigned i = got++;

	if (msg->type != (uint16_t)i || msg->len != length_of(i) || msg->nfds != fds_of(i))
		wrong++;
	for (uint32_t k = 0; k < msg->len; k++)
		if (msg->body[k] != (uint8_t)(i + k)) {
			wrong++;
			break;
		}
	if (msg->body[msg->len] != 0)
		wrong++;
	for (unsigned k = 0; k < msg->nfds; k++)
		if (!same_file(msg->fds[k], marks[(i + k) % 3]))
			wrong++;
	if (got == FRAMES)
		ipc_conn_close(c, true);
}

static void over(struct ipc_conn *c)
{
	(void)c;
	if (++closed == 2)
		ev_break(EV_DEFAULT, EVBREAK_ALL);
}

static void unexpected(struct ipc_conn *c, struct ipc_msg *msg)
{
	(void)c;
	(void)msg;
	wrong++;
}

static const struct ipc_owner reader = { receive, over }, writer = { unexpected, over };

static unsigned sent;

static void on_tick(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct ipc_conn *c = w->data;
	static uint8_t body[1 << 18];

	(void)revents;
	for (unsigned burst = 0; burst < 97 && sent < FRAMES; burst++, sent++) {
		int fds[2] = { marks[sent % 3], marks[(sent + 1) % 3] };
		uint32_t len = length_of(sent);

		for (uint32_t k = 0; k < len; k++)
			body[k] = (uint8_t)(sent + k);
		if (ipc_send(c, 0, (uint16_t)sent, 0, body, len, fds, fds_of(sent)) < 0)
			wrong++;
	}
	if (sent == FRAMES)
		ev_timer_stop(loop, w);
}

int main(void)
{
	struct ev_loop *loop = EV_DEFAULT;
	const struct room *peer = room_by_id(ROOM_CORE);
	ev_timer tick;
	int pair[2];

	log_open("test");
	for (int i = 0; i < 3; i++)
		marks[i] = fileno(tmpfile());
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) < 0)
		return 111;
	ipc_conn_new(loop, pair[0], peer, &reader, NULL);
	ev_timer_init(&tick, on_tick, 0., 0.001);
	tick.data = ipc_conn_new(loop, pair[1], peer, &writer, NULL);
	ev_timer_start(loop, &tick);
	ev_run(loop, 0);
	printf("%u frames, %u wrong\n", got, wrong);
	return got == FRAMES && !wrong ? 0 : 1;
}
