/*
 * sysd: the machine's addresses, host name and power.
 *
 * main.c wires the parts: settings (what a person chose), trial (the way back
 * of a network that was set from afar), network (what the
 * kernel has, made so), services (who runs), state (told to net and tty), core
 * (tasks and facts), power (the word to init).
 */
#ifndef SYSD_H
#define SYSD_H

#include <ev.h>
#include <stdbool.h>
#include <sys/types.h>

#include "ipc/ipc.h"
#include "netconf/netconf.h"

/* Addresses of all links looked at; an interface with more temporary v6 addresses than that is not ours to list. */
#define SYSD_ADDRESSES_MAX 64
/* Rooms whose state is shown. */
#define SYSD_SERVICES_MAX 32
#define SYSD_SERVICE_NAME_MAX 16

/* ---- file.c ---- */

/* Reads /data/sysd/<name>.  Its length, or -1 with errno; EFBIG when it fills buf. */
ssize_t file_read(const char *name, char *buf, size_t size);
/* Replaces it, whole or not at all.  0, or -1 with errno. */
int file_replace(const char *name, const char *text, size_t len);

/* ---- settings.c ---- */

/* Reads /data/sysd/network.json; a missing or unreadable file means the default. */
void settings_load(struct netconf *c);
/* Writes it whole or not at all.  0, or -1 with errno. */
int settings_save(const struct netconf *c);

/* ---- trial.c ---- */

/* A change's name, bytes with the terminating 0. */
#define TRIAL_NAME_MAX 32

/* The network that was there before the trial, as netconf_set_network takes it. */
typedef void trial_back_fn(yyjson_val *former);

/* Reads /data/sysd/trial.json. A start ends a trial: when one was on, back is called at once. */
void trial_open(struct ev_loop *loop, trial_back_fn *back);
/* Keeps the present network as the way back and begins to wait NETCONF_TRIAL_SECONDS; during a trial the first way back stays.
 * 0, or -1 with errno and nothing changed. */
int trial_begin(const char *change, const struct netconf *present);
/* Was this the newest change, confirmed, on trial or over? */
bool trial_knows(const char *change);
/* The change stays. 0, also when it was confirmed before; -1 with *why. */
int trial_confirm(const char *change, const char **why);
/* The network was set otherwise, or not at all: no way back any more. */
void trial_drop(void);
/* The change on trial and until when (microseconds since 1970); NULL when there is none. */
const char *trial_change(int64_t *until);

/* ---- network.c ---- */

/* Opens the kernel's sockets and sets everything up once.  changed runs from the loop
 * after each change that was seen. */
void network_open(struct ev_loop *loop, const struct netconf *c, void (*changed)(void));
/* The settings changed: forget leases when the mode is another, and apply. */
void network_settings(const struct netconf *c);
/* A fact from net. */
void network_lease(const struct lease *l);

/* What there is now; valid until the loop runs again. */
unsigned network_ports(const struct netconf_port **ports);
unsigned network_addresses(const struct netlink_address **addresses);
const struct netconf_plan *network_plan(void);
/* Would a person call this an address of the appliance: usable, on a card, not link-local? */
bool network_address_shown(const struct netlink_address *a);

/* ---- services.c ---- */

struct service {
	char name[SYSD_SERVICE_NAME_MAX];
	int pid;		/* 0 = not running */
	unsigned long starts;
	int64_t since;		/* microseconds since 1970, of the last start */
};

/* Follows the launcher's notes; changed runs after each change. */
void services_open(struct ev_loop *loop, void (*changed)(void));
unsigned services_list(const struct service **list);

/* ---- state.c ---- */

/* The body of PROTO_SYSD_STATE; NULL when memory is out. */
yyjson_mut_doc *state_make(const struct netconf *c);
/* Adds "services" to the object: who runs. */
void state_services(yyjson_mut_doc *d, yyjson_mut_val *root);

/* ---- facts.c ---- */

/* Bytes of the network's settings as JSON: five addresses and a card's name, with what JSON adds. */
#define FACTS_NETWORK_MAX 1024

/* What core is told about the machine. */
struct facts {
	struct addr addresses[SYSD_ADDRESSES_MAX];
	unsigned count;
	char hostname[ADDR_HOSTNAME_MAX + 1];
	char network[FACTS_NETWORK_MAX];	/* JSON: how it is set, and the change on trial; not kept over a restart */
};

void facts_now(struct facts *f, const struct netconf *c);
bool facts_equal(const struct facts *a, const struct facts *b);
/* Is a the same as b but for addresses that are missing? */
bool facts_fewer(const struct facts *a, const struct facts *b);
/* {"addresses":[...],"hostname":"...","network":{...}} in a new document's value. */
yyjson_mut_val *facts_value(const struct facts *f, yyjson_mut_doc *d);
/* What core has accepted last, kept over a restart.  Empty when there is nothing kept. */
void facts_load(struct facts *f);
void facts_save(const struct facts *f);

/* ---- core.c ---- */

/* What a task asks; 0, or -1 with why. */
typedef int core_task_fn(const char *kind, yyjson_val *input, const char **why);

/* Connects to core and keyd, works on tasks. */
void core_open(struct ev_loop *loop, core_task_fn *task);
/* Tells core the addresses and the host name when they are not what it heard last.  Addresses
 * that are only missing are told after a while: they may come back, and each change costs a new certificate. */
void core_facts(const struct netconf *c);
/* Tells core which services run; after each change of them. */
void core_services(void);
/* Tells keyd that the clock was set. */
void core_clock_stepped(void);

/* ---- power.c ---- */

/* Gives one word to init's power service.  0, or -1 with errno (ENXIO: it is not up). */
int power_word(const char *word);
/* Sets the kernel's host name through it, again and again until it is up. */
void power_hostname(struct ev_loop *loop, const char *name);

#endif
