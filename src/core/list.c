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
	size_t len = 0, chunk = a->status < 400 ? call->chunk.len : 0;
	char *line = yyjson_mut_write(a->doc, YYJSON_WRITE_NEWLINE_AT_END, &len);

	if (!line)
		log_fatal("list");
	ipc_send2(call->link->conn, IPC_REPLY, call->type, call->seq, line, (uint32_t)len, call->chunk.p, (uint32_t)chunk,
		NULL, 0);
	free(line);
}
