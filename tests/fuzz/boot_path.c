/* init: any value of the boot loader's variable. A name to rename has a counter and is the same without it. */
/* with: init/good.c init/disk.c init/file.c init/say.c */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "init/init.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char path[256], good[256];
	size_t same;

	if (init_good_names(data, size, path, good, sizeof path) != 1)
		return 0;
	same = strcspn(good, "+.");
	if (*path != '/' || *good != '/' || strstr(path, "/..") || strlen(good) >= strlen(path)
	    || strncmp(path, good, same) != 0 || strchr(strrchr(good, '/'), '.') == NULL)
		abort();
	return 0;
}
