/* camfw: explain. */
#include <stdlib.h>
#include <string.h>

#include "camfw.h"
#include "firewall/json.h"

/* ---- answers ---- */

static void answer_text(const struct fw_policy *p, const struct fw_verdict *v)
{
	const struct fw_rule *r = v->line ? v->line->rule : NULL;

	printf("%s: %s\n", v->pass ? "passes" : "blocked", v->reason);
	if (!r)
		return;
	printf("line:    %s (%s:%u)\n", r->id, r->place.file, r->place.line);
	printf("purpose: %s\n", r->purpose);
	printf("source:  %s\n", p->tables->sources[r->source].text);
}

static void answer_json(const struct fw_policy *p, const struct fw_verdict *v)
{
	const struct fw_rule *r = v->line ? v->line->rule : NULL;
	char place[128];
	struct json j;

	json_begin(&j);
	json_text(&j, j.root, "verdict", v->pass ? "pass" : "drop");
	json_text(&j, j.root, "reason", v->reason);
	if (r) {
		snprintf(place, sizeof place, "%s:%u", r->place.file, r->place.line);
		json_text(&j, j.root, "id", r->id);
		json_text(&j, j.root, "line", place);
		json_text(&j, j.root, "purpose", r->purpose);
		json_text(&j, j.root, "source", p->tables->sources[r->source].text);
	}
	json_end(&j, stdout);
}

/* ---- many packets ---- */

/* One line "from=.. to=.. proto=.." into the options of one packet; cuts the line. */
static const char *batch_line(struct options *o, char *line)
{
	const struct { const char *name, **place; } names[] = {
		{ "from", &o->packet.from }, { "to", &o->packet.to }, { "proto", &o->packet.protocol }, { "dport", &o->packet.dport }, { "sport", &o->packet.sport },
		{ "type", &o->packet.type }, { "flags", &o->packet.flags }, { "state", &o->packet.state }, { "room", &o->packet.room },
		{ "direction", &o->packet.direction },
	};
	char *save, *word, *value;
	size_t i;

	for (i = 0; i < sizeof names / sizeof names[0]; i++)
		*names[i].place = NULL;
	for (word = strtok_r(line, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
		value = strchr(word, '=');
		if (!value)
			return "name=value is expected";
		*value++ = 0;
		for (i = 0; i < sizeof names / sizeof names[0] && strcmp(names[i].name, word); i++)
			;
		if (i == sizeof names / sizeof names[0])
			return "an unknown name";
		*names[i].place = value;
	}
	return NULL;
}

static int batch(struct options *o, const struct fw_policy *p)
{
	size_t len;
	char *text = file_read(o->batch, &len), *line = text, *eol;
	unsigned n = 0;
	struct fw_packet k;
	struct fw_verdict v;
	const char *why;

	for (; (eol = strchr(line, '\n')); line = eol + 1) {
		*eol = 0;
		n++;
		why = batch_line(o, line);
		if (!why)
			why = fw_packet_read(&k, p, &o->packet);
		if (why)
			misuse("%s:%u: %s", o->batch, n, why);
		fw_explain(p, &k, &v);
		printf("%s\t%s\t%s\n", v.pass ? "pass" : "drop", v.line ? v.line->rule->id : "-", v.reason);
	}
	free(text);
	return 0;
}

int command_explain(struct options *o)
{
	struct fw_policy *p = options_policy(o);
	struct fw_packet k;
	struct fw_verdict v = { .pass = true };
	const char *why;

	if (o->batch) {
		batch(o, p);
	} else {
		why = fw_packet_read(&k, p, &o->packet);
		if (why)
			misuse("%s", why);
		fw_explain(p, &k, &v);
		if (o->json)
			answer_json(p, &v);
		else
			answer_text(p, &v);
	}
	fw_policy_free(p);
	return v.pass ? 0 : CAMFW_NO;
}
