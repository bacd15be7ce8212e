/* tls/chains: what keyd sends is read strictly, and the name chooses the leaf. */
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "tls/chains.h"

#define GOOD "{\"generation\":1,\"leaves\":[" \
	"{\"leaf\":1,\"names\":[\"cam.example\",\"10.0.0.1\"],\"chain\":[\"AQID\",\"BAUG\"]}," \
	"{\"leaf\":2,\"names\":[\"0123.agents.internal\"],\"chain\":[\"BwgJ\"]}]}"

static int failed;

#define CHECK(what) do { if (!(what)) { failed = 1; printf("%s:%d: %s\n", __FILE__, __LINE__, #what); } } while (0)

static struct tls_chains *parse(const char *text)
{
	yyjson_doc *doc = yyjson_read(text, strlen(text), 0);
	const char *why = NULL;
	struct tls_chains *c;

	if (doc == NULL) {
		failed = 1;
		printf("not JSON: %s\n", text);
		return NULL;
	}
	c = tls_chains_parse(yyjson_doc_get_root(doc), &why);
	yyjson_doc_free(doc);
	CHECK((c == NULL) == (why != NULL));
	return c;
}

static void refuse(const char *text)
{
	struct tls_chains *c = parse(text);

	if (c != NULL) {
		failed = 1;
		printf("accepted: %s\n", text);
		tls_chains_unref(c);
	}
}

static void check_choice(void)
{
	struct tls_chains *c = parse(GOOD);
	const br_x509_certificate *certs;
	size_t n;

	CHECK(c != NULL);
	if (c == NULL)
		return;
	CHECK(tls_chains_leaf(c, "") == PROTO_LEAF_SERVER);
	CHECK(tls_chains_leaf(c, "cam.example") == PROTO_LEAF_SERVER);
	CHECK(tls_chains_leaf(c, "another.example") == PROTO_LEAF_SERVER);
	CHECK(tls_chains_leaf(c, "0123.agents.internal") == PROTO_LEAF_AGENTS);
	CHECK(tls_chains_leaf(c, "0123.Agents.INTERNAL") == PROTO_LEAF_AGENTS);
	CHECK(tls_chains_leaf(c, "x0123.agents.internal") == PROTO_LEAF_SERVER);
	certs = tls_chains_certificates(c, PROTO_LEAF_SERVER, &n);
	CHECK(n == 2 && certs[1].data_len == 3 && memcmp(certs[1].data, "\4\5\6", 3) == 0);
	certs = tls_chains_certificates(c, PROTO_LEAF_AGENTS, &n);
	CHECK(n == 1 && memcmp(certs[0].data, "\7\10\11", 3) == 0);
	tls_chains_unref(tls_chains_ref(c));
	CHECK(tls_chains_leaf(c, "") == PROTO_LEAF_SERVER);
	tls_chains_unref(c);
}

/* The generation follows the content, not keyd's count. */
static void check_generation(void)
{
	struct tls_chains *a = parse(GOOD);
	struct tls_chains *same = parse("{\"generation\":2,\"leaves\":["
		"{\"leaf\":2,\"names\":[\"0123.agents.internal\"],\"chain\":[\"BwgJ\"]},"
		"{\"leaf\":1,\"names\":[\"cam.example\",\"10.0.0.1\"],\"chain\":[\"AQID\",\"BAUG\"]}]}");
	struct tls_chains *other = parse("{\"generation\":1,\"leaves\":["
		"{\"leaf\":1,\"names\":[\"cam.example\",\"10.0.0.1\"],\"chain\":[\"AQIE\",\"BAUG\"]},"
		"{\"leaf\":2,\"names\":[\"0123.agents.internal\"],\"chain\":[\"BwgJ\"]}]}");

	CHECK(a != NULL && same != NULL && other != NULL);
	if (a != NULL && same != NULL && other != NULL) {
		CHECK(tls_chains_generation(a) == tls_chains_generation(same));
		CHECK(tls_chains_generation(a) != tls_chains_generation(other));
	}
	tls_chains_unref(a);
	tls_chains_unref(same);
	tls_chains_unref(other);
}

static void check_refusals(void)
{
	refuse("{}");
	refuse("{\"leaves\":{}}");
	refuse("{\"leaves\":[]}");
	refuse("{\"leaves\":[{\"leaf\":2,\"names\":[\"a\"],\"chain\":[\"AQID\"]}]}");
	refuse("{\"leaves\":[{\"leaf\":3,\"names\":[\"a\"],\"chain\":[\"AQID\"]}]}");
	refuse("{\"leaves\":[{\"leaf\":1,\"names\":[\"a\"],\"chain\":[]}]}");
	refuse("{\"leaves\":[{\"leaf\":1,\"names\":[\"a\"]}]}");
	refuse("{\"leaves\":[{\"leaf\":1,\"names\":\"a\",\"chain\":[\"AQID\"]}]}");
	refuse("{\"leaves\":[{\"leaf\":1,\"names\":[7],\"chain\":[\"AQID\"]}]}");
	refuse("{\"leaves\":[{\"leaf\":1,\"names\":[\"a\\u0000b\"],\"chain\":[\"AQID\"]}]}");
	refuse("{\"leaves\":[{\"leaf\":1,\"names\":[\"a\"],\"chain\":[\"AQ+/\"]}]}");
	refuse("{\"leaves\":[{\"leaf\":1,\"names\":[\"a\"],\"chain\":[\"AQI=\"]}]}");
	refuse("{\"leaves\":[{\"leaf\":1,\"names\":[\"a\"],\"chain\":[7]}]}");
	refuse("{\"leaves\":[{\"leaf\":1,\"names\":[],\"chain\":[\"AQID\"]},{\"leaf\":1,\"names\":[],\"chain\":[\"AQID\"]}]}");
}

int main(void)
{
	if (sodium_init() < 0)
		return 111;
	check_choice();
	check_generation();
	check_refusals();
	return failed;
}
