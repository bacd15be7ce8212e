/* Lists in chunks: one call of api is one chunk, read by a reader from its key on.  No
 * query and no cursor of the database outlives a chunk, so a slow client holds up nothing. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core.h"
#include "ipc/proto.h"
#include "log/log.h"

int core_list_run(struct db *db, struct core_call *call)
{
	char cursor[OBJECT_CURSOR];

	call->chunk.len = 0;
	memcpy(cursor, call->cursor, sizeof cursor);
	if (call->handler->chunk(db, call, cursor, &call->chunk))
		return -1;
	core_answer_begin(&call->answer, call->verb->status);
	yyjson_mut_obj_add_strcpy(call->answer.doc, call->answer.doc->root, "next", cursor);
	return 0;
}

void core_list_send(struct core_call *call, const struct core_answer *a)
{
	struct object_text all = { .p = NULL };
	char *line = yyjson_mut_write(a->doc, 0, NULL);

	if (!line)
		log_fatal("list");
	object_text_add(&all, line, strlen(line));
	object_text_add(&all, "\n", 1);
	if (a->status < 400 && call->chunk.len)
		object_text_add(&all, call->chunk.p, call->chunk.len);
	ipc_send(call->link->conn, IPC_REPLY, call->type, call->seq, all.p, (uint32_t)all.len, NULL, 0);
	object_text_free(&all);
	free(line);
}
