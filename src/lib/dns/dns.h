/*
 * dns: questions to name servers and what they answer (RFC 1035, RFC 6891).
 *
 * Only what a stub resolver needs: the addresses of a name.  An answer is read
 * from any bytes: every length is checked, a compressed name may only point
 * backwards, and what does not belong to the question is left out.  No
 * function allocates, sends or waits.
 */
#ifndef CAM_DNS_H
#define CAM_DNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr/addr.h"

/* Bytes of a question: head, name, type and class, OPT record. */
#define DNS_QUESTION_MAX (12 + 255 + 4 + 11)
/* Bytes of an answer over UDP that we say we take: no fragments on any usual path. */
#define DNS_UDP_MAX 1232u
/* Addresses of one name that are kept; more are left out. */
#define DNS_ADDRESSES 16
/* Aliases that are followed one after the other. */
#define DNS_ALIASES 8
/* The longest time an answer may be kept, seconds, whatever it says (RFC 8767 §4 speaks of days; ours opens a firewall). */
#define DNS_TTL_MAX 86400u

enum dns_type { DNS_A = 1, DNS_AAAA = 28 };

enum dns_result {
	DNS_FOREIGN = 0,	/* no answer to this question: goes on waiting */
	DNS_ADDRESSES_GOT,
	DNS_NO_NAME,		/* the name does not exist (RFC 2308 §2.1) */
	DNS_NO_ADDRESS,		/* it exists and has no address of this type (RFC 2308 §2.2) */
	DNS_CUT,		/* too long for UDP: to be asked over TCP */
	DNS_PLAIN,		/* the server does not know OPT: to be asked without */
	DNS_REFUSED,		/* the server cannot or will not say */
	DNS_BROKEN		/* an answer to the question that cannot be read */
};

struct dns_answer {
	struct addr list[DNS_ADDRESSES];
	unsigned count;
	uint32_t ttl;		/* seconds: the least of the records it came by; 0 without an address */
};

/* Writes the question; extended: with OPT (RFC 6891 §6.1).  Its length, 0 when the name is none (addr_name_valid). */
size_t dns_question(uint8_t out[DNS_QUESTION_MAX], uint16_t id, const char *name, enum dns_type type, bool extended);

/* Reads a message as the answer to that question. */
enum dns_result dns_answer_read(struct dns_answer *a, const uint8_t *msg, size_t len, uint16_t id, const char *name,
	enum dns_type type);

#endif
