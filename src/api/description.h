/*
 * description: the interface as an OpenAPI document, made once.
 */
#ifndef CAM_API_DESCRIPTION_H
#define CAM_API_DESCRIPTION_H

#define DESCRIPTION_PATH "/services/openapi.json"

struct request;

void description_serve(struct request *r);

#endif
