/* init: from the boot loader's variable to the names the counter is taken off by. */
/* with: init/good.c init/disk.c init/file.c init/say.c */
#include "init/init.h"

#include <stdio.h>
#include <string.h>

static int failed;

#define CHECK(what) do { if (!(what)) { failed = 1; printf("%s:%d: %s\n", __FILE__, __LINE__, #what); } } while (0)

static char path[256], good[256];

static int names(const char *text, size_t cut)
{
	uint8_t raw[512] = { 7, 0, 0, 0 };
	size_t n = strlen(text);

	for (size_t i = 0; i < n; i++)
		raw[4 + 2 * i] = (uint8_t)text[i];
	return init_good_names(raw, 4 + 2 * n + 2 - cut, path, good, sizeof path);
}

int main(void)
{
	const uint8_t wide[] = { 7, 0, 0, 0, '\\', 0, 'a', 1, 0, 0 };

	CHECK(names("\\EFI\\Linux\\cam-a+2-1.efi", 0) == 1);
	CHECK(!strcmp(path, "/EFI/Linux/cam-a+2-1.efi") && !strcmp(good, "/EFI/Linux/cam-a.efi"));
	CHECK(names("\\EFI\\Linux\\cam-b+3.efi", 2) == 1 && !strcmp(good, "/EFI/Linux/cam-b.efi"));
	CHECK(names("\\EFI\\Linux\\cam-a.efi", 0) == 0);
	CHECK(names("\\EFI\\Li+2nux\\cam-a.efi", 0) == 0);
	CHECK(names("\\EFI\\Linux\\cam-a+x.efi", 0) == 0);
	CHECK(names("\\EFI\\Linux\\+3.efi", 0) == 0);
	CHECK(names("EFI\\cam-a+3.efi", 0) == -1);
	CHECK(names("\\..\\cam-a+3.efi", 0) == -1);
	CHECK(names("", 0) == -1);
	CHECK(init_good_names(wide, sizeof wide, path, good, sizeof path) == -1);
	return failed;
}
