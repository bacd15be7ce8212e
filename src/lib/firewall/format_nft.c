/* firewall: the script of nft(8). */
#include <string.h>

#include "firewall/formats.h"
#include "firewall/nft_words.h"

static void verdict(FILE *o, const struct nft_verdict *v)
{
	if (v->kind == NFT_V_GOTO)
		fprintf(o, "goto %s", v->chain);
	else
		fputs(v->kind == NFT_V_ACCEPT ? "accept" : "drop", o);
}

static void element(FILE *o, const struct nft_set *s, const struct nft_element *e)
{
	char value[NFT_VALUE];

	for (unsigned i = 0; i < s->field_count; i++) {
		nft_value_text(s, i, e, value);
		fprintf(o, "%s%s", i ? " . " : "", value);
	}
	if (e->comment[0])
		fprintf(o, " comment \"%s\"", e->comment);
	if (s->map) {
		fputs(" : ", o);
		verdict(o, &e->verdict);
	}
}

static void set(FILE *o, const struct nft_set *s)
{
	fprintf(o, "\t%s %s {\n\t\ttype ", s->map ? "map" : "set", s->name);
	for (unsigned i = 0; i < s->field_count; i++)
		fprintf(o, "%s%s", i ? " . " : "", nft_field_words(s->fields[i])->type);
	fputs(s->map ? " : verdict\n" : "\n", o);
	if (s->dynamic)
		fprintf(o, "\t\tsize %u\n\t\tflags dynamic%s\n", s->size, s->timeout ? ",timeout" : "");
	if (s->timeout)
		fprintf(o, "\t\ttimeout %us\n", s->timeout);
	if (s->interval)
		fputs("\t\tflags interval\n", o);
	if (s->count)
		fputs("\t\telements = {\n", o);
	for (unsigned i = 0; i < s->count; i++) {
		fputs("\t\t\t", o);
		element(o, s, &s->elements[i]);
		fputs(i + 1 < s->count ? ",\n" : "\n\t\t}\n", o);
	}
	fputs("\t}\n\n", o);
}

static void key(FILE *o, const struct nft_set *s)
{
	for (unsigned i = 0; i < s->field_count; i++)
		fprintf(o, "%s%s", i ? " . " : "", nft_field_words(s->fields[i])->text);
}

static void statement(FILE *o, const struct nft_statement *s)
{
	switch (s->kind) {
	case NFT_INTERFACE:
		fprintf(o, "%s \"%s\"", s->out ? "oifname" : "iifname", s->text);
		break;
	case NFT_TCP_NOT_SYN:
		fputs("tcp flags & (fin | syn | rst | ack) != syn", o);
		break;
	case NFT_SPOOF_LOCAL:
		fputs("fib saddr type local", o);
		break;
	case NFT_SPOOF_ROUTE:
		fputs("fib saddr . iif oif missing", o);
		break;
	case NFT_IN_SET:
		key(o, s->set);
		fprintf(o, " @%s", s->set->name);
		break;
	case NFT_BY_MAP:
		key(o, s->set);
		fprintf(o, " vmap @%s", s->set->name);
		break;
	case NFT_RATE_OVER:
		fprintf(o, "add @%s { ", s->set->name);
		key(o, s->set);
		fprintf(o, " limit rate over %u/second burst %u packets }", s->rate, s->burst);
		break;
	case NFT_OPEN_OVER:
		fprintf(o, "add @%s { ", s->set->name);
		key(o, s->set);
		fprintf(o, " ct count over %u }", s->rate);
		break;
	case NFT_TCP_DPORT:
		fprintf(o, "tcp dport %u", s->rate);
		break;
	case NFT_LIMIT:
		fprintf(o, "limit rate %u/second burst %u packets", s->rate, s->burst);
		break;
	case NFT_LOG:
		fprintf(o, "log prefix \"%s\"", s->text);
		if (s->rate)
			fprintf(o, " group %u", s->rate);
		break;
	case NFT_COUNTER:
		fputs("counter", o);
		break;
	case NFT_STATEMENT_NONE:
		break;
	}
}

static void rule(FILE *o, const struct nft_rule *r)
{
	fputs("\t\t", o);
	for (unsigned i = 0; i < r->count; i++) {
		if (i)
			fputc(' ', o);
		statement(o, &r->statements[i]);
	}
	if (r->verdict.kind) {
		if (r->count)
			fputc(' ', o);
		verdict(o, &r->verdict);
	}
	if (r->comment[0])
		fprintf(o, " comment \"%s\"", r->comment);
	fputc('\n', o);
}

static void chain(FILE *o, const struct nft_chain *c)
{
	static const char *const hooks[] = { "", "input", "forward", "output" };

	fprintf(o, "\tchain %s {\n", c->name);
	if (c->hook)
		fprintf(o, "\t\ttype filter hook %s priority filter; policy drop;\n", hooks[c->hook]);
	for (unsigned i = 0; i < c->count; i++)
		rule(o, &c->rules[i]);
	fputs("\t}\n\n", o);
}

static void write(const struct fw_policy *p, FILE *o)
{
	struct nft_ruleset *r = nft_compile(p);

	fw_head(p, o, "# ");
	fprintf(o, "\ntable inet %s\ndelete table inet %s\n\ntable inet %s {\n", NFT_TABLE, NFT_TABLE, NFT_TABLE);
	for (unsigned i = 0; i < r->set_count; i++)
		set(o, r->sets[i]);
	for (unsigned i = 0; i < r->chain_count; i++)
		chain(o, r->chains[i]);
	fputs("}\n", o);
	nft_ruleset_free(r);
}

const struct fw_format fw_format_nft = {
	.name = "nft", .title = "nftables script", .suffix = "nft", .check = FW_CHECK_CONSUMER,
	.how = "nft -f FILE", .note = "", .write = write,
};
