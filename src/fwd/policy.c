/*
 * fwd: which policy shall be, from core's model and sysd's state, and its way into the kernel.  Every change is one
 * transaction of the whole table; what is not new is not applied again.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fwd.h"
#include "kernel.h"
#include "log/log.h"
#include "plat/clock.h"

/* Bytes of a model's text: many peers, and a customer's own table. */
#define MODEL_MAX (2u << 20)
#define SERVERS_MAX 16

static struct {
	struct ev_loop *loop;
	yyjson_doc *model, *before;		/* what core wants; what it wanted before a change that waits */
	struct { char text[SERVERS_MAX][ADDR_PREFIX_TEXT_MAX]; unsigned count; } dns, ntp, self;
	struct batch last;			/* what is in the kernel, as it was sent */
	unsigned lines;
	int64_t applied, drifted;
	unsigned drifts;
	bool waiting;				/* a policy is in the kernel, and not all is known yet: core's model, sysd's state, names' addresses */
	bool stated;				/* sysd has spoken */
	ev_timer patience, confirm;
	char error[FW_ERROR];
} p;

static int64_t generation_of(yyjson_doc *d)
{
	return yyjson_get_sint(yyjson_obj_get(yyjson_doc_get_root(d), "generation"));
}

/* ---- from model and state to a policy ---- */

static int bind_peers(struct fw_binding *b, const struct fw_tables *t, yyjson_val *peers, char error[FW_ERROR])
{
	yyjson_obj_iter it = yyjson_obj_iter_with(peers);
	yyjson_val *key, *a;

	while ((key = yyjson_obj_iter_next(&it))) {
		yyjson_arr_iter list = yyjson_arr_iter_with(yyjson_obj_iter_get_val(key));
		int at = fw_peer_find(t, yyjson_get_str(key));

		if (at < 0 || t->peers[at].kind == FW_PEER_FIXED)
			return snprintf(error, FW_ERROR, "%.40s: no such peer, or one that is fixed", yyjson_get_str(key)), -1;
		while ((a = yyjson_arr_iter_next(&list)))
			if (!yyjson_is_str(a) || fw_prefixes_add(&b->peers[at], yyjson_get_str(a), error) < 0)
				return yyjson_is_str(a) ? -1 : (snprintf(error, FW_ERROR, "an address must be a text"), -1);
	}
	return 0;
}

bool policy_is_self(const struct addr *a)
{
	struct addr own;

	for (unsigned i = 0; i < p.self.count; i++)
		if (addr_parse(&own, p.self.text[i]) == 0 && addr_equal(&own, a))
			return true;
	return false;
}

/* Hosts that are addresses, for their ports alone; those that are names are the book's. */
static void bind_hosts(struct fw_binding *b, const struct fw_tables *t, yyjson_val *hosts)
{
	yyjson_obj_iter it = yyjson_obj_iter_with(hosts);
	yyjson_val *key, *h, *n;
	char error[FW_ERROR];
	struct addr a;

	while ((key = yyjson_obj_iter_next(&it))) {
		yyjson_arr_iter list = yyjson_arr_iter_with(yyjson_obj_iter_get_val(key)), ports;
		int at = fw_peer_find(t, yyjson_get_str(key));

		while (at >= 0 && t->peers[at].kind != FW_PEER_FIXED && (h = yyjson_arr_iter_next(&list))) {
			const char *host = yyjson_get_str(yyjson_obj_get(h, "host"));

			if (!host || addr_parse(&a, host) < 0 || !addr_is_host(&a) || policy_is_self(&a))
				continue;
			ports = yyjson_arr_iter_with(yyjson_obj_get(h, "ports"));
			while ((n = yyjson_arr_iter_next(&ports)))
				if (yyjson_get_uint(n) > 0 && yyjson_get_uint(n) <= 65535)
					fw_narrow_add(b, (unsigned)at, (uint16_t)yyjson_get_uint(n), host, error);
		}
	}
}

