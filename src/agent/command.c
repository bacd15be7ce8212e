/* The elasticbox command: set, config, notify, status, restart. Asks the running agent by its socket. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <yyjson.h>

#include "agent/agent.h"
#include "agent/script.h"
#include "jinja/jinja.h"

#define INPUT_MAX (16u << 20)
#define ANSWER_MAX (4u << 20)

static int usage(FILE *to, int code)
{
	fprintf(to, "usage: elasticbox set [-box BOX] NAME VALUE     gives a variable of this instance a value\n"
		"       elasticbox config [-i FILE] [-o FILE] [-box BOX] [-t Jinja2|Velocity]\n"
		"                                                renders a file with the instance's variables and bindings\n"
		"       elasticbox notify                        has the instances bound to this one configured again\n"
		"       elasticbox status                        says whether the agent is connected\n"
		"       elasticbox restart                       starts the agent again; scripts that run go on\n"
		"BOX is the dotted path of a box inside this instance's; within a script it is the script's own.\n");
	return code;
}

static int trouble(const char *what, const char *why)
{
	fprintf(stderr, "elasticbox: %s: %s\n", what, why);
	return EXIT_TROUBLE;
}

struct options { const char *box, *in, *out, *engine; int first; };

/* Options may be written with one or two hyphens. False for one that is not known. */
static bool read_options(struct options *o, int argc, char **argv)
{
	const char **to, *name;

	o->box = getenv("ELASTICBOX_BOX");
	for (o->first = 2; o->first < argc && argv[o->first][0] == '-' && argv[o->first][1]; o->first += 2) {
		name = argv[o->first] + 1;
		if (!strcmp(name, "-")) {
			o->first++;
			return true;
		}
		name += *name == '-';
		to = !strcmp(name, "box") ? &o->box : !strcmp(name, "i") ? &o->in : !strcmp(name, "o") ? &o->out : !strcmp(name, "t") ? &o->engine : NULL;
		if (!to || o->first + 1 >= argc)
			return false;
		*to = argv[o->first + 1];
	}
	return true;
}

static int reach(void)
{
	static const char *const paths[] = { AGENT_SOCKET, AGENT_SOCKET_ELSE };
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd, saved = 0;

	for (int i = 0; i < 2; i++) {
		fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
		strcpy(a.sun_path, paths[i]);
		if (fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof a) == 0)
			return fd;
		saved = i ? saved : errno;
		close(fd);
	}
	errno = saved;
	return -1;
}

static bool send_line(int fd, const char *text, size_t len)
{
	ssize_t n;

	while (len) {
		n = send(fd, text, len, MSG_NOSIGNAL);
		if (n <= 0)
			return false;
		text += n;
		len -= (size_t)n;
	}
	return send(fd, "\n", 1, MSG_NOSIGNAL) == 1;
}

static yyjson_doc *hear(int fd)
{
	char *text = malloc(ANSWER_MAX + 1);
	yyjson_doc *d;
	size_t len = 0;
	ssize_t n;

	if (!text)
		exit(EXIT_TROUBLE);
	while (len < ANSWER_MAX && (n = recv(fd, text + len, ANSWER_MAX - len, 0)) > 0)
		len += (size_t)n;
	d = yyjson_read(text, len, 0);
	free(text);
	return d;
}

/* Asks and waits; the answer's body belongs to *d. NULL when it was refused, which is said. */
static yyjson_val *ask(const char *command, const struct options *o, const char *name, const char *value, yyjson_doc **d)
{
	yyjson_mut_doc *m = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *object = yyjson_mut_obj(m);
	const char *message;
	yyjson_val *body;
	size_t len;
	char *text;
	int fd, status;

	yyjson_mut_doc_set_root(m, object);
	yyjson_mut_obj_add_str(m, object, "command", command);
	yyjson_mut_obj_add_str(m, object, "box", o->box ? o->box : "");
	if (name) {
		yyjson_mut_obj_add_str(m, object, "name", name);
		yyjson_mut_obj_add_str(m, object, "value", value);
	}
	text = yyjson_mut_write(m, 0, &len);
	yyjson_mut_doc_free(m);
	*d = NULL;
	fd = reach();
	if (fd < 0 || !text) {
		trouble(text ? "the agent is not running" : "not UTF-8 text", text ? strerror(errno) : command);
		return NULL;
	}
	if (send_line(fd, text, len))
		*d = hear(fd);
	free(text);
	close(fd);
	status = yyjson_get_int(yyjson_obj_get(yyjson_doc_get_root(*d), "status"));
	body = yyjson_obj_get(yyjson_doc_get_root(*d), "body");
	if (status >= 200 && status < 300 && body)
		return body;
	message = yyjson_get_str(yyjson_obj_get(body, "message"));
	trouble(command, message ? message : *d ? "refused" : "the agent did not answer");
	return NULL;
}

