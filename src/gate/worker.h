/*
 * gate/worker: one process with a handshake thread and a relay thread, and
 * connections of its own to keyd and api.
 */
#ifndef CAM_GATE_WORKER_H
#define CAM_GATE_WORKER_H

#include "tls/sessions.h"

struct worker_config {
	int listener;
	int life;		/* end of file when the master is gone */
	unsigned conns;		/* connections it may have */
	struct tls_sessions *sessions;
};

/* Runs in a fresh child of the master, inside the fence.  Sends the master
 * SIGUSR1 when it begins to accept; ends on SIGTERM or when the master is gone. */
_Noreturn void worker_run(const struct worker_config *config);

#endif
