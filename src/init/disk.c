#include "init.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* The first name in a directory of /sys, or -1 with errno. */
static int
first_name(const char *path, char *name, size_t n)
{
	DIR *d = opendir(path);
	struct dirent *e;
	int rc = -1;

	if (!d)
		return -1;
	errno = ENOENT;
	while (rc == -1 && (e = readdir(d)))
		if (*e->d_name != '.') {
			snprintf(name, n, "%s", e->d_name);
			rc = 0;
		}
	closedir(d);
	return rc;
}

static int
is_partition(const char *name)
{
	char path[560];

	snprintf(path, sizeof path, "/sys/class/block/%s/partition", name);
	return access(path, F_OK) == 0;
}

/* /sys/class/block/vda2 -> .../block/vda/vda2: the disk is the last folder but one. */
static int
parent_of(const char *part, char *disk, size_t n)
{
	char path[320], link[512], *slash, *name;
	ssize_t len;

	snprintf(path, sizeof path, "/sys/class/block/%s", part);
	len = readlink(path, link, sizeof link - 1);
	if (len == -1)
		return -1;
	link[len] = 0;
	slash = strrchr(link, '/');
	if (slash)
		*slash = 0;
	name = slash ? strrchr(link, '/') : NULL;
	if (!name) {
		errno = ENOENT;
		return -1;
	}
	if (strlen(name + 1) >= n) {
		errno = ENAMETOOLONG;
		return -1;
	}
	strcpy(disk, name + 1);
	return 0;
}

/* The disk that carries "/": below dm-verity it is the parent of the first slave. */
static int
root_disk(char *disk, size_t n)
{
	char path[128], name[512], link[512], *slash;
	struct stat st;
	ssize_t len;

	if (stat("/", &st) == -1)
		return -1;
	snprintf(path, sizeof path, "/sys/dev/block/%u:%u/slaves", major(st.st_dev), minor(st.st_dev));
	if (first_name(path, name, sizeof name) == -1) {
		snprintf(path, sizeof path, "/sys/dev/block/%u:%u", major(st.st_dev), minor(st.st_dev));
		len = readlink(path, link, sizeof link - 1);
		if (len == -1)
			return -1;
		link[len] = 0;
		slash = strrchr(link, '/');
		snprintf(name, sizeof name, "%s", slash ? slash + 1 : link);
	}
	if (is_partition(name))
		return parent_of(name, disk, n);
	if (strlen(name) >= n) {
		errno = ENAMETOOLONG;
		return -1;
	}
	strcpy(disk, name);
	return 0;
}

/* 1 when the partition's uevent has PARTNAME=label; its PARTN goes to *number. */
static int
has_label(const char *part, const char *label, unsigned *number)
{
	char path[560], text[1024], want[80], *at;

	snprintf(path, sizeof path, "/sys/class/block/%s/uevent", part);
	if (init_file_read(path, text, sizeof text) == -1)
		return 0;
	snprintf(want, sizeof want, "\nPARTNAME=%s\n", label);
	if (!strstr(text, want) || !(at = strstr(text, "\nPARTN=")))
		return 0;
	*number = (unsigned)atoi(at + 7);
	return *number > 0;
}

int
init_disk_find(struct init_disk *d, const char *label)
{
	char path[320], parent[32];
	struct dirent *e;
	int rc = -1;
	DIR *dir;

	if (root_disk(d->disk, sizeof d->disk) == -1)
		return -1;
	dir = opendir("/sys/class/block");
	if (!dir)
		return -1;
	errno = ENOENT;
	while (rc == -1 && (e = readdir(dir))) {
		snprintf(path, sizeof path, "%s", e->d_name);
		if (*path == '.' || strlen(path) >= sizeof d->part || !is_partition(path)
		    || parent_of(path, parent, sizeof parent) == -1 || strcmp(parent, d->disk) != 0
		    || !has_label(path, label, &d->number))
			continue;
		snprintf(d->part, sizeof d->part, "%.*s", (int)sizeof d->part - 1, path);
		rc = 0;
	}
	closedir(dir);
	if (rc == -1)
		errno = ENOENT;
	return rc;
}
