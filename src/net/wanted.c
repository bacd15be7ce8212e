/* wanted: which clients there shall be, from sysd's state. */
#include <stdio.h>
#include <string.h>

#include "log/log.h"
#include "net.h"

#define SCRIPT "/bin/dhcp-event"
/* udhcpc(8) of busybox: tries of a second each, then a pause, for ever; seconds. */
#define TRIES "5"
#define TRY_SECONDS "1"
#define PAUSE4 "10"
/* v6 routers have told us that there is a server, so only their fault is waited for. */
#define PAUSE6 "20"
/* Patience for another machine that has the offered address already (RFC 5227 §2.1), milliseconds:
 * on a switched network an answer takes less. */
#define PROBE "-a200"
/* Servers ntpd is told of. */
#define NTP_SERVERS 8

static struct applet slots[NET_APPLETS_MAX];

/* Cards whose cable was in when last heard of. */
static struct {
	char name[LEASE_INTERFACE_MAX];
	bool carrier;
} cables[NET_APPLETS_MAX];

struct applet *wanted_slots(void)
{
	return slots;
}

void wanted_release(struct applet *a)
{
	memset(a, 0, sizeof *a);
}

static struct applet *slot_find(enum lease_kind kind, const char *interface)
{
	for (unsigned i = 0; i < NET_APPLETS_MAX; i++)
		if (slots[i].kind == kind && (kind == LEASE_KIND_NONE || !strcmp(slots[i].interface, interface)))
			return &slots[i];
	return NULL;
}

/* One child that shall be, with this command line. */
static void want(struct ev_loop *loop, enum lease_kind kind, const char *interface, const struct command *command)
{
	struct applet *a = slot_find(kind, interface);

	if (command->full) {
		log_warn("%s %s: its command line is too long", child_name(kind), interface);
		return;
	}
	if (!a) {
		a = slot_find(LEASE_KIND_NONE, "");
		if (!a)
			return;
		memset(a, 0, sizeof *a);
		a->kind = kind;
		snprintf(a->interface, sizeof a->interface, "%s", interface);
		a->command = *command;
		child_start(loop, a);
	} else if (!command_equal(&a->command, command)) {
		a->command = *command;
		child_replace(loop, a);
	}
	a->wanted = true;
}

static const char *text(yyjson_val *o, const char *key)
{
	const char *s = yyjson_get_str(yyjson_obj_get(o, key));

	return s ? s : "";
}

static void want_v4(struct ev_loop *loop, const char *interface, const char *hostname)
{
	char option[80];
	struct command c;

	command_set(&c, "udhcpc", "-f", "-R", "-i", interface, "-s", SCRIPT,
		"-t", TRIES, "-T", TRY_SECONDS, "-A", PAUSE4, PROBE, NULL);
	if (addr_hostname_valid(hostname)) {
		snprintf(option, sizeof option, "hostname:%s", hostname);
		command_add(&c, "-x", option, NULL);
	}
	want(loop, LEASE_V4, interface, &c);
}

static void want_v6(struct ev_loop *loop, const char *interface, bool managed)
{
	struct command c;

	command_set(&c, "udhcpc6", "-f", "-R", "-i", interface, "-s", SCRIPT,
		"-t", TRIES, "-T", TRY_SECONDS, "-A", PAUSE6, NULL);
	if (!managed)
		command_add(&c, "-l", NULL);
	want(loop, LEASE_V6, interface, &c);
}

static unsigned add_times(struct command *c, const char *server, unsigned room)
{
	const struct addr *list;
	unsigned count = times_addresses(server, &list);
	char text[ADDR_TEXT_MAX];

	count = count < room ? count : room;
	for (unsigned i = 0; i < count; i++) {
		addr_format(&list[i], text);
		command_add(c, "-p", text, NULL);
	}
	return count;
}

static void want_ntp(struct ev_loop *loop, yyjson_val *servers)
{
	struct command c;
	struct addr a;
	yyjson_val *v;
	size_t i, max;
	unsigned n = 0;

	command_set(&c, "ntpd", "-n", "-S", SCRIPT, NULL);
	yyjson_arr_foreach(servers, i, max, v) {
		if (!yyjson_is_str(v) || !addr_server_valid(yyjson_get_str(v)) || n == NTP_SERVERS)
			continue;
		if (addr_parse(&a, yyjson_get_str(v)) < 0) {
			n += add_times(&c, yyjson_get_str(v), NTP_SERVERS - n);
			continue;
		}
		command_add(&c, "-p", yyjson_get_str(v), NULL);
		n++;
	}
	if (n)
		want(loop, LEASE_NTP, "", &c);
}

/* Did the cable come back since the last state? */
static bool cable_came(const char *interface, bool carrier)
{
	unsigned i;
	bool was;

	for (i = 0; i < NET_APPLETS_MAX && cables[i].name[0]; i++) {
		if (strcmp(cables[i].name, interface))
			continue;
		was = cables[i].carrier;
		cables[i].carrier = carrier;
		return carrier && !was;
	}
	if (i < NET_APPLETS_MAX) {
		snprintf(cables[i].name, sizeof cables[i].name, "%s", interface);
		cables[i].carrier = carrier;
	}
	return false;
}

static void take_interface(struct ev_loop *loop, yyjson_val *o, const char *hostname)
{
	const char *name = text(o, "name"), *advice = text(o, "advice");
	struct applet *a;

	if (!addr_interface_valid(name) || !yyjson_get_bool(yyjson_obj_get(o, "up")))
		return;
	want_v4(loop, name, hostname);
	if (!strcmp(advice, "managed") || !strcmp(advice, "other"))
		want_v6(loop, name, !strcmp(advice, "managed"));
	if (!cable_came(name, yyjson_get_bool(yyjson_obj_get(o, "carrier"))))
		return;
	for (a = slots; a < slots + NET_APPLETS_MAX; a++)
		if (a->kind != LEASE_KIND_NONE && !strcmp(a->interface, name))
			child_renew(a);
}

static void give_up(struct ev_loop *loop, struct applet *a)
{
	facts_forget(a);
	child_stop(loop, a);
	if (!a->pid)
		wanted_release(a);
}

static bool has_address(yyjson_val *state)
{
	yyjson_val *o;
	size_t i, max;

	yyjson_arr_foreach(yyjson_obj_get(state, "interfaces"), i, max, o)
		if (yyjson_arr_size(yyjson_obj_get(o, "addresses")) > 0)
			return true;
	return false;
}

void wanted_take(struct ev_loop *loop, yyjson_val *state)
{
	yyjson_val *o;
	size_t i, max;

	for (unsigned s = 0; s < NET_APPLETS_MAX; s++)
		slots[s].wanted = false;
	if (!strcmp(text(state, "mode"), "dhcp")) {
		yyjson_arr_foreach(yyjson_obj_get(state, "interfaces"), i, max, o)
			take_interface(loop, o, text(state, "hostname"));
	}
	/* without an address its first questions would be lost, and the next ones come half a minute later */
	if (has_address(state))
		want_ntp(loop, yyjson_obj_get(state, "ntp"));
	for (unsigned s = 0; s < NET_APPLETS_MAX; s++)
		if (slots[s].kind != LEASE_KIND_NONE && !slots[s].wanted)
			give_up(loop, &slots[s]);
}
