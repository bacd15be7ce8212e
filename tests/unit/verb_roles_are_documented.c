/* verb: docs/roles.md says of every verb and every role what the table of verbs says.
 * CAM_WRITE=1 writes the table anew. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verb/verb.h"

#define BEGIN "<!-- from the table of verbs: tests/unit/verb_roles_are_documented.c -->\n"
#define END "<!-- end -->\n"
#define TEXT_MAX (1 << 18)

/* Who asks.  The four are roles in the workspace that owns the object; a stranger is a user of the
 * organization without one. */
enum who {
	ANONYMOUS, STRANGER, VISITOR, USER, AUTHOR, ADMINISTRATOR, COSTCENTER, ORGANIZATION, APPLIANCE, WHOS
};

static bool in_place(const struct verb *v)
{
	return v->need == ACCESS_CREATE || (!strncmp(v->name, "workspace.", 10) && v->kind != OBJECT_WORKSPACE);
}

static enum access_role role_of(enum who who)
{
	switch (who) {
	case ANONYMOUS:
	case STRANGER:
	case WHOS:
		return ACCESS_NOBODY;
	case VISITOR:
		return ACCESS_VISITOR;
	case USER:
		return ACCESS_USER;
	case AUTHOR:
		return ACCESS_AUTHOR;
	case ADMINISTRATOR:
	case COSTCENTER:
	case ORGANIZATION:
	case APPLIANCE:
		break;
	}
	return ACCESS_ADMINISTRATOR;
}

static const char *organization_answer(const struct verb *v, enum who who)
{
	return who >= ORGANIZATION || access_permits(v->kind, v->need, ACCESS_VISITOR) ? "yes" : "403";
}

/* Cost centers: made and deleted by the organization's administrators, seen and changed by their own. */
static const char *costcenter_answer(const struct verb *v, enum who who)
{
	if (who >= ORGANIZATION)
		return "yes";
	if (v->need == ACCESS_CREATE)
		return "403";
	if (who != COSTCENTER)
		return "404";
	return v->need == ACCESS_OWN ? "403" : "yes";
}

static const char *workspace_answer(const struct verb *v, enum who who)
{
	enum access_role role = role_of(who);

	if (v->kind == OBJECT_WORKSPACE && v->need == ACCESS_CREATE)
		return who >= COSTCENTER ? "yes" : "403";
	if (access_permits(v->kind, v->need, role))
		return "yes";
	if (role == ACCESS_NOBODY)
		return "404";
	return in_place(v) || access_permits(v->kind, ACCESS_SEE, role) ? "403" : "404";
}

static const char *answer(const struct verb *v, enum who who)
{
	/* Files may be fetched from inside a VM, by the credential in the address. */
	if (v->answer == VERB_ANSWER_BYTES)
		return who == ANONYMOUS ? "address" : workspace_answer(v, who);
	if (v->role == VERB_ROLE_PUBLIC)
		return "yes";
	if (who == ANONYMOUS)
		return "401";
	if (v->role == VERB_ROLE_ADMIN)
		return who == APPLIANCE ? "yes" : "403";
	/* Lists of what one may see are for everybody. */
	if (v->need == ACCESS_NONE)
		return "yes";
	switch (v->kind) {
	case OBJECT_ORGANIZATION:
		return organization_answer(v, who);
	case OBJECT_COSTCENTER:
		return costcenter_answer(v, who);
	case OBJECT_USER:
		return who >= ORGANIZATION ? "yes" : "404";
	default:
		return workspace_answer(v, who);
	}
}

static void add(char *out, const char *text)
{
	if (strlen(out) + strlen(text) >= TEXT_MAX)
		abort();
	strcat(out, text);
}

static void make_table(char *out)
{
	static const char *const needs[ACCESS_NEEDS] = { "", "see", "use", "edit", "own", "create" };
	char line[512];
	const struct verb *v;

	add(out, "| verb | method and path | needs | anonymous | stranger | visitor | user | author | administrator | cost center |"
		" organization | appliance |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n");
	for (size_t i = 0; (v = verb_at(i)); i++) {
		if (!v->method)
			continue;
		snprintf(line, sizeof line, "| %s | %s %s | %s%s%s |", v->name, v->method, v->path, needs[v->need],
			v->need ? " " : "", v->need ? access_kind_name(v->kind) : "");
		add(out, line);
		for (int who = ANONYMOUS; who < WHOS; who++) {
			snprintf(line, sizeof line, " %s |", answer(v, (enum who)who));
			add(out, line);
		}
		add(out, "\n");
	}
}

static char *file_text(const char *path)
{
	static char text[TEXT_MAX];
	FILE *f = fopen(path, "r");
	size_t n = f ? fread(text, 1, sizeof text - 1, f) : 0;

	if (f)
		fclose(f);
	text[n] = 0;
	return text;
}

static int write_file(const char *path, const char *text, const char *begin, const char *end, const char *table)
{
	FILE *f = fopen(path, "w");

	if (!f)
		return 1;
	fprintf(f, "%.*s%s%s", (int)(begin - text), text, table, end);
	return fclose(f) ? 1 : 0;
}

int main(void)
{
	static char table[TEXT_MAX];
	const char *top = getenv("CAM_TOP"), *begin, *end;
	char path[4096], *text;

	snprintf(path, sizeof path, "%s/docs/roles.md", top ? top : ".");
	text = file_text(path);
	make_table(table);
	begin = strstr(text, BEGIN);
	end = begin ? strstr(begin, END) : NULL;
	if (!end) {
		printf("%s: the marks of the table are missing\n", path);
		return 1;
	}
	begin += strlen(BEGIN);
	if (getenv("CAM_WRITE"))
		return write_file(path, text, begin, end, table);
	if (strlen(table) == (size_t)(end - begin) && !memcmp(table, begin, strlen(table)))
		return 0;
	printf("%s: is not what the table of verbs says; now it would be:\n%s", path, table);
	return 1;
}
