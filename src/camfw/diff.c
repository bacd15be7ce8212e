/*
 * camfw: diff: the ruleset that is wanted against one that is: a file of `nft -j list ruleset`, or what nft says now.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "camfw.h"
#include "firewall/json.h"
#include "firewall/listing.h"

/* ---- the two sides ---- */

static void listing(struct fw_listing *l, const char *from, const char *text, size_t len)
{
	char error[FW_ERROR];

	if (fw_listing_read(l, text, len, error) < 0)
		misuse("%s: %s", from, error);
}

static void wanted(struct fw_listing *l, const struct fw_policy *p)
{
	char *text;
	size_t len;
	FILE *o = open_memstream(&text, &len);

	if (!o)
		trouble("%s", strerror(errno));
	fw_format_by_name("nft-json")->write(p, o);
	fclose(o);
	listing(l, "wanted", text, len);
	free(text);
}

/* What nft says of this machine (network namespace) now. */
static char *live_read(size_t *len)
{
	int ends[2], status, saved = dup(STDIN_FILENO);
	char *text;
	pid_t pid;

	if (saved < 0 || pipe(ends) < 0 || (pid = fork()) < 0)
		trouble("nft: %s", strerror(errno));
	if (pid == 0) {
		dup2(ends[1], STDOUT_FILENO);
		close(ends[0]);
		close(ends[1]);
		execlp("nft", "nft", "-j", "list", "ruleset", (char *)NULL);
		_exit(127);
	}
	close(ends[1]);
	dup2(ends[0], STDIN_FILENO);
	close(ends[0]);
	text = file_read("-", len);
	dup2(saved, STDIN_FILENO);
	close(saved);
	if (waitpid(pid, &status, 0) < 0 || !WIFEXITED(status) || WEXITSTATUS(status))
		trouble(WIFEXITED(status) && WEXITSTATUS(status) == 127 ? "nft cannot be started: install nftables, or give a saved ruleset by --ruleset" :
			"nft cannot list the ruleset: it needs the right to (root)");
	return text;
}

/* What is in a and not in b; both are in order. */
static void only_in(struct fw_lines *out, const struct fw_lines *a, const struct fw_lines *b)
{
	for (unsigned i = 0, k = 0; i < a->count; i++) {
		int c = 1;

		while (k < b->count && (c = strcmp(b->at[k], a->at[i])) < 0)
			k++;
		if (k < b->count && c == 0)
			k++;
		else
			fw_lines_add(out, strdup(a->at[i]));
	}
}

static bool has(const struct fw_lines *l, const char *text)
{
	for (unsigned i = 0; i < l->count; i++)
		if (!strcmp(l->at[i], text))
			return true;
	return false;
}

static bool same_chain(const char *a, const char *b)
{
	size_t n = strcspn(a + 6, ":");

	return strcspn(b + 6, ":") == n && !memcmp(a + 6, b + 6, n);
}

/* The first rule of each chain that both sides have, and that stands at another place among them. */
static void find_moved(struct fw_lines *out, const struct fw_listing *want, const struct fw_listing *is, const struct fw_lines *missing, const struct fw_lines *extra)
{
	unsigned k = 0;
	const char *last = NULL;

	for (unsigned i = 0; i < want->rules.count; i++) {
		const char *text = want->rules.at[i];

		if (has(missing, text) || (last && same_chain(last, text)))
			continue;
		/* rules are listed chain by chain, in whatever order the chains are */
		if (!i || !same_chain(want->rules.at[i - 1], text))
			k = 0;
		while (k < is->rules.count && (!same_chain(is->rules.at[k], text) || has(extra, is->rules.at[k])))
			k++;
		if (k < is->rules.count && !strcmp(is->rules.at[k], text)) {
			k++;
		} else {
			fw_lines_add(out, strdup(text));
			last = text;
		}
	}
}

/* ---- the answer ---- */

struct answer {
	struct fw_lines missing, extra, moved;
};

static void answer_text(const struct answer *a, const struct fw_listing *is)
{
	for (unsigned i = 0; i < is->foreign.count; i++)
		printf("  table %s: of somebody else, not compared\n", is->foreign.at[i]);
	for (unsigned i = 0; i < a->missing.count; i++)
		printf("- %s\n", a->missing.at[i]);
	for (unsigned i = 0; i < a->extra.count; i++)
		printf("+ %s\n", a->extra.at[i]);
	for (unsigned i = 0; i < a->moved.count; i++)
		printf("~ %s\n", a->moved.at[i]);
	if (a->missing.count + a->extra.count + a->moved.count)
		printf("differs: %u missing (-), %u not wanted (+), %u at another place (~)\n", a->missing.count, a->extra.count, a->moved.count);
	else
		printf("same: what is wanted is what is\n");
}

static void answer_list(struct json *j, const char *name, const struct fw_lines *l)
{
	yyjson_mut_val *list = json_array(j, j->root, name);

	for (unsigned i = 0; i < l->count; i++)
		yyjson_mut_arr_add_strcpy(j->d, list, l->at[i]);
}

static void answer_json(const struct answer *a, const struct fw_listing *is)
{
	struct json j;

	json_begin(&j);
	yyjson_mut_obj_add_bool(j.d, j.root, "same", !(a->missing.count + a->extra.count + a->moved.count));
	answer_list(&j, "missing", &a->missing);
	answer_list(&j, "extra", &a->extra);
	answer_list(&j, "moved", &a->moved);
	answer_list(&j, "foreign", &is->foreign);
	json_end(&j, stdout);
}

int command_diff(struct options *o)
{
	struct fw_policy *p = options_policy(o);
	struct fw_listing want = { 0 }, is = { 0 };
	struct answer a = { 0 };
	size_t len;
	char *text;
	bool same;

	wanted(&want, p);
	text = o->ruleset ? file_read(o->ruleset, &len) : live_read(&len);
	listing(&is, o->ruleset ? o->ruleset : "nft", text, len);
	free(text);
	only_in(&a.missing, &want.words, &is.words);
	only_in(&a.extra, &is.words, &want.words);
	find_moved(&a.moved, &want, &is, &a.missing, &a.extra);
	same = !(a.missing.count + a.extra.count + a.moved.count);
	if (o->json)
		answer_json(&a, &is);
	else
		answer_text(&a, &is);
	fw_lines_free(&a.missing);
	fw_lines_free(&a.extra);
	fw_lines_free(&a.moved);
	fw_listing_free(&want);
	fw_listing_free(&is);
	fw_policy_free(p);
	return same ? 0 : CAMFW_NO;
}
