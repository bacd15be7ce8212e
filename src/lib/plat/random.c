#include <errno.h>
#include <fcntl.h>
#include <sys/random.h>
#include <unistd.h>

#include "log/log.h"
#include "plat/clock.h"
#include "plat/random.h"

static void (*generator)(void *buf, size_t len);

/* Kernels before 3.17, which agents meet, have only the device. */
static ssize_t from_device(void *buf, size_t len)
{
	int fd = open("/dev/urandom", O_RDONLY | O_CLOEXEC), saved;
	ssize_t n = fd < 0 ? -1 : read(fd, buf, len);

	saved = errno;
	if (fd >= 0)
		close(fd);
	errno = saved;
	return n;
}

void plat_random(void *buf, size_t len)
{
	uint8_t *at = buf;
	ssize_t n;

	if (generator) {
		generator(buf, len);
		return;
	}
	while (len) {
		n = getrandom(at, len, 0);
		if (n < 0 && errno == ENOSYS)
			n = from_device(at, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			log_fatal("random: cannot read");
		at += n;
		len -= (size_t)n;
	}
}

uint32_t plat_random_below(uint32_t limit)
{
	/* The last, incomplete run of numbers is thrown away. */
	uint32_t x, whole = UINT32_MAX - UINT32_MAX % limit;

	do
		plat_random(&x, sizeof x);
	while (x >= whole);
	return x % limit;
}

void plat_random_replace(void (*fill)(void *buf, size_t len))
{
	generator = fill;
}

static void uuid_text(uint8_t b[16], unsigned version, char out[PLAT_UUID_TEXT])
{
	static const char hex[] = "0123456789abcdef";
	char *at = out;

	b[6] = (uint8_t)((b[6] & 0x0f) | version << 4);
	b[8] = (b[8] & 0x3f) | 0x80;
	for (int i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*at++ = '-';
		*at++ = hex[b[i] >> 4];
		*at++ = hex[b[i] & 15];
	}
	*at = 0;
}

void plat_random_uuid(char out[PLAT_UUID_TEXT])
{
	uint8_t b[16];

	plat_random(b, sizeof b);
	uuid_text(b, 4, out);
}

void plat_random_uuid_in_order(char out[PLAT_UUID_TEXT])
{
	uint64_t ms = (uint64_t)(plat_clock_wall() / 1000);
	uint8_t b[16];

	plat_random(b, sizeof b);
	for (int i = 5; i >= 0; i--, ms >>= 8)
		b[i] = (uint8_t)ms;
	uuid_text(b, 7, out);
}
