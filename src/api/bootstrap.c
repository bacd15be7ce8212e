#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bootstrap.h"
#include "call.h"
#include "ipc/proto.h"
#include "limits.h"
#include "log/log.h"
#include "reply.h"
#include "request.h"

#define PREFIX "/agent/"
#define INSTALLER PREFIX "linux/installer"
#define SCRIPT "text/x-shellscript; charset=utf-8"
#define AGENTS_VERB "appliance.agents"
/* Bytes of all the files; the agent has less than one MiB. */
#define BYTES_MAX (8u << 20)
/* Longest name a script is made for. */
#define HOST_MAX 300

static struct file {
	const char *path, *type;
	bool script;		/* has places to be filled in */
	const char *bytes;	/* mapped; NULL = not in this image */
	size_t len;
} files[] = {
	{ .path = PREFIX "linux/x86_64/elasticbox-agent", .type = "application/octet-stream" },
	{ .path = INSTALLER, .type = SCRIPT, .script = true },
	{ .path = PREFIX "linux/vsphere/template_customization_script.sh", .type = SCRIPT, .script = true },
};

/* What a script gets for a word in it. */
struct fill {
	const char *word, *text;
	size_t len;
};

static const char for_windows[] =
	"throw 'This appliance has no agent for Windows: deploy on Linux, or without an agent (a deploy-only policy).'\r\n";

/* ---- at the start ---- */

/* The image never changes: what is asked for is read then. */
static void load(struct file *f, int fd, const char *name)
{
	struct stat st;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size <= 0 || (size_t)st.st_size > BYTES_MAX)
		log_usage("%s: not a file of at most %u bytes", name, BYTES_MAX);
	f->len = (size_t)st.st_size;
	f->bytes = mmap(NULL, f->len, PROT_READ, MAP_PRIVATE, fd, 0);
	if (f->bytes == MAP_FAILED)
		log_fatal("%s: map", name);
	/* Words are looked for in scripts: they need an end. */
	if (f->script)
		f->bytes = strndup(f->bytes, f->len);
	if (!f->bytes)
		log_fatal("%s: memory", name);
}