static int switch_on(struct fw_binding *b, const struct fw_tables *t, yyjson_val *on, char error[FW_ERROR])
{
	yyjson_arr_iter it = yyjson_arr_iter_with(on);
	yyjson_val *name;

	while ((name = yyjson_arr_iter_next(&it))) {
		int at = yyjson_is_str(name) ? fw_condition_find(t, yyjson_get_str(name)) : -1;

		if (at < 0)
			return snprintf(error, FW_ERROR, "no such condition"), -1;
		b->on[at] = true;
	}
	return 0;
}

static void bind_state(struct fw_binding *b, const struct fw_tables *t)
{
	int dns = fw_peer_find(t, "dns"), ntp = fw_peer_find(t, "ntp");
	char error[FW_ERROR];

	for (unsigned i = 0; i < p.dns.count; i++)
		fw_prefixes_add(&b->peers[dns], p.dns.text[i], error);
	for (unsigned i = 0; i < p.ntp.count; i++)
		fw_prefixes_add(&b->peers[ntp], p.ntp.text[i], error);
	for (unsigned i = 0; i < p.self.count; i++)
		fw_prefixes_add(&b->self, p.self.text[i], error);
	book_bind(b, t);
}

/* The ruleset, and in out the same as bytes, by which two are compared. */
static struct nft_ruleset *compile(yyjson_doc *model, struct batch *out, unsigned *lines, char error[FW_ERROR])
{
	yyjson_val *root = yyjson_doc_get_root(model), *own = yyjson_obj_get(root, "own");
	struct fw_tables *t = fw_tables_new();
	struct fw_binding *b = calloc(1, sizeof *b);
	struct nft_ruleset *r = NULL;
	struct fw_policy *policy = NULL;

	if (!b)
		log_fatal("policy");
	bind_state(b, t);
	bind_hosts(b, t, yyjson_obj_get(root, "hosts"));
	if ((!own || !yyjson_get_len(own) || fw_parse(t, "own.fw", yyjson_get_str(own), yyjson_get_len(own), true, error) == 0) &&
			bind_peers(b, t, yyjson_obj_get(root, "peers"), error) == 0 &&
			switch_on(b, t, yyjson_obj_get(root, "on"), error) == 0)
		policy = fw_policy_new(t, (unsigned)fw_profile_find(t, "appliance"), b, error);
	if (policy) {
		r = nft_compile(policy);
		batch_ruleset(out, r, NULL);
		*lines = policy->count;
	}
	fw_policy_free(policy);
	fw_binding_free(b);
	free(b);
	fw_tables_free(t);
	return r;
}

/* ---- into the kernel ---- */

static void keep(struct batch *b, unsigned lines)
{
	batch_free(&p.last);
	p.last = *b;
	p.lines = lines;
	p.applied = plat_clock_wall();
	p.error[0] = 0;
}

/* Makes it true, unless it is. */
static int apply(yyjson_doc *model, bool again, char error[FW_ERROR])
{
	struct batch b = BATCH_ZERO;
	unsigned lines = 0;
	struct nft_ruleset *r = compile(model, &b, &lines, error);
	bool same = r && !again && p.last.len == b.len && !memcmp(p.last.bytes, b.bytes, b.len);
	int rc = !r ? -1 : same ? 0 : kernel_replace(r);

	if (r && rc < 0)
		snprintf(error, FW_ERROR, "the kernel refuses it: %s", strerror(errno));
	nft_ruleset_free(r);
	if (same)
		p.error[0] = 0;
	if (rc < 0 || same) {
		batch_free(&b);
		return rc;
	}
	keep(&b, lines);
	log_info("policy: applied: %u lines, generation %lld", lines, (long long)generation_of(model));
	return 0;
}

static void apply_or_say(bool again)
{
	if (apply(p.model, again, p.error) < 0)
		log_warn("policy: %s", p.error);
	book_applied();
}

/* After a start: once all is known, nothing that was open closes in between. */
static void start_if_known(void)
{
	if (!p.waiting || !p.model || !p.stated || book_busy())
		return;
	p.waiting = false;
	ev_timer_stop(p.loop, &p.patience);
	apply_or_say(false);
}

static void on_patience(struct ev_loop *loop, ev_timer *w, int events)
{
	(void)events;
	ev_timer_stop(loop, w);
	if (!p.waiting)
		return;
	p.waiting = false;
	log_warn("not all was said within %.0f s (%s): what is known is applied", FWD_PATIENCE, !p.model ? "core" : !p.stated ? "sysd" : "names");
	apply_or_say(false);
}

