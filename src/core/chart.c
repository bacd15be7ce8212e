/* The lives of machines, operations, tasks and services. */
#include <string.h>

#include "chart.h"

#define GO(state) { CHART_GO, state }
#define STAY { CHART_STAY, 0 }
#define LATE { CHART_LATE, 0 }

/* ---- machines ---- */

static const char *const machine_states[MACHINE_STATES] = {
	NULL, "expected", "making", "made", "online", "away", "silent", "off", "leaving", "gone",
};

static const char *const machine_events[MACHINE_EVENTS] = {
	NULL, "create", "created", "hello", "closed", "quiet", "stopped", "started", "destroy", "destroyed",
};

/* Whatever it is, it can be removed. */
#define LEAVES [MACHINE_DESTROY] = GO(MACHINE_LEAVING), [MACHINE_DESTROYED] = GO(MACHINE_GONE)
/* The answer to a create may come after its agent, for the agent is faster. */
#define THERE [MACHINE_CREATE] = STAY, [MACHINE_CREATED] = STAY

static const struct chart_cell machine_cells[MACHINE_STATES][MACHINE_EVENTS] = {
	/* A machine of one's own is never made: its agent comes. */
	[MACHINE_EXPECTED] = { LEAVES,
		[MACHINE_CREATE] = GO(MACHINE_MAKING), [MACHINE_CREATED] = LATE, [MACHINE_HELLO] = GO(MACHINE_ONLINE),
		[MACHINE_CLOSED] = STAY, [MACHINE_QUIET] = STAY, [MACHINE_STOPPED] = STAY, [MACHINE_STARTED] = STAY },
	[MACHINE_MAKING] = { LEAVES,
		[MACHINE_CREATE] = STAY, [MACHINE_CREATED] = GO(MACHINE_MADE), [MACHINE_HELLO] = GO(MACHINE_ONLINE),
		[MACHINE_CLOSED] = STAY, [MACHINE_QUIET] = STAY, [MACHINE_STOPPED] = STAY, [MACHINE_STARTED] = STAY },
	[MACHINE_MADE] = { LEAVES, THERE,
		[MACHINE_HELLO] = GO(MACHINE_ONLINE), [MACHINE_CLOSED] = STAY, [MACHINE_QUIET] = STAY,
		[MACHINE_STOPPED] = GO(MACHINE_OFF), [MACHINE_STARTED] = STAY },
	[MACHINE_ONLINE] = { LEAVES, THERE,
		[MACHINE_HELLO] = STAY, [MACHINE_CLOSED] = GO(MACHINE_AWAY), [MACHINE_QUIET] = STAY,
		[MACHINE_STOPPED] = GO(MACHINE_OFF), [MACHINE_STARTED] = STAY },
	[MACHINE_AWAY] = { LEAVES, THERE,
		[MACHINE_HELLO] = GO(MACHINE_ONLINE), [MACHINE_CLOSED] = STAY, [MACHINE_QUIET] = GO(MACHINE_SILENT),
		[MACHINE_STOPPED] = GO(MACHINE_OFF), [MACHINE_STARTED] = STAY },
	[MACHINE_SILENT] = { LEAVES, THERE,
		[MACHINE_HELLO] = GO(MACHINE_ONLINE), [MACHINE_CLOSED] = STAY, [MACHINE_QUIET] = STAY,
		[MACHINE_STOPPED] = GO(MACHINE_OFF), [MACHINE_STARTED] = STAY },
	/* Its agent may be back before the provider says that it was started. */
	[MACHINE_OFF] = { LEAVES, THERE,
		[MACHINE_HELLO] = GO(MACHINE_ONLINE), [MACHINE_CLOSED] = STAY, [MACHINE_QUIET] = STAY,
		[MACHINE_STOPPED] = STAY, [MACHINE_STARTED] = GO(MACHINE_MADE) },
	/* A create that was under way may still come to an end: what it made is removed, too. */
	[MACHINE_LEAVING] = {
		[MACHINE_CREATE] = LATE, [MACHINE_CREATED] = STAY, [MACHINE_HELLO] = LATE, [MACHINE_CLOSED] = STAY,
		[MACHINE_QUIET] = STAY, [MACHINE_STOPPED] = STAY, [MACHINE_STARTED] = STAY, [MACHINE_DESTROY] = STAY,
		[MACHINE_DESTROYED] = GO(MACHINE_GONE) },
	[MACHINE_GONE] = {
		[MACHINE_CREATE] = LATE, [MACHINE_CREATED] = LATE, [MACHINE_HELLO] = LATE, [MACHINE_CLOSED] = STAY,
		[MACHINE_QUIET] = STAY, [MACHINE_STOPPED] = LATE, [MACHINE_STARTED] = LATE, [MACHINE_DESTROY] = LATE,
		[MACHINE_DESTROYED] = LATE },
};

