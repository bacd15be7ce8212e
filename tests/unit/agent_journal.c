/* with: agent/journal.c agent/ending.c agent/files.c agent/facts.c agent/session.c agent/note.c */
/* The agent's journal: what is in it is whole, is found again in every state, and is forgotten in the end. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/agent.h"
#include "agent/journal.h"

static int failures;
static char path[64];

#define CHECK(what) check(#what, what, __LINE__)

static void check(const char *what, bool good, int line)
{
	if (good)
		return;
	fprintf(stderr, "line %d: %s\n", line, what);
	failures++;
}

static void put(uint64_t task, const char *name, const char *text)
{
	int dir = journal_directory(task);

	if (dir < 0 || file_write(dir, name, text, strlen(text), 0600) < 0)
		abort();
	close(dir);
}

static struct step make(uint64_t task)
{
	static char message[] = "{\"timeout\":7}";
	struct step s = { .task = task, .fence = 3, .text = message, .len = sizeof message - 1 };

	if (journal_accept(&s, "echo", 4) < 0)
		abort();
	return s;
}

static void started(uint64_t task, const char *boot)
{
	char text[256];

	snprintf(text, sizeof text, "{\"runner\":1,\"boot\":\"%s\",\"at\":5}", boot);
	put(task, "started", text);
}

static void ended(uint64_t task, int code)
{
	struct ending e = { .exit_code = code, .started = 5, .finished = 6, .output_length = 2, .message = "said \"so\"" };
	char text[1024];

	ending_write(&e, text, sizeof text);
	put(task, "exit", text);
}

/* All of the journal; what was loaded stays within reach of the leak checker. */
static struct step *load(void)
{
	static struct step *loaded[16];
	static unsigned n;

	return loaded[n++] = journal_load();
}

static struct step *find(struct step *list, uint64_t task)
{
	while (list && list->task != task)
		list = list->next;
	return list;
}

static void states(void)
{
	struct step *all, *s;
	int lock;

	make(1);				/* waits */
	make(2);				/* its runner lives */
	started(2, facts_boot());
	make(3);				/* its runner died */
	started(3, facts_boot());
	put(3, "output", "abc");
	make(4);				/* ended */
	started(4, facts_boot());
	ended(4, 1);
	make(5);				/* 100, the same boot */
	started(5, facts_boot());
	ended(5, 100);
	make(6);				/* 100, another boot */
	started(6, "another");
	ended(6, 100);
	make(7);				/* another boot, no ending */
	started(7, "another");
	lock = journal_lock(&(struct step){ .task = 2 });
	CHECK(lock >= 0);
	CHECK(journal_lock(&(struct step){ .task = 2 }) < 0 && errno == EWOULDBLOCK);
	all = load();
	for (uint64_t i = 1; i <= 7; i++) {
		s = find(all, i);
		CHECK(s && s->fence == 3 && s->seconds == 7);
	}
	CHECK(find(all, 1)->state == STEP_WAITING);
	CHECK(find(all, 2)->state == STEP_RUNNING);
	CHECK(find(all, 3)->state == STEP_FINISHED && find(all, 3)->ending.outcome == OUTCOME_INTERRUPTED && find(all, 3)->ending.output_length == 3);
	CHECK(find(all, 4)->state == STEP_FINISHED && find(all, 4)->ending.exit_code == 1 && !strcmp(find(all, 4)->ending.message, "said \"so\""));
	CHECK(find(all, 5)->state == STEP_REBOOT);
	CHECK(find(all, 6)->state == STEP_FINISHED && find(all, 6)->ending.outcome == OUTCOME_REBOOT);
	CHECK(find(all, 7)->state == STEP_FINISHED && find(all, 7)->ending.outcome == OUTCOME_INTERRUPTED);
	s = find(all, 4);
	s->fence = 9;
	CHECK(journal_refence(s) == 0);
	journal_wipe(s);
	close(lock);
	all = load();
	CHECK(find(all, 4)->state == STEP_ACKED && find(all, 4)->fence == 9 && find(all, 4)->ending.exit_code == 1);
	CHECK(find(all, 2)->state == STEP_FINISHED);	/* nobody holds its lock any more */
	CHECK(find(all, 3)->ending.outcome == OUTCOME_INTERRUPTED);
}

/* A directory that is only half made is not a step. */
static void halves(void)
{
	char name[128];

	snprintf(name, sizeof name, "%s/88.new", path);
	CHECK(mkdir(name, 0700) == 0);
	CHECK(!find(load(), 88));
	CHECK(access(name, F_OK) < 0);
}

static void forgetting(void)
{
	struct step s, *l;
	unsigned n = 0;

	for (uint64_t i = 1000; i < 1000 + JOURNAL_REMEMBERED + 20; i++) {
		s = make(i);
		ended(i, 0);
		journal_wipe(&s);
	}
	for (l = load(); l; l = l->next)
		n += l->state == STEP_ACKED;
	CHECK(n == JOURNAL_REMEMBERED);
	CHECK(find(load(), 1000 + JOURNAL_REMEMBERED + 19) != NULL);
	CHECK(find(load(), 1) != NULL);		/* what waits is never forgotten */
}

static void once(void)
{
	int dir;

	make(50);
	dir = journal_directory(50);
	CHECK(file_create(dir, "started", "a", 1, 0600) == 0);
	CHECK(file_create(dir, "started", "b", 1, 0600) < 0 && errno == EEXIST);
	close(dir);
}

int main(void)
{
	char command[100];

	snprintf(path, sizeof path, "/tmp/agent_journal.%ld", (long)getpid());
	CHECK(journal_open(path) == 0);
	states();
	halves();
	once();
	forgetting();
	snprintf(command, sizeof command, "rm -rf %s", path);
	return system(command) || failures;
}
