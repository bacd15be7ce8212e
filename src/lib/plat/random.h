/* plat: random bytes. */
#ifndef CAM_PLAT_RANDOM_H
#define CAM_PLAT_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/* Fills buf from the kernel's generator.  Ends the process when that fails. */
void plat_random(void *buf, size_t len);

/* A number from 0 to below limit (limit > 0), without bias. */
uint32_t plat_random_below(uint32_t limit);

/* Replaces the generator for tests and simulations; NULL = the kernel's. */
void plat_random_replace(void (*fill)(void *buf, size_t len));

/* Bytes of a UUID's text with its terminating 0. */
#define PLAT_UUID_TEXT 37

/* A random (version 4) UUID, RFC 9562 §5.4, in lower case. */
void plat_random_uuid(char out[PLAT_UUID_TEXT]);

/* One that begins with the wall clock's milliseconds (version 7, RFC 9562 §5.7): in an index the new ones come side by
 * side.  74 bits are random, so nobody guesses one, but it tells when it was made: for names, not for secrets. */
void plat_random_uuid_in_order(char out[PLAT_UUID_TEXT]);

#endif
