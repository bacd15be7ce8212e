/*
 * core: machines' agents, whose WebSockets api carries (PROTO_CORE_AGENT*, docs/agent-protocol.md).
 *
 * The first part runs in the writer and says what is to be sent; the second is the loop's.
 */
#ifndef CAM_CORE_AGENT_H
#define CAM_CORE_AGENT_H

#include "core.h"
#include "machine.h"

/* WebSocket close code of a channel that is not accepted (RFC 6455 §7.4.1). */
#define AGENT_REFUSED 1008
#define AGENT_HEARTBEAT 30
/* Bytes of output of one script, unless the instance says otherwise. */
#define AGENT_OUTPUT_LIMIT (INT64_C(50) << 20)
/* Tasks an agent may say it knows. */
#define AGENT_KNOWN_MAX 64

/* What is to be sent when the transaction is committed. */
struct agent_frame {
	struct agent_frame *next;
	int64_t channel;
	char *message;			/* JSON (malloc) */
	int close;			/* 0 = the channel goes on */
};
struct agent_out {
	struct agent_frame *first;
	const struct core_upgrade *upgrade;	/* what a welcome offers to an agent of another version, or NULL */
};
/* Forgets the frames. */
void agent_out_reset(struct agent_out *out);
/* Takes doc. */
void agent_out_add(struct agent_out *out, int64_t channel, yyjson_mut_doc *doc, int close);

/* Whose token is it?  False: nobody's. */
bool agent_open(struct db *db, const uint8_t hash[CORE_HASH], char machine[OBJECT_ID], char instance[OBJECT_ID]);
/* hello, facts, accepted, result; all others are passed over. */
void agent_message(struct db *db, int64_t channel, const char *machine, yyjson_val *message, struct agent_out *out);
void agent_closed(struct db *db, int64_t channel);
/* All of them: api is gone, or core begins. */
void agents_lost(struct db *db);
/* May this much output of a task be kept?  limit: bytes in all.  False: drop it. */
bool agent_output(struct db *db, int64_t channel, int64_t task, int64_t fence, int64_t length, int64_t *limit);

/* ---- the loop (agent_link.c) ---- */

struct core_agents;
void core_agents_open(struct core *core);
void core_agent_open(struct core *core, struct core_link *link, struct ipc_msg *msg);
void core_agent_message(struct core *core, struct core_link *link, struct ipc_msg *msg);
void core_agent_closed(struct core *core, struct core_link *link, struct ipc_msg *msg);
void core_agent_output(struct core *core, struct core_link *link, struct ipc_msg *msg);
/* It is known now which agent the image ships: those that are connected with another one are asked for a hello, each when it is its turn
 * to be offered it. */
void core_agents_offer(struct core *core);
/* api's connection is gone. */
void core_agents_link_lost(struct core *core, struct core_link *link);
/* Sends a frame to an agent, if its channel is there. */
void core_agent_send(struct core *core, int64_t channel, const char *message, int close);
void core_agent_send_all(struct core *core, struct agent_out *out);

/* Erases output whose task is gone, from time to time (output_sweep.c). */
void core_output_sweep_open(struct core *core);
/* The same by name for tasks in the table output_gone (output_gone.c): at the start, and when there are new ones. */
void core_output_gone_open(struct core *core, struct ipc_client *store);
void core_output_gone(struct core *core);

/* request: set, notify, context (agent_request.c).  Keeps the document. */
void core_agent_request(struct core *core, int64_t channel, const char *machine, yyjson_doc *doc);

#endif
