/* keyring: leaves are renewed at two thirds of their life and after a step of the clock, keep their key,
 * survive a restart, and authorities never change. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "keyring/keyring.h"

static int failed;

#define CHECK(what) do { if (!(what)) { failed = 1; printf("%s:%d: %s\n", __FILE__, __LINE__, #what); } } while (0)

#define DAY INT64_C(86400)
#define BUILT INT64_C(1793491200)
#define CA_END (BUILT + KEYRING_CA_LIFE)

static char dir[] = "/tmp/keyring-XXXXXX";

static void windows(void)
{
	int64_t from, to;

	keyring_window(BUILT, BUILT + 10 * DAY, CA_END, &from, &to);
	CHECK(from == BUILT + 10 * DAY - 3600 && to == from + 397 * DAY - 1);
	keyring_window(BUILT, BUILT + 60, CA_END, &from, &to);
	CHECK(from == BUILT);
	keyring_window(BUILT, BUILT - 9000 * DAY, CA_END, &from, &to);
	CHECK(from == BUILT);
	keyring_window(BUILT, CA_END - 10 * DAY, CA_END, &from, &to);
	CHECK(to == CA_END && from < to);
	keyring_window(BUILT, CA_END + 10 * DAY, CA_END, &from, &to);
	CHECK(from == BUILT && to > from);

	keyring_window(BUILT, BUILT + 10 * DAY, CA_END, &from, &to);
#define DUE(now) keyring_due(BUILT, now, CA_END, from, to)
	CHECK(!DUE(BUILT + 10 * DAY) && !DUE(from) && !DUE(from + 264 * DAY));
	CHECK(DUE(from + 265 * DAY) && DUE(to) && DUE(to + 1000 * DAY));
	CHECK(DUE(from - 1) && DUE(BUILT - 1));
	/* one that starts with the image cannot start earlier */
	CHECK(!keyring_due(BUILT, BUILT - DAY, CA_END, BUILT, BUILT + 397 * DAY));
	/* nor end after its authority: no renewal without end */
	CHECK(!keyring_due(BUILT, CA_END - DAY, CA_END, CA_END - 300 * DAY, CA_END));
}

static void open_at(struct keyring *k, int64_t now, enum keyring_state want)
{
	const char *what = "";
	enum keyring_state state = keyring_open(k, dir, BUILT, now, &what);

	if (state != want) {
		printf("open: state %d, %s\n", state, what);
		exit(1);
	}
}

int main(void)
{
	static struct keyring k, again;
	static struct x509_names names;
	int64_t now = BUILT + DAY;
	const char *why;
	char command[64];

	if (sodium_init() < 0 || !mkdtemp(dir))
		return 1;
	windows();
	open_at(&k, now, KEYRING_MADE);
	CHECK(strlen(k.id) == 16 && k.ca[0].not_before == BUILT && k.ca[0].not_after == CA_END);
	CHECK(keyring_renew(&k, now) == KEYRING_SAME);
	/* the list's half life comes first, and it moves on with the list */
	CHECK(keyring_next(&k, now) > now + 4 * DAY && keyring_next(&k, now) <= now + 5 * DAY);
	k.crl.this_update = k.crl.next_update = now + 1000 * DAY;
	CHECK(keyring_next(&k, now) > now + 264 * DAY && keyring_next(&k, now) < now + 266 * DAY);
	k.crl.this_update = k.crl.next_update = 0;
	CHECK(keyring_crl_renew(&k, now) == KEYRING_CHANGED);

	names.count = 1;
	CHECK(!x509_name_parse(&names.name[0], "cam.example.org", 15, &why));
	CHECK(keyring_rename(&k, &names, now) == KEYRING_CHANGED);
	CHECK(keyring_rename(&k, &names, now) == KEYRING_SAME);

	/* the same ring after a restart */
	open_at(&again, now, KEYRING_OPENED);
	CHECK(!strcmp(k.id, again.id) && !memcmp(k.secrets, again.secrets, sizeof *k.secrets));
	CHECK(x509_names_equal(&names, &again.names[KEYRING_SERVER]));
	for (int i = 0; i < KEYRING_CAS; i++)
		CHECK(k.ca[i].len == again.ca[i].len && !memcmp(k.ca[i].der, again.ca[i].der, k.ca[i].len));
	for (int i = 0; i < KEYRING_LEAVES; i++)
		CHECK(k.leaf[i].len == again.leaf[i].len && !memcmp(k.leaf[i].der, again.leaf[i].der, k.leaf[i].len));
	keyring_close(&again);

	/* two thirds later, found at the next start */
	now += 266 * DAY;
	open_at(&again, now, KEYRING_OPENED);
	CHECK(again.leaf[0].not_before == now - 3600 && again.leaf[1].not_before == now - 3600);
	CHECK(!memcmp(k.secrets, again.secrets, sizeof *k.secrets));
	keyring_close(&again);
	CHECK(keyring_renew(&k, now) == KEYRING_CHANGED);

	/* ten years ahead and back */
	CHECK(keyring_renew(&k, now + 3650 * DAY) == KEYRING_CHANGED && k.leaf[0].not_before == now + 3650 * DAY - 3600);
	CHECK(keyring_renew(&k, now) == KEYRING_CHANGED && k.leaf[0].not_before == now - 3600);
	CHECK(keyring_renew(&k, now) == KEYRING_SAME);

	/* no names: the internal one */
	names.count = 0;
	CHECK(keyring_rename(&k, &names, now) == KEYRING_CHANGED);
	CHECK(!strcmp(k.names[0].name[0].text, k.internal_name));
	keyring_close(&k);
	snprintf(command, sizeof command, "rm -r %s", dir);
	return system(command) || failed;
}
