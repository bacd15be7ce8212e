/*
 * A file system in memory under SQLite that knows what a disk knows: what was
 * synced stays; of the rest, at the power cut, a seeded part is lost, another
 * written only in some of its sectors, in another order.
 *
 * One connection at a time.  Not thread-safe.
 */
#ifndef CUTVFS_H
#define CUTVFS_H

#include <stdbool.h>
#include <stdint.h>

/* Registers the VFS "cut" (not as the default).  After sqlite3_initialize. */
void cut_register(void);

/* An empty disk; seed rules every choice from here on. */
void cut_reset(uint64_t seed);

/* The power goes at the n-th change from now (write, sync, truncation, removal): that
 * one and all later ones fail.  0 = never. */
void cut_after(unsigned long n);
bool cut_happened(void);
/* Changes since cut_reset. */
unsigned long cut_changes(void);

unsigned long cut_syncs(void);

/* After the cut and the closing of the database: what the disk holds then. */
void cut_power_on(void);

/* Bytes the disk can hold, 0 = any number: a write beyond them fails with SQLITE_FULL. */
void cut_capacity(uint64_t bytes);
uint64_t cut_used(void);

/* The next number of the seed's row. */
uint32_t cut_random(uint32_t below);

#endif
