/* The table of situations and actions. */
#include <stddef.h>
#include <string.h>

#include "lifecycle.h"

static const char *const state_words[LIFE_STATES] = { NULL, "processing", "done", "unavailable" };

static const char *const event_words[LIFE_EVENTS] = {
	NULL, "deploy", "shutdown", "shutdown_service", "poweron", "reinstall", "reconfigure", "terminate",
	"terminate_service", "snapshot",
};

static const char *const situation_words[LIFE_SITUATIONS] = {
	NULL, "deploying", "working", "stopping", "switching off", "terminating", "removing", "online", "shut down",
	"terminated", "deploy failed", "work failed", "start failed", "stop failed", "terminate failed",
};

static const char *const action_words[LIFE_ACTIONS] = {
	NULL, "deploy", "poweron", "shutdown", "reinstall", "reconfigure", "pull", "import", "cancel_import",
	"make_managed_os", "terminate", "force_terminate", "delete", "abort", "force_online", "template", "edit",
	"edit boxes", "succeeded", "failed",
};

#define BUSY "Operation Conflict: another operation runs on this instance."
#define GONE "The instance is terminated."
#define OFF "The instance is shut down: power it on first."
#define RUNS "The instance is not shut down."
#define MADE "The instance is deployed already."
#define UNFINISHED "The last operation of the instance failed: repeat it or terminate the instance."
#define NOT_GONE "The instance is not terminated: terminate it first."
#define NOTHING_RUNS "No operation runs on this instance."
#define NO_IMPORT "There is no import of this instance to repeat or to cancel."
#define NOT_ONLINE "The instance is not online."
#define NOT_FORCED "Only after a failed reconfigure or reinstall an instance can be forced online."

/* A cell; SAME stands for the event the instance has. */
#define SAME LIFE_EVENT_NONE
#define START(e) { LIFE_START, LIFE_PROCESSING, e, NULL }
#define NEXT(e) { LIFE_NEXT, LIFE_PROCESSING, e, NULL }
#define DONE(e) { LIFE_END, LIFE_DONE, e, NULL }
#define BROKEN(e) { LIFE_END, LIFE_UNAVAILABLE, e, NULL }
#define STAY { LIFE_STAY, LIFE_STATE_NONE, SAME, NULL }
#define REMOVE { LIFE_REMOVE, LIFE_STATE_NONE, SAME, NULL }
#define NO(reason) { LIFE_REFUSE, LIFE_STATE_NONE, SAME, reason }
#define LATE { LIFE_LATE, LIFE_STATE_NONE, SAME, NULL }

/* What holds for all operations that run and can be cut short by force. */
#define RUNNING \
	[LIFE_DO_DEPLOY] = NO(BUSY), [LIFE_DO_POWERON] = NO(BUSY), [LIFE_DO_SHUTDOWN] = NO(BUSY), \
	[LIFE_DO_REINSTALL] = NO(BUSY), [LIFE_DO_RECONFIGURE] = NO(BUSY), [LIFE_DO_PULL] = NO(BUSY), \
	[LIFE_DO_IMPORT] = NO(BUSY), [LIFE_DO_MAKE_MANAGED] = NO(BUSY), [LIFE_DO_TERMINATE] = NO(BUSY), \
	[LIFE_DO_DELETE] = NO(BUSY), [LIFE_DO_FORCE_ONLINE] = NO(BUSY), [LIFE_DO_TEMPLATE] = NO(BUSY), \
	[LIFE_DO_EDIT] = STAY, [LIFE_DO_EDIT_BOXES] = NO(BUSY), \
	[LIFE_DO_ABORT] = BROKEN(SAME), [LIFE_FAILED] = BROKEN(SAME)

/* What holds for all that have come to an end and still have something. */
#define SETTLED \
	[LIFE_DO_TERMINATE] = START(LIFE_TERMINATE), [LIFE_DO_FORCE_TERMINATE] = START(LIFE_TERMINATE_SERVICE), \
	[LIFE_DO_DELETE] = NO(NOT_GONE), [LIFE_DO_ABORT] = NO(NOTHING_RUNS), [LIFE_DO_TEMPLATE] = STAY, \
	[LIFE_DO_EDIT] = STAY, [LIFE_DO_EDIT_BOXES] = STAY, [LIFE_SUCCEEDED] = LATE, [LIFE_FAILED] = LATE

