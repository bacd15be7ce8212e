/*
 * adopt: connections that gate hands over.
 */
#ifndef CAM_API_ADOPT_H
#define CAM_API_ADOPT_H

#include <ev.h>

/* Listens for gate. */
void adopt_open(struct ev_loop *loop);

#endif
