/*
 * channel: the one connection to the appliance (WebSocket over TLS 1.2, RFC 6455), and downloads from it, by libcurl.
 *
 * The appliance is asked for by the name in its certificate for agents and found at the configured address; only the
 * configured CA is trusted.  All of it belongs to one loop: channel_poll says what to wait for, channel_turn does what can
 * be done without waiting and calls the functions given to channel_init.
 */
#ifndef CAM_AGENT_CHANNEL_H
#define CAM_AGENT_CHANNEL_H

#include <poll.h>

#include "agent/agent.h"

/* Longest message of the appliance. */
#define CHANNEL_MESSAGE_MAX (1u << 20)
/* Descriptors at most. */
#define CHANNEL_FDS 8
#define CHANNEL_NOBODY (-1)

struct channel_ops {
	void (*opened)(void);
	/* A message: text has a 0 behind it. */
	void (*message)(char *text, size_t len);
	/* It is gone, or could not be made: status is the HTTP status it was refused with, CHANNEL_NOBODY when nobody listens there, or 0. */
	void (*closed)(const char *why, long status);
	/* What was to be sent is sent. */
	void (*sent)(void);
};

void channel_init(const struct conf *c, const struct channel_ops *ops);
void channel_open(void);
/* Ends it without a word to the ops. */
void channel_close(void);
bool channel_is_open(void);
/* Bytes that wait to be sent. */
size_t channel_queued(void);
void channel_text(const char *text, size_t len);
void channel_binary(const void *head, size_t head_len, const void *data, size_t len);
/* Asks for an answer of the appliance itself. */
void channel_ping(void);
/* Has the other side taken what was sent, and answered a ping? False when it has not for this long (milliseconds). */
bool channel_answers(int64_t ms);
bool channel_by_proxy(void);

/* A request for a path of the appliance, with everything set that makes it this appliance (a CURL *); error has CURL_ERROR_SIZE bytes. */
void *channel_request(const char *path, char *error);

/* What to wait for; *timeout (milliseconds) becomes smaller when less is enough. */
size_t channel_poll(struct pollfd fds[CHANNEL_FDS], int *timeout);
void channel_turn(void);

/* A download of a path of the appliance, at most max bytes. done is called once, data is NULL when it failed: permanent then
 * says whether to try again makes sense. */
typedef void fetch_fn(void *arg, char *data, size_t len, bool permanent, const char *why);
void channel_fetch(const char *path, size_t max, fetch_fn *done, void *arg);

#endif
