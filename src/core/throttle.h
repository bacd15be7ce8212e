/*
 * core: how often somebody may try a secret.
 *
 * Each try is charged before it is made; when it succeeds the charge is taken
 * back.  After some free tries each further one must wait twice as long as
 * the one before.  A name that does not exist is treated as one that does.
 * The table is in memory: a restart forgets it.
 */
#ifndef CAM_CORE_THROTTLE_H
#define CAM_CORE_THROTTLE_H

#include <stdint.h>

enum core_throttle_kind {
	CORE_THROTTLE_NONE = 0,
	CORE_THROTTLE_ACCOUNT,		/* sign-in, by e-mail address */
	CORE_THROTTLE_PEER,		/* sign-in, by network address */
	CORE_THROTTLE_CODE,		/* setup code, by network address */
	CORE_THROTTLE_CODES,		/* setup code, all together */
	CORE_THROTTLE_INVITE,		/* codes of invitations, by network address */
	CORE_THROTTLE_KINDS
};

/* Names remembered at once; the least guilty give way. */
#define CORE_THROTTLE_NAMES 4096

struct core_throttle_entry {
	uint8_t key[16];
	uint32_t failures;
	int64_t until;			/* boot clock: no try before */
	int64_t last;
};

struct core_throttle {
	uint8_t salt[16];
	uint32_t count;
	struct core_throttle_entry *entries;	/* CORE_THROTTLE_NAMES */
};

void core_throttle_init(struct core_throttle *t);

/* May this try be made?  0 = yes, and it is charged; else seconds to wait. */
int core_throttle_charge(struct core_throttle *t, enum core_throttle_kind kind, const char *name);
/* The try did not count (a room was missing). */
void core_throttle_refund(struct core_throttle *t, enum core_throttle_kind kind, const char *name);
/* It succeeded: all is forgiven. */
void core_throttle_forgive(struct core_throttle *t, enum core_throttle_kind kind, const char *name);

#endif
