/* Inside a machine's namespaces, from the first process on, until its first program runs. */
#include "yard.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "plat/random.h"
#include "room/room.h"

#define DISK ROOM_ROOT_MOUNT		/* the machine's disk, before its root is entered */
#define ROOT DISK "/root"
#define AGENT_DIR "/usr/elasticbox"
#define FIRST "/sbin/init"
#define BOOT_ID "/run/boot_id"

static int failed(char why[YARD_WHY], const char *what)
{
	(void)snprintf(why, YARD_WHY, "%s: %s", what, strerror(errno));
	return -1;
}

static int make_directory(const char *path)
{
	return mkdir(path, 0755) == -1 && errno != EEXIST ? -1 : 0;
}

/* ---- mounts ---- */

static int mount_root(const struct yard_machine *m, char why[YARD_WHY])
{
	char device[32];

	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == -1)
		return failed(why, "mounts");
	if (disk_attach(m->name, m->slot, device) == -1)
		return failed(why, device);
	if (mount(device, DISK, "ext4", MS_NOSUID | MS_NODEV | MS_NOATIME, NULL) == -1)
		return failed(why, "disk");
	if (make_directory(DISK "/up") == -1 || make_directory(DISK "/work") == -1 || make_directory(ROOT) == -1)
		return failed(why, "disk");
	if (mount("machine", ROOT, "overlay", MS_NOSUID | MS_NODEV | MS_NOATIME,
			"lowerdir=" YARD_TREE ",upperdir=" DISK "/up,workdir=" DISK "/work") == -1)
		return failed(why, "tree");
	return 0;
}

static const struct {
	const char *type, *at, *options;
	unsigned long flags;
} mounts[] = {
	{ "proc", ROOT "/proc", "", MS_NOSUID | MS_NODEV | MS_NOEXEC },
	{ "tmpfs", ROOT "/dev", "mode=0755,size=64k", MS_NOSUID | MS_NOEXEC },
	{ "tmpfs", ROOT "/run", "mode=1777,size=4m", MS_NOSUID | MS_NODEV },
};

static int bind(const char *from, const char *to)
{
	int fd = open(to, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	if (fd == -1)
		return -1;
	close(fd);
	return mount(from, to, NULL, MS_BIND, NULL);
}

static int mount_devices(void)
{
	static const char *const devices[] = { "null", "zero", "random", "urandom" };
	static const char *const links[][2] = {
		{ "/proc/self/fd", ROOT "/dev/fd" }, { "/proc/self/fd/0", ROOT "/dev/stdin" },
		{ "/proc/self/fd/1", ROOT "/dev/stdout" }, { "/proc/self/fd/2", ROOT "/dev/stderr" },
	};
	char from[32], to[48];

	for (unsigned i = 0; i < sizeof devices / sizeof *devices; i++) {
		(void)snprintf(from, sizeof from, "/dev/%s", devices[i]);
		(void)snprintf(to, sizeof to, ROOT "/dev/%s", devices[i]);
		if (bind(from, to) == -1)
			return -1;
	}
	for (unsigned i = 0; i < sizeof links / sizeof *links; i++)
		if (symlink(links[i][0], links[i][1]) == -1)
			return -1;
	return 0;
}

/* The kernel has one for all: a machine's is its own, new at each start, as at any boot. */
static int mount_boot_id(void)
{
	char id[PLAT_UUID_TEXT + 1];
	int fd = open(ROOT BOOT_ID, O_WRONLY | O_CREAT | O_CLOEXEC, 0444), rc;

	if (fd == -1)
		return -1;
	plat_random_uuid(id);
	strcat(id, "\n");
	rc = write(fd, id, strlen(id)) == (ssize_t)strlen(id) ? 0 : -1;
	close(fd);
	return rc == 0 ? mount(ROOT BOOT_ID, ROOT "/proc/sys/kernel/random/boot_id", NULL, MS_BIND, NULL) : -1;
}

static int mount_rest(char why[YARD_WHY])
{
	for (unsigned i = 0; i < sizeof mounts / sizeof *mounts; i++)
		if (mount(mounts[i].type, mounts[i].at, mounts[i].type, mounts[i].flags, mounts[i].options) == -1)
			return failed(why, mounts[i].at);
	if (mount_devices() == -1)
		return failed(why, "devices");
	return mount_boot_id() == -1 ? failed(why, "boot id") : 0;
}

/* ---- files ---- */

static int put_file(const char *path, uid_t uid, mode_t mode, const char *text, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode), rc = -1;

	if (fd == -1)
		return -1;
	if (write(fd, text, len) == (ssize_t)len && fchown(fd, uid, uid) == 0 && fchmod(fd, mode) == 0)
		rc = 0;
	close(fd);
	return rc;
}

