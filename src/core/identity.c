/* What keyd knows about the appliance, and the names keyd makes its certificate for. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "addr/addr.h"
#include "agent.h"
#include "blobs.h"
#include "core.h"
#include "truth.h"
#include "ipc/proto.h"
#include "log/log.h"

struct console_job {
	struct core_job work;
	char id[33];
	char pem[256];
	char *jwk;			/* JSON text, NULL = none */
};

static int console_run(struct db *db, struct db_job *job)
{
	struct console_job *c = (struct console_job *)((char *)job - offsetof(struct core_job, job));

	if (c->id[0])
		core_meta_set(db, "appliance_id", c->id);
	if (c->pem[0])
		core_meta_set(db, "activity_pem", c->pem);
	if (c->jwk)
		core_meta_set(db, "jwk", c->jwk);
	core_event(db, "appliance.console", "appliance", "{}");
	return 0;
}

static void console_done(struct core_job *work)
{
	free(((struct console_job *)work)->jwk);
	free(work);
}

/* The key of tokens as kept. */
static char *jwk_text(const struct core *core)
{
	yyjson_mut_doc *doc;
	char *text;

	if (!core->identity.jwt_known)
		return NULL;
	doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_doc_set_root(doc, jwt_key_jwk(doc, &core->identity.jwt));
	text = yyjson_mut_write(doc, 0, NULL);
	yyjson_mut_doc_free(doc);
	return text;
}

/* Tokens are good while keyd is not there yet. */
void core_identity_load(struct core *core, struct db *db)
{
	char text[1024];
	yyjson_doc *doc;

	core_meta_get(db, "appliance_id", core->identity.id, sizeof core->identity.id);
	core_meta_get(db, "activity_pem", core->identity.activity_pem, sizeof core->identity.activity_pem);
	core_meta_get(db, "jwk", text, sizeof text);
	doc = yyjson_read(text, strlen(text), 0);
	core->identity.jwt_known = doc && !jwt_key_read(&core->identity.jwt, yyjson_doc_get_root(doc));
	yyjson_doc_free(doc);
}

void core_console_changed(struct core *core)
{
	struct console_job *c = calloc(1, sizeof *c);

	if (!c)
		log_fatal("identity");
	snprintf(c->id, sizeof c->id, "%s", core->identity.id);
	snprintf(c->pem, sizeof c->pem, "%s", core->identity.activity_pem);
	c->jwk = jwk_text(core);
	c->work.job.run = console_run;
	c->work.job.essential = true;
	c->work.done = console_done;
	core_job_write(core, &c->work);
}

static void copy_member(yyjson_val *from, const char *name, char *out, size_t size)
{
	const char *s = yyjson_get_str(yyjson_obj_get(from, name));

	snprintf(out, size, "%s", s ? s : "");
}

/* A member of any length, to be freed; "" when it is not there. */
static char *keep_member(yyjson_val *from, const char *name)
{
	const char *s = yyjson_get_str(yyjson_obj_get(from, name));
	char *kept = strdup(s ? s : "");

	if (!kept)
		log_fatal("identity");
	return kept;
}

static void identity_free(struct core_identity *i)
{
	free(i->ca_pem);
	free(i->crl);
	free(i->names);
}

/* Is what the screen shows and the database keeps the same? */
static bool identity_looks_like(const struct core_identity *a, const struct core_identity *b)
{
	return a->known && !strcmp(a->id, b->id) && !strcmp(a->fingerprint, b->fingerprint) &&
		!strcmp(a->activity_pem, b->activity_pem) && a->jwt_known == b->jwt_known && !strcmp(a->jwt.kid, b->jwt.kid);
}

/* Other threads read it: it is taken once. An image has one agent, and its signature is always the same. */
static void upgrade_take(struct core *core, yyjson_val *agent)
{
	struct core_upgrade *u = &core->upgrade;

	if (u->known || !yyjson_is_obj(agent))
		return;
	copy_member(agent, "version", u->version, sizeof u->version);
	copy_member(agent, "sha256", u->sum, sizeof u->sum);
	copy_member(agent, "signature", u->signature, sizeof u->signature);
	u->known = true;
	core_agents_offer(core);
}

