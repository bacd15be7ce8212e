/*
 * download: replies that are files.  Core says which, store hands the
 * descriptor out, the client takes it piece by piece.
 */
#ifndef CAM_API_DOWNLOAD_H
#define CAM_API_DOWNLOAD_H

struct request;
struct download;

/* The request for a file is whole. */
void download_begin(struct request *r);

void download_free(struct download *d);

#endif
