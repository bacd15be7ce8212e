/*
 * list: replies that are arrays of any length, asked of core chunk by chunk.
 *
 * The next chunk is asked for only when the client has taken the last one, so
 * a list costs one chunk of memory, and a slow client nobody else anything.
 */
#ifndef CAM_API_LIST_H
#define CAM_API_LIST_H

struct request;

/* The request for a list is whole. */
void list_begin(struct request *r);

#endif
