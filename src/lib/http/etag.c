#include <stdio.h>

#include "http/etag.h"

bool http_etag_match(struct http_slice header, const char *etag)
{
	struct http_slice tag;

	while (http_slice_list(&header, &tag)) {
		if (http_slice_is(tag, "*"))
			return true;
		if (tag.len > 2 && tag.at[0] == 'W' && tag.at[1] == '/') {
			tag.at += 2;
			tag.len -= 2;
		}
		if (http_slice_is(tag, etag))
			return true;
	}
	return false;
}

void http_date_format(time_t when, char out[HTTP_DATE_SIZE])
{
	static const char days[7][4] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
	static const char months[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul",
		"Aug", "Sep", "Oct", "Nov", "Dec" };
	struct tm t;

	/* The format holds years up to 9999. */
	if (when < 0 || when > 253402300799 || !gmtime_r(&when, &t))
		gmtime_r(&(time_t){ 0 }, &t);
	snprintf(out, HTTP_DATE_SIZE, "%s, %02u %s %04u %02u:%02u:%02u GMT", days[t.tm_wday % 7],
		(unsigned)t.tm_mday % 100u, months[t.tm_mon % 12], ((unsigned)t.tm_year + 1900u) % 10000u,
		(unsigned)t.tm_hour % 100u, (unsigned)t.tm_min % 100u, (unsigned)t.tm_sec % 100u);
}
