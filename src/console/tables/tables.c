/*
 * tables: what the console must not know twice, printed as JSON when it is built: which action an
 * instance's state allows, and which role allows what.
 */
#include <stdio.h>

#include "core/lifecycle.h"
#include "verb/need.h"

static void text(const char *s)
{
	putchar('"');
	for (; s && *s; s++) {
		if (*s == '"' || *s == '\\')
			putchar('\\');
		putchar(*s);
	}
	putchar('"');
}

/* {"": the situation, action: "" = allowed, else the reason why not} */
static void situation(enum life_state state, enum life_event event)
{
	printf("{\"\":");
	text(life_situation_word(life_situation(state, event)));
	for (enum life_action a = LIFE_DO_DEPLOY; a < LIFE_SUCCEEDED; a++) {
		struct life_step step = life_decide(state, event, a);

		putchar(',');
		text(life_action_word(a));
		putchar(':');
		text(step.verdict == LIFE_REFUSE ? step.reason : "");
	}
	putchar('}');
}

static void lifecycle(void)
{
	const char *comma = "";

	for (enum life_state s = LIFE_PROCESSING; s < LIFE_STATES; s++)
		for (enum life_event e = LIFE_DEPLOY; e < LIFE_EVENTS; e++) {
			printf("%s\"%s/%s\":", comma, life_state_word(s), life_event_word(e));
			situation(s, e);
			comma = ",\n";
		}
}

/* {kind: {need: [roles]}} */
static void roles(void)
{
	static const char *const needs[ACCESS_NEEDS] = { "", "see", "use", "edit", "own", "create" };
	static const enum object_kind kinds[] = { OBJECT_BOX, OBJECT_INSTANCE, OBJECT_PROVIDER, OBJECT_WORKSPACE };

	for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
		printf("%s\"%s\":{", k ? ",\n" : "", access_kind_name(kinds[k]));
		for (enum access_need n = ACCESS_SEE; n < ACCESS_NEEDS; n++) {
			const char *comma = "";

			printf("%s\"%s\":[", n > ACCESS_SEE ? "," : "", needs[n]);
			for (enum access_role r = ACCESS_VISITOR; r <= ACCESS_ADMINISTRATOR; r++)
				if (access_permits(kinds[k], n, r)) {
					printf("%s\"%s\"", comma, access_role_name(r));
					comma = ",";
				}
			putchar(']');
		}
		putchar('}');
	}
}

int main(void)
{
	printf("{\"lifecycle\":{");
	lifecycle();
	printf("},\n\"roles\":{");
	roles();
	printf("}}\n");
	return 0;
}
