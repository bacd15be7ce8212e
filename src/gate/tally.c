#include "tally.h"

#include <stdarg.h>
#include <stdio.h>

#include "limits.h"
#include "log/log.h"

#define PAUSE ((uint64_t)(GATE_TALLY * 1000))

void tally_add(struct tally *t, uint64_t now, const char *fmt, ...)
{
	va_list ap;

	t->count++;
	va_start(ap, fmt);
	vsnprintf(t->last, sizeof t->last, fmt, ap);
	va_end(ap);
	tally_flush(t, now);
}

int tally_flush(struct tally *t, uint64_t now)
{
	if (t->count == 0)
		return -1;
	if (t->said != 0 && now - t->said < PAUSE)
		return (int)(PAUSE - (now - t->said));
	if (t->count == 1)
		log_warn("%s: %s", t->what, t->last);
	else
		log_warn("%s: %u, the last: %s", t->what, t->count, t->last);
	t->count = 0;
	t->said = now;
	return -1;
}
