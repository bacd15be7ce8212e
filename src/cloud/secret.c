/* cloud: secrets of providers, opened by keyd for one task. */
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cloud/cloud.h"
#include "ipc/proto.h"

/* Bytes of keyd's answer: a password of 64 KiB in base64 is the longest (keyd.h). */
#define ANSWER_MAX 98304u
#define KEYD_MS 10000

static yyjson_val *ticket_of(const struct job *job, const char *field)
{
	yyjson_val *one;
	yyjson_arr_iter it = yyjson_arr_iter_with(yyjson_obj_get(job->input, "tickets"));

	while ((one = yyjson_arr_iter_next(&it)))
		if (!strcmp(job_text(one, "field"), field))
			return one;
	return NULL;
}

static char *request(yyjson_val *ticket, size_t *len)
{
	yyjson_mut_doc *d = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *root = yyjson_mut_obj(d);
	char *text;

	yyjson_mut_doc_set_root(d, root);
	yyjson_mut_obj_add_str(d, root, "object", job_text(ticket, "object"));
	yyjson_mut_obj_add_str(d, root, "field", job_text(ticket, "sealed_field"));
	yyjson_mut_obj_add_str(d, root, "sealed", job_text(ticket, "sealed"));
	yyjson_mut_obj_add_str(d, root, "ticket", job_text(ticket, "ticket"));
	text = yyjson_mut_write(d, 0, len);
	yyjson_mut_doc_free(d);
	return text;
}

/* The text inside keyd's answer. */
static char *plain_of(char *answer, size_t len)
{
	yyjson_doc *d = yyjson_read(answer, len, 0);
	yyjson_val *plain = yyjson_obj_get(yyjson_doc_get_root(d), "plain");
	size_t n = yyjson_get_len(plain), got;
	char *out = yyjson_is_str(plain) ? malloc(n + 1) : NULL;

	if (out && sodium_base642bin((uint8_t *)out, n, yyjson_get_str(plain), n, NULL, &got, NULL,
			sodium_base64_VARIANT_URLSAFE_NO_PADDING) == 0)
		out[got] = 0;
	else if (out) {
		free(out);
		out = NULL;
	}
	if (plain)
		sodium_memzero((void *)(uintptr_t)yyjson_get_str(plain), n);
	yyjson_doc_free(d);
	return out;
}

char *cloud_secret(struct job *job, const char *field)
{
	struct cloud_thread *thread = ((struct cloud_run *)job->owner)->thread;
	yyjson_val *ticket = ticket_of(job, field);
	uint32_t got = ANSWER_MAX;
	char *text, *answer, *plain = NULL;
	size_t len = 0;

	if (!ticket) {
		job_fail(job, "%s: the provider has none", field);
		return NULL;
	}
	text = request(ticket, &len);
	answer = malloc(ANSWER_MAX + 1);
	if (!text || !answer)
		job_fail(job, "out of memory");
	else if (ipc_sync_call(&thread->keyd, PROTO_KEYD_UNSEAL, text, (uint32_t)len, answer, &got, KEYD_MS) == 0)
		plain = plain_of(answer, got);
	if (!plain && !job->message[0])
		job_fail(job, "%s: could not be opened (%s)", field, errno == EREMOTEIO ? "its ticket is not valid any more" : strerror(errno));
	if (answer)
		sodium_memzero(answer, ANSWER_MAX);
	free(answer);
	free(text);
	return plain;
}
