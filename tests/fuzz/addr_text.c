/* addr: any text. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "addr/addr.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), again[ADDR_PREFIX_TEXT_MAX];
	struct addr_prefix p, q;
	struct addr a, b;
	unsigned len;

	memcpy(text, data, size);
	text[size] = 0;
	if (addr_parse(&a, text) == 0) {
		addr_format(&a, again);
		if (addr_parse(&b, again) < 0 || !addr_equal(&a, &b))
			abort();
		addr_is_host(&a);
	}
	if (addr_prefix_parse(&p, text) == 0) {
		addr_prefix_format(&p, again);
		if (addr_prefix_parse(&q, again) < 0 || !addr_prefix_equal(&p, &q))
			abort();
		addr_prefix_is_host(&p);
		addr_prefix_broadcast(&p, &b);
	}
	if (addr_netmask_parse(&len, text) == 0 && (len < 1 || len > 32))
		abort();
	if (addr_hostname_valid(text) && (!addr_name_valid(text) || addr_parse(&a, text) == 0))
		abort();
	addr_interface_valid(text);
	free(text);
	return 0;
}
