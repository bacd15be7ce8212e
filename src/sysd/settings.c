/* settings: network.json. */
#include <errno.h>
#include <stdlib.h>

#include "log/log.h"
#include "sysd.h"

#define FILE_NAME "network.json"

void settings_load(struct netconf *c)
{
	static char buf[NETCONF_FILE_MAX + 1];
	const char *why;
	ssize_t len = file_read(FILE_NAME, buf, sizeof buf);

	netconf_default(c);
	if (len < 0 && errno != ENOENT)
		log_warn_errno("settings: cannot read " FILE_NAME);
	else if (len >= 0 && netconf_parse(c, buf, (size_t)len, &why) < 0)
		log_warn("settings: " FILE_NAME " is not used: %s", why);
}

int settings_save(const struct netconf *c)
{
	size_t len;
	char *text = netconf_format(c, &len);
	int rc, saved;

	if (!text) {
		errno = ENOMEM;
		return -1;
	}
	rc = file_replace(FILE_NAME, text, len);
	saved = errno;
	free(text);
	errno = saved;
	return rc;
}
