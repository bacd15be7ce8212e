/*
 * schema: JSON documents held against tables of their fields.
 *
 * A table names what a release knows of an object; members it does not name are
 * left alone, for whole objects keep what a newer client put in.  The first
 * thing that is wrong is told with its path, as in
 * "variables[2].type: must be one of Text, Password, Number."
 */
#ifndef CAM_SCHEMA_H
#define CAM_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <yyjson.h>

enum schema_type {
	SCHEMA_END = 0,		/* ends a table */
	SCHEMA_STRING,		/* min..max characters */
	SCHEMA_INTEGER,		/* min..max */
	SCHEMA_BOOLEAN,
	SCHEMA_OBJECT,		/* fields, or any object without them */
	SCHEMA_ARRAY,		/* min..max elements, each as `element` says, or any without it */
	SCHEMA_ANY
};

/* Flags of a field. */
#define SCHEMA_REQUIRED 1u	/* must be there, and not null; of all others null counts as not there */
#define SCHEMA_TEXT 2u		/* a string that may have line breaks and tabs; others have no control characters */

/* A form of a string that a length cannot say; what: "a GUID" of "must be a GUID". */
struct schema_form {
	bool (*match)(const char *s, size_t n);
	const char *what;
};

struct schema_field {
	const char *name;	/* NULL for an element of an array */
	enum schema_type type;
	unsigned flags;
	int64_t min, max;
	const char *const *words;		/* of a string: the closed set, NULL-terminated; or NULL */
	const struct schema_form *form;		/* or NULL */
	const struct schema_field *fields;	/* of an object */
	const struct schema_field *element;	/* of an array */
};

/* Text of an error, bytes. */
#define SCHEMA_MESSAGE 320
/* Longest path kept, bytes; longer ones lose their end. */
#define SCHEMA_PATH 128

struct schema_path {
	char text[SCHEMA_PATH];
	size_t len;
};
#define SCHEMA_PATH_ZERO { .len = 0 }

/* Appends ".name" (without the dot at the beginning) or "[n]"; returns the length before,
 * for schema_path_back. */
size_t schema_path_name(struct schema_path *p, const char *name);
size_t schema_path_index(struct schema_path *p, size_t n);
void schema_path_back(struct schema_path *p, size_t len);

/* Holds object against fields.  0, or -1 with a sentence in message that begins with the
 * path; path is where object itself is (unchanged afterwards). */
int schema_check(const struct schema_field *fields, yyjson_val *object, struct schema_path *path,
	char message[SCHEMA_MESSAGE]);

/* Writes "<path>: <what is wrong>" and returns -1: for checks beyond the table. */
int schema_refuse(const struct schema_path *path, char message[SCHEMA_MESSAGE], const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Bytes of s that fit max without cutting a character, for "%.*s". */
int schema_shown(const char *s, int max);
/* Characters (not bytes) of UTF-8 text. */
size_t schema_characters(const char *s, size_t n);

/* Forms that many objects need. */
extern const struct schema_form schema_guid;	/* 8-4-4-4-12 hexadecimal digits */

#endif
