/* sysd: a network set from afar goes back after its time, at a start, and never once it is confirmed. */
/* with: sysd/trial.c */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sysd/sysd.h"

/* What outlives a process: the disk, and what was gone back to. */
static struct {
	char file[8192];
	size_t len;
	bool there, full;
	char back_to[64];
	int backs;
} *world;
static int failed;
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
	CHECK(!strcmp(name, "trial.json") && world->len < size);
	if (!world->there) {
		errno = ENOENT;
		return -1;
	}
	memcpy(buf, world->file, world->len);
	return (ssize_t)world->len;
}

int file_replace(const char *name, const char *text, size_t len)
{
	CHECK(!strcmp(name, "trial.json") && len < sizeof world->file);
	if (world->full) {
		errno = ENOSPC;
		return -1;
	}
	memcpy(world->file, text, len);
	world->file[len] = 0;
	world->len = len;
	world->there = true;
	return 0;
}

static void back(yyjson_val *former)
{
	const char *address = yyjson_get_str(yyjson_obj_get(former, "address"));

	world->backs++;
	snprintf(world->back_to, sizeof world->back_to, "%s", address ? address : yyjson_get_str(yyjson_obj_get(former, "mode")));
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

/* A life of sysd: it starts, does this, and is gone without another word. */
static void life(void (*does)(void))
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		trial_open(EV_DEFAULT, back);
		does();
		fflush(stdout);
		_exit(failed);
	}
	CHECK(pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) && !WEXITSTATUS(status));
}

static struct netconf dhcp(void)
{
	struct netconf c;

	netconf_default(&c);
	return c;
}

static void goes_back(void)
{
	struct netconf before = dhcp();
	const char *why = "";

	CHECK(on(NULL));
	CHECK(trial_begin("1", &before) == 0 && on("1") && trial_knows("1") && !trial_knows("2"));
	pass(NETCONF_TRIAL_SECONDS - 2);
	CHECK(world->backs == 0 && on("1"));
	pass(3);
	CHECK(world->backs == 1 && !strcmp(world->back_to, "dhcp") && on(NULL) && !strstr(world->file, "former"));
	CHECK(trial_confirm("1", &why) < 0 && strstr(why, "over") && trial_knows("1"));
}

static void is_confirmed(void)
{
	struct netconf before = dhcp();
	const char *why = "";

	CHECK(trial_begin("2", &before) == 0 && trial_confirm("1", &why) < 0 && on("2"));
	CHECK(trial_confirm("2", &why) == 0 && on(NULL) && trial_confirm("2", &why) == 0);
	pass(2 * NETCONF_TRIAL_SECONDS);
}

static void stays_confirmed(void)
{
	const char *why = "";

	CHECK(world->backs == 1 && trial_confirm("2", &why) == 0 && trial_knows("2"));
}

static void first_way_back_stays(void)
{
	struct netconf a = network("10.0.0.5/24"), b = network("10.0.0.6/24");

	CHECK(trial_begin("3", &a) == 0);
	pass(100);
	CHECK(trial_begin("4", &b) == 0 && on("4"));
	pass(100);
	CHECK(world->backs == 1);
	pass(21);
	CHECK(world->backs == 2 && !strcmp(world->back_to, "10.0.0.5/24"));
}

static void begins(void)
{
	struct netconf before = network("fd00::5/64");

	CHECK(trial_begin("5", &before) == 0);
}

static void went_back_at_the_start(void)
{
	CHECK(world->backs == 3 && !strcmp(world->back_to, "fd00::5/64") && on(NULL));
}

static void meets_a_full_disk(void)
{
	struct netconf before = dhcp();
	const char *why = "";

	world->full = true;
	CHECK(trial_begin("6", &before) < 0 && errno == ENOSPC && on(NULL) && trial_knows("5"));
	world->full = false;
	CHECK(trial_begin("7", &before) == 0);
	world->full = true;
	CHECK(trial_confirm("7", &why) == 0 && on(NULL));	/* what it could not keep, the next start undoes */
	world->full = false;
}

static void undid_what_was_not_kept(void)
{
	CHECK(world->backs == 4);
}

static void is_dropped(void)
{
	struct netconf before = dhcp();
	const char *why = "";

	CHECK(trial_begin("8", &before) == 0);
	trial_drop();
	pass(2 * NETCONF_TRIAL_SECONDS);
	CHECK(world->backs == 4 && on(NULL) && trial_confirm("8", &why) < 0);
	world->len = (size_t)snprintf(world->file, sizeof world->file, "{\"change\":\"9\",\"former\":[7");
}

static void reads_damage(void)
{
	CHECK(world->backs == 4 && on(NULL));
}

int main(void)
{
	world = mmap(NULL, sizeof *world, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (world == MAP_FAILED)
		return 111;
	life(goes_back);
	life(is_confirmed);
	life(stays_confirmed);
	life(first_way_back_stays);
	life(begins);
	life(went_back_at_the_start);
	life(went_back_at_the_start);
	life(meets_a_full_disk);
	life(undid_what_was_not_kept);
	life(is_dropped);
	life(reads_damage);
	return failed;
}
