/* firewall: a profile with addresses. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "firewall/firewall.h"
#include "log/log.h"
#include "room/room.h"

void fw_prefixes_free(struct fw_prefixes *p)
{
	free(p->list);
	*p = (struct fw_prefixes){ NULL, 0 };
}

void fw_binding_free(struct fw_binding *b)
{
	for (unsigned i = 0; i < FW_WORDS_MAX; i++)
		fw_prefixes_free(&b->peers[i]);
	fw_prefixes_free(&b->self);
	for (unsigned i = 0; i < b->narrow_count; i++)
		fw_prefixes_free(&b->narrow[i].list);
	free(b->narrow);
	b->narrow = NULL;
	b->narrow_count = 0;
}

static bool host_bits(const struct addr_prefix *p)
{
	for (unsigned i = p->len; i < addr_bits(p->addr.family); i++)
		if (p->addr.bytes[i / 8] & (0x80 >> (i % 8)))
			return true;
	return false;
}

static void append(struct fw_prefixes *p, const struct addr_prefix *x)
{
	struct addr_prefix *grown;

	if ((p->count & (p->count - 1)) == 0) {	/* at each power of two */
		grown = realloc(p->list, (p->count ? p->count * 2 : 1) * sizeof *grown);
		if (!grown)
			log_fatal("firewall: addresses");
		p->list = grown;
	}
	p->list[p->count++] = *x;
}

static int add_one(struct fw_prefixes *p, const char *text, char error[FW_ERROR])
{
	struct addr_prefix x = ADDR_PREFIX_ZERO;

	if (strchr(text, '/')) {
		if (addr_prefix_parse(&x, text) < 0)
			return snprintf(error, FW_ERROR, "%.60s: an address or a prefix is expected", text), -1;
	} else {
		if (addr_parse(&x.addr, text) < 0)
			return snprintf(error, FW_ERROR, "%.60s: an address or a prefix is expected", text), -1;
		x.len = addr_bits(x.addr.family);
	}
	if (host_bits(&x))
		return snprintf(error, FW_ERROR, "%.60s: bits behind the prefix's length are set", text), -1;
	if (p->count == FW_PREFIXES_MAX)
		return snprintf(error, FW_ERROR, "more than %d addresses", FW_PREFIXES_MAX), -1;
	for (unsigned i = 0; i < p->count; i++)
		if (addr_prefix_equal(&p->list[i], &x))
			return 0;
	append(p, &x);
	return 0;
}

int fw_prefixes_add(struct fw_prefixes *p, const char *text, char error[FW_ERROR])
{
	char one[ADDR_PREFIX_TEXT_MAX];
	size_t n;

	for (;;) {
		n = strcspn(text, ",");
		if (n >= sizeof one)
			return snprintf(error, FW_ERROR, "%.60s: an address or a prefix is expected", text), -1;
		memcpy(one, text, n);
		one[n] = 0;
		if (add_one(p, one, error) < 0)
			return -1;
		if (!text[n])
			return 0;
		text += n + 1;
	}
}

int fw_narrow_add(struct fw_binding *b, unsigned peer, uint16_t port, const char *text, char error[FW_ERROR])
{
	struct fw_narrow *grown;
	unsigned i = 0;

	while (i < b->narrow_count && (b->narrow[i].peer != peer || b->narrow[i].port != port))
		i++;
	if (i == b->narrow_count) {
		grown = realloc(b->narrow, (i + 1) * sizeof *grown);
		if (!grown)
			log_fatal("firewall: addresses");
		grown[i] = (struct fw_narrow){ .peer = peer, .port = port };
		b->narrow = grown;
		b->narrow_count++;
	}
	return fw_prefixes_add(&b->narrow[i].list, text, error);
}

static bool contains(const struct addr_prefix *outer, const struct addr_prefix *inner)
{
	return outer->len <= inner->len && addr_prefix_contains(outer, &inner->addr);
}

/* What is in both; an empty list on one side stands for every address. */
static void intersect(struct fw_prefixes *out, const struct fw_prefixes *a, const struct fw_prefixes *b)
{
	for (unsigned i = 0; i < a->count; i++)
		for (unsigned k = 0; k < b->count; k++)
			if (contains(&b->list[k], &a->list[i]))
				append(out, &a->list[i]);
			else if (contains(&a->list[i], &b->list[k]))
				append(out, &b->list[k]);
	for (unsigned i = 0; !b->count && i < a->count; i++)
		append(out, &a->list[i]);
	for (unsigned k = 0; !a->count && k < b->count; k++)
		append(out, &b->list[k]);
}

/* Is the line on?  1, 0, or -1 with a sentence. */
static int is_on(const struct fw_tables *t, const struct fw_rule *r, const struct fw_binding *b, char error[FW_ERROR])
{
	const struct fw_peer *peer = &t->peers[r->peer];
	bool given = b->peers[r->peer].count > 0, named = peer->kind == FW_PEER_NAMED;
	bool on = r->condition == FW_ALWAYS || b->on[r->condition] || (named && given);

	if (r->off || !on)
		return 0;
	/* the virtual machines' network adds nothing to a line that everybody has */
	if (named && !given) {
		if (r->condition == FW_ALWAYS && r->direction == FW_IN && !strcmp(t->profiles[r->profile].name, "appliance"))
			return 0;
		snprintf(error, FW_ERROR, "%s (%s:%u): the peer %s has no address (%s)", r->id, r->place.file, r->place.line,
			peer->name, peer->text);
		return -1;
	}
	return 1;
}

