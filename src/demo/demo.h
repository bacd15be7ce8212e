/*
 * demo: the Test Provider.  Core's worker: makes, starts, stops and removes
 * machines by asking yard, and keeps the list of them, one file each, so that
 * they are the same after any kill and any power cut.
 */
#ifndef CAM_DEMO_H
#define CAM_DEMO_H

#include <ev.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <yyjson.h>

#include "ipc/ipc.h"

/* Machines at once: yard's slots. */
#define DEMO_MACHINES 8
/* Tasks core may give at once. */
#define DEMO_SLOTS 4
#define DEMO_NAME 20		/* "m-..." */
#define DEMO_KEY 161
#define DEMO_HOST 64
#define DEMO_ADDRESS "169.254.77."
#define DEMO_EXTERNAL "demo-"
/* Seconds until a machine that ended by itself is started again. */
#define DEMO_AGAIN_SECONDS 1.
/* Seconds yard has for an answer. */
#define DEMO_YARD_SECONDS 30.
/* Bytes of a sentence for a person. */
#define DEMO_WHY 200

struct machine {
	bool used;
	char name[DEMO_NAME];		/* core's id of it */
	char key[DEMO_KEY];		/* idempotency key of its creation */
	char provider[DEMO_KEY];
	char host[DEMO_HOST];
	unsigned memory;		/* MiB */
	char *conf, *ca;		/* of malloc */
	bool running;			/* what shall be; yard says what is */
	bool ending;			/* is to be removed */
	int64_t created;		/* microseconds since 1970 */
	ev_timer again;
};

/* ---- list.c: the machines; the place in the list is the slot of yard ---- */

extern struct machine machines[DEMO_MACHINES];

/* Reads what is kept. */
void list_open(void);
struct machine *list_find(const char *name);
struct machine *list_find_key(const char *key);
/* A free place, or NULL. */
struct machine *list_free(void);
unsigned list_slot(const struct machine *m);
/* Keeps what m is now, durably. 0, or -1 with errno. */
int list_save(const struct machine *m);
/* Forgets it, durably. 0, or -1 with errno. */
int list_drop(struct machine *m);

/* ---- host.c: yard ---- */

typedef void host_done_fn(int status, const char *message, void *arg);

void host_open(struct ev_loop *loop);
/* Brings yard to what m shall be: running, stopped, or removed. done is called once, later; status 0 = it is so. */
void host_apply(struct machine *m, host_done_fn *done, void *arg);

/* ---- work.c: core's tasks ---- */

void work_open(struct ev_loop *loop);

#endif