#define SCRIPTS \
	[LIFE_DO_REINSTALL] = START(LIFE_REINSTALL), [LIFE_DO_RECONFIGURE] = START(LIFE_RECONFIGURE)

#define NOT_AN_IMPORT [LIFE_DO_IMPORT] = NO(NO_IMPORT), [LIFE_DO_CANCEL_IMPORT] = NO(NO_IMPORT)

static const struct life_step table[LIFE_SITUATIONS][LIFE_ACTIONS] = {
	[LIFE_DEPLOYING] = { RUNNING,
		[LIFE_DO_CANCEL_IMPORT] = REMOVE,
		[LIFE_DO_FORCE_TERMINATE] = START(LIFE_TERMINATE_SERVICE),
		[LIFE_SUCCEEDED] = DONE(SAME) },
	[LIFE_WORKING] = { RUNNING,
		[LIFE_DO_CANCEL_IMPORT] = NO(BUSY),
		[LIFE_DO_FORCE_TERMINATE] = START(LIFE_TERMINATE_SERVICE),
		[LIFE_SUCCEEDED] = DONE(SAME) },
	[LIFE_STOPPING] = { RUNNING,
		[LIFE_DO_CANCEL_IMPORT] = NO(BUSY),
		[LIFE_DO_FORCE_TERMINATE] = START(LIFE_TERMINATE_SERVICE),
		[LIFE_SUCCEEDED] = NEXT(LIFE_SHUTDOWN_SERVICE) },
	[LIFE_SWITCHING_OFF] = { RUNNING,
		[LIFE_DO_CANCEL_IMPORT] = NO(BUSY),
		[LIFE_DO_FORCE_TERMINATE] = START(LIFE_TERMINATE_SERVICE),
		[LIFE_SUCCEEDED] = DONE(SAME) },
	[LIFE_TERMINATING] = { RUNNING,
		[LIFE_DO_CANCEL_IMPORT] = NO(BUSY),
		[LIFE_DO_FORCE_TERMINATE] = START(LIFE_TERMINATE_SERVICE),
		[LIFE_SUCCEEDED] = NEXT(LIFE_TERMINATE_SERVICE) },
	/* Nothing is left that force could leave out. */
	[LIFE_REMOVING] = { RUNNING,
		[LIFE_DO_CANCEL_IMPORT] = NO(BUSY),
		[LIFE_DO_FORCE_TERMINATE] = NO(BUSY),
		[LIFE_SUCCEEDED] = DONE(SAME) },
	[LIFE_ONLINE] = { SETTLED, SCRIPTS, NOT_AN_IMPORT,
		[LIFE_DO_DEPLOY] = NO(MADE),
		[LIFE_DO_POWERON] = NO(RUNS),
		[LIFE_DO_SHUTDOWN] = START(LIFE_SHUTDOWN),
		[LIFE_DO_PULL] = START(LIFE_REINSTALL),
		[LIFE_DO_MAKE_MANAGED] = START(LIFE_RECONFIGURE),
		[LIFE_DO_FORCE_ONLINE] = NO(NOT_FORCED) },
	[LIFE_OFF] = { SETTLED, NOT_AN_IMPORT,
		[LIFE_DO_REINSTALL] = NO(OFF),
		[LIFE_DO_RECONFIGURE] = NO(OFF),
		[LIFE_DO_DEPLOY] = NO(MADE),
		[LIFE_DO_POWERON] = START(LIFE_POWERON),
		[LIFE_DO_SHUTDOWN] = NO(OFF),
		[LIFE_DO_PULL] = NO(OFF),
		[LIFE_DO_MAKE_MANAGED] = NO(OFF),
		[LIFE_DO_FORCE_ONLINE] = NO(OFF) },
	[LIFE_TERMINATED] = {
		[LIFE_DO_DEPLOY] = NO(GONE),
		[LIFE_DO_POWERON] = NO(GONE),
		[LIFE_DO_SHUTDOWN] = NO(GONE),
		[LIFE_DO_REINSTALL] = NO(GONE),
		[LIFE_DO_RECONFIGURE] = NO(GONE),
		[LIFE_DO_PULL] = NO(GONE),
		[LIFE_DO_IMPORT] = NO(GONE),
		[LIFE_DO_CANCEL_IMPORT] = NO(GONE),
		[LIFE_DO_MAKE_MANAGED] = NO(GONE),
		[LIFE_DO_TERMINATE] = NO(GONE),
		[LIFE_DO_FORCE_TERMINATE] = NO(GONE),
		[LIFE_DO_DELETE] = REMOVE,
		[LIFE_DO_ABORT] = NO(NOTHING_RUNS),
		[LIFE_DO_FORCE_ONLINE] = NO(GONE),
		[LIFE_DO_TEMPLATE] = NO(GONE),
		[LIFE_DO_EDIT] = STAY,
		[LIFE_DO_EDIT_BOXES] = NO(GONE),
		[LIFE_SUCCEEDED] = LATE,
		[LIFE_FAILED] = LATE },
	/* Nothing or not all was made: what is repeated is the deployment, also for a pull. */
	[LIFE_DEPLOY_FAILED] = { SETTLED, SCRIPTS,
		[LIFE_DO_DEPLOY] = START(LIFE_DEPLOY),
		[LIFE_DO_POWERON] = NO(RUNS),
		[LIFE_DO_SHUTDOWN] = NO(NOT_ONLINE),
		[LIFE_DO_PULL] = START(LIFE_DEPLOY),
		[LIFE_DO_IMPORT] = START(LIFE_DEPLOY),
		[LIFE_DO_CANCEL_IMPORT] = REMOVE,
		[LIFE_DO_MAKE_MANAGED] = NO(NOT_ONLINE),
		[LIFE_DO_FORCE_ONLINE] = NO(NOT_FORCED) },
	[LIFE_WORK_FAILED] = { SETTLED, SCRIPTS, NOT_AN_IMPORT,
		[LIFE_DO_DEPLOY] = NO(MADE),
		[LIFE_DO_POWERON] = NO(RUNS),
		[LIFE_DO_SHUTDOWN] = NO(UNFINISHED),
		[LIFE_DO_PULL] = START(LIFE_REINSTALL),
		[LIFE_DO_MAKE_MANAGED] = NO(NOT_ONLINE),
		[LIFE_DO_FORCE_ONLINE] = DONE(SAME) },
	[LIFE_START_FAILED] = { SETTLED, SCRIPTS, NOT_AN_IMPORT,
		[LIFE_DO_DEPLOY] = NO(MADE),
		[LIFE_DO_POWERON] = START(LIFE_POWERON),
		[LIFE_DO_SHUTDOWN] = START(LIFE_SHUTDOWN),
		[LIFE_DO_PULL] = NO(UNFINISHED),
		[LIFE_DO_MAKE_MANAGED] = NO(NOT_ONLINE),
		[LIFE_DO_FORCE_ONLINE] = NO(NOT_FORCED) },
	[LIFE_STOP_FAILED] = { SETTLED, SCRIPTS, NOT_AN_IMPORT,
		[LIFE_DO_DEPLOY] = NO(MADE),
		[LIFE_DO_POWERON] = START(LIFE_POWERON),
		[LIFE_DO_SHUTDOWN] = START(LIFE_SHUTDOWN),
		[LIFE_DO_PULL] = NO(UNFINISHED),
		[LIFE_DO_MAKE_MANAGED] = NO(NOT_ONLINE),
		[LIFE_DO_FORCE_ONLINE] = NO(NOT_FORCED) },
	[LIFE_TERMINATE_FAILED] = { SETTLED, NOT_AN_IMPORT,
		[LIFE_DO_REINSTALL] = NO(UNFINISHED),
		[LIFE_DO_RECONFIGURE] = NO(UNFINISHED),
		[LIFE_DO_DEPLOY] = NO(UNFINISHED),
		[LIFE_DO_POWERON] = NO(UNFINISHED),
		[LIFE_DO_SHUTDOWN] = NO(UNFINISHED),
		[LIFE_DO_PULL] = NO(UNFINISHED),
		[LIFE_DO_MAKE_MANAGED] = NO(NOT_ONLINE),
		[LIFE_DO_FORCE_ONLINE] = NO(NOT_FORCED) },
};

