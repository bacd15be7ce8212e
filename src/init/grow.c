#include "init.h"

#include "gpt/gpt.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/blkpg.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

struct table {
	int fd;
	uint32_t sector;	/* bytes */
	uint64_t sectors;	/* of the whole disk */
	struct gpt_header head;
	uint8_t entries[GPT_ENTRIES_MAX];
};

static int
sectors_read(const struct table *t, uint64_t lba, void *buf, size_t n)
{
	ssize_t r = pread(t->fd, buf, n, (off_t)(lba * t->sector));

	if (r == (ssize_t)n)
		return 0;
	if (r >= 0)
		errno = EIO;
	return -1;
}

static int
table_load(struct table *t, struct gpt_header *h, uint8_t *entries, uint64_t lba)
{
	uint8_t sector[GPT_SECTOR_MAX];

	if (sectors_read(t, lba, sector, t->sector) == -1 || gpt_header_read(h, sector, lba) == -1
	    || sectors_read(t, h->entries, entries, gpt_entries_bytes(h)) == -1)
		return -1;
	return gpt_entries_check(h, entries);
}

static int
table_store(const struct table *t)
{
	static struct gpt_headers room;
	struct gpt_write w[GPT_WRITES];

	if (gpt_writes(w, &room, &t->head, t->entries, t->sector) == -1)
		return -1;
	for (int i = 0; i < GPT_WRITES; i++)
		if (pwrite(t->fd, w[i].data, w[i].bytes, (off_t)(w[i].lba * t->sector)) != (ssize_t)w[i].bytes
		    || fsync(t->fd) == -1)
			return -1;
	return 0;
}

/* 1 when the backup at the end of the disk says the same as the primary. */
static int
backup_same(struct table *t)
{
	static uint8_t entries[GPT_ENTRIES_MAX];
	struct gpt_header backup;

	return table_load(t, &backup, entries, t->sectors - 1) == 0 && backup.crc == t->head.crc
	    && backup.last == t->head.last && backup.count == t->head.count && backup.size == t->head.size;
}

static int
partition_tell_kernel(const struct table *t, unsigned number)
{
	struct blkpg_partition p = { .pno = (int)number };
	struct blkpg_ioctl_arg arg = { .op = BLKPG_RESIZE_PARTITION, .datalen = sizeof p, .data = &p };
	uint64_t first, last;

	if (gpt_entry_range(&t->head, t->entries, number, &first, &last) == -1)
		return -1;
	p.start = (long long)(first * t->sector);
	p.length = (long long)((last - first + 1) * t->sector);
	return ioctl(t->fd, BLKPG, &arg);
}

static int
table_grow(struct table *t, const struct init_disk *d)
{
	int repair = 0, grown;

	if (table_load(t, &t->head, t->entries, GPT_PRIMARY_LBA) == -1) {
		if (table_load(t, &t->head, t->entries, t->sectors - 1) == -1) {
			init_say("%s: neither partition table is valid", d->disk);
			return -1;
		}
		init_say("%s: the partition table was damaged: repaired from its backup", d->disk);
		t->head.alternate = t->head.self;
		t->head.self = GPT_PRIMARY_LBA;
		repair = 1;
	}
	grown = gpt_grow(&t->head, t->entries, d->number, t->sectors, t->sector);
	if (grown == -1) {
		init_say("%s: partition %u is left as it is: %m", d->disk, d->number);
		return -1;
	}
	if (!grown && !repair && t->head.entries == GPT_ENTRIES_LBA && backup_same(t))
		return 0;
	if (table_store(t) == -1) {
		init_say("%s: cannot write the partition table: %m", d->disk);
		return -1;
	}
	if (grown && partition_tell_kernel(t, d->number) == -1) {
		init_say("%s: the kernel does not take the new size (until the next boot): %m", d->part);
		return -1;
	}
	if (grown)
		init_say("%s: partition taken to the end of the disk", d->part);
	return 0;
}

int
init_grow(const struct init_disk *d)
{
	static struct table t;
	char path[64];
	uint64_t bytes;
	int sector, rc;

	snprintf(path, sizeof path, "/dev/%s", d->disk);
	t.fd = open(path, O_RDWR | O_CLOEXEC);
	if (t.fd == -1) {
		init_say("%s: cannot open to enlarge the partition: %m", path);
		return -1;
	}
	if (ioctl(t.fd, BLKSSZGET, &sector) == -1 || ioctl(t.fd, BLKGETSIZE64, &bytes) == -1
	    || sector < 512 || sector > GPT_SECTOR_MAX) {
		init_say("%s: cannot learn its size: %m", path);
		close(t.fd);
		return -1;
	}
	t.sector = (uint32_t)sector;
	t.sectors = bytes / t.sector;
	rc = table_grow(&t, d);
	close(t.fd);
	return rc;
}
