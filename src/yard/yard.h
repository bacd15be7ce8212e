/*
 * yard: the machines of the Test Provider.  A machine is a tree of processes
 * in namespaces of its own (mounts, processes, network, host name, IPC,
 * cgroup), whose root directory is the sealed tree under a disk of its own,
 * and whose user has no privilege.  All mounts are made in the machine's
 * namespace: when its last process is gone, so are they.
 */
#ifndef CAM_YARD_H
#define CAM_YARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The sealed tree, and the empty disk in it that a machine begins with. */
#define YARD_TREE "/run/cam/demo-tree"
#define YARD_DISK_TEMPLATE YARD_TREE "/machine.ext4"
#define YARD_DISKS "/data/yard"
#define YARD_CGROUP "/sys/fs/cgroup/machines"
/* The first loop device of machines; the one of slot n is this and n. */
#define YARD_LOOP 65
/* Machines at once. */
#define YARD_SLOTS 8
/* The user of slot n's machine is this and n; nobody else has these numbers. */
#define YARD_USER 64000
/* "m-" and 16 characters, with the 0. */
#define YARD_NAME 20
/* Memory of one machine, MiB. */
#define YARD_MEMORY_MAX 256
/* Processes of one machine. */
#define YARD_PIDS "96"
/* Milliseconds until killed processes are gone. */
#define YARD_GONE 5000
/* Bytes of an error for a person. */
#define YARD_WHY 160

/* What a machine is made of; texts borrowed from the message. */
struct yard_machine {
	char name[YARD_NAME];
	unsigned slot;
	unsigned memory;		/* MiB */
	const char *hostname;
	const char *conf, *ca;
	size_t conf_len, ca_len;
};

/* Is it "m-" and letters and digits? */
bool yard_name_valid(const char *name);

/* ---- group.c: a machine's control group says what belongs to it ---- */

/* Makes it with its bounds. 0, or -1 with errno. */
int group_make(const struct yard_machine *m);
/* Has it a process? */
bool group_alive(const char *machine);
/* Puts a process into it. 0, or -1 with errno. */
int group_enter(const char *machine, pid_t pid);
/* Ends all of it, waits, removes it. 0 also when there is none, -1 with errno. */
int group_end(const char *machine);
/* Calls each for every group there is. */
void group_each(void (*each)(const char *machine, void *arg), void *arg);

/* ---- disk.c ---- */

/* Makes the disk of a machine unless it is there. 0, or -1 with errno. */
int disk_make(const char *machine);
bool disk_present(const char *machine);
/* 0 also when there is none. */
int disk_remove(const char *machine);
void disk_each(void (*each)(const char *machine, void *arg), void *arg);
/* The disk as a block device, at the slot's loop device: inside the machine's mount namespace. The device goes with its
 * last use. Its path in out; 0, or -1 with errno. */
int disk_attach(const char *machine, unsigned slot, char out[32]);

/* ---- wire.c: the card between appliance and machine, 169.254.77.2n/31 here, the next address there ---- */

#define YARD_ADDRESS "169.254.77."
/* From outside, for a process in the machine's network namespace. 0, or -1 with errno. */
int wire_make(unsigned slot, pid_t pid, const char *machine);
/* From inside. */
int wire_up(unsigned slot);

/* ---- place.c: inside the namespaces, until the machine's first program runs ---- */

/* Mounts, network, user, filter, first program. Returns only on error, with why. */
void place_enter(const struct yard_machine *m, char why[YARD_WHY]);

/* ---- drop.c ---- */

/* Gives up every privilege for the machine's user. 0, or -1 with errno. */
int drop_privileges(unsigned slot);
/* Nothing but TCP to port 443, no privileged call. 0, or -1 with errno. */
int drop_fence(void);

/* ---- machine.c ---- */

/* Starts it unless it runs. 0, or the status to refuse with and why. */
int machine_start(const struct yard_machine *m, char why[YARD_WHY]);

#endif
