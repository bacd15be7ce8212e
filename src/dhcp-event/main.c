/*
 * dhcp-event: what udhcpc, udhcpc6 and ntpd run instead of a shell script.
 * Hands its event and the variables net cares for to net, and ends.
 */
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "ipc/ipc.h"
#include "ipc/proto.h"
#include "lease/lease.h"
#include "log/log.h"

#define USAGE "dhcp-event EVENT"
/* Longest event word, bytes. */
#define EVENT_MAX 32
/* Patience for net, milliseconds: the applet waits for us meanwhile. */
#define PATIENCE 5000

static const char *const variables[] = {
	"CAM_CHILD", "interface", "ip", "subnet", "mask", "router", "dns", "ntpsrv", "domain", "lease",
	"ipv6", "offset", NULL
};

/* The applet may need a capability; nothing here does. */
static void drop_capabilities(void)
{
	struct __user_cap_header_struct h = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[2];

	memset(none, 0, sizeof none);
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0 || syscall(SYS_capset, &h, none) < 0)
		log_fatal("capabilities: cannot drop them");
}

/* Off the wire it may be anything; only printable ASCII can mean something to us. */
static void put_clean(yyjson_mut_doc *d, yyjson_mut_val *o, const char *key, const char *value, size_t max)
{
	char text[LEASE_VALUE_MAX + 1];
	size_t n = strnlen(value, max);

	for (size_t i = 0; i < n; i++)
		text[i] = value[i] >= ' ' && value[i] <= '~' ? value[i] : '?';
	yyjson_mut_obj_add_strncpy(d, o, key, text, n);
}

static char *event_make(const char *event, size_t *len)
{
	yyjson_mut_doc *d = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *root = yyjson_mut_obj(d), *env;
	const char *applet = getenv("CAM_APPLET"), *value;
	char *text;

	if (!d)
		log_fatal("memory");
	yyjson_mut_doc_set_root(d, root);
	put_clean(d, root, "applet", applet ? applet : "", EVENT_MAX);
	put_clean(d, root, "event", event, EVENT_MAX);
	env = yyjson_mut_obj_add_obj(d, root, "env");
	for (size_t i = 0; variables[i]; i++) {
		value = getenv(variables[i]);
		if (value)
			put_clean(d, env, variables[i], value, LEASE_VALUE_MAX);
	}
	text = yyjson_mut_write(d, 0, len);
	yyjson_mut_doc_free(d);
	if (!text)
		log_fatal("memory");
	return text;
}

int main(int argc, char **argv)
{
	struct ipc_sync net = IPC_SYNC_ZERO;
	char reply[256];
	uint32_t reply_len = sizeof reply;
	size_t len;
	char *text;

	log_open("dhcp-event");
	if (argc != 2)
		log_usage("usage: " USAGE);
	drop_capabilities();
	net.to = ROOM_NET;
	text = event_make(argv[1], &len);
	if (ipc_sync_call(&net, PROTO_NET_EVENT, text, (uint32_t)len, reply, &reply_len, PATIENCE) < 0)
		log_fatal("net: %s: not told", argv[1]);
	ipc_sync_close(&net);
	free(text);
	return 0;
}
