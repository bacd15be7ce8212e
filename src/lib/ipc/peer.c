/* peer: where a room listens, and who is at the other end. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "ipc/ipc_int.h"
#include "log/log.h"

void ipc_address(struct sockaddr_un *sun, const char *room)
{
	memset(sun, 0, sizeof *sun);
	sun->sun_family = AF_UNIX;
	snprintf(sun->sun_path, sizeof sun->sun_path, "/run/cam/%s/sock", room);
}

const struct room *ipc_peer_room(int fd)
{
	struct ucred cred;
	socklen_t len = sizeof cred;
	const struct room *peer;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) < 0) {
		log_warn_errno("ipc: peer: credentials");
		return NULL;
	}
	/* root owns no row: a privileged process has no business in a room */
	peer = cred.uid ? room_by_uid(cred.uid) : NULL;
	if (!peer)
		log_warn("ipc: peer: refused: user %u, process %d is no room", (unsigned)cred.uid, (int)cred.pid);
	return peer;
}
