/* camfw: list, formats, generate, check, document. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "camfw.h"
#include "firewall/json.h"

static FILE *output_open(const struct options *o)
{
	FILE *f = o->output ? fopen(o->output, "wb") : stdout;

	if (!f)
		trouble("%s: %s", o->output, strerror(errno));
	return f;
}

static void output_close(const struct options *o, FILE *f)
{
	if (fflush(f) || ferror(f) || (o->output && fclose(f)))
		trouble("%s: %s", o->output ? o->output : "standard output", strerror(errno));
}

/* ---- list ---- */

static void words_text(const char *title, const struct fw_word *w, unsigned count)
{
	printf("%s\n", title);
	for (unsigned i = 0; i < count; i++)
		printf("  %-22s %s\n", w[i].name, w[i].text);
}

static void rule_text(const struct fw_tables *t, const struct fw_rule *r)
{
	char ranges[FW_RANGES_TEXT];

	fw_ranges_text(r->ranges, r->range_count, "-", ranges, sizeof ranges);
	printf("  %-22s %-3s %-5s %-28s %-20s %s%s%s\n", r->id, fw_direction_name(r->direction), fw_protocol_name(r->protocol), ranges,
		t->peers[r->peer].name, r->purpose, r->narrowed ? "; narrowed: " : "", r->reason);
}

static void list_text(const struct options *o, int profile)
{
	const struct fw_tables *t = o->tables;

	for (unsigned i = 0; i < t->profile_count; i++) {
		if (profile >= 0 && (unsigned)profile != i)
			continue;
		printf("%s: %s\n", t->profiles[i].name, t->profiles[i].text);
		for (unsigned k = 0; k < t->rule_count; k++)
			if (t->rules[k].profile == i)
				rule_text(t, &t->rules[k]);
	}
	if (profile >= 0)
		return;
	printf("peers\n");
	for (unsigned i = 0; i < t->peer_count; i++)
		printf("  %-22s %s\n", t->peers[i].name, t->peers[i].text);
	words_text("conditions", t->conditions, t->condition_count);
	words_text("sources", t->sources, t->source_count);
}

static void rule_json(struct json *j, const struct fw_tables *t, yyjson_mut_val *list, const struct fw_rule *r)
{
	yyjson_mut_val *o = yyjson_mut_arr_add_obj(j->d, list);
	char text[FW_RANGES_TEXT];

	json_text(j, o, "id", r->id);
	json_text(j, o, "profile", t->profiles[r->profile].name);
	json_text(j, o, "direction", fw_direction_name(r->direction));
	json_text(j, o, "protocol", fw_protocol_name(r->protocol));
	fw_ranges_text(r->ranges, r->range_count, "-", text, sizeof text);
	json_text(j, o, "ports", text);
	json_text(j, o, "peer", t->peers[r->peer].name);
	json_text(j, o, "condition", r->condition == FW_ALWAYS ? "always" : t->conditions[r->condition].name);
	json_text(j, o, "room", r->room);
	json_text(j, o, "purpose", r->purpose);
	json_text(j, o, "source", t->sources[r->source].text);
	snprintf(text, sizeof text, "%s:%u", r->place.file, r->place.line);
	json_text(j, o, "line", text);
}

int command_list(struct options *o)
{
	int profile = o->profile ? fw_profile_find(o->tables, o->profile) : -1;
	struct json j;
	yyjson_mut_val *list;

	if (o->profile && profile < 0)
		misuse("--profile %s: no such profile (see camfw list)", o->profile);
	if (!o->json) {
		list_text(o, profile);
		return 0;
	}
	json_begin(&j);
	list = json_array(&j, j.root, "rules");
	for (unsigned i = 0; i < o->tables->rule_count; i++)
		if (profile < 0 || o->tables->rules[i].profile == (unsigned)profile)
			rule_json(&j, o->tables, list, &o->tables->rules[i]);
	json_end(&j, stdout);
	return 0;
}

