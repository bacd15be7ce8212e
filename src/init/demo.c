#include "init.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define SEALED "/usr/share/cam/demo.squashfs"
#define TREE "/run/cam/demo-tree"
/* The loop device of the tree; those of the machines' disks follow (src/yard). */
#define LOOP_FIRST 64
#define LOOPS 9

/* The kernel makes a device when it is asked for one by number; its name comes with it. */
static void make_devices(void)
{
	int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);

	if (control == -1)
		return;
	for (int i = 0; i < LOOPS; i++)
		if (ioctl(control, LOOP_CTL_ADD, LOOP_FIRST + i) == -1 && errno != EEXIST)
			init_say("loop device %d: %m", LOOP_FIRST + i);
	close(control);
}

static int attach(int file, const char *device)
{
	struct loop_config c = { .fd = (unsigned)file, .info.lo_flags = LO_FLAGS_READ_ONLY | LO_FLAGS_AUTOCLEAR };
	int fd = open(device, O_RDONLY | O_CLOEXEC);

	if (fd == -1)
		return -1;
	if (ioctl(fd, LOOP_CONFIGURE, &c) == 0)
		return fd;
	close(fd);
	return -1;
}

void init_demo(void)
{
	int file = open(SEALED, O_RDONLY | O_CLOEXEC), device;
	char name[32];

	if (file == -1)
		return;
	make_devices();
	snprintf(name, sizeof name, "/dev/loop%d", LOOP_FIRST);
	device = attach(file, name);
	close(file);
	if ((mkdir(TREE, 0755) == -1 && errno != EEXIST) || device == -1
	    || mount(name, TREE, "squashfs", MS_RDONLY | MS_NOSUID | MS_NODEV, NULL) == -1)
		init_say("%s: cannot mount: %m", SEALED);
	if (device != -1)
		close(device);
}
