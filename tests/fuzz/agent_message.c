/* with: agent/message.c agent/ending.c agent/facts.c agent/files.c */
/* A message of the appliance to an agent: any text; and the agent's own record of an ending. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "agent/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), error[160] = "", again[2048];
	struct ending e, f;
	struct message m;
	size_t len;

	memcpy(text, data, size);
	text[size] = 0;
	if (message_read(&m, text, size, error) == 0) {
		if (m.type == MESSAGE_STEP && m.url && (m.url[0] != '/' || strlen(m.url) > 1000))
			abort();
	} else if (!error[0]) {
		abort();
	}
	yyjson_doc_free(m.doc);
	if (ending_read(&e, text, size) == 0) {
		len = ending_write(&e, again, sizeof again);
		if (len && (ending_read(&f, again, len) || f.outcome != e.outcome || f.output_length != e.output_length))
			abort();
	}
	free(text);
	return 0;
}
