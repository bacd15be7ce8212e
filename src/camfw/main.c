/* camfw: the port tables at a desk: lists them, writes them in every format, explains, checks, compares, probes. */
#include <string.h>

#include "camfw.h"
#include "log/log.h"

#define USAGE \
	"usage: camfw COMMAND [OPTION...]\n" \
	"\n" \
	"  list                   profiles and their lines\n" \
	"  formats                what `generate` can write, and how each is loaded\n" \
	"  generate               a profile in a format\n" \
	"  check FILE             reads a customer's own table, and says what is wrong with it\n" \
	"  explain                would this packet pass, and which line says so?\n" \
	"  diff                   a profile against the nftables ruleset that is in force, or a saved one\n" \
	"  probe                  are the peers a profile calls reached from here?\n" \
	"  document               the tables as Markdown\n" \
	"\n" \
	"  --profile P            appliance, vm-alm, vm-msa, management-appliance, vcenter, openstack\n" \
	"  --format F             see `formats`\n" \
	"  --PEER ADDRESSES       addresses or prefixes of a peer, with commas: --vcenter 10.0.0.5,fd00::5\n" \
	"                         (peers: see `list`); --vm-network is short for --vms\n" \
	"  --self ADDRESSES       the profile's own machine; for profile appliance also --appliance\n" \
	"  --with CONDITION       switches lines on that are under a condition; a named peer's addresses do so too\n" \
	"  --own FILE             a customer's own table on top: may narrow lines and add some\n" \
	"  --without-limits       leaves limits per source out\n" \
	"  --output FILE          instead of standard output\n" \
	"  --json                 the answer as JSON\n" \
	"\n" \
	"  explain: --from A --to B --proto tcp|udp|icmp|icmp6 [--dport N] [--sport N] [--type N] [--flags SA..]\n" \
	"           [--state new|established|related] [--direction in|out] [--room R] [--loopback]\n" \
	"           [--batch FILE]  a packet a line: the same words, without the dashes, as name=value\n" \
	"  diff:    [--ruleset FILE]  what `nft -j list ruleset` wrote (- is standard input); without it nft is asked\n" \
	"  probe:   [--timeout SECONDS]  for each, 5 without it; peers may be given by name: --vcenter vc.example.com\n" \
	"\n" \
	"Exit codes: 0 done (explain: it passes; diff: the same; probe: all reached), 1 the answer is no, 100 wrong use, 111 trouble.\n"

static const struct {
	const char *name;
	int (*run)(struct options *o);
	unsigned words;		/* it needs behind its name */
} commands[] = {
	{ "list", command_list, 0 },
	{ "formats", command_formats, 0 },
	{ "generate", command_generate, 0 },
	{ "check", command_check, 1 },
	{ "explain", command_explain, 0 },
	{ "diff", command_diff, 0 },
	{ "probe", command_probe, 0 },
	{ "document", command_document, 0 },
};

int main(int argc, char **argv)
{
	struct options o;
	int rc;

	log_open("camfw");
	if (argc < 2 || !strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help")) {
		fputs(USAGE, argc < 2 ? stderr : stdout);
		return argc < 2 ? 100 : 0;
	}
	for (int i = 2; i < argc; i++)
		if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h")) {
			fputs(USAGE, stdout);
			return 0;
		}
	for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
		if (strcmp(commands[i].name, argv[1]))
			continue;
		options_read(&o, commands[i].run == command_probe, argc - 2, argv + 2);
		if (o.word_count != commands[i].words)
			misuse("%s takes %u words besides options, not %u", argv[1], commands[i].words, o.word_count);
		rc = commands[i].run(&o);
		options_free(&o);
		return rc;
	}
	misuse("%s: no such command (see camfw --help)", argv[1]);
}
