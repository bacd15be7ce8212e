/* sysd: a network set from afar goes back after its time, at a start, and never once it is confirmed. */
/* with: sysd/trial.c */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "sysd/sysd.h"

static char file[8192];
static size_t file_len;
static bool there, full;
static char back_to[64];
static int backs, failed;
static time_t ahead;

#define CHECK(what) do { if (!(what)) { failed = 1; printf("%s:%d: %s\n", __FILE__, __LINE__, #what); } } while (0)

/* The loop's clock, which is set forward here. */
int clock_gettime(clockid_t id, struct timespec *ts)
{
	int rc = (int)syscall(SYS_clock_gettime, id, ts);

	ts->tv_sec += ahead;
	return rc;
}

ssize_t file_read(const char *name, char *buf, size_t size)
{
	CHECK(!strcmp(name, "trial.json") && file_len < size);
	if (!there) {
		errno = ENOENT;
		return -1;
	}
	memcpy(buf, file, file_len);
	return (ssize_t)file_len;
}

int file_replace(const char *name, const char *text, size_t len)
{
	CHECK(!strcmp(name, "trial.json") && len < sizeof file);
	if (full) {
		errno = ENOSPC;
		return -1;
	}
	memcpy(file, text, len);
	file[len] = 0;
	file_len = len;
	there = true;
	return 0;
}

static void back(yyjson_val *former)
{
	const char *address = yyjson_get_str(yyjson_obj_get(former, "address"));

	backs++;
	snprintf(back_to, sizeof back_to, "%s", address ? address : yyjson_get_str(yyjson_obj_get(former, "mode")));
}

static void pass(time_t seconds)
{
	ahead += seconds;
	ev_run(EV_DEFAULT, EVRUN_NOWAIT);
	ev_run(EV_DEFAULT, EVRUN_NOWAIT);
}

static struct netconf network(const char *address)
{
	char text[128];
	struct netconf c;
	yyjson_doc *d;
	const char *why = "";

	netconf_default(&c);
	snprintf(text, sizeof text, "{\"mode\":\"static\",\"address\":\"%s\"}", address);
	d = yyjson_read(text, strlen(text), 0);
	CHECK(netconf_set_network(&c, yyjson_doc_get_root(d), &why) == 0);
	yyjson_doc_free(d);
	return c;
}

static bool on(const char *change)
{
	int64_t until;
	const char *now = trial_change(&until);

	return change ? now && !strcmp(now, change) && until > 0 : !now;
}

static void goes_back(struct netconf *dhcp)
{
	const char *why = "";

	CHECK(trial_begin("1", dhcp) == 0 && on("1") && trial_knows("1") && !trial_knows("2"));
	pass(NETCONF_TRIAL_SECONDS - 2);
	CHECK(backs == 0 && on("1"));
	pass(3);
	CHECK(backs == 1 && !strcmp(back_to, "dhcp") && on(NULL) && !strstr(file, "former"));
	CHECK(trial_confirm("1", &why) < 0 && strstr(why, "over") && trial_knows("1"));
}

static void stays(struct netconf *dhcp)
{
	const char *why = "";

	CHECK(trial_begin("2", dhcp) == 0 && trial_confirm("1", &why) < 0 && on("2"));
	CHECK(trial_confirm("2", &why) == 0 && on(NULL) && trial_confirm("2", &why) == 0);
	pass(2 * NETCONF_TRIAL_SECONDS);
	trial_open(EV_DEFAULT, back);
	CHECK(backs == 1 && trial_confirm("2", &why) == 0 && trial_knows("2"));
}

static void first_way_back_stays(void)
{
	struct netconf a = network("10.0.0.5/24"), b = network("10.0.0.6/24");

	CHECK(trial_begin("3", &a) == 0);
	pass(100);
	CHECK(trial_begin("4", &b) == 0 && on("4"));
	pass(100);
	CHECK(backs == 1);
	pass(21);
	CHECK(backs == 2 && !strcmp(back_to, "10.0.0.5/24"));
}

static void a_start_goes_back(void)
{
	struct netconf a = network("fd00::5/64");

	CHECK(trial_begin("5", &a) == 0);
	trial_open(EV_DEFAULT, back);
	CHECK(backs == 3 && !strcmp(back_to, "fd00::5/64") && on(NULL));
	trial_open(EV_DEFAULT, back);
	CHECK(backs == 3);
}

static void a_full_disk(struct netconf *dhcp)
{
	const char *why = "";

	full = true;
	CHECK(trial_begin("6", dhcp) < 0 && errno == ENOSPC && on(NULL) && trial_knows("5"));
	full = false;
	CHECK(trial_begin("7", dhcp) == 0);
	full = true;
	CHECK(trial_confirm("7", &why) == 0 && on(NULL));	/* what it could not keep, the next start undoes */
	full = false;
	trial_open(EV_DEFAULT, back);
	CHECK(backs == 4);
}

static void dropped_and_damaged(struct netconf *dhcp)
{
	const char *why = "";

	CHECK(trial_begin("8", dhcp) == 0);
	trial_drop();
	pass(2 * NETCONF_TRIAL_SECONDS);
	CHECK(backs == 4 && on(NULL) && trial_confirm("8", &why) < 0);
	file_len = (size_t)snprintf(file, sizeof file, "{\"change\":\"9\",\"former\":[7");
	trial_open(EV_DEFAULT, back);
	CHECK(backs == 4 && on(NULL));
}

int main(void)
{
	struct netconf dhcp;

	netconf_default(&dhcp);
	trial_open(EV_DEFAULT, back);
	CHECK(on(NULL));
	goes_back(&dhcp);
	stays(&dhcp);
	first_way_back_stays();
	a_start_goes_back();
	a_full_disk(&dhcp);
	dropped_and_damaged(&dhcp);
	return failed;
}
