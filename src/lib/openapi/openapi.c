#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <yyjson.h>

#include "openapi/openapi.h"
#include "verb/verb.h"

/* The document while it is made. */
struct making {
	yyjson_mut_doc *doc;
	yyjson_mut_val *paths, *schemas;
};

static yyjson_mut_val *object(struct making *m, yyjson_mut_val *in, const char *name)
{
	return yyjson_mut_obj_add_obj(m->doc, in, name);
}

static void text(struct making *m, yyjson_mut_val *in, const char *name, const char *value)
{
	yyjson_mut_obj_add_strcpy(m->doc, in, name, value);
}

/* An object under a name that is not constant. */
static yyjson_mut_val *object_named(struct making *m, yyjson_mut_val *in, const char *name)
{
	yyjson_mut_val *o = yyjson_mut_obj(m->doc);

	yyjson_mut_obj_add(in, yyjson_mut_strcpy(m->doc, name), o);
	return o;
}

/* ---- schemas ---- */

static const char *type_name(char letter)
{
	switch (letter) {
	case 's':
		return "string";
	case 'i':
		return "integer";
	case 'b':
		return "boolean";
	case 'a':
		return "array";
	default:
		return "object";
	}
}

static void set_type(struct making *m, yyjson_mut_val *schema, const char *type, bool or_null)
{
	yyjson_mut_val *both;

	if (!or_null) {
		text(m, schema, "type", type);
		return;
	}
	both = yyjson_mut_obj_add_arr(m->doc, schema, "type");
	yyjson_mut_arr_add_strcpy(m->doc, both, type);
	yyjson_mut_arr_add_str(m->doc, both, "null");
}

/* "name:s name:i? …" as properties that are all there. */
static void add_members(struct making *m, yyjson_mut_val *schema, const char *members)
{
	yyjson_mut_val *properties = object(m, schema, "properties"), *required;
	char name[64], type[3];
	int used;

	required = yyjson_mut_obj_add_arr(m->doc, schema, "required");
	for (; sscanf(members, " %63[^:]:%2s%n", name, type, &used) == 2; members += used) {
		set_type(m, object_named(m, properties, name), type_name(type[0]), type[1] == '?');
		yyjson_mut_arr_add_strcpy(m->doc, required, name);
	}
}

static void add_schema(struct making *m, const char *reply, size_t len)
{
	char name[64];
	yyjson_mut_val *schema;

	snprintf(name, sizeof name, "%.*s", (int)len, reply);
	if (yyjson_mut_obj_get(m->schemas, name))
		return;
	schema = object_named(m, m->schemas, name);
	text(m, schema, "type", "object");
	add_members(m, schema, openapi_members(reply, len));
}

static void add_reference(struct making *m, yyjson_mut_val *schema, const char *reply, size_t len)
{
	char at[96];

	add_schema(m, reply, len);
	snprintf(at, sizeof at, "#/components/schemas/%.*s", (int)len, reply);
	text(m, schema, "$ref", at);
}

/* ---- arguments ---- */

static bool in_path(const struct verb *v, const char *name)
{
	char segment[80];

	snprintf(segment, sizeof segment, "{%s}", name);
	return strstr(v->path, segment) != NULL;
}

static void argument_schema(struct making *m, yyjson_mut_val *schema, const struct verb_arg *a, bool or_null)
{
	switch (a->type) {
	case VERB_STRING:
	case VERB_TEXT:
	case VERB_SECRET:
		set_type(m, schema, "string", or_null);
		/* The table counts bytes: as many characters at most. */
		if (a->min > 0)
			yyjson_mut_obj_add_int(m->doc, schema, "minLength", 1);
		yyjson_mut_obj_add_sint(m->doc, schema, "maxLength", a->max);
		break;
	case VERB_INTEGER:
		set_type(m, schema, "integer", or_null);
		yyjson_mut_obj_add_sint(m->doc, schema, "minimum", a->min);
		yyjson_mut_obj_add_sint(m->doc, schema, "maximum", a->max);
		break;
	case VERB_BOOLEAN:
		set_type(m, schema, "boolean", or_null);
		break;
	case VERB_ARRAY:
		set_type(m, schema, "array", or_null);
		yyjson_mut_obj_add_sint(m->doc, schema, "maxItems", a->max);
		break;
	default:
		set_type(m, schema, "object", or_null);
	}
	text(m, schema, "description", a->help);
}

