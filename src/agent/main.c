/* elasticbox-agent: the program on every managed machine; the elasticbox command is the same file by another name. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/agent.h"

static int usage(FILE *to, int code)
{
	fprintf(to, "usage: elasticbox-agent run [-c FILE]   the agent, as the service manager starts it\n"
		"       elasticbox-agent debug [-c FILE] the same, with its log on the terminal\n"
		"       elasticbox-agent install [--no-start]  makes it a service of this machine\n"
		"       elasticbox-agent uninstall       takes it away\n"
		"       elasticbox-agent register ...    deploys a box on this machine (see: register -h)\n"
		"       elasticbox-agent version\n"
		"       elasticbox COMMAND               see elasticbox --help\n");
	return code;
}

int main(int argc, char **argv)
{
	const char *name = strrchr(argv[0], '/') ? strrchr(argv[0], '/') + 1 : argv[0];
	const char *conf = AGENT_CONF;

	if (!strcmp(name, "elasticbox"))
		return command_main(argc, argv);
	if (argc == 4 && !strcmp(argv[1], "runner"))
		return runner_main(argv[2], atoi(argv[3]));
	if (argc > 1 && !strcmp(argv[1], "command"))
		return command_main(argc - 1, argv + 1);
	if (argc > 1 && !strcmp(argv[1], "register"))
		return register_main(argc, argv);
	if (argc > 1 && !strcmp(argv[1], "install") && (argc == 2 || (argc == 3 && !strcmp(argv[2], "--no-start"))))
		return install_main(argc == 2);
	if (argc == 2 && !strcmp(argv[1], "uninstall"))
		return uninstall_main();
	if (argc == 2 && !strcmp(argv[1], "supervise"))
		return supervise_main();
	if (argc == 2 && !strcmp(argv[1], "version")) {
		puts(AGENT_VERSION);
		return 0;
	}
	if (argc == 2 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")))
		return usage(stdout, 0);
	if (argc == 4 && !strcmp(argv[2], "-c"))
		conf = argv[3];
	else if (argc != 2)
		return usage(stderr, EXIT_USAGE);
	if (!strcmp(argv[1], "run") || !strcmp(argv[1], "debug"))
		return agent_main(conf, !strcmp(argv[1], "debug"), false);
	if (!strcmp(argv[1], "probe"))
		return agent_main(conf, false, true);
	return usage(stderr, EXIT_USAGE);
}
