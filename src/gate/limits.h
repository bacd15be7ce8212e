/* gate: every limit, with its unit and its reason. */
#ifndef CAM_GATE_LIMITS_H
#define CAM_GATE_LIMITS_H

/* Worker processes: one per processor, this many at most. */
#define GATE_WORKERS_MAX 64

/* A worker that lived less than this (milliseconds) is started again only
 * after the same time; after GATE_WORKER_DEATHS such deaths in a row the room
 * gives up and is started again as a whole. */
#define GATE_WORKER_YOUNG_MS 1000
#define GATE_WORKER_DEATHS 10

/* Milliseconds between SIGTERM to the workers and SIGKILL. */
#define GATE_STOP_MS 2000

/* Connections of one worker, whatever memory and descriptors would allow. */
#define GATE_CONNS_MAX 65536u
/* Memory counted for each when the number of connections is worked out from
 * the room's memory: its context and the kernel's two sockets (about 14 KiB at
 * rest), and some that are busy (two more pages to forty KiB). */
#define GATE_CONN_MEMORY (20u << 10)
/* Descriptors of each: the client's socket and our end of the pair to api. */
#define GATE_CONN_FDS 2u
/* Descriptors of a worker beside its connections. */
#define GATE_OTHER_FDS 64u

/* Handshakes one worker has in flight; past it the oldest, which is waiting
 * for its client, gives way.  Enough that only a flood reaches it: clients are
 * accepted one at a time between steps, so a rush waits in the kernel. */
#define GATE_HANDSHAKES_MAX 1024u

/* New connections from one source and worker: an office of agents behind one
 * address may come back all at once, a loop may not go on. */
#define GATE_SOURCE_BURST 2000u
#define GATE_SOURCE_RATE 200u		/* a second */
#define GATE_SOURCES 4096u		/* told apart, per worker */

/* Milliseconds from accept to the end of the handshake. */
#define GATE_HANDSHAKE_MS 10000
/* Milliseconds keyd may take for a signature: long enough for its restart. */
#define GATE_SIGN_MS 3000
/* The same while keyd did not answer last time: a dead keyd must not hold up
 * the clients that resume a session. */
#define GATE_SIGN_SHORT_MS 250
/* Seconds between attempts to get the chains from a keyd that refuses. */
#define GATE_CHAINS_RETRY 1.0

/* Seconds without a byte in either direction.  HTTP deadlines are api's, and
 * WebSockets ping more often. */
#define GATE_IDLE 300.0
/* Seconds of quiet after which record buffers go back to the kernel. */
#define GATE_REST 10.0
/* Seconds a connection waits for api to be there. */
#define GATE_API_WAIT 5.0
/* Seconds for the client to take the last bytes and close. */
#define GATE_LINGER 3.0
/* Seconds between looks at these deadlines: they are late by this at most. */
#define GATE_SWEEP 1.0

/* Socket reads in a row for one connection before others get their turn. */
#define GATE_READS 8
/* Bytes read together with a record header: small requests come in one call. */
#define GATE_SPILL 3584u

/* Bytes of handshake records that leave in one call: a flight with a chain of
 * three certificates; what is larger leaves in pieces. */
#define GATE_FLIGHT 3968u

/* Send buffers of the pair to api, bytes (the kernel doubles it): what a slow
 * reader may hold of the memory of gate and api. */
#define GATE_PAIR_SNDBUF (16 << 10)
/* Unsent bytes the kernel keeps per client: the same on the outer side. */
#define GATE_NOTSENT (64 << 10)
/* Milliseconds sent bytes may stay unacknowledged by a vanished client. */
#define GATE_USER_TIMEOUT_MS 60000

/* Seconds between two log lines of one kind of refusal. */
#define GATE_TALLY 10.0

#endif
