/* register: deploys a box on this machine, one of one's own, or takes an instance that waits for it (an import), and fetches the
 * configuration that ties it to the instance. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>
#include <yyjson.h>

#include "agent/agent.h"
#include "agent/rest.h"

#define VARIABLES 64
#define SCHEMA "http://elasticbox.net/schemas/deploy-instance-request"

struct wish {
	const char *box, *instance, *name, *token, *owner, *host, *address, *ca;
	const char *variables[VARIABLES];
	size_t count;
};

static int usage(int code)
{
	fprintf(code ? stderr : stdout, "usage: elasticbox-agent register -N NAME -A ADDRESS [-c CA] {-b BOX | -i INSTANCE} [-n NAME] [-t TOKEN] [-V NAME=VALUE]... [-o OWNER]\n"
		"  -N, -A, -c  the appliance: name in its certificate, address, file of its CA\n"
		"  -b          box to deploy on this machine, by name or id\n"
		"  -i          instance that waits for this machine's agent\n"
		"  -n          name of the instance (this machine's name without it)\n"
		"  -t          token of a user; asked for without it\n"
		"  -V          value of a variable of the box\n"
		"  -o          workspace that is to own the instance\n");
	return code;
}

static int trouble(const char *what, const char *why)
{
	fprintf(stderr, "elasticbox-agent: register: %s: %s\n", what, why);
	return EXIT_TROUBLE;
}

static bool read_wish(struct wish *w, int argc, char **argv)
{
	int c;

	w->ca = AGENT_HOME "/ca.pem";
	if (argc == 3 && !strcmp(argv[2], "-h"))
		exit(usage(0));
	optind = 2;
	while ((c = getopt(argc, argv, "N:A:c:b:i:n:t:V:o:")) != -1) {
		switch (c) {
		case 'N': w->host = optarg; break;
		case 'A': w->address = optarg; break;
		case 'c': w->ca = optarg; break;
		case 'b': w->box = optarg; break;
		case 'i': w->instance = optarg; break;
		case 'n': w->name = optarg; break;
		case 't': w->token = optarg; break;
		case 'o': w->owner = optarg; break;
		case 'V':
			if (w->count == VARIABLES || !strchr(optarg, '='))
				return false;
			w->variables[w->count++] = optarg;
			break;
		default: return false;
		}
	}
	return optind == argc && w->host && w->address && !w->box != !w->instance;
}

/* Asks on the terminal, also when the installer itself comes by standard input. */
static const char *ask_token(void)
{
	static char line[256];
	struct termios old, quiet;
	int fd = open("/dev/tty", O_RDWR | O_CLOEXEC);
	ssize_t n;

	if (fd < 0 || tcgetattr(fd, &old) < 0)
		return NULL;
	quiet = old;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	tcsetattr(fd, TCSAFLUSH, &quiet);
	(void)!write(fd, "Token: ", 7);
	n = read(fd, line, sizeof line - 1);
	tcsetattr(fd, TCSAFLUSH, &old);
	(void)!write(fd, "\n", 1);
	close(fd);
	if (n <= 1)
		return NULL;
	line[strcspn(line, "\r\n")] = 0;
	return line;
}

static bool is_guid(const char *s)
{
	return strlen(s) == 36 && strspn(s, "0123456789abcdefABCDEF-") == 36;
}

/* The id of the box of that name; said and NULL when there is none, or more than one. */
static const char *find_box(struct rest *r, const char *name, char id[40])
{
	yyjson_doc *d = rest_call(r, "GET", "/services/boxes", NULL, 0);
	yyjson_arr_iter it = yyjson_arr_iter_with(yyjson_doc_get_root(d));
	yyjson_val *box;
	const char *text;
	unsigned n = 0;

	while (d && (box = yyjson_arr_iter_next(&it))) {
		text = yyjson_get_str(yyjson_obj_get(box, "id"));
		if (!text || strlen(text) > 39 || !yyjson_equals_str(yyjson_obj_get(box, "name"), name))
			continue;
		snprintf(id, 40, "%s", text);
		n++;
	}
	if (!d)
		trouble("boxes", r->error);
	else if (n != 1)
		trouble(name, n ? "more than one box has this name: give its id" : "there is no such box among those this user sees");
	yyjson_doc_free(d);
	return n == 1 ? id : NULL;
}

