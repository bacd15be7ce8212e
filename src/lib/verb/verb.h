/*
 * verb: the table of everything that can be asked of the appliance.
 *
 * One row is one verb: its name, its HTTP route, who may use it, and its
 * arguments with types and limits.  api routes by it, core validates and
 * decides by it, documents and help are made from it.  Handlers live in core,
 * found by the verb's name.
 */
#ifndef CAM_VERB_H
#define CAM_VERB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <yyjson.h>

#include "verb/need.h"

enum verb_type {
	VERB_NONE = 0,		/* ends an argument table */
	VERB_STRING,		/* min..max bytes of UTF-8 without control characters */
	VERB_TEXT,		/* the same with lines: tabs, carriage returns and newlines too */
	VERB_SECRET,		/* as VERB_STRING, never logged, never stored in a document */
	VERB_INTEGER,		/* min..max */
	VERB_BOOLEAN,
	VERB_OBJECT,		/* any JSON object */
	VERB_ARRAY		/* any JSON array of at most max elements */
};

struct verb_arg {
	const char *name;
	enum verb_type type;
	bool required;
	int64_t min, max;	/* bytes or value, see enum verb_type */
	const char *help;
};

/* Who may use a verb. */
enum verb_role {
	VERB_ROLE_NONE = 0,
	VERB_ROLE_PUBLIC,	/* anybody */
	VERB_ROLE_USER,		/* anybody signed in */
	VERB_ROLE_ADMIN,	/* an administrator of the appliance */
	VERB_ROLE_SYSD,		/* the room of that name only, never from HTTP */
	VERB_ROLE_TTY,
	VERB_ROLE_FWD,
	VERB_ROLE_API
};

/* What the body of a request is. */
enum verb_body {
	VERB_BODY_JSON = 0,	/* an object; its members are arguments */
	VERB_BODY_MULTIPART,	/* a file: the part "blob" of multipart/form-data (RFC 7578) */
	VERB_BODY_RAW		/* a file: the bytes as they are */
};

/* How a good answer comes. */
enum verb_answer {
	VERB_ANSWER_JSON = 0,	/* from core, as the row's reply says */
	VERB_ANSWER_LINES,	/* of a list: its chunks are sent as they are, of the type that verb_lines_type says */
	VERB_ANSWER_OUTPUT,	/* plain text: core answers {"status":200,"parts":[{"text":".."},{"segment":"name","from":n},..]},
				 * api puts it together from store's segments and logs; one that is not there is nothing */
	VERB_ANSWER_BYTES	/* a file that store has: core answers {"status":200,"file":{"digest","name","content_type"}} */
};

struct verb {
	const char *name;	/* "security.token" */
	const char *method;	/* "POST"; NULL = not reachable by HTTP */
	const char *path;	/* "/services/security/token"; a segment in {} is an argument of that name; NULL as method */
	enum verb_role role;
	bool writes;		/* changes the truth: runs in the writer, else in a reader */
	const struct verb_arg *args;	/* from the body's members, {segments} and the query; ends with VERB_NONE */
	const char *help;	/* one line */
	bool whole;		/* the body is a whole object: members the table does not name are kept, not refused */
	bool list;		/* an array of objects, asked of core chunk by chunk (PROTO_CORE_LIST) and streamed */
	enum object_kind kind;	/* what it is about, and what it needs of it: docs/roles.md */
	enum access_need need;
	int status;		/* of success */
	const char *reply;	/* schema of the reply: "box", "box[]" an array, "text", "a|b" one of them; NULL = empty */
	enum verb_body body;	/* the arguments of a file's verb are api's: digest, name, length, content_type */
	enum verb_answer answer;
};

/* The parts' rows, in files of their own (rows_<part>.c); each list ends with one without a name. */
extern const struct verb verb_rows_appliance[], verb_rows_places[], verb_rows_users[], verb_rows_boxes[],
	verb_rows_instances[], verb_rows_blobs[], verb_rows_firewall[];

/* Media type of a VERB_ANSWER_LINES: by its reply, "lines" application/x-ndjson, "csv" text/csv, others JSON. */
const char *verb_lines_type(const struct verb *v);

/* The table, in order; NULL past its end. */
const struct verb *verb_at(size_t i);
const struct verb *verb_by_name(const char *name);

/* The verb of an HTTP request, or NULL.  path is without the query.  When the
 * path is known but not with this method, NULL is returned and *other_method is set.
 * Up to VERB_SEGMENTS {segments} are given as pointers into path. */
#define VERB_SEGMENTS 4
struct verb_segment { const char *name; size_t name_len; const char *value; size_t value_len; };
const struct verb *verb_by_route(const char *method, const char *path, bool *other_method,
	struct verb_segment segments[VERB_SEGMENTS], size_t *count);

/* Text of an error about arguments: the name of one and what is wrong with it, bytes. */
#define VERB_MESSAGE 160
/* Deepest nesting accepted in an argument: documents may be walked recursively. */
#define VERB_DEPTH 64

/*
 * Holds args (a JSON object, or NULL for none) against the verb's table: types,
 * limits, required and unknown members, members given twice (at any depth),
 * nesting, control characters.  Returns 0, or -1 with a sentence for the
 * client in message.
 */
int verb_check(const struct verb *v, yyjson_val *args, char message[VERB_MESSAGE]);

#endif
