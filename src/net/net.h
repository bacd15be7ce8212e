/*
 * net: the DHCP and NTP clients as children, and their facts for sysd.
 *
 * main.c wires: applet (one child and its back-off), wanted (which children
 * there shall be, from sysd's state), times (addresses of time servers that
 * have names), facts (what the children said).
 */
#ifndef NET_H
#define NET_H

#include <ev.h>
#include <stdbool.h>

#include "ipc/ipc.h"
#include "lease/lease.h"

/* Children at once: two families on 16 cards, and the time. */
#define NET_APPLETS_MAX 33
/* Words of a child's command line, and bytes of all of them. */
#define NET_ARGS_MAX 24
#define NET_ARGS_BYTES 1536

/* A command line in one piece. */
struct command {
	char bytes[NET_ARGS_BYTES];	/* words, each with its 0 */
	size_t len;
	unsigned count;
	bool full;			/* something did not fit */
};

struct applet {
	enum lease_kind kind;		/* LEASE_KIND_NONE = the slot is free */
	char interface[LEASE_INTERFACE_MAX];
	struct command command;
	bool wanted;
	/* child.c */
	int pid;			/* 0 = not running */
	bool replaced;			/* ended by us for another command line: starts again at once */
	unsigned long number;		/* of this run; the child's events carry it */
	ev_child watch;
	ev_timer restart;
	double delay, started;		/* seconds */
	/* facts.c */
	bool heard;			/* this run has said something */
	bool known;			/* `fact` is what it said last */
	bool told;			/* and sysd has taken it */
	struct lease fact;
	double until;			/* end of the lease, CLOCK_BOOTTIME */
};

/* ---- command.c ---- */

/* Starts a command line; the words end with NULL. */
void command_set(struct command *c, ...) __attribute__((sentinel));
/* Appends words; NULL ends. */
void command_add(struct command *c, ...) __attribute__((sentinel));
bool command_equal(const struct command *a, const struct command *b);
/* Pointers into c for execve. */
void command_argv(struct command *c, char *argv[NET_ARGS_MAX + 1]);

/* ---- child.c ---- */

/* Takes every capability out of effect; children are given theirs. */
void child_init(void);
void child_start(struct ev_loop *loop, struct applet *a);
/* Asks it to end for good; it gives its lease back. */
void child_stop(struct ev_loop *loop, struct applet *a);
/* Starts it anew with the present command line; it keeps its lease. */
void child_replace(struct ev_loop *loop, struct applet *a);
/* Asks a DHCP client to renew at once: the cable came back. */
void child_renew(struct applet *a);
const char *child_name(enum lease_kind kind);

/* ---- wanted.c ---- */

/* Starts and stops children as the state of sysd says. */
void wanted_take(struct ev_loop *loop, yyjson_val *state);
/* The slots; those with kind LEASE_KIND_NONE are free. */
struct applet *wanted_slots(void);
/* The slot was given up and its child is gone. */
void wanted_release(struct applet *a);

/* ---- times.c ---- */

/* changed: called when an address is new. */
void times_open(struct ev_loop *loop, void (*changed)(void));
/* The names among sysd's time servers are to be known. */
void times_want(yyjson_val *servers);
/* The addresses of a name that may be used now; their number. */
unsigned times_addresses(const char *name, const struct addr **list);

/* ---- facts.c ---- */

void facts_open(struct ipc_client *sysd);
/* An event of a child, the body of PROTO_NET_EVENT.  0, or -1 with why. */
int facts_event(yyjson_val *event, const char **why);
/* sysd is there (again): it hears everything anew. */
void facts_tell_all(void);
/* The child is not wanted any more. */
void facts_forget(struct applet *a);

#endif
