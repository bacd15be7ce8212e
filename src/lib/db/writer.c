#include "db/writer.h"
#include "log/log.h"

/* Errors after which the whole transaction is in doubt. */
static bool is_general(struct db *db, int code)
{
	switch (code & 0xff) {
	case SQLITE_FULL:
	case SQLITE_IOERR:
	case SQLITE_NOMEM:
	case SQLITE_BUSY:
	case SQLITE_CANTOPEN:
	case SQLITE_CORRUPT:
	case SQLITE_INTERRUPT:
		return true;
	default:
		return sqlite3_get_autocommit(db_handle(db));
	}
}

/* Returns 0, or the code of an error that concerns the whole transaction. */
static int run_one(struct db_writer *w, struct db_job *job)
{
	int code, refused;

	if (job->steady) {
		job->run(w->db, job);
		code = db_error_take(w->db);
		if (code && !is_general(w->db, code))
			job->failure = DB_WRONG;
		return code;
	}
	code = db_control(w->db, "SAVEPOINT job");
	if (code)
		return code;
	refused = job->run(w->db, job);
	code = db_error_take(w->db);
	if (code && is_general(w->db, code))
		return code;
	if (code)
		job->failure = DB_WRONG;
	if (code || refused) {
		code = db_control(w->db, "ROLLBACK TO job");
		if (code)
			return code;
	}
	return db_control(w->db, "RELEASE job");
}

/* Returns 0 or the code of the error; *full says whether that was a full disk. */
static int transaction(struct db_writer *w, struct db_job *const jobs[], size_t count, bool *full)
{
	int code = db_control(w->db, "BEGIN IMMEDIATE");

	if (w->begin)
		w->begin(w->db, w->arg);
	for (size_t i = 0; i < count && !code; i++) {
		jobs[i]->failure = DB_DONE;
		code = run_one(w, jobs[i]);
	}
	if (!code && w->end) {
		w->end(w->db, w->arg);
		code = db_error_take(w->db);
	}
	if (!code)
		code = db_control(w->db, "COMMIT");
	if (code) {
		/* Before the rollback's own system calls. */
		*full = db_error_is_full(w->db, code);
		if (!sqlite3_get_autocommit(db_handle(w->db)))
			db_control(w->db, "ROLLBACK");
		return code;
	}
	if (w->committed)
		w->committed(w->arg);
	return 0;
}

static void run_alone(struct db_writer *w, struct db_job *job)
{
	bool full;
	int code = transaction(w, &job, 1, &full);

	if (!code)
		return;
	if (full && job->essential && w->reserve.held) {
		db_reserve_release(&w->reserve);
		code = transaction(w, &job, 1, &full);
		if (!code)
			return;
	}
	job->failure = full ? DB_FULL : job->failure == DB_WRONG ? DB_WRONG : DB_BROKEN;
	log_warn("database: a change was not made: %s", sqlite3_errstr(code));
}

void db_writer_run(struct db_writer *w, struct db_job *const jobs[], size_t count)
{
	struct db_job *able[DB_BATCH_MAX];
	bool space = db_reserve_held(&w->reserve), full;
	size_t n = 0;

	if (count > DB_BATCH_MAX)
		log_bug("more jobs than DB_BATCH_MAX");
	for (size_t i = 0; i < count; i++) {
		jobs[i]->failure = DB_FULL;
		if (space || jobs[i]->essential)
			able[n++] = jobs[i];
	}
	if (!n || !transaction(w, able, n, &full))
		return;
	for (size_t i = 0; i < n; i++)
		run_alone(w, able[i]);
}
