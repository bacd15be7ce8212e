#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "log/log.h"

/* Longest message to a client, bytes. */
#define MESSAGE 400

void core_answer_reset(struct core_answer *a)
{
	yyjson_mut_doc_free(a->doc);
	/* a value that is shown once may be in it */
	if (a->text)
		explicit_bzero(a->text, a->len);
	free(a->text);
	*a = (struct core_answer)CORE_ANSWER_ZERO;
}

void core_answer_begin(struct core_answer *a, int status)
{
	core_answer_reset(a);
	a->doc = yyjson_mut_doc_new(NULL);
	if (!a->doc)
		log_fatal("answer");
	a->status = status;
	yyjson_mut_doc_set_root(a->doc, yyjson_mut_obj(a->doc));
	yyjson_mut_obj_add_int(a->doc, a->doc->root, "status", status);
}

yyjson_mut_val *core_answer_object(struct core_answer *a, int status)
{
	core_answer_begin(a, status);
	return yyjson_mut_obj_add_obj(a->doc, a->doc->root, "body");
}

void core_answer_message(struct core_answer *a, int status, const char *fmt, ...)
{
	yyjson_mut_val *body;
	char text[MESSAGE];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	body = core_answer_object(a, status);
	yyjson_mut_obj_add_strcpy(a->doc, body, "message", text);
}

void core_answer_take(struct core_answer *a, int status, char *json)
{
	if (!json) {
		core_answer_message(a, 500, "The appliance could not make its answer.");
		return;
	}
	core_answer_begin(a, status);
	a->text = json;
	a->len = strlen(json);
}

void core_answer_raw(struct core_answer *a, int status, const char *json)
{
	core_answer_take(a, status, strdup(json));
}

void core_answer_doc(struct core_answer *a, int status, const yyjson_mut_doc *doc)
{
	core_answer_take(a, status, yyjson_mut_write(doc, 0, NULL));
}

char *core_answer_body(const struct core_answer *a)
{
	yyjson_mut_val *body = a->doc ? yyjson_mut_obj_get(a->doc->root, "body") : NULL;

	return a->text ? strdup(a->text) : body ? yyjson_mut_val_write(body, 0, NULL) : NULL;
}

void core_answer_missing(struct core_answer *a)
{
	core_answer_message(a, 404, "There is no such object, or you may not see it.");
}

void core_answer_text(struct core_answer *a, int status, const char *text)
{
	core_answer_begin(a, status);
	yyjson_mut_obj_add_strcpy(a->doc, a->doc->root, "text", text);
}

void core_answer_bytes(struct core_answer *a, int status, const char *base64)
{
	core_answer_begin(a, status);
	yyjson_mut_obj_add_strcpy(a->doc, a->doc->root, "bytes", base64);
}

void core_answer_file(struct core_answer *a, const char *content_type, const char *name)
{
	yyjson_mut_obj_add_strcpy(a->doc, a->doc->root, "content_type", content_type);
	yyjson_mut_obj_add_strcpy(a->doc, a->doc->root, "file", name);
}

void core_answer_session(struct core_answer *a, const char *session, const char *csrf)
{
	yyjson_mut_obj_add_strcpy(a->doc, a->doc->root, "session", session);
	if (csrf)
		yyjson_mut_obj_add_strcpy(a->doc, a->doc->root, "csrf", csrf);
}

void core_answer_retry(struct core_answer *a, int seconds)
{
	yyjson_mut_obj_add_int(a->doc, a->doc->root, "retry_after", seconds);
}
