/*
 * db: a thin layer over SQLite: one file, one connection per thread,
 * statements kept prepared, one sticky error.
 *
 * SQL texts are string literals: they are recognized by their address.  A
 * statement stays as it was prepared whatever values are bound: for a partial
 * index it must say the index's condition itself (parent <> '').
 * Values are bound by a format, one letter each: i int64_t, t text (const
 * char *, NULL = NULL), b blob (const void *, size_t; NULL = NULL).
 * After the first error every call does nothing until db_error_take; so a
 * handler is written without a check after each line and checked once.
 */
#ifndef CAM_DB_H
#define CAM_DB_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* All memory SQLite ever uses in this process, bytes: caches of one writer and
 * the readers with room for sorting.  When it is used up a statement
 * fails (SQLITE_NOMEM) and its command is refused. */
#define DB_HEAP (48u << 20)
/* From here on caches give way, so that the rest is there for a document of megabytes and for sorting. */
#define DB_HEAP_CACHES (32u << 20)
/* Page cache of a connection, KiB. */
#define DB_CACHE_WRITER 12288
#define DB_CACHE_READER 1024
/* Statements one connection keeps. */
#define DB_STATEMENTS 768
/* The write-ahead log is copied back after this many pages of 4 KiB, and cut to
 * DB_WAL_BYTES afterwards. */
#define DB_WAL_PAGES 1000
#define DB_WAL_BYTES (4u << 20)
/* The same with room of its own (db_log_reserve): pages that are changed again and again are copied back once, and writing over
 * what is there already costs the file system less.  The room is that of the pages and of one more large transaction. */
#define DB_LOG_PAGES 4000
#define DB_LOG_BYTES (18u << 20)
/* It is at most this part of a disk. */
#define DB_LOG_PART 16

/* Gives SQLite its heap and starts it.  Once per process, before threads.  Ends
 * the process when the library was built without what we rely on. */
void db_start(void);

struct db;

enum db_mode { DB_INVALID = 0, DB_WRITER, DB_READER };

/* Opens path (made by the writer when absent) through the named VFS, NULL = the
 * default.  Write-ahead log, synchronous=FULL.  Returns NULL with a log line. */
struct db *db_open(const char *path, const char *vfs, enum db_mode mode);
/* Is the file system of this directory so large that it can spare the room of a long log? */
bool db_log_fits(const char *directory);
/* Of the writer, after its first transaction: takes the room of a long log on the disk once, so that a disk that fills up later
 * does not reach the log, and from then on copies back more seldom.  False, and all stays as it is, when there is no room. */
bool db_log_reserve(struct db *db);
void db_close(struct db *db);
sqlite3 *db_handle(struct db *db);

/* Runs a statement to its end, rows are passed over. */
void db_run(struct db *db, const char *sql, const char *format, ...);
/* Rows changed by the last db_run. */
int db_changes(const struct db *db);
/* The number of the row the last db_run inserted, 0 = it inserted none.  What RETURNING would say, which makes SQLite keep every page
 * the statement changes a second time. */
int64_t db_inserted(const struct db *db);

/* BEGIN, COMMIT and the like, whether or not an error is pending.  0, or the extended result code. */
int db_control(struct db *db, const char *sql);

/* Starts a query; read with db_row until it says false, or stop with db_end. */
sqlite3_stmt *db_query(struct db *db, const char *sql, const char *format, ...);
bool db_row(struct db *db, sqlite3_stmt *q);
void db_end(sqlite3_stmt *q);
/* Columns of the present row; text is "" for NULL and valid until the next row. */
const char *db_text(sqlite3_stmt *q, int column);
int64_t db_int(sqlite3_stmt *q, int column);
/* The text into out, cut to size - 1 bytes, with a terminating 0. */
void db_copy(sqlite3_stmt *q, int column, char *out, size_t size);

/* The first column of the first row, or otherwise when there is none. */
int64_t db_number(struct db *db, int64_t otherwise, const char *sql, const char *format, ...);

/* Extended result code of the first error, 0 = none.  What a failed statement
 * said is logged when it happens. */
int db_error(const struct db *db);
/* The same and forgets it. */
int db_error_take(struct db *db);
/* Is this code (with the system's errno) a full disk? */
bool db_error_is_full(struct db *db, int code);

/* ---- schema ---- */

/* One step of the schema.  A step only adds: tables, columns with defaults,
 * indexes. So the release before can go on with a newer database. */
struct db_migration {
	int version;		/* from 1, without gaps */
	const char *sql;
};

/* Brings the database to the last of count migrations, each in a transaction of
 * its own; a newer database is left as it is.  0, or -1 with a log line. */
int db_migrate(struct db *db, const struct db_migration *list, size_t count, const char *release);
/* Version of the database on disk, 0 = empty. */
int db_version(struct db *db);

#endif
