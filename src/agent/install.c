/* install: makes this program a service of the machine, by whatever starts services there; and takes it away again. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/agent.h"

#define UNIT "/etc/systemd/system/elasticbox.service"
#define INIT "/etc/init.d/elasticbox"
#define LINK "/usr/bin/elasticbox"
#define PIDFILE "/var/run/elasticbox-agent.pid"
/* Between the end of an agent and the start of the next, seconds. */
#define RESPAWN 5

/* Only the agent is ended with its service: scripts that run go on under their runners. */
static const char unit[] =
	"[Unit]\n"
	"Description=ElasticBox agent\n"
	"After=network.target\n"
	"ConditionPathExists=" AGENT_CONF "\n"
	"\n"
	"[Service]\n"
	"ExecStart=" AGENT_BINARY " run\n"
	"Restart=always\n"
	"RestartSec=5\n"
	"RestartPreventExitStatus=100\n"
	"KillMode=process\n"
	"\n"
	"[Install]\n"
	"WantedBy=multi-user.target\n";

static const char openrc[] =
	"#!/sbin/openrc-run\n"
	"description=\"ElasticBox agent\"\n"
	"command=" AGENT_BINARY "\n"
	"command_args=supervise\n"
	"command_background=yes\n"
	"pidfile=" PIDFILE "\n"
	"depend() { need net; }\n";

static const char sysv[] =
	"#!/bin/sh\n"
	"# chkconfig: 2345 95 05\n"
	"# description: ElasticBox agent\n"
	"### BEGIN INIT INFO\n"
	"# Provides: elasticbox\n"
	"# Required-Start: $network $local_fs\n"
	"# Required-Stop: $network $local_fs\n"
	"# Default-Start: 2 3 4 5\n"
	"# Default-Stop: 0 1 6\n"
	"# Short-Description: ElasticBox agent\n"
	"### END INIT INFO\n"
	"pidfile=" PIDFILE "\n"
	"alive() { [ -s $pidfile ] && kill -0 \"$(cat $pidfile)\" 2>/dev/null; }\n"
	"start() {\n"
	"\talive && return 0\n"
	"\t" AGENT_BINARY " supervise </dev/null >/dev/null 2>&1 &\n"
	"\techo $! >$pidfile\n"
	"}\n"
	"stop() {\n"
	"\talive || return 0\n"
	"\tkill \"$(cat $pidfile)\"\n"
	"\tfor i in 1 2 3 4 5 6 7 8 9 10; do alive || break; sleep 1; done\n"
	"\trm -f $pidfile\n"
	"}\n"
	"case \"$1\" in\n"
	"start) start ;;\n"
	"stop) stop ;;\n"
	"restart | force-reload) stop; start ;;\n"
	"status) alive && echo running || { echo stopped; exit 3; } ;;\n"
	"*) echo \"usage: $0 start|stop|restart|status\"; exit 2 ;;\n"
	"esac\n";

static int put(const char *path, const char *text, unsigned mode)
{
	if (file_write(AT_FDCWD, path, text, strlen(text), mode) == 0)
		return 0;
	fprintf(stderr, "elasticbox-agent: %s: %s\n", path, strerror(errno));
	return -1;
}

static int command(const char *line)
{
	int rc = system(line);

	if (rc != 0)
		fprintf(stderr, "elasticbox-agent: %s: failed\n", line);
	return rc == 0 ? 0 : -1;
}

static bool has(const char *path)
{
	return access(path, F_OK) == 0;
}

/* The service manager that is in charge here. */
static enum manager { MANAGER_NONE, MANAGER_SYSTEMD, MANAGER_OPENRC, MANAGER_SYSV } manager(void)
{
	if (has("/run/systemd/system"))
		return MANAGER_SYSTEMD;
	if (has("/sbin/openrc-run"))
		return MANAGER_OPENRC;
	return has("/etc/init.d") ? MANAGER_SYSV : MANAGER_NONE;
}