static void on_unconfirmed(struct ev_loop *loop, ev_timer *w, int events)
{
	(void)events;
	ev_timer_stop(loop, w);
	log_warn("policy: change %lld was not confirmed: taken back", (long long)generation_of(p.model));
	yyjson_doc_free(p.model);
	p.model = p.before;
	p.before = NULL;
	book_model(yyjson_doc_get_root(p.model));
	book_settle(true);
	apply_or_say(false);
}

void policy_open(struct ev_loop *loop)
{
	struct kernel_counter counters[KERNEL_COUNTERS];

	p.loop = loop;
	ev_timer_init(&p.patience, on_patience, FWD_PATIENCE, 0.);
	ev_timer_init(&p.confirm, on_unconfirmed, FWD_CONFIRM, 0.);
	/* the base policy counts nothing: what counts is an earlier instance's whole one */
	p.waiting = kernel_list_counters(counters) > 0;
	if (p.waiting)
		ev_timer_start(loop, &p.patience);
	else
		apply_or_say(false);
}

int policy_model(yyjson_val *model, bool confirm, char error[FW_ERROR])
{
	size_t len = 0;
	char *text = yyjson_val_write(model, 0, &len);
	yyjson_doc *d = text && len <= MODEL_MAX ? yyjson_read(text, len, 0) : NULL;

	free(text);
	if (!d || !yyjson_is_obj(yyjson_doc_get_root(d)))
		return snprintf(error, FW_ERROR, "the model is no object, or too long"), -1;
	/* the same once more: a task that came twice */
	if (p.before && generation_of(d) == generation_of(p.model)) {
		yyjson_doc_free(d);
		return 0;
	}
	book_model(yyjson_doc_get_root(d));
	if (p.waiting && !confirm) {
		book_settle(true);
		yyjson_doc_free(p.model);
		p.model = d;
		start_if_known();
		return 0;
	}
	if (apply(d, false, error) < 0) {
		book_settle(false);
		yyjson_doc_free(d);
		return -1;
	}
	book_settle(true);
	p.waiting = false;
	ev_timer_stop(p.loop, &p.confirm);
	if (confirm && !p.before) {
		p.before = p.model;
	} else {	/* a second change on top of one that waits: back goes to before both */
		yyjson_doc_free(p.model);
		if (!confirm) {
			yyjson_doc_free(p.before);
			p.before = NULL;
		}
	}
	p.model = d;
	if (confirm) {
		ev_timer_set(&p.confirm, FWD_CONFIRM, 0.);
		ev_timer_start(p.loop, &p.confirm);
	}
	book_applied();
	return 0;
}

void policy_names(void)
{
	start_if_known();
	if (!p.waiting)
		apply_or_say(false);
}

bool policy_in_place(const char **why)
{
	*why = p.waiting ? NULL : p.error;
	return !p.waiting && !p.error[0];
}

/* Connections let in since the policy was applied: its counters began at 0 then. */
static uint64_t connections(void)
{
	struct kernel_counter c[KERNEL_COUNTERS];
	int n = kernel_list_counters(c);

	for (int i = 0; i < n; i++)
		if (!strcmp(c[i].chain, "limit_web_users") && strncmp(c[i].comment, "too many", 8))
			return c[i].packets;
	return 0;
}

int policy_confirm(int64_t generation, char error[FW_ERROR])
{
	if (!ev_is_active(&p.confirm) || generation_of(p.model) != generation)
		return snprintf(error, FW_ERROR, "There is no such change that waits for a confirmation."), -1;
	if (connections() == 0)
		return snprintf(error, FW_ERROR, "Confirm from a new connection: none has come in since the change."), -1;
	ev_timer_stop(p.loop, &p.confirm);
	yyjson_doc_free(p.before);
	p.before = NULL;
	log_info("policy: change %lld: confirmed", (long long)generation);
	return 0;
}

void policy_drifted(void)
{
	if (!p.last.len)
		return;		/* nothing of ours is in the kernel yet */
	p.drifts++;
	p.drifted = plat_clock_wall();
	log_warn("policy: somebody else has changed our table: put back");
	apply_or_say(true);
}

