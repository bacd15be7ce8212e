/* keyd: certificates follow the clock.  One timerfd on the wall clock waits for
 * the next renewal and is told by the kernel when the clock is set: no polling. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "ipc/proto.h"
#include "keyd.h"
#include "log/log.h"
#include "plat/clock.h"

/* Between two attempts to write the ring, seconds: a full disk does not empty sooner. */
#define RETRY 60.

int64_t keyd_now(void)
{
	return plat_clock_wall() / PLAT_SECOND;
}

static void tell(struct ipc_conn *c, void *arg)
{
	switch (ipc_conn_peer(c)->id) {
	case ROOM_GATE: keyd_send_chains(arg, c, 0, 0); break;
	case ROOM_CORE: keyd_send_identity(arg, c, 0, PROTO_KEYD_IDENTITY, 0); break;
	default: break;
	}
}

static void arm(struct keyd *k)
{
	struct itimerspec when = { .it_value.tv_sec = keyring_next(&k->ring, keyd_now()) };

	if (timerfd_settime(k->clock.fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &when, NULL))
		log_fatal("clock: the timer cannot be set");
}

/* The list is part of the identity: gate does without. */
static void tell_core(struct ipc_conn *c, void *arg)
{
	if (ipc_conn_peer(c)->id == ROOM_CORE)
		keyd_send_identity(arg, c, 0, PROTO_KEYD_IDENTITY, 0);
}

static void listed(struct keyd *k, enum keyring_change change)
{
	if (change == KEYRING_SAME)
		return;
	if (change == KEYRING_UNSAVED) {
		log_warn_errno("revocation list: issued, not written");
		ev_timer_again(k->loop, &k->retry);
	}
	arm(k);
	ipc_server_each(k->server, tell_core, k);
}

void keyd_shown(struct keyd *k, const char *why)
{
	int64_t boot = plat_clock_boot();

	log_info("certificate: %s", why);
	k->generation = boot > k->generation ? boot : k->generation + 1;
	arm(k);
	ipc_server_each(k->server, tell, k);
}

void keyd_changed(struct keyd *k, enum keyring_change change, const char *why)
{
	char text[96];

	if (change == KEYRING_SAME)
		return;
	if (change == KEYRING_UNSAVED) {
		log_warn_errno("certificate: issued, not written");
		ev_timer_again(k->loop, &k->retry);
	}
	snprintf(text, sizeof text, "issued anew: %s", why);
	keyd_shown(k, text);
}

/* Once a day, from 30 days before: nobody renews it but a person. */
static void warn(const struct keyd *k)
{
	int64_t left = k->ring.uploaded.cert[0].not_after - keyd_now();

	if (!keyring_uploaded_ends(&k->ring, keyd_now()))
		return;
	if (left > 0)
		log_warn("certificate: the uploaded one ends in %lld days", (long long)(left / 86400));
	else
		log_warn("certificate: the uploaded one has expired");
}

/* Armed before the look, so that a step in between is not missed. */
static void look(struct keyd *k, const char *why)
{
	enum keyring_change leaves, list;

	arm(k);
	warn(k);
	leaves = keyring_renew(&k->ring, keyd_now());
	list = keyring_crl_renew(&k->ring, keyd_now());
	if (leaves != KEYRING_SAME)
		keyd_changed(k, list > leaves ? list : leaves, why);
	else
		listed(k, list);
}

static void on_clock(struct ev_loop *loop, ev_io *w, int revents)
{
	struct keyd *k = w->data;
	uint64_t times;

	(void)loop;
	(void)revents;
	if (read(w->fd, &times, sizeof times) == sizeof times)
		look(k, "two thirds of its life are over");
	else if (errno == ECANCELED)
		look(k, "the clock was set");
}

static void on_retry(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct keyd *k = w->data;

	(void)revents;
	if (keyring_save(&k->ring))
		return;
	ev_timer_stop(loop, w);
	log_info("certificates: written");
}

void keyd_clock(struct keyd *k, struct ipc_conn *c, struct ipc_msg *msg)
{
	look(k, "the clock was set");
	ipc_reply(c, msg, "{}", 2, NULL, 0);
}

void keyd_renew_start(struct keyd *k)
{
	int fd = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC);

	if (fd < 0)
		log_fatal("clock: no timer");
	k->generation = plat_clock_boot();
	ev_io_init(&k->clock, on_clock, fd, EV_READ);
	ev_timer_init(&k->retry, on_retry, RETRY, RETRY);
	k->clock.data = k->retry.data = k;
	ev_io_start(k->loop, &k->clock);
	look(k, "the clock was set");
	if (keyring_unsaved(&k->ring))
		ev_timer_again(k->loop, &k->retry);
}
