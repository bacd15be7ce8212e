/* firewall: the tables of this tree, linked in as they are. */
#include <stdlib.h>

#include "firewall/firewall.h"
#include "log/log.h"

/* The Makefile makes this object anew when a table changes. */
#define TABLE(symbol, path) \
	__asm__(".section .rodata\n.global fw_" #symbol "\n.global fw_" #symbol "_end\nfw_" #symbol ":\n.incbin \"" path \
		"\"\nfw_" #symbol "_end:\n.byte 0\n.previous\n"); \
	extern const char fw_##symbol[], fw_##symbol##_end[]

TABLE(words, "firewall/words.fw");
TABLE(appliance, "firewall/appliance.fw");
TABLE(vm_network, "firewall/vm-network.fw");
TABLE(providers, "firewall/providers.fw");

static const struct { const char *name, *text, *end; } tables[] = {
	{ "firewall/words.fw", fw_words, fw_words_end },
	{ "firewall/appliance.fw", fw_appliance, fw_appliance_end },
	{ "firewall/vm-network.fw", fw_vm_network, fw_vm_network_end },
	{ "firewall/providers.fw", fw_providers, fw_providers_end },
};

struct fw_tables *fw_tables_new(void)
{
	struct fw_tables *t = calloc(1, sizeof *t);
	char error[FW_ERROR];

	if (!t)
		log_fatal("firewall: tables");
	for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
		if (fw_parse(t, tables[i].name, tables[i].text, (size_t)(tables[i].end - tables[i].text), false, error) < 0)
			log_usage("firewall: %s", error);
	return t;
}
