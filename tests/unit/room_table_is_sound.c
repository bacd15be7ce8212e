/* The process table can be relied on: ids, links, texts and lists fit together. */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "room/calls.h"
#include "room/landlock.h"
#include "room/room.h"

#define ROOM_UID_FIRST 101

static int bad;

static void expect(int good, const char *room, const char *what)
{
	if (good)
		return;
	printf("%s: %s\n", room, what);
	bad = 1;
}

static int has(const int *list, int nr)
{
	for (; list != NULL && *list != -1; list++)
		if (*list == nr)
			return 1;
	return 0;
}

static int plain(const char *text)
{
	return *text != '\0' && strpbrk(text, "\"\\|`\n") == NULL;
}

static void texts(const struct room *r)
{
	expect(strspn(r->name, "abcdefghijklmnopqrstuvwxyz") == strlen(r->name), r->name, "name");
	expect(plain(r->job), r->name, "the text of its job would have to be quoted");
	expect(strncmp(r->program, "/bin/", 5) == 0 && plain(r->program), r->name, "program");
}

static void identity(const struct room *r, int id)
{
	expect((int)r->id == id, r->name, "id");
	expect(r->uid == (uid_t)(ROOM_UID_FIRST + id - 1), r->name, "user id");
	expect(room_by_name(r->name) == r && room_by_uid(r->uid) == r, r->name, "is not found again");
}

static void links(const struct room *r)
{
	for (int id = 0; id < ROOM_COUNT; id++) {
		const struct room *to = room_by_id((enum room_id)id);

		if ((r->links & ROOM_BIT(id)) != 0)
			expect(to != NULL && to->listens && room_may_connect(r, to), r->name,
				"links to a room that does not listen");
		else
			expect(!room_may_connect(r, to), r->name, "may connect without a link");
	}
}

/* Of these, what a room needs that makes mounts and starts programs as other users; it is one room. */
static int making_places(const struct room *r, int nr)
{
	static const int calls[] = { SYS_mount, SYS_umount2, SYS_pivot_root, SYS_setuid, SYS_setresuid, SYS_setgroups, SYS_seccomp, -1 };

	return r->mounts && r->id == ROOM_YARD && has(calls, nr);
}

/* Calls that undo the fence or reach other rooms are in no list. */
static void calls(const struct room *r)
{
	static const int never[] = { SYS_ptrace, SYS_process_vm_readv, SYS_process_vm_writev, SYS_mount,
		SYS_umount2, SYS_pivot_root, SYS_chroot, SYS_unshare, SYS_setns, SYS_bpf, SYS_keyctl,
		SYS_init_module, SYS_finit_module, SYS_kexec_load, SYS_ioperm, SYS_iopl, SYS_personality,
		SYS_perf_event_open, SYS_userfaultfd, 425 /* io_uring_setup */, SYS_open_by_handle_at,
		SYS_setuid, SYS_setresuid, SYS_setgroups, SYS_seccomp, SYS_pkey_mprotect, -1 };

	for (const int *c = never; *c != -1; c++)
		expect((!has(r->syscalls, *c) || making_places(r, *c)) && !has(room_calls_common, *c), r->name,
			room_syscall_name(*c));
	for (const int *c = r->syscalls; c != NULL && *c != -1; c++) {
		expect(room_syscall_name(*c) != NULL, r->name, "a call without a name");
		expect(!has(room_calls_common, *c), r->name, "lists a common call");
		expect(!has(room_calls_checked, *c) || *c == SYS_ioctl || *c == SYS_prctl ||
			(*c == SYS_prlimit64 && r->mounts), r->name,
			"lists a call whose arguments are checked");
	}
}

static void budgets(const struct room *r)
{
	expect(r->memory >= 4u << 20 && r->nofile >= 16 && r->nproc >= 1, r->name, "limits");
	expect(r->memlock <= r->memory, r->name, "locks more than it has");
	expect((r->families & (ROOM_FAMILY(AF_UNIX) | ROOM_FAMILY(AF_INET) | ROOM_FAMILY(AF_INET6))) == 0,
		r->name, "families that inet stands for");
	for (const struct room_path *p = r->paths; p != NULL && p->path != NULL; p++) {
		expect(p->path[0] == '/' && plain(p->path) && p->rights != 0, r->name, p->path);
		if ((p->rights & LL_WRITE_FILE) != 0)
			expect((p->rights & LL_EXECUTE) == 0, r->name, "writes where it executes");
	}
}

int main(void)
{
	for (int id = ROOM_NONE + 1; id < ROOM_COUNT; id++) {
		const struct room *r = room_by_id((enum room_id)id);

		identity(r, id);
		texts(r);
		links(r);
		calls(r);
		budgets(r);
	}
	expect(room_by_id(ROOM_NONE) == NULL && room_by_id(ROOM_COUNT) == NULL, "none", "is a row");
	expect(room_by_name("") == NULL && room_by_name("root") == NULL, "unknown name", "is a row");
	expect(room_by_uid(0) == NULL, "user 0", "is a row");
	return bad;
}
