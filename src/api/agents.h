/*
 * agents: the WebSockets of the machines' agents (docs/agent-protocol.md).
 * api carries: texts to core and back, script output to store; it decides
 * nothing.  While core is away nothing is read from an agent.
 */
#ifndef CAM_API_AGENTS_H
#define CAM_API_AGENTS_H

#include <ev.h>
#include <stddef.h>
#include <stdint.h>

#include "auth.h"
#include "ipc/ipc.h"

struct peer;
struct ws_kind;

/* Bytes of one text of an agent (facts, a value of `elasticbox set`); 1009 beyond. */
#define AGENTS_TEXT (256u << 10)
/* Bytes of script output in one message, and of what stands before it. */
#define AGENTS_PIECE (64u << 10)
#define AGENTS_PIECE_HEAD 21u
/* Texts and their bytes that wait for one agent: a step with its context may have 1 MiB. 1008 beyond. */
#define AGENTS_WAITING 256
#define AGENTS_WAITING_BYTES (3u << 20)
/* Messages of one agent that core has not answered; the next is read afterwards. */
#define AGENTS_IN_CORE 16
/* Bytes of output of one agent that wait for store; beyond, nothing is read from it. */
#define AGENTS_PENDING AGENTS_PIECE
/* Seconds between two signs of life until core has said otherwise (welcome), and how many may be missed. */
#define AGENTS_HEARTBEAT 30
#define AGENTS_MISSED 3
/* Seconds core has for an answer. */
#define AGENTS_CALL_SECONDS 30.

extern const struct ws_kind agents_kind;

void agents_open(struct ev_loop *loop);

/* A number for a channel, never given twice. */
uint64_t agents_number(void);

/* The body of PROTO_CORE_AGENT_OPEN; its length. */
#define AGENTS_OPEN_SIZE 256
size_t agents_open_text(uint64_t number, const uint8_t hash[AUTH_HASH], const char *peer, char out[AGENTS_OPEN_SIZE]);

/* Takes over a connection that core has opened as this channel. */
void agents_adopt(int fd, struct peer *peer, const char *head, size_t len, uint64_t number, const uint8_t hash[AUTH_HASH]);

/* Tells core that a channel is over. */
void agents_closed(uint64_t number);

/* Core: it is there (again), it is gone, it has a text for an agent. */
void agents_core_connected(void);
void agents_core_lost(void);
void agents_notice(struct ipc_msg *msg);

unsigned agents_count(void);

#endif
