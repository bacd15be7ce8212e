/*
 * fwd: the book of peers that are known by their names.  The room `names` looks them up; what it says is in the packet filter
 * before anybody hears of it.  An address stays until the time its answer gave it is over, and as long as who asked wants to begin
 * connections to it; connections that stand are not the book's concern.  A name of core's model is asked for again before its time
 * is over, so that its addresses do not come and go.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "fwd.h"
#include "ipc/proto.h"
#include "log/log.h"
#include "plat/clock.h"

/* Names in all, addresses kept of one, names of one request, requests that wait. */
#define NAMES 512
#define ADDRESSES 16
#define REQUEST_NAMES 16
#define REQUESTS 512
/* Ports kept of one name that has not all of its peer's. */
#define PORTS 16
/* Seconds the room `names` has: a name may have to wait for its turn there. */
#define PATIENCE 60.0
/* After an answer without an address: doubled from the first to the last, seconds. */
#define DELAY_FIRST 5
#define DELAY_LAST 300
/* However short its time is, an answer holds so long, seconds: the packet filter is not made anew every moment. */
#define TTL_LEAST 30u
#define TTL_MOST 86400u
#define HOLD_MOST 86400

/* Which ports of its peer a name is for. */
struct ports {
	bool all;
	uint16_t list[PORTS];
	unsigned count;
};

struct kept {
	struct addr addr;
	int64_t until;			/* plat_clock_boot */
};

struct entry {
	struct entry *next;
	char peer[FW_NAME], name[ADDR_NAME_MAX + 1];
	bool registered;		/* core's model or sysd names it; else core has asked for it and its model is on the way */
	bool named;			/* by the model that is being tried, or in force */
	struct ports ports, tried;	/* in force; of the model that is being tried */
	bool asking;
	bool none;			/* the name servers say that there is no address */
	uintptr_t number;		/* of a life: an answer to an earlier one's question is not taken */
	struct kept list[ADDRESSES];
	unsigned count;
	int64_t again;			/* plat_clock_boot: from then on it is to be asked for again */
	int delay;			/* seconds, after the last failure */
	char why[320];			/* of the last answer, "" = it was good */
};

struct request {
	struct request *next;
	struct ipc_conn *conn;
	uint32_t seq;
	int64_t until;			/* its addresses are held */
	unsigned count;
	struct { struct entry *entry; const char *none; char name[ADDR_NAME_MAX + 1]; } of[REQUEST_NAMES];	/* none: why no entry */
};

static struct {
	struct ev_loop *loop;
	struct ipc_client *names;
	struct entry *all;
	unsigned count;
	bool full;			/* and it was said */
	bool differs;			/* an address was taken out, or a port came, and the kernel has not heard of it */
	uintptr_t number;
	struct request *requests;
	unsigned request_count;
	ev_timer expiry;
} b;

/* ---- entries ---- */

static struct entry *find(const char *peer, const char *name)
{
	for (struct entry *e = b.all; e; e = e->next)
		if (!strcmp(e->peer, peer) && !strcasecmp(e->name, name))
			return e;
	return NULL;
}

static void ports_add(struct ports *p, unsigned port)
{
	unsigned i = 0;

	while (i < p->count && p->list[i] != port)
		i++;
	if (i == p->count && i < PORTS)
		p->list[p->count++] = (uint16_t)port;
}

/* The numbers of a list; no list = all ports of the peer. */
static void ports_take(struct ports *p, yyjson_val *list)
{
	yyjson_arr_iter it = yyjson_arr_iter_with(list);
	yyjson_val *v;

	p->all |= !list;
	while ((v = yyjson_arr_iter_next(&it)))
		if (yyjson_get_uint(v) > 0 && yyjson_get_uint(v) <= 65535)
			ports_add(p, (unsigned)yyjson_get_uint(v));
}

static struct entry *find_or_add(const char *peer, const char *name)
{
	struct entry *e = find(peer, name);

	if (!e && b.count == NAMES && !b.full) {
		b.full = true;
		log_warn("book: more than %d names: %s and what follows are not looked up", NAMES, name);
	}
	if (e || b.count == NAMES || !addr_name_valid(name))
		return e;
	e = calloc(1, sizeof *e);
	if (!e)
		log_fatal("book");
	snprintf(e->peer, sizeof e->peer, "%s", peer);
	snprintf(e->name, sizeof e->name, "%s", name);
	e->number = ++b.number;
	e->next = b.all;
	b.all = e;
	b.count++;
	return e;
}

