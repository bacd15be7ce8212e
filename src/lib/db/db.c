#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#include "db/db.h"
#include "log/log.h"

/* Smallest piece SQLite's heap hands out, bytes. */
#define HEAP_PIECE 64
/* How long a statement waits for another connection, milliseconds.  Only
 * checkpoints and the opening of readers can meet. */
#define BUSY_MS 2000

/* The log's room is written in pieces of so many bytes. */
#define PIECE (64u << 10)

/* Places of the table of statements: half of them stay empty. */
#define PLACES (2 * DB_STATEMENTS)

struct statement {
	const char *sql;
	sqlite3_stmt *prepared;
};

struct db {
	sqlite3 *handle;
	int error;
	int changes;
	size_t count;
	struct statement statements[PLACES];	/* by the address of the text, open addressing */
};

static _Alignas(16) char heap[DB_HEAP];

static void db_log(void *arg, int code, const char *text)
{
	(void)arg;
	/* Normal life: recovery of the log after a kill, schema changes under a kept statement. */
	if ((code & 0xff) == SQLITE_NOTICE || (code & 0xff) == SQLITE_SCHEMA)
		return;
	log_warn("database: %s: code %d", text, code);
}

void db_start(void)
{
	if (!sqlite3_threadsafe())
		log_usage("database: SQLite was built without threads");
	if (sqlite3_config(SQLITE_CONFIG_HEAP, heap, (int)sizeof heap, HEAP_PIECE))
		log_usage("database: SQLite was built without MEMSYS5");
	sqlite3_config(SQLITE_CONFIG_MULTITHREAD);
	sqlite3_config(SQLITE_CONFIG_LOG, db_log, NULL);
	if (sqlite3_initialize())
		log_usage("database: SQLite does not start");
	sqlite3_soft_heap_limit64(DB_HEAP_CACHES);
}

static void fail(struct db *db, const char *what)
{
	if (db->error)
		return;
	db->error = sqlite3_extended_errcode(db->handle);
	if (!db->error)
		db->error = SQLITE_ERROR;
	log_warn("database: %.60s: %s (%d)", what, sqlite3_errmsg(db->handle), db->error);
}

static int plain(struct db *db, const char *sql)
{
	int code = sqlite3_exec(db->handle, sql, NULL, NULL, NULL);

	if (code)
		log_warn("database: %.60s: %s (%d)", sql, sqlite3_errmsg(db->handle),
			sqlite3_extended_errcode(db->handle));
	return code;
}

static int setup(struct db *db, enum db_mode mode)
{
	char cache[64];

	sqlite3_extended_result_codes(db->handle, 1);
	sqlite3_busy_timeout(db->handle, BUSY_MS);
	sqlite3_limit(db->handle, SQLITE_LIMIT_ATTACHED, 0);
	sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	/* Otherwise a value bound where it could decide about a partial index makes the statement be prepared anew each
	 * time. */
	sqlite3_db_config(db->handle, SQLITE_DBCONFIG_ENABLE_QPSG, 1, NULL);
	sqlite3_snprintf(sizeof cache, cache, "PRAGMA cache_size=-%d",
		mode == DB_WRITER ? DB_CACHE_WRITER : DB_CACHE_READER);
	if (plain(db, cache) || plain(db, "PRAGMA temp_store=MEMORY") || plain(db, "PRAGMA foreign_keys=ON"))
		return -1;
	if (mode == DB_READER)
		return plain(db, "PRAGMA query_only=ON") ? -1 : 0;
	sqlite3_wal_autocheckpoint(db->handle, DB_WAL_PAGES);
	sqlite3_snprintf(sizeof cache, cache, "PRAGMA journal_size_limit=%u", DB_WAL_BYTES);
	/* The change to WAL ends with the removal of a rollback journal.  Only EXTRA syncs
	 * that removal; a journal that came back after a power cut would undo the change
	 * and with it all that the log holds. */
	if (plain(db, "PRAGMA synchronous=EXTRA") || plain(db, "PRAGMA journal_mode=WAL") ||
			plain(db, "PRAGMA synchronous=FULL") || plain(db, cache))
		return -1;
	return 0;
}

