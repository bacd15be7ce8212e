/* XML: names by namespace, records one by one in bounded memory, nothing beyond depth, bytes and memory, no entities. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xml/xml.h"

#define CHECK(x) do { if (!(x)) { printf("%s:%d: %s\n", __FILE__, __LINE__, #x); exit(1); } } while (0)

static const struct xml_limits limits = { 1 << 20, 16, 256 << 10 };

static struct xml_reader *read_text(const char *text, const char *record, xml_record_fn *fn, void *arg)
{
	struct xml_reader *r = xml_open(&limits, record, fn, arg);

	/* byte by byte: pieces end anywhere */
	for (size_t i = 0; text[i]; i++)
		if (xml_feed(r, text + i, 1))
			break;
	return r;
}

static void names_are_resolved(void)
{
	struct xml_reader *r = read_text("<a:x xmlns:a='urn:1' xmlns:b='urn:2' b:type='B' type='plain'><a:y>1 &lt; &#50;</a:y><z/></a:x>",
		NULL, NULL, NULL);
	struct xml_node *x = xml_finish(r);

	CHECK(x && !strcmp(x->name, "x") && !strcmp(x->space, "urn:1"));
	CHECK(!strcmp(xml_attribute(x, "urn:2", "type"), "B") && !strcmp(xml_attribute(x, "", "type"), "plain"));
	CHECK(!strcmp(xml_text(x, "y"), "1 < 2") && !strcmp(xml_text(x, "none/at/all"), ""));
	CHECK(xml_child(x, "z") && !xml_again(xml_child(x, "z")));
	xml_close(r);
}

struct sum { int records; int64_t total; };

static int add(struct xml_node *n, void *arg)
{
	struct sum *s = arg;

	s->records++;
	s->total += xml_number(xml_text(n, "n"), 0);
	return s->records == 100000;
}

/* Far more than the memory holds at once. */
static void records_take_no_room(void)
{
	struct sum s = { 0, 0 };
	const struct xml_limits wide = { 64 << 20, 16, 256 << 10 };
	struct xml_reader *r = xml_open(&wide, "r", add, &s);
	struct xml_node *root;
	char text[256];

	CHECK(!xml_feed(r, "<list>", 6));
	for (int i = 0; i < 50000; i++) {
		snprintf(text, sizeof text, "<r><n>%d</n><pad>%0128d</pad></r>", i, 0);
		CHECK(!xml_feed(r, text, strlen(text)));
	}
	CHECK(!xml_feed(r, "<token>t</token></list>", 23));
	root = xml_finish(r);
	CHECK(root && s.records == 50000 && s.total == (int64_t)50000 * 49999 / 2);
	CHECK(!strcmp(xml_text(root, "token"), "t") && !xml_child(root, "r"));
	xml_close(r);
}

static void refused(const char *text, const char *why)
{
	struct xml_reader *r = read_text(text, NULL, NULL, NULL);

	if (xml_finish(r) || !strstr(xml_why(r), why)) {
		printf("%s: \"%s\" instead of \"%s\"\n", text, xml_why(r), why);
		exit(1);
	}
	xml_close(r);
}

static void bounds_hold(void)
{
	struct xml_reader *r = xml_open(&limits, NULL, NULL, NULL);
	char piece[1024];
	int rc = 0;

	refused("<!DOCTYPE a [<!ENTITY e 'x'>]><a>&e;</a>", "document type");
	refused("<a>&e;</a>", "undefined entity");
	refused("<a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a>", "nested too deep");
	refused("<a><b></a>", "mismatched tag");
	refused("", "no element found");
	memset(piece, 'x', sizeof piece);
	CHECK(!xml_feed(r, "<a>", 3));
	for (int i = 0; i < 2048 && !rc; i++)
		rc = xml_feed(r, piece, sizeof piece);
	CHECK(rc && xml_why(r)[0]);
	xml_close(r);
}

static void text_is_escaped(void)
{
	struct xml_out o = XML_OUT_ZERO;

	xml_put_element(&o, "a", "<&>\" \x01 \n");
	xml_put_number(&o, "n", -5);
	xml_put_element(&o, "none", NULL);
	CHECK(!o.bad && !strcmp(o.text, "<a>&lt;&amp;&gt;&quot; ? \n</a><n>-5</n>"));
	xml_out_free(&o);
}

int main(void)
{
	names_are_resolved();
	records_take_no_room();
	bounds_hold();
	text_is_escaped();
	return 0;
}