/* ---- sysd's state ---- */

static void take(char text[SERVERS_MAX][ADDR_PREFIX_TEXT_MAX], unsigned *count, const char *address)
{
	char bare[ADDR_PREFIX_TEXT_MAX], *slash;
	struct addr a;

	snprintf(bare, sizeof bare, "%s", address ? address : "");
	slash = strchr(bare, '/');
	if (slash)
		*slash = 0;
	if (addr_parse(&a, bare) == 0 && *count < SERVERS_MAX)
		snprintf(text[(*count)++], ADDR_PREFIX_TEXT_MAX, "%s", bare);
}

void policy_state(yyjson_val *state)
{
	yyjson_arr_iter it = yyjson_arr_iter_with(yyjson_obj_get(state, "dns")), cards, addresses;
	yyjson_val *v, *a;

	p.dns.count = p.ntp.count = p.self.count = 0;
	while ((v = yyjson_arr_iter_next(&it)))
		take(p.dns.text, &p.dns.count, yyjson_get_str(v));
	it = yyjson_arr_iter_with(yyjson_obj_get(state, "ntp"));
	while ((v = yyjson_arr_iter_next(&it)))
		take(p.ntp.text, &p.ntp.count, yyjson_get_str(v));
	book_times(yyjson_obj_get(state, "ntp"));
	cards = yyjson_arr_iter_with(yyjson_obj_get(state, "interfaces"));
	while ((v = yyjson_arr_iter_next(&cards))) {
		addresses = yyjson_arr_iter_with(yyjson_obj_get(v, "addresses"));
		while ((a = yyjson_arr_iter_next(&addresses)))
			take(p.self.text, &p.self.count, yyjson_get_str(a));
	}
	p.stated = true;
	policy_names();
}

/* ---- status ---- */

static void add_counters(yyjson_mut_doc *d, yyjson_mut_val *o)
{
	struct kernel_counter c[KERNEL_COUNTERS];
	int n = kernel_list_counters(c);
	yyjson_mut_val *list = yyjson_mut_obj_add_arr(d, o, "counters"), *one;

	for (int i = 0; i < n; i++) {
		one = yyjson_mut_arr_add_obj(d, list);
		yyjson_mut_obj_add_strcpy(d, one, "chain", c[i].chain);
		yyjson_mut_obj_add_strcpy(d, one, "comment", c[i].comment);
		yyjson_mut_obj_add_uint(d, one, "packets", c[i].packets);
		yyjson_mut_obj_add_uint(d, one, "bytes", c[i].bytes);
	}
}

static void add_foreign(yyjson_mut_doc *d, yyjson_mut_val *o)
{
	struct kernel_tables t;
	yyjson_mut_val *list = yyjson_mut_obj_add_arr(d, o, "foreign");

	if (kernel_list_tables(&t) < 0)
		return;
	for (unsigned i = 0; i < t.count && i < KERNEL_TABLES; i++)
		yyjson_mut_arr_add_strcpy(d, list, t.names[i]);
	yyjson_mut_obj_add_bool(d, o, "in_place", t.ours);
}

void policy_status(yyjson_mut_doc *d, yyjson_mut_val *o)
{
	bool pending = ev_is_active(&p.confirm);

	yyjson_mut_obj_add_str(d, o, "state", pending ? "unconfirmed" : p.waiting ? "waiting" : p.model ? "applied" : "standing");
	yyjson_mut_obj_add_sint(d, o, "generation", generation_of(p.model));
	yyjson_mut_obj_add_uint(d, o, "lines", p.lines);
	yyjson_mut_obj_add_sint(d, o, "applied", p.applied);
	if (pending)
		yyjson_mut_obj_add_sint(d, o, "seconds_left", (int64_t)ev_timer_remaining(p.loop, &p.confirm));
	yyjson_mut_obj_add_uint(d, o, "drifts", p.drifts);
	if (p.drifts)
		yyjson_mut_obj_add_sint(d, o, "drifted", p.drifted);
	yyjson_mut_obj_add_strcpy(d, o, "error", p.error);
	add_foreign(d, o);
	add_counters(d, o);
}