const struct chart chart_machine = {
	"machine", machine_states, machine_events, MACHINE_STATES, MACHINE_EVENTS, &machine_cells[0][0],
};

/* ---- operations ---- */

static const char *const flow_states[FLOW_STATES] = { NULL, "queued", "running", "failing", "done", "unavailable" };

static const char *const flow_events[FLOW_EVENTS] = {
	NULL, "start", "finished", "failed", "drained", "abort", "cut",
};

#define ENDS [FLOW_ABORT] = GO(FLOW_UNAVAILABLE), [FLOW_CUT] = GO(FLOW_UNAVAILABLE)
#define OVER [FLOW_START] = LATE, [FLOW_FINISHED] = LATE, [FLOW_FAILED] = LATE, [FLOW_DRAINED] = LATE, [FLOW_ABORT] = LATE, \
	[FLOW_CUT] = LATE

static const struct chart_cell flow_cells[FLOW_STATES][FLOW_EVENTS] = {
	[FLOW_QUEUED] = { ENDS,
		[FLOW_START] = GO(FLOW_RUNNING), [FLOW_FINISHED] = LATE, [FLOW_FAILED] = GO(FLOW_FAILING), [FLOW_DRAINED] = LATE },
	[FLOW_RUNNING] = { ENDS,
		[FLOW_START] = LATE, [FLOW_FINISHED] = GO(FLOW_DONE), [FLOW_FAILED] = GO(FLOW_FAILING), [FLOW_DRAINED] = STAY },
	[FLOW_FAILING] = { ENDS,
		[FLOW_START] = LATE, [FLOW_FINISHED] = LATE, [FLOW_FAILED] = STAY, [FLOW_DRAINED] = GO(FLOW_UNAVAILABLE) },
	[FLOW_DONE] = { OVER },
	[FLOW_UNAVAILABLE] = { OVER },
};

const struct chart chart_flow = { "operation", flow_states, flow_events, FLOW_STATES, FLOW_EVENTS, &flow_cells[0][0] };

/* ---- tasks ---- */

static const char *const task_states[TASK_STATES] = {
	NULL, "waiting", "leased", "cancelling", "done", "failed", "cancelled", "expired",
};

static const char *const task_events[TASK_EVENTS] = {
	NULL, "lease", "met", "done", "failed", "final", "cancelled", "unsent", "lost", "lost again", "cancel", "wait over", "run over",
};

#define NO_MORE [TASK_LEASE] = LATE, [TASK_MET] = LATE, [TASK_RESULT_DONE] = LATE, [TASK_RESULT_FAILED] = LATE, \
	[TASK_RESULT_FINAL] = LATE, [TASK_RESULT_CANCELLED] = LATE, [TASK_UNSENT] = LATE, [TASK_LOST] = LATE, \
	[TASK_LOST_AGAIN] = LATE, [TASK_CANCEL] = LATE, [TASK_WAIT_OVER] = LATE, [TASK_RUN_OVER] = LATE

