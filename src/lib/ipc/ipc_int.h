/* Shared by the files of ipc only. */
#ifndef CAM_IPC_INT_H
#define CAM_IPC_INT_H

#include <sys/socket.h>
#include <sys/un.h>

#include "ipc/ipc.h"

/* Descriptors received and not yet claimed by a frame. */
#define IPC_FDS_PENDING (4 * IPC_FDS_MAX)
/* First size of a buffer, bytes: some dozen calls come and go in one system call. */
#define IPC_BUFFER_FIRST 16384u
/* Largest one that an idle connection keeps; what waits is sent at once when it is more. */
#define IPC_BUFFER_KEPT 65536u

/* Descriptors that leave with a frame: its first byte in the buffer, and the one behind it. */
struct ipc_parcel {
	struct ipc_parcel *next;
	size_t at, end;
	unsigned nfds;
	int fds[IPC_FDS_MAX];
};

/* A received descriptor; `at` is the offset in the buffer behind a byte of its frame. */
struct ipc_pending {
	int fd;
	size_t at;
};

/* How a connection tells its owner (server or client) what happens. */
struct ipc_owner {
	void (*message)(struct ipc_conn *c, struct ipc_msg *msg);
	void (*closed)(struct ipc_conn *c);
};

struct ipc_conn {
	struct ev_loop *loop;
	ev_io rd, wr;
	ev_prepare send;		/* sends what this round of the loop has queued */
	ev_timer end;			/* runs the closed callback from the loop */
	int fd;
	bool closing, dead;
	const struct room *peer;
	const struct ipc_owner *owner;
	void *owner_data;		/* the server or the client */
	void *data;			/* the user's */
	struct ipc_conn *next, **prev;	/* the server's list */
	uint8_t *in;
	size_t in_len, in_cap;
	struct ipc_pending fds[IPC_FDS_PENDING];
	unsigned nfds;
	uint8_t *out;			/* frames; those before out_at have been sent */
	size_t out_at, out_len, out_cap;
	struct ipc_parcel *parcels, **parcels_last;
};

/* Starts a connection on fd (non-blocking), which it owns.  NULL when there is
 * no memory; fd is closed then. */
struct ipc_conn *ipc_conn_new(struct ev_loop *loop, int fd, const struct room *peer,
	const struct ipc_owner *owner, void *owner_data);

/* The address of a room's socket. */
void ipc_address(struct sockaddr_un *sun, const char *room);

/* Row of the process at the other end of fd, NULL (logged) when it is not one
 * of the table. */
const struct room *ipc_peer_room(int fd);

#endif