static void add_parameter(struct making *m, yyjson_mut_val *list, const struct verb_arg *a, const char *name, const char *in)
{
	yyjson_mut_val *p = yyjson_mut_arr_add_obj(m->doc, list);

	text(m, p, "name", name);
	text(m, p, "in", in);
	yyjson_mut_obj_add_bool(m->doc, p, "required", !strcmp(in, "path") || (a && a->required));
	if (a)
		argument_schema(m, object(m, p, "schema"), a, false);
	else
		text(m, object(m, p, "schema"), "type", "string");
}

static const struct verb_arg *argument(const struct verb *v, const char *name)
{
	for (const struct verb_arg *a = v->args; a && a->type != VERB_NONE; a++)
		if (!strcmp(a->name, name))
			return a;
	return NULL;
}

static void add_path_parameters(struct making *m, yyjson_mut_val *list, const struct verb *v)
{
	const char *at = v->path, *end;
	char name[64];

	while ((at = strchr(at, '{')) && (end = strchr(at, '}'))) {
		snprintf(name, sizeof name, "%.*s", (int)(end - at - 1), at + 1);
		add_parameter(m, list, argument(v, name), name, "path");
		at = end;
	}
}

static bool has_body(const struct verb *v)
{
	return strcmp(v->method, "GET") && strcmp(v->method, "DELETE");
}

static void add_json_body(struct making *m, yyjson_mut_val *operation, const struct verb *v)
{
	yyjson_mut_val *body = yyjson_mut_obj(m->doc), *schema, *properties, *required;
	bool needed = false;

	schema = object(m, object(m, object(m, body, "content"), "application/json"), "schema");
	text(m, schema, "type", "object");
	properties = object(m, schema, "properties");
	required = yyjson_mut_obj_add_arr(m->doc, schema, "required");
	for (const struct verb_arg *a = v->args; a && a->type != VERB_NONE; a++) {
		if (in_path(v, a->name))
			continue;
		argument_schema(m, object_named(m, properties, a->name), a, !a->required);
		if (a->required) {
			yyjson_mut_arr_add_strcpy(m->doc, required, a->name);
			needed = true;
		}
	}
	if (!v->whole)
		yyjson_mut_obj_add_bool(m->doc, schema, "additionalProperties", false);
	if (!v->whole && !yyjson_mut_obj_size(properties))
		return;
	yyjson_mut_obj_add_bool(m->doc, body, "required", needed);
	yyjson_mut_obj_add_val(m->doc, operation, "requestBody", body);
}

static void add_file_body(struct making *m, yyjson_mut_val *operation, const struct verb *v)
{
	yyjson_mut_val *body = object(m, operation, "requestBody"), *content, *schema, *blob;

	yyjson_mut_obj_add_bool(m->doc, body, "required", true);
	content = object(m, body, "content");
	if (v->body == VERB_BODY_RAW) {
		object(m, content, "application/octet-stream");
		return;
	}
	schema = object(m, object(m, content, "multipart/form-data"), "schema");
	text(m, schema, "type", "object");
	blob = object(m, object(m, schema, "properties"), "blob");
	text(m, blob, "type", "string");
	text(m, blob, "contentMediaType", "application/octet-stream");
	yyjson_mut_arr_add_str(m->doc, yyjson_mut_obj_add_arr(m->doc, schema, "required"), "blob");
}

static void add_request(struct making *m, yyjson_mut_val *operation, const struct verb *v)
{
	yyjson_mut_val *parameters = yyjson_mut_obj_add_arr(m->doc, operation, "parameters");

	add_path_parameters(m, parameters, v);
	if (v->body != VERB_BODY_JSON) {
		add_file_body(m, operation, v);
	} else if (has_body(v)) {
		add_json_body(m, operation, v);
	} else {
		for (const struct verb_arg *a = v->args; a && a->type != VERB_NONE; a++)
			if (!in_path(v, a->name))
				add_parameter(m, parameters, a, a->name, "query");
	}
}

/* ---- replies ---- */

