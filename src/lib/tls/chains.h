/*
 * tls/chains: the certificate chains a TLS server shows, as keyd sent them
 * (PROTO_KEYD_CHAINS).  A set is immutable and shared by reference count, so
 * a handshake that began with a set ends with it whatever arrives meanwhile.
 */
#ifndef CAM_TLS_CHAINS_H
#define CAM_TLS_CHAINS_H

#include <bearssl.h>
#include <stddef.h>
#include <stdint.h>
#include <yyjson.h>

#include "ipc/proto.h"

/* What keyd may send, per leaf; more is refused as malformed. */
#define TLS_CHAIN_CERTS 8		/* certificates */
#define TLS_CHAIN_NAMES 64		/* names */
#define TLS_CHAIN_DER (16u << 10)	/* bytes of one certificate */

struct tls_chains;

/* Reads the chains object of proto.h.  Returns a set with one reference, or
 * NULL with *why naming what is wrong: leaf 1 must be there. */
struct tls_chains *tls_chains_parse(yyjson_val *root, const char **why);

/* One more holder; one less (the last frees).  Any thread. */
struct tls_chains *tls_chains_ref(struct tls_chains *c);
void tls_chains_unref(struct tls_chains *c);

/* A digest of names and certificates: equal content, equal value, whoever
 * restarted in between. */
uint64_t tls_chains_generation(const struct tls_chains *c);

/* The leaf for a client's server name ("" = none sent): the agents' when the
 * name is one of its names, whatever the case (RFC 6066 §3), else the server's. */
enum proto_leaf tls_chains_leaf(const struct tls_chains *c, const char *server_name);

/* The chain of a leaf, leaf certificate first.  Valid while c is held. */
const br_x509_certificate *tls_chains_certificates(const struct tls_chains *c,
	enum proto_leaf leaf, size_t *count);

#endif
