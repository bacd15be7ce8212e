/*
 * core: the lives of machines, operations, tasks and services: states and events, one table each
 * without an empty cell.  (That of instances, which clients see, is lifecycle.h.)  docs/workflows.md and
 * docs/pictures are made from these tables by tests/unit/lives_are_drawn.c.
 */
#ifndef CAM_CORE_CHART_H
#define CAM_CORE_CHART_H

#include <stdbool.h>

enum chart_move {
	CHART_EMPTY = 0,		/* must not be */
	CHART_GO,			/* to another state */
	CHART_STAY,			/* it may happen here, and changes nothing of the state */
	CHART_LATE			/* it comes too late, or cannot be: no effect at all */
};

struct chart_cell {
	enum chart_move move;
	unsigned char state;		/* CHART_GO: the new one */
};

/* Numbers of states and events begin with 1. */
struct chart {
	const char *name;
	const char *const *states, *const *events;
	unsigned state_count, event_count;	/* with the 0 that is none */
	const struct chart_cell *cells;
};

enum machine_state {
	MACHINE_NONE = 0,
	MACHINE_EXPECTED,		/* a row; nothing was made */
	MACHINE_MAKING,			/* a create was given out */
	MACHINE_MADE,			/* the provider has it, its agent has not come yet */
	MACHINE_ONLINE,
	MACHINE_AWAY,			/* the connection is lost */
	MACHINE_SILENT,			/* and that for long */
	MACHINE_OFF,
	MACHINE_LEAVING,		/* to be removed */
	MACHINE_GONE,
	MACHINE_STATES
};

enum machine_event {
	MACHINE_NO_EVENT = 0,
	MACHINE_CREATE,			/* the create is given out */
	MACHINE_CREATED,
	MACHINE_HELLO,			/* of its agent */
	MACHINE_CLOSED,			/* its connection */
	MACHINE_QUIET,			/* not heard of for long */
	MACHINE_STOPPED,
	MACHINE_STARTED,
	MACHINE_DESTROY,		/* somebody wants it removed */
	MACHINE_DESTROYED,
	MACHINE_EVENTS
};

enum flow_state {
	FLOW_NONE = 0,
	FLOW_QUEUED,
	FLOW_RUNNING,
	FLOW_FAILING,			/* waits for what still runs */
	FLOW_DONE,
	FLOW_UNAVAILABLE,
	FLOW_STATES
};

enum flow_event {
	FLOW_NO_EVENT = 0,
	FLOW_START,
	FLOW_FINISHED,			/* the last step is done */
	FLOW_FAILED,			/* a step is not */
	FLOW_DRAINED,			/* nothing of it runs any more */
	FLOW_ABORT,
	FLOW_CUT,			/* another operation takes its place */
	FLOW_EVENTS
};

enum task_state {
	TASK_NONE = 0,
	TASK_WAITING,
	TASK_LEASED,
	TASK_CANCELLING,		/* leased, and asked to stop; in the row: leased with cancel */
	TASK_DONE,
	TASK_FAILED,
	TASK_CANCELLED,
	TASK_EXPIRED,
	TASK_STATES
};

enum task_event {
	TASK_NO_EVENT = 0,
	TASK_LEASE,			/* given out, with a higher fence */
	TASK_MET,			/* what it waits for has come */
	TASK_RESULT_DONE,
	TASK_RESULT_FAILED,		/* and may be tried again */
	TASK_RESULT_FINAL,		/* and may not: refused, or the last attempt */
	TASK_RESULT_CANCELLED,
	TASK_UNSENT,			/* could not be put together: later */
	TASK_LOST,			/* its worker no longer knows it */
	TASK_LOST_AGAIN,		/* and that too often */
	TASK_CANCEL,			/* somebody wants it stopped */
	TASK_WAIT_OVER,			/* nobody took it in time */
	TASK_RUN_OVER,			/* no result in time */
	TASK_EVENTS
};

enum service_state { SERVICE_NONE = 0, SERVICE_PROCESSING, SERVICE_DONE, SERVICE_UNAVAILABLE, SERVICE_REMOVED, SERVICE_STATES };
enum service_event { SERVICE_NO_EVENT = 0, SERVICE_BEGIN, SERVICE_SUCCEED, SERVICE_FAIL, SERVICE_REMOVE, SERVICE_EVENTS };

extern const struct chart chart_machine, chart_flow, chart_task, chart_service;

struct chart_cell chart_at(const struct chart *c, unsigned state, unsigned event);
/* The state after the event: the same one unless it goes. */
unsigned chart_next(const struct chart *c, unsigned state, unsigned event);
/* Does the event have its effect here (it goes or stays)? */
bool chart_takes(const struct chart *c, unsigned state, unsigned event);
/* "online"; NULL and 0 for each other. */
const char *chart_word(const struct chart *c, unsigned state);
unsigned chart_state(const struct chart *c, const char *word);

#endif
