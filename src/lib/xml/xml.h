/*
 * xml: reads XML 1.0 with namespaces (by expat) into a small tree.
 *
 * For answers of servers that are not trusted: bytes, depth and memory are
 * bounded, a document type declaration (and so every entity but the five
 * built-in ones) is refused.  Prefixes are resolved; elements and attributes
 * are known by their local names.  Text is kept of elements without children.
 */
#ifndef CAM_XML_H
#define CAM_XML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct xml_attribute {
	struct xml_attribute *next;
	const char *space;		/* namespace name, "" = none */
	const char *name, *value;
};

struct xml_node {
	struct xml_node *next, *first, *last, *parent;
	struct xml_attribute *attributes;
	const char *space;		/* namespace name, "" = none */
	const char *name;		/* local name */
	const char *text;		/* never NULL */
};

struct xml_limits {
	uint64_t bytes;			/* of the text as it comes */
	unsigned depth;			/* elements inside each other */
	size_t memory;			/* bytes of the tree that are held at once */
};

/* What one answer may be, when it is kept whole. */
#define XML_LIMITS_ANSWER { 4u << 20, 64, 16u << 20 }

struct xml_reader;

/* Takes one record (see xml_open): it and what is below it live during the call only.  Not 0 ends the reading. */
typedef int xml_record_fn(struct xml_node *record, void *arg);

/*
 * A reader; NULL without memory.  With record, each element of that local name
 * is given to fn when it ends and is then cut out of the tree, so that a text of
 * any length is read within the memory of its largest record.
 */
struct xml_reader *xml_open(const struct xml_limits *limits, const char *record, xml_record_fn *fn, void *arg);
/* The next bytes, in pieces of any size.  0, or -1 after the first error. */
int xml_feed(struct xml_reader *r, const void *data, size_t len);
/* After the last piece: the root, which lives until xml_close; NULL after an error. */
struct xml_node *xml_finish(struct xml_reader *r);
/* A few words about the first error, "" = none.  Lives until xml_close. */
const char *xml_why(const struct xml_reader *r);
void xml_close(struct xml_reader *r);

/* ---- walking; a node that is NULL has nothing ---- */

/* The first child of that local name, or NULL. */
struct xml_node *xml_child(const struct xml_node *n, const char *name);
/* The next sibling of the same local name, or NULL. */
struct xml_node *xml_again(const struct xml_node *n);
/* By names divided by '/': "Body/Fault".  NULL when one is missing. */
struct xml_node *xml_path(const struct xml_node *n, const char *path);
/* Text of the node at path ("" = of the node itself), "" when there is none. */
const char *xml_text(const struct xml_node *n, const char *path);
/* Value of the attribute of that namespace ("" = none) and local name, "" when there is none. */
const char *xml_attribute(const struct xml_node *n, const char *space, const char *name);
/* A whole number, or fallback when the text is none. */
int64_t xml_number(const char *text, int64_t fallback);
/* "true" or "1" (XML Schema 1.0 part 2 §3.2.2). */
bool xml_true(const char *text);

/* ---- writing ---- */

/* A text that grows; after a failure it stays as it is and bad is set. */
struct xml_out {
	char *text;			/* ends with NUL when not NULL; free() it */
	size_t len, cap;
	bool bad;
};
#define XML_OUT_ZERO { NULL, 0, 0, false }

/* As they are. */
void xml_put(struct xml_out *o, const char *text);
/* Escaped; characters XML 1.0 cannot hold become '?'. */
void xml_put_text(struct xml_out *o, const char *text);
/* <name>text</name>, escaped; nothing when text is NULL. */
void xml_put_element(struct xml_out *o, const char *name, const char *text);
void xml_put_number(struct xml_out *o, const char *name, int64_t number);
/* Wipes and frees. */
void xml_out_free(struct xml_out *o);

#endif
