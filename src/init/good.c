#include "init.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * systemd-boot counts tries in the file name of an entry, NAME+LEFT[-DONE].efi, and says in an EFI variable which
 * file it took (systemd.io/AUTOMATIC_BOOT_ASSESSMENT). An entry without a counter is good for ever.
 */
#define COUNT_PATH "/sys/firmware/efi/efivars/LoaderBootCountPath-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f"
#define ESP_AT INIT_RUN "/esp"
/* efivarfs puts 4 bytes of attributes before the value. */
#define EFI_ATTRIBUTES 4

/* The path in the variable is UTF-16LE with backslashes; ours are plain ASCII. */
static int
path_read(const uint8_t *raw, size_t have, char *path, size_t n)
{
	size_t at = 0;

	for (size_t i = EFI_ATTRIBUTES; i + 1 < have && (raw[i] || raw[i + 1]); i += 2) {
		if (raw[i + 1] || raw[i] < ' ' || raw[i] > '~' || at == n - 1)
			return -1;
		path[at++] = raw[i] == '\\' ? '/' : (char)raw[i];
	}
	path[at] = 0;
	return *path == '/' && !strstr(path, "/..") ? 0 : -1;
}

/* "/EFI/Linux/cam-a+2-1.efi" -> "/EFI/Linux/cam-a.efi"; -1 when there is no counter. */
static int
counter_drop(const char *path, char *good, size_t n)
{
	const char *plus = strrchr(path, '+'), *dot = strrchr(path, '.');

	if (!plus || !dot || dot < plus || strchr(plus, '/') || plus == path || plus[-1] == '/'
	    || strspn(plus + 1, "0123456789-") != (size_t)(dot - plus - 1))
		return -1;
	snprintf(good, n, "%.*s%s", (int)(plus - path), path, dot);
	return 0;
}

int
init_good_names(const uint8_t *raw, size_t have, char *path, char *good, size_t n)
{
	if (path_read(raw, have, path, n) == -1)
		return -1;
	return counter_drop(path, good, n) == 0;
}

static int
rename_on_esp(const char *from, const char *to)
{
	char old[640], new[640];
	int fd, rc;

	snprintf(old, sizeof old, "%s%s", ESP_AT, from);
	snprintf(new, sizeof new, "%s%s", ESP_AT, to);
	rc = rename(old, new);
	if (rc == -1)
		init_say("boot: cannot rename %s: %m", from);
	fd = open(ESP_AT, O_RDONLY | O_CLOEXEC);
	if (fd != -1) {
		syncfs(fd);
		close(fd);
	}
	return rc;
}

int
init_good(void)
{
	char raw[512], path[256], good[256], device[64];
	int have = init_file_read(COUNT_PATH, raw, sizeof raw), rc;
	struct init_disk esp;

	if (have == -1) {
		if (errno == ENOENT)
			return 0;	/* not started by a counting boot loader */
		init_say("boot: cannot read which entry was booted: %m");
		return -1;
	}
	rc = init_good_names((const uint8_t *)raw, (size_t)have, path, good, sizeof path);
	if (rc == -1)
		init_say("boot: the boot loader names no entry that could be ours");
	if (rc != 1)
		return rc;
	if (init_disk_find(&esp, "cam-esp") == -1) {
		init_say("boot: no partition named cam-esp: %m");
		return -1;
	}
	snprintf(device, sizeof device, "/dev/%s", esp.part);
	mkdir(ESP_AT, 0700);
	if (mount(device, ESP_AT, "vfat", MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_SYNCHRONOUS, "") == -1) {
		init_say("boot: cannot mount %s: %m", device);
		return -1;
	}
	rc = rename_on_esp(path, good);
	if (umount(ESP_AT) == -1)
		init_say("boot: cannot unmount %s: %m", device);
	if (rc == 0)
		init_say("boot: entry marked good: %s", good);
	return rc;
}
