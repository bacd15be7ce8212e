/*
 * core: a task that was given out becomes a message to its worker: read in a reader, secrets opened by keyd,
 * sent, wiped.  What cannot be put together goes back and is tried again.
 */
#ifndef CAM_CORE_PREPARE_H
#define CAM_CORE_PREPARE_H

#include "addr/addr.h"
#include "context.h"
#include "core.h"
#include "tasks.h"

/* Longest message to an agent, bytes. */
#define PREPARE_MAX (1u << 20)
/* Until a task that could not be put together is tried again, seconds. */
#define PREPARE_AGAIN 1

/* Everything that is known of the appliance when a message is made. */
struct prepare_facts {
	bool keyed;
	uint8_t key[32];
	char host[CORE_HOSTNAME_TEXT + 2], agents_name[CORE_HOSTNAME_TEXT], id[33];
	const char *ca;			/* PEM */
	char own[CORE_ADDRESSES][CORE_ADDRESS_TEXT];
	unsigned own_count;
};

enum prepare_result {
	PREPARE_GOOD = 0,
	PREPARE_GONE,			/* the task is no longer its worker's */
	PREPARE_LATER,			/* something is missing at the moment */
	PREPARE_NEVER			/* it cannot be */
};

struct prepared {
	struct core_task task;
	int64_t channel;		/* of a machine's agent; 0 = a room's task */
	struct context context;		/* the document is the message */
	char inside[24];		/* address of the appliance as a machine inside it sees it; context.host may be this */
	/* A provider's names: their addresses are to be in the packet filter before its worker hears of the task. */
	const char *peer;		/* of the firewall's tables, a constant; NULL = there is no name */
	char name[ADDR_NAME_MAX + 1];	/* of its record, "" = that is an address; others are in the message, input.endpoints */
	char digest[OBJECT_DIGEST];	/* of the file whose text is to be input.template, "" = none */
	char why[160];
};

/* In a reader: the message without its secrets. */
enum prepare_result prepare_message(struct db *db, const struct prepare_facts *facts, int64_t task, struct prepared *out);
void prepared_free(struct prepared *p);

/* The same, to its end: in the loop. */
void core_prepare_facts(struct core *core, struct prepare_facts *out);
void core_prepare(struct core *core, int64_t task);

#endif
