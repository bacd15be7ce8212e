/* Bytes of a hostile client into the server engine as gate sets it up: no
 * crash, no endless loop, and whatever it says is a record of ours.  The first
 * byte says in which pieces the rest arrives. */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tls/ec.h"
#include "tls/server.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHAINS "{\"generation\":1,\"leaves\":[" \
	"{\"leaf\":1,\"names\":[\"a\"],\"chain\":[\"AQID\"]},{\"leaf\":2,\"names\":[\"b\"],\"chain\":[\"BAUG\"]}]}"

/* More steps than bytes and records can ask for. */
#define STEPS 100000

static struct tls_chains *chains;
static struct tls_sessions sessions;

/* Always the same, so that a finding can be repeated. */
static uint32_t state;

static const char *random_name(void)
{
	return "fixed";
}

static uint32_t random_fixed(void)
{
	return state = state * 1664525u + 1013904223u;
}

static void random_buf(void *const buf, const size_t size)
{
	for (size_t i = 0; i < size; i++)
		((uint8_t *)buf)[i] = (uint8_t)(random_fixed() >> 24);
}

static struct randombytes_implementation fixed = {
	.implementation_name = random_name, .random = random_fixed, .buf = random_buf
};

static size_t sign(enum proto_leaf leaf, unsigned hash, const uint8_t *value, size_t len, uint8_t *signature)
{
	static unsigned char scalar[32] = { 1, 2, 3, 4 };
	static const br_ec_private_key key = { BR_EC_secp256r1, scalar, sizeof scalar };
	const br_hash_class *class = hash == br_sha256_ID ? &br_sha256_vtable :
		hash == br_sha384_ID ? &br_sha384_vtable : &br_sha512_vtable;

	if (leaf == PROTO_LEAF_NONE || len != (class->desc >> BR_HASHDESC_OUT_OFF & BR_HASHDESC_OUT_MASK))
		abort();
	return br_ecdsa_i31_sign_asn1(&tls_ec, class, value, &key, signature);
}

/* A session that the corpus knows by its id. */
static void known_session(void)
{
	struct tls_session s = { .generation = tls_chains_generation(chains), .suite = 0xC02B, .leaf = 1 };

	memset(s.id, 0x5A, sizeof s.id);
	tls_sessions_put(&sessions, &s, tls_sessions_now());
}

static void start(void)
{
	yyjson_doc *doc = yyjson_read(CHAINS, strlen(CHAINS), 0);
	const char *why;
	int fd = memfd_create("sessions", 0);

	randombytes_set_implementation(&fixed);
	if (tls_start() < 0 || fd < 0 || ftruncate(fd, TLS_SESSIONS_MIN) < 0 ||
			tls_sessions_open(&sessions, fd) < 0)
		abort();
	close(fd);
	chains = tls_chains_parse(yyjson_doc_get_root(doc), &why);
	yyjson_doc_free(doc);
	if (chains == NULL)
		abort();
}

static void check_records(const unsigned char *p, size_t len)
{
	/* the engine hands over whole records: content type and major version */
	if (len >= 5 && (p[0] < 20 || p[0] > 23 || p[1] != 3))
		abort();
}

/* Takes what the engine offers.  False when it does so no more. */
static bool drain(br_ssl_server_context *cc, struct tls_side *side, bool *up)
{
	size_t len;
	unsigned st = br_ssl_engine_current_state(&cc->eng);

	if (st == BR_SSL_CLOSED)
		return false;
	if (st & BR_SSL_SENDREC) {
		check_records(br_ssl_engine_sendrec_buf(&cc->eng, &len), len);
		br_ssl_engine_sendrec_ack(&cc->eng, len);
		return true;
	}
	if (st & BR_SSL_RECVAPP) {
		br_ssl_engine_recvapp_buf(&cc->eng, &len);
		br_ssl_engine_recvapp_ack(&cc->eng, len);
		return true;
	}
	if ((st & BR_SSL_SENDAPP) && !*up) {
		*up = true;
		return tls_server_done(cc, side);
	}
	return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static br_ssl_server_context cc;
	static unsigned char in[TLS_IN_SIZE], out[TLS_OUT_SIZE];
	struct tls_side side = { .sessions = &sessions, .sign = sign };
	size_t piece;
	bool up = false;
	char text[48];

	if (chains == NULL)
		start();
	if (size < 1)
		return 0;
	state = 1;
	known_session();
	side.chains = chains;
	piece = data[0] != 0 ? data[0] : size;
	data++;
	size--;
	if (!tls_server_begin(&cc, &side, in, out))
		abort();
	for (unsigned steps = 0; size > 0; steps++) {
		size_t len, n = size < piece ? size : piece;
		unsigned char *buf;

		if (steps > STEPS)
			abort();
		if (drain(&cc, &side, &up))
			continue;
		buf = br_ssl_engine_recvrec_buf(&cc.eng, &len);
		if (buf == NULL)
			break;
		if (n > len)
			n = len;
		memcpy(buf, data, n);
		br_ssl_engine_recvrec_ack(&cc.eng, n);
		data += n;
		size -= n;
	}
	while (drain(&cc, &side, &up))
		;
	br_ssl_engine_close(&cc.eng);
	while (drain(&cc, &side, &up))
		;
	if (strlen(tls_error_text(br_ssl_engine_last_error(&cc.eng), text, sizeof text)) == 0)
		abort();
	return 0;
}
