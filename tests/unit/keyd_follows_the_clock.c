/* keyd: a due leaf is made anew by the timer alone, a stepped clock by the message, both are told to everybody,
 * and nothing is told when nothing changed. */
/* with: keyd/dispatch.c keyd/sign.c keyd/sealing.c keyd/identity.c keyd/upgrade.c keyd/built.c keyd/request.c keyd/renew.c keyd/jwt.c keyd/checkpoint.c keyd/certificate.c */
#include <sodium.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "ipc/ipc_int.h"
#include "ipc/proto.h"
#include "keyd/keyd.h"
#include "plat/clock.h"

#define DAY INT64_C(86400)

static int failed, told;
static int64_t shift;	/* of the wall clock the program sees, seconds */

#define CHECK(what) do { if (!(what)) { failed = 1; printf("%s:%d: %s\n", __FILE__, __LINE__, #what); } } while (0)

/* In place of the server's: counts. */
void ipc_server_each(struct ipc_server *s, void (*f)(struct ipc_conn *c, void *arg), void *arg)
{
	(void)s;
	(void)f;
	(void)arg;
	told++;
}

static int64_t wall(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (now.tv_sec + shift) * PLAT_SECOND;
}

static void no_message(struct ipc_conn *c, struct ipc_msg *msg)
{
	(void)c;
	(void)msg;
}

static void gone(struct ipc_conn *c)
{
	(void)c;
}

static void say_clock(struct keyd *k, struct ipc_conn *c)
{
	struct ipc_msg msg = { .type = PROTO_KEYD_CLOCK, .seq = 1, .body = (const uint8_t *)"{}", .len = 2 };

	keyd_dispatch(k, c, &msg);
}

int main(void)
{
	static const struct ipc_owner owner = { no_message, gone };
	static struct keyd k;
	struct ipc_conn *sysd;
	char dir[] = "/tmp/keyd-XXXXXX", command[64];
	const char *what;
	int pair[2];

	if (sodium_init() < 0 || !mkdtemp(dir) || socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair))
		return 1;
	plat_clock_replace(wall, NULL);
	shift = -300 * DAY;
	if (keyring_open(&k.ring, dir, time(NULL) - 400 * DAY, keyd_now(), &what) != KEYRING_MADE)
		return 1;
	k.loop = EV_DEFAULT;
	sysd = ipc_conn_new(k.loop, pair[0], room_by_id(ROOM_SYSD), &owner, NULL);
	keyd_renew_start(&k);
	CHECK(!told);
	say_clock(&k, sysd);
	CHECK(!told);

	/* for the kernel's clock two thirds are over: its timer has run out */
	shift = 0;
	for (int i = 0; i < 50 && !told; i++)
		ev_run(k.loop, EVRUN_ONCE);
	CHECK(told == 1 && k.ring.leaf[0].not_before > time(NULL) - 2 * KEYRING_LEAF_BACK);

	/* ten years on, and back */
	shift = 3650 * DAY;
	say_clock(&k, sysd);
	CHECK(told == 2 && k.ring.leaf[1].not_before > time(NULL) + 3649 * DAY);
	shift = 0;
	say_clock(&k, sysd);
	CHECK(told == 3 && k.ring.leaf[1].not_before < time(NULL));
	say_clock(&k, sysd);
	CHECK(told == 3);

	ipc_conn_close(sysd, true);
	ev_run(k.loop, EVRUN_NOWAIT);
	close(pair[1]);
	keyring_close(&k.ring);
	snprintf(command, sizeof command, "rm -r %s", dir);
	return system(command) || failed;
}
