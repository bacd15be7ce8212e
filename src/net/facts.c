/* facts: what the clients said, until sysd has heard it. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ipc/proto.h"
#include "log/log.h"
#include "net.h"

static struct ipc_client *sysd;

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

void facts_open(struct ipc_client *client)
{
	sysd = client;
}

/* ---- telling ---- */

static struct applet *by_number(unsigned long number)
{
	struct applet *slots = wanted_slots();

	for (unsigned i = 0; i < NET_APPLETS_MAX; i++)
		if (slots[i].kind != LEASE_KIND_NONE && slots[i].number == number)
			return &slots[i];
	return NULL;
}

static void on_told(struct ipc_msg *msg, int error, void *arg)
{
	struct applet *a = by_number((unsigned long)(uintptr_t)arg);

	if (error)
		return;		/* told again when sysd is back */
	if (msg->flags & IPC_ERROR)
		log_warn("sysd: a fact was refused: %.*s", (int)(msg->len < 200 ? msg->len : 200),
			(const char *)msg->body);
	if (a)
		a->told = true;
}

static void tell(struct applet *a)
{
	struct lease l = a->fact;
	yyjson_mut_doc *d;

	if (!a->known || !ipc_client_connected(sysd))
		return;
	if (l.event == LEASE_BOUND || l.event == LEASE_RENEW) {
		if (a->until <= now())
			return;
		l.seconds = (uint32_t)(a->until - now()) + 1;
	}
	d = lease_to_json(&l);
	if (!d)
		return;
	a->told = false;
	ipc_client_call_json(sysd, PROTO_SYSD_FACT, d, 0, on_told, (void *)(uintptr_t)a->number);
}

void facts_tell_all(void)
{
	struct applet *slots = wanted_slots();

	for (unsigned i = 0; i < NET_APPLETS_MAX; i++) {
		/* a step of the clock is told once, a lease is told to every new sysd */
		if (slots[i].kind == LEASE_NTP && slots[i].told)
			continue;
		if (slots[i].kind != LEASE_KIND_NONE)
			tell(&slots[i]);
	}
}

void facts_forget(struct applet *a)
{
	a->known = false;
}

/* ---- hearing ---- */

static const char *variable(const char *name, void *arg)
{
	return yyjson_get_str(yyjson_obj_get(arg, name));
}

static const char *text(yyjson_val *o, const char *key)
{
	const char *s = yyjson_get_str(yyjson_obj_get(o, key));

	return s ? s : "";
}

static void say(const struct lease *l)
{
	char address[ADDR_PREFIX_TEXT_MAX], router[ADDR_TEXT_MAX];

	if (l->kind == LEASE_NTP) {
		if (l->event == LEASE_STEP)
			log_info("ntpd: clock set by %.3f s", l->offset);
		return;
	}
	addr_prefix_format(&l->address, address);
	addr_format(&l->router, router);
	if (l->event == LEASE_DECONFIG)
		log_info("%s %s: no lease", child_name(l->kind), l->interface);
	else
		log_info("%s %s: %s: %s router %s for %u s", child_name(l->kind), l->interface,
			l->event == LEASE_BOUND ? "bound" : "renewed", address, router, l->seconds);
}

static void take(struct applet *a, const struct lease *l)
{
	bool first = !a->heard;

	a->heard = true;
	/* each client begins by saying that it has nothing: an address that an earlier one got stays
	 * until its time is over, so that a restart is not felt */
	if (first && l->event == LEASE_DECONFIG)
		return;
	/* a step that is not told yet must not be lost behind a periodic remark */
	if (l->event == LEASE_PERIODIC)
		return;
	say(l);
	a->fact = *l;
	a->known = true;
	a->until = now() + l->seconds;
	tell(a);
}

int facts_event(yyjson_val *event, const char **why)
{
	yyjson_val *env = yyjson_obj_get(event, "env");
	const char *applet = text(event, "applet");
	struct applet *a = by_number(strtoul(text(env, "CAM_CHILD"), NULL, 10));
	struct lease l;
	int rc;

	if (!a || !a->pid || strcmp(applet, child_name(a->kind))) {
		*why = "from a client that is not running";
		return -1;
	}
	/* the last words of one that was told to end */
	if (!a->wanted || a->replaced)
		return 0;
	rc = lease_from_event(&l, applet, text(event, "event"), variable, env, why);
	if (rc < 0)
		return -1;
	if (rc > 0)
		return 0;
	if (strcmp(l.interface, a->interface)) {
		*why = "about another interface";
		return -1;
	}
	take(a, &l);
	return 0;
}
