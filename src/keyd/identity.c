/* keyd: what others may know: chains, identity, names. */
#include <bearssl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "ipc/proto.h"
#include "keyd.h"
#include "request.h"
#include "log/log.h"
#include "plat/clock.h"

#define BASE64 sodium_base64_VARIANT_URLSAFE_NO_PADDING
#define CERT_TEXT sodium_base64_ENCODED_LEN(X509_CERT_MAX, BASE64)
#define CRL_TEXT sodium_base64_ENCODED_LEN(X509_CRL_MAX, BASE64)

void keyd_add_names(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key, const struct x509_names *names)
{
	yyjson_mut_val *list = yyjson_mut_obj_add_arr(doc, object, key);

	for (size_t i = 0; i < names->count; i++)
		yyjson_mut_arr_add_str(doc, list, names->name[i].text);
}

static void add_leaf(yyjson_mut_doc *doc, yyjson_mut_val *list, const struct keyring *ring,
	enum keyring_leaf_id id, enum proto_leaf number)
{
	const struct keyring_cert *cert = &ring->leaf[id];
	yyjson_mut_val *leaf = yyjson_mut_arr_add_obj(doc, list);
	char text[CERT_TEXT];

	yyjson_mut_obj_add_int(doc, leaf, "leaf", number);
	keyd_add_names(doc, leaf, "names", &ring->names[id]);
	sodium_bin2base64(text, sizeof text, cert->der, cert->len, BASE64);
	/* the authority itself is not sent: whoever trusts it has it */
	yyjson_mut_arr_add_strcpy(doc, yyjson_mut_obj_add_arr(doc, leaf, "chain"), text);
}

/* The same of an uploaded chain, without its root. */
static void add_uploaded(yyjson_mut_doc *doc, yyjson_mut_val *list, const struct x509_chain *c)
{
	static char text[sodium_base64_ENCODED_LEN(X509_CHAIN_BYTES, BASE64)];
	yyjson_mut_val *leaf = yyjson_mut_arr_add_obj(doc, list), *chain;

	yyjson_mut_obj_add_int(doc, leaf, "leaf", PROTO_LEAF_SERVER);
	keyd_add_names(doc, leaf, "names", &c->names);
	chain = yyjson_mut_obj_add_arr(doc, leaf, "chain");
	for (size_t i = 0; i < c->count - (c->rooted ? 1 : 0); i++) {
		struct x509_bytes one = x509_chain_bytes(c, i);

		sodium_bin2base64(text, sizeof text, one.at, one.len, BASE64);
		yyjson_mut_arr_add_strcpy(doc, chain, text);
	}
}

void keyd_send_chains(struct keyd *k, struct ipc_conn *c, uint8_t flags, uint32_t seq)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *root = yyjson_mut_obj(doc), *leaves;

	yyjson_mut_doc_set_root(doc, root);
	yyjson_mut_obj_add_sint(doc, root, "generation", k->generation);
	leaves = yyjson_mut_obj_add_arr(doc, root, "leaves");
	if (k->ring.uploaded_on)
		add_uploaded(doc, leaves, &k->ring.uploaded);
	else
		add_leaf(doc, leaves, &k->ring, KEYRING_SERVER, PROTO_LEAF_SERVER);
	add_leaf(doc, leaves, &k->ring, KEYRING_AGENTS, PROTO_LEAF_AGENTS);
	ipc_send_json(c, flags, PROTO_KEYD_CHAINS, seq, doc);
}

static void add_pem(yyjson_mut_doc *doc, yyjson_mut_val *root, const char *key, const struct keyring_cert *cert)
{
	char text[X509_PEM_MAX(X509_CERT_MAX)];

	x509_pem(text, cert->der, cert->len);
	yyjson_mut_obj_add_strcpy(doc, root, key, text);
}

static void add_crl(yyjson_mut_doc *doc, yyjson_mut_val *root, const struct keyring_crl *crl)
{
	char text[CRL_TEXT];

	sodium_bin2base64(text, sizeof text, crl->der, crl->len, BASE64);
	yyjson_mut_obj_add_strcpy(doc, root, "crl", text);
}

/* RFC 5480: AlgorithmIdentifier { ecPublicKey, prime256v1 } and the point behind it. */
static void add_activity_key(yyjson_mut_doc *doc, yyjson_mut_val *root, const struct keyring *ring)
{
	static const uint8_t head[] = {
		0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01,
		0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00
	};
	uint8_t der[sizeof head + ECDSA_PUBLIC];
	char text[X509_PEM_MAX(sizeof der)];

	memcpy(der, head, sizeof head);
	if (!ecdsa_key_public(der + sizeof head, ring->secrets->activity))
		log_bug("the key of the activity is not acceptable");
	br_pem_encode(text, der, sizeof der, "PUBLIC KEY", BR_PEM_LINE64);
	yyjson_mut_obj_add_strcpy(doc, root, "activity_pem", text);
}

