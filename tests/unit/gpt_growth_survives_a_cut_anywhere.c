/*
 * gpt: a table grown to a larger disk is right, and at whatever sector the power goes while it is written, the disk
 * has a valid table that is the old one or the new one.
 */
#include "gpt/gpt.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECTOR 512u
#define OLD 20480u	/* sectors */
#define NEW 409600u
#define COUNT 128u
#define SIZE 128u

static int failed;

#define CHECK(what) do { if (!(what)) { failed = 1; printf("%s:%d: %s\n", __FILE__, __LINE__, #what); } } while (0)

static uint8_t *disk;

static void put64(uint8_t *p, uint64_t v)
{
	for (int i = 0; i < 8; i++)
		p[i] = (uint8_t)(v >> (8 * i));
}

static void entry(uint8_t *entries, unsigned number, uint64_t first, uint64_t last)
{
	uint8_t *e = entries + (size_t)(number - 1) * SIZE;

	memset(e, 0x11 * (int)number, 32);
	put64(e + 32, first);
	put64(e + 40, last);
}

/* A disk of OLD sectors with two partitions, the second to its end, at the start of the larger one. */
static void disk_make(void)
{
	static uint8_t entries[COUNT * SIZE];
	struct gpt_header h = { .self = 1, .alternate = OLD - 1, .first = 2048, .last = OLD - 34, .entries = 2,
		.count = COUNT, .size = SIZE };
	struct gpt_headers room;
	struct gpt_write w[GPT_WRITES];

	memcpy(h.raw, "EFI PART\0\0\1\0\x5c\0\0\0", 16);
	memset(entries, 0, sizeof entries);
	entry(entries, 1, 2048, 4095);
	entry(entries, 2, 4096, 18431);
	h.crc = gpt_crc32(entries, sizeof entries);
	memset(disk, 0, (size_t)NEW * SECTOR);
	CHECK(gpt_writes(w, &room, &h, entries, SECTOR) == 0);
	for (int i = 0; i < GPT_WRITES; i++)
		memcpy(disk + w[i].lba * SECTOR, w[i].data, w[i].bytes);
}

static int load(struct gpt_header *h, uint8_t *entries, uint64_t lba)
{
	if (gpt_header_read(h, disk + lba * SECTOR, lba) < 0)
		return -1;
	if (h->entries + gpt_entries_bytes(h) / SECTOR > NEW)
		return -1;
	memcpy(entries, disk + h->entries * SECTOR, gpt_entries_bytes(h));
	return gpt_entries_check(h, entries);
}

static uint64_t end_of(const struct gpt_header *h, const uint8_t *entries)
{
	uint64_t first = 0, last = 0;

	CHECK(gpt_entry_range(h, entries, 2, &first, &last) == 0);
	CHECK(first == 4096);
	return last;
}

static void growth_is_right(void)
{
	static uint8_t entries[GPT_ENTRIES_MAX];
	struct gpt_header h, backup;

	disk_make();
	CHECK(load(&h, entries, 1) == 0);
	CHECK(end_of(&h, entries) == 18431);
	CHECK(gpt_grow(&h, entries, 1, NEW, SECTOR) == -1 && errno == EBUSY);
	CHECK(gpt_grow(&h, entries, 3, NEW, SECTOR) == -1 && errno == ENOENT);
	CHECK(gpt_grow(&h, entries, 2, 10000, SECTOR) == -1 && errno == ENOSPC);
	CHECK(gpt_grow(&h, entries, 2, NEW, SECTOR) == 1);
	CHECK(h.alternate == NEW - 1 && h.last == NEW - 34);
	CHECK(end_of(&h, entries) <= h.last && (end_of(&h, entries) + 1) % 2048 == 0 && end_of(&h, entries) > NEW - 4096);
	CHECK(gpt_grow(&h, entries, 2, NEW, SECTOR) == 0);
	gpt_backup(&backup, &h, SECTOR);
	CHECK(backup.self == NEW - 1 && backup.alternate == 1 && backup.entries > h.last && backup.entries + 32 == NEW - 1);
}

/* Every cut: after `whole` writes, and then `sectors` sectors of the next one. */
static void cut_anywhere(void)
{
	static uint8_t entries[GPT_ENTRIES_MAX], now[GPT_ENTRIES_MAX];
	struct gpt_header h, seen;
	struct gpt_headers room;
	struct gpt_write w[GPT_WRITES];
	uint64_t old, new;
	int olds = 0, news = 0;

	disk_make();
	CHECK(load(&h, entries, 1) == 0);
	old = end_of(&h, entries);
	CHECK(gpt_grow(&h, entries, 2, NEW, SECTOR) == 1);
	new = end_of(&h, entries);
	CHECK(gpt_writes(w, &room, &h, entries, SECTOR) == 0);
	for (int whole = 0; whole < GPT_WRITES; whole++)
		for (size_t sectors = 0; sectors <= w[whole].bytes / SECTOR; sectors++) {
			disk_make();
			for (int i = 0; i < whole; i++)
				memcpy(disk + w[i].lba * SECTOR, w[i].data, w[i].bytes);
			memcpy(disk + w[whole].lba * SECTOR, w[whole].data, sectors * SECTOR);
			CHECK(load(&seen, now, 1) == 0);
			CHECK(end_of(&seen, now) == old || end_of(&seen, now) == new);
			olds += end_of(&seen, now) == old;
			news += end_of(&seen, now) == new;
		}
	CHECK(olds > 0 && news > 0);
	CHECK(load(&seen, now, NEW - 1) == 0 && end_of(&seen, now) == new);
	CHECK(load(&seen, now, 1) == 0 && seen.entries == 2);
}

/* The same test with the entries written over the old ones first must find a cut without a valid table. */
static void cut_finds_the_naive_order(void)
{
	static uint8_t entries[GPT_ENTRIES_MAX], now[GPT_ENTRIES_MAX];
	struct gpt_header h, seen;

	disk_make();
	CHECK(load(&h, entries, 1) == 0);
	CHECK(gpt_grow(&h, entries, 2, NEW, SECTOR) == 1);
	memcpy(disk + 2 * SECTOR, entries, gpt_entries_bytes(&h));
	CHECK(load(&seen, now, 1) == -1);
}

static void damage_is_found(void)
{
	static uint8_t entries[GPT_ENTRIES_MAX];
	struct gpt_header h;

	for (unsigned i = 0; i < 92; i++) {
		disk_make();
		disk[SECTOR + i] ^= 1;
		CHECK(load(&h, entries, 1) == -1);
	}
	disk_make();
	CHECK(gpt_header_read(&h, disk + SECTOR, 2) == -1);	/* another place than it says */
	disk_make();
	disk[2 * SECTOR + 40] ^= 1;
	CHECK(load(&h, entries, 1) == -1);
}

int main(void)
{
	disk = malloc((size_t)NEW * SECTOR);
	CHECK(gpt_crc32("123456789", 9) == 0xcbf43926u);	/* the check value of CRC-32 */
	growth_is_right();
	cut_anywhere();
	cut_finds_the_naive_order();
	damage_is_found();
	free(disk);
	return failed;
}
