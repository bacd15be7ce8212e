/*
 * keyd: keeps the keys of the appliance.  Signs for gate, issues certificates,
 * seals and unseals for core.  See docs/keyd.md.
 */
#include <fcntl.h>
#include <signal.h>
#include <sodium.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "keyd.h"
#include "log/log.h"

#define USAGE "runs as room keyd, without arguments"
#define DIRECTORY "/data/keyd"
#define BOOT_ID "/proc/sys/kernel/random/boot_id"
/* A UUID in text. */
#define BOOT_ID_LEN 36

static void open_ring(struct keyd *k)
{
	const char *what;

	switch (keyring_open(&k->ring, DIRECTORY, keyd_built(), keyd_now(), &what)) {
	case KEYRING_MADE:
		log_info("%s: first boot: keys made for appliance %s", DIRECTORY, k->ring.id);
		return;
	case KEYRING_OPENED:
		return;
	case KEYRING_DAMAGED:
		log_usage("%s/keys/%s: damaged or missing: restore a backup or reset to factory", DIRECTORY, what);
	case KEYRING_SYSTEM:
	case KEYRING_INVALID:
		log_fatal("%s: %s", DIRECTORY, what);
	}
}

/* Tickets end with the boot: CLOCK_BOOTTIME starts again, so must their key. */
static void make_ticket_key(struct keyd *k)
{
	char boot_id[BOOT_ID_LEN + 1] = "";
	int fd = open(BOOT_ID, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || read(fd, boot_id, BOOT_ID_LEN) != BOOT_ID_LEN)
		log_fatal("%s", BOOT_ID);
	close(fd);
	k->ticket_key = sodium_malloc(SEAL_KEY);
	if (!k->ticket_key)
		log_fatal("ticket key: no memory");
	seal_ticket_key(k->ticket_key, k->ring.secrets->ticket, boot_id);
	sodium_mprotect_readonly(k->ticket_key);
}

static void on_message(struct ipc_conn *c, struct ipc_msg *msg, void *arg)
{
	keyd_dispatch(arg, c, msg);
}

int main(int argc, char **argv)
{
	static const struct ipc_server_ops ops = { .message = on_message };
	static struct keyd k;
	const struct room *self = room_self();

	(void)argv;
	log_open("keyd");
	if (argc != 1 || !self || self->id != ROOM_KEYD)
		log_usage(USAGE);
	/* no core dump, no reading of our memory by a process of the same user */
	if (prctl(PR_SET_DUMPABLE, 0) || sodium_init() < 0)
		log_fatal("start");
	signal(SIGPIPE, SIG_IGN);
	open_ring(&k);
	make_ticket_key(&k);
	keyd_upgrade_start(&k);
	k.loop = ev_default_loop(EVBACKEND_EPOLL | EVFLAG_NOENV);
	if (!k.loop)
		log_fatal("event loop");
	k.server = ipc_server_open(k.loop, &ops, &k);
	keyd_renew_start(&k);
	keyd_certificate_start(&k);
	keyd_jwt_start(&k);
	room_fence();
	room_ready();
	ev_run(k.loop, 0);
	return 0;
}