/* Forms that are no JSON, and their media types. */
static const struct { const char *form, *kind; bool text; } plain[] = {
	{ "text", "text/plain", true }, { "token", "text/plain", true }, { "pem", "application/x-pem-file", true },
	{ "csv", "text/csv", true }, { "file", "*/*", true }, { "der", "application/pkix-crl", false },
};

static const char *plain_kind(const char *form, size_t len, bool as_text)
{
	for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++)
		if (plain[i].text == as_text && strlen(plain[i].form) == len && !memcmp(plain[i].form, form, len))
			return plain[i].kind;
	return NULL;
}

static const char *text_kind(const char *form, size_t len)
{
	return plain_kind(form, len, true);
}

static bool is_text(const char *form, size_t len)
{
	return text_kind(form, len) != NULL;
}

static const char *octets_kind(const char *reply)
{
	return plain_kind(reply, strlen(reply), false);
}

/* "box[]": an array of boxes. */
static void add_form(struct making *m, yyjson_mut_val *schema, const char *form, size_t len)
{
	if (len > 2 && !memcmp(form + len - 2, "[]", 2)) {
		text(m, schema, "type", "array");
		add_reference(m, object(m, schema, "items"), form, len - 2);
	} else {
		add_reference(m, schema, form, len);
	}
}

/* Of "a|b|c" the forms that are texts, or those that are not: how many, and the last of them. */
static size_t forms(const char *reply, bool texts, const char **last, size_t *last_len)
{
	size_t n = 0, len;

	for (const char *at = reply; *at; at += len, at += *at == '|') {
		len = strcspn(at, "|");
		if (is_text(at, len) != texts)
			continue;
		*last = at;
		*last_len = len;
		n++;
	}
	return n;
}

static void add_json(struct making *m, yyjson_mut_val *content, const char *reply)
{
	const char *last = NULL;
	size_t len = 0, n = forms(reply, false, &last, &len);
	yyjson_mut_val *schema, *one;

	if (!n)
		return;
	schema = object(m, object(m, content, "application/json"), "schema");
	if (n == 1) {
		add_form(m, schema, last, len);
		return;
	}
	one = yyjson_mut_obj_add_arr(m->doc, schema, "oneOf");
	for (const char *at = reply; *at; at += len, at += *at == '|') {
		len = strcspn(at, "|");
		if (!is_text(at, len))
			add_form(m, yyjson_mut_arr_add_obj(m->doc, one), at, len);
	}
}

static void add_content(struct making *m, yyjson_mut_val *response, const struct verb *v)
{
	yyjson_mut_val *content;
	const char *last;
	size_t len;

	if (!v->reply && v->answer != VERB_ANSWER_BYTES)
		return;
	content = object(m, response, "content");
	if (v->answer == VERB_ANSWER_BYTES) {
		/* The type the file was uploaded with. */
		object(m, content, "*/*");
	} else if (!strcmp(v->reply, "lines")) {
		object(m, content, verb_lines_type(v));
	} else if (octets_kind(v->reply)) {
		object(m, content, octets_kind(v->reply));
	} else {
		if (forms(v->reply, true, &last, &len))
			text(m, object(m, object(m, content, text_kind(last, len)), "schema"), "type", "string");
		add_json(m, content, v->reply);
	}
}

static void add_responses(struct making *m, yyjson_mut_val *operation, const struct verb *v)
{
	yyjson_mut_val *responses = object(m, operation, "responses"), *r;
	char status[8];

	snprintf(status, sizeof status, "%u", (unsigned)(v->status ? v->status : 200) % 1000);
	r = object_named(m, responses, status);
	text(m, r, "description", v->help);
	add_content(m, r, v);
	if (v->answer == VERB_ANSWER_BYTES) {
		text(m, object(m, responses, "206"), "description", "the part of it that Range names");
		text(m, object(m, responses, "304"), "description", "it is as If-None-Match says");
	}
	text(m, object(m, responses, "default"), "$ref", "#/components/responses/error");
}

/* ---- operations ---- */

static const char *role_name(enum verb_role role)
{
	return role == VERB_ROLE_PUBLIC ? "public" : role == VERB_ROLE_ADMIN ? "administrator" : "user";
}

