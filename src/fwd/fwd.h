/* fwd: what its files share. */
#ifndef CAM_FWD_H
#define CAM_FWD_H

#include <ev.h>
#include <stdbool.h>
#include <stdint.h>
#include <yyjson.h>

#include "firewall/firewall.h"
#include "ipc/ipc.h"

/* Seconds a change of the console has until it is confirmed. */
#define FWD_CONFIRM 30.0
/* After a start with a policy in the kernel: so long it stays until all is known of which one it shall be, seconds. */
#define FWD_PATIENCE 10.0

/* ---- policy.c: what shall be, and what is ---- */

/* Puts the base policy in when there is none, else leaves what is there until core has spoken. */
void policy_open(struct ev_loop *loop);
/* core's model {"generation":n,"peers":{name:["address",..]},"names":{name:["host",..]},
 * "hosts":{name:[{"host":"name or address","ports":[n,..]},..]},"on":["condition",..],"own":"text"}.  confirm: it goes back by itself
 * after FWD_CONFIRM seconds.  0, or -1 with a sentence; then nothing has changed. */
int policy_model(yyjson_val *model, bool confirm, char error[FW_ERROR]);
/* sysd's state: name servers, time servers, our own addresses. */
void policy_state(yyjson_val *state);
/* 0 when the waiting change of that generation is kept from now on; else -1 with a sentence. */
int policy_confirm(int64_t generation, char error[FW_ERROR]);
/* Somebody else has changed our table: puts it back. */
void policy_drifted(void);
/* A peer's addresses are others than before, or their time is over. */
void policy_names(void);
/* Is what shall be in the kernel?  Else *why is a sentence, NULL while core's word is waited for. */
bool policy_in_place(const char **why);
/* Is this one of the appliance's own addresses? */
bool policy_is_self(const struct addr *a);
/* Adds its members to the status. */
void policy_status(yyjson_mut_doc *d, yyjson_mut_val *o);

/* ---- book.c: addresses of peers that are known by their names ---- */

void book_open(struct ev_loop *loop);
/* A model of core's, of which it takes the names and those hosts that are names: book_bind is by them from now on.  book_settle then says whether the model
 * is in force: what it does not name is forgotten and what is new is looked up, or all is as before. */
void book_model(yyjson_val *model);
void book_settle(bool good);
/* sysd's time servers, of which those that are addresses are left out.  What is named no more is closed. */
void book_times(yyjson_val *servers);
/* Is a name being looked up? */
bool book_busy(void);
/* Adds the addresses that hold now to the peers of a binding. */
void book_bind(struct fw_binding *b, const struct fw_tables *t);
/* PROTO_FWD_RESOLVE. */
void book_resolve(struct ipc_conn *conn, struct ipc_msg *msg);
void book_closed(struct ipc_conn *conn);
/* The policy has been applied, or refused: who waits for it is answered. */
void book_applied(void);
void book_status(yyjson_mut_doc *d, yyjson_mut_val *o);

/* ---- drops.c: the last packets that were dropped, from the kernel's log ---- */

int drops_open(struct ev_loop *loop);
void drops_status(yyjson_mut_doc *d, yyjson_mut_val *o);

/* One message of nfnetlink_log, for the fuzz target. */
struct drop {
	int64_t time;			/* wall clock */
	char reason[32];
	struct addr from, to;
	unsigned protocol;
	uint16_t sport, dport;		/* type and code of ICMP */
};
bool drop_parse(struct drop *p, const void *msg, size_t len);

/* ---- core.c: core and sysd ---- */

void core_open(struct ev_loop *loop);

#endif
