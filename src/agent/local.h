/* local: the socket on which the elasticbox command asks the agent. One line of JSON each way. */
#ifndef CAM_AGENT_LOCAL_H
#define CAM_AGENT_LOCAL_H

#include <poll.h>
#include <yyjson.h>

/* Longest line of a request. */
#define LOCAL_LINE_MAX (200u << 10)
#define LOCAL_CLIENTS 8

struct local_ops {
	/* A request for the appliance; false when there is no connection. */
	bool (*forward)(uint32_t number, yyjson_val *command);
	/* What is asked of the agent itself; the answer (malloc) or NULL when it is none of that. */
	char *(*own)(yyjson_val *command, size_t *len);
	/* The context of the running step, when the appliance cannot be asked. */
	char *(*context)(const char *box, size_t *len);
};

/* Listens at one of the two paths; -1 with errno. */
int local_open(const char *path, const char *otherwise, const struct local_ops *ops);
size_t local_poll(struct pollfd fds[LOCAL_CLIENTS + 1]);
/* Milliseconds until a request has waited too long, -1 = none waits. */
int local_turn(const struct pollfd *fds, size_t n, int64_t now);
/* The appliance's answer. */
void local_reply(uint32_t number, int status, yyjson_val *body);
/* Requests that waited for it are asked again. */
void local_connected(void);

#endif
