#include "gpt/gpt.h"

#include <errno.h>
#include <string.h>

#define SIGNATURE "EFI PART"
#define HEADER_MIN 92
#define ENTRY_MIN 128

/* Offsets in the header, UEFI table 5-5. */
enum {
	AT_SIZE = 12, AT_CRC = 16, AT_SELF = 24, AT_ALTERNATE = 32, AT_FIRST = 40, AT_LAST = 48,
	AT_ENTRIES = 72, AT_COUNT = 80, AT_ENTRY_SIZE = 84, AT_ENTRIES_CRC = 88,
};

/* Offsets in an entry, UEFI table 5-6. */
enum { AT_ENTRY_FIRST = 32, AT_ENTRY_LAST = 40 };

static uint32_t
get32(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static uint64_t
get64(const uint8_t *p)
{
	return get32(p) | (uint64_t)get32(p + 4) << 32;
}

static void
put32(uint8_t *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> (8 * i));
}

static void
put64(uint8_t *p, uint64_t v)
{
	put32(p, (uint32_t)v);
	put32(p + 4, (uint32_t)(v >> 32));
}

uint32_t
gpt_crc32(const void *p, size_t n)
{
	const uint8_t *b = p;
	uint32_t crc = UINT32_MAX;

	while (n--) {
		crc ^= *b++;
		for (int i = 0; i < 8; i++)
			crc = (crc >> 1) ^ (0xedb88320u & (0u - (crc & 1)));
	}
	return ~crc;
}

static uint32_t
header_crc(const uint8_t *raw)
{
	uint8_t copy[512];

	memcpy(copy, raw, sizeof copy);
	put32(copy + AT_CRC, 0);
	return gpt_crc32(copy, get32(copy + AT_SIZE));
}

static int
limits_ok(const struct gpt_header *h)
{
	return h->count > 0 && h->count <= GPT_ENTRIES_MAX / ENTRY_MIN
	    && h->size >= ENTRY_MIN && h->size <= GPT_ENTRIES_MAX && (h->size & (h->size - 1)) == 0
	    && (uint64_t)h->count * h->size <= GPT_ENTRIES_MAX
	    && h->first <= h->last && h->last < UINT64_MAX / 4096;
}

int
gpt_header_read(struct gpt_header *h, const void *sector, uint64_t lba)
{
	const uint8_t *p = sector;
	uint32_t size = get32(p + AT_SIZE);

	errno = EINVAL;
	if (memcmp(p, SIGNATURE, 8) != 0 || size < HEADER_MIN || size > sizeof h->raw)
		return -1;
	memcpy(h->raw, p, sizeof h->raw);
	if (header_crc(h->raw) != get32(p + AT_CRC))
		return -1;
	h->self = get64(p + AT_SELF);
	h->alternate = get64(p + AT_ALTERNATE);
	h->first = get64(p + AT_FIRST);
	h->last = get64(p + AT_LAST);
	h->entries = get64(p + AT_ENTRIES);
	h->count = get32(p + AT_COUNT);
	h->size = get32(p + AT_ENTRY_SIZE);
	h->crc = get32(p + AT_ENTRIES_CRC);
	if (h->self != lba || h->entries < GPT_ENTRIES_LBA || !limits_ok(h))
		return -1;
	return 0;
}

void
gpt_header_write(const struct gpt_header *h, void *sector)
{
	uint8_t *p = sector;

	memcpy(p, h->raw, sizeof h->raw);
	put64(p + AT_SELF, h->self);
	put64(p + AT_ALTERNATE, h->alternate);
	put64(p + AT_FIRST, h->first);
	put64(p + AT_LAST, h->last);
	put64(p + AT_ENTRIES, h->entries);
	put32(p + AT_COUNT, h->count);
	put32(p + AT_ENTRY_SIZE, h->size);
	put32(p + AT_ENTRIES_CRC, h->crc);
	put32(p + AT_CRC, header_crc(p));
}

size_t
gpt_entries_bytes(const struct gpt_header *h)
{
	return (size_t)h->count * h->size;
}

int
gpt_entries_check(const struct gpt_header *h, const void *entries)
{
	if (gpt_crc32(entries, gpt_entries_bytes(h)) == h->crc)
		return 0;
	errno = EINVAL;
	return -1;
}

