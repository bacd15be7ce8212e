/*
 * The parameters of a CloudFormation box's template become variables of the box.  The template is a file: core asks store for
 * its descriptor, a reader's thread reads it, and what it says goes into the arguments before anything else is done with
 * them.  A variable that is there stays as it is.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "blobs.h"
#include "box.h"
#include "ipc/proto.h"
#include "log/log.h"
#include "secrets.h"
#include "template/template.h"

/* Waiting for store, seconds. */
#define STORE_TIMEOUT 10.0

struct template_call {
	void (*next)(struct core_call *call);
	char digest[OBJECT_DIGEST];
	int fd;
};

static void template_forget(void *state)
{
	struct template_call *t = state;

	if (t->fd >= 0)
		close(t->fd);
	free(t);
}

/* ---- in the reader: the file ---- */

char *box_template_read(int fd, size_t *len)
{
	char *bytes = malloc(TEMPLATE_MAX + 1);
	ssize_t n;

	if (!bytes)
		log_fatal("template");
	for (*len = 0; *len <= TEMPLATE_MAX; *len += (size_t)n) {
		n = pread(fd, bytes + *len, TEMPLATE_MAX + 1 - *len, (off_t)*len);
		if (n < 0 && errno == EINTR)
			n = 0;
		else if (n <= 0)
			break;
	}
	return bytes;
}

static int template_read_run(struct db *db, struct core_call *call)
{
	struct template_call *t = call->state;
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	char message[SCHEMA_MESSAGE], *bytes;
	enum box_kind kind;
	size_t len;
	int result;

	(void)db;
	if (!doc)
		log_fatal("template");
	bytes = box_template_read(t->fd, &len);
	yyjson_mut_doc_set_root(doc, yyjson_val_mut_copy(doc, call->args));
	result = box_template_variables(doc, doc->root, bytes, len, message);
	free(bytes);
	if (!result) {
		secrets_args_replace(call, doc);
		result = box_check(call->args, &kind, message);
	}
	secrets_wipe_tree(doc->root);
	yyjson_mut_doc_free(doc);
	if (result)
		core_answer_message(&call->answer, 400, "%s", message);
	return result;
}

/* ---- in the loop ---- */

/* Refused, or on with the verb. */
static void go_on(struct core_call *call)
{
	struct template_call *t = call->state;
	void (*next)(struct core_call *) = t->next;

	if (call->answer.doc) {
		core_call_finish(call);
		return;
	}
	call->forget = NULL;
	call->state = NULL;
	template_forget(t);
	next(call);
}

static void store_replied(struct ipc_msg *msg, int error, void *arg)
{
	struct core_call *call = arg;
	struct template_call *t = call->state;

	if (!error && !(msg->flags & IPC_ERROR))
		t->fd = ipc_msg_take_fd(msg, 0);
	if (t->fd >= 0)
		core_call_read(call, template_read_run, go_on);
	else
		core_call_refuse(call, 503, "template: the file cannot be read at the moment: nothing was changed. Please try again.");
}

static const char *template_of(const struct core_call *call)
{
	return yyjson_get_str(yyjson_obj_get(yyjson_obj_get(call->args, "template"), "url"));
}

/* A file the caller may not read, or that is gone, is for the verb itself to judge. */
static int template_find_run(struct db *db, struct core_call *call)
{
	struct template_call *t = call->state;

	if (!core_blob_url_readable(db, &call->principal, template_of(call), t->digest))
		t->digest[0] = 0;
	return 0;
}

static void found(struct core_call *call)
{
	struct template_call *t = call->state;
	struct ipc_client *store = core_store();
	yyjson_mut_doc *doc;

	if (call->answer.doc || !t->digest[0]) {
		go_on(call);
		return;
	}
	if (!store) {
		store_replied(NULL, ENOTCONN, call);
		return;
	}
	doc = yyjson_mut_doc_new(NULL);
	if (!doc)
		log_fatal("template");
	yyjson_mut_doc_set_root(doc, yyjson_mut_obj(doc));
	yyjson_mut_obj_add_str(doc, doc->root, "digest", t->digest);
	ipc_client_call_json(store, PROTO_STORE_GET, doc, STORE_TIMEOUT, store_replied, call);
}

void box_template_start(struct core_call *call, enum box_kind kind, void (*next)(struct core_call *call))
{
	const char *url = template_of(call);
	struct template_call *t;

	if (kind != BOX_CLOUDFORMATION || !url || !*url) {
		next(call);
		return;
	}
	t = calloc(1, sizeof *t);
	if (!t)
		log_fatal("template");
	t->next = next;
	t->fd = -1;
	call->state = t;
	call->forget = template_forget;
	core_call_read(call, template_find_run, found);
}
