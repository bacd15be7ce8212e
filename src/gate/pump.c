#include "pump.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>

#include "pool.h"

uint64_t pump_now(void)
{
	struct timespec ts;

	/* the coarse clock needs no system call whatever the clock source */
	clock_gettime(CLOCK_MONOTONIC_COARSE, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

/* Sends len bytes.  Returns how many went out; -1 when the client is gone.
 * Clears writable when not all did. */
static ssize_t send_some(struct conn *c, const void *buf, size_t len)
{
	ssize_t n;

	do
		n = send(c->fd, buf, len, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	if (n < 0 && errno != EAGAIN)
		return -1;
	if (n < 0)
		n = 0;
	if ((size_t)n < len)
		c->writable = false;
	return n;
}

enum pump pump_out(struct conn *c)
{
	size_t len;
	const unsigned char *buf = br_ssl_engine_sendrec_buf(&c->tls.eng, &len);
	ssize_t n;

	if (!c->writable)
		return PUMP_WAIT;
	n = send_some(c, buf, len);
	if (n < 0)
		return PUMP_GONE;
	if (n == 0)
		return PUMP_WAIT;
	br_ssl_engine_sendrec_ack(&c->tls.eng, (size_t)n);
	return PUMP_MOVED;
}

/* Takes records out of the engine into flight as far as they fit. */
static size_t collect(br_ssl_engine_context *eng, uint8_t *flight)
{
	size_t len, n = 0;
	const unsigned char *buf;

	while ((buf = br_ssl_engine_sendrec_buf(eng, &len)) != NULL && len <= GATE_FLIGHT - n) {
		memcpy(flight + n, buf, len);
		br_ssl_engine_sendrec_ack(eng, len);
		n += len;
	}
	return n;
}

static enum pump send_rest(struct conn *c)
{
	ssize_t n;

	if (!c->writable)
		return PUMP_WAIT;
	n = send_some(c, pool_flight(c) + c->flight_at, c->flight);
	if (n < 0)
		return PUMP_GONE;
	c->flight_at = (uint16_t)(c->flight_at + n);
	c->flight = (uint16_t)(c->flight - n);
	return n == 0 ? PUMP_WAIT : PUMP_MOVED;
}

enum pump pump_out_flight(struct conn *c)
{
	static _Thread_local uint8_t flight[GATE_FLIGHT];
	size_t len;
	ssize_t n;

	if (c->flight != 0)
		return send_rest(c);
	if (!c->writable)
		return PUMP_WAIT;
	len = collect(&c->tls.eng, flight);
	/* a chain too long to be collected */
	if (len == 0)
		return pump_out(c);
	n = send_some(c, flight, len);
	if (n < 0)
		return PUMP_GONE;
	c->flight = (uint16_t)(len - (size_t)n);
	c->flight_at = 0;
	memcpy(pool_flight(c), flight + n, c->flight);
	return PUMP_MOVED;
}

/*
 * Copies into the engine until it wants no more.  A client may send data right
 * behind its Finished (False Start, RFC 7918), which the engine takes for an
 * error until its own Finished has left: so while it shakes hands and has
 * something to send, it gets nothing.  Returns how much it took.
 */
static size_t feed(br_ssl_engine_context *eng, const uint8_t *from, size_t n)
{
	size_t done = 0;

	while (done < n && (eng->application_data ||
		!(br_ssl_engine_current_state(eng) & BR_SSL_SENDREC))) {
		size_t len;
		unsigned char *buf = br_ssl_engine_recvrec_buf(eng, &len);

		if (buf == NULL)
			break;
		if (len > n - done)
			len = n - done;
		memcpy(buf, from + done, len);
		br_ssl_engine_recvrec_ack(eng, len);
		done += len;
	}
	return done;
}

static enum pump feed_spill(struct conn *c)
{
	size_t n = feed(&c->tls.eng, pool_spill(c) + c->spill_at, c->spill);

	c->spill_at = (uint16_t)(c->spill_at + n);
	c->spill = (uint16_t)(c->spill - n);
	return PUMP_MOVED;
}

/*
 * One read takes what the engine wants (a header, or the rest of a record)
 * and, into memory of this thread, the beginning of what follows: a small
 * record comes in one call, a large one without being copied.
 */
enum pump pump_in(struct conn *c)
{
	static _Thread_local uint8_t ahead[GATE_SPILL];
	struct iovec iov[2] = { { NULL, 0 }, { ahead, sizeof ahead } };
	size_t want, extra, taken;
	ssize_t n;

	if (c->spill != 0)
		return feed_spill(c);
	if (c->net_eof)
		return PUMP_EOF;
	if (!c->readable)
		return PUMP_WAIT;
	iov[0].iov_base = br_ssl_engine_recvrec_buf(&c->tls.eng, &want);
	iov[0].iov_len = want;
	n = readv(c->fd, iov, 2);
	if (n < 0) {
		if (errno == EINTR)
			return PUMP_MOVED;
		c->readable = false;
		return errno == EAGAIN ? PUMP_WAIT : PUMP_GONE;
	}
	if (n == 0) {
		c->net_eof = true;
		return PUMP_EOF;
	}
	/* a short read has emptied the socket */
	if ((size_t)n < want + sizeof ahead)
		c->readable = false;
	if ((size_t)n <= want) {
		br_ssl_engine_recvrec_ack(&c->tls.eng, (size_t)n);
		return PUMP_MOVED;
	}
	br_ssl_engine_recvrec_ack(&c->tls.eng, want);
	extra = (size_t)n - want;
	taken = feed(&c->tls.eng, ahead, extra);
	c->spill = (uint16_t)(extra - taken);
	c->spill_at = 0;
	memcpy(pool_spill(c), ahead + taken, c->spill);
	return PUMP_MOVED;
}
