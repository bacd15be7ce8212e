#include <stdio.h>
#include <stdlib.h>

#include "auth.h"
#include "description.h"
#include "http/etag.h"
#include "openapi/openapi.h"
#include "reply.h"
#include "request.h"

void description_serve(struct request *r)
{
	static char *text, etag[40];
	static size_t len;
	struct reply reply = REPLY_ZERO;
	struct http_slice tags;
	uint8_t hash[AUTH_HASH];

	if (!request_is_safe(r)) {
		snprintf(r->allow, sizeof r->allow, "GET, HEAD");
		request_refuse(r, 405, "Only GET and HEAD are for this resource.");
		return;
	}
	if (request_unread(r)) {
		request_refuse(r, 400, "This request has no body.");
		return;
	}
	if (!text)
		text = openapi_text(REPLY_RELEASE, &len);
	if (!text) {
		request_refuse(r, 503, "The appliance is short of memory; try again.");
		return;
	}
	auth_hash(text, hash);
	etag[0] = '"';
	for (size_t i = 0; i < 16; i++)
		snprintf(etag + 1 + 2 * i, 4, "%02x\"", hash[i]);
	reply.service = true;
	reply.cache = "no-cache";
	reply_header(&reply, "ETag: %s", etag);
	reply.status = 200;
	if (http_head_find(&r->head, "if-none-match", &tags, NULL) && http_etag_match(tags, etag)) {
		reply.status = 304;
	} else {
		reply.type = "application/json";
		reply.borrowed = text;
		reply.len = len;
	}
	reply_send(r->conn, &reply);
}