static const enum life_situation situations[LIFE_STATES][LIFE_EVENTS] = {
	[LIFE_PROCESSING] = {
		[LIFE_DEPLOY] = LIFE_DEPLOYING,
		[LIFE_SHUTDOWN] = LIFE_STOPPING,
		[LIFE_SHUTDOWN_SERVICE] = LIFE_SWITCHING_OFF,
		[LIFE_POWERON] = LIFE_WORKING,
		[LIFE_REINSTALL] = LIFE_WORKING,
		[LIFE_RECONFIGURE] = LIFE_WORKING,
		[LIFE_TERMINATE] = LIFE_TERMINATING,
		[LIFE_TERMINATE_SERVICE] = LIFE_REMOVING,
		[LIFE_SNAPSHOT] = LIFE_WORKING,
	},
	[LIFE_DONE] = {
		[LIFE_DEPLOY] = LIFE_ONLINE,
		[LIFE_SHUTDOWN] = LIFE_OFF,
		[LIFE_SHUTDOWN_SERVICE] = LIFE_OFF,
		[LIFE_POWERON] = LIFE_ONLINE,
		[LIFE_REINSTALL] = LIFE_ONLINE,
		[LIFE_RECONFIGURE] = LIFE_ONLINE,
		[LIFE_TERMINATE] = LIFE_TERMINATED,
		[LIFE_TERMINATE_SERVICE] = LIFE_TERMINATED,
		[LIFE_SNAPSHOT] = LIFE_ONLINE,
	},
	[LIFE_UNAVAILABLE] = {
		[LIFE_DEPLOY] = LIFE_DEPLOY_FAILED,
		[LIFE_SHUTDOWN] = LIFE_STOP_FAILED,
		[LIFE_SHUTDOWN_SERVICE] = LIFE_STOP_FAILED,
		[LIFE_POWERON] = LIFE_START_FAILED,
		[LIFE_REINSTALL] = LIFE_WORK_FAILED,
		[LIFE_RECONFIGURE] = LIFE_WORK_FAILED,
		[LIFE_TERMINATE] = LIFE_TERMINATE_FAILED,
		[LIFE_TERMINATE_SERVICE] = LIFE_TERMINATE_FAILED,
		[LIFE_SNAPSHOT] = LIFE_WORK_FAILED,
	},
};

