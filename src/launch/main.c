#include "launch.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "log/log.h"
#include "room/fence.h"

static _Noreturn void start(const struct launch *l, char *const *argv)
{
	char name[sizeof "CAM_ROOM=" + LAUNCH_NAME_MAX];
	char *const env[] = { "PATH=/bin", name, NULL };

	(void)snprintf(name, sizeof name, "CAM_ROOM=%s", l->row->name);
	(void)execve(l->row->program, argv, env);
	log_fatal("%s: cannot start %s", l->title, l->row->program);
}

/* Run as ./run by the supervisor. */
static _Noreturn void run(const struct launch *l)
{
	const struct room *row = l->row;
	char *plain[] = { (char *)row->name, NULL };
	char *const *argv = plain;

	descriptors_standard(row);
	limits_priority(row);
	cgroup_enter(l);
	directories_make(l);
	if (row->id == ROOM_LOG)
		argv = logger_prepare(l);
	descriptors_open(row);
	record_write(l);
	limits_set(row);
	privileges_drop(row);
	if (row->foreign)
		fence_foreign(row);
	start(l, argv);
}

static int tool(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "--list") == 0)
		show_list();
	else if (argc == 3 && strcmp(argv[1], "--table") == 0 && strcmp(argv[2], "markdown") == 0)
		show_markdown();
	else if (argc == 3 && strcmp(argv[1], "--table") == 0 && strcmp(argv[2], "json") == 0)
		show_json();
	else
		log_usage("usage: launch --list | launch --table markdown|json; "
			"a service directory links run and finish to it");
	if (fflush(stdout) == EOF)
		log_fatal("standard output");
	return EXIT_OK;
}

int main(int argc, char **argv)
{
	const char *slash = argc > 0 ? strrchr(argv[0], '/') : NULL;
	const char *self = slash != NULL ? slash + 1 : argc > 0 ? argv[0] : "";
	struct launch l;
	bool finishing = strcmp(self, "finish") == 0;

	if (!finishing && strcmp(self, "run") != 0)
		return tool(argc, argv);
	log_open("launch");
	if (launch_where(&l) == -1)
		return finishing ? EXIT_PERMANENT : EXIT_USAGE;
	if (finishing) {
		descriptors_standard(l.row);
		return finish(&l, argc, argv);
	}
	run(&l);
}