struct db *db_open(const char *path, const char *vfs, enum db_mode mode)
{
	struct db *db = calloc(1, sizeof *db);
	int flags = mode == DB_WRITER ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READWRITE;

	if (!db) {
		log_warn_errno("database: %s: cannot open", path);
		return NULL;
	}
	if (sqlite3_open_v2(path, &db->handle, flags | SQLITE_OPEN_NOMUTEX, vfs)) {
		log_warn("database: %s: cannot open: %s", path, db->handle ? sqlite3_errmsg(db->handle) : "no memory");
		db_close(db);
		return NULL;
	}
	if (setup(db, mode)) {
		db_close(db);
		return NULL;
	}
	return db;
}

bool db_log_fits(const char *directory)
{
	struct statvfs st;

	return !statvfs(directory, &st) && (uint64_t)st.f_blocks * st.f_frsize / DB_LOG_PART >= DB_LOG_BYTES;
}

/* The room beyond the log's end.  What is in it is no part of the log: its frames have the salt of their log and a sum of all before. */
static bool extend(sqlite3_file *log, sqlite3_int64 from)
{
	static char piece[PIECE];
	sqlite3_int64 at;
	int n;

	/* Zeros could be stored as a hole by some file systems. */
	memset(piece, 0x55, sizeof piece);
	for (at = from; at < DB_LOG_BYTES; at += n) {
		n = DB_LOG_BYTES - at < PIECE ? (int)(DB_LOG_BYTES - at) : (int)PIECE;
		if (log->pMethods->xWrite(log, piece, n, at))
			return false;
	}
	return !log->pMethods->xSync(log, SQLITE_SYNC_NORMAL);
}

bool db_log_reserve(struct db *db)
{
	sqlite3_file *log = NULL;
	sqlite3_int64 size;
	char limit[64];

	if (sqlite3_file_control(db->handle, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log) || !log || !log->pMethods ||
			log->pMethods->xFileSize(log, &size))
		return false;
	if (size < DB_LOG_BYTES && !extend(log, size)) {
		/* Half of the room would only be missed elsewhere. */
		log->pMethods->xTruncate(log, size);
		log_warn("disk: no space for the whole log of %u KiB: it stays short", DB_LOG_BYTES >> 10);
		return false;
	}
	sqlite3_snprintf(sizeof limit, limit, "PRAGMA journal_size_limit=%u", DB_LOG_BYTES);
	if (plain(db, limit))
		return false;
	sqlite3_wal_autocheckpoint(db->handle, DB_LOG_PAGES);
	return true;
}

void db_close(struct db *db)
{
	if (!db)
		return;
	for (size_t i = 0; i < PLACES; i++)
		sqlite3_finalize(db->statements[i].prepared);
	sqlite3_close(db->handle);
	free(db);
}

sqlite3 *db_handle(struct db *db)
{
	return db->handle;
}

/* Where the statement is, or the empty place for it. */
static struct statement *place_of(struct db *db, const char *sql)
{
	size_t at = ((uintptr_t)sql >> 3) * 2654435761u % PLACES;

	while (db->statements[at].sql && db->statements[at].sql != sql)
		at = (at + 1) % PLACES;
	return &db->statements[at];
}

/* NULL when it cannot be prepared; the connection has the code. */
static sqlite3_stmt *prepare(struct db *db, const char *sql)
{
	struct statement *place = place_of(db, sql);
	sqlite3_stmt *st;

	if (place->sql)
		return place->prepared;
	if (db->count == DB_STATEMENTS)
		log_bug("more kinds of statements than DB_STATEMENTS");
	if (sqlite3_prepare_v3(db->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &st, NULL))
		return NULL;
	db->count++;
	*place = (struct statement){ sql, st };
	return st;
}

/* How long texts and blobs stay as they are: kept is SQLITE_STATIC when the statement ends before its caller goes on, else
 * SQLITE_TRANSIENT, and they are copied. */
