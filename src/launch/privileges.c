#include "launch.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "log/log.h"

#define CAP_WORDS _LINUX_CAPABILITY_U32S_3

/* User 0 and a changed user id give no capability, for this process and all
 * that come from it. */
#define SECUREBITS (SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | \
	SECBIT_NO_SETUID_FIXUP | SECBIT_NO_SETUID_FIXUP_LOCKED | SECBIT_KEEP_CAPS_LOCKED)
#define SECUREBITS_LAST (SECUREBITS | SECBIT_NO_CAP_AMBIENT_RAISE | SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED)

static void bounding_drop(const struct room *row)
{
	for (unsigned cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
		if ((row->capabilities & ROOM_CAPABILITY(cap)) == 0 &&
				prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) == -1)
			log_fatal("%s: drop capability %u", row->name, cap);
}

/* Member of the clients' group of each room it may connect to, or whose files it reads. */
static void groups_set(const struct room *row)
{
	gid_t groups[ROOM_COUNT];
	size_t n = 0;

	for (int id = ROOM_NONE + 1; id < ROOM_COUNT; id++) {
		const struct room *to = room_by_id((enum room_id)id);

		if (room_may_connect(row, to) || (row->reads & ROOM_BIT(to->id)))
			groups[n++] = to->uid + ROOM_CLIENTS_GROUP;
	}
	if (setgroups(n, groups) == -1)
		log_fatal("%s: groups", row->name);
}

static void capabilities_put(const struct room *row, uint64_t permitted, uint64_t inheritable)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[CAP_WORDS];

	for (unsigned i = 0; i < CAP_WORDS; i++) {
		data[i].permitted = data[i].effective = (uint32_t)(permitted >> (32 * i));
		data[i].inheritable = (uint32_t)(inheritable >> (32 * i));
	}
	if (syscall(SYS_capset, &head, data) != 0)
		log_fatal("%s: capabilities", row->name);
}

static void ambient_raise(const struct room *row)
{
	for (unsigned cap = 0; cap < 64; cap++)
		if ((row->capabilities & ROOM_CAPABILITY(cap)) != 0 &&
				prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0) == -1)
			log_fatal("%s: raise capability %u", row->name, cap);
}

/* CAP_SETPCAP is kept one step longer than the rest: it closes the securebits
 * after the ambient set is complete. */
void privileges_drop(const struct room *row)
{
	gid_t gid = row->uid;

	bounding_drop(row);
	groups_set(row);
	if (prctl(PR_SET_SECUREBITS, SECUREBITS, 0, 0, 0) == -1)
		log_fatal("%s: securebits", row->name);
	if (setresgid(gid, gid, gid) == -1 || setresuid(row->uid, row->uid, row->uid) == -1)
		log_fatal("%s: user %u", row->name, (unsigned)row->uid);
	capabilities_put(row, row->capabilities | ROOM_CAPABILITY(CAP_SETPCAP), row->capabilities);
	ambient_raise(row);
	if (prctl(PR_SET_SECUREBITS, SECUREBITS_LAST, 0, 0, 0) == -1)
		log_fatal("%s: securebits", row->name);
	capabilities_put(row, row->capabilities, row->capabilities);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		log_fatal("%s: no_new_privs", row->name);
}
