/*
 * form: what each type of provider asks for, as data: the members of its
 * registration and of a policy's profile.  The API checks records by it, the
 * console draws it (GET /services/provider-types).
 */
#ifndef CAM_FORM_H
#define CAM_FORM_H

#include <stdbool.h>
#include <stddef.h>
#include <yyjson.h>

enum form_kind {
	FORM_END = 0,		/* ends a list */
	FORM_TEXT,
	FORM_URL,		/* https://... */
	FORM_LINES,		/* text of several lines, such as PEM */
	FORM_SECRET,		/* sealed, read as a mask */
	FORM_NUMBER,		/* a whole number, min..max */
	FORM_FLAG,
	FORM_LIST		/* an array: of objects with the members of `items`, else of words */
};

struct form_field {
	const char *name;
	enum form_kind kind;
	bool required;
	const char *label;	/* for people */
	const char *help;	/* a sentence, or NULL */
	/* a member of what a sync found, whose elements' names are the choices ("datacenters/templates"); NULL = free.  On the
	 * way only elements count that another field with that part as its choices names ("datacenters"). */
	const char *choices;
	const char *words;	/* further choices, beside what was found: separated by commas, or NULL */
	const struct form_field *items;	/* of a list, or NULL; ends with kind FORM_END */
	long min, max;		/* of a number; max characters of a text, 0 = 4096 */
};

struct form {
	const char *type, *schema;		/* of the provider */
	const char *profile_schema;		/* of its policies; NULL = none are known */
	const struct form_field *registration, *profile;	/* end with kind FORM_END; profile may be NULL */
	bool imports;				/* what it has already can become an instance (register-instance-request) */
};

/* NULL for a type that is not known here. */
const struct form *form_of(const char *type);
/* All of them; *count. */
const struct form *form_all(size_t *count);

#define FORM_MESSAGE 320
/* Holds an object against fields: those that are required are there, all have their kinds and bounds, those in lists too.
 * 0, or -1 with a sentence that begins with the member. */
int form_check(const struct form_field *fields, yyjson_val *object, char message[FORM_MESSAGE]);

/* The same of a profile, by its schema: what is there has its kind and bounds, nothing is missing (a policy is written before its provider
 * was synchronized; the driver says what it needs).  A schema that is not known here holds whatever it likes. */
int form_check_profile(yyjson_val *profile, char message[FORM_MESSAGE]);

/* Appends [{type, schema, profile_schema, fields[], profile[]}], each field {name, kind, required, secret, label, help,
 * choices, words[], items[], min, max}. */
void form_json(yyjson_mut_doc *doc, yyjson_mut_val *list);

#endif