static void lower(const char *method, char out[8])
{
	size_t i;

	for (i = 0; method[i] && i < 7; i++)
		out[i] = (char)(method[i] | 0x20);
	out[i] = 0;
}

static void add_verb(struct making *m, const struct verb *v)
{
	yyjson_mut_val *path = yyjson_mut_obj_get(m->paths, v->path), *operation;
	char method[8], tag[64];

	if (!path)
		path = object_named(m, m->paths, v->path);
	lower(v->method, method);
	operation = object_named(m, path, method);
	text(m, operation, "operationId", v->name);
	text(m, operation, "summary", v->help);
	snprintf(tag, sizeof tag, "%.*s", (int)strcspn(v->name, "."), v->name);
	yyjson_mut_arr_add_strcpy(m->doc, yyjson_mut_obj_add_arr(m->doc, operation, "tags"), tag);
	text(m, operation, "x-role", role_name(v->role));
	if (v->role == VERB_ROLE_PUBLIC)
		yyjson_mut_obj_add_arr(m->doc, operation, "security");
	add_request(m, operation, v);
	add_responses(m, operation, v);
}

static void add_scheme(struct making *m, yyjson_mut_val *schemes, yyjson_mut_val *security, const char *name,
	const char *type, const char *in, const char *header)
{
	yyjson_mut_val *s = object(m, schemes, name);

	text(m, s, "type", type);
	if (in) {
		text(m, s, "in", in);
		text(m, s, "name", header);
	} else {
		text(m, s, "scheme", header);
	}
	yyjson_mut_obj_add_arr(m->doc, yyjson_mut_arr_add_obj(m->doc, security), name);
}

static void add_components(struct making *m, yyjson_mut_val *root)
{
	yyjson_mut_val *components = object(m, root, "components"), *schemes, *error, *security;

	m->schemas = object(m, components, "schemas");
	error = object(m, m->schemas, "error");
	text(m, error, "type", "object");
	add_members(m, error, "message:s");
	error = object(m, object(m, components, "responses"), "error");
	text(m, error, "description", "refused; the message says why");
	text(m, object(m, object(m, object(m, error, "content"), "application/json"), "schema"), "$ref",
		"#/components/schemas/error");
	schemes = object(m, components, "securitySchemes");
	security = yyjson_mut_obj_add_arr(m->doc, root, "security");
	add_scheme(m, schemes, security, "token", "apiKey", "header", "ElasticBox-Token");
	add_scheme(m, schemes, security, "bearer", "http", NULL, "bearer");
	add_scheme(m, schemes, security, "session", "apiKey", "cookie", "cam_session");
}

/* What api answers itself. */
static void add_own(struct making *m)
{
	static const struct verb_arg none[] = { { .type = VERB_NONE } };
	static const struct verb own[] = {
		{ .name = "openapi.get", .method = "GET", .path = "/services/openapi.json", .role = VERB_ROLE_PUBLIC, .args = none,
		  .help = "this document", .status = 200, .reply = "openapi" },
		{ .name = "events.follow", .method = "GET", .path = "/services/events", .role = VERB_ROLE_PUBLIC, .args = none,
		  .help = "a WebSocket (RFC 6455) that tells what happens", .status = 101 },
	};

	add_verb(m, &own[0]);
	add_verb(m, &own[1]);
}

char *openapi_text(const char *release, size_t *len)
{
	struct making m = { .doc = yyjson_mut_doc_new(NULL) };
	yyjson_mut_val *root, *info;
	const struct verb *v;
	char *out;

	if (!m.doc)
		return NULL;
	root = yyjson_mut_obj(m.doc);
	yyjson_mut_doc_set_root(m.doc, root);
	text(&m, root, "openapi", "3.1.0");
	info = object(&m, root, "info");
	text(&m, info, "title", "Cloud Application Manager, Dedicated Edition");
	text(&m, info, "version", release);
	m.paths = object(&m, root, "paths");
	add_components(&m, root);
	for (size_t i = 0; (v = verb_at(i)); i++)
		if (v->path)
			add_verb(&m, v);
	add_own(&m);
	out = yyjson_mut_write(m.doc, 0, len);
	yyjson_mut_doc_free(m.doc);
	return out;
}
