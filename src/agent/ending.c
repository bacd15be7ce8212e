#include <string.h>
#include <stdio.h>
#include <stdlib.h>
#include <yyjson.h>

#include "agent/journal.h"

const char *const outcome_names[OUTCOMES] = { "exited", "aborted", "timeout", "interrupted", "reboot", "refused" };

size_t ending_write(const struct ending *e, char *out, size_t room)
{
	yyjson_mut_doc *d = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *o = yyjson_mut_obj(d);
	char *text;
	size_t n = 0;

	yyjson_mut_doc_set_root(d, o);
	yyjson_mut_obj_add_str(d, o, "outcome", outcome_names[e->outcome]);
	yyjson_mut_obj_add_int(d, o, "exit_code", e->exit_code);
	yyjson_mut_obj_add_int(d, o, "signal", e->signal);
	yyjson_mut_obj_add_int(d, o, "started", e->started);
	yyjson_mut_obj_add_int(d, o, "finished", e->finished);
	yyjson_mut_obj_add_uint(d, o, "output_length", e->output_length);
	yyjson_mut_obj_add_str(d, o, "message", e->message);
	text = yyjson_mut_write(d, YYJSON_WRITE_ALLOW_INVALID_UNICODE, &n);
	if (text && n < room)
		memcpy(out, text, n + 1);
	else
		n = 0;
	free(text);
	yyjson_mut_doc_free(d);
	return n;
}

int ending_read(struct ending *e, const char *text, size_t len)
{
	yyjson_doc *d = yyjson_read(text, len, YYJSON_READ_ALLOW_INVALID_UNICODE);
	yyjson_val *o = yyjson_doc_get_root(d);
	const char *name = yyjson_get_str(yyjson_obj_get(o, "outcome"));
	const char *message = yyjson_get_str(yyjson_obj_get(o, "message"));
	int i;

	memset(e, 0, sizeof *e);
	for (i = 0; name && i < OUTCOMES && strcmp(name, outcome_names[i]); i++)
		;
	if (!name || i == OUTCOMES) {
		yyjson_doc_free(d);
		return -1;
	}
	e->outcome = (enum outcome)i;
	e->exit_code = yyjson_get_int(yyjson_obj_get(o, "exit_code"));
	e->signal = yyjson_get_int(yyjson_obj_get(o, "signal"));
	e->started = yyjson_get_sint(yyjson_obj_get(o, "started"));
	e->finished = yyjson_get_sint(yyjson_obj_get(o, "finished"));
	e->output_length = yyjson_get_uint(yyjson_obj_get(o, "output_length"));
	snprintf(e->message, sizeof e->message, "%s", message ? message : "");
	yyjson_doc_free(d);
	return 0;
}
