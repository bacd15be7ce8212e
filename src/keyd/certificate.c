/*
 * keyd: certificates of somebody else's authority for a key that stays here:
 * requests, uploads, and the way back.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ipc/proto.h"
#include "keyd.h"
#include "request.h"
#include "log/log.h"
#include "plat/clock.h"

/* Longest upload, bytes: base64 of a chain with its lines, and what people leave around it. */
#define PEM_MAX 65536

/* ---- what there is ---- */

static void add_date(yyjson_mut_doc *doc, yyjson_mut_val *o, const char *key, int64_t seconds)
{
	char text[PLAT_CLOCK_TEXT];

	plat_clock_text(seconds * PLAT_SECOND, text);
	yyjson_mut_obj_add_strcpy(doc, o, key, text);
}

static void add_labels(yyjson_mut_doc *doc, yyjson_mut_val *o, const struct x509_chain *c, size_t i)
{
	char text[X509_LABEL];

	x509_chain_label(c, i, false, text);
	yyjson_mut_obj_add_strcpy(doc, o, "subject", text);
	x509_chain_label(c, i, true, text);
	yyjson_mut_obj_add_strcpy(doc, o, "issuer", text);
}

/* Names that browsers really ask for: not the one that stands in when there is none. */
static bool covers(const struct keyd *k, const struct x509_chain *c)
{
	const struct x509_names *ours = &k->ring.names[KEYRING_SERVER];
	bool any = false;

	for (size_t i = 0; i < ours->count; i++) {
		if (!strcmp(ours->name[i].text, k->ring.internal_name))
			continue;
		any = true;
		if (x509_names_cover(&c->names, &ours->name[i]))
			return true;
	}
	return !any;
}

static size_t add_warnings(yyjson_mut_doc *doc, yyjson_mut_val *o, const struct keyd *k, const struct x509_chain *c)
{
	yyjson_mut_val *list = yyjson_mut_obj_add_arr(doc, o, "warnings");
	int64_t left = c->cert[0].not_after - keyd_now();
	char text[256], by[X509_LABEL];

	if (!covers(k, c))
		yyjson_mut_arr_add_str(doc, list, "It names none of the names and addresses of this appliance: browsers will refuse it.");
	x509_chain_label(c, c->count - 1, true, by);
	if (!c->rooted) {
		snprintf(text, sizeof text, "The certificate of '%s' is not among them, so its signature could not be checked: clients must"
			" know it already.", by);
		yyjson_mut_arr_add_strcpy(doc, list, text);
	}
	if (left <= KEYRING_UPLOADED_WARN) {
		snprintf(text, sizeof text, left < 0 ? "It has expired." : "It ends in %lld days.", (long long)(left / 86400));
		yyjson_mut_arr_add_strcpy(doc, list, text);
	}
	if (c->strangers) {
		snprintf(text, sizeof text, "%zu of the certificates were left out: nothing leads to them.", c->strangers);
		yyjson_mut_arr_add_strcpy(doc, list, text);
	}
	return yyjson_mut_arr_size(list);
}

/* The chain's members; returns how many warnings there are. */
static size_t add_chain(yyjson_mut_doc *doc, yyjson_mut_val *o, const struct keyd *k, const struct x509_chain *c, bool own)
{
	struct x509_bytes leaf = x509_chain_bytes(c, 0);
	char fingerprint[X509_FINGERPRINT];
	yyjson_mut_val *list, *one;

	x509_fingerprint(fingerprint, leaf.at, leaf.len);
	add_labels(doc, o, c, 0);
	yyjson_mut_obj_add_strcpy(doc, o, "fingerprint", fingerprint);
	add_date(doc, o, "not_before", c->cert[0].not_before);
	add_date(doc, o, "not_after", c->cert[0].not_after);
	keyd_add_names(doc, o, "names", &c->names);
	yyjson_mut_obj_add_bool(doc, o, "rooted", c->rooted);
	list = yyjson_mut_obj_add_arr(doc, o, "chain");
	for (size_t i = 0; i < c->count; i++) {
		one = yyjson_mut_arr_add_obj(doc, list);
		add_labels(doc, one, c, i);
		add_date(doc, one, "not_after", c->cert[i].not_after);
	}
	if (!own)
		return add_warnings(doc, o, k, c);
	yyjson_mut_obj_add_arr(doc, o, "warnings");
	return 0;
}

/* The own leaf and its authority, as a chain. */
static void own_chain(const struct keyring *ring, struct x509_chain *c)
{
	const struct keyring_cert *leaf = &ring->leaf[KEYRING_SERVER], *ca = &ring->ca[KEYRING_CA_SERVERS];
	uint8_t point[1][ECDSA_PUBLIC];
	char why[X509_CHAIN_WHY];

	x509_chain_init(c);
	if (!ecdsa_key_public(point[0], ring->secrets->leaf[KEYRING_SERVER])
			|| x509_chain_add(c, leaf->der, leaf->len, why) || x509_chain_add(c, ca->der, ca->len, why)
			|| x509_chain_order(c, (const uint8_t (*)[ECDSA_PUBLIC])point, 1, why))
		log_bug("the appliance's own certificate is no chain");
}

