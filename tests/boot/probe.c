/*
 * The first process of a test's initrd. It mounts the verity root that the kernel made from the shipped command line,
 * leaves one process of its own behind, which answers questions on a virtio-serial port, and becomes /init of the
 * appliance. Nothing of it is in the image.
 *
 * A question is a line, the answer "ok LENGTH\n" and that many bytes, or "error TEXT\n".
 */
#include "tls.h"

#include <bearssl.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/dm-ioctl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <time.h>
#include <unistd.h>

#define PORT_NAME "probe"
#define ANSWER_MAX (4 * 1024 * 1024)
#define READ_STEP 65536

/* Seen by the watcher of the first answer and by the server. Seconds of CLOCK_BOOTTIME. */
static struct shared {
	double init, answer;
} *shared;

static int port;
static char answer[ANSWER_MAX];
static size_t answered;

static double
now(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
add(const char *format, ...)
{
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(answer + answered, sizeof answer - answered, format, ap);
	va_end(ap);
	if (n > 0)
		answered += (size_t)n < sizeof answer - answered ? (size_t)n : sizeof answer - answered - 1;
}

static int
file_get(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = 0;

	if (fd == -1)
		return -1;
	/* Files of /proc/sys do not like large reads. */
	while (answered + READ_STEP <= sizeof answer && (n = read(fd, answer + answered, READ_STEP)) > 0)
		answered += (size_t)n;
	close(fd);
	return n < 0 ? -1 : 0;
}

static int
file_put(char *args)
{
	char *text = strchr(args, ' ');
	int fd, rc;

	if (!text)
		return -1;
	*text++ = 0;
	fd = open(args, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd == -1)
		return -1;
	rc = write(fd, text, strlen(text)) == (ssize_t)strlen(text) && fsync(fd) == 0 ? 0 : -1;
	close(fd);
	return rc;
}

static int
ls(const char *path)
{
	DIR *d = opendir(path);
	struct dirent *e;

	if (!d)
		return -1;
	while ((e = readdir(d)))
		add("%s\n", e->d_name);
	closedir(d);
	return 0;
}

/* A line into a FIFO or a file that is there. */
static int
line_put(char *args)
{
	char *text = strchr(args, ' ');
	int fd, rc;

	if (!text)
		return -1;
	*text++ = 0;
	fd = open(args, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd == -1)
		return -1;
	rc = dprintf(fd, "%s\n", text) > 0 ? 0 : -1;
	close(fd);
	return rc;
}

/* "pid ppid uid resident-kB name" of every process that has memory of its own. */
static int
ps(void)
{
	DIR *d = opendir("/proc");
	struct dirent *e;
	char path[300], line[256], name[64];

	if (!d)
		return -1;
	while ((e = readdir(d))) {
		int ppid = 0, uid = 0, rss = -1;
		FILE *f;

		if (*e->d_name < '0' || *e->d_name > '9')
			continue;
		snprintf(path, sizeof path, "/proc/%s/status", e->d_name);
		f = fopen(path, "re");
		if (!f)
			continue;
		while (fgets(line, sizeof line, f)) {
			sscanf(line, "Name: %63[^\n]", name);
			sscanf(line, "PPid: %d", &ppid);
			sscanf(line, "Uid: %d", &uid);
			sscanf(line, "VmRSS: %d", &rss);
		}
		fclose(f);
		if (rss >= 0)
			add("%s %d %d %d %s\n", e->d_name, ppid, uid, rss, name);
	}
	closedir(d);
	return 0;
}

static int
file_digest(const char *path)
{
	static unsigned char buf[65536];
	unsigned char out[br_sha256_SIZE];
	br_sha256_context c;
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	ssize_t n;

	if (fd == -1)
		return -1;
	br_sha256_init(&c);
	while ((n = read(fd, buf, sizeof buf)) > 0)
		br_sha256_update(&c, buf, (size_t)n);
	close(fd);
	if (n < 0)
		return -1;
	br_sha256_out(&c, out);
	for (int i = 0; i < br_sha256_SIZE; i++)
		add("%02x", out[i]);
	add(" %s\n", path);
	return 0;
}

/* Digests of every file of the root file system: reads every block of every one. */
static int
digests(const char *dir, dev_t device)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	struct stat st;
	char path[512];
	int rc = 0;

	if (!d)
		return -1;
	while (rc == 0 && (e = readdir(d))) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		snprintf(path, sizeof path, "%s/%s", strcmp(dir, "/") ? dir : "", e->d_name);
		if (lstat(path, &st) == -1 || st.st_dev != device)
			continue;
		if (S_ISDIR(st.st_mode))
			rc = digests(path, device);
		else if (S_ISREG(st.st_mode))
			rc = file_digest(path);
	}
	closedir(d);
	return rc;
}

/* The table of the device mapper for the root: type and parameters, the root hash among them. */
static int
root_table(void)
{
	static union {
		struct dm_ioctl h;
		char room[8192];
	} q;
	struct dm_target_spec *t;
	int fd;

	/* /init may not have mounted /dev yet. */
	for (int i = 0; (fd = open("/dev/mapper/control", O_RDWR | O_CLOEXEC)) == -1 && i < 100; i++)
		usleep(50 * 1000);
	if (fd == -1)
		return -1;
	memset(&q, 0, sizeof q);
	q.h.version[0] = DM_VERSION_MAJOR;
	q.h.data_size = sizeof q;
	q.h.data_start = sizeof q.h;
	q.h.flags = DM_STATUS_TABLE_FLAG;
	strcpy(q.h.name, "root");
	if (ioctl(fd, DM_TABLE_STATUS, &q) == -1) {
		close(fd);
		return -1;
	}
	close(fd);
	t = (void *)((char *)&q + q.h.data_start);
	add("%s %s", t->target_type, (char *)(t + 1));
	return 0;
}

