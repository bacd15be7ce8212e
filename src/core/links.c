/* Connections of the other rooms. */
#include <stdlib.h>

#include "agent.h"
#include "core.h"
#include "ipc/proto.h"
#include "log/log.h"

struct core_link *core_link_hold(struct core_link *link)
{
	link->refs++;
	return link;
}

void core_link_drop(struct core_link *link)
{
	if (!--link->refs)
		free(link);
}

static void link_opened(struct ipc_conn *c, void *arg)
{
	struct core_link *link = calloc(1, sizeof *link);

	if (!link)
		log_fatal("link");
	link->conn = c;
	link->core = arg;
	link->refs = 1;
	ipc_conn_set_data(c, link);
}

static void link_closed(struct ipc_conn *c, void *arg)
{
	struct core_link *link = ipc_conn_data(c);

	link->conn = NULL;
	core_follow_end(arg, link);
	core_engine_lost(arg, link);
	core_agents_link_lost(arg, link);
	core_link_drop(link);
}

/* Agents are carried by api and by nobody else. */
static void agent_frame(struct ipc_conn *c, struct ipc_msg *msg, struct core *core)
{
	struct core_link *link = ipc_conn_data(c);

	if (ipc_conn_peer(c)->id != ROOM_API)
		ipc_reply_error(c, msg, 403, "Agents are carried by api.");
	else if (msg->type == PROTO_CORE_AGENT_OPEN)
		core_agent_open(core, link, msg);
	else if (msg->type == PROTO_CORE_AGENT)
		core_agent_message(core, link, msg);
	else if (msg->type == PROTO_CORE_AGENT_CLOSED)
		core_agent_closed(core, link, msg);
	else
		core_agent_output(core, link, msg);
}

static void link_message(struct ipc_conn *c, struct ipc_msg *msg, void *arg)
{
	struct core_link *link = ipc_conn_data(c);
	enum room_id from = ipc_conn_peer(c)->id;

	switch (msg->type) {
	case PROTO_CORE_VERB:
	case PROTO_CORE_LIST:
		core_call_take(arg, link, msg);
		return;
	case PROTO_CORE_EVENTS:
		if (from == ROOM_API || from == ROOM_TTY)
			core_follow(arg, link, msg);
		else
			ipc_reply_error(c, msg, 403, "The event log is not for this room.");
		return;
	case PROTO_CORE_WORKER:
		core_engine_hello(arg, link, msg);
		return;
	case PROTO_CORE_RESULT:
		core_engine_result(arg, link, msg);
		return;
	case PROTO_CORE_PROGRESS:
		core_engine_progress(arg, link, msg);
		return;
	case PROTO_CORE_AGENT_OPEN:
	case PROTO_CORE_AGENT:
	case PROTO_CORE_AGENT_CLOSED:
	case PROTO_CORE_OUTPUT:
		agent_frame(c, msg, arg);
		return;
	default:
		log_warn("%s: message of an unknown type %#x", ipc_conn_peer(c)->name, msg->type);
		ipc_conn_close(c, true);
	}
}

void core_serve(struct core *core)
{
	static const struct ipc_server_ops ops = {
		.opened = link_opened, .message = link_message, .closed = link_closed,
	};

	core->server = ipc_server_open(core->loop, &ops, core);
}