void bootstrap_load(const char *directory)
{
	char name[256];
	size_t i;
	int fd;

	for (i = 0; i < sizeof files / sizeof *files; i++) {
		snprintf(name, sizeof name, "%s/%s", directory, files[i].path + sizeof PREFIX - 1);
		fd = open(name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
		if (fd < 0 && errno == ENOENT) {
			log_info("%s: not in this image", name);
			continue;
		}
		if (fd < 0)
			log_fatal("%s: open", name);
		load(&files[i], fd, name);
		close(fd);
	}
}

/* ---- scripts ---- */

/* The first of the words in what is left of a script, or NULL. */
static const struct fill *first_word(const char *at, const struct fill *fills, size_t count, const char **where)
{
	const struct fill *first = NULL;
	const char *s;

	for (size_t i = 0; i < count; i++) {
		s = strstr(at, fills[i].word);
		if (s && (!first || s < *where)) {
			first = &fills[i];
			*where = s;
		}
	}
	return first;
}

/* The script with its words replaced, of malloc; out NULL: only counts. */
static size_t fill_in(const char *at, const struct fill *fills, size_t count, char *out)
{
	const struct fill *f;
	const char *where = NULL;
	size_t n = 0, len;

	while ((f = first_word(at, fills, count, &where))) {
		len = (size_t)(where - at);
		if (out) {
			memcpy(out + n, at, len);
			memcpy(out + n + len, f->text, f->len);
		}
		n += len + f->len;
		at = where + strlen(f->word);
	}
	len = strlen(at);
	if (out)
		memcpy(out + n, at, len);
	return n + len;
}

/* What may stand in a script unquoted: a name or an address, with a port. */
static bool host_valid(struct http_slice host)
{
	static const char set[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:[]";
	size_t i;

	for (i = 0; i < host.len; i++)
		if (!memchr(set, host.at[i], sizeof set - 1))
			return false;
	return host.len && host.len <= HOST_MAX;
}

static const struct file *file_of(const struct request *r);

static void send_script(struct request *r, const struct file *f, yyjson_val *body)
{
	yyjson_val *name = yyjson_obj_get(body, "name"), *ca = yyjson_obj_get(body, "ca_pem");
	const struct fill fills[] = {
		{ "@CAM_HOST@", r->head.authority.at, r->head.authority.len },
		{ "@CAM_NAME@", yyjson_get_str(name), yyjson_get_len(name) },
		{ "@CAM_CA@", yyjson_get_str(ca), yyjson_get_len(ca) },
	};
	const size_t count = sizeof fills / sizeof *fills;
	struct reply reply = REPLY_ZERO;

	if (!yyjson_is_str(name) || !yyjson_is_str(ca)) {
		request_refuse(r, 503, "The appliance is starting; try again.");
		return;
	}
	reply.status = 200;
	reply.type = f->type;
	reply.len = fill_in(f->bytes, fills, count, NULL);
	reply.owned = malloc(reply.len + 1);
	if (!reply.owned) {
		request_refuse(r, 503, "The appliance is short of memory; try again.");
		return;
	}
	fill_in(f->bytes, fills, count, reply.owned);
	reply_header(&reply, "Vary: User-Agent");
	reply_send(r->conn, &reply);
}

static void identity_told(struct ipc_msg *msg, int error, void *arg)
{
	struct request *r = call_returned(arg);
	yyjson_doc *doc;
	yyjson_val *root;

	if (!r)
		return;
	doc = error ? NULL : ipc_msg_json(msg);
	root = yyjson_doc_get_root(doc);
	if (!doc || (msg->flags & IPC_ERROR))
		request_refuse(r, 503, "The appliance is starting or busy; try again.");
	else if (yyjson_get_int(yyjson_obj_get(root, "status")) != 200)
		call_answer_with(r, root);
	else
		send_script(r, file_of(r), yyjson_obj_get(root, "body"));
	yyjson_doc_free(doc);
}

static void begin_script(struct request *r)
{
	/* The address is taken from the request: it must be nothing but one. */
	if (!host_valid(r->head.authority)) {
		request_refuse(r, 400, "Host: must be a name or an address.");
		return;
	}
	r->verb = verb_by_name(AGENTS_VERB);
	call_ask(r, &(struct call_question){ .type = PROTO_CORE_VERB, .verb = AGENTS_VERB, .answer = identity_told });
}

/* ---- who asks ---- */

static bool contains_fold(struct http_slice s, const char *word)
{
	size_t len = strlen(word), i;

	for (i = 0; i + len <= s.len; i++)
		if (!strncasecmp(s.at + i, word, len))
			return true;
	return false;
}

enum client { CLIENT_BROWSER, CLIENT_SHELL, CLIENT_POWERSHELL };

/* PowerShell's Net.WebClient names itself in no way; whoever else does not gets the page at /index.html. */
static enum client client_of(const struct request *r)
{
	struct http_slice agent, accept;

	if (!http_head_find(&r->head, "user-agent", &agent, NULL))
		return http_head_find(&r->head, "accept", &accept, NULL) ? CLIENT_BROWSER : CLIENT_POWERSHELL;
	if (contains_fold(agent, "powershell"))
		return CLIENT_POWERSHELL;
	if (!strncasecmp(agent.at, "curl/", agent.len < 5 ? agent.len : 5) ||
	    !strncasecmp(agent.at, "wget/", agent.len < 5 ? agent.len : 5) || contains_fold(agent, "busybox"))
		return agent.len ? CLIENT_SHELL : CLIENT_BROWSER;
	return CLIENT_BROWSER;
}

static const struct file *file_of(const struct request *r)
{
	const char *path = strcmp(r->path, "/") ? r->path : INSTALLER;
	size_t i;

	for (i = 0; i < sizeof files / sizeof *files; i++)
		if (!strcmp(files[i].path, path))
			return &files[i];
	return NULL;
}

static void send_static(struct request *r, const char *type, const char *bytes, size_t len)
{
	struct reply reply = REPLY_ZERO;

	reply.status = 200;
	reply.type = type;
	reply.borrowed = bytes;
	reply.len = len;
	reply_header(&reply, "Vary: User-Agent");
	reply_send(r->conn, &reply);
}

bool bootstrap_serve(struct request *r)
{
	bool root = !strcmp(r->path, "/");
	enum client client = root ? client_of(r) : CLIENT_SHELL;
	const struct file *f = file_of(r);

	if (client == CLIENT_BROWSER || (!root && strncmp(r->path, PREFIX, sizeof PREFIX - 1)))
		return false;
	if (client == CLIENT_POWERSHELL)
		send_static(r, "text/plain; charset=utf-8", for_windows, sizeof for_windows - 1);
	else if (!f || !f->bytes)
		request_refuse(r, 404, f ? "This image has no agent." : "There is nothing at this address.");
	else if (f->script)
		begin_script(r);
	else
		send_static(r, f->type, f->bytes, f->len);
	return true;
}