/* The user whose sockets a line is for; false when this build has no such room. */
static bool room_user(const struct fw_rule *r, struct fw_line *line)
{
	const struct room *room;

	if (!r->room[0])
		return true;
	room = room_by_name(r->room);
	if (!room)
		return false;
	line->restricted = true;
	line->uid = room->uid;
	return true;
}

/* ICMP is of one family: addresses of the other are nobody's. */
static void keep_family(struct fw_prefixes *p, enum fw_protocol protocol)
{
	unsigned n = 0;

	for (unsigned i = 0; i < p->count; i++)
		if (!(protocol == FW_ICMP && p->list[i].addr.family != ADDR_V4) &&
				!(protocol == FW_ICMP6 && p->list[i].addr.family != ADDR_V6))
			p->list[n++] = p->list[i];
	p->count = n;
}

static void push(struct fw_policy *p, const struct fw_line *line)
{
	struct fw_line *grown;

	if (p->count == p->capacity) {
		p->capacity = p->capacity ? p->capacity * 2 : 64;
		grown = realloc(p->lines, p->capacity * sizeof *grown);
		if (!grown)
			log_fatal("firewall: policy");
		p->lines = grown;
	}
	p->lines[p->count++] = *line;
}

static int add_line(struct fw_policy *p, const struct fw_rule *r, const struct fw_binding *b, char error[FW_ERROR])
{
	const struct fw_peer *peer = &p->tables->peers[r->peer];
	struct fw_line line = { .rule = r };
	int on = is_on(p->tables, r, b, error);

	if (on <= 0)
		return on;
	if (p->enforced && !room_user(r, &line) && !b->every_room)
		return 0;
	intersect(&line.peers, peer->kind == FW_PEER_FIXED ? &peer->fixed : &b->peers[r->peer], &r->within);
	keep_family(&line.peers, r->protocol);
	if (!line.peers.count && (r->within.count || b->peers[r->peer].count || peer->kind != FW_PEER_ANY)) {
		fw_prefixes_free(&line.peers);	/* nothing is left of it */
		return 0;
	}
	push(p, &line);
	return 0;
}

static bool has_port(const struct fw_rule *r, uint16_t port)
{
	for (unsigned i = 0; i < r->range_count; i++)
		if (port >= r->ranges[i].first && port <= r->ranges[i].last)
			return true;
	return false;
}

/* The line as it is for one of its ports: a rule of the policy's own. */
static const struct fw_rule *for_port(struct fw_policy *p, const struct fw_rule *r, uint16_t port)
{
	struct fw_rule *one = malloc(sizeof *one), **grown = realloc(p->narrowed, (p->narrowed_count + 1) * sizeof *grown);

	if (!one || !grown)
		log_fatal("firewall: policy");
	*one = *r;
	snprintf(one->id, sizeof one->id, "%.*s-%" PRIu16, FW_NAME - 7, r->id, port);
	one->ranges[0] = (struct fw_range){ port, port };
	one->range_count = 1;
	p->narrowed = grown;
	p->narrowed[p->narrowed_count++] = one;
	return one;
}

/* For the addresses that have one of its ports alone. */
static void add_narrow(struct fw_policy *p, const struct fw_rule *r, const struct fw_binding *b)
{
	for (unsigned i = 0; i < b->narrow_count; i++) {
		const struct fw_narrow *n = &b->narrow[i];
		struct fw_line line = { .rule = r };

		if (n->peer != r->peer || r->off || (r->protocol != FW_TCP && r->protocol != FW_UDP) || !has_port(r, n->port))
			continue;
		if (p->enforced && !room_user(r, &line) && !b->every_room)
			continue;
		intersect(&line.peers, &n->list, &r->within);
		if (!line.peers.count)
			continue;
		line.rule = for_port(p, r, n->port);
		push(p, &line);
	}
}

struct fw_policy *fw_policy_new(const struct fw_tables *t, unsigned profile, const struct fw_binding *b,
	char error[FW_ERROR])
{
	struct fw_policy *p = calloc(1, sizeof *p);

	if (!p)
		log_fatal("firewall: policy");
	p->tables = t;
	p->profile = profile;
	p->enforced = !strcmp(t->profiles[profile].name, "appliance");
	for (unsigned i = 0; i < b->self.count; i++)
		append(&p->self, &b->self.list[i]);
	for (unsigned i = 0; i < t->rule_count; i++) {
		if (t->rules[i].profile != profile)
			continue;
		if (add_line(p, &t->rules[i], b, error) < 0) {
			fw_policy_free(p);
			return NULL;
		}
		add_narrow(p, &t->rules[i], b);
	}
	return p;
}

void fw_policy_free(struct fw_policy *p)
{
	if (!p)
		return;
	for (unsigned i = 0; i < p->count; i++)
		fw_prefixes_free(&p->lines[i].peers);
	free(p->lines);
	for (unsigned i = 0; i < p->narrowed_count; i++)
		free(p->narrowed[i]);
	free(p->narrowed);
	fw_prefixes_free(&p->self);
	free(p);
}
