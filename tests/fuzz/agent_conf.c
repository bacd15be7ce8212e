/* with: agent/conf.c agent/proxy.c agent/files.c */
/* elasticbox.conf: any text. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "agent/agent.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + !size), error[160] = "", host[256], port[8];
	struct conf c;

	if (size)
		memcpy(text, data, size);
	if (conf_parse(&c, text, size, error) == 0) {
		if (strlen(c.host) >= sizeof c.host || c.heartbeat < 1 || c.heartbeat > 300)
			abort();
		if (conf_address(c.address, host, port) == 0 && (strlen(host) > 255 || strlen(port) > 5))
			abort();
		proxy_for(&c);
	} else if (!error[0]) {
		abort();
	}
	free(text);
	return 0;
}
