#include "probe.h"

#include <dirent.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

extern char **environ;

static void report_status(void)
{
	static const char *const keys[] = { "CapInh:", "CapPrm:", "CapEff:", "CapBnd:", "CapAmb:",
		"NoNewPrivs:", "Groups:", "Uid:", "Gid:", "SigBlk:" };
	char line[512];
	FILE *f = fopen("/proc/self/status", "re");

	while (f != NULL && fgets(line, sizeof line, f) != NULL)
		for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
			if (strncmp(line, keys[i], strlen(keys[i])) == 0) {
				size_t len = strlen(line);

				while (len > 0 && strchr("\n \t", line[len - 1]) != NULL)
					line[--len] = '\0';
				for (char *c = line; *c != '\0'; c++)
					if (*c == '\t')
						*c = ' ';
				say("state %s\n", line);
			}
	if (f != NULL)
		(void)fclose(f);
}

/* The directory's own descriptor is left out. */
static void report_descriptors(void)
{
	DIR *d = opendir("/proc/self/fd");
	char text[256] = "";
	struct dirent *e;

	while (d != NULL && (e = readdir(d)) != NULL)
		if (*e->d_name != '.' && atoi(e->d_name) != dirfd(d)) {
			size_t len = strlen(text);

			(void)snprintf(text + len, sizeof text - len, " %.8s", e->d_name);
		}
	if (d != NULL)
		(void)closedir(d);
	say("state descriptors:%s\n", text);
}

static void report_limit(const char *name, int what)
{
	struct rlimit r = { 0, 0 };

	(void)getrlimit(what, &r);
	say("state %s: %llu %llu\n", name, (unsigned long long)r.rlim_cur, (unsigned long long)r.rlim_max);
}

void state_report(const struct room *self)
{
	mode_t mask = umask(0);

	(void)umask(mask);
	report_status();
	report_descriptors();
	report_limit("nofile", RLIMIT_NOFILE);
	report_limit("core", RLIMIT_CORE);
	report_limit("memlock", RLIMIT_MEMLOCK);
	say("state umask: %04o\n", (unsigned)mask);
	say("state securebits: %#x\n", (unsigned)prctl(PR_GET_SECUREBITS));
	for (char **e = environ; *e != NULL; e++)
		say("state environment: %s\n", *e);
	say("state room: %s\n", self->name);
}
