/* message: reading a message's parts and answering it. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ipc/ipc.h"
#include "log/log.h"

int ipc_msg_take_fd(struct ipc_msg *msg, unsigned i)
{
	int fd;

	if (i >= msg->nfds)
		return -1;
	fd = msg->fds[i];
	msg->fds[i] = -1;
	return fd;
}

yyjson_doc *ipc_msg_json(const struct ipc_msg *msg)
{
	yyjson_doc *doc = yyjson_read((const char *)msg->body, msg->len, 0);

	if (doc && !yyjson_is_obj(yyjson_doc_get_root(doc))) {
		yyjson_doc_free(doc);
		return NULL;
	}
	return doc;
}

int ipc_send_json(struct ipc_conn *c, uint8_t flags, uint16_t type, uint32_t seq, yyjson_mut_doc *doc)
{
	size_t len = 0;
	char *text = doc ? yyjson_mut_write(doc, 0, &len) : NULL;
	int rc = -1;

	yyjson_mut_doc_free(doc);
	if (!text || len > IPC_BODY_MAX) {
		log_warn("ipc: message 0x%04x: not sent: %s", type, text ? "too large" : "out of memory");
		/* a request must be answered all the same, or the caller waits in vain */
		if (flags & IPC_REPLY)
			rc = ipc_refuse(c, type, seq, 500, "the answer is too large");
	} else {
		rc = ipc_send(c, flags, type, seq, text, (uint32_t)len, NULL, 0);
	}
	if (text)
		explicit_bzero(text, len);
	free(text);
	return rc;
}

int ipc_reply(struct ipc_conn *c, const struct ipc_msg *req, const void *body, uint32_t len,
	const int *fds, unsigned nfds)
{
	if (req->seq == 0)
		return 0;
	return ipc_send(c, IPC_REPLY, req->type, req->seq, body, len, fds, nfds);
}

int ipc_reply_json(struct ipc_conn *c, const struct ipc_msg *req, yyjson_mut_doc *doc)
{
	if (req->seq == 0) {
		yyjson_mut_doc_free(doc);
		return 0;
	}
	return ipc_send_json(c, IPC_REPLY, req->type, req->seq, doc);
}

int ipc_refuse(struct ipc_conn *c, uint16_t type, uint32_t seq, int code, const char *message)
{
	yyjson_mut_doc *doc;
	yyjson_mut_val *root;
	char *text;
	size_t len = 0;
	int rc;

	if (seq == 0)
		return 0;
	doc = yyjson_mut_doc_new(NULL);
	root = doc ? yyjson_mut_obj(doc) : NULL;
	if (root) {
		yyjson_mut_doc_set_root(doc, root);
		yyjson_mut_obj_add_int(doc, root, "code", code);
		yyjson_mut_obj_add_strcpy(doc, root, "message", message);
	}
	text = root ? yyjson_mut_write(doc, YYJSON_WRITE_ALLOW_INVALID_UNICODE, &len) : NULL;
	rc = ipc_send(c, IPC_REPLY | IPC_ERROR, type, seq, text ? text : "{}", text ? (uint32_t)len : 2, NULL, 0);
	free(text);
	yyjson_mut_doc_free(doc);
	return rc;
}

int ipc_reply_error(struct ipc_conn *c, const struct ipc_msg *req, int code, const char *fmt, ...)
{
	char message[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(message, sizeof message, fmt, ap);
	va_end(ap);
	return ipc_refuse(c, req->type, req->seq, code, message);
}
