/* keyd: when the image was built. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "keyd.h"
#include "log/log.h"

#define RELEASE "/etc/cam/release"
#define LINE "BUILD_TIME="
/* No image is older than this program: 2026-11-01. */
#define BUILT_LEAST 1793491200
/* A build time beyond 2099 is a mistake. */
#define BUILT_MOST 4102444799

int64_t keyd_built_parse(const char *text)
{
	while (text && *text) {
		if (!strncmp(text, LINE, sizeof LINE - 1)) {
			char *end;
			long long built = strtoll(text + sizeof LINE - 1, &end, 10);

			if ((*end == '\n' || !*end) && built > 0 && built <= BUILT_MOST)
				return built;
			return 0;
		}
		text = strchr(text, '\n');
		if (text)
			text++;
	}
	return 0;
}

void keyd_release(char text[KEYD_RELEASE_MAX + 1])
{
	int fd = open(RELEASE, O_RDONLY | O_CLOEXEC);
	ssize_t n = 0;

	if (fd >= 0) {
		n = read(fd, text, KEYD_RELEASE_MAX);
		close(fd);
	}
	text[n > 0 ? n : 0] = 0;
}

int64_t keyd_built(void)
{
	char text[KEYD_RELEASE_MAX + 1];
	int64_t built;

	keyd_release(text);
	built = keyd_built_parse(text);
	if (!built) {
		log_warn("%s: no build time: certificates start at the program's own", RELEASE);
		built = BUILT_LEAST;
	}
	return built;
}
