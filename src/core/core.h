/*
 * core: the truth.  What its files share.
 *
 * Three kinds of threads.  The loop's thread owns struct core, every
 * connection and every call.  The writer thread runs jobs in group commits,
 * reader threads run queries; both see a call only between its hand-over and
 * its return, and touch only what the call holds.
 */
#ifndef CAM_CORE_H
#define CAM_CORE_H

#include <ev.h>
#include <stdbool.h>
#include <stdint.h>
#include <yyjson.h>

#include "answer.h"
#include "object.h"
#include "principal.h"
#include "throttle.h"
#include "db/writer.h"
#include "ipc/ipc.h"
#include "jwt/jwt.h"
#include "verb/verb.h"
#include "work/work.h"

#define CORE_DIRECTORY "/data/core"
#define CORE_DATABASE CORE_DIRECTORY "/core.db"
#define CORE_RESERVE "/data/core/reserve"
/* Space held back for signing in and deleting when the disk is full, bytes: a short write-ahead log twice, and, where the disk has
 * room for a long one, that, whose pages may all be new to the database when it is copied back. */
#define CORE_RESERVE_BYTES (2 * DB_WAL_BYTES)
#define CORE_RESERVE_LONG (DB_LOG_BYTES + CORE_RESERVE_BYTES)
#define CORE_READERS 2
/* A call that is not answered by then is answered 503, seconds. */
#define CORE_DEADLINE 20.0
/* Calls in work at once; more are answered 503 at once. */
#define CORE_CALLS_MAX 4096
/* Addresses the appliance may have. */
#define CORE_ADDRESSES 64
#define CORE_ADDRESS_TEXT 46
/* Services that sysd may name, and bytes of a name. */
#define CORE_SERVICES 32
#define CORE_SERVICE_TEXT 24
#define CORE_HOSTNAME_TEXT 254

struct core_setup_code;
struct secrets;
struct core_follower;
struct core_engine;
struct core_agents;

/* What keyd says about the appliance. */
struct core_identity {
	bool known;
	char id[33];
	char fingerprint[128];
	char agents_name[CORE_HOSTNAME_TEXT];
	char *ca_pem;		/* authority of the certificate (malloc) */
	char *crl;		/* its revocation list, base64url (malloc) */
	char *names;		/* whom the certificate is for: a JSON array (malloc) */
	bool uploaded;		/* it is of another authority */
	int64_t not_before, not_after;	/* of the certificate, microseconds since 1970 UTC */
	char activity_pem[256];	/* public key of the activity's checkpoints */
	bool jwt_known;		/* there is a key for tokens */
	struct jwt_public jwt;
};

/* The agent this image ships, signed by keyd (docs/agent-protocol.md). Set once, before anybody reads it, and never changed. */
struct core_upgrade {
	bool known;
	char version[64], sum[65], signature[128];
};

/* A program of the appliance, as sysd sees it. */
struct core_service {
	char name[CORE_SERVICE_TEXT];
	int64_t pid;		/* 0 = does not run */
	int64_t starts;		/* since the appliance started */
	int64_t since;		/* last start, microseconds since 1970 UTC */
};

struct core {
	struct ev_loop *loop;
	struct ipc_server *server;
	struct ipc_client *keyd, *hashd, *fwd;
	struct work_pool *writer, *readers;
	struct db_writer commit;		/* writer's thread once it runs */
	bool uncommitted;			/* the same thread's: a transaction began and was not kept (yet) */
	struct core_throttle throttle;

	struct core_call *calls, **calls_last;	/* waiting for an answer, oldest first */
	unsigned calls_count;
	struct ev_timer deadline;

	char version[32];
	bool development;
	bool setup;				/* set up: an administrator exists */
	bool full;				/* the last change found no space */
	struct core_setup_code *code;
	struct core_identity identity;
	struct core_upgrade upgrade;
	char dummy_hash[256];			/* for sign-in with unknown names; "" = not made yet */

	char hostname[CORE_HOSTNAME_TEXT];	/* of the settings, "" = none */
	char fact_hostname[CORE_HOSTNAME_TEXT];	/* in use, by sysd */
	char addresses[CORE_ADDRESSES][CORE_ADDRESS_TEXT];
	unsigned address_count;
	char *network;				/* by sysd: how it is set and what is on trial, JSON (malloc); NULL = not said */
	bool names_wanted, names_sent;
	struct core_service services[CORE_SERVICES];	/* by sysd */
	unsigned service_count;

