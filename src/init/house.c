#include "init.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* Users of rooms, see /etc/passwd; the clients' group of a room is its uid + 1000. */
#define UID_FIRST 101
#define UID_LAST 199
#define CLIENTS 1000

#define CGROUP "/sys/fs/cgroup"
/* s6-svscan: room for this many services, loggers counted. */
#define SERVICES_MAX "64"

static int
dir_make(const char *path, uid_t uid, gid_t gid, mode_t mode)
{
	if ((mkdir(path, 0700) == -1 && errno != EEXIST) || chown(path, uid, gid) == -1 || chmod(path, mode) == -1) {
		init_say("%s: cannot make the directory: %m", path);
		return -1;
	}
	return 0;
}

/* /run/cam/<room> for its socket, /data/<room> for what it keeps. */
static int
room_dirs(const struct passwd *p)
{
	char path[96];

	snprintf(path, sizeof path, "/run/cam/%s", p->pw_name);
	if (dir_make(path, p->pw_uid, p->pw_uid + CLIENTS, 02710) == -1)
		return -1;
	snprintf(path, sizeof path, "/data/%s", p->pw_name);
	return dir_make(path, p->pw_uid, p->pw_gid, 0700);
}

/* Loggers share a user: each has its own directory below /data/log. */
static int
log_dir(const struct passwd *logger, const char *service)
{
	char path[320];

	snprintf(path, sizeof path, "/data/log/%s", service);
	return dir_make(path, logger->pw_uid, logger->pw_uid + CLIENTS, 02750);
}

#define MACHINES CGROUP "/machines"
/* Of all the Test Provider's machines together. */
#define MACHINES_MEMORY "402653184"
#define MACHINES_PIDS "512"

static const struct {
	const char *path;
	uid_t uid;
	mode_t mode;
} shared[] = {
	{ INIT_RUN, 0, 0700 },
	{ "/run/cam", 0, 0755 },
	{ "/run/cam/log", 110, 0700 },		/* where loggers write when /data cannot be written */
	{ "/run/cam/services", 0, 0755 },	/* the launcher notes each start here */
	{ "/run/cam/resolv", 108, 0755 },	/* sysd writes resolv.conf for all */
};

static int
dirs(void)
{
	struct passwd *p, logger = { 0 };
	struct dirent *e;
	int rc = 0;
	DIR *d;

	for (unsigned i = 0; i < sizeof shared / sizeof *shared; i++)
		if (dir_make(shared[i].path, shared[i].uid, shared[i].uid, shared[i].mode) == -1)
			return -1;
	if (init_power_fifo() == -1)
		return -1;
	setpwent();
	while ((p = getpwent()))
		if (strcmp(p->pw_name, "log") == 0) {
			logger.pw_uid = p->pw_uid;
			logger.pw_gid = p->pw_gid;
		} else if (p->pw_uid >= UID_FIRST && p->pw_uid <= UID_LAST && room_dirs(p) == -1)
			rc = -1;
	endpwent();
	if (rc == -1 || dir_make("/data/log", logger.pw_uid, logger.pw_uid + CLIENTS, 02750) == -1)
		return -1;
	d = opendir(INIT_SERVICES);
	if (!d) {
		init_say("%s: cannot read: %m", INIT_SERVICES);
		return -1;
	}
	while (rc == 0 && (e = readdir(d)))
		if (*e->d_name != '.')
			rc = log_dir(&logger, e->d_name);
	closedir(d);
	return rc;
}

static int
file_copy(int from, int to, const char *name, mode_t mode)
{
	char buf[4096];
	int in = openat(from, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC), out = -1, rc = -1;
	ssize_t n = 0;

	if (in != -1)
		out = openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	if (out != -1) {
		while ((n = read(in, buf, sizeof buf)) > 0 && write(out, buf, (size_t)n) == n)
			;
		rc = n == 0 ? 0 : -1;
	}
	if (in != -1)
		close(in);
	if (out != -1)
		close(out);
	return rc;
}

static int
link_copy(int from, int to, const char *name)
{
	char target[256];
	ssize_t n = readlinkat(from, name, target, sizeof target - 1);

	if (n == -1)
		return -1;
	target[n] = 0;
	return symlinkat(target, to, name);
}

static int tree_copy(int from, int to);

