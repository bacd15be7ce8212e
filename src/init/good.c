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
counted_path(char *path, int n)
{
	char raw[512];
	int have = init_file_read(COUNT_PATH, raw, sizeof raw), at = 0;

	if (have == -1)
		return -1;
	for (int i = EFI_ATTRIBUTES; i + 1 < have && at < n - 1; i += 2) {
		if (raw[i + 1] != 0 || (signed char)raw[i] < 0) {
			errno = EILSEQ;
			return -1;
		}
		if (!raw[i])
			break;
		path[at++] = raw[i] == '\\' ? '/' : raw[i];
	}
	path[at] = 0;
	if (*path == '/' && !strstr(path, ".."))
		return 0;
	errno = EINVAL;
	return -1;
}

/* "/EFI/Linux/cam-a+2-1.efi" -> "/EFI/Linux/cam-a.efi"; -1 when there is no counter. */
static int
good_path(const char *path, char *good, size_t n)
{
	const char *plus = strrchr(path, '+'), *dot = strrchr(path, '.');

	if (!plus || !dot || dot < plus || strchr(plus, '/') || strspn(plus + 1, "0123456789-") != (size_t)(dot - plus - 1))
		return -1;
	snprintf(good, n, "%.*s%s", (int)(plus - path), path, dot);
	return 0;
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
	char path[256], good[256], device[64];
	struct init_disk esp;
	int rc;

	if (counted_path(path, sizeof path) == -1) {
		if (errno == ENOENT)
			return 0;	/* not started by a counting boot loader */
		init_say("boot: cannot read which entry was booted: %m");
		return -1;
	}
	if (good_path(path, good, sizeof good) == -1)
		return 0;
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