	struct core_engine *engine;
	struct core_agents *agents;
	struct core_follower *followers;
	bool follow_running, follow_again;
	struct ev_timer probe;			/* is there space again? */
	struct core_used *used;			/* used.c */
	int64_t refusals_since;			/* activity.c: those recorded in this minute, and those not */
	unsigned refusals, refusals_suppressed;
};

/* One connection; outlives it while calls refer to it. */
struct core_link {
	struct ipc_conn *conn;			/* NULL = closed */
	unsigned refs;
	struct core *core;
};

/* ---- a call: one verb asked, from its frame to its answer ---- */

struct core_call;

/* Work for the writer or a reader. */
struct core_job {
	struct work_item item;			/* first: the pools hand it back */
	struct db_job job;
	struct core *core;
	void (*done)(struct core_job *job);	/* in the loop; frees it */
	bool last;				/* in the writer: behind all others of its transaction */
};

/* How a verb is done. */
struct core_handler {
	const char *verb;
	/* In the loop: either answers (core_call_finish), or goes on to a thread or a
	 * room.  NULL = straight to run. */
	void (*start)(struct core_call *call);
	/* In the writer (the verb's row says it writes) or a reader: sets the answer. -1
	 * takes its changes back.  May run again: core_answer is reset before. */
	int (*run)(struct db *db, struct core_call *call);
	/* In the loop after run's commit or refusal, before the answer leaves.  May be NULL. */
	void (*after)(struct core_call *call);
	/* Of a list, in a reader, instead of run: appends objects to out up to CORE_LIST_CHUNK
	 * and moves the cursor, "" = the end. -1 with the answer set refuses. */
	int (*chunk)(struct db *db, struct core_call *call, char cursor[OBJECT_CURSOR], struct object_text *out);
	bool essential;		/* goes on with a full disk */
};

/* The parts' handlers, in files of their own (handlers_<part>.c); each list ends with
 * one without a verb. */
extern const struct core_handler core_handlers_appliance[], core_handlers_places[], core_handlers_users[],
	core_handlers_boxes[], core_handlers_instances[], core_handlers_blobs[], core_handlers_firewall[];

struct core_call {
	struct core_job work;			/* first */
	struct core_call *next, **back;		/* in core->calls while not answered */
	struct core *core;
	struct core_link *link;
	uint16_t type;
	uint32_t seq;
	double deadline;			/* ev_now based */
	bool answered;
	enum room_id from;
	const struct verb *verb;
	const struct core_handler *handler;
	/* The step a thread does now and what follows it in the loop. */
	int (*run)(struct db *db, struct core_call *call);
	void (*after)(struct core_call *call);
	void (*permitted)(struct core_call *call);	/* core_call_permitted: what follows */
	yyjson_doc *request;
	yyjson_val *args;			/* an object, or NULL */
	struct core_principal principal;
	struct core_answer answer;
	char cursor[OBJECT_CURSOR];		/* of a list */
	struct object_text chunk;
	bool writing;				/* the step is the writer's */
	char subject[OBJECT_ID];		/* for the activity, when neither an argument nor id names the object */
	char id[OBJECT_ID];			/* of a new object: made once, so that a repeated run keeps it */
	struct secrets *secrets;		/* secrets.c */
	void *state;				/* of the handler; freed by forget */
	void (*forget)(void *state);
};

/* Handler of a verb, NULL = the table names a verb nobody does. */
const struct core_handler *core_handler_by_verb(const char *name);
/* Ends the process when a verb of the table has no handler or the reverse. */
void core_handlers_check(void);

void core_calls_init(struct core *core);
/* Takes a PROTO_CORE_VERB frame in. */
void core_call_take(struct core *core, struct core_link *link, struct ipc_msg *msg);
/* Hands the call to the writer or a reader: run there, then after in the loop.
 * When it failed (full disk) the call is answered and after is not called. */
void core_call_write(struct core_call *call, int (*run)(struct db *, struct core_call *),
	void (*after)(struct core_call *), bool essential);
