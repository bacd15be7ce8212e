/* gpt: any first sectors of a disk. What is taken for valid can be grown and written, and is valid again. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "gpt/gpt.h"

#define SECTOR 512u
#define SECTORS 409600u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The fuzzer does not find CRCs by itself: they are put right where the rest may be. */
static void repair(uint8_t *sector, const uint8_t *entries, size_t bytes)
{
	uint32_t n = sector[12] | (uint32_t)sector[13] << 8, crc = gpt_crc32(entries, bytes);

	for (int i = 0; i < 4; i++)
		sector[88 + i] = (uint8_t)(crc >> (8 * i));
	memset(sector + 16, 0, 4);
	crc = gpt_crc32(sector, n <= SECTOR ? n : SECTOR);
	for (int i = 0; i < 4; i++)
		sector[16 + i] = (uint8_t)(crc >> (8 * i));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t sector[SECTOR] = { 0 }, again[SECTOR] = { 0 };
	uint8_t *entries = calloc(1, GPT_ENTRIES_MAX);
	struct gpt_headers *room = malloc(sizeof *room);
	struct gpt_write w[GPT_WRITES];
	struct gpt_header h, g;
	uint64_t first, last;
	size_t n = size < SECTOR ? size : SECTOR;

	memcpy(sector, data, n);
	data += n;
	size -= n;
	memcpy(entries, data, size < GPT_ENTRIES_MAX ? size : GPT_ENTRIES_MAX);
	if (gpt_header_read(&h, sector, 1) < 0) {
		repair(sector, entries, 128 * 128);
		if (gpt_header_read(&h, sector, 1) < 0)
			goto out;
	}
	if (gpt_entries_bytes(&h) > GPT_ENTRIES_MAX)
		abort();
	if (gpt_entries_check(&h, entries) < 0)
		h.crc = gpt_crc32(entries, gpt_entries_bytes(&h));
	for (unsigned i = 0; i <= h.count + 1; i++) {
		g = h;
		if (gpt_entry_range(&g, entries, i, &first, &last) == 0 && first > last)
			abort();
		if (gpt_grow(&g, entries, i, SECTORS, SECTOR) != 1)
			continue;
		if (gpt_entries_check(&g, entries) < 0 || gpt_entry_range(&g, entries, i, &first, &last) < 0 || last >= SECTORS)
			abort();
		gpt_header_write(&g, again);
		if (gpt_header_read(&g, again, 1) < 0 && g.first <= g.last)
			abort();
		if (gpt_writes(w, room, &g, entries, SECTOR) == 0 && w[2].lba + w[2].bytes / SECTOR > g.first)
			abort();
	}
out:
	free(room);
	free(entries);
	return 0;
}
