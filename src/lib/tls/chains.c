#include "tls/chains.h"

#include <sodium.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define LEAVES 2
#define NAME_MAX_LEN 253	/* RFC 1035 §2.3.4, without the last dot */

struct leaf {
	br_x509_certificate certs[TLS_CHAIN_CERTS];
	size_t ncerts;
	char *names[TLS_CHAIN_NAMES];
	size_t nnames;
};

struct tls_chains {
	atomic_uint refs;
	uint64_t generation;
	struct leaf leaves[LEAVES];	/* by enum proto_leaf - 1 */
};

static bool leaf_add_cert(struct leaf *l, yyjson_val *val)
{
	const char *text = yyjson_get_str(val);
	size_t len = yyjson_get_len(val), der = 0;
	uint8_t *data;

	if (text == NULL || len == 0 || len / 4 * 3 > TLS_CHAIN_DER || l->ncerts == TLS_CHAIN_CERTS)
		return false;
	data = malloc(len);
	if (data == NULL)
		return false;
	l->certs[l->ncerts++] = (br_x509_certificate){ data, 0 };
	if (sodium_base642bin(data, len, text, len, NULL, &der, NULL,
			sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0 || der == 0)
		return false;
	l->certs[l->ncerts - 1].data_len = der;
	return true;
}

static bool leaf_add_name(struct leaf *l, yyjson_val *val)
{
	const char *text = yyjson_get_str(val);
	size_t len = yyjson_get_len(val);

	if (text == NULL || len == 0 || len > NAME_MAX_LEN || strlen(text) != len ||
			l->nnames == TLS_CHAIN_NAMES)
		return false;
	l->names[l->nnames] = strdup(text);
	return l->names[l->nnames++] != NULL;
}

static const char *leaf_parse(struct leaf *l, yyjson_val *obj)
{
	size_t i, n;
	yyjson_val *val, *chain = yyjson_obj_get(obj, "chain"), *names = yyjson_obj_get(obj, "names");

	if (l->ncerts != 0)
		return "a leaf twice";
	if (!yyjson_is_arr(chain) || yyjson_arr_size(chain) == 0)
		return "leaf without a chain";
	yyjson_arr_foreach(chain, i, n, val)
		if (!leaf_add_cert(l, val))
			return "bad certificate in a chain";
	if (!yyjson_is_arr(names))
		return "leaf without names";
	yyjson_arr_foreach(names, i, n, val)
		if (!leaf_add_name(l, val))
			return "bad name of a leaf";
	return NULL;
}

static const char *chains_parse(struct tls_chains *c, yyjson_val *root)
{
	size_t i, n;
	yyjson_val *obj, *leaves = yyjson_obj_get(root, "leaves");

	if (!yyjson_is_arr(leaves))
		return "no leaves";
	yyjson_arr_foreach(leaves, i, n, obj) {
		uint64_t id = yyjson_get_uint(yyjson_obj_get(obj, "leaf"));
		const char *why;

		if (id < PROTO_LEAF_SERVER || id > LEAVES)
			return "unknown leaf";
		why = leaf_parse(&c->leaves[id - 1], obj);
		if (why != NULL)
			return why;
	}
	return c->leaves[PROTO_LEAF_SERVER - 1].ncerts != 0 ? NULL : "no server leaf";
}

static void hash_add(crypto_generichash_state *st, const void *data, uint64_t len)
{
	crypto_generichash_update(st, (const unsigned char *)&len, sizeof len);
	crypto_generichash_update(st, data, len);
}

static uint64_t chains_digest(const struct tls_chains *c)
{
	crypto_generichash_state st;
	unsigned char out[crypto_generichash_BYTES_MIN];
	uint64_t digest;

	crypto_generichash_init(&st, NULL, 0, sizeof out);
	for (size_t l = 0; l < LEAVES; l++) {
		const struct leaf *leaf = &c->leaves[l];

		hash_add(&st, &leaf->ncerts, sizeof leaf->ncerts);
		for (size_t i = 0; i < leaf->ncerts; i++)
			hash_add(&st, leaf->certs[i].data, leaf->certs[i].data_len);
		hash_add(&st, &leaf->nnames, sizeof leaf->nnames);
		for (size_t i = 0; i < leaf->nnames; i++)
			hash_add(&st, leaf->names[i], strlen(leaf->names[i]));
	}
	crypto_generichash_final(&st, out, sizeof out);
	memcpy(&digest, out, sizeof digest);
	return digest;
}

struct tls_chains *tls_chains_parse(yyjson_val *root, const char **why)
{
	struct tls_chains *c = calloc(1, sizeof *c);

	*why = "out of memory";
	if (c == NULL)
		return NULL;
	atomic_init(&c->refs, 1);
	*why = chains_parse(c, root);
	if (*why != NULL) {
		tls_chains_unref(c);
		return NULL;
	}
	c->generation = chains_digest(c);
	return c;
}

struct tls_chains *tls_chains_ref(struct tls_chains *c)
{
	atomic_fetch_add_explicit(&c->refs, 1, memory_order_relaxed);
	return c;
}

void tls_chains_unref(struct tls_chains *c)
{
	if (c == NULL || atomic_fetch_sub_explicit(&c->refs, 1, memory_order_acq_rel) != 1)
		return;
	for (size_t l = 0; l < LEAVES; l++) {
		for (size_t i = 0; i < c->leaves[l].ncerts; i++)
			free(c->leaves[l].certs[i].data);
		for (size_t i = 0; i < c->leaves[l].nnames; i++)
			free(c->leaves[l].names[i]);
	}
	free(c);
}

uint64_t tls_chains_generation(const struct tls_chains *c)
{
	return c->generation;
}

enum proto_leaf tls_chains_leaf(const struct tls_chains *c, const char *server_name)
{
	const struct leaf *agents = &c->leaves[PROTO_LEAF_AGENTS - 1];

	for (size_t i = 0; agents->ncerts != 0 && i < agents->nnames; i++)
		if (strcasecmp(agents->names[i], server_name) == 0)
			return PROTO_LEAF_AGENTS;
	return PROTO_LEAF_SERVER;
}

const br_x509_certificate *tls_chains_certificates(const struct tls_chains *c,
	enum proto_leaf leaf, size_t *count)
{
	*count = c->leaves[leaf - 1].ncerts;
	return c->leaves[leaf - 1].certs;
}