static void drop(struct entry *e)
{
	struct entry **at = &b.all;

	for (struct request *r = b.requests; r; r = r->next)
		for (unsigned i = 0; i < r->count; i++)
			if (r->of[i].entry == e)
				r->of[i].entry = NULL;
	while (*at != e)
		at = &(*at)->next;
	*at = e->next;
	b.count--;
	free(e);
}

/* Takes out what is over. */
static void expire(struct entry *e, int64_t now)
{
	unsigned n = 0;

	for (unsigned i = 0; i < e->count; i++)
		if (e->list[i].until > now)
			e->list[n++] = e->list[i];
	b.differs |= n != e->count;
	e->count = n;
}

static void make_true(void)
{
	if (b.differs)
		policy_names();
	b.differs = false;
}

static bool waited_for(const struct entry *e)
{
	for (const struct request *r = b.requests; r; r = r->next)
		for (unsigned i = 0; i < r->count; i++)
			if (r->of[i].entry == e)
				return true;
	return false;
}

/* Time servers are asked for by net, which keeps the addresses it has: a pool's name leads elsewhere each time. */
static bool renewed(const struct entry *e)
{
	return e->registered && strcmp(e->peer, "ntp") != 0;
}

/* When something of it is over, or to be done. */
static int64_t due(const struct entry *e, int64_t now)
{
	int64_t soonest = renewed(e) && !e->asking ? e->again : INT64_MAX;

	for (unsigned i = 0; i < e->count; i++)
		if (e->list[i].until < soonest)
			soonest = e->list[i].until;
	/* nobody's, once who waits has been answered */
	return !e->registered && !e->count && !e->asking && now + PLAT_SECOND < soonest ? now + PLAT_SECOND : soonest;
}

static void look_up(struct entry *e);

static void on_expiry(struct ev_loop *loop, ev_timer *w, int events)
{
	int64_t now = plat_clock_boot(), soonest = INT64_MAX, at;

	(void)events;
	ev_timer_stop(loop, w);
	for (struct entry *e = b.all, *next; e; e = next) {
		next = e->next;
		expire(e, now);
		if (!e->count && !e->registered && !e->asking && !waited_for(e)) {
			drop(e);
			continue;
		}
		if (renewed(e) && e->again <= now)
			look_up(e);
		at = due(e, now);
		soonest = at < soonest ? at : soonest;
	}
	if (soonest != INT64_MAX) {
		ev_timer_set(w, soonest > now ? (double)(soonest - now) / PLAT_SECOND + 0.1 : 0.1, 0);
		ev_timer_start(loop, w);
	}
	make_true();
}

/* The timer is set anew from the loop: nobody's entry goes while its holder works with it. */
static void reckon(void)
{
	ev_timer_stop(b.loop, &b.expiry);
	ev_timer_set(&b.expiry, 0., 0);
	ev_timer_start(b.loop, &b.expiry);
}

static void keep(struct entry *e, const struct addr *a, int64_t until)
{
	unsigned oldest = 0;

	for (unsigned i = 0; i < e->count; i++) {
		if (addr_equal(&e->list[i].addr, a)) {
			if (until > e->list[i].until)
				e->list[i].until = until;
			return;
		}
		if (e->list[i].until < e->list[oldest].until)
			oldest = i;
	}
	e->list[e->count < ADDRESSES ? e->count++ : oldest] = (struct kept){ *a, until };
}

/* ---- requests ---- */

static void request_end(struct request *r)
{
	struct request **at = &b.requests;

	while (*at != r)
		at = &(*at)->next;
	*at = r->next;
	b.request_count--;
	free(r);
}

/* What the provider said of itself must not lead back here; what a person registered may. */
static bool shown(const struct entry *e, const struct addr *a)
{
	return e->ports.all || !policy_is_self(a);
}

static bool usable(const struct entry *e)
{
	for (unsigned i = 0; e && !e->none && i < e->count; i++)
		if (shown(e, &e->list[i].addr))
			return true;
	return false;
}

static const char *why_not(const struct entry *e, const char *none)
{
	return e && e->why[0] ? e->why : e && e->count ? "is the appliance itself" : none;
}

