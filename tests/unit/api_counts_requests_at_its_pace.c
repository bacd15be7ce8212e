/* api: the count of requests is written once in its interval, however many intervals there were before; nothing when nothing came. */
/* with: api/access.c */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "api/access.h"
#include "api/conn.h"

#define INTERVAL 0.1
#define ROUNDS 3

unsigned conn_count(void)
{
	return 0;
}

static unsigned summaries(FILE *said)
{
	char line[512];
	unsigned n = 0;

	rewind(said);
	while (fgets(line, sizeof line, said))
		n += strstr(line, "requests: ") != NULL;
	return n;
}

static void pass(struct ev_loop *loop, double seconds, void (*each)(void))
{
	for (double end = ev_time() + seconds; ev_time() < end; usleep(1000)) {
		if (each)
			each();
		ev_run(loop, EVRUN_NOWAIT);
	}
}

static void one_comes(void)
{
	access_turned_away("192.0.2.1");
}

int main(void)
{
	struct ev_loop *loop = EV_DEFAULT;
	FILE *said = tmpfile();
	unsigned n;

	if (!said || dup2(fileno(said), 2) < 0)
		return 1;
	access_open(loop, INTERVAL);
	pass(loop, ROUNDS * INTERVAL + INTERVAL / 2, one_comes);
	n = summaries(said);
	/* a machine that is held up has fewer, never more */
	if (n < 1 || n > ROUNDS) {
		printf("%u summaries in %d intervals\n", n, ROUNDS);
		return 1;
	}
	pass(loop, 2 * INTERVAL, NULL);
	n = summaries(said);
	pass(loop, 2 * INTERVAL, NULL);
	if (summaries(said) != n) {
		printf("a summary of nothing\n");
		return 1;
	}
	return 0;
}
