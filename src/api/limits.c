#include <string.h>
#include <sys/resource.h>

#include "limits.h"

/* Verbs that anybody may call, and whose bodies are small by nature. */
static const struct {
	const char *verb;
	size_t bytes;
} bodies[] = {
	{ "security.token", 8u << 10 },
	{ "security.signout", 8u << 10 },
	{ "appliance.setup", 16u << 10 },
};

static size_t memory_used;

unsigned limits_connections(void)
{
	static unsigned known;
	struct rlimit files;

	if (known)
		return known;
	known = LIMIT_CONNECTIONS;
	if (!getrlimit(RLIMIT_NOFILE, &files) && files.rlim_cur < LIMIT_CONNECTIONS + LIMIT_DESCRIPTORS_KEPT)
		known = files.rlim_cur > 2 * LIMIT_DESCRIPTORS_KEPT ?
			(unsigned)files.rlim_cur - LIMIT_DESCRIPTORS_KEPT : LIMIT_DESCRIPTORS_KEPT;
	return known;
}

size_t limits_body(const struct verb *v)
{
	size_t i;

	for (i = 0; v && i < sizeof bodies / sizeof *bodies; i++)
		if (!strcmp(bodies[i].verb, v->name))
			return bodies[i].bytes;
	if (v && v->body == VERB_BODY_RAW)
		return LIMIT_FILE;
	return v && v->body == VERB_BODY_MULTIPART ? LIMIT_FILE + LIMIT_FORM : LIMIT_BODY;
}

bool limits_take(size_t n)
{
	if (n > LIMIT_MEMORY - memory_used)
		return false;
	memory_used += n;
	return true;
}

void limits_give(size_t n)
{
	memory_used -= n;
}
