/*
 * files: the console's pages, read into memory at the start.
 */
#ifndef CAM_API_FILES_H
#define CAM_API_FILES_H

struct request;

/* Reads every file of a known type below the directory.  Ends the process when there is
 * no index.html, or more than the limits allow. */
void files_load(const char *directory);

/* Answers a GET or HEAD. */
void files_serve(struct request *r);

#endif