static void add_request(yyjson_mut_doc *doc, yyjson_mut_val *root, const struct keyring_request *r)
{
	yyjson_mut_val *o = yyjson_mut_obj_add_obj(doc, root, "request");
	char pem[X509_PEM_MAX(X509_CERT_MAX)];

	x509_pem_request(pem, r->der, r->len);
	add_date(doc, o, "created", r->created);
	yyjson_mut_obj_add_bool(doc, o, "fresh", r->fresh);
	keyd_add_names(doc, o, "names", &r->names);
	yyjson_mut_obj_add_strcpy(doc, o, "pem", pem);
}

static void reply_state(struct keyd *k, struct ipc_conn *c, struct ipc_msg *msg)
{
	static struct x509_chain own;
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *root = yyjson_mut_obj(doc);
	const struct keyring *ring = &k->ring;

	yyjson_mut_doc_set_root(doc, root);
	yyjson_mut_obj_add_str(doc, root, "source", ring->uploaded_on ? "uploaded" : "appliance");
	if (ring->trial)
		yyjson_mut_obj_add_sint(doc, root, "seconds_left", (int64_t)ev_timer_remaining(k->loop, &k->trial) + 1);
	keyd_add_names(doc, root, "appliance_names", &ring->names[KEYRING_SERVER]);
	if (!ring->uploaded_on)
		own_chain(ring, &own);
	add_chain(doc, yyjson_mut_obj_add_obj(doc, root, "certificate"), k, ring->uploaded_on ? &ring->uploaded : &own, !ring->uploaded_on);
	if (ring->request.on)
		add_request(doc, root, &ring->request);
	ipc_send_json(c, IPC_REPLY, msg->type, msg->seq, doc);
}

static void refuse_system(struct ipc_conn *c, struct ipc_msg *msg)
{
	bool full = errno == ENOSPC || errno == EDQUOT;

	log_warn_errno("certificate: cannot be written");
	ipc_reply_error(c, msg, full ? 507 : 500, full ? "no space to keep it: nothing was changed" : "it cannot be kept: nothing was changed");
}

/* ---- requests ---- */

static void make_request(struct keyd *k, struct ipc_conn *c, struct ipc_msg *msg, yyjson_val *root)
{
	static struct x509_names names;
	struct x509_request r = {
		.names = &names,
		.organization = keyd_request_text(root, "organization", X509_ORGANIZATION_MAX),
		.country = keyd_request_text(root, "country", 2)
	};

	if (keyd_take_names(k, c, msg, root, &names))
		return;
	if (!names.count)
		ipc_reply_error(c, msg, 400, "names: at least one is needed");
	else if (!keyring_request_make(&k->ring, &r, yyjson_get_bool(yyjson_obj_get(root, "fresh")), keyd_now()))
		reply_state(k, c, msg);
	else if (errno == EINVAL)
		ipc_reply_error(c, msg, 400, "country: two capital letters; organization: at most %d bytes", X509_ORGANIZATION_MAX);
	else
		refuse_system(c, msg);
}

void keyd_request(struct keyd *k, struct ipc_conn *c, struct ipc_msg *msg)
{
	yyjson_val *root = keyd_request_open(c, msg);

	if (!root)
		return;
	make_request(k, c, msg, root);
	keyd_request_close(msg);
}

/* ---- uploads ---- */

static void on_trial_over(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct keyd *k = w->data;

	(void)revents;
	ev_timer_stop(loop, w);
	if (!k->ring.trial)
		return;
	keyring_revert(&k->ring);
	keyd_shown(k, "not confirmed: the one before is shown again");
}

static void start_trial(struct keyd *k, int64_t seconds)
{
	ev_timer_stop(k->loop, &k->trial);
	ev_now_update(k->loop);
	ev_timer_set(&k->trial, (double)seconds, 0.);
	ev_timer_start(k->loop, &k->trial);
}

void keyd_certificate_start(struct keyd *k)
{
	ev_timer_init(&k->trial, on_trial_over, 0., 0.);
	k->trial.data = k;
}

static void refuse_warned(struct ipc_conn *c, struct ipc_msg *msg, yyjson_mut_val *o)
{
	yyjson_mut_val *first = yyjson_mut_arr_get_first(yyjson_mut_obj_get(o, "warnings"));

	ipc_reply_error(c, msg, 409, "%s To use it all the same, say \"accept\": true.", yyjson_mut_get_str(first));
}