/* What browsers see. */
static void add_shown(yyjson_mut_doc *doc, yyjson_mut_val *root, const struct keyring *ring)
{
	const struct keyring_cert *leaf = &ring->leaf[KEYRING_SERVER];
	const struct x509_chain *up = &ring->uploaded;
	bool on = ring->uploaded_on;
	struct x509_bytes der = on ? x509_chain_bytes(up, 0) : (struct x509_bytes){ leaf->der, leaf->len };
	char fingerprint[X509_FINGERPRINT];

	x509_fingerprint(fingerprint, der.at, der.len);
	yyjson_mut_obj_add_strcpy(doc, root, "fingerprint", fingerprint);
	yyjson_mut_obj_add_sint(doc, root, "not_before", (on ? up->cert[0].not_before : leaf->not_before) * PLAT_SECOND);
	yyjson_mut_obj_add_sint(doc, root, "not_after", (on ? up->cert[0].not_after : leaf->not_after) * PLAT_SECOND);
	keyd_add_names(doc, root, "names", on ? &up->names : &ring->names[KEYRING_SERVER]);
	yyjson_mut_obj_add_bool(doc, root, "uploaded", on);
}

void keyd_send_identity(struct keyd *k, struct ipc_conn *c, uint8_t flags, uint16_t type, uint32_t seq)
{
	const struct keyring *ring = &k->ring;
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *root = yyjson_mut_obj(doc);

	yyjson_mut_doc_set_root(doc, root);
	yyjson_mut_obj_add_str(doc, root, "appliance_id", ring->id);
	add_shown(doc, root, ring);
	add_pem(doc, root, "ca_pem", &ring->ca[KEYRING_CA_SERVERS]);
	add_crl(doc, root, &ring->crl);
	add_pem(doc, root, "agents_ca_pem", &ring->ca[KEYRING_CA_AGENTS]);
	yyjson_mut_obj_add_str(doc, root, "agents_name", ring->agents_name);
	add_activity_key(doc, root, ring);
	keyd_upgrade_add(k, doc, root);
	if (ring->jwt)
		yyjson_mut_obj_add_val(doc, root, "jwk", jwt_key_jwk(doc, &ring->jwt_public));
	else
		yyjson_mut_obj_add_null(doc, root, "jwk");
	ipc_send_json(c, flags, type, seq, doc);
}

static void tell_core(struct ipc_conn *c, void *arg)
{
	if (ipc_conn_peer(c)->id == ROOM_CORE)
		keyd_send_identity(arg, c, 0, PROTO_KEYD_IDENTITY, 0);
}

void keyd_tell_identity(struct keyd *k)
{
	ipc_server_each(k->server, tell_core, k);
}

void keyd_chains(struct keyd *k, struct ipc_conn *c, struct ipc_msg *msg)
{
	keyd_send_chains(k, c, IPC_REPLY, msg->seq);
}

void keyd_identity(struct keyd *k, struct ipc_conn *c, struct ipc_msg *msg)
{
	keyd_send_identity(k, c, IPC_REPLY, msg->type, msg->seq);
}

/* Takes one element of "names"; refuses the request when it is no good. */
static int take_name(struct keyd *k, struct ipc_conn *c, struct ipc_msg *msg, yyjson_val *value,
	struct x509_names *names)
{
	const char *text = yyjson_get_str(value), *why;
	struct x509_name name;

	if (!text) {
		ipc_reply_error(c, msg, 400, "names: every element is a text");
		return -1;
	}
	if (x509_name_parse(&name, text, yyjson_get_len(value), &why)) {
		ipc_reply_error(c, msg, 400, "names: '%.*s' %s", X509_NAME_MAX, text, why);
		return -1;
	}
	if (!strcmp(name.text, k->ring.agents_name)) {
		ipc_reply_error(c, msg, 400, "names: '%s' belongs to the agents' certificate", name.text);
		return -1;
	}
	if (x509_names_add(names, &name)) {
		ipc_reply_error(c, msg, 400, "names: more than %d", X509_NAMES_MAX);
		return -1;
	}
	return 0;
}

int keyd_take_names(struct keyd *k, struct ipc_conn *c, struct ipc_msg *msg, yyjson_val *root,
	struct x509_names *names)
{
	yyjson_val *list = yyjson_obj_get(root, "names"), *value;
	size_t i, n;

	names->count = 0;
	if (!yyjson_is_arr(list)) {
		ipc_reply_error(c, msg, 400, "names is an array");
		return -1;
	}
	yyjson_arr_foreach(list, i, n, value)
		if (take_name(k, c, msg, value, names))
			return -1;
	return 0;
}

void keyd_names(struct keyd *k, struct ipc_conn *c, struct ipc_msg *msg)
{
	yyjson_val *root = keyd_request_open(c, msg);
	struct x509_names names;
	int bad;

	if (!root)
		return;
	bad = keyd_take_names(k, c, msg, root, &names);
	keyd_request_close(msg);
	if (bad)
		return;
	/* the answer goes out before the notices that the change causes */
	enum keyring_change change = keyring_rename(&k->ring, &names, keyd_now());

	keyd_send_identity(k, c, IPC_REPLY, msg->type, msg->seq);
	keyd_changed(k, change, "names");
}