static char *request(const struct wish *w, const char *box, const char *address, size_t *len)
{
	yyjson_mut_doc *d = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *o = yyjson_mut_obj(d), *b, *list, *v;
	char host[64] = "machine", *text;
	const char *equals;

	gethostname(host, sizeof host - 1);
	host[strcspn(host, ".")] = 0;
	host[30] = 0;
	yyjson_mut_doc_set_root(d, o);
	yyjson_mut_obj_add_str(d, o, "schema", SCHEMA);
	yyjson_mut_obj_add_str(d, o, "name", w->name ? w->name : host);
	if (w->owner)
		yyjson_mut_obj_add_str(d, o, "owner", w->owner);
	yyjson_mut_obj_add_str(d, o, "ipv4_address", address);
	b = yyjson_mut_obj_add_obj(d, o, "box");
	yyjson_mut_obj_add_str(d, b, "id", box);
	list = yyjson_mut_obj_add_arr(d, b, "variables");
	for (size_t i = 0; i < w->count; i++) {
		equals = strchr(w->variables[i], '=');
		v = yyjson_mut_arr_add_obj(d, list);
		yyjson_mut_obj_add_strn(d, v, "name", w->variables[i], (size_t)(equals - w->variables[i]));
		yyjson_mut_obj_add_str(d, v, "type", "Text");
		yyjson_mut_obj_add_str(d, v, "value", equals + 1);
	}
	text = yyjson_mut_write(d, 0, len);
	yyjson_mut_doc_free(d);
	return text;
}

/* Deploys the box here: the answer, whose "id" is the instance's, or NULL with the reason said. */
static yyjson_doc *deploy(struct rest *r, const struct wish *w)
{
	char id[40], *text;
	const char *box = is_guid(w->box) ? w->box : find_box(r, w->box, id);
	yyjson_doc *made;
	size_t len;

	if (!box)
		return NULL;
	text = request(w, box, rest_own_address(r), &len);
	if (!text) {
		trouble("the arguments", "not UTF-8 text");
		return NULL;
	}
	made = rest_call(r, "POST", "/services/instances", text, len);
	free(text);
	if (yyjson_get_str(yyjson_obj_get(yyjson_doc_get_root(made), "id")))
		return made;
	trouble("deploy", made ? "the answer has no id" : r->error);
	yyjson_doc_free(made);
	return NULL;
}

/* Fetches and writes the configuration. */
static int configure(struct rest *r, const char *instance)
{
	char path[200];
	const char *conf;
	yyjson_doc *got;
	int rc;

	snprintf(path, sizeof path, "/services/instances/%.60s/agent_configuration", instance);
	got = rest_call(r, "POST", path, "{}", 2);
	conf = yyjson_get_str(yyjson_obj_get(yyjson_doc_get_root(got), "conf"));
	if (!conf)
		return trouble(instance, got ? "the answer has no configuration" : r->error);
	rc = file_write(AT_FDCWD, AGENT_CONF, conf, strlen(conf), 0600);
	if (rc == 0)
		printf("This machine is instance %s.\n", instance);
	else
		trouble(AGENT_CONF, strerror(errno));
	yyjson_doc_free(got);
	return rc ? EXIT_TROUBLE : 0;
}

int register_main(int argc, char **argv)
{
	struct wish w = { 0 };
	yyjson_doc *made = NULL;
	struct rest r;
	int rc;

	if (!read_wish(&w, argc, argv))
		return usage(EXIT_USAGE);
	if (!w.token && !(w.token = ask_token()))
		return trouble("token", "none was given, and there is no terminal to ask for one");
	rest_open(&r, w.host, w.address, w.ca, w.token);
	if (!w.instance) {
		made = deploy(&r, &w);
		if (!made)
			return EXIT_TROUBLE;
		w.instance = yyjson_get_str(yyjson_obj_get(yyjson_doc_get_root(made), "id"));
	}
	rc = configure(&r, w.instance);
	yyjson_doc_free(made);
	return rc;
}
