#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/agent.h"
#include "agent/journal.h"
#include "agent/script.h"
#include "jinja/jinja.h"

#define VARIABLES_MAX 1000
/* Longest value that is passed on: the kernel takes 128 KiB for one. */
#define VALUE_MAX 100000
#define PATHS AGENT_HOME ":/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

unsigned script_engines(yyjson_val *engines)
{
	yyjson_arr_iter it = yyjson_arr_iter_with(engines);
	unsigned set = 0;
	yyjson_val *v;

	if (!yyjson_is_arr(engines))
		return JINJA_JINJA2 | JINJA_VELOCITY;
	while ((v = yyjson_arr_iter_next(&it)))
		set |= yyjson_equals_str(v, "jinja") ? JINJA_JINJA2 : yyjson_equals_str(v, "velocity") ? JINJA_VELOCITY : 0;
	return set;
}

static void put(struct script *s, size_t *n, const char *name, const char *value)
{
	size_t len = strlen(name) + strlen(value) + 2;

	if (*n >= VARIABLES_MAX)
		return;
	s->environment[*n] = malloc(len);
	if (!s->environment[*n])
		exit(EXIT_TROUBLE);
	snprintf(s->environment[(*n)++], len, "%s=%s", name, value);
}

/* Names that would change how the shell itself works are not taken from variables. */
static bool may_be_set(const char *name)
{
	static const char *const ours[] = { "PATH", "HOME", "IFS", "ENV", "BASH_ENV", "SHELLOPTS", "BASHOPTS", "PS4", "PWD", "SHELL", NULL };

	if (!isalpha((unsigned char)*name) && *name != '_')
		return false;
	for (const char *p = name; *p; p++)
		if (!isalnum((unsigned char)*p) && *p != '_')
			return false;
	for (int i = 0; ours[i]; i++)
		if (!strcmp(name, ours[i]))
			return false;
	return strncmp(name, "LD_", 3) && strncmp(name, "ELASTICBOX_", 11);
}

static void put_member(struct script *s, size_t *n, const char *name, yyjson_val *v)
{
	char number[40];

	if (!may_be_set(name))
		return;
	if (yyjson_is_str(v) && yyjson_get_len(v) <= VALUE_MAX && strlen(yyjson_get_str(v)) == yyjson_get_len(v)) {
		put(s, n, name, yyjson_get_str(v));
	} else if (yyjson_is_bool(v)) {
		put(s, n, name, yyjson_get_bool(v) ? "true" : "false");
	} else if (yyjson_is_int(v)) {
		snprintf(number, sizeof number, "%lld", (long long)yyjson_get_sint(v));
		put(s, n, name, number);
	} else if (yyjson_is_real(v)) {
		snprintf(number, sizeof number, "%.15g", yyjson_get_real(v));
		put(s, n, name, number);
	}
}

static void make_environment(struct script *s, yyjson_val *context)
{
	yyjson_obj_iter it = yyjson_obj_iter_with(context);
	yyjson_val *key;
	size_t n = 0;

	s->environment = calloc(VARIABLES_MAX + 1, sizeof *s->environment);
	if (!s->environment)
		exit(EXIT_TROUBLE);
	put(s, &n, "PATH", PATHS);
	put(s, &n, "HOME", getenv("HOME") ? getenv("HOME") : "/root");
	put(s, &n, "SHELL", "/bin/sh");
	put(s, &n, "ELASTICBOX_INSTANCE", s->instance);
	put(s, &n, "ELASTICBOX_BOX", s->box);
	put(s, &n, "ELASTICBOX_EVENT", s->event);
	while ((key = yyjson_obj_iter_next(&it)))
		if (strcmp(yyjson_get_str(key), "folder"))
			put_member(s, &n, yyjson_get_str(key), yyjson_obj_iter_get_val(key));
	put(s, &n, "folder", s->folder);
}

static const char *text_member(yyjson_val *o, const char *name)
{
	const char *s = yyjson_get_str(yyjson_obj_get(o, name));

	return s ? s : "";
}

/* The context with the folder as it is here. */
static yyjson_doc *context_make(struct script *s, yyjson_val *step)
{
	yyjson_mut_doc *m = yyjson_mut_doc_new(NULL);
	yyjson_val *given = yyjson_obj_get(step, "context");
	yyjson_mut_val *o = yyjson_is_obj(given) ? yyjson_val_mut_copy(m, given) : yyjson_mut_obj(m);
	yyjson_doc *d;

	yyjson_mut_doc_set_root(m, o);
	yyjson_mut_obj_remove_key(o, "folder");
	yyjson_mut_obj_add_str(m, o, "folder", s->folder);
	d = yyjson_mut_doc_imut_copy(m, NULL);
	yyjson_mut_doc_free(m);
	return d;
}

int script_make(struct script *s, int dir, yyjson_val *step, char error[256])
{
	yyjson_val *given = yyjson_obj_get(yyjson_obj_get(step, "script"), "text"), *box = yyjson_obj_get(step, "box");
	struct jinja_error at;
	yyjson_doc *context;
	char *text = NULL;
	size_t len;
	int rc;

	s->instance = text_member(step, "instance");
	s->event = text_member(step, "event");
	s->box = text_member(box, "path");
	snprintf(s->folder, sizeof s->folder, "%s/%.200s", AGENT_WORK, s->instance);
	if (!yyjson_is_str(given)) {
		text = file_read(dir, "template", JOURNAL_SCRIPT_MAX, &len);
		if (!text) {
			snprintf(error, 256, "the script cannot be read: %s", strerror(errno));
			return -1;
		}
	}
	context = context_make(s, step);
	make_environment(s, yyjson_doc_get_root(context));
	rc = jinja_render(text ? text : yyjson_get_str(given), text ? len : yyjson_get_len(given), yyjson_doc_get_root(context),
		script_engines(yyjson_obj_get(step, "engines")), &jinja_usual, &s->text, &s->len, &at);
	if (rc)
		snprintf(error, 256, "%.30s script of box %.40s: line %u, column %u: %.120s", s->event, text_member(box, "name"), at.line, at.column, at.text);
	free(text);
	yyjson_doc_free(context);
	return rc;
}
