/*
 * tls/sessions: TLS 1.2 sessions (RFC 5246 §F.1.4) for resumption, in one file
 * that several processes map at once and that outlives them all.
 *
 * The file holds offsets only, never a pointer.  Its key is made when the file
 * is, so a client cannot choose where a session lands.  A robust mutex guards
 * it: when a process dies inside, the next one finds the sessions emptied and
 * goes on.  Every operation gives up rather than wait for a stuck holder: a
 * lost session only costs a full handshake.
 */
#ifndef CAM_TLS_SESSIONS_H
#define CAM_TLS_SESSIONS_H

#include <bearssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Seconds a session can be resumed, by CLOCK_BOOTTIME: bounds the use of a
 * master secret (RFC 5246 §F.1.4 allows a day). */
#define TLS_SESSION_LIFETIME 3600u
/* Milliseconds to wait for the lock; it is held for about a microsecond. */
#define TLS_SESSIONS_WAIT_MS 50
/* Smallest file, bytes. */
#define TLS_SESSIONS_MIN 65536u

struct tls_session {
	uint8_t id[32];
	uint8_t master[48];
	uint64_t generation;	/* of the certificate chains it was made with */
	uint16_t suite;
	uint8_t leaf;		/* enum proto_leaf: the identity that was proved */
};

struct tls_sessions {
	void *map;
	size_t size;
};

/* Maps the file.  One that is new, of another layout or whose lock is beyond
 * repair is made anew, under flock.  Keeps the mapping, not fd.  Call while no
 * other process than those that do the same uses the file.  0, or -1 with errno. */
int tls_sessions_open(struct tls_sessions *s, int fd);
void tls_sessions_close(struct tls_sessions *s);

/* Seconds of CLOCK_BOOTTIME, the clock of the two functions below. */
uint32_t tls_sessions_now(void);

/* Remembers; pushes out the oldest of its set when that is full. */
void tls_sessions_put(struct tls_sessions *s, const struct tls_session *in, uint32_t now);

/* The session of that id and generation when it is young enough. */
bool tls_sessions_get(struct tls_sessions *s, const uint8_t id[32], uint64_t generation,
	uint32_t now, struct tls_session *out);

/* The generation that counts from now on.  When it is a new one every session
 * is wiped: their certificates are gone. */
void tls_sessions_keep_only(struct tls_sessions *s, uint64_t generation);

/* How many sessions can be held. */
size_t tls_sessions_capacity(const struct tls_sessions *s);

/* For tests: takes the lock and keeps it.  0, or an errno value. */
int tls_sessions_lock(struct tls_sessions *s);

#endif
