/* screen: any bytes at the keyboard. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "screen/screen.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct screen *s, struct screen_text *t)
{
	screen_text_clear(t);
	screen_plain(s, t);
	for (size_t i = 0; i < t->len; i++)
		if ((t->bytes[i] < ' ' || t->bytes[i] > '~') && t->bytes[i] != '\n')
			abort();
	screen_text_clear(t);
	screen_ansi(s, t, 25, 80);
	if (t->len >= SCREEN_OUTPUT_MAX)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct screen_model m = { .product = "CAM", .cards = { "eth0" }, .card_count = 1 };
	static struct screen_text t;
	struct screen_decoder d = SCREEN_DECODER_ZERO;
	enum screen_echo echo;
	struct screen s;

	screen_init(&s, &m, size && data[0] & 1);
	for (size_t i = 0; i < size; i++) {
		if (screen_press(&s, screen_decode(&d, data[i]), &echo) == SCREEN_REQUEST_NONE)
			continue;
		if (s.page != SCREEN_WAIT)
			abort();
		screen_done(&s, data[i] & 1, "no\033[2J");
	}
	check(&s, &t);
	return 0;
}
