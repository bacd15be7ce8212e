#include "tls/server.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "tls/ec.h"

/* Entropy for one connection's generator, bytes. */
#define SEED_LEN 32
/* bearssl_ssl.h: algo_id of an ECDSA signature is 0xFF00 + hash. */
#define ALGO_ECDSA 0xFF00u
/* Bytes of a record header (RFC 5246 §6.2.1). */
#define RECORD_HEADER 5

static const uint16_t suites_aes_first[] = {
	BR_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
	BR_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
	BR_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256
};

/* Without AES instructions constant-time AES is thirty times slower. */
static const uint16_t suites_chacha_first[] = {
	BR_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
	BR_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
	BR_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384
};

static const char *alpn[] = { "http/1.1" };

/* An engine with all its algorithms: made once, because asking the processor
 * what it can do (CPUID) costs more than a resumed handshake's cryptography
 * where a hypervisor answers. */
static br_ssl_server_context template;

/* ---- the policy: which chain, and who signs ---- */

static struct tls_side *side_of_policy(const br_ssl_server_policy_class **p)
{
	return (struct tls_side *)((char *)p - offsetof(struct tls_side, policy));
}

/* hashes: bit n = hash n of RFC 5246 §7.4.1.4.1; 0 when none is good enough. */
static unsigned choose_hash(uint32_t hashes)
{
	for (unsigned id = br_sha256_ID; id <= br_sha512_ID; id++)
		if (hashes >> id & 1)
			return id;
	return 0;
}

static int policy_choose(const br_ssl_server_policy_class **p, const br_ssl_server_context *cc,
	br_ssl_server_choices *choices)
{
	struct tls_side *side = side_of_policy(p);
	size_t nsuites;
	const br_suite_translated *st = br_ssl_server_get_client_suites(cc, &nsuites);
	unsigned hash = choose_hash(br_ssl_server_get_client_hashes(cc) >> 8);

	/* the certificate's own curve must be among the client's (RFC 8422 §5.1) */
	if (hash == 0 || nsuites == 0 ||
			(br_ssl_server_get_client_curves(cc) >> BR_EC_secp256r1 & 1) == 0)
		return 0;
	side->leaf = tls_chains_leaf(side->chains, br_ssl_engine_get_server_name(&cc->eng));
	choices->chain = tls_chains_certificates(side->chains, side->leaf, &choices->chain_len);
	choices->cipher_suite = st[0][0];
	choices->algo_id = ALGO_ECDSA + hash;
	return 1;
}

/* Static ECDH: none of our suites has it. */
static uint32_t policy_keyx(const br_ssl_server_policy_class **p, unsigned char *data, size_t *len)
{
	(void)p;
	(void)data;
	(void)len;
	return 0;
}

static size_t policy_sign(const br_ssl_server_policy_class **p, unsigned algo_id,
	unsigned char *data, size_t hv_len, size_t len)
{
	struct tls_side *side = side_of_policy(p);
	uint8_t signature[TLS_SIGNATURE_MAX];
	size_t n;

	if (len < sizeof signature)
		return 0;
	n = side->sign(side->leaf, algo_id & 0xFF, data, hv_len, signature);
	memcpy(data, signature, n);
	return n;
}

static const br_ssl_server_policy_class policy_class = {
	sizeof(struct tls_side), policy_choose, policy_keyx, policy_sign
};

/* ---- the session cache ---- */

static struct tls_side *side_of_cache(const br_ssl_session_cache_class **p)
{
	return (struct tls_side *)((char *)p - offsetof(struct tls_side, cache));
}

static void cache_save(const br_ssl_session_cache_class **p, br_ssl_server_context *cc,
	const br_ssl_session_parameters *params)
{
	struct tls_side *side = side_of_cache(p);
	struct tls_session s = {
		.generation = tls_chains_generation(side->chains),
		.suite = params->cipher_suite,
		.leaf = (uint8_t)side->leaf
	};

	(void)cc;
	if (side->sessions == NULL || params->session_id_len != sizeof s.id)
		return;
	memcpy(s.id, params->session_id, sizeof s.id);
	memcpy(s.master, params->master_secret, sizeof s.master);
	tls_sessions_put(side->sessions, &s, tls_sessions_now());
	sodium_memzero(&s, sizeof s);
}

static int cache_load(const br_ssl_session_cache_class **p, br_ssl_server_context *cc,
	br_ssl_session_parameters *params)
{
	struct tls_side *side = side_of_cache(p);
	struct tls_session s;

	if (side->sessions == NULL || params->session_id_len != sizeof s.id ||
			!tls_sessions_get(side->sessions, params->session_id,
				tls_chains_generation(side->chains), tls_sessions_now(), &s))
		return 0;
	params->version = BR_TLS12;
	params->cipher_suite = s.suite;
	memcpy(params->master_secret, s.master, sizeof s.master);
	side->leaf = s.leaf;
	side->resumed = true;
	/* BearSSL 0.6 resolves "no common protocol" in full handshakes only; in a
	 * resumed one it would use it as an index.  Without names it ignores the
	 * client's, which RFC 7301 allows. */
	br_ssl_engine_set_protocol_names(&cc->eng, NULL, 0);
	sodium_memzero(&s, sizeof s);
	return 1;
}