static const struct chart_cell task_cells[TASK_STATES][TASK_EVENTS] = {
	[TASK_WAITING] = {
		[TASK_LEASE] = GO(TASK_LEASED), [TASK_MET] = GO(TASK_DONE), [TASK_RESULT_DONE] = LATE,
		[TASK_RESULT_FAILED] = LATE, [TASK_RESULT_FINAL] = LATE, [TASK_RESULT_CANCELLED] = LATE, [TASK_UNSENT] = LATE,
		[TASK_LOST] = LATE, [TASK_LOST_AGAIN] = LATE, [TASK_CANCEL] = GO(TASK_CANCELLED), [TASK_WAIT_OVER] = GO(TASK_EXPIRED),
		[TASK_RUN_OVER] = LATE },
	[TASK_LEASED] = {
		[TASK_LEASE] = LATE, [TASK_MET] = LATE, [TASK_RESULT_DONE] = GO(TASK_DONE),
		[TASK_RESULT_FAILED] = GO(TASK_WAITING), [TASK_RESULT_FINAL] = GO(TASK_FAILED),
		/* It gave up unasked. */
		[TASK_RESULT_CANCELLED] = GO(TASK_FAILED), [TASK_UNSENT] = GO(TASK_WAITING), [TASK_LOST] = GO(TASK_WAITING),
		[TASK_LOST_AGAIN] = GO(TASK_FAILED), [TASK_CANCEL] = GO(TASK_CANCELLING), [TASK_WAIT_OVER] = LATE,
		[TASK_RUN_OVER] = GO(TASK_EXPIRED) },
	[TASK_CANCELLING] = {
		[TASK_LEASE] = LATE, [TASK_MET] = LATE,
		/* It was faster. */
		[TASK_RESULT_DONE] = GO(TASK_DONE),
		[TASK_RESULT_FAILED] = GO(TASK_CANCELLED), [TASK_RESULT_FINAL] = GO(TASK_CANCELLED),
		[TASK_RESULT_CANCELLED] = GO(TASK_CANCELLED), [TASK_UNSENT] = GO(TASK_CANCELLED), [TASK_LOST] = GO(TASK_CANCELLED),
		[TASK_LOST_AGAIN] = GO(TASK_CANCELLED), [TASK_CANCEL] = STAY, [TASK_WAIT_OVER] = LATE, [TASK_RUN_OVER] = GO(TASK_EXPIRED) },
	[TASK_DONE] = { NO_MORE },
	[TASK_FAILED] = { NO_MORE },
	[TASK_CANCELLED] = { NO_MORE },
	[TASK_EXPIRED] = { NO_MORE },
};

const struct chart chart_task = { "task", task_states, task_events, TASK_STATES, TASK_EVENTS, &task_cells[0][0] };

/* ---- services ---- */

static const char *const service_states[SERVICE_STATES] = { NULL, "processing", "done", "unavailable", "removed" };
static const char *const service_events[SERVICE_EVENTS] = { NULL, "begin", "succeed", "fail", "remove" };

static const struct chart_cell service_cells[SERVICE_STATES][SERVICE_EVENTS] = {
	/* Force begins another operation while one runs; so does the second phase. */
	[SERVICE_PROCESSING] = { [SERVICE_BEGIN] = STAY, [SERVICE_SUCCEED] = GO(SERVICE_DONE),
		[SERVICE_FAIL] = GO(SERVICE_UNAVAILABLE), [SERVICE_REMOVE] = GO(SERVICE_REMOVED) },
	[SERVICE_DONE] = { [SERVICE_BEGIN] = GO(SERVICE_PROCESSING), [SERVICE_SUCCEED] = STAY, [SERVICE_FAIL] = LATE,
		[SERVICE_REMOVE] = GO(SERVICE_REMOVED) },
	/* Forced online. */
	[SERVICE_UNAVAILABLE] = { [SERVICE_BEGIN] = GO(SERVICE_PROCESSING), [SERVICE_SUCCEED] = GO(SERVICE_DONE),
		[SERVICE_FAIL] = STAY, [SERVICE_REMOVE] = GO(SERVICE_REMOVED) },
	[SERVICE_REMOVED] = { [SERVICE_BEGIN] = LATE, [SERVICE_SUCCEED] = LATE, [SERVICE_FAIL] = LATE, [SERVICE_REMOVE] = LATE },
};

const struct chart chart_service = {
	"service", service_states, service_events, SERVICE_STATES, SERVICE_EVENTS, &service_cells[0][0],
};

/* ---- reading them ---- */

struct chart_cell chart_at(const struct chart *c, unsigned state, unsigned event)
{
	struct chart_cell late = LATE;

	if (!state || state >= c->state_count || !event || event >= c->event_count)
		return late;
	return c->cells[state * c->event_count + event];
}

unsigned chart_next(const struct chart *c, unsigned state, unsigned event)
{
	struct chart_cell cell = chart_at(c, state, event);

	return cell.move == CHART_GO ? cell.state : state;
}

bool chart_takes(const struct chart *c, unsigned state, unsigned event)
{
	enum chart_move move = chart_at(c, state, event).move;

	return move == CHART_GO || move == CHART_STAY;
}

const char *chart_word(const struct chart *c, unsigned state)
{
	return state < c->state_count ? c->states[state] : NULL;
}

unsigned chart_state(const struct chart *c, const char *word)
{
	for (unsigned i = 1; word && i < c->state_count; i++)
		if (!strcmp(c->states[i], word))
			return i;
	return 0;
}