static void answer(struct request *r)
{
	yyjson_mut_doc *d = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *root = yyjson_mut_obj(d), *names, *one, *list;
	char text[ADDR_TEXT_MAX];

	if (!root)
		log_fatal("answer");
	yyjson_mut_doc_set_root(d, root);
	names = yyjson_mut_obj_add_obj(d, root, "names");
	for (unsigned i = 0; i < r->count; i++) {
		const struct entry *e = r->of[i].entry;

		one = yyjson_mut_obj(d);
		yyjson_mut_obj_add(names, yyjson_mut_strcpy(d, r->of[i].name), one);
		if (!usable(e)) {
			yyjson_mut_obj_add_strcpy(d, one, "message", why_not(e, r->of[i].none));
			continue;
		}
		list = yyjson_mut_obj_add_arr(d, one, "addresses");
		for (unsigned k = 0; k < e->count; k++) {
			if (!shown(e, &e->list[k].addr))
				continue;
			addr_format(&e->list[k].addr, text);
			yyjson_mut_arr_add_strcpy(d, list, text);
		}
	}
	ipc_send_json(r->conn, IPC_REPLY, PROTO_FWD_RESOLVE, r->seq, d);
}

static bool all_known(const struct request *r)
{
	for (unsigned i = 0; i < r->count; i++)
		if (r->of[i].entry && r->of[i].entry->asking)
			return false;
	return true;
}

void book_applied(void)
{
	const char *why;
	bool good = policy_in_place(&why);

	for (struct request *r = b.requests, *next; r; r = next) {
		next = r->next;
		if (!all_known(r) || (!good && !why))
			continue;
		if (good)
			answer(r);
		else
			ipc_refuse(r->conn, PROTO_FWD_RESOLVE, r->seq, 503, why);
		request_end(r);
	}
}

void book_closed(struct ipc_conn *conn)
{
	for (struct request *r = b.requests, *next; r; r = next) {
		next = r->next;
		if (r->conn == conn)
			request_end(r);
	}
}

/* What waits for this name wants its addresses for longer, perhaps. */
static int64_t held(const struct entry *e, int64_t until)
{
	for (struct request *r = b.requests; r; r = r->next)
		for (unsigned i = 0; i < r->count; i++)
			if (r->of[i].entry == e && r->until > until)
				until = r->until;
	return until;
}

/* ---- asking ---- */

static void take(struct entry *e, yyjson_val *root)
{
	yyjson_arr_iter it = yyjson_arr_iter_with(yyjson_obj_get(root, "addresses"));
	int64_t ttl = (int64_t)yyjson_get_uint(yyjson_obj_get(root, "ttl")), now = plat_clock_boot(), until;
	yyjson_val *v;
	struct addr a;

	ttl = ttl < TTL_LEAST ? TTL_LEAST : ttl > TTL_MOST ? TTL_MOST : ttl;
	/* while there is still time for the name servers to be slow */
	e->again = now + ttl * PLAT_SECOND / 4 * 3;
	until = held(e, now + ttl * PLAT_SECOND);
	e->why[0] = 0;
	e->delay = 0;
	e->none = false;
	while ((v = yyjson_arr_iter_next(&it)))
		if (yyjson_is_str(v) && addr_parse(&a, yyjson_get_str(v)) == 0 && addr_is_host(&a))
			keep(e, &a, until);
}

/* What it has from before holds on: for the time it was given, and for who waits, unless the name servers say that it is wrong. */
static void fail(struct entry *e, const char *why, bool none)
{
	snprintf(e->why, sizeof e->why, "%s", why);
	e->none = none;
	e->delay = !e->delay ? DELAY_FIRST : e->delay * 2 > DELAY_LAST ? DELAY_LAST : e->delay * 2;
	e->again = plat_clock_boot() + e->delay * PLAT_SECOND;
	for (unsigned i = 0; i < e->count && !none; i++)
		e->list[i].until = held(e, e->list[i].until);
}

static void on_answer(struct ipc_msg *msg, int error, void *arg)
{
	struct entry *e = b.all;
	yyjson_doc *d = error ? NULL : ipc_msg_json(msg);
	yyjson_val *root = yyjson_doc_get_root(d);
	const char *why = yyjson_get_str(yyjson_obj_get(root, "message"));

	while (e && e->number != (uintptr_t)arg)
		e = e->next;
	if (e) {		/* else it was dropped meanwhile */
		e->asking = false;
		expire(e, plat_clock_boot());
		if (d && !(msg->flags & IPC_ERROR) && yyjson_arr_size(yyjson_obj_get(root, "addresses")))
			take(e, root);
		else
			fail(e, why ? why : "the room that looks names up does not answer",
				yyjson_get_int(yyjson_obj_get(root, "code")) == 404);
		policy_names();
		book_applied();
		reckon();
	}
	yyjson_doc_free(d);
}

