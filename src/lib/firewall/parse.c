/* firewall: the reader of tables. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "firewall/firewall.h"
#include "log/log.h"

/* Words of a line: the longest is a rule's ten. */
#define WORDS 12

struct word {
	const char *p;
	unsigned len, column;
	bool quoted;
};

struct reader {
	struct fw_tables *t;
	const char *file;
	bool own;
	unsigned line;
	int profile;			/* lines belong to, -1 = none yet */
	struct word words[WORDS];
	unsigned count, end;		/* end: column past the line */
	char *error;
};

static int fail(struct reader *r, unsigned column, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

static int fail(struct reader *r, unsigned column, const char *fmt, ...)
{
	va_list ap;
	int n = snprintf(r->error, FW_ERROR, "%.64s:%u:%u: ", r->file, r->line, column);

	va_start(ap, fmt);
	vsnprintf(r->error + n, FW_ERROR - (size_t)n, fmt, ap);
	va_end(ap);
	return -1;
}

static int fail_at(struct reader *r, unsigned i, const char *what)
{
	const struct word *w = &r->words[i];

	return fail(r, w->column, "%.*s: %s", (int)(w->len < 40 ? w->len : 40), w->p, what);
}

/* ---- words ---- */

static int split_quoted(struct reader *r, const char *p, unsigned *i, unsigned len, struct word *w)
{
	unsigned begin = ++*i;

	while (*i < len && p[*i] != '"')
		++*i;
	if (*i == len)
		return fail(r, begin, "a quoted text without its end");
	*w = (struct word){ p + begin, *i - begin, begin, true };
	++*i;
	if (*i < len && p[*i] != ' ' && p[*i] != '\t')
		return fail(r, *i + 1, "a space belongs behind a quoted text");
	if (w->len == 0)
		return fail(r, begin, "an empty text");
	return w->len < FW_TEXT ? 0 : fail(r, begin, "a text is %u bytes at most", FW_TEXT - 1);
}

static int split(struct reader *r, const char *p, unsigned len)
{
	unsigned i = 0;

	r->count = 0;
	r->end = len + 1;
	for (unsigned k = 0; k < len; k++)
		if ((unsigned char)p[k] < 0x20 && p[k] != '\t')
			return fail(r, k + 1, "a control character");
		else if ((unsigned char)p[k] > 0x7e)
			return fail(r, k + 1, "a byte that is not ASCII");
	for (;;) {
		while (i < len && (p[i] == ' ' || p[i] == '\t'))
			i++;
		if (i == len || p[i] == '#')
			return 0;
		if (r->count == WORDS)
			return fail(r, i + 1, "too many words");
		if (p[i] == '"') {
			if (split_quoted(r, p, &i, len, &r->words[r->count]) < 0)
				return -1;
		} else {
			unsigned begin = i;

			while (i < len && p[i] != ' ' && p[i] != '\t' && p[i] != '"')
				i++;
			if (i < len && p[i] == '"')
				return fail(r, i + 1, "a space belongs before a quoted text");
			r->words[r->count] = (struct word){ p + begin, i - begin, begin + 1, false };
		}
		r->count++;
	}
}

static bool is(const struct word *w, const char *text)
{
	return !w->quoted && w->len == strlen(text) && !memcmp(w->p, text, w->len);
}

/* Exactly n words; the usage otherwise. */
static int expect(struct reader *r, unsigned n, const char *usage)
{
	if (r->count < n)
		return fail(r, r->end, "the line ends early: %s", usage);
	return r->count == n ? 0 : fail(r, r->words[n].column, "too many words: %s", usage);
}

static int take_name(struct reader *r, unsigned i, char out[FW_NAME])
{
	const struct word *w = &r->words[i];

	if (w->quoted || w->len >= FW_NAME)
		return fail(r, w->column, "a name is expected: a-z, 0-9 and '-', %d at most", FW_NAME - 1);
	for (unsigned k = 0; k < w->len; k++)
		if (!((w->p[k] >= 'a' && w->p[k] <= 'z') || (w->p[k] >= '0' && w->p[k] <= '9') || (w->p[k] == '-' && k)))
			return fail(r, w->column + k, "a name has a-z, 0-9 and '-' only, and does not begin with '-'");
	memcpy(out, w->p, w->len);
	out[w->len] = 0;
	return 0;
}

static int take_text(struct reader *r, unsigned i, char out[FW_TEXT])
{
	const struct word *w = &r->words[i];

	if (!w->quoted)
		return fail(r, w->column, "a text in quotes is expected");
	memcpy(out, w->p, w->len);
	out[w->len] = 0;
	return 0;
}

static int take_number(struct reader *r, unsigned column, const char *p, unsigned len, unsigned max, unsigned *out)
{
	unsigned n = 0;

	if (len == 0 || len > 7 || (len > 1 && p[0] == '0'))
		return fail(r, column, "a number from 0 to %u is expected", max);
	for (unsigned k = 0; k < len; k++) {
		if (p[k] < '0' || p[k] > '9')
			return fail(r, column + k, "a number from 0 to %u is expected", max);
		n = n * 10 + (unsigned)(p[k] - '0');
	}
	if (n > max)
		return fail(r, column, "%u: more than %u", n, max);
	*out = n;
	return 0;
}

/* ---- finding ---- */

static int word_find(const struct fw_word *list, unsigned count, const char *name)
{
	for (unsigned i = 0; i < count; i++)
		if (!strcmp(list[i].name, name))
			return (int)i;
	return -1;
}

int fw_profile_find(const struct fw_tables *t, const char *name)
{
	return word_find(t->profiles, t->profile_count, name);
}

int fw_condition_find(const struct fw_tables *t, const char *name)
{
	return word_find(t->conditions, t->condition_count, name);
}

int fw_peer_find(const struct fw_tables *t, const char *name)
{
	for (unsigned i = 0; i < t->peer_count; i++)
		if (!strcmp(t->peers[i].name, name))
			return (int)i;
	return -1;
}

const struct fw_rule *fw_rule_find(const struct fw_tables *t, const char *id)
{
	for (unsigned i = 0; i < t->rule_count; i++)
		if (!strcmp(t->rules[i].id, id))
			return &t->rules[i];
	return NULL;
}

/* ---- source, condition, profile, peer ---- */

static int twice(struct reader *r, const struct fw_place *first)
{
	return fail(r, r->words[1].column, "%.*s: is there already (%s:%u)%s", (int)r->words[1].len, r->words[1].p,
		first->file, first->line,
		r->own ? "; an own file may narrow a line or add lines, it cannot say one anew" : "");
}

static int read_word(struct reader *r, struct fw_word *list, unsigned *count)
{
	struct fw_word w = { .place = { r->file, r->line } };
	int at;

	if (expect(r, 3, "a name and a text in quotes") < 0 || take_name(r, 1, w.name) < 0 || take_text(r, 2, w.text) < 0)
		return -1;
	at = word_find(list, *count, w.name);
	if (at >= 0)
		return twice(r, &list[at].place);
	if (*count == FW_WORDS_MAX)
		return fail(r, 1, "more than %d of them", FW_WORDS_MAX);
	list[(*count)++] = w;
	return 0;
}

static int read_profile(struct reader *r)
{
	char name[FW_NAME];
	int at;

	if (r->count == 2) {	/* back to one that is there */
		if (take_name(r, 1, name) < 0)
			return -1;
		at = fw_profile_find(r->t, name);
		if (at < 0)
			return fail_at(r, 1, "no such profile; a new one needs a title in quotes");
		r->profile = at;
		return 0;
	}
	if (read_word(r, r->t->profiles, &r->t->profile_count) < 0)
		return -1;
	r->profile = (int)r->t->profile_count - 1;
	return 0;
}

/* Prefixes in word i, with the column of the one that is wrong. */
static int take_prefixes(struct reader *r, unsigned i, struct fw_prefixes *out)
{
	const struct word *w = &r->words[i];
	char text[ADDR_PREFIX_TEXT_MAX], error[FW_ERROR];
	unsigned begin = 0;

	for (unsigned k = 0; k <= w->len; k++) {
		if (k < w->len && w->p[k] != ',')
			continue;
		if (k - begin >= sizeof text)
			return fail(r, w->column + begin, "an address or a prefix is expected");
		memcpy(text, w->p + begin, k - begin);
		text[k - begin] = 0;
		if (fw_prefixes_add(out, text, error) < 0)
			return fail(r, w->column + begin, "%s", error);
		begin = k + 1;
	}
	return 0;
}

static int read_peer(struct reader *r)
{
	struct fw_peer p = { .place = { r->file, r->line } };
	int at;

	if (expect(r, 4, "peer NAME named|any|PREFIXES \"who\"") < 0 || take_name(r, 1, p.name) < 0 || take_text(r, 3, p.text) < 0)
		return -1;
	at = fw_peer_find(r->t, p.name);
	if (at >= 0)
		return twice(r, &r->t->peers[at].place);
	if (r->t->peer_count == FW_WORDS_MAX)
		return fail(r, 1, "more than %d peers", FW_WORDS_MAX);
	if (is(&r->words[2], "named")) {
		p.kind = FW_PEER_NAMED;
	} else if (is(&r->words[2], "any")) {
		p.kind = FW_PEER_ANY;
	} else {
		p.kind = FW_PEER_FIXED;
		if (take_prefixes(r, 2, &p.fixed) < 0) {
			fw_prefixes_free(&p.fixed);
			return -1;
		}
	}
	r->t->peers[r->t->peer_count++] = p;
	return 0;
}

/* ---- rule ---- */

static int take_one_range(struct reader *r, unsigned column, const char *p, unsigned len, unsigned max, struct fw_range *out)
{
	const char *dash = memchr(p, '-', len);
	unsigned left = dash ? (unsigned)(dash - p) : len, first, last;

	if (take_number(r, column, p, left, max, &first) < 0)
		return -1;
	last = first;
	if (dash && take_number(r, column + left + 1, dash + 1, len - left - 1, max, &last) < 0)
		return -1;
	if (dash && last <= first)
		return fail(r, column, "a range goes from a smaller to a larger number");
	*out = (struct fw_range){ (uint16_t)first, (uint16_t)last };
	return 0;
}

static int range_order(const void *a, const void *b)
{
	return (int)((const struct fw_range *)a)->first - (int)((const struct fw_range *)b)->first;
}

static int take_ranges(struct reader *r, unsigned i, struct fw_rule *rule)
{
	const struct word *w = &r->words[i];
	unsigned begin = 0, max = rule->protocol == FW_ICMP || rule->protocol == FW_ICMP6 ? 255 : 65535;

	for (unsigned k = 0; k <= w->len; k++) {
		if (k < w->len && w->p[k] != ',')
			continue;
		if (rule->range_count == FW_RANGES)
			return fail(r, w->column + begin, "more than %d of them in one line", FW_RANGES);
		if (take_one_range(r, w->column + begin, w->p + begin, k - begin, max, &rule->ranges[rule->range_count++]) < 0)
			return -1;
		begin = k + 1;
	}
	qsort(rule->ranges, rule->range_count, sizeof rule->ranges[0], range_order);
	for (unsigned k = 0; k < rule->range_count; k++) {
		if (max == 65535 && rule->ranges[k].first == 0)
			return fail(r, w->column, "port 0 is none");
		if (k && rule->ranges[k].first <= rule->ranges[k - 1].last)
			return fail(r, w->column, "%u is in it twice", rule->ranges[k].first);
	}
	return 0;
}

static int take_place(struct reader *r, unsigned i, int (*find)(const struct fw_tables *, const char *), const char *what,
	unsigned *out)
{
	char name[FW_NAME];
	int at;

	if (take_name(r, i, name) < 0)
		return -1;
	at = find(r->t, name);
	if (at < 0)
		return fail(r, r->words[i].column, "%s: no such %s", name, what);
	*out = (unsigned)at;
	return 0;
}

static int source_find(const struct fw_tables *t, const char *name)
{
	return word_find(t->sources, t->source_count, name);
}

static int take_directions(struct reader *r, struct fw_rule *rule)
{
	static const struct { const char *name; enum fw_protocol p; } protocols[] = {
		{ "tcp", FW_TCP }, { "udp", FW_UDP }, { "icmp", FW_ICMP }, { "icmp6", FW_ICMP6 },
	};

	rule->direction = is(&r->words[2], "in") ? FW_IN : is(&r->words[2], "out") ? FW_OUT : FW_DIRECTION_NONE;
	if (!rule->direction)
		return fail_at(r, 2, "in or out is expected");
	for (size_t i = 0; i < sizeof protocols / sizeof protocols[0]; i++)
		if (is(&r->words[3], protocols[i].name))
			rule->protocol = protocols[i].p;
	return rule->protocol ? 0 : fail_at(r, 3, "tcp, udp, icmp or icmp6 is expected");
}

static int rule_names(struct reader *r, struct fw_rule *rule)
{
	if (r->own && strncmp(rule->id, "own-", 4))
		return fail(r, r->words[1].column, "%s: a line of an own file begins with own-", rule->id);
	if (take_place(r, 5, fw_peer_find, "peer", &rule->peer) < 0)
		return -1;
	if (is(&r->words[6], "always"))
		rule->condition = FW_ALWAYS;
	else if (take_place(r, 6, fw_condition_find, "condition", &rule->condition) < 0)
		return -1;
	if (!is(&r->words[7], "-") && take_name(r, 7, rule->room) < 0)
		return -1;
	if (take_place(r, 8, source_find, "source", &rule->source) < 0)
		return -1;
	if (rule->room[0] && rule->direction == FW_IN)
		return fail(r, r->words[7].column, "a room is for outbound lines; write -");
	return take_text(r, 9, rule->purpose);
}

static struct fw_rule *rule_room(struct fw_tables *t)
{
	struct fw_rule *grown;

	if ((t->rule_count & 63) == 0) {
		grown = realloc(t->rules, (t->rule_count + 64) * sizeof *grown);
		if (!grown)
			log_fatal("firewall: tables");
		t->rules = grown;
	}
	return &t->rules[t->rule_count++];
}

static int read_rule(struct reader *r)
{
	struct fw_rule rule = { .place = { r->file, r->line } };
	const struct fw_rule *before;

	if (expect(r, 10, "rule ID DIRECTION PROTOCOL PORTS PEER CONDITION ROOM SOURCE \"purpose\"") < 0 ||
			take_name(r, 1, rule.id) < 0)
		return -1;
	before = fw_rule_find(r->t, rule.id);
	if (before)
		return twice(r, &before->place);
	if (r->profile < 0)
		return fail(r, 1, "a line before the first profile");
	if (r->t->rule_count == FW_RULES_MAX)
		return fail(r, 1, "more than %d lines", FW_RULES_MAX);
	rule.profile = (unsigned)r->profile;
	if (take_directions(r, &rule) < 0 || take_ranges(r, 4, &rule) < 0 || rule_names(r, &rule) < 0)
		return -1;
	*rule_room(r->t) = rule;
	return 0;
}

/* ---- limit, narrow ---- */

static struct fw_rule *take_rule(struct reader *r)
{
	char id[FW_NAME];
	struct fw_rule *rule;

	if (take_name(r, 1, id) < 0)
		return NULL;
	rule = (struct fw_rule *)fw_rule_find(r->t, id);
	if (!rule)
		fail(r, r->words[1].column, "%s: no such line", id);
	return rule;
}

static int read_limit(struct reader *r)
{
	unsigned n[3];
	char text[FW_TEXT];
	struct fw_rule *rule;

	if (expect(r, 6, "limit ID RATE BURST OPEN \"purpose\"") < 0 || take_text(r, 5, text) < 0)
		return -1;
	rule = take_rule(r);
	if (!rule)
		return -1;
	for (unsigned i = 0; i < 3; i++) {
		const struct word *w = &r->words[2 + i];

		if (take_number(r, w->column, w->p, w->len, 1000000, &n[i]) < 0)
			return -1;
		if (n[i] == 0)
			return fail(r, w->column, "0 would let nothing through; leave the line out");
	}
	if (rule->direction != FW_IN || rule->protocol != FW_TCP)
		return fail_at(r, 1, "a limit is for inbound lines of TCP");
	if (rule->rate && (n[0] > rule->rate || n[1] > rule->burst || n[2] > rule->open))
		return fail_at(r, 1, "has a limit already, and this one is wider");
	rule->rate = n[0];
	rule->burst = n[1];
	rule->open = n[2];
	return 0;
}

static int read_narrow(struct reader *r)
{
	struct fw_rule *rule;

	if (expect(r, 4, "narrow ID off|PREFIXES \"reason\"") < 0)
		return -1;
	rule = take_rule(r);
	if (!rule)
		return -1;
	if (rule->narrowed)
		return fail_at(r, 1, "is narrowed already");
	if (take_text(r, 3, rule->reason) < 0)
		return -1;
	rule->narrowed = true;
	if (is(&r->words[2], "off")) {
		rule->off = true;
		return 0;
	}
	return take_prefixes(r, 2, &rule->within);
}

/* ---- lines ---- */

static int read_line(struct reader *r)
{
	const struct word *w = &r->words[0];
	struct fw_tables *t = r->t;

	if (is(w, "rule"))
		return read_rule(r);
	if (is(w, "profile"))
		return read_profile(r);
	if (is(w, "peer"))
		return read_peer(r);
	if (is(w, "source"))
		return read_word(r, t->sources, &t->source_count);
	if (is(w, "condition"))
		return read_word(r, t->conditions, &t->condition_count);
	if (is(w, "limit"))
		return read_limit(r);
	if (is(w, "narrow"))
		return read_narrow(r);
	return fail_at(r, 0, "rule, profile, peer, source, condition, limit or narrow is expected");
}

int fw_parse(struct fw_tables *t, const char *file, const char *text, size_t len, bool own, char error[FW_ERROR])
{
	struct reader r = { .t = t, .own = own, .profile = -1, .error = error, .file = file };
	const char *p = text, *end = text + len, *eol;

	if (len > FW_FILE_MAX)
		return fail(&r, 1, "a table is %u bytes at most", FW_FILE_MAX);
	if (t->file_count == sizeof t->files / sizeof t->files[0])
		return fail(&r, 1, "too many tables");
	t->files[t->file_count] = strdup(file);
	if (!t->files[t->file_count])
		log_fatal("firewall: tables");
	r.file = t->files[t->file_count++];
	for (; p < end; p = eol + 1) {
		r.line++;
		eol = memchr(p, '\n', (size_t)(end - p));
		if (!eol) {
			split(&r, p, (unsigned)(end - p));
			return fail(&r, (unsigned)(end - p) + 1, "the last line has no end: the file is not whole");
		}
		if (split(&r, p, (unsigned)(eol - p)) < 0 || (r.count && read_line(&r) < 0))
			return -1;
	}
	return 0;
}

void fw_tables_free(struct fw_tables *t)
{
	if (!t)
		return;
	for (unsigned i = 0; i < t->peer_count; i++)
		fw_prefixes_free(&t->peers[i].fixed);
	for (unsigned i = 0; i < t->rule_count; i++)
		fw_prefixes_free(&t->rules[i].within);
	for (unsigned i = 0; i < t->file_count; i++)
		free(t->files[i]);
	free(t->rules);
	free(t);
}
