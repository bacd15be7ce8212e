/* sysd: the machine's addresses, host name and power. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "ipc/proto.h"
#include "log/log.h"
#include "room/room.h"
#include "sysd.h"

#define USAGE "sysd"

static struct {
	struct ev_loop *loop;
	struct netconf conf;
	struct ipc_server *server;
	char *state;		/* as told last */
	size_t state_len;
} sysd;

/* ---- state ---- */

static void tell_one(struct ipc_conn *conn, void *arg)
{
	(void)arg;
	if (sysd.state)
		ipc_send(conn, 0, PROTO_SYSD_STATE, 0, sysd.state, (uint32_t)sysd.state_len, NULL, 0);
}

/* Something may have changed: tells those who want to know, once. */
static void on_changed(void)
{
	yyjson_mut_doc *d = state_make(&sysd.conf);
	size_t len = 0;
	char *text = yyjson_mut_write(d, 0, &len);

	yyjson_mut_doc_free(d);
	core_facts(&sysd.conf);
	if (!text)
		return;
	if (sysd.state && len == sysd.state_len && !memcmp(text, sysd.state, len)) {
		free(text);
		return;
	}
	free(sysd.state);
	sysd.state = text;
	sysd.state_len = len;
	if (sysd.server)
		ipc_server_each(sysd.server, tell_one, NULL);
}

static void on_services(void)
{
	core_services();
	on_changed();
}

/* ---- settings ---- */

/* Keeps the new settings, then makes them true. */
static int settings_take(const struct netconf *next, const char **why)
{
	bool renamed = strcmp(next->hostname, sysd.conf.hostname) != 0;

	if (settings_save(next) < 0) {
		*why = errno == ENOSPC || errno == EDQUOT ? "no space to keep the settings" : "the settings cannot be kept";
		log_warn_errno("settings: cannot write");
		return -1;
	}
	sysd.conf = *next;
	if (renamed)
		power_hostname(sysd.loop, sysd.conf.hostname);
	network_settings(&sysd.conf);
	return 0;
}

/* From afar: on trial. One that comes twice begins no second trial. */
static int network_try(yyjson_val *input, const char **why)
{
	const char *change = yyjson_get_str(yyjson_obj_get(input, "change"));
	struct netconf next = sysd.conf;

	if (!change || !change[0] || strlen(change) >= TRIAL_NAME_MAX) {
		*why = "change: a name is needed";
		return -1;
	}
	if (trial_knows(change))
		return 0;
	if (netconf_set_network(&next, yyjson_obj_get(input, "network"), why) < 0)
		return -1;
	if (trial_begin(change, &sysd.conf) < 0) {
		*why = errno == ENOSPC || errno == EDQUOT ? "no space to keep the way back" : "the way back cannot be kept";
		log_warn_errno("network: change %s: cannot write", change);
		return -1;
	}
	if (settings_take(&next, why) == 0)
		return 0;
	trial_drop();
	return -1;
}

static int network_confirm(yyjson_val *input, const char **why)
{
	const char *change = yyjson_get_str(yyjson_obj_get(input, "change"));

	return trial_confirm(change ? change : "", why);
}

/* The way back. It must be gone even when it cannot be kept: then trial.json says so to the next start. */
static void network_back(yyjson_val *former)
{
	struct netconf next = sysd.conf;
	const char *why = "";

	if (netconf_set_network(&next, former, &why) < 0) {
		log_warn("network: the former settings are not usable: %s", why);
		return;
	}
	if (settings_save(&next) < 0)
		log_warn_errno("settings: cannot write");
	sysd.conf = next;
	if (sysd.state) {
		network_settings(&sysd.conf);
		on_changed();
	}
}

/* A task of core. */
static int on_task(const char *kind, yyjson_val *input, const char **why)
{
	struct netconf next = sysd.conf;
	int rc;

	if (!strcmp(kind, "hostname")) {
		rc = netconf_set_hostname(&next, yyjson_get_str(yyjson_obj_get(input, "hostname")), why);
	} else if (!strcmp(kind, "ntp")) {
		rc = netconf_set_ntp(&next, yyjson_obj_get(input, "servers"), why);
	} else if (!strcmp(kind, "network")) {
		rc = network_try(input, why);
		on_changed();
		return rc;
	} else if (!strcmp(kind, "network-confirm")) {
		rc = network_confirm(input, why);
		on_changed();
		return rc;
	} else {
		*why = "a kind of task sysd does not know";
		rc = -1;
	}
	return rc < 0 ? -1 : settings_take(&next, why);
}

/* ---- requests ---- */

static void on_fact(struct ipc_conn *conn, struct ipc_msg *msg, yyjson_val *body)
{
	struct lease l;
	const char *why = "";

	if (lease_from_json(&l, body, &why) < 0) {
		log_warn("net: fact refused: %s", why);
		ipc_reply_error(conn, msg, 400, "%s", why);
		return;
	}
	if (l.kind != LEASE_NTP) {
		network_lease(&l);
	} else if (l.event == LEASE_STEP) {
		log_info("clock: set by %.3f s", l.offset);
		core_clock_stepped();
	}
	ipc_reply(conn, msg, "{}", 2, NULL, 0);
}