static const br_ssl_session_cache_class cache_class = {
	sizeof(struct tls_side), cache_save, cache_load
};

/* ---- the engine ---- */

static void engine_algorithms(br_ssl_engine_context *eng)
{
	bool aes = br_aes_x86ni_ctr_get_vtable() != NULL && br_ghash_pclmul_get() != 0;

	br_ssl_engine_set_versions(eng, BR_TLS12, BR_TLS12);
	br_ssl_engine_set_suites(eng, aes ? suites_aes_first : suites_chacha_first,
		sizeof suites_aes_first / sizeof suites_aes_first[0]);
	br_ssl_engine_set_ec(eng, &tls_ec);
	br_ssl_engine_set_hash(eng, br_sha256_ID, &br_sha256_vtable);
	br_ssl_engine_set_hash(eng, br_sha384_ID, &br_sha384_vtable);
	br_ssl_engine_set_hash(eng, br_sha512_ID, &br_sha512_vtable);
	br_ssl_engine_set_prf_sha256(eng, &br_tls12_sha256_prf);
	br_ssl_engine_set_prf_sha384(eng, &br_tls12_sha384_prf);
	br_ssl_engine_set_default_aes_gcm(eng);
	br_ssl_engine_set_default_chapol(eng);
	br_ssl_engine_set_protocol_names(eng, alpn, sizeof alpn / sizeof alpn[0]);
	br_ssl_engine_set_all_flags(eng, BR_OPT_NO_RENEGOTIATION | BR_OPT_ENFORCE_SERVER_PREFERENCES);
}

int tls_start(void)
{
	if (sodium_init() < 0)
		return -1;
	br_ssl_server_zero(&template);
	engine_algorithms(&template.eng);
	return 0;
}

bool tls_server_begin(br_ssl_server_context *cc, struct tls_side *side, void *in, void *out)
{
	uint8_t seed[SEED_LEN];

	side->policy = &policy_class;
	side->cache = &cache_class;
	side->leaf = PROTO_LEAF_NONE;
	side->resumed = false;
	memcpy(cc, &template, sizeof *cc);
	br_ssl_server_set_policy(cc, &side->policy);
	br_ssl_server_set_cache(cc, &side->cache);
	br_ssl_engine_set_buffers_bidi(&cc->eng, in, TLS_IN_SIZE, out, TLS_OUT_SIZE);
	/* BearSSL's own seeder would open /dev/urandom on a processor without
	 * RDRAND, which the fence forbids; the kernel's generator is asked here. */
	randombytes_buf(seed, sizeof seed);
	br_ssl_engine_inject_entropy(&cc->eng, seed, sizeof seed);
	cc->eng.rng_os_rand_done = 1;
	sodium_memzero(seed, sizeof seed);
	if (!br_ssl_server_reset(cc))
		return false;
	/* BearSSL sends its alert to a client that is too old in a record of
	 * version 0.0, which nobody reads; what follows sets the version itself */
	cc->eng.version_out = BR_TLS10;
	return true;
}

bool tls_server_done(br_ssl_server_context *cc, struct tls_side *side)
{
	bool same = !side->resumed || side->leaf ==
		tls_chains_leaf(side->chains, br_ssl_engine_get_server_name(&cc->eng));

	cc->policy_vtable = NULL;
	cc->cache_vtable = NULL;
	cc->eng.chain = NULL;
	cc->eng.chain_len = 0;
	/* keeping it would let a reader of this memory resume the session */
	sodium_memzero(cc->eng.session.master_secret, sizeof cc->eng.session.master_secret);
	return same;
}

bool tls_engine_at_rest(const br_ssl_engine_context *eng)
{
	return br_ssl_engine_current_state(eng) == (BR_SSL_SENDAPP | BR_SSL_RECVREC) &&
		eng->ixa == 0 && eng->ixb == 0 && eng->ixc == RECORD_HEADER &&
		eng->oxa == eng->oxc;
}

const char *tls_error_text(int error, char *buf, size_t size)
{
	static const struct { int error; const char *text; } known[] = {
		{ BR_ERR_OK, "closed" },
		{ BR_ERR_UNSUPPORTED_VERSION, "not TLS" },
		{ BR_ERR_BAD_VERSION, "version changed" },
		{ BR_ERR_BAD_LENGTH, "bad record length" },
		{ BR_ERR_TOO_LARGE, "record too large" },
		{ BR_ERR_BAD_MAC, "bad MAC" },
		{ BR_ERR_UNEXPECTED, "unexpected message" },
		{ BR_ERR_BAD_HANDSHAKE, "bad handshake message" },
		{ BR_ERR_BAD_FINISHED, "bad Finished" },
		{ BR_ERR_BAD_ALERT, "bad alert" },
		{ BR_ERR_INVALID_ALGORITHM, "no signature" }
	};

	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (known[i].error == error)
			return known[i].text;
	if (error >= BR_ERR_SEND_FATAL_ALERT)
		snprintf(buf, size, "alert %d sent", error - BR_ERR_SEND_FATAL_ALERT);
	else if (error >= BR_ERR_RECV_FATAL_ALERT)
		snprintf(buf, size, "alert %d received", error - BR_ERR_RECV_FATAL_ALERT);
	else
		snprintf(buf, size, "error %d", error);
	return buf;
}
