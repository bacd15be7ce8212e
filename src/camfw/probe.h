/* camfw: probe: what its files share. */
#ifndef CAM_CAMFW_PROBE_H
#define CAM_CAMFW_PROBE_H

#include <stdint.h>

#include "firewall/firewall.h"

/* Ports of one line that are tried; a line with more is a range to be answered from, not a service. */
#define PROBE_PORTS 16
#define PROBE_TEXT 400

enum probe_state {
	PROBE_WAITING = 0,
	PROBE_REACHED,
	PROBE_NOT,		/* refused, silent, or it cannot be looked up */
	PROBE_SKIPPED		/* cannot be told from here */
};

struct probe {
	const struct fw_rule *rule;
	struct addr address;		/* ADDR_NONE: there is none */
	const char *name;		/* as it was given, NULL = by address */
	uint16_t port;			/* 0 = none in particular */
	enum probe_state state;
	unsigned milliseconds;
	char text[PROBE_TEXT];
};

/* Tries one, for so many seconds at most; fills state, milliseconds and text.  Any thread. */
void probe_run(struct probe *p, double seconds);

#endif