static void look_up(struct entry *e)
{
	yyjson_mut_doc *d;
	yyjson_mut_val *root;

	if (e->asking)
		return;
	d = yyjson_mut_doc_new(NULL);
	root = yyjson_mut_obj(d);
	if (!root)
		log_fatal("question");
	yyjson_mut_doc_set_root(d, root);
	yyjson_mut_obj_add_strcpy(d, root, "name", e->name);
	e->asking = true;
	ipc_client_call_json(b.names, PROTO_NAMES_RESOLVE, d, PATIENCE, on_answer, (void *)e->number);
}

static const char *peer_of(struct ipc_conn *conn, yyjson_val *root)
{
	const char *peer = yyjson_get_str(yyjson_obj_get(root, "peer"));

	if (ipc_conn_peer(conn)->id == ROOM_NET)
		return "ntp";
	return ipc_conn_peer(conn)->id == ROOM_CORE && peer && strlen(peer) < FW_NAME ? peer : NULL;
}

/* One name of a request: from the book, or to be asked for. */
static void want(struct request *r, const char *peer, const char *name, yyjson_val *ports, bool trusted)
{
	struct entry *e = trusted ? find_or_add(peer, name) : find(peer, name);
	struct ports before;

	snprintf(r->of[r->count].name, sizeof r->of[0].name, "%s", name);
	r->of[r->count].none = trusted && !e ? "is one name more than the firewall keeps" : "is no name of a configured peer";
	r->of[r->count++].entry = e;
	if (!e)
		return;
	/* the model, which says it as well, may be on the way */
	if (!e->registered) {
		before = e->ports;
		ports_take(&e->ports, ports);
		b.differs |= before.all != e->ports.all || before.count != e->ports.count;
	}
	expire(e, plat_clock_boot());
	if (!e->why[0] && e->count && e->again > plat_clock_boot()) {
		for (unsigned i = 0; i < e->count; i++)
			if (e->list[i].until < r->until)
				e->list[i].until = r->until;
	} else {
		look_up(e);
	}
}

void book_resolve(struct ipc_conn *conn, struct ipc_msg *msg)
{
	yyjson_doc *d = ipc_msg_json(msg);
	yyjson_val *root = yyjson_doc_get_root(d), *v;
	yyjson_arr_iter it = yyjson_arr_iter_with(yyjson_obj_get(root, "names"));
	const char *peer = peer_of(conn, root);
	int64_t hold = yyjson_get_sint(yyjson_obj_get(root, "hold"));
	struct request *r;

	if (!peer || b.request_count == REQUESTS) {
		ipc_reply_error(conn, msg, peer ? 503 : 400, peer ? "too many requests" : "peer: is missing");
		yyjson_doc_free(d);
		return;
	}
	r = calloc(1, sizeof *r);
	if (!r)
		log_fatal("request");
	r->conn = conn;
	r->seq = msg->seq;
	hold = hold < 0 ? 0 : hold > HOLD_MOST ? HOLD_MOST : hold;
	r->until = plat_clock_boot() + hold * PLAT_SECOND;
	r->next = b.requests;
	b.requests = r;
	b.request_count++;
	while (r->count < REQUEST_NAMES && (v = yyjson_arr_iter_next(&it)))
		if (yyjson_is_str(v) && addr_name_valid(yyjson_get_str(v)))
			want(r, peer, yyjson_get_str(v), yyjson_obj_get(yyjson_obj_get(root, "ports"), yyjson_get_str(v)), ipc_conn_peer(conn)->id == ROOM_CORE);
	yyjson_doc_free(d);
	make_true();
	book_applied();
}

/* ---- what is named ---- */

static const char *text_of(yyjson_val *o, const char *member)
{
	const char *s = yyjson_get_str(yyjson_obj_get(o, member));

	return s ? s : "";
}

/* ports: NULL = all of the peer's. */
static void name_one(const char *peer, const char *name, yyjson_val *ports)
{
	struct entry *e = find_or_add(peer, name);

	if (!e)
		return;
	if (!e->named)
		e->tried = (struct ports){ .all = false };
	e->named = true;
	ports_take(&e->tried, ports);
}

/* Time servers are sysd's to name, the others core's. */
static bool is_of(const struct entry *e, bool times)
{
	return !strcmp(e->peer, "ntp") == times;
}

static void forget_named(bool times)
{
	for (struct entry *e = b.all; e; e = e->next)
		if (is_of(e, times))
			e->named = false;
}

static void settle(bool times, bool good)
{
	for (struct entry *e = b.all, *next; e; e = next) {
		next = e->next;
		if (!is_of(e, times))
			continue;
		if (good && e->named)
			e->ports = e->tried;
		if (!good) {
			e->named = e->registered;
			e->tried = e->ports;
		}
		if (e->registered && !e->named) {
			drop(e);
			continue;
		}
		e->registered = e->named;
		if (e->registered && !e->count)
			look_up(e);
	}
	b.full = b.full && b.count == NAMES;
	reckon();
}