static void identity_take(struct core *core, struct ipc_msg *msg)
{
	yyjson_doc *doc = ipc_msg_json(msg);
	yyjson_val *root = yyjson_doc_get_root(doc);
	struct core_identity now = { .known = true };
	bool seen;

	copy_member(root, "appliance_id", now.id, sizeof now.id);
	copy_member(root, "fingerprint", now.fingerprint, sizeof now.fingerprint);
	copy_member(root, "agents_name", now.agents_name, sizeof now.agents_name);
	now.ca_pem = keep_member(root, "ca_pem");
	now.crl = keep_member(root, "crl");
	now.names = yyjson_val_write(yyjson_obj_get(root, "names"), 0, NULL);
	now.uploaded = yyjson_get_bool(yyjson_obj_get(root, "uploaded"));
	now.not_before = yyjson_get_sint(yyjson_obj_get(root, "not_before"));
	now.not_after = yyjson_get_sint(yyjson_obj_get(root, "not_after"));
	copy_member(root, "activity_pem", now.activity_pem, sizeof now.activity_pem);
	upgrade_take(core, yyjson_obj_get(root, "agent"));
	now.jwt_known = !jwt_key_read(&now.jwt, yyjson_obj_get(root, "jwk"));
	yyjson_doc_free(doc);
	if (!now.id[0] || !now.fingerprint[0] || !now.ca_pem[0] || !now.crl[0]) {
		log_warn("keyd: identity: the appliance's id, fingerprint, authority or revocation list is missing");
		identity_free(&now);
		return;
	}
	seen = identity_looks_like(&core->identity, &now);
	identity_free(&core->identity);
	core->identity = now;
	if (!seen)
		core_console_changed(core);
}

static void identity_replied(struct ipc_msg *msg, int error, void *arg)
{
	if (error)
		log_warn("keyd: identity: %s", strerror(error));
	else if (msg->flags & IPC_ERROR)
		log_warn("keyd: identity: refused");
	else
		identity_take(arg, msg);
}

/* ---- names ---- */

static void names_replied(struct ipc_msg *msg, int error, void *arg)
{
	struct core *core = arg;

	core->names_sent = false;
	/* A lost connection asks again when it is back. */
	if (!error && (msg->flags & IPC_ERROR))
		log_warn("keyd: names: refused: %.*s", (int)msg->len, (const char *)msg->body);
	else if (!error)
		identity_take(core, msg);
	if (core->names_wanted && ipc_client_connected(core->keyd))
		core_names_send(core);
}

static void add_name(yyjson_mut_doc *doc, yyjson_mut_val *names, const char *name)
{
	if (name[0])
		yyjson_mut_arr_add_strcpy(doc, names, name);
}

void core_names_send(struct core *core)
{
	yyjson_mut_doc *doc;
	yyjson_mut_val *root, *names;

	if (core->names_sent || !ipc_client_connected(core->keyd)) {
		core->names_wanted = true;
		return;
	}
	core->names_wanted = false;
	if (!core->hostname[0] && !core->fact_hostname[0] && !core->address_count)
		return;
	doc = yyjson_mut_doc_new(NULL);
	root = yyjson_mut_obj(doc);
	yyjson_mut_doc_set_root(doc, root);
	names = yyjson_mut_obj_add_arr(doc, root, "names");
	add_name(doc, names, core->hostname);
	if (strcmp(core->hostname, core->fact_hostname))
		add_name(doc, names, core->fact_hostname);
	for (unsigned i = 0; i < core->address_count; i++)
		if (strcmp(core->hostname, core->addresses[i]))
			add_name(doc, names, core->addresses[i]);
	core->names_sent = true;
	ipc_client_call_json(core->keyd, PROTO_KEYD_NAMES, doc, 30., names_replied, core);
}

static const char *best_address(const struct core *core)
{
	struct addr a;

	for (unsigned i = 0; i < core->address_count; i++)
		if (!addr_parse(&a, core->addresses[i]) && !addr_is_linklocal(&a))
			return core->addresses[i];
	return core->address_count ? core->addresses[0] : "";
}

void core_host(const struct core *core, char *out, size_t size)
{
	const char *name = core->hostname[0] ? core->hostname : best_address(core);
	bool v6 = strchr(name, ':') != NULL;

	snprintf(out, size, "%s%s%s", v6 ? "[" : "", name, v6 ? "]" : "");
}

void core_url(const struct core *core, char *out, size_t size)
{
	char host[CORE_HOSTNAME_TEXT + 2];

	core_host(core, host, sizeof host);
	snprintf(out, size, host[0] ? "https://%s/" : "%s", host);
}

/* ---- the connection ---- */

static void keyd_connected(struct ipc_client *cl, void *arg)
{
	struct core *core = arg;

	ipc_client_call(cl, PROTO_KEYD_IDENTITY, "{}", 2, NULL, 0, 10., identity_replied, core);
	core_setup_code_open(core);
	core_blobs_open(core);
	core_names_send(core);
}

static void keyd_notice(struct ipc_client *cl, struct ipc_msg *msg, void *arg)
{
	(void)cl;
	if (msg->type == PROTO_KEYD_IDENTITY)
		identity_take(arg, msg);
}

void core_identity_open(struct core *core)
{
	static const struct ipc_client_ops ops = { .connected = keyd_connected, .notice = keyd_notice };

	core->keyd = ipc_client_open(core->loop, ROOM_KEYD, &ops, core);
}
