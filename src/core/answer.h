/* core: the answer to a verb while it is made. */
#ifndef CAM_CORE_ANSWER_H
#define CAM_CORE_ANSWER_H

#include <stddef.h>
#include <yyjson.h>

struct core_answer {
	int status;			/* 0 = not yet set */
	yyjson_mut_doc *doc;		/* root: the reply of PROTO_CORE_VERB */
	char *text;			/* its body where that is a finished JSON text, or NULL (malloc) */
	size_t len;
};
#define CORE_ANSWER_ZERO { .status = 0, .doc = NULL }

/* Frees what is there. */
void core_answer_reset(struct core_answer *a);
/* A new answer without a body. */
void core_answer_begin(struct core_answer *a, int status);
/* The same with an object as its body, which is returned. */
yyjson_mut_val *core_answer_object(struct core_answer *a, int status);
/* {"message":...} */
void core_answer_message(struct core_answer *a, int status, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* JSON text as the body, as it is; the second one takes it over (malloc). */
void core_answer_raw(struct core_answer *a, int status, const char *json);
void core_answer_take(struct core_answer *a, int status, char *json);
/* A document of others as the body; it is written out. */
void core_answer_doc(struct core_answer *a, int status, const yyjson_mut_doc *doc);
/* The body's JSON text wherever it is, or NULL; free it. */
char *core_answer_body(const struct core_answer *a);
/* 404 as for everything that is missing or may not be seen: always the same bytes. */
void core_answer_missing(struct core_answer *a);
/* A bare text. */
void core_answer_text(struct core_answer *a, int status, const char *text);
/* Octets, given in base64url. */
void core_answer_bytes(struct core_answer *a, int status, const char *base64);
/* What such a text or such octets are, and the file name they are kept under: [A-Za-z0-9._-]. */
void core_answer_file(struct core_answer *a, const char *content_type, const char *name);
/* Members beside the body; texts are copied. */
void core_answer_session(struct core_answer *a, const char *session, const char *csrf);
void core_answer_retry(struct core_answer *a, int seconds);

#endif