void book_model(yyjson_val *model)
{
	yyjson_obj_iter it = yyjson_obj_iter_with(yyjson_obj_get(model, "names"));
	yyjson_val *key, *v;

	forget_named(false);
	while ((key = yyjson_obj_iter_next(&it))) {
		yyjson_arr_iter list = yyjson_arr_iter_with(yyjson_obj_iter_get_val(key));

		while ((v = yyjson_arr_iter_next(&list)))
			if (yyjson_is_str(v) && yyjson_get_len(key) < FW_NAME)
				name_one(yyjson_get_str(key), yyjson_get_str(v), NULL);
	}
	it = yyjson_obj_iter_with(yyjson_obj_get(model, "hosts"));
	while ((key = yyjson_obj_iter_next(&it))) {
		yyjson_arr_iter list = yyjson_arr_iter_with(yyjson_obj_iter_get_val(key));

		while ((v = yyjson_arr_iter_next(&list)))
			if (addr_name_valid(text_of(v, "host")) && yyjson_is_arr(yyjson_obj_get(v, "ports")) && yyjson_get_len(key) < FW_NAME)
				name_one(yyjson_get_str(key), text_of(v, "host"), yyjson_obj_get(v, "ports"));
	}
}

void book_settle(bool good)
{
	settle(false, good);
}

void book_times(yyjson_val *servers)
{
	yyjson_arr_iter it = yyjson_arr_iter_with(servers);
	yyjson_val *v;

	forget_named(true);
	while ((v = yyjson_arr_iter_next(&it)))
		if (yyjson_is_str(v) && addr_name_valid(yyjson_get_str(v)))
			name_one("ntp", yyjson_get_str(v), NULL);
	settle(true, true);
}

bool book_busy(void)
{
	for (const struct entry *e = b.all; e; e = e->next)
		if (e->asking)
			return true;
	return false;
}

static void bind_one(struct fw_binding *to, unsigned peer, const struct ports *ports, const struct addr *a)
{
	char text[ADDR_TEXT_MAX], error[FW_ERROR];

	addr_format(a, text);
	if (ports->all)
		fw_prefixes_add(&to->peers[peer], text, error);
	for (unsigned i = 0; !ports->all && i < ports->count && !policy_is_self(a); i++)
		fw_narrow_add(to, peer, ports->list[i], text, error);
}

void book_bind(struct fw_binding *binding, const struct fw_tables *t)
{
	int64_t now = plat_clock_boot();

	for (struct entry *e = b.all; e; e = e->next) {
		int at = fw_peer_find(t, e->peer);

		if (at < 0 || t->peers[at].kind == FW_PEER_FIXED || (e->registered && !e->named))
			continue;
		for (unsigned i = 0; i < e->count; i++) {
			if (e->list[i].until > now)
				bind_one(binding, (unsigned)at, e->named ? &e->tried : &e->ports, &e->list[i].addr);
		}
	}
}

void book_status(yyjson_mut_doc *d, yyjson_mut_val *o)
{
	yyjson_mut_val *list = yyjson_mut_obj_add_arr(d, o, "names"), *one, *addresses;
	char text[ADDR_TEXT_MAX];

	for (const struct entry *e = b.all; e; e = e->next) {
		one = yyjson_mut_arr_add_obj(d, list);
		yyjson_mut_obj_add_strcpy(d, one, "peer", e->peer);
		yyjson_mut_obj_add_strcpy(d, one, "name", e->name);
		addresses = yyjson_mut_obj_add_arr(d, one, "addresses");
		for (unsigned i = 0; i < e->count; i++) {
			addr_format(&e->list[i].addr, text);
			yyjson_mut_arr_add_strcpy(d, addresses, text);
		}
		for (unsigned i = 0; !e->ports.all && i < e->ports.count; i++)
			yyjson_mut_arr_add_uint(d, i ? yyjson_mut_obj_get(one, "ports") : yyjson_mut_obj_add_arr(d, one, "ports"), e->ports.list[i]);
		yyjson_mut_obj_add_strcpy(d, one, "error", e->why);
	}
}

void book_open(struct ev_loop *loop)
{
	static const struct ipc_client_ops ops = { 0 };

	b.loop = loop;
	ev_timer_init(&b.expiry, on_expiry, 0, 0);
	b.names = ipc_client_open(loop, ROOM_NAMES, &ops, NULL);
}