static sqlite3_stmt *bind(struct db *db, sqlite3_destructor_type kept, const char *sql, const char *format, va_list ap)
{
	sqlite3_stmt *st;
	const char *text;
	const void *blob;
	size_t len;
	int code = 0;

	if (db->error)
		return NULL;
	st = prepare(db, sql);
	if (!st) {
		fail(db, sql);
		return NULL;
	}
	/* A statement left in the middle of its rows starts anew. */
	sqlite3_reset(st);
	sqlite3_clear_bindings(st);
	for (int i = 1; *format && !code; format++, i++)
		switch (*format) {
		case 'i':
			code = sqlite3_bind_int64(st, i, va_arg(ap, int64_t));
			break;
		case 't':
			text = va_arg(ap, const char *);
			code = text ? sqlite3_bind_text(st, i, text, -1, kept) : 0;
			break;
		case 'b':
			blob = va_arg(ap, const void *);
			len = va_arg(ap, size_t);
			code = blob ? sqlite3_bind_blob64(st, i, blob, len, kept) : 0;
			break;
		default:
			log_bug("unknown letter in a format of values");
		}
	if (code) {
		fail(db, sql);
		return NULL;
	}
	return st;
}

int db_control(struct db *db, const char *sql)
{
	sqlite3_stmt *st = prepare(db, sql);
	int code = st && sqlite3_step(st) == SQLITE_DONE ? 0 : sqlite3_extended_errcode(db->handle);

	sqlite3_reset(st);
	return code;
}

bool db_row(struct db *db, sqlite3_stmt *q)
{
	int code;

	if (!q || db->error)
		return false;
	code = sqlite3_step(q);
	if (code == SQLITE_ROW)
		return true;
	if (code != SQLITE_DONE)
		fail(db, sqlite3_sql(q));
	sqlite3_reset(q);
	return false;
}

void db_end(sqlite3_stmt *q)
{
	if (q)
		sqlite3_reset(q);
}

void db_run(struct db *db, const char *sql, const char *format, ...)
{
	sqlite3_stmt *st;
	va_list ap;

	va_start(ap, format);
	st = bind(db, SQLITE_STATIC, sql, format, ap);
	va_end(ap);
	while (db_row(db, st))
		;
	db->changes = db->error ? 0 : sqlite3_changes(db->handle);
}

int db_changes(const struct db *db)
{
	return db->changes;
}

int64_t db_inserted(const struct db *db)
{
	return db->changes ? sqlite3_last_insert_rowid(db->handle) : 0;
}

sqlite3_stmt *db_query(struct db *db, const char *sql, const char *format, ...)
{
	sqlite3_stmt *st;
	va_list ap;

	va_start(ap, format);
	st = bind(db, SQLITE_TRANSIENT, sql, format, ap);
	va_end(ap);
	return st;
}

const char *db_text(sqlite3_stmt *q, int column)
{
	const char *text = (const char *)sqlite3_column_text(q, column);

	return text ? text : "";
}

void db_copy(sqlite3_stmt *q, int column, char *out, size_t size)
{
	const char *text = db_text(q, column);
	size_t len = strlen(text);

	if (len >= size)
		len = size - 1;
	memcpy(out, text, len);
	out[len] = 0;
}

int64_t db_int(sqlite3_stmt *q, int column)
{
	return sqlite3_column_int64(q, column);
}

int64_t db_number(struct db *db, int64_t otherwise, const char *sql, const char *format, ...)
{
	int64_t n = otherwise;
	sqlite3_stmt *st;
	va_list ap;

	va_start(ap, format);
	st = bind(db, SQLITE_STATIC, sql, format, ap);
	va_end(ap);
	if (db_row(db, st)) {
		n = db_int(st, 0);
		db_end(st);
	}
	return n;
}

int db_error(const struct db *db)
{
	return db->error;
}

int db_error_take(struct db *db)
{
	int code = db->error;

	db->error = 0;
	return code;
}

bool db_error_is_full(struct db *db, int code)
{
	int reason = sqlite3_system_errno(db->handle);

	return (code & 0xff) == SQLITE_FULL ||
		((code & 0xff) == SQLITE_IOERR && (reason == ENOSPC || reason == EDQUOT)) ||
		((code & 0xff) == SQLITE_CANTOPEN && (reason == ENOSPC || reason == EDQUOT));
}