static int
space(const char *path)
{
	struct statfs s;

	if (statfs(path, &s) == -1)
		return -1;
	add("%ld %lu %lu", (long)s.f_bsize, (unsigned long)s.f_blocks, (unsigned long)s.f_bfree);
	return 0;
}

static int
kill_one(const char *args)
{
	int pid, sig;

	if (sscanf(args, "%d %d", &pid, &sig) != 2)
		return -1;
	return kill(pid, sig);
}

static int
times(void)
{
	add("%.3f %.3f %.3f %.3f", now(CLOCK_REALTIME), now(CLOCK_BOOTTIME), shared->init, shared->answer);
	return 0;
}

static int
obey(char *line)
{
	char *args = strchr(line, ' ');
	struct stat st;

	if (args)
		*args++ = 0;
	else
		args = line + strlen(line);
	errno = EINVAL;
	if (strcmp(line, "times") == 0)
		return times();
	if (strcmp(line, "root") == 0)
		return root_table();
	if (strcmp(line, "ps") == 0)
		return ps();
	if (strcmp(line, "get") == 0)
		return file_get(args);
	if (strcmp(line, "put") == 0)
		return file_put(args);
	if (strcmp(line, "line") == 0)
		return line_put(args);
	if (strcmp(line, "ls") == 0)
		return ls(args);
	if (strcmp(line, "statfs") == 0)
		return space(args);
	if (strcmp(line, "kill") == 0)
		return kill_one(args);
	if (strcmp(line, "digests") == 0)
		return stat("/", &st) == -1 ? -1 : digests("/", st.st_dev);
	return -1;
}

static void
put_all(const char *p, size_t n)
{
	while (n > 0) {
		ssize_t w = write(port, p, n);

		if (w <= 0)
			exit(111);
		p += w;
		n -= (size_t)w;
	}
}

static void
serve(void)
{
	char line[4096], head[160];
	size_t have = 0;

	for (;;) {
		ssize_t n = read(port, line + have, 1);

		if (n != 1) {
			usleep(20 * 1000);	/* nobody has the other end */
			continue;
		}
		if (line[have] != '\n') {
			have += have < sizeof line - 1;
			continue;
		}
		line[have] = 0;
		have = 0;
		answered = 0;
		if (obey(line) == -1) {
			snprintf(head, sizeof head, "error %s\n", strerror(errno));
			put_all(head, strlen(head));
			continue;
		}
		snprintf(head, sizeof head, "ok %zu\n", answered);
		put_all(head, strlen(head));
		put_all(answer, answered);
	}
}

static void
stop(const char *what)
{
	printf("probe: %s: %s\n", what, strerror(errno));
	sleep(2);
	exit(111);
}

static int
port_open(void)
{
	char path[300], name[64] = "";
	struct dirent *e;
	int fd;
	DIR *d;

	for (int i = 0; i < 500; i++, usleep(10 * 1000)) {
		d = opendir("/sys/class/virtio-ports");
		while (d && (e = readdir(d))) {
			snprintf(path, sizeof path, "/sys/class/virtio-ports/%s/name", e->d_name);
			fd = open(path, O_RDONLY);
			if (fd == -1)
				continue;
			memset(name, 0, sizeof name);
			if (read(fd, name, sizeof name - 1) > 0 && strncmp(name, PORT_NAME, 5) == 0) {
				close(fd);
				snprintf(path, sizeof path, "/dev/%s", e->d_name);
				closedir(d);
				return open(path, O_RDWR | O_CLOEXEC);
			}
			close(fd);
		}
		if (d)
			closedir(d);
	}
	return -1;
}

/* Asks the status page over TLS until it answers 200, and notes when that was. */
static void
watch(void)
{
	if (fork() != 0)
		return;
	while (tls_get_status("127.0.0.1", 443, "/services/appliance/status") != 200)
		usleep(2 * 1000);
	shared->answer = now(CLOCK_BOOTTIME);
	_exit(0);
}

static int
wants(const char *word)
{
	char line[4096] = "";
	int fd = open("/proc/cmdline", O_RDONLY | O_CLOEXEC);

	if (fd != -1) {
		(void)!read(fd, line, sizeof line - 1);
		close(fd);
	}
	return strstr(line, word) != NULL;
}

int
main(void)
{
	int gone[2], watching;
	char byte;

	mkdir("/proc", 0755);
	mkdir("/sys", 0755);
	mkdir("/dev", 0755);
	mkdir("/root", 0755);
	if (mount("proc", "/proc", "proc", 0, "") == -1 || mount("sysfs", "/sys", "sysfs", 0, "") == -1
	    || (mount("devtmpfs", "/dev", "devtmpfs", 0, "") == -1 && errno != EBUSY))
		stop("mount");
	shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	port = port_open();
	if (port == -1)
		stop("no port named " PORT_NAME);
	if (mount("/dev/dm-0", "/root", "squashfs", MS_RDONLY, "") == -1)
		stop("/dev/dm-0");
	watching = wants("probe.watch");
	if (pipe2(gone, O_CLOEXEC) == -1)
		stop("pipe");
	if (fork() == 0) {
		close(gone[1]);
		/* End of file: the parent has become /init of the appliance. */
		(void)!read(gone[0], &byte, 1);
		if (chdir("/proc/1/root") == -1 || chroot(".") == -1)
			stop("chroot");
		if (watching)
			watch();
		serve();
	}
	shared->init = now(CLOCK_BOOTTIME);
	if (chdir("/root") == -1 || mount(".", "/", NULL, MS_MOVE, NULL) == -1 || chroot(".") == -1 || chdir("/") == -1)
		stop("change of root");
	execl("/init", "/init", (char *)NULL);
	stop("/init");
}
