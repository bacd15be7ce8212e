/*
 * journal: what the agent has promised to run, kept over its own death and over a restart of the machine.
 *
 * A step is a directory named by its task in /var/elasticbox/.journal, made under another name and put in place when whole:
 *   step.json   the message of the appliance           fence     the fence it goes by now
 *   template    its script, as downloaded              lock      held (flock) by the runner for its life
 *   started     made once, by the runner that runs it  child     the script's process, session and start
 *   output      what the script wrote                  abort     the wish to end it
 *   exit        how it ended                           acked     the appliance has the result: all but exit is gone
 */
#ifndef CAM_AGENT_JOURNAL_H
#define CAM_AGENT_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Longest message and script. */
#define JOURNAL_STEP_MAX (2u << 20)
#define JOURNAL_SCRIPT_MAX (16u << 20)
/* Acknowledged steps that are remembered, so that one that comes twice is not run twice. */
#define JOURNAL_REMEMBERED 128

enum outcome { OUTCOME_EXITED = 0, OUTCOME_ABORTED, OUTCOME_TIMEOUT, OUTCOME_INTERRUPTED, OUTCOME_REBOOT, OUTCOME_REFUSED, OUTCOMES };
extern const char *const outcome_names[OUTCOMES];

/* How a step ended. */
struct ending {
	enum outcome outcome;
	int exit_code, signal;
	int64_t started, finished;	/* microseconds since 1970 UTC, 0 = never */
	uint64_t output_length;
	char message[256];
};

enum step_state {
	STEP_FETCHING = 0,	/* its script is being downloaded: not in the journal yet */
	STEP_WAITING,		/* in the journal, to be run */
	STEP_RUNNING,
	STEP_REBOOT,		/* ended with 100: waits for the machine to start again */
	STEP_FINISHED,		/* its ending is known, the appliance has not acknowledged it */
	STEP_ACKED
};

struct step {
	struct step *next;
	uint64_t task;
	uint32_t fence;
	enum step_state state;
	int64_t seconds;	/* timeout of the step */
	struct ending ending;	/* STEP_REBOOT and later */
	char boot[128];		/* in which it was started */
	/* of this connection */
	uint64_t sent, acked;	/* bytes of output */
	int64_t result_at;	/* when the result was sent, 0 = not yet on this connection */
	int64_t reboot_until;	/* clock_mono */
	/* while it is fetched */
	char *text;
	size_t len;
	unsigned attempts;
	int64_t fetch_at;
	char url[1024];
};

/* Opens the directory (made when missing). 0, or -1 with errno. */
int journal_open(const char *path);
/* All steps, oldest task first (malloc). Half-made and forgotten ones are removed. */
struct step *journal_load(void);
/* Puts a step into it. 0, or -1 with errno. */
int journal_accept(const struct step *s, const char *script, size_t script_len);
/* Gives a step another fence. */
int journal_refence(const struct step *s);
/* Takes a step that was never started out of it. */
void journal_drop(const struct step *s);
/* Directory of a step, open; -1 with errno. */
int journal_directory(uint64_t task);
/* Takes the step's lock: a descriptor; -1 with EWOULDBLOCK while its runner lives. */
int journal_lock(const struct step *s);
/* Brings s up to date with what its runner wrote; alive: its runner holds the lock. */
void journal_look(struct step *s, bool alive);
/* Writes the ending of a step whose runner could not. */
int journal_end(struct step *s, enum outcome outcome, const char *message);
/* Forgets the oldest acknowledged ones beyond JOURNAL_REMEMBERED, which are freed. */
void journal_forget(struct step **list);
/* Secrets and output go, the ending stays for a while. */
void journal_wipe(struct step *s);
/* Bytes of the output file now. */
uint64_t journal_output(const struct step *s, uint64_t from, void *buf, size_t room, size_t *got);

/* The record "exit" as text and back. */
size_t ending_write(const struct ending *e, char *out, size_t room);
int ending_read(struct ending *e, const char *text, size_t len);

#endif
