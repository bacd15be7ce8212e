#include <stdarg.h>
#include <stdio.h>

#include "answer.h"
#include "log/log.h"

/* Longest message to a client, bytes. */
#define MESSAGE 400

void core_answer_reset(struct core_answer *a)
{
	yyjson_mut_doc_free(a->doc);
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

void core_answer_raw(struct core_answer *a, int status, const char *json)
{
	core_answer_begin(a, status);
	yyjson_mut_obj_add(a->doc->root, yyjson_mut_str(a->doc, "body"), yyjson_mut_rawcpy(a->doc, json));
}

void core_answer_doc(struct core_answer *a, int status, const yyjson_mut_doc *doc)
{
	core_answer_begin(a, status);
	yyjson_mut_obj_add(a->doc->root, yyjson_mut_str(a->doc, "body"), yyjson_mut_val_mut_copy(a->doc, doc->root));
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
