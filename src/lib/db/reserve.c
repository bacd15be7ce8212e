#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "db/reserve.h"
#include "log/log.h"
#include "plat/clock.h"

/* The same text for each piece written: pages that are all zero could be
 * stored as holes by some file systems. */
#define PIECE (64u << 10)

static bool write_out(int fd, size_t bytes)
{
	static char piece[PIECE];
	size_t n;
	ssize_t done;

	for (size_t i = 0; i < sizeof piece; i++)
		piece[i] = (char)(i * 7 + 1);
	while (bytes) {
		n = bytes < sizeof piece ? bytes : sizeof piece;
		done = write(fd, piece, n);
		if (done <= 0)
			return false;
		bytes -= (size_t)done;
	}
	return true;
}

static bool allocate(int fd, size_t bytes)
{
	int error = posix_fallocate(fd, 0, (off_t)bytes);

	if (error == EOPNOTSUPP || error == ENOSYS)
		return write_out(fd, bytes);
	return !error;
}

static void make(struct db_reserve *r)
{
	int fd = open(r->path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	struct stat st;

	if (fd < 0)
		return;
	if (!fstat(fd, &st) && (size_t)st.st_size == r->bytes)
		r->held = true;
	else
		r->held = allocate(fd, r->bytes) && !fsync(fd);
	/* Half a reserve would only eat what the others need. */
	if (!r->held)
		(void)!ftruncate(fd, 0);
	close(fd);
}

void db_reserve_open(struct db_reserve *r, const char *path, size_t bytes)
{
	*r = (struct db_reserve){ .path = path, .bytes = bytes, .tried = plat_clock_boot() };
	if (!path)
		return;
	make(r);
	if (!r->held)
		log_warn("disk: no space for the reserve of %zu KiB: changes other than signing in and deleting "
			"are refused", bytes >> 10);
}

void db_reserve_release(struct db_reserve *r)
{
	if (!r->path || !r->held)
		return;
	r->held = false;
	r->tried = plat_clock_boot();
	if (truncate(r->path, 0))
		log_warn_errno("disk: %s: cannot give up the reserve", r->path);
	log_warn("disk: full: the reserve is in use");
}

bool db_reserve_held(struct db_reserve *r)
{
	int64_t now = plat_clock_boot();

	if (!r->path || r->held)
		return true;
	if (now - r->tried < PLAT_SECOND)
		return false;
	r->tried = now;
	make(r);
	if (r->held)
		log_info("disk: there is space again, the reserve is whole");
	return r->held;
}
