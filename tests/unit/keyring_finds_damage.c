/* keyring: a changed byte in any file is found; a damaged leaf is made anew, any other damage stops the
 * ring, and a leaf of another ring is not used. */
#include <fcntl.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "keyring/file.h"
#include "keyring/keyring.h"

static int failed;

#define CHECK(what) do { if (!(what)) { failed = 1; printf("%s:%d: %s\n", __FILE__, __LINE__, #what); } } while (0)

#define NOW INT64_C(1793500000)

static char dir[] = "/tmp/keyring-XXXXXX";
static struct keyring k;

static enum keyring_state open_ring(const char **what)
{
	enum keyring_state state;

	*what = "";
	state = keyring_open(&k, dir, NOW - 9000, NOW, what);
	return state;
}

static void run(const char *command)
{
	char line[256];

	snprintf(line, sizeof line, "cd %s && %s", dir, command);
	CHECK(system(line) == 0);
}

/* Turns one bit of a file. */
static void flip(const char *file, long at)
{
	char path[128];
	uint8_t byte;
	int fd;

	snprintf(path, sizeof path, "%s/keys/%s", dir, file);
	fd = open(path, O_RDWR);
	CHECK(fd >= 0 && pread(fd, &byte, 1, at) == 1);
	byte ^= 4;
	CHECK(pwrite(fd, &byte, 1, at) == 1);
	close(fd);
}

static void must_stop(const char *file)
{
	const char *what;
	char command[64];

	for (long at = 0; at < 48; at += 5) {
		flip(file, at);
		CHECK(open_ring(&what) == KEYRING_DAMAGED && !strcmp(what, file));
		flip(file, at);
	}
	snprintf(command, sizeof command, "mv keys/%s kept", file);
	run(command);
	CHECK(open_ring(&what) == KEYRING_DAMAGED && !strcmp(what, file));
	snprintf(command, sizeof command, "mv kept keys/%s", file);
	run(command);
	CHECK(open_ring(&what) == KEYRING_OPENED);
	keyring_close(&k);
}

static void leaves_are_made_anew(void)
{
	static struct keyring_cert before;
	const char *what;

	CHECK(open_ring(&what) == KEYRING_OPENED);
	before = k.leaf[KEYRING_SERVER];
	keyring_close(&k);
	flip("leaf-server", 100);
	CHECK(open_ring(&what) == KEYRING_OPENED);
	CHECK(memcmp(before.der, k.leaf[KEYRING_SERVER].der, before.len));
	before = k.leaf[KEYRING_SERVER];
	keyring_close(&k);
	CHECK(open_ring(&what) == KEYRING_OPENED);
	CHECK(!memcmp(before.der, k.leaf[KEYRING_SERVER].der, before.len));
	keyring_close(&k);
}

static void of_another_ring(void)
{
	static struct keyring_cert ours;
	uint8_t ca[32];
	const char *what;

	CHECK(open_ring(&what) == KEYRING_OPENED);
	ecdsa_sha256(ca, k.ca[0].der, k.ca[0].len);
	keyring_close(&k);
	run("mv keys first");
	CHECK(open_ring(&what) == KEYRING_MADE);
	keyring_close(&k);
	run("cp keys/leaf-server first/ && rm -r keys && mv first keys");
	CHECK(open_ring(&what) == KEYRING_OPENED);
	ours = k.leaf[KEYRING_SERVER];
	CHECK(memmem(ours.der, ours.len, k.id, KEYRING_ID));
	keyring_close(&k);
}

int main(void)
{
	const char *what;
	char command[64];

	if (sodium_init() < 0 || !mkdtemp(dir))
		return 1;
	CHECK(open_ring(&what) == KEYRING_MADE);
	keyring_close(&k);
	must_stop("id");
	must_stop("master");
	must_stop("ticket");
	must_stop("ca-servers");
	must_stop("ca-agents");
	leaves_are_made_anew();
	of_another_ring();
	snprintf(command, sizeof command, "rm -r %s", dir);
	return system(command) || failed;
}
