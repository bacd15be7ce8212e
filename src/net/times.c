/*
 * times: addresses of the time servers that are known by their names.  fwd has them looked up and lets ntpd reach them, before we
 * hear of them; ntpd itself asks no name server.
 */
#include <string.h>

#include "ipc/proto.h"
#include "log/log.h"
#include "net.h"

/* Names, and addresses of each that are used: a second one for the time when the first is silent. */
#define NAMES 8
#define USED 2
/* How long fwd keeps an address open for us, and how often it is asked again, seconds. */
#define HOLD 7200
#define AGAIN 3600.0
/* After a failure: doubled from the first to the last, seconds. */
#define DELAY_FIRST 2.0
#define DELAY_LAST 60.0

struct name {
	char text[ADDR_NAME_MAX + 1];
	struct addr used[USED];
	unsigned count;
};

static struct {
	struct ev_loop *loop;
	struct ipc_client *fwd;
	struct name names[NAMES];
	unsigned count;
	void (*changed)(void);
	ev_timer again;
	double delay;
	bool asking, anew;		/* anew: the names have changed since it was asked */
} t;

static struct name *find(const char *text)
{
	for (unsigned i = 0; i < t.count; i++)
		if (!strcmp(t.names[i].text, text))
			return &t.names[i];
	return NULL;
}

static bool has(yyjson_val *addresses, const struct addr *a)
{
	yyjson_arr_iter it = yyjson_arr_iter_with(addresses);
	struct addr one;
	yyjson_val *v;

	while ((v = yyjson_arr_iter_next(&it)))
		if (yyjson_is_str(v) && addr_parse(&one, yyjson_get_str(v)) == 0 && addr_equal(&one, a))
			return true;
	return false;
}

/* What is used stays as long as the answer has it: a pool's name leads elsewhere each time.  True when something is new. */
static bool take_name(struct name *n, yyjson_val *addresses)
{
	struct name before = *n;
	yyjson_arr_iter it = yyjson_arr_iter_with(addresses);
	yyjson_val *v;
	struct addr a;

	n->count = 0;
	for (unsigned i = 0; i < before.count; i++)
		if (has(addresses, &before.used[i]))
			n->used[n->count++] = before.used[i];
	if (n->count && n->count == before.count)
		return false;
	while (n->count < USED && (v = yyjson_arr_iter_next(&it))) {
		if (!yyjson_is_str(v) || addr_parse(&a, yyjson_get_str(v)) < 0 || !addr_is_host(&a))
			continue;
		if (!n->count || !addr_equal(&n->used[0], &a))
			n->used[n->count++] = a;
	}
	return n->count != before.count || memcmp(n->used, before.used, n->count * sizeof *n->used) != 0;
}

/* True when every name has an address. */
static bool take(yyjson_val *root)
{
	yyjson_val *names = yyjson_obj_get(root, "names"), *one;
	bool all = true, new = false;
	const char *why;

	for (unsigned i = 0; i < t.count; i++) {
		one = yyjson_obj_get(names, t.names[i].text);
		why = yyjson_get_str(yyjson_obj_get(one, "message"));
		if (yyjson_arr_size(yyjson_obj_get(one, "addresses"))) {
			new |= take_name(&t.names[i], yyjson_obj_get(one, "addresses"));
			continue;
		}
		all = false;
		if (why)
			log_warn("time server %s: %s", t.names[i].text, why);
	}
	if (new)
		t.changed();
	return all;
}

static void ask(void);

static void later(double seconds)
{
	ev_timer_stop(t.loop, &t.again);
	ev_timer_set(&t.again, seconds, 0);
	ev_timer_start(t.loop, &t.again);
}

static void on_answer(struct ipc_msg *msg, int error, void *arg)
{
	yyjson_doc *d = error || (msg->flags & IPC_ERROR) ? NULL : ipc_msg_json(msg);
	bool good = d && take(yyjson_doc_get_root(d));

	(void)arg;
	yyjson_doc_free(d);
	t.asking = false;
	if (t.anew) {
		ask();
		return;
	}
	t.delay = t.delay < DELAY_FIRST ? DELAY_FIRST : t.delay * 2 > DELAY_LAST ? DELAY_LAST : t.delay * 2;
	if (good)
		t.delay = 0;
	later(good ? AGAIN : t.delay);
}

static void ask(void)
{
	yyjson_mut_doc *d;
	yyjson_mut_val *root, *list;

	ev_timer_stop(t.loop, &t.again);
	t.anew = t.asking;
	if (t.asking || !t.count)
		return;
	d = yyjson_mut_doc_new(NULL);
	root = yyjson_mut_obj(d);
	if (!root)
		log_fatal("time servers");
	yyjson_mut_doc_set_root(d, root);
	list = yyjson_mut_obj_add_arr(d, root, "names");
	for (unsigned i = 0; i < t.count; i++)
		yyjson_mut_arr_add_strcpy(d, list, t.names[i].text);
	yyjson_mut_obj_add_int(d, root, "hold", HOLD);
	t.asking = true;
	ipc_client_call_json(t.fwd, PROTO_FWD_RESOLVE, d, 0, on_answer, NULL);
}

static void on_again(struct ev_loop *loop, ev_timer *w, int events)
{
	(void)loop;
	(void)w;
	(void)events;
	ask();
}

/* fwd has forgotten what it held for us. */
static void on_connected(struct ipc_client *cl, void *arg)
{
	(void)cl;
	(void)arg;
	t.delay = 0;
	if (!t.asking)
		ask();
}

void times_want(yyjson_val *servers)
{
	struct name before[NAMES];
	unsigned count = t.count, same = 0;
	yyjson_arr_iter it = yyjson_arr_iter_with(servers);
	yyjson_val *v;

	memcpy(before, t.names, sizeof before);
	t.count = 0;
	while (t.count < NAMES && (v = yyjson_arr_iter_next(&it))) {
		struct name *n = &t.names[t.count];

		if (!yyjson_is_str(v) || !addr_name_valid(yyjson_get_str(v)) || find(yyjson_get_str(v)))
			continue;
		memset(n, 0, sizeof *n);
		strcpy(n->text, yyjson_get_str(v));
		for (unsigned i = 0; i < count; i++)
			if (!strcmp(before[i].text, n->text)) {
				*n = before[i];
				same++;
			}
		t.count++;
	}
	if (same == t.count)
		return;
	t.delay = 0;
	ask();
}

unsigned times_addresses(const char *name, const struct addr **list)
{
	const struct name *n = find(name);

	*list = n ? n->used : NULL;
	return n ? n->count : 0;
}

void times_open(struct ev_loop *loop, void (*changed)(void))
{
	static const struct ipc_client_ops ops = { .connected = on_connected };

	t.loop = loop;
	t.changed = changed;
	ev_timer_init(&t.again, on_again, 0, 0);
	t.fwd = ipc_client_open(loop, ROOM_FWD, &ops, NULL);
}
