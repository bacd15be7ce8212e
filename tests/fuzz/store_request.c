/* Any bytes as a request to store: no crash; accepted names and digests cannot leave their directory. */
/* with: store/request.c store/objects.c store/recent.c store/segments.c store/logs.c */
#include <stdlib.h>
#include <string.h>

#include "ipc/proto.h"
#include "store/store.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	for (uint16_t type = PROTO_STORE_BEGIN; type <= PROTO_STORE_LOG; type++) {
		struct store_request r = STORE_REQUEST_ZERO;
		/* An exact copy, so that a read past the end is seen. */
		uint8_t *body = malloc(size + 1);

		memcpy(body, data, size);
		body[size] = 0;
		if (!store_request_read(&r, type, body, (uint32_t)size) &&
				(strchr(r.segment, '/') || strchr(r.log, '/') || r.log[0] == '.' || r.segment[0] == '.' || (r.digest[0] && !store_digest_valid(r.digest))))
			abort();
		free(r.data);
		free(body);
	}
	return 0;
}
