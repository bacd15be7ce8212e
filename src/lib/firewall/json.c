/* firewall: the little JSON that several formats write. */
#include <stdlib.h>

#include "firewall/json.h"
#include "log/log.h"

void json_begin(struct json *j)
{
	j->d = yyjson_mut_doc_new(NULL);
	if (!j->d)
		log_fatal("firewall: JSON");
	j->root = yyjson_mut_obj(j->d);
	yyjson_mut_doc_set_root(j->d, j->root);
}

void json_end(struct json *j, FILE *out)
{
	char *text = yyjson_mut_write(j->d, YYJSON_WRITE_PRETTY_TWO_SPACES, NULL);

	if (!text)
		log_fatal("firewall: JSON");
	fprintf(out, "%s\n", text);
	free(text);
	yyjson_mut_doc_free(j->d);
}

yyjson_mut_val *json_object(struct json *j, yyjson_mut_val *in, const char *name)
{
	return yyjson_mut_obj_add_obj(j->d, in, name);
}

yyjson_mut_val *json_array(struct json *j, yyjson_mut_val *in, const char *name)
{
	return yyjson_mut_obj_add_arr(j->d, in, name);
}

void json_text(struct json *j, yyjson_mut_val *in, const char *name, const char *text)
{
	yyjson_mut_obj_add_strcpy(j->d, in, name, text);
}

void json_number(struct json *j, yyjson_mut_val *in, const char *name, int64_t n)
{
	yyjson_mut_obj_add_int(j->d, in, name, n);
}

void json_null(struct json *j, yyjson_mut_val *in, const char *name)
{
	yyjson_mut_obj_add_null(j->d, in, name);
}