static int
entry_used(const uint8_t *e)
{
	static const uint8_t none[16];

	return memcmp(e, none, sizeof none) != 0;
}

int
gpt_entry_range(const struct gpt_header *h, const void *entries, unsigned number, uint64_t *first, uint64_t *last)
{
	const uint8_t *e = (const uint8_t *)entries + (size_t)(number - 1) * h->size;

	errno = ENOENT;
	if (number < 1 || number > h->count || !entry_used(e))
		return -1;
	*first = get64(e + AT_ENTRY_FIRST);
	*last = get64(e + AT_ENTRY_LAST);
	if (*first > *last)
		return -1;
	return 0;
}

/* The highest last sector of all partitions but `number`. */
static uint64_t
others_end(const struct gpt_header *h, const void *entries, unsigned number)
{
	uint64_t first, last, end = 0;

	for (unsigned i = 1; i <= h->count; i++)
		if (i != number && gpt_entry_range(h, entries, i, &first, &last) == 0 && last > end)
			end = last;
	return end;
}

static uint64_t
array_sectors(const struct gpt_header *h, uint32_t sector_size)
{
	size_t bytes = gpt_entries_bytes(h);

	if (bytes < GPT_ENTRIES_MIN)
		bytes = GPT_ENTRIES_MIN;
	return (bytes + sector_size - 1) / sector_size;
}

int
gpt_grow(struct gpt_header *h, void *entries, unsigned number, uint64_t sectors, uint32_t sector_size)
{
	uint64_t reserve = array_sectors(h, sector_size), align = GPT_ALIGN / sector_size;
	uint64_t first, last, usable, end;
	uint8_t *e;

	if (gpt_entry_range(h, entries, number, &first, &last) == -1)
		return -1;
	if (others_end(h, entries, number) > first) {
		errno = EBUSY;
		return -1;
	}
	if (sectors < reserve + 2 || sectors - reserve - 2 < last) {
		errno = ENOSPC;
		return -1;
	}
	usable = sectors - reserve - 2;
	end = (usable + 1) / align * align - 1;
	if (end < last)
		end = last;
	if (end == last && h->alternate == sectors - 1 && h->last == usable)
		return 0;
	e = (uint8_t *)entries + (size_t)(number - 1) * h->size;
	put64(e + AT_ENTRY_LAST, end);
	h->self = GPT_PRIMARY_LBA;
	h->alternate = sectors - 1;
	h->last = usable;
	h->crc = gpt_crc32(entries, gpt_entries_bytes(h));
	return 1;
}

void
gpt_backup(struct gpt_header *backup, const struct gpt_header *h, uint32_t sector_size)
{
	*backup = *h;
	backup->self = h->alternate;
	backup->alternate = GPT_PRIMARY_LBA;
	backup->entries = h->alternate - array_sectors(h, sector_size);
}

static struct gpt_write
header_write(uint8_t *sector, const struct gpt_header *h, uint32_t sector_size)
{
	memset(sector, 0, GPT_SECTOR_MAX);
	gpt_header_write(h, sector);
	return (struct gpt_write){ h->self, sector, sector_size };
}

int
gpt_writes(struct gpt_write w[GPT_WRITES], struct gpt_headers *room, const struct gpt_header *h, const void *entries,
    uint32_t sector_size)
{
	size_t bytes = gpt_entries_bytes(h);
	uint64_t span = array_sectors(h, sector_size);
	struct gpt_header backup, beside = *h, usual = *h;

	gpt_backup(&backup, h, sector_size);
	usual.entries = GPT_ENTRIES_LBA;
	beside.entries = GPT_ENTRIES_LBA + span;
	if (beside.entries + span > h->first) {
		errno = ENOSPC;
		return -1;
	}
	w[0] = (struct gpt_write){ backup.entries, entries, bytes };
	w[1] = header_write(room->sector[0], &backup, sector_size);
	w[2] = (struct gpt_write){ beside.entries, entries, bytes };
	w[3] = header_write(room->sector[1], &beside, sector_size);
	w[4] = (struct gpt_write){ usual.entries, entries, bytes };
	w[5] = header_write(room->sector[2], &usual, sector_size);
	return 0;
}
