/*
 * arguments: the arguments of a verb, from path, query and body.
 */
#ifndef CAM_API_ARGUMENTS_H
#define CAM_API_ARGUMENTS_H

#include <yyjson.h>

struct request;

/* Builds the object of arguments in doc.  NULL when the request has been refused: the body is
 * not JSON, or not an object, or the query is malformed. */
yyjson_mut_val *arguments_build(struct request *r, yyjson_mut_doc *doc);

/* Memory for JSON that may hold passwords: wiped when freed. */
extern const yyjson_alc arguments_memory;

#endif
