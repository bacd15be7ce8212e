/*
 * message: what agent and appliance say to each other, docs/agent-protocol.md: JSON texts in both directions.
 */
#ifndef CAM_AGENT_MESSAGE_H
#define CAM_AGENT_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <yyjson.h>

#include "agent/journal.h"

enum message_type {
	MESSAGE_UNKNOWN = 0,	/* of a newer appliance: left alone */
	MESSAGE_WELCOME, MESSAGE_STEP, MESSAGE_ABORT, MESSAGE_OUTPUT_ACK, MESSAGE_RESULT_ACK, MESSAGE_REPLY, MESSAGE_REFUSED,
	MESSAGE_AGAIN
};

/* A message read; texts belong to doc. */
struct message {
	enum message_type type;
	yyjson_doc *doc;
	uint64_t task;
	uint32_t fence;
	/* step */
	int64_t seconds;
	const char *url;		/* path of the script on the appliance; NULL = it is in the step */
	const char *event, *box;
	/* output_ack, result_ack */
	uint64_t length;
	bool accepted;
	/* welcome */
	const char *machine, *instance;
	unsigned heartbeat;		/* 0 = not said */
	struct { const char *version, *path, *sha256, *signature; } upgrade;	/* version NULL = none */
	/* reply */
	uint32_t request;
	int status;
	yyjson_val *body;
	/* refused */
	const char *code, *text;
};

/* Reads a message.  0, or -1 with a sentence: it is none of this protocol. The caller frees m->doc in both cases. */
int message_read(struct message *m, const char *text, size_t len, char error[160]);

/* Each makes a text (malloc). */
char *message_hello(const struct step *steps, size_t *len);
char *message_alive(size_t *len);
char *message_facts(size_t *len);
char *message_accepted(const struct step *s, size_t *len);
char *message_result(const struct step *s, size_t *len);
char *message_request(uint32_t number, yyjson_val *command, size_t *len);

/* The head of a piece of output: u8 1, u64be task, u32be fence, u64be offset. */
#define MESSAGE_PIECE_HEAD 21
void message_piece(uint8_t out[MESSAGE_PIECE_HEAD], const struct step *s, uint64_t offset);

#endif
