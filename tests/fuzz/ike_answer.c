/* camfw probe: any bytes as the answer of a tunnel's far end.  The message begins with our number, or does not. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ike/ike.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t spi[IKE_SPI] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	uint8_t *copy = malloc(size ? size : 1);
	unsigned notify;
	enum ike_answer a;

	if (size)
		memcpy(copy, data, size);
	a = ike_answer_read(copy, size, spi, &notify);
	if ((a == IKE_REFUSES) != (notify != 0) || (a != IKE_FOREIGN && memcmp(copy, spi, sizeof spi)))
		abort();
	free(copy);
	return 0;
}
