/*
 * parts: a reply that is a text put together: words of core, and what scripts
 * wrote, out of store's segments, piece by piece as the client takes it.
 */
#ifndef CAM_API_PARTS_H
#define CAM_API_PARTS_H

struct parts;
struct request;

/* The request of a verb whose answer is VERB_ANSWER_OUTPUT is complete. */
void parts_begin(struct request *r);

void parts_free(struct parts *p);

#endif
