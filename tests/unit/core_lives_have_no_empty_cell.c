/* core: the lives of machines, operations, tasks and services: each event has an answer in each state, each state is
 * reached, and from each one the end is; docs/workflows.md and docs/pictures/life-*.svg show them as they are. CAM_WRITE=1
 * writes both anew. */
/* with: core/chart.c core/lifecycle.c tests/unit/lib/draw.c */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/chart.h"
#include "core/lifecycle.h"
#include "lib/draw.h"

static int failed;

#define CHECK(what) do { if (!(what)) { failed = 1; printf("%s:%d: %s\n", __FILE__, __LINE__, #what); } } while (0)
#define BEGIN "<!-- from src/core/chart.c: tests/unit/core_lives_have_no_empty_cell.c -->\n"
#define END "<!-- end -->\n"
#define TEXT_MAX (1 << 16)
#define STATES_MAX 32

static const struct chart *const charts[] = { &chart_machine, &chart_flow, &chart_task, &chart_service };

/* ---- the tables are sound ---- */

static void spread(const struct chart *c, unsigned state, bool reached[STATES_MAX])
{
	if (reached[state])
		return;
	reached[state] = true;
	for (unsigned e = 1; e < c->event_count; e++)
		spread(c, chart_next(c, state, e), reached);
}

static bool is_last(const struct chart *c, unsigned state)
{
	for (unsigned e = 1; e < c->event_count; e++)
		if (chart_at(c, state, e).move == CHART_GO)
			return false;
	return true;
}

static void check_chart(const struct chart *c)
{
	bool reached[STATES_MAX] = { false }, from[STATES_MAX], ends;
	unsigned lasts = 0;

	for (unsigned s = 1; s < c->state_count; s++) {
		CHECK(chart_state(c, chart_word(c, s)) == s);
		for (unsigned e = 1; e < c->event_count; e++) {
			struct chart_cell cell = chart_at(c, s, e);

			if (cell.move == CHART_EMPTY || (cell.move == CHART_GO) != (cell.state != 0) || cell.state >= c->state_count ||
					cell.state == s) {
				failed = 1;
				printf("%s: %s, %s: not sound\n", c->name, chart_word(c, s), c->events[e]);
			}
		}
		memset(from, 0, sizeof from);
		spread(c, s, from);
		ends = false;
		for (unsigned k = 1; k < c->state_count; k++)
			ends |= from[k] && is_last(c, k);
		CHECK(ends);
		lasts += is_last(c, s);
	}
	spread(c, 1, reached);
	for (unsigned s = 1; s < c->state_count; s++)
		CHECK(reached[s]);
	CHECK(lasts > 0 && !chart_state(c, "nonsense") && !chart_state(c, NULL));
	CHECK(chart_at(c, 0, 1).move == CHART_LATE && chart_at(c, 1, c->event_count).move == CHART_LATE);
}

/* What the code relies on. */
static void check_rules(void)
{
	for (unsigned s = MACHINE_EXPECTED; s < MACHINE_GONE; s++) {
		/* Whatever a machine is, it can be removed. */
		CHECK(chart_next(&chart_machine, chart_next(&chart_machine, s, MACHINE_DESTROY), MACHINE_DESTROYED) == MACHINE_GONE);
		CHECK((chart_next(&chart_machine, s, MACHINE_HELLO) == MACHINE_ONLINE) == (s != MACHINE_LEAVING));
	}
	for (unsigned s = TASK_DONE; s < TASK_STATES; s++)
		CHECK(is_last(&chart_task, s));
	/* What is to stop is never given out again. */
	for (unsigned e = 1; e < TASK_EVENTS; e++)
		CHECK(chart_next(&chart_task, TASK_CANCELLING, e) != TASK_WAITING && chart_next(&chart_task, TASK_CANCELLING, e) != TASK_LEASED);
	CHECK(chart_next(&chart_flow, FLOW_FAILING, FLOW_FINISHED) == FLOW_FAILING);
	for (unsigned s = FLOW_QUEUED; s <= FLOW_FAILING; s++)
		CHECK(chart_next(&chart_flow, s, FLOW_ABORT) == FLOW_UNAVAILABLE);
}

/* ---- the page and the pictures ---- */

static void add(char *text, const char *more)
{
	strncat(text, more, TEXT_MAX - strlen(text) - 1);
}

static void add_cell(char *text, const struct chart *c, unsigned s, unsigned e)
{
	struct chart_cell cell = chart_at(c, s, e);

	if (cell.move == CHART_GO)
		add(text, "→ ");
	add(text, cell.move == CHART_GO ? chart_word(c, cell.state) : cell.move == CHART_STAY ? "·" : "late");
}

