#include "worker.h"

#include <errno.h>
#include <ev.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "handshake.h"
#include "ipc/ipc.h"
#include "limits.h"
#include "log/log.h"
#include "pool.h"
#include "relay.h"
#include "tls/chains.h"

/* Seconds keyd may take for the chains: at the first start it makes keys. */
#define CHAINS_TIMEOUT 10.0

static struct ev_loop *loop;
static struct ipc_client *keyd;
static ev_timer chains_retry;
static struct tls_sessions *sessions;
static bool accepting;

/* ---- chains from keyd ---- */

static void chains_set(struct ipc_msg *msg)
{
	yyjson_doc *doc = ipc_msg_json(msg);
	const char *why = "not a JSON object";
	struct tls_chains *c = doc != NULL ? tls_chains_parse(yyjson_doc_get_root(doc), &why) : NULL;

	yyjson_doc_free(doc);
	if (c == NULL) {
		log_warn("keyd: chains: refused, the last ones stay: %s", why);
		return;
	}
	tls_sessions_keep_only(sessions, tls_chains_generation(c));
	handshake_chains(c);
	if (!accepting) {
		accepting = true;
		kill(getppid(), SIGUSR1);
	}
}

static void on_chains(struct ipc_msg *msg, int error, void *arg)
{
	(void)arg;
	if (error == 0 && (msg->flags & IPC_ERROR) == 0) {
		chains_set(msg);
		return;
	}
	/* a lost connection asks again when it stands; here it stands */
	if (error == 0)
		log_warn("keyd: chains: refused");
	else if (error != ECONNRESET && error != ENOTCONN)
		log_warn("keyd: chains: %s", strerror(error));
	if (ipc_client_connected(keyd) && !ev_is_active(&chains_retry)) {
		ev_timer_set(&chains_retry, GATE_CHAINS_RETRY, 0);
		ev_timer_start(loop, &chains_retry);
	}
}

static void chains_ask(void)
{
	ipc_client_call(keyd, PROTO_KEYD_CHAINS, "{}", 2, NULL, 0, CHAINS_TIMEOUT, on_chains, NULL);
}

static void on_chains_retry(struct ev_loop *l, ev_timer *w, int revents)
{
	(void)l;
	(void)w;
	(void)revents;
	chains_ask();
}

static void on_keyd(struct ipc_client *cl, void *arg)
{
	(void)cl;
	(void)arg;
	chains_ask();
}

static void on_keyd_notice(struct ipc_client *cl, struct ipc_msg *msg, void *arg)
{
	(void)cl;
	(void)arg;
	if (msg->type == PROTO_KEYD_CHAINS)
		chains_set(msg);
	else
		log_warn("keyd: unknown notice %u", msg->type);
}

/* ---- the end ---- */

static _Noreturn void leave(void)
{
	handshake_stop();
	relay_stop();
	/* the other thread may be waiting for keyd; nothing is lost with it */
	_exit(0);
}

static void on_term(struct ev_loop *l, ev_signal *w, int revents)
{
	(void)l;
	(void)w;
	(void)revents;
	leave();
}

static void on_life(struct ev_loop *l, ev_io *w, int revents)
{
	(void)l;
	(void)w;
	(void)revents;
	log_info("worker: the master is gone");
	leave();
}

void worker_run(const struct worker_config *config)
{
	static struct handshake_config handshake;
	static const struct ipc_client_ops keyd_ops = { .connected = on_keyd, .notice = on_keyd_notice };
	static ev_signal term;
	static ev_io life;

	loop = ev_loop_new(EVBACKEND_EPOLL | EVFLAG_NOENV);
	if (loop == NULL)
		log_fatal("worker: event loop");
	sessions = config->sessions;
	pool_open(config->conns);
	ev_signal_init(&term, on_term, SIGTERM);
	ev_signal_start(loop, &term);
	ev_io_init(&life, on_life, config->life, EV_READ);
	ev_io_start(loop, &life);
	ev_init(&chains_retry, on_chains_retry);
	relay_open(loop);
	keyd = ipc_client_open(loop, ROOM_KEYD, &keyd_ops, NULL);
	handshake = (struct handshake_config){
		.listener = config->listener, .sessions = sessions, .done = relay_adopt
	};
	handshake_start(&handshake);
	ev_run(loop, 0);
	log_bug("the loop has ended");
}
