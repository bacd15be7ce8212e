/*
 * GUID partition table: read, check and enlarge (UEFI specification 2.10, chapter 5).
 * Works on memory only; the caller moves sectors to and from the disk.
 * Everything is little-endian on disk; fields here are in host order.
 */
#ifndef GPT_GPT_H
#define GPT_GPT_H

#include <stddef.h>
#include <stdint.h>

#define GPT_PRIMARY_LBA 1
#define GPT_ENTRIES_LBA 2
/* The specification reserves at least 16 KiB for the entries; a table above 64 KiB is not one of ours. */
#define GPT_ENTRIES_MIN (16 * 1024)
#define GPT_ENTRIES_MAX (64 * 1024)
/* The end of the grown partition is kept on a multiple of this many bytes. */
#define GPT_ALIGN (1024 * 1024)

struct gpt_header {
	uint8_t raw[512];	/* as read: fields that are not named below are kept */
	uint64_t self;		/* sector of this header */
	uint64_t alternate;	/* sector of the other header */
	uint64_t first;		/* first usable sector */
	uint64_t last;		/* last usable sector */
	uint64_t entries;	/* first sector of the entry array */
	uint32_t count;		/* entries in the array */
	uint32_t size;		/* bytes of one entry */
	uint32_t crc;		/* CRC-32 of the entry array */
};

/* CRC-32 (IEEE 802.3, reflected) of n bytes. */
uint32_t gpt_crc32(const void *p, size_t n);

/*
 * Reads the header found at sector `lba`. Returns 0, or -1 with errno EINVAL when signature, checksum,
 * place or limits are wrong. `sector` holds at least 512 bytes.
 */
int gpt_header_read(struct gpt_header *h, const void *sector, uint64_t lba);

/* Writes `h` with a fresh checksum into the first 512 bytes of `sector`. */
void gpt_header_write(const struct gpt_header *h, void *sector);

/* Bytes of the entry array: count * size, at most GPT_ENTRIES_MAX. */
size_t gpt_entries_bytes(const struct gpt_header *h);

/* 0 when the array's checksum is the one in the header, else -1 with errno EINVAL. */
int gpt_entries_check(const struct gpt_header *h, const void *entries);

/* First and last sector of partition `number` (from 1). Returns 0, or -1 with errno ENOENT when unused. */
int gpt_entry_range(const struct gpt_header *h, const void *entries, unsigned number,
		    uint64_t *first, uint64_t *last);

/*
 * Enlarges partition `number` (from 1) to the end of a disk of `sectors` sectors of `sector_size` bytes and
 * moves the backup's place there: `h` becomes the primary header, `entries` is changed in place.
 * Returns 1 when the partition or the backup's place changed, 0 when all was right already, -1 with errno:
 * ENOENT no such partition, EBUSY it is not the last one on the disk, ENOSPC the disk has shrunk.
 */
int gpt_grow(struct gpt_header *h, void *entries, unsigned number, uint64_t sectors, uint32_t sector_size);

/* Fills `backup` with the backup header that belongs to the primary header `h`. */
void gpt_backup(struct gpt_header *backup, const struct gpt_header *h, uint32_t sector_size);

/* One write of a change: `bytes` (a multiple of the sector size for headers) at sector `lba`. */
struct gpt_write {
	uint64_t lba;
	const void *data;
	size_t bytes;
};

#define GPT_WRITES 6
#define GPT_SECTOR_MAX 4096

/* Room for the headers that gpt_writes makes; must live as long as the writes. */
struct gpt_headers {
	uint8_t sector[3][GPT_SECTOR_MAX];
};

/*
 * The writes that bring the primary header `h` and `entries` to the disk. Done in this order, each on the disk before
 * the next begins, they leave a valid primary table at every instant, even when one is cut off in the middle, as long
 * as a disk writes one sector whole or not at all: the entries are first written beside the old ones, and one
 * sector, the header, then points there. Returns 0, or -1 with errno ENOSPC when there is no place beside them.
 */
int gpt_writes(struct gpt_write w[GPT_WRITES], struct gpt_headers *room, const struct gpt_header *h,
	       const void *entries, uint32_t sector_size);

#endif
