/*
 * addr: Internet addresses, prefixes and host names as typed values.
 *
 * Everything that a DHCP server, a person at the screen or a caller of the
 * interface gives as text goes through here before it is used.  No function
 * allocates, resolves names or looks at the machine.
 */
#ifndef CAM_ADDR_H
#define CAM_ADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Longest text of an address with its terminating 0 (INET6_ADDRSTRLEN). */
#define ADDR_TEXT_MAX 46
/* The same with "/128". */
#define ADDR_PREFIX_TEXT_MAX 50
/* Longest host name, bytes (RFC 1123 §2.1 with RFC 1035 §2.3.4). */
#define ADDR_NAME_MAX 253
/* Longest name of the appliance itself: the kernel keeps 64 bytes. */
#define ADDR_HOSTNAME_MAX 64
/* Longest label of a name (RFC 1035 §2.3.4). */
#define ADDR_LABEL_MAX 63

enum addr_family { ADDR_NONE = 0, ADDR_V4, ADDR_V6 };

struct addr {
	enum addr_family family;
	uint8_t bytes[16];	/* network order; a v4 address uses the first four */
};
#define ADDR_ZERO { .family = ADDR_NONE }

struct addr_prefix {
	struct addr addr;
	unsigned len;		/* bits */
};
#define ADDR_PREFIX_ZERO { .addr = ADDR_ZERO }

/* Dotted quad without leading zeros, or RFC 4291 §2.2 text without a zone.
 * 0, or -1 when text is neither; then *a is ADDR_ZERO. */
int addr_parse(struct addr *a, const char *text);
/* Writes the canonical text (RFC 5952 for v6); "" for ADDR_ZERO. */
void addr_format(const struct addr *a, char text[ADDR_TEXT_MAX]);
bool addr_equal(const struct addr *a, const struct addr *b);
/* Bytes of an address of this family: 4, 16 or 0. */
size_t addr_size(enum addr_family family);
/* Bits of an address of this family: 32, 128 or 0. */
unsigned addr_bits(enum addr_family family);

/* May one machine on a network have this address?  Not the unspecified,
 * loopback, multicast, broadcast, reserved (RFC 1122 §3.2.1.3, RFC 4291)
 * or v4-mapped ones.  Link-local addresses are permitted. */
bool addr_is_host(const struct addr *a);
bool addr_is_linklocal(const struct addr *a);

/* "10.0.0.5/24": 0, or -1. */
int addr_prefix_parse(struct addr_prefix *p, const char *text);
void addr_prefix_format(const struct addr_prefix *p, char text[ADDR_PREFIX_TEXT_MAX]);
bool addr_prefix_equal(const struct addr_prefix *a, const struct addr_prefix *b);
/* Is a in the network of p?  False for another family. */
bool addr_prefix_contains(const struct addr_prefix *p, const struct addr *a);
/* Can a machine be given p: a host address, a prefix of at least one bit and, for v4 shorter
 * than /31, neither the network's own nor its broadcast address (RFC 3021). */
bool addr_prefix_is_host(const struct addr_prefix *p);
/* The v4 broadcast address of p; false when it has none (v6, /31, /32). */
bool addr_prefix_broadcast(const struct addr_prefix *p, struct addr *broadcast);

/* "255.255.255.0" or "24" or "/24" → 24.  0, or -1 when it is not contiguous or not 1..32. */
int addr_netmask_parse(unsigned *len, const char *text);
void addr_netmask_format(unsigned len, char text[ADDR_TEXT_MAX]);

/* A host name of letters, digits, hyphens and dots (RFC 1123 §2.1) that cannot be taken for
 * an address: its last label is not all digits. Without a trailing dot. */
bool addr_name_valid(const char *name);
/* The same, short enough to be the appliance's own name. */
bool addr_hostname_valid(const char *name);
/* A name of a network interface as the kernel accepts it, without '%' and ':'. */
bool addr_interface_valid(const char *name);
/* A name or an address, for example of an NTP server. */
bool addr_server_valid(const char *text);

#endif
