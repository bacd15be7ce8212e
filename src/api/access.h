/*
 * access: what is told about requests.  Errors and slow requests get a line
 * each, within a rate; the rest is counted, and the count written every few
 * minutes while there is something to count.  Never a query, never a body.
 */
#ifndef CAM_API_ACCESS_H
#define CAM_API_ACCESS_H

#include <ev.h>
#include <stddef.h>

struct conn;
struct request;

/* Seconds between two summaries while there are requests. */
#define ACCESS_SUMMARY_SECONDS 300.

/* Once, before anything is told: summaries come every so many seconds. */
void access_open(struct ev_loop *loop, double seconds);

/* The reply to r has left, so many bytes of it. */
void access_done(const struct request *r, size_t bytes);
/* A connection was refused before there was a request. */
void access_refused(const struct conn *c, int status, const char *why);
/* The client of r (may be NULL) did not take the reply in time. */
void access_cut(const struct request *r, const char *why);
/* No connection was made for this address. */
void access_turned_away(const char *address);

#endif