/* Whoever sits at the machine needs no way back. */
static void network_taken(struct ipc_conn *conn, struct ipc_msg *msg)
{
	trial_drop();
	on_changed();
	ipc_reply(conn, msg, "{}", 2, NULL, 0);
}

static void on_network(struct ipc_conn *conn, struct ipc_msg *msg, yyjson_val *body)
{
	struct netconf next = sysd.conf;
	const char *why = "";

	if (netconf_set_network(&next, body, &why) < 0)
		ipc_reply_error(conn, msg, 400, "%s", why);
	else if (settings_take(&next, &why) < 0)
		ipc_reply_error(conn, msg, 507, "%s", why);
	else
		network_taken(conn, msg);
}

static void on_power(struct ipc_conn *conn, struct ipc_msg *msg, yyjson_val *body)
{
	static const char *const words[] = { "reboot", "poweroff", "factory-reset" };
	const char *action = yyjson_get_str(yyjson_obj_get(body, "action"));

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		if (!action || strcmp(action, words[i]))
			continue;
		log_info("power: %s: asked by %s", words[i], ipc_conn_peer(conn)->name);
		if (power_word(words[i]) == 0) {
			ipc_reply(conn, msg, "{}", 2, NULL, 0);
		} else {
			log_warn_errno("power: %s: the power service does not take it", words[i]);
			ipc_reply_error(conn, msg, 503, "the power service does not answer");
		}
		return;
	}
	ipc_reply_error(conn, msg, 400, "action: reboot, poweroff or factory-reset");
}

struct request {
	uint16_t type;
	uint32_t from;		/* ROOM_BITs */
	void (*handle)(struct ipc_conn *conn, struct ipc_msg *msg, yyjson_val *body);
};

static void on_state(struct ipc_conn *conn, struct ipc_msg *msg, yyjson_val *body)
{
	(void)body;
	ipc_reply(conn, msg, sysd.state, (uint32_t)sysd.state_len, NULL, 0);
}

static const struct request requests[] = {
	{ PROTO_SYSD_FACT, ROOM_BIT(ROOM_NET), on_fact },
	{ PROTO_SYSD_STATE, ROOM_BIT(ROOM_NET) | ROOM_BIT(ROOM_TTY) | ROOM_BIT(ROOM_FWD), on_state },
	{ PROTO_SYSD_NETWORK, ROOM_BIT(ROOM_TTY), on_network },
	{ PROTO_SYSD_POWER, ROOM_BIT(ROOM_TTY), on_power },
};

static void handle(struct ipc_conn *conn, struct ipc_msg *msg, const struct request *r)
{
	yyjson_doc *d;

	if (!(r->from & ROOM_BIT(ipc_conn_peer(conn)->id))) {
		log_warn("%s: request %#x refused: not its to ask", ipc_conn_peer(conn)->name, msg->type);
		ipc_reply_error(conn, msg, 403, "not permitted");
		return;
	}
	d = ipc_msg_json(msg);
	if (d)
		r->handle(conn, msg, yyjson_doc_get_root(d));
	else
		ipc_reply_error(conn, msg, 400, "not a JSON object");
	yyjson_doc_free(d);
}

static void on_message(struct ipc_conn *conn, struct ipc_msg *msg, void *arg)
{
	(void)arg;
	if (msg->seq == 0)
		return;
	for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
		if (requests[i].type == msg->type) {
			handle(conn, msg, &requests[i]);
			return;
		}
	}
	ipc_reply_error(conn, msg, 404, "no such request");
}

static void on_opened(struct ipc_conn *conn, void *arg)
{
	tell_one(conn, arg);
}

static void on_end(struct ev_loop *loop, ev_signal *w, int events)
{
	(void)w;
	(void)events;
	ev_break(loop, EVBREAK_ALL);
}

int main(int argc, char **argv)
{
	static const struct ipc_server_ops ops = { .opened = on_opened, .message = on_message };
	ev_signal end;

	(void)argv;
	log_open("sysd");
	if (argc != 1)
		log_usage("usage: " USAGE);
	sysd.loop = ev_default_loop(0);
	if (!sysd.loop)
		log_fatal("event loop");
	ev_signal_init(&end, on_end, SIGTERM);
	ev_signal_start(sysd.loop, &end);
	settings_load(&sysd.conf);
	trial_open(sysd.loop, network_back);
	services_open(sysd.loop, on_services);
	network_open(sysd.loop, &sysd.conf, on_changed);
	sysd.server = ipc_server_open(sysd.loop, &ops, NULL);
	room_fence();
	core_open(sysd.loop, on_task);
	power_hostname(sysd.loop, sysd.conf.hostname);
	on_changed();
	room_ready();
	ev_run(sysd.loop, 0);
	return 0;
}
