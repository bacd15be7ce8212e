/* firewall: any text as a customer's own table; what is accepted makes a policy that compiles and explains. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "firewall/nft.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void use(const struct fw_policy *p)
{
	struct nft_ruleset *r = nft_compile(p);
	struct fw_packet k = { .direction = FW_IN, .protocol = FW_TCP, .dport = 443, .flags = FW_SYN, .state = FW_NEW };
	struct fw_verdict v;

	addr_parse(&k.from, "10.1.1.1");
	addr_parse(&k.to, "10.9.0.2");
	fw_explain(p, &k, &v);
	/* an own file never opens a port of the console wider than the table does */
	if (v.pass && (!v.line || v.line->rule->protocol != FW_TCP))
		abort();
	nft_ruleset_free(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct fw_binding b;
	struct fw_tables *t = fw_tables_new();
	unsigned before = t->rule_count;
	char error[FW_ERROR];
	struct fw_policy *p;

	if (fw_parse(t, "own.fw", (const char *)data, size, true, error) < 0) {
		if (strncmp(error, "own.fw:", 7))
			abort();
	} else {
		for (unsigned i = before; i < t->rule_count; i++)
			if (strncmp(t->rules[i].id, "own-", 4))
				abort();
		for (unsigned i = 0; i < t->profile_count; i++) {
			p = fw_policy_new(t, i, &b, error);
			if (p)
				use(p);
			fw_policy_free(p);
		}
	}
	fw_tables_free(t);
	return 0;
}
