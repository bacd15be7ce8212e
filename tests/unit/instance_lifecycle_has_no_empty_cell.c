/* core: each action has an answer in each situation, and walking the table keeps what clients rely on. */
/* with: core/lifecycle.c */
#include <stdio.h>
#include <string.h>

#include "core/lifecycle.h"

static int failed;

#define CHECK(what) do { if (!(what)) { failed = 1; printf("%s:%d: %s\n", __FILE__, __LINE__, #what); } } while (0)

static bool is_terminate(enum life_event e)
{
	return e == LIFE_TERMINATE || e == LIFE_TERMINATE_SERVICE;
}

static bool is_on(enum life_event e)
{
	return e == LIFE_DEPLOY || e == LIFE_POWERON || e == LIFE_REINSTALL || e == LIFE_RECONFIGURE || e == LIFE_SNAPSHOT;
}

/* One cell is sound in itself. */
static void check_cell(enum life_state s, enum life_event e, enum life_action a)
{
	struct life_step step = life_decide(s, e, a);
	bool good = true;

	switch (step.verdict) {
	case LIFE_EMPTY:
		good = false;
		break;
	case LIFE_START:
	case LIFE_NEXT:
		good = step.state == LIFE_PROCESSING && step.event && !step.reason;
		break;
	case LIFE_END:
		good = (step.state == LIFE_DONE || step.state == LIFE_UNAVAILABLE) && step.event == e && !step.reason;
		break;
	case LIFE_REFUSE:
		good = step.reason && step.reason[0] && step.reason[strlen(step.reason) - 1] == '.';
		break;
	case LIFE_STAY:
	case LIFE_REMOVE:
	case LIFE_LATE:
		good = !step.state && !step.event && !step.reason;
		break;
	}
	if (!good) {
		failed = 1;
		printf("%s/%s: %s: verdict %d is not sound\n", life_state_word(s), life_event_word(e), life_action_word(a),
			(int)step.verdict);
	}
}

/* Rules over a whole pair of words. */
static void check_rules(enum life_state s, enum life_event e)
{
	enum life_verdict force = life_decide(s, e, LIFE_DO_FORCE_TERMINATE).verdict;
	bool gone = s == LIFE_DONE && is_terminate(e);

	/* While an operation runs no second one begins, but force ends it; not twice. */
	for (enum life_action a = LIFE_DO_DEPLOY; s == LIFE_PROCESSING && a < LIFE_SUCCEEDED; a++)
		if (a != LIFE_DO_FORCE_TERMINATE)
			CHECK(life_decide(s, e, a).verdict != LIFE_START);
	if (s == LIFE_PROCESSING)
		CHECK((force == LIFE_START) == (e != LIFE_TERMINATE_SERVICE));
	/* What a running operation can come to: success and failure, each once. */
	CHECK((life_decide(s, e, LIFE_FAILED).verdict == LIFE_END) == (s == LIFE_PROCESSING));
	CHECK((life_decide(s, e, LIFE_SUCCEEDED).verdict == LIFE_LATE) == (s != LIFE_PROCESSING));
	/* Clients terminate what is on, and repeat a failed terminate; all else they force. */
	if ((s == LIFE_DONE && is_on(e)) || (s == LIFE_UNAVAILABLE && is_terminate(e)))
		CHECK(life_decide(s, e, LIFE_DO_TERMINATE).verdict == LIFE_START);
	else if (!gone && !(s == LIFE_PROCESSING && e == LIFE_TERMINATE_SERVICE))
		CHECK(force == LIFE_START);
	/* Deleted is what is terminated, and nothing else. */
	CHECK((life_decide(s, e, LIFE_DO_DELETE).verdict == LIFE_REMOVE) == gone);
	/* Tags and the like may be changed at any time. */
	CHECK(life_decide(s, e, LIFE_DO_EDIT).verdict == LIFE_STAY);
	CHECK((life_decide(s, e, LIFE_DO_EDIT_BOXES).verdict == LIFE_STAY) == (s != LIFE_PROCESSING && !gone));
}

/* Whatever is started comes to an end by itself, with words of its own kind. */
static void check_ends(enum life_state s, enum life_event e, enum life_action a)
{
	struct life_step step = life_decide(s, e, a);
	enum life_event began = step.event;
	int phases = 0;

	if (step.verdict != LIFE_START)
		return;
	do
		step = life_decide(step.state, step.event, LIFE_SUCCEEDED);
	while (step.verdict == LIFE_NEXT && ++phases < 3);
	CHECK(step.verdict == LIFE_END && step.state == LIFE_DONE);
	CHECK(step.event != LIFE_TERMINATE && step.event != LIFE_SHUTDOWN);
	if (is_terminate(began))
		CHECK(life_situation(step.state, step.event) == LIFE_TERMINATED);
	else if (began == LIFE_SHUTDOWN)
		CHECK(life_situation(step.state, step.event) == LIFE_OFF && phases == 1);
	else
		CHECK(life_situation(step.state, step.event) == LIFE_ONLINE && !phases);
}

static void check_words(void)
{
	static const char *const events[] = { "deploy", "shutdown", "shutdown_service", "poweron", "reinstall",
		"reconfigure", "terminate", "terminate_service", "snapshot" };

	CHECK(LIFE_EVENTS == 1 + sizeof events / sizeof events[0] && LIFE_STATES == 4);
	for (size_t i = 0; i < sizeof events / sizeof events[0]; i++)
		CHECK(!strcmp(life_event_word(life_event_of(events[i])), events[i]));
	CHECK(life_state_of("processing") == LIFE_PROCESSING && life_state_of("done") == LIFE_DONE);
	CHECK(life_state_of("unavailable") == LIFE_UNAVAILABLE);
	CHECK(!life_state_of("online") && !life_state_of(NULL) && !life_event_of("import") && !life_event_of(""));
	for (int i = 1; i < LIFE_SITUATIONS; i++)
		CHECK(life_situation_word((enum life_situation)i));
	for (int i = 1; i < LIFE_ACTIONS; i++)
		CHECK(life_action_word((enum life_action)i));
	CHECK(life_decide(LIFE_STATE_NONE, LIFE_DEPLOY, LIFE_DO_EDIT).verdict == LIFE_REFUSE);
	CHECK(life_decide(LIFE_DONE, LIFE_EVENT_NONE, LIFE_DO_EDIT).verdict == LIFE_REFUSE);
	CHECK(life_decide(LIFE_DONE, LIFE_DEPLOY, LIFE_NO_ACTION).verdict == LIFE_REFUSE);
}

int main(void)
{
	bool reached[LIFE_SITUATIONS] = { false };
	int cells = 0;

	for (enum life_state s = LIFE_PROCESSING; s < LIFE_STATES; s++)
		for (enum life_event e = LIFE_DEPLOY; e < LIFE_EVENTS; e++) {
			CHECK(life_situation(s, e) != LIFE_NOWHERE);
			reached[life_situation(s, e)] = true;
			check_rules(s, e);
			for (enum life_action a = LIFE_DO_DEPLOY; a < LIFE_ACTIONS; a++, cells++) {
				check_cell(s, e, a);
				check_ends(s, e, a);
			}
		}
	for (int i = 1; i < LIFE_SITUATIONS; i++)
		CHECK(reached[i]);
	CHECK(cells == 27 * (LIFE_ACTIONS - 1));
	check_words();
	return failed;
}