/* The machine is its user's: these directories, and what comes into them. */
static int own_directories(uid_t uid)
{
	static const char *const directories[] = {
		ROOT "/", ROOT "/etc", ROOT "/home", ROOT "/opt", ROOT "/root", ROOT "/srv", ROOT "/usr", ROOT "/usr/local",
		ROOT "/usr/local/bin", ROOT AGENT_DIR, ROOT "/var", ROOT "/var/elasticbox", ROOT "/var/lib", ROOT "/var/log",
		ROOT "/var/log/elasticbox", ROOT "/var/www",
	};

	for (unsigned i = 0; i < sizeof directories / sizeof *directories; i++)
		if (chown(directories[i], uid, uid) == -1)
			return -1;
	return 0;
}

static int put_files(const struct yard_machine *m, char why[YARD_WHY])
{
	uid_t uid = YARD_USER + m->slot;
	char text[256];
	int n;

	if (own_directories(uid) == -1)
		return failed(why, "directories");
	/* 32 hexadecimal digits, as of machine-id(5), the same at each start. */
	n = snprintf(text, sizeof text, "%024x%08lx\n", 0xca6du, (unsigned long)uid);
	for (size_t i = 0; m->name[i]; i++)
		text[i] = "0123456789abcdef"[(unsigned char)m->name[i] % 16];
	if (put_file(ROOT "/etc/machine-id", uid, 0444, text, (size_t)n) == -1)
		return failed(why, "machine-id");
	n = snprintf(text, sizeof text, "machine:x:%u:%u::/root:/bin/sh\n", (unsigned)uid, (unsigned)uid);
	if (put_file(ROOT "/etc/passwd", 0, 0644, text, (size_t)n) == -1)
		return failed(why, "passwd");
	n = snprintf(text, sizeof text, "machine:x:%u:\n", (unsigned)uid);
	if (put_file(ROOT "/etc/group", 0, 0644, text, (size_t)n) == -1)
		return failed(why, "group");
	n = snprintf(text, sizeof text, "127.0.0.1 localhost\n127.0.1.1 %s\n", m->hostname);
	if (put_file(ROOT "/etc/hosts", uid, 0644, text, (size_t)n) == -1)
		return failed(why, "hosts");
	if (put_file(ROOT AGENT_DIR "/ca.pem", uid, 0644, m->ca, m->ca_len) == -1 ||
			put_file(ROOT AGENT_DIR "/elasticbox.conf", uid, 0600, m->conf, m->conf_len) == -1)
		return failed(why, "configuration of the agent");
	return 0;
}

static int standard_streams(void)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	return fd == -1 || dup2(fd, 0) == -1 || dup2(fd, 1) == -1 || dup2(fd, 2) == -1 ? -1 : 0;
}

static int enter(char why[YARD_WHY])
{
	if (chdir(ROOT) == -1 || syscall(SYS_pivot_root, ".", ".") == -1 || umount2(".", MNT_DETACH) == -1 || chdir("/") == -1)
		return failed(why, "root");
	return standard_streams() == -1 ? failed(why, "streams") : 0;
}

void place_enter(const struct yard_machine *m, char why[YARD_WHY])
{
	char *const argv[] = { "init", NULL };
	char *const env[] = { "PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "HOME=/root", "LANG=C.UTF-8", NULL };

	umask(022);
	if (sethostname(m->hostname, strlen(m->hostname)) == -1) {
		(void)failed(why, "host name");
		return;
	}
	if (mount_root(m, why) == -1 || mount_rest(why) == -1 || put_files(m, why) == -1 || enter(why) == -1)
		return;
	if (wire_up(m->slot) == -1)
		(void)failed(why, "network");
	else if (setsid() == -1 || drop_privileges(m->slot) == -1)
		(void)failed(why, "privileges");
	else if (drop_fence() == -1)
		(void)failed(why, "fence");
	else if (execve(FIRST, argv, env) == -1)
		(void)failed(why, FIRST);
}