static void add_table(char *text, const struct chart *c)
{
	add(text, "\n**");
	add(text, c->name);
	add(text, "**\n\n|  ");
	for (unsigned e = 1; e < c->event_count; e++) {
		add(text, "| ");
		add(text, c->events[e]);
		add(text, " ");
	}
	add(text, "|\n| ---");
	for (unsigned e = 1; e < c->event_count; e++)
		add(text, " | ---");
	add(text, " |\n");
	for (unsigned s = 1; s < c->state_count; s++) {
		add(text, "| ");
		add(text, chart_word(c, s));
		for (unsigned e = 1; e < c->event_count; e++) {
			add(text, " | ");
			add_cell(text, c, s, e);
		}
		add(text, " |\n");
	}
	add(text, "\n![");
	add(text, c->name);
	add(text, "](pictures/life-");
	add(text, c->name);
	add(text, ".svg)\n");
}

static void draw_chart(const struct chart *c, struct drawing *d)
{
	draw_begin(d, c->name, c->state_count - 1);
	for (unsigned s = 1; s < c->state_count; s++)
		draw_state(d, s - 1, chart_word(c, s), is_last(c, s));
	for (unsigned s = 1; s < c->state_count; s++)
		for (unsigned e = 1; e < c->event_count; e++)
			if (chart_at(c, s, e).move == CHART_GO)
				draw_move(d, s - 1, chart_at(c, s, e).state - 1u, c->events[e]);
	draw_end(d);
}

/* Of instances: the situations that two words come to. */
static bool words_of(enum life_situation want, enum life_state *state, enum life_event *event)
{
	for (*state = LIFE_PROCESSING; *state < LIFE_STATES; (*state)++)
		for (*event = LIFE_DEPLOY; *event < LIFE_EVENTS; (*event)++)
			if (life_situation(*state, *event) == want)
				return true;
	return false;
}

static void draw_instance(struct drawing *d)
{
	enum life_state state;
	enum life_event event;
	enum life_situation to;
	struct life_step step;

	draw_begin(d, "instance", LIFE_SITUATIONS - 1);
	for (enum life_situation s = LIFE_DEPLOYING; s < LIFE_SITUATIONS; s++)
		draw_state(d, s - 1u, life_situation_word(s), s == LIFE_TERMINATED);
	for (enum life_situation s = LIFE_DEPLOYING; s < LIFE_SITUATIONS && words_of(s, &state, &event); s++)
		for (enum life_action a = LIFE_DO_DEPLOY; a < LIFE_ACTIONS; a++) {
			step = life_decide(state, event, a);
			to = step.verdict >= LIFE_START && step.verdict <= LIFE_END ? life_situation(step.state, step.event) : s;
			if (to != s)
				draw_move(d, s - 1u, to - 1u, life_action_word(a));
		}
	draw_end(d);
}

static char *file_text(const char *path)
{
	char *text = calloc(1, DRAWING_MAX + 1);
	FILE *f = fopen(path, "r");

	if (f && text && !fread(text, 1, DRAWING_MAX, f))
		text[0] = 0;
	if (f)
		fclose(f);
	return text;
}

static void check_file(const char *name, const char *want)
{
	const char *top = getenv("CAM_TOP");
	char path[4096], *have;
	FILE *f;

	snprintf(path, sizeof path, "%s/docs/%s", top ? top : ".", name);
	if (getenv("CAM_WRITE")) {
		f = fopen(path, "w");
		CHECK(f && fputs(want, f) >= 0 && !fclose(f));
		return;
	}
	have = file_text(path);
	if (strcmp(have, want) != 0) {
		failed = 1;
		printf("%s: is not what the tables say: run this test with CAM_WRITE=1\n", path);
	}
	free(have);
}

static void check_page(void)
{
	static char page[DRAWING_MAX], tables[TEXT_MAX];
	const char *top = getenv("CAM_TOP"), *begin, *end;
	char path[4096], *text;

	snprintf(path, sizeof path, "%s/docs/workflows.md", top ? top : ".");
	text = file_text(path);
	begin = strstr(text, BEGIN);
	end = begin ? strstr(begin, END) : NULL;
	CHECK(end);
	if (!end)
		return;
	for (size_t i = 0; i < sizeof charts / sizeof charts[0]; i++)
		add_table(tables, charts[i]);
	snprintf(page, sizeof page, "%.*s%s\n%s", (int)(begin - text) + (int)strlen(BEGIN), text, tables, end);
	check_file("workflows.md", page);
	free(text);
}

int main(void)
{
	static struct drawing d;
	char name[64];

	for (size_t i = 0; i < sizeof charts / sizeof charts[0]; i++) {
		check_chart(charts[i]);
		draw_chart(charts[i], &d);
		snprintf(name, sizeof name, "pictures/life-%s.svg", charts[i]->name);
		check_file(name, d.text);
	}
	draw_instance(&d);
	check_file("pictures/life-instance.svg", d.text);
	check_rules();
	check_page();
	return failed;
}
