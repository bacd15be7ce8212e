/* names: any bytes as a name server's answer.  The first byte chooses the type, the rest is the message. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "dns/dns.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum dns_type type;
	struct dns_answer a;
	enum dns_result r;
	uint8_t *copy;

	if (!size)
		return 0;
	type = data[0] & 1 ? DNS_AAAA : DNS_A;
	copy = malloc(size - 1);	/* of its own, so that a step past the end is seen */
	if (size > 1)
		memcpy(copy, data + 1, size - 1);
	r = dns_answer_read(&a, copy, size - 1, size > 2 ? (uint16_t)(copy[0] << 8 | copy[1]) : 0, "vc.example.test", type);
	if ((r == DNS_ADDRESSES_GOT) != (a.count > 0) || a.count > DNS_ADDRESSES || a.ttl > DNS_TTL_MAX)
		abort();
	for (unsigned i = 0; i < a.count; i++)
		if (!addr_is_host(&a.list[i]) || a.list[i].family != (type == DNS_A ? ADDR_V4 : ADDR_V6))
			abort();
	free(copy);
	return 0;
}
