/*
 * ike: the first message of IKE (RFC 7296 §1.2) and what answers it, for asking whether a tunnel's far end is there.
 *
 * No exchange is finished: the message offers what gateways commonly take, the answer is only looked at.  No function allocates or
 * sends.
 */
#ifndef CAM_IKE_H
#define CAM_IKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of our message at most. */
#define IKE_INIT_MAX 512
#define IKE_SPI 8
/* Random bytes that it is made from: SPI, nonce, and the public value of the key exchange, which nobody will use. */
#define IKE_RANDOM (IKE_SPI + 32 + 256)
/* Bytes in front of a message on port 4500 (RFC 3948 §2.2). */
#define IKE_MARKER 4

enum ike_answer {
	IKE_FOREIGN = 0,	/* no answer to our message */
	IKE_ACCEPTS,		/* it would go on: its choice was read */
	IKE_REFUSES,		/* it speaks IKE and wants something else: a Notify of an error */
	IKE_COOKIE,		/* it speaks IKE and is careful: COOKIE (§2.6) */
	IKE_OLD			/* it speaks IKE version 1 alone */
};

/* Writes an IKE_SA_INIT request; its length. */
size_t ike_init(uint8_t out[IKE_INIT_MAX], const uint8_t random[IKE_RANDOM]);
/* Reads a datagram (without the marker) as the answer.  *notify: the type of the error of IKE_REFUSES, else 0. */
enum ike_answer ike_answer_read(const uint8_t *msg, size_t len, const uint8_t spi[IKE_SPI], unsigned *notify);
/* "NO_PROPOSAL_CHOSEN", or NULL. */
const char *ike_notify_name(unsigned notify);

#endif
