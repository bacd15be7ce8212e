#include "launch.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "log/log.h"

/* A name becomes part of paths: small letters, digits, '-'. */
static bool name_good(const char *s)
{
	size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-");

	return n > 0 && n < LAUNCH_NAME_MAX && s[n] == '\0' && *s != '-';
}

/* Cuts the last component off path and returns it; NULL when there is none. */
static char *last(char *path)
{
	char *slash = strrchr(path, '/');

	if (slash == NULL)
		return NULL;
	*slash = '\0';
	return slash + 1;
}

int launch_where(struct launch *l)
{
	char path[4096], *name, *prefix = "";
	const struct room *row = NULL;

	if (getcwd(path, sizeof path) == NULL) {
		log_warn_errno("working directory");
		return -1;
	}
	name = last(path);
	if (name != NULL && strcmp(name, "log") == 0) {
		row = room_by_id(ROOM_LOG);
		prefix = "log.";
		name = last(path);
	} else if (name != NULL) {
		row = room_by_name(name);
	}
	if (name == NULL || row == NULL || !name_good(name)) {
		log_warn("%s: the process table has no such room", name != NULL ? name : "/");
		return -1;
	}
	l->row = row;
	(void)snprintf(l->service, sizeof l->service, "%s", name);
	(void)snprintf(l->title, sizeof l->title, "%s%s", prefix, name);
	return 0;
}
