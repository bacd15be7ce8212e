#include "init.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int
kernel_stage(void)
{
	struct init_disk data;

	if (init_mounts() == -1)
		init_end_now("halt");
	init_say_open();
	init_sysctl();
	init_clock();
	if (init_disk_find(&data, "cam-data") == -1) {
		init_say("data: no partition named cam-data on the disk of the root file system: %m");
		init_end_now("halt");
	}
	init_grow(&data);
	init_data(&data);
	init_data_reset();
	return init_house();
}

static int
by_name(const char *name)
{
	static const struct {
		const char *name, *verb;
	} asks[] = {
		{ "SIGUSR1", "halt" },
		{ "SIGUSR2", "poweroff" },
		{ "SIGTERM", "poweroff" },
		{ "SIGQUIT", "poweroff" },
		{ "SIGPWR", "poweroff" },
		{ "SIGINT", "reboot" },	/* the kernel's answer to Ctrl-Alt-Del */
	};

	for (unsigned i = 0; i < sizeof asks / sizeof *asks; i++)
		if (strcmp(name, asks[i].name) == 0)
			return init_end_ask(asks[i].verb);
	if (strcmp(name, "finish") == 0)
		return init_end_finish();
	if (strcmp(name, "crash") == 0)
		return init_end_crash();
	if (strcmp(name, "run") == 0)
		return init_power();
	return -1;
}

int
main(int argc, char **argv)
{
	const char *slash = argc > 0 ? strrchr(argv[0], '/') : NULL;
	int rc = by_name(slash ? slash + 1 : argc > 0 ? argv[0] : "");

	if (rc != -1)
		return rc;
	if (getpid() == 1 && argc >= 2 && strcmp(argv[1], "house") == 0)
		return init_house();
	if (getpid() == 1)
		return kernel_stage();
	dprintf(2, "init: start: this is the first process of the appliance: it is not started by hand\n");
	return INIT_USAGE;
}