enum life_situation life_situation(enum life_state state, enum life_event event)
{
	return (unsigned)state < LIFE_STATES && (unsigned)event < LIFE_EVENTS ? situations[state][event] : LIFE_NOWHERE;
}

struct life_step life_decide(enum life_state state, enum life_event event, enum life_action action)
{
	enum life_situation s = life_situation(state, event);
	struct life_step step = { LIFE_REFUSE, LIFE_STATE_NONE, LIFE_EVENT_NONE, "The instance is in no state to do this." };

	if (!s || !action || (unsigned)action >= LIFE_ACTIONS)
		return step;
	step = table[s][action];
	if (step.state && !step.event)
		step.event = event;
	return step;
}

static int find(const char *const words[], int count, const char *word)
{
	for (int i = 1; word && i < count; i++)
		if (!strcmp(words[i], word))
			return i;
	return 0;
}

const char *life_state_word(enum life_state state)
{
	return (unsigned)state < LIFE_STATES ? state_words[state] : NULL;
}

const char *life_event_word(enum life_event event)
{
	return (unsigned)event < LIFE_EVENTS ? event_words[event] : NULL;
}

enum life_state life_state_of(const char *word)
{
	return (enum life_state)find(state_words, LIFE_STATES, word);
}

enum life_event life_event_of(const char *word)
{
	return (enum life_event)find(event_words, LIFE_EVENTS, word);
}

const char *life_situation_word(enum life_situation situation)
{
	return (unsigned)situation < LIFE_SITUATIONS ? situation_words[situation] : NULL;
}

const char *life_action_word(enum life_action action)
{
	return (unsigned)action < LIFE_ACTIONS ? action_words[action] : NULL;
}
