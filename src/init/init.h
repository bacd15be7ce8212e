/*
 * init: the first process of the appliance.
 * Kernel stage (mounts, clock, data partition), house stage (rooms' directories, s6-svscan), and the
 * small programs s6 calls at the end (by the name they are called with).
 */
#ifndef INIT_INIT_H
#define INIT_INIT_H

#include <stddef.h>
#include <stdint.h>

#define INIT_OK 0
#define INIT_USAGE 100	/* do not start again */
#define INIT_SYSTEM 111	/* start again */

#define INIT_RELEASE "/etc/cam/release"
#define INIT_RUN "/run/init"		/* ours alone, root 0700 */
#define INIT_SERVICES "/etc/cam/services"
#define INIT_SCAN "/run/service"

/* say.c: lines `init: ...` on every console (through the kernel log), or on stderr where there is none. */
void init_say_open(void);
void init_say(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Runs a program to its end, its output said line by line. Returns its exit code, or 128 + signal, or 111. */
int init_run(const char *const argv[]);

/* file.c: small files. */
/* Reads at most n - 1 bytes into buf and ends it with NUL. Returns the length, or -1 with errno. */
int init_file_read(const char *path, char *buf, int n);
/* Writes text into an existing file (or makes it, 0600). Returns 0, or -1 with errno. */
int init_file_write(const char *path, const char *text);
/* Value of KEY= in /etc/cam/release. Returns 0, or -1 with errno ENOENT. */
int init_release(const char *key, char *buf, int n);

/* mounts.c */
/* The kernel's own file systems and /run. Returns 0, or -1 after saying what failed. */
int init_mounts(void);
void init_sysctl(void);

/* clock.c: a clock before the build, or more than ten years after it, is set to the build's time. */
void init_clock(void);

/* disk.c */
struct init_disk {
	char disk[32];		/* kernel name of the whole disk, e.g. "vda" */
	char part[32];		/* kernel name of the partition, e.g. "vda6" */
	unsigned number;	/* its number in the table, from 1 */
};

/* Finds the partition with GPT label `label` on the disk the root file system is on. 0, or -1 with errno. */
int init_disk_find(struct init_disk *d, const char *label);

/* grow.c: takes the last partition to the end of its disk. Returns 0 (grown or not needed), or -1 (said). */
int init_grow(const struct init_disk *d);

/* data.c: checks, mounts at /data and enlarges. Does not return when the person has to decide. */
void init_data(const struct init_disk *d);
/* Empties /data when a factory reset was asked for. */
void init_data_reset(void);

/* demo.c: mounts the sealed tree of the Test Provider's machines, where the image has one. Says what fails. */
void init_demo(void);

/* house.c: the house stage; returns only on error, with an exit code. */
int init_house(void);

/* end.c: asks s6-svscan to bring the house down ("poweroff", "reboot" or "halt"), and the last steps after it. */
int init_end_ask(const char *verb);
int init_end_finish(void);
int init_end_crash(void);
/* Stops the machine now; in a process that is not PID 1 it only exits. */
void init_end_now(const char *verb) __attribute__((noreturn));

/* power.c: the service `power`: obeys sysd's words, hears the power button, has the boot marked good. */
int init_power(void);
/* Makes the FIFO those words come through. Before the rooms start: sysd's fence names it. 0, or -1 (said). */
int init_power_fifo(void);

/* button.c: a socket that is readable at ACPI events, or -1; and whether the event read was the power button. */
int init_button_open(void);
int init_button_pressed(int fd);

/* fence.c: what the service `power` does not need, it gives up here for good. 0, or -1 with errno. */
int init_fence(void);

/* good.c: takes the boot counter off the entry this boot came from. Returns 0, or -1 (said). */
int init_good(void);
/*
 * From the boot loader's variable (attributes, UTF-16LE path) to the path it booted and the one without a counter, both
 * of n bytes. 1: to be renamed, 0: it has no counter, -1: not a path that could be ours.
 */
int init_good_names(const uint8_t *raw, size_t have, char *path, char *good, size_t n);

#endif