static void show(struct keyd *k, struct ipc_conn *c, struct ipc_msg *msg, const struct x509_chain *chain, int64_t seconds)
{
	bool was_on_trial = k->ring.trial;

	if (keyring_show(&k->ring, chain, seconds > 0)) {
		refuse_system(c, msg);
		if (was_on_trial)
			keyd_shown(k, "the one before the trial is shown again");
		return;
	}
	if (seconds > 0)
		start_trial(k, seconds);
	/* the answer goes out before the notices that the change causes */
	reply_state(k, c, msg);
	keyd_shown(k, chain ? (seconds > 0 ? "an uploaded one is shown, on trial" : "an uploaded one is shown") : "the appliance's own is shown again");
}

static void take_upload(struct keyd *k, struct ipc_conn *c, struct ipc_msg *msg, yyjson_val *root)
{
	static struct x509_chain chain;
	const char *pem = keyd_request_text(root, "certificate", PEM_MAX);
	int64_t seconds = yyjson_get_sint(yyjson_obj_get(root, "seconds"));
	bool check = yyjson_get_bool(yyjson_obj_get(root, "check"));
	char why[X509_CHAIN_WHY];
	yyjson_mut_doc *doc;
	size_t warnings;

	if (!pem || seconds < 0 || seconds > KEYD_TRIAL_MAX) {
		ipc_reply_error(c, msg, 400, pem ? "seconds: 0 to 3600" : "certificate: PEM of at most 65536 bytes");
		return;
	}
	if (keyring_chain_read(&k->ring, &chain, pem, strlen(pem), keyd_now(), why)) {
		ipc_reply_error(c, msg, 400, "certificate: %s", why);
		return;
	}
	doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_doc_set_root(doc, yyjson_mut_obj(doc));
	warnings = add_chain(doc, doc->root, k, &chain, false);
	if (check) {
		ipc_send_json(c, IPC_REPLY, msg->type, msg->seq, doc);
		return;
	}
	if (warnings && !yyjson_get_bool(yyjson_obj_get(root, "accept")))
		refuse_warned(c, msg, doc->root);
	else
		show(k, c, msg, &chain, seconds);
	yyjson_mut_doc_free(doc);
}

void keyd_upload(struct keyd *k, struct ipc_conn *c, struct ipc_msg *msg)
{
	yyjson_val *root = keyd_request_open(c, msg);

	if (!root)
		return;
	take_upload(k, c, msg, root);
	keyd_request_close(msg);
}

/* ---- the rest ---- */

static void confirm(struct keyd *k, struct ipc_conn *c, struct ipc_msg *msg)
{
	if (!keyring_confirm(&k->ring)) {
		ev_timer_stop(k->loop, &k->trial);
		log_info("certificate: confirmed");
		reply_state(k, c, msg);
	} else if (errno == ENOENT) {
		ipc_reply_error(c, msg, 409, "no certificate waits to be confirmed; one that was not confirmed in time has gone back");
	} else {
		refuse_system(c, msg);
	}
}

static void back(struct keyd *k, struct ipc_conn *c, struct ipc_msg *msg)
{
	if (!k->ring.trial) {
		ipc_reply_error(c, msg, 409, "no certificate is on trial");
		return;
	}
	ev_timer_stop(k->loop, &k->trial);
	keyring_revert(&k->ring);
	reply_state(k, c, msg);
	keyd_shown(k, "the trial was ended: the one before is shown again");
}

static void own(struct keyd *k, struct ipc_conn *c, struct ipc_msg *msg)
{
	ev_timer_stop(k->loop, &k->trial);
	if (k->ring.uploaded_on || k->ring.trial)
		show(k, c, msg, NULL, 0);
	else
		reply_state(k, c, msg);
}

static void forget(struct keyd *k, struct ipc_conn *c, struct ipc_msg *msg)
{
	if (keyring_request_forget(&k->ring))
		refuse_system(c, msg);
	else
		reply_state(k, c, msg);
}

void keyd_certificate(struct keyd *k, struct ipc_conn *c, struct ipc_msg *msg)
{
	static const struct { const char *name; keyd_handler *handle; } actions[] = {
		{ "show", reply_state }, { "confirm", confirm }, { "back", back }, { "own", own }, { "forget", forget },
	};
	yyjson_val *root = keyd_request_open(c, msg);
	keyd_handler *handle = NULL;
	const char *action;

	if (!root)
		return;
	action = keyd_request_text(root, "action", 16);
	for (size_t i = 0; action && i < sizeof actions / sizeof actions[0]; i++)
		if (!strcmp(actions[i].name, action))
			handle = actions[i].handle;
	keyd_request_close(msg);
	if (handle)
		handle(k, c, msg);
	else
		ipc_reply_error(c, msg, 400, "action: show, confirm, back, own or forget");
}