void core_call_read(struct core_call *call, int (*run)(struct db *, struct core_call *),
	void (*after)(struct core_call *));
/* For verbs that need no database: next in the loop if who asks has the verb's role, else the call is answered. The role is
 * decided where the database is, so a verb of people that begins in the loop begins with this (or with one of the two above). */
void core_call_permitted(struct core_call *call, void (*next)(struct core_call *));
/* Sends the answer and frees the call. */
void core_call_finish(struct core_call *call);
/* The same with {"message":...}. */
void core_call_refuse(struct core_call *call, int status, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* A string argument, or NULL; a boolean one. */
const char *core_call_string(const struct core_call *call, const char *name);
bool core_call_bool(const struct core_call *call, const char *name);

/* ---- lists (list.c) ---- */

/* A chunk of a list, bytes: one message, so what a slow client holds in core is nothing and
 * in api one of these. */
#define CORE_LIST_CHUNK (128u << 10)
/* In a reader, as run of a call of PROTO_CORE_LIST. */
int core_list_run(struct db *db, struct core_call *call);
/* Sends an answer as such a list's: the line and, when it is no refusal, the chunk. */
void core_list_send(struct core_call *call, const struct core_answer *a);

/* ---- the writer and readers (threads.c) ---- */

/* core->commit is ready; from here on it belongs to the writer's thread. */
void core_threads_start(struct core *core, struct db *const readers[CORE_READERS]);
/* job->job.run in the writer or a reader, then job->done in the loop. */
void core_job_write(struct core *core, struct core_job *job);
void core_job_read(struct core *core, struct core_job *job);

/* ---- connections (links.c) ---- */

struct core_link *core_link_hold(struct core_link *link);
void core_link_drop(struct core_link *link);
void core_serve(struct core *core);

/* ---- keyd (identity.c) ---- */

void core_identity_open(struct core *core);
/* Tells keyd the names the appliance has, when they changed. */
void core_names_send(struct core *core);
/* The name or address the appliance is reached by, as it stands in an address of the web; "" when unknown. */
void core_host(const struct core *core, char *out, size_t size);
/* "https://name/" the appliance is reached by; "" when unknown. */
void core_url(const struct core *core, char *out, size_t size);
/* Appends an event "appliance.console": what the screen shows has changed. */
void core_console_changed(struct core *core);

/* What core knows of keyd when it starts: kept from the last time. */
void core_identity_load(struct core *core, struct db *db);

/* ---- when tokens were used (used.c) ---- */

/* Notes it, in the loop; written at most once a minute, all together. */
void core_used_note(struct core *core, const uint8_t hash[CORE_HASH]);

/* ---- the setup code (setup_code.c) ---- */

/* "XXXX-XXXX" with its terminating 0. */
#define CORE_CODE_TEXT 10
/* keyd is connected: makes or unseals the code unless the appliance is set up. */
void core_setup_code_open(struct core *core);
/* The code while it can be used, else NULL. */
const char *core_setup_code(const struct core *core);
/* Wipes it. */
void core_setup_code_forget(struct core *core);

/* ---- the event log's readers (follow.c) ---- */

/* PROTO_CORE_EVENTS. */
void core_follow(struct core *core, struct core_link *link, struct ipc_msg *msg);
/* The connection is gone. */
void core_follow_end(struct core *core, struct core_link *link);
/* Something was committed. */
void core_follow_kick(struct core *core);

/* ---- workers and their tasks (engine.c) ---- */

void core_engine_open(struct core *core);
/* PROTO_CORE_WORKER, PROTO_CORE_RESULT, PROTO_CORE_PROGRESS. */
void core_engine_hello(struct core *core, struct core_link *link, struct ipc_msg *msg);
void core_engine_result(struct core *core, struct core_link *link, struct ipc_msg *msg);
void core_engine_progress(struct core *core, struct core_link *link, struct ipc_msg *msg);
void core_engine_lost(struct core *core, struct core_link *link);
/* There may be something to do: a turn in the writer. */
void core_engine_kick(struct core *core);
/* Sends a task's message to its worker: a room's link, or the channel of a machine's agent. */
struct core_link *core_engine_room(struct core *core, const char *worker);

#endif
