/*
 * core: what may happen to an instance when.
 *
 * An instance is known by two words, `state` and `operation.event`; both have only
 * the values below, for clients refuse any other.  They come to a situation, and a table of
 * situations and actions says what each action does.  It has no empty cell.
 */
#ifndef CAM_CORE_LIFECYCLE_H
#define CAM_CORE_LIFECYCLE_H

#include <stdbool.h>

enum life_state { LIFE_STATE_NONE = 0, LIFE_PROCESSING, LIFE_DONE, LIFE_UNAVAILABLE, LIFE_STATES };

enum life_event {
	LIFE_EVENT_NONE = 0,
	LIFE_DEPLOY,
	LIFE_SHUTDOWN,			/* the boxes' stop scripts; then: */
	LIFE_SHUTDOWN_SERVICE,		/* machines are switched off */
	LIFE_POWERON,
	LIFE_REINSTALL,
	LIFE_RECONFIGURE,
	LIFE_TERMINATE,			/* the boxes' dispose scripts; then: */
	LIFE_TERMINATE_SERVICE,		/* machines are removed */
	LIFE_SNAPSHOT,
	LIFE_EVENTS
};

enum life_situation {
	LIFE_NOWHERE = 0,		/* no instance is in it */
	LIFE_DEPLOYING,
	LIFE_WORKING,			/* on scripts, or powering on */
	LIFE_STOPPING,
	LIFE_SWITCHING_OFF,
	LIFE_TERMINATING,
	LIFE_REMOVING,
	LIFE_ONLINE,
	LIFE_OFF,
	LIFE_TERMINATED,
	LIFE_DEPLOY_FAILED,
	LIFE_WORK_FAILED,		/* reinstall, reconfigure, snapshot */
	LIFE_START_FAILED,
	LIFE_STOP_FAILED,
	LIFE_TERMINATE_FAILED,
	LIFE_SITUATIONS
};

enum life_action {
	LIFE_NO_ACTION = 0,
	/* of people */
	LIFE_DO_DEPLOY,			/* again */
	LIFE_DO_POWERON,
	LIFE_DO_SHUTDOWN,
	LIFE_DO_REINSTALL,
	LIFE_DO_RECONFIGURE,
	LIFE_DO_PULL,			/* another version of its box */
	LIFE_DO_IMPORT,			/* again */
	LIFE_DO_CANCEL_IMPORT,
	LIFE_DO_MAKE_MANAGED,
	LIFE_DO_TERMINATE,
	LIFE_DO_FORCE_TERMINATE,
	LIFE_DO_DELETE,
	LIFE_DO_ABORT,
	LIFE_DO_FORCE_ONLINE,
	LIFE_DO_TEMPLATE,		/* a task beside the instance */
	LIFE_DO_EDIT,			/* name, tags, lease, members, … */
	LIFE_DO_EDIT_BOXES,		/* its copies of boxes, its variables */
	/* of the engine */
	LIFE_SUCCEEDED,			/* this phase of the operation */
	LIFE_FAILED,
	LIFE_ACTIONS
};

enum life_verdict {
	LIFE_EMPTY = 0,			/* must not be */
	LIFE_START,			/* an operation begins: processing, with the event */
	LIFE_NEXT,			/* the operation goes on with its second phase, the event */
	LIFE_END,			/* the operation ends: the state, the event */
	LIFE_STAY,			/* allowed; state and operation stay */
	LIFE_REMOVE,			/* the record goes */
	LIFE_REFUSE,			/* 409 with the reason */
	LIFE_LATE			/* a result nobody waits for: no effect */
};

struct life_step {
	enum life_verdict verdict;
	enum life_state state;		/* START, NEXT, END */
	enum life_event event;
	const char *reason;		/* REFUSE: a sentence for a person */
};

/* What the action does to an instance with these two words. */
struct life_step life_decide(enum life_state state, enum life_event event, enum life_action action);

enum life_situation life_situation(enum life_state state, enum life_event event);

/* The words on the wire; NONE and NULL for each other. */
const char *life_state_word(enum life_state state);
const char *life_event_word(enum life_event event);
enum life_state life_state_of(const char *word);
enum life_event life_event_of(const char *word);

/* For the table's page in docs and its test. */
const char *life_situation_word(enum life_situation situation);
const char *life_action_word(enum life_action action);

#endif
