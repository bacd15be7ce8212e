/* firewall: the little JSON that several formats write. */
#ifndef CAM_FIREWALL_JSON_H
#define CAM_FIREWALL_JSON_H

#include <stdint.h>
#include <stdio.h>
#include <yyjson.h>

struct json {
	yyjson_mut_doc *d;
	yyjson_mut_val *root;	/* an object */
};

void json_begin(struct json *j);
/* Writes the document, two spaces a level, with a newline; frees it. */
void json_end(struct json *j, FILE *out);
/* New members; the strings are copied, the names must live on. */
yyjson_mut_val *json_object(struct json *j, yyjson_mut_val *in, const char *name);
yyjson_mut_val *json_array(struct json *j, yyjson_mut_val *in, const char *name);
void json_text(struct json *j, yyjson_mut_val *in, const char *name, const char *text);
void json_number(struct json *j, yyjson_mut_val *in, const char *name, int64_t n);
void json_null(struct json *j, yyjson_mut_val *in, const char *name);

#endif
