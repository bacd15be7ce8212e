/*
 * tls/server: a BearSSL 0.6 server engine set up the house's way.
 *
 * TLS 1.2 only (RFC 5246), ECDHE_ECDSA with AES-GCM or ChaCha20-Poly1305 in
 * the server's order, X25519 and P-256, no renegotiation, ALPN "http/1.1".
 * The private key is elsewhere: signing goes through a function of the caller.
 */
#ifndef CAM_TLS_SERVER_H
#define CAM_TLS_SERVER_H

#include <bearssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tls/chains.h"
#include "tls/sessions.h"

/* Buffers for the largest records (bearssl_ssl.h, BR_SSL_BUFSIZE_INPUT and _OUTPUT). */
#define TLS_IN_SIZE BR_SSL_BUFSIZE_INPUT
#define TLS_OUT_SIZE BR_SSL_BUFSIZE_OUTPUT

/* Largest ECDSA signature on P-256 in ASN.1, bytes. */
#define TLS_SIGNATURE_MAX 72

/*
 * Signs a hash value (hash: RFC 5246 §7.4.1.4.1, 4, 5 or 6) with the key of
 * leaf.  Writes at most TLS_SIGNATURE_MAX bytes, returns their number, 0 =
 * cannot: the handshake fails.  May block.
 */
typedef size_t tls_sign_fn(enum proto_leaf leaf, unsigned hash, const uint8_t *value, size_t len,
	uint8_t *signature);

/* The server's side of one handshake; BearSSL keeps pointers into it, so it
 * must not move and must live until the handshake is over. */
struct tls_side {
	const br_ssl_server_policy_class *policy;
	const br_ssl_session_cache_class *cache;
	const struct tls_chains *chains;	/* held by the caller */
	struct tls_sessions *sessions;		/* NULL: no resumption */
	tls_sign_fn *sign;
	enum proto_leaf leaf;			/* what was shown, or proved before */
	bool resumed;
};

/* libsodium's and the cipher tables' start; once per process, before anything
 * else of this module.  0, or -1. */
int tls_start(void);

/*
 * Makes cc ready for the first byte of a client.  side's chains, sessions and
 * sign must be set.  in and out: TLS_IN_SIZE and TLS_OUT_SIZE bytes that stay
 * the engine's.  False when there is no randomness.
 */
bool tls_server_begin(br_ssl_server_context *cc, struct tls_side *side, void *in, void *out);

/*
 * Call once when the engine first offers to take application data.  False when
 * the client resumed a session of one identity while asking for the other
 * (RFC 6066 §3): then the connection must be dropped.  Afterwards side and
 * chains are no longer used by the engine.
 */
bool tls_server_done(br_ssl_server_context *cc, struct tls_side *side);

/* True when no byte of any record lies in the buffers: their content may be
 * lost.  Only after tls_server_done. */
bool tls_engine_at_rest(const br_ssl_engine_context *eng);

/* For log lines: "alert 70 sent", "bad MAC", "error 17". */
const char *tls_error_text(int error, char *buf, size_t size);

#endif
