/* camfw: its arguments. */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "camfw.h"

static void say(const char *fmt, va_list ap)
{
	fputs("camfw: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
}

_Noreturn void misuse(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(fmt, ap);
	va_end(ap);
	exit(100);
}

_Noreturn void trouble(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(fmt, ap);
	va_end(ap);
	exit(111);
}

char *file_read(const char *path, size_t *len)
{
	FILE *f = !strcmp(path, "-") ? stdin : fopen(path, "rb");
	size_t size = 0, n;
	char *text = NULL;

	*len = 0;
	if (!f)
		trouble("%s: %s", path, strerror(errno));
	do {
		if (size - *len < 65536) {
			size = size * 2 + 65536;
			text = realloc(text, size);
			if (!text)
				trouble("%s: %s", path, strerror(errno));
		}
		n = fread(text + *len, 1, size - *len - 1, f);
		*len += n;
	} while (n > 0 && *len < (256u << 20));
	if (ferror(f))
		trouble("%s: %s", path, strerror(errno));
	if (f != stdin)
		fclose(f);
	text[*len] = 0;
	return text;
}

static void own_table(struct options *o, const char *path)
{
	char error[FW_ERROR];
	size_t len;
	char *text = file_read(path, &len);

	if (fw_parse(o->tables, path, text, len, true, error) < 0)
		misuse("%s", error);
	free(text);
}

static void remember(struct options *o, const char *name, const struct addr *a)
{
	if (!(o->named_count & (o->named_count - 1))) {
		o->named = realloc(o->named, (o->named_count ? (size_t)o->named_count * 2 : 1) * sizeof *o->named);
		if (!o->named)
			trouble("%s", strerror(errno));
	}
	snprintf(o->named[o->named_count].name, sizeof o->named[0].name, "%s", name);
	o->named[o->named_count++].addr = *a;
}

static void lose(struct options *o, const char *name, unsigned peer, const char *why)
{
	if (o->lost_count == CAMFW_LOST)
		misuse("%s: %s, and so many other names", name, why);
	snprintf(o->lost[o->lost_count].name, sizeof o->lost[0].name, "%s", name);
	o->lost[o->lost_count].peer = peer;
	o->lost[o->lost_count++].why = why;
}

/* The addresses of one name, into a peer. */
static void resolve_one(struct options *o, const char *name, unsigned peer)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *found = NULL;
	int rc = getaddrinfo(name, NULL, &hints, &found);
	char text[ADDR_TEXT_MAX], error[FW_ERROR];
	struct addr a;

	if (rc)
		lose(o, name, peer, gai_strerror(rc));
	for (struct addrinfo *i = found; i; i = i->ai_next) {
		a = (struct addr){ .family = i->ai_family == AF_INET6 ? ADDR_V6 : ADDR_V4 };
		if (a.family == ADDR_V6)
			memcpy(a.bytes, &((struct sockaddr_in6 *)i->ai_addr)->sin6_addr, 16);
		else
			memcpy(a.bytes, &((struct sockaddr_in *)i->ai_addr)->sin_addr, 4);
		addr_format(&a, text);
		if (fw_prefixes_add(&o->binding.peers[peer], text, error) == 0)
			remember(o, name, &a);
	}
	if (found)
		freeaddrinfo(found);
}

/* Addresses, prefixes and names, with commas. */
static void resolve_list(struct options *o, const char *option, unsigned peer, const char *list)
{
	char *copy = strdup(list), *save = NULL, error[FW_ERROR];

	if (!copy)
		trouble("%s", strerror(errno));
	for (char *one = strtok_r(copy, ",", &save); one; one = strtok_r(NULL, ",", &save)) {
		if (addr_name_valid(one))
			resolve_one(o, one, peer);
		else if (fw_prefixes_add(&o->binding.peers[peer], one, error) < 0)
			misuse("--%s: %s", option, error);
	}
	free(copy);
}

const char *options_name_of(const struct options *o, const struct addr *a)
{
	for (unsigned i = 0; i < o->named_count; i++)
		if (addr_equal(&o->named[i].addr, a))
			return o->named[i].name;
	return NULL;
}