static int
dir_copy(int from, int to, const char *name)
{
	int in, out;

	if (mkdirat(to, name, 0755) == -1)
		return -1;
	in = openat(from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	out = openat(to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (in != -1 && out != -1)
		return tree_copy(in, out);
	if (in != -1)
		close(in);
	if (out != -1)
		close(out);
	return -1;
}

/* Copies directories, links and files; both descriptors are closed. */
static int
tree_copy(int from, int to)
{
	DIR *d = fdopendir(from);
	struct dirent *e;
	struct stat st;
	int rc = d ? 0 : -1;

	while (rc == 0 && (e = readdir(d))) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		rc = fstatat(from, e->d_name, &st, AT_SYMLINK_NOFOLLOW);
		if (rc == -1)
			break;
		if (S_ISDIR(st.st_mode))
			rc = dir_copy(from, to, e->d_name);
		else if (S_ISLNK(st.st_mode))
			rc = link_copy(from, to, e->d_name);
		else
			rc = file_copy(from, to, e->d_name, st.st_mode & 07777);
	}
	if (d)
		closedir(d);
	else
		close(from);
	close(to);
	return rc;
}

static int
services(void)
{
	int from, to;

	if (dir_make(INIT_SCAN, 0, 0, 0755) == -1)
		return -1;
	from = open(INIT_SERVICES, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	to = open(INIT_SCAN, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (from == -1 || to == -1 || tree_copy(from, to) == -1) {
		init_say("%s: cannot copy to %s: %m", INIT_SERVICES, INIT_SCAN);
		return -1;
	}
	return 0;
}

/*
 * The rooms' cgroups live below cam/. A controller can only be given to children by a cgroup without processes
 * of its own, so the supervisors get a leaf. Controllers may be missing where the kernel is
 * not ours: then the limits they would set are not in force.
 */
static void
cgroups(void)
{
	static const char *const names[] = { "+memory", "+pids", "+cpu", "+io" };
	char have[256] = " ", missing[64] = "";

	if (mkdir(CGROUP "/house", 0755) == -1 && errno != EEXIST)
		init_say("%s: cannot make a group: %m", CGROUP);
	mkdir(CGROUP "/cam", 0755);
	mkdir(MACHINES, 0755);
	if (init_file_write(CGROUP "/house/cgroup.procs", "0") == -1)
		init_say("%s/house: cannot enter: %m", CGROUP);
	init_file_read(CGROUP "/cgroup.controllers", have, sizeof have);
	for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
		if (!strstr(have, names[i] + 1)
		    || init_file_write(CGROUP "/cgroup.subtree_control", names[i]) == -1
		    || init_file_write(CGROUP "/cam/cgroup.subtree_control", names[i]) == -1
		    || init_file_write(MACHINES "/cgroup.subtree_control", names[i]) == -1)
			strcat(strcat(missing, " "), names[i] + 1);
	if (*missing)
		init_say("%s: no controller:%s", CGROUP, missing);
	init_file_write(MACHINES "/memory.max", MACHINES_MEMORY);
	init_file_write(MACHINES "/pids.max", MACHINES_PIDS);
}

/* 127.0.0.1 and ::1 come with the interface; everything else about the network is sysd's. */
static void
loopback_up(void)
{
	struct ifreq r = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd == -1 || ioctl(fd, SIOCSIFFLAGS, &r) == -1)
		init_say("lo: cannot bring it up: %m");
	if (fd != -1)
		close(fd);
}

/* Nothing in and nothing out but loopback, before any card is up; fwd opens what shall be open. */
static void
base_policy(void)
{
	char *const argv[] = { "/bin/fwd", "--base", NULL };
	char *const env[] = { "PATH=/bin", NULL };
	pid_t pid = fork();
	int status = -1;

	if (pid == 0) {
		execve(argv[0], argv, env);
		_exit(INIT_SYSTEM);
	}
	if (pid == -1 || waitpid(pid, &status, 0) == -1 || status != 0)
		init_say("fwd: the base policy is not in place");
}

int
init_house(void)
{
	char *const argv[] = { "/bin/s6-svscan", "-c", SERVICES_MAX, INIT_SCAN, NULL };
	char *const env[] = { "PATH=/bin", NULL };

	umask(022);
	init_say_open();
	if (chdir("/") == -1 || dirs() == -1 || services() == -1)
		return INIT_SYSTEM;
	cgroups();
	init_demo();
	base_policy();
	loopback_up();
	execve(argv[0], argv, env);
	init_say("%s: cannot start: %m", argv[0]);
	return INIT_SYSTEM;
}
