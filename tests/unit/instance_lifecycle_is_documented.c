/* core: docs/instances.md has the table of situations and actions as the code has it.
 * CAM_WRITE=1 writes it anew. */
/* with: core/lifecycle.c */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/lifecycle.h"

#define BEGIN "<!-- from src/core/lifecycle.c: tests/unit/instance_lifecycle_is_documented.c -->\n"
#define END "<!-- end -->\n"
#define TEXT_MAX (1 << 16)

/* One pair of words for each situation; SAME events show as "*". */
static bool words_of(enum life_situation want, enum life_state *state, enum life_event *event)
{
	for (*state = LIFE_PROCESSING; *state < LIFE_STATES; (*state)++)
		for (*event = LIFE_DEPLOY; *event < LIFE_EVENTS; (*event)++)
			if (life_situation(*state, *event) == want)
				return true;
	return false;
}

static const char *cell(enum life_state state, enum life_event event, enum life_action action)
{
	struct life_step step = life_decide(state, event, action);
	static char text[64];

	switch (step.verdict) {
	case LIFE_START:
		snprintf(text, sizeof text, "→ %s", life_event_word(step.event));
		return text;
	case LIFE_NEXT:
		snprintf(text, sizeof text, "… %s", life_event_word(step.event));
		return text;
	case LIFE_END:
		snprintf(text, sizeof text, "= %s/*", life_state_word(step.state));
		return text;
	case LIFE_STAY:
		return "ok";
	case LIFE_REMOVE:
		return "removed";
	case LIFE_REFUSE:
		return "409";
	case LIFE_LATE:
		return "late";
	case LIFE_EMPTY:
		break;
	}
	return "?";
}

static void add(char *table, const char *text)
{
	strncat(table, text, TEXT_MAX - strlen(table) - 1);
}

static void add_row(char *table, enum life_situation s)
{
	enum life_state state;
	enum life_event event;

	if (!words_of(s, &state, &event))
		return;
	add(table, "| ");
	add(table, life_situation_word(s));
	for (enum life_action a = LIFE_DO_DEPLOY; a < LIFE_ACTIONS; a++) {
		add(table, " | ");
		add(table, cell(state, event, a));
	}
	add(table, " |\n");
}

static void make_table(char *table)
{
	add(table, "\n|  ");
	for (enum life_action a = LIFE_DO_DEPLOY; a < LIFE_ACTIONS; a++) {
		add(table, "| ");
		add(table, life_action_word(a));
		add(table, " ");
	}
	add(table, "|\n| ---");
	for (enum life_action a = LIFE_DO_DEPLOY; a < LIFE_ACTIONS; a++)
		add(table, " | ---");
	add(table, " |\n");
	for (enum life_situation s = LIFE_DEPLOYING; s < LIFE_SITUATIONS; s++)
		add_row(table, s);
	add(table, "\n");
}

static char *file_text(const char *path)
{
	char *text = calloc(1, TEXT_MAX);
	FILE *f = fopen(path, "r");

	if (!f || !text || !fread(text, 1, TEXT_MAX - 1, f)) {
		printf("%s: cannot be read\n", path);
		exit(1);
	}
	fclose(f);
	return text;
}

static int write_file(const char *path, const char *text, const char *begin, const char *end, const char *table)
{
	FILE *f = fopen(path, "w");

	if (!f || fprintf(f, "%.*s%s%s", (int)(begin - text), text, table, end) < 0 || fclose(f)) {
		printf("%s: cannot be written\n", path);
		return 1;
	}
	return 0;
}

int main(void)
{
	static char table[TEXT_MAX];
	const char *top = getenv("CAM_TOP"), *begin, *end;
	char path[4096], *text;
	int result = 0;

	snprintf(path, sizeof path, "%s/docs/instances.md", top ? top : ".");
	text = file_text(path);
	make_table(table);
	begin = strstr(text, BEGIN);
	end = begin ? strstr(begin, END) : NULL;
	if (!end) {
		printf("%s: the marks of the table are missing\n", path);
		return 1;
	}
	begin += strlen(BEGIN);
	if (getenv("CAM_WRITE")) {
		result = write_file(path, text, begin, end, table);
	} else if (strlen(table) != (size_t)(end - begin) || memcmp(table, begin, strlen(table)) != 0) {
		printf("%s: is not what the table says; now it would be:\n%s", path, table);
		result = 1;
	}
	free(text);
	return result;
}