static void bind_peer(struct options *o, const char *name, const char *list)
{
	bool self = !strcmp(name, "self") || (!strcmp(name, "appliance") && o->profile && !strcmp(o->profile, "appliance"));
	int peer = fw_peer_find(o->tables, name);
	char error[FW_ERROR];

	if (!self && peer < 0)
		misuse("--%s: no such option, and no peer of that name (see camfw list)", name);
	if (!self && o->tables->peers[peer].kind == FW_PEER_FIXED)
		misuse("--%s: this peer's addresses are fixed by the table", name);
	if (o->resolve && !self) {
		resolve_list(o, name, (unsigned)peer, list);
		return;
	}
	if (fw_prefixes_add(self ? &o->binding.self : &o->binding.peers[peer], list, error) < 0)
		misuse("--%s: %s", name, error);
}

static void switch_on(struct options *o, const char *name)
{
	int at = fw_condition_find(o->tables, name);

	if (at < 0)
		misuse("--with %s: no such condition (see camfw list)", name);
	o->binding.on[at] = true;
}

/* An option that only keeps its value, or NULL. */
static const char **place_of(struct options *o, const char *name)
{
	const struct { const char *name, **place; } plain[] = {
		{ "profile", &o->profile }, { "format", &o->format }, { "output", &o->output },
		{ "from", &o->packet.from }, { "to", &o->packet.to }, { "proto", &o->packet.protocol }, { "dport", &o->packet.dport },
		{ "sport", &o->packet.sport }, { "type", &o->packet.type }, { "flags", &o->packet.flags }, { "state", &o->packet.state },
		{ "room", &o->packet.room }, { "direction", &o->packet.direction }, { "batch", &o->batch }, { "ruleset", &o->ruleset },
		{ "timeout", &o->timeout },
	};

	for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++)
		if (!strcmp(plain[i].name, name))
			return plain[i].place;
	return NULL;
}

static bool take_switch(struct options *o, const char *name)
{
	const struct { const char *name; bool *place; } switches[] = {
		{ "json", &o->json }, { "without-limits", &o->unlimited }, { "loopback", &o->packet.loopback },
		{ "markdown", &o->markdown },
	};

	for (size_t i = 0; i < sizeof switches / sizeof switches[0]; i++)
		if (!strcmp(switches[i].name, name)) {
			*switches[i].place = true;
			return true;
		}
	return false;
}

/* pass 0: what is plain, and own tables; pass 1: what needs the tables. */
static void read_pass(struct options *o, int argc, char **argv, int pass)
{
	for (int i = 0; i < argc; i++) {
		const char *name = argv[i] + 2, **place;

		if (strncmp(argv[i], "--", 2)) {
			if (pass)
				continue;
			if (o->word_count == sizeof o->words / sizeof o->words[0])
				misuse("%s: too many words", argv[i]);
			o->words[o->word_count++] = argv[i];
			continue;
		}
		if (take_switch(o, name))
			continue;
		if (i + 1 == argc)
			misuse("%s: a value is missing", argv[i]);
		place = place_of(o, name);
		if (place)
			*place = argv[++i];
		else if (!strcmp(name, "own"))
			pass ? (void)i++ : own_table(o, argv[++i]);
		else if (!pass)
			i++;
		else if (!strcmp(name, "with"))
			switch_on(o, argv[++i]);
		else
			bind_peer(o, !strcmp(name, "vm-network") ? "vms" : name, argv[++i]);
	}
}

void options_read(struct options *o, bool resolve, int argc, char **argv)
{
	memset(o, 0, sizeof *o);
	o->resolve = o->binding.every_room = resolve;
	o->tables = fw_tables_new();
	read_pass(o, argc, argv, 0);
	read_pass(o, argc, argv, 1);
}

void options_free(struct options *o)
{
	free(o->named);
	fw_binding_free(&o->binding);
	fw_tables_free(o->tables);
}

struct fw_policy *options_policy(struct options *o)
{
	char error[FW_ERROR];
	struct fw_policy *p;
	int profile;

	if (!o->profile)
		misuse("--profile is missing");
	profile = fw_profile_find(o->tables, o->profile);
	if (profile < 0)
		misuse("--profile %s: no such profile (see camfw list)", o->profile);
	p = fw_policy_new(o->tables, (unsigned)profile, &o->binding, error);
	if (!p)
		misuse("%s", error);
	p->unlimited = o->unlimited;
	return p;
}