/* ---- formats ---- */

static void formats_markdown(void)
{
	const struct fw_format *f;

	printf("| format | what | loaded by | checked | cannot say |\n| --- | --- | --- | --- | --- |\n");
	for (unsigned i = 0; (f = fw_format_at(i)); i++)
		printf("| `%s` | %s | %s | %s | %s |\n", f->name, f->title, f->how, fw_check_text(f->check), f->note);
}

int command_formats(struct options *o)
{
	const struct fw_format *f;
	struct json j;
	yyjson_mut_val *list, *one;

	if (o->markdown) {
		formats_markdown();
		return 0;
	}
	if (!o->json) {
		for (unsigned i = 0; (f = fw_format_at(i)); i++)
			printf("%-12s %-36s %s (checked: %s)\n", f->name, f->title, f->how, fw_check_text(f->check));
		return 0;
	}
	json_begin(&j);
	list = json_array(&j, j.root, "formats");
	for (unsigned i = 0; (f = fw_format_at(i)); i++) {
		one = yyjson_mut_arr_add_obj(j.d, list);
		json_text(&j, one, "name", f->name);
		json_text(&j, one, "title", f->title);
		json_text(&j, one, "suffix", f->suffix);
		json_text(&j, one, "checked", fw_check_text(f->check));
		json_text(&j, one, "how", f->how);
		json_text(&j, one, "note", f->note);
	}
	json_end(&j, stdout);
	return 0;
}

/* ---- generate ---- */

static void generate_json(const struct fw_format *f, struct fw_policy *p, FILE *out)
{
	char *text = NULL;
	size_t len = 0;
	FILE *m = open_memstream(&text, &len);
	struct json j;

	if (!m)
		trouble("%s", strerror(errno));
	f->write(p, m);
	fclose(m);
	json_begin(&j);
	json_text(&j, j.root, "profile", p->tables->profiles[p->profile].name);
	json_text(&j, j.root, "format", f->name);
	json_number(&j, j.root, "lines", p->count);
	json_text(&j, j.root, "text", text);
	json_end(&j, out);
	free(text);
}

int command_generate(struct options *o)
{
	const struct fw_format *f;
	struct fw_policy *p;
	FILE *out;

	if (!o->format)
		misuse("--format is missing (see camfw formats)");
	f = fw_format_by_name(o->format);
	if (!f)
		misuse("--format %s: no such format (see camfw formats)", o->format);
	p = options_policy(o);
	out = output_open(o);
	if (o->json)
		generate_json(f, p, out);
	else
		f->write(p, out);
	output_close(o, out);
	fw_policy_free(p);
	return 0;
}

/* ---- check ---- */

int command_check(struct options *o)
{
	struct fw_tables *t = o->tables;
	unsigned before = t->rule_count, narrowed = 0;
	char error[FW_ERROR] = "";
	struct json j;
	size_t len;
	char *text = file_read(o->words[0], &len);
	int rc = fw_parse(t, o->words[0], text, len, true, error);

	free(text);
	for (unsigned i = 0; i < t->rule_count; i++)
		narrowed += t->rules[i].narrowed;
	if (o->json) {
		json_begin(&j);
		yyjson_mut_obj_add_bool(j.d, j.root, "good", rc == 0);
		json_text(&j, j.root, "error", error);
		json_number(&j, j.root, "added", t->rule_count - before);
		json_number(&j, j.root, "narrowed", narrowed);
		json_end(&j, stdout);
	} else if (rc == 0) {
		printf("%s: good: %u lines added, %u narrowed\n", o->words[0], t->rule_count - before, narrowed);
	} else {
		fprintf(stderr, "camfw: %s\n", error);
	}
	return rc == 0 ? 0 : CAMFW_NO;
}

int command_document(struct options *o)
{
	FILE *out = output_open(o);

	fw_document(o->tables, out);
	output_close(o, out);
	return 0;
}