static int make_places(void)
{
	char target[256];
	ssize_t n;

	mkdir(AGENT_WORK, 0755);
	mkdir("/var/log/elasticbox", 0755);
	unlink(AGENT_HOME "/elasticbox");
	if (symlink("elasticbox-agent", AGENT_HOME "/elasticbox") < 0) {
		fprintf(stderr, "elasticbox-agent: %s/elasticbox: %s\n", AGENT_HOME, strerror(errno));
		return -1;
	}
	n = readlink(LINK, target, sizeof target - 1);
	if (n < 0 && errno == ENOENT)
		(void)!symlink(AGENT_HOME "/elasticbox", LINK);
	return 0;
}

static int sysv_enable(void)
{
	if (has("/sbin/chkconfig") || has("/usr/sbin/chkconfig"))
		return command("chkconfig --add elasticbox");
	if (has("/usr/sbin/update-rc.d"))
		return command("update-rc.d elasticbox defaults >/dev/null");
	fprintf(stderr, "elasticbox-agent: neither chkconfig nor update-rc.d: " INIT " must be started at boot by hand\n");
	return 0;
}

/* Without a service manager: a container, a rescue system. */
static int start_alone(void)
{
	pid_t pid = fork();

	if (pid)
		return pid < 0 ? -1 : 0;
	setsid();
	for (int fd = 0; fd < 3; fd++) {
		close(fd);
		(void)!open("/dev/null", O_RDWR);
	}
	execl(AGENT_BINARY, "elasticbox-agent", "supervise", (char *)NULL);
	_exit(EXIT_TROUBLE);
}

int install_main(bool start)
{
	int rc = make_places();

	if (rc)
		return EXIT_TROUBLE;
	switch (manager()) {
	case MANAGER_SYSTEMD:
		rc = put(UNIT, unit, 0644) || command("systemctl daemon-reload") || command("systemctl --quiet enable elasticbox") ||
			(start && command("systemctl restart elasticbox"));
		break;
	case MANAGER_OPENRC:
		rc = put(INIT, openrc, 0755) || command("rc-update --quiet add elasticbox default") || (start && command("rc-service elasticbox restart"));
		break;
	case MANAGER_SYSV:
		rc = put(INIT, sysv, 0755) || sysv_enable() || (start && command(INIT " restart"));
		break;
	default:
		rc = start ? start_alone() : 0;
	}
	return rc ? EXIT_TROUBLE : 0;
}

int uninstall_main(void)
{
	static const char *const gone[] = { UNIT, INIT, LINK, AGENT_SOCKET, NULL };
	struct stat st;

	switch (manager()) {
	case MANAGER_SYSTEMD: command("systemctl --quiet disable --now elasticbox"); break;
	case MANAGER_OPENRC: command("rc-service elasticbox stop; rc-update --quiet del elasticbox"); break;
	case MANAGER_SYSV:
		command("[ ! -x " INIT " ] || " INIT " stop");
		command("if [ -x /sbin/chkconfig ]; then chkconfig --del elasticbox; elif [ -x /usr/sbin/update-rc.d ]; then update-rc.d elasticbox remove >/dev/null; fi");
		break;
	default: break;
	}
	for (int i = 0; gone[i]; i++)
		if (lstat(gone[i], &st) == 0)
			unlink(gone[i]);
	if (has("/run/systemd/system"))
		command("systemctl daemon-reload");
	command("rm -rf " AGENT_JOURNAL);
	directory_remove(AT_FDCWD, AGENT_HOME);
	puts("The agent is gone; " AGENT_WORK " and its log are left.");
	return 0;
}

/* ---- supervise: for service managers that do not start again what has ended ---- */

static pid_t child = -1;

static void on_term(int sig)
{
	if (child > 0)
		kill(child, sig);
	_exit(0);
}

int supervise_main(void)
{
	int status;

	signal(SIGTERM, on_term);
	signal(SIGHUP, SIG_IGN);
	for (;;) {
		child = fork();
		if (!child) {
			signal(SIGTERM, SIG_DFL);
			execl(AGENT_BINARY, "elasticbox-agent", "run", (char *)NULL);
			_exit(EXIT_USAGE);
		}
		while (waitpid(child, &status, 0) < 0 && errno == EINTR)
			;
		if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_USAGE)
			return EXIT_USAGE;
		sleep(RESPAWN);
	}
}
