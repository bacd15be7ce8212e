/*
 * upgrade: another version of this program, by the appliance's wish.
 *
 * It is downloaded, its checksum and signature are checked, and it must then itself connect and be welcomed ("probe") while the
 * one in place waits.  Only then it takes the place; the former stays beside it and comes back when the new one is started
 * three times without being welcomed, or runs without it although the appliance answers.  A version that failed three times,
 * or whose signature or checksum is wrong, is not tried again.
 */
#ifndef CAM_AGENT_UPGRADE_H
#define CAM_AGENT_UPGRADE_H

#include <sys/types.h>

#include "agent/message.h"

/* At the start of the agent: goes back to the former one (and does not return) when this one has failed. */
void upgrade_start(void);
/* The appliance answers this one and does not welcome it: a new one gives the place back (and does not return). */
void upgrade_unwelcome(void);
/* This one was welcomed: it stays. */
void upgrade_welcomed(void);
/* Looks at the offer of a welcome; true when the download has begun. */
bool upgrade_offer(const struct conf *c, const struct message *m);
/* The new one is there and wants to be tried: the channel must be free. Starts it; its process, or -1. */
pid_t upgrade_probe(void);
bool upgrade_ready(void);
/* The trial ended with this status of waitpid. Takes the place (does not return) or forgets it. */
void upgrade_probed(int status);
/* Becomes the program that is in place now. */
_Noreturn void upgrade_exec(void);

/* Does the signature (base64url of DER) fit version and sum, by the key of conf or of its CA? */
bool upgrade_signed(const struct conf *c, const char *version, const char *sha256, const char *signature);

#endif
