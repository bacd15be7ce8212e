/* keyd: when the image was built. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "keyd.h"
#include "log/log.h"

#define RELEASE "/etc/cam/release"
#define LINE "BUILD_TIME="
/* Longest release file that is read, bytes. */
#define RELEASE_MAX 4096
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

int64_t keyd_built(void)
{
	char text[RELEASE_MAX + 1] = "";
	int fd = open(RELEASE, O_RDONLY | O_CLOEXEC);
	int64_t built;

	if (fd >= 0) {
		ssize_t n = read(fd, text, RELEASE_MAX);

		text[n > 0 ? n : 0] = 0;
		close(fd);
	}
	built = keyd_built_parse(text);
	if (!built) {
		log_warn("%s: no build time: certificates start at the program's own", RELEASE);
		built = BUILT_LEAST;
	}
	return built;
}