static int simple(const char *command, const struct options *o, const char *name, const char *value)
{
	yyjson_doc *d;
	bool good = ask(command, o, name, value, &d);

	yyjson_doc_free(d);
	return good ? 0 : EXIT_TROUBLE;
}

static int put_out(const char *path, const char *text, size_t len)
{
	FILE *f = path && strcmp(path, "-") ? fopen(path, "w") : stdout;

	if (!f)
		return trouble(path, strerror(errno));
	if (fwrite(text, 1, len, f) != len || fflush(f) || (f != stdout && fclose(f)))
		return trouble(path ? path : "standard output", strerror(errno));
	return 0;
}

static int config(const struct options *o)
{
	unsigned engines = JINJA_JINJA2 | JINJA_VELOCITY;
	const char *from = o->in && strcmp(o->in, "-") ? o->in : "/dev/stdin";
	struct jinja_error error;
	char *text, *out, where[200];
	size_t len, out_len;
	yyjson_doc *d;
	yyjson_val *context;
	int rc;

	if (o->engine && strcasecmp(o->engine, "jinja2") && strcasecmp(o->engine, "jinja") && strcasecmp(o->engine, "velocity"))
		return usage(stderr, EXIT_USAGE);
	if (o->engine)
		engines = (o->engine[0] | 32) == 'j' ? JINJA_JINJA2 : JINJA_VELOCITY;
	text = file_read(AT_FDCWD, from, INPUT_MAX, &len);
	if (!text)
		return trouble(o->in ? o->in : "standard input", strerror(errno));
	context = ask("context", o, NULL, NULL, &d);
	if (!context)
		return EXIT_TROUBLE;
	rc = jinja_render(text, len, context, engines, &jinja_usual, &out, &out_len, &error);
	yyjson_doc_free(d);
	free(text);
	if (rc) {
		snprintf(where, sizeof where, "line %u, column %u", error.line, error.column);
		fprintf(stderr, "elasticbox: config: %s: ", o->in ? o->in : "standard input");
		fprintf(stderr, "%s: %s\n", where, error.text);
		return EXIT_TROUBLE;
	}
	rc = put_out(o->out, out, out_len);
	free(out);
	return rc;
}

static int status(const struct options *o)
{
	yyjson_doc *d;
	yyjson_val *body = ask("status", o, NULL, NULL, &d);
	bool is = yyjson_get_bool(yyjson_obj_get(body, "connected"));

	const char *version = yyjson_get_str(yyjson_obj_get(body, "version")), *host = yyjson_get_str(yyjson_obj_get(body, "host"));

	if (version && host)
		printf("version %s, %s to %s\n", version, is ? "connected" : "not connected", host);
	yyjson_doc_free(d);
	return is ? 0 : EXIT_TROUBLE;
}

/* Without a running agent its service is started. */
static int restart(const struct options *o)
{
	int fd = reach();

	if (fd >= 0) {
		close(fd);
		return simple("restart", o, NULL, NULL);
	}
	if (access("/run/systemd/system", F_OK) == 0)
		execlp("systemctl", "systemctl", "restart", "elasticbox", (char *)NULL);
	if (access("/sbin/openrc-run", X_OK) == 0)
		execlp("rc-service", "rc-service", "elasticbox", "restart", (char *)NULL);
	execl("/etc/init.d/elasticbox", "elasticbox", "restart", (char *)NULL);
	return trouble("restart", strerror(errno));
}

int command_main(int argc, char **argv)
{
	struct options o = { 0 };
	const char *command = argc > 1 ? argv[1] : "";
	int rest;

	if (!strcmp(command, "--help") || !strcmp(command, "-h") || !strcmp(command, "help"))
		return usage(stdout, 0);
	if (!read_options(&o, argc, argv))
		return usage(stderr, EXIT_USAGE);
	rest = argc - o.first;
	if (!strcmp(command, "set") && rest == 2)
		return simple("set", &o, argv[o.first], argv[o.first + 1]);
	if ((!strcmp(command, "config") || !strcmp(command, "conf")) && !rest)
		return config(&o);
	if (!strcmp(command, "notify") && !rest)
		return simple("notify", &o, NULL, NULL);
	if (!strcmp(command, "status") && !rest)
		return status(&o);
	if (!strcmp(command, "restart") && !rest)
		return restart(&o);
	return usage(stderr, EXIT_USAGE);
}
