/*
 * keyd: the parts of the program, for one another.
 */
#ifndef CAM_KEYD_H
#define CAM_KEYD_H

#include <ev.h>
#include <stdint.h>
#include <yyjson.h>

#include "ipc/ipc.h"
#include "keyring/keyring.h"

/* Longest secret that is sealed, bytes: a certificate chain with its key fits. */
#define KEYD_PLAIN_MAX 65536u
/* Longest request, bytes: such a secret sealed, in base64, and its place. */
#define KEYD_BODY_MAX 98304u
/* Longest life of a ticket, seconds: no task waits longer for its secret. */
#define KEYD_TICKET_MAX 86400
/* Longest trial of a certificate, seconds. */
#define KEYD_TRIAL_MAX 3600
/* Longest release file that is read, bytes. */
#define KEYD_RELEASE_MAX 4096
/* Version of the agent and SHA-256 in hex, each with its terminating 0. */
#define KEYD_VERSION 64
#define KEYD_SUM 65

/* The agent this image ships; "" as version = none. */
struct keyd_upgrade {
	char version[KEYD_VERSION], sum[KEYD_SUM];
	char signature[100];		/* of the authority that machines pin, DER, base64url without padding */
};

struct keyd {
	struct keyring ring;
	uint8_t *ticket_key;		/* SEAL_KEY bytes, locked; of this boot */
	struct ev_loop *loop;
	struct ipc_server *server;
	ev_io clock;			/* timerfd: the next renewal, or a step of the clock */
	ev_timer retry;			/* something of the ring waits to be written */
	ev_timer trial;			/* an uploaded certificate goes back unless it is confirmed */
	struct keyd_upgrade upgrade;
	int64_t generation;		/* of the chains; grows, also across restarts within a boot */
};

/* One kind of request. */
typedef void keyd_handler(struct keyd *k, struct ipc_conn *c, struct ipc_msg *msg);

keyd_handler keyd_sign, keyd_chains, keyd_identity, keyd_names, keyd_seal, keyd_ticket, keyd_unseal,
	keyd_clock, keyd_jwt, keyd_checkpoint, keyd_request, keyd_upload, keyd_certificate;

/* Looks the request up, checks who sent it, calls its handler. */
void keyd_dispatch(struct keyd *k, struct ipc_conn *c, struct ipc_msg *msg);

/* ---- renew.c ---- */

/* Starts watching the clock; exits the process when it cannot. */
void keyd_renew_start(struct keyd *k);
/* Tells everybody after the ring changed, and keeps trying to write it. */
void keyd_changed(struct keyd *k, enum keyring_change change, const char *why);
/* Tells everybody that another certificate is shown. */
void keyd_shown(struct keyd *k, const char *why);
/* Wall clock, seconds since 1970. */
int64_t keyd_now(void);

/* ---- identity.c ---- */

/* As replies (type and seq of the request) and as notices. */

void keyd_send_chains(struct keyd *k, struct ipc_conn *c, uint8_t flags, uint32_t seq);
void keyd_send_identity(struct keyd *k, struct ipc_conn *c, uint8_t flags, uint16_t type, uint32_t seq);

/* Reads "names" into names; refuses the request when it is no good: -1. */
int keyd_take_names(struct keyd *k, struct ipc_conn *c, struct ipc_msg *msg, yyjson_val *root, struct x509_names *names);
/* Adds {"names":[...]}. */
void keyd_add_names(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key, const struct x509_names *names);

/* Tells core. */
void keyd_tell_identity(struct keyd *k);

/* ---- certificate.c ---- */

/* Before the first request. */
void keyd_certificate_start(struct keyd *k);

/* ---- jwt.c ---- */

/* Has the key for tokens made, in a thread, unless it is there. */
void keyd_jwt_start(struct keyd *k);

/* ---- upgrade.c ---- */

/* Signs the agent that the release file names, before the fence. */
void keyd_upgrade_start(struct keyd *k);
/* What a release file says of it; false: nothing, or nothing that is well formed. */
bool keyd_upgrade_parse(const char *release, char version[KEYD_VERSION], char sum[KEYD_SUM]);
/* Adds it to the identity, as "agent". */
void keyd_upgrade_add(const struct keyd *k, yyjson_mut_doc *doc, yyjson_mut_val *root);

/* ---- built.c ---- */

/* /etc/cam/release; empty when it cannot be read. */
void keyd_release(char text[KEYD_RELEASE_MAX + 1]);

/* The build time of the image, seconds since 1970, from /etc/cam/release; the program's
 * own lower bound when the file does not say. */
int64_t keyd_built(void);
/* The same from the file's text; 0 when it does not say. */
int64_t keyd_built_parse(const char *text);

#endif
