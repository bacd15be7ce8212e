/*
 * tty: the appliance's screen and its serial line.
 *
 * main.c wires: model (what core and sysd say), terminal (one device), and
 * carries out what a person asks through sysd.
 */
#ifndef TTY_H
#define TTY_H

#include <ev.h>
#include <stdbool.h>

#include "ipc/ipc.h"
#include "screen/screen.h"

/* ---- model.c ---- */

/* Name and version from /etc/cam/release; call before the fence. */
void model_init(struct screen_model *m);
/* The answer to core's verb appliance.screen: its body. */
void model_take_core(struct screen_model *m, yyjson_val *body);
/* The body of PROTO_SYSD_STATE. */
void model_take_sysd(struct screen_model *m, yyjson_val *state);

/* ---- terminal.c ---- */

/* Bytes waiting for a slow device; what comes on top is left out, and said. */
#define TERMINAL_QUEUE_MAX (4 * SCREEN_OUTPUT_MAX)

struct terminal {
	bool display;			/* redrawn; else plain lines */
	bool dead;			/* no such device, or it is gone */
	struct ev_loop *loop;
	ev_io in, out;
	ev_timer idle;
	struct screen_decoder decoder;
	struct screen screen;
	unsigned long shown;		/* screen.shown as written last */
	char status[SCREEN_OUTPUT_MAX], services[SCREEN_OUTPUT_MAX];	/* plain: as written last */
	char queue[TERMINAL_QUEUE_MAX];
	size_t queued;
	bool redraw;			/* display: to be drawn once the queue is empty */
	unsigned long lost;		/* plain: bytes left out */
	/* carries a request out; answers by terminal_done */
	void (*request)(struct terminal *t, enum screen_request_kind kind);
};

/* Takes the descriptor the launcher opened.  A device that is no terminal is left alone. */
void terminal_open(struct terminal *t, struct ev_loop *loop, int fd, bool display, const struct screen_model *m,
	void (*request)(struct terminal *t, enum screen_request_kind kind));
/* The model has changed. */
void terminal_update(struct terminal *t);
void terminal_done(struct terminal *t, bool ok, const char *message);

#endif
