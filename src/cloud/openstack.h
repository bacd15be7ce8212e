/*
 * openstack: the driver of OpenStack (Keystone v3, Nova, Glance, Neutron, Cinder), its parts for one another.
 *
 * A server of ours carries its key in its metadata (cam_key: the truth); Nova
 * keeps neither names nor keys unique, so a create of unknown fate is looked up
 * for the settle time before it is repeated, and the reconciler of core removes a second one.
 */
#ifndef CAM_CLOUD_OPENSTACK_H
#define CAM_CLOUD_OPENSTACK_H

#include "cloud/driver.h"
#include "cloud/http.h"

#define OS_ID 80
#define OS_URL 512
#define OS_WHY 640
/* Bytes of a token: Fernet tokens have some 250, PKI tokens of old releases several thousand. */
#define OS_TOKEN 16384
/* Names in metadata. */
#define OS_KEY "cam_key"
#define OS_MACHINE "cam_machine"
#define OS_CREATED "cam_created"

enum os_service { OS_COMPUTE = 0, OS_IMAGE, OS_NETWORK, OS_VOLUME, OS_SERVICES };

struct os {
	struct job *job;
	struct tls_trust *trust;
	struct http *http;
	char *token;			/* OS_TOKEN bytes, "" = none */
	char url[OS_SERVICES][OS_URL];	/* "" = the cloud has no such service */
	char unknown[OS_WHY];		/* "" = core knows every place of the catalogue that is used; else which one it does not */
	char closed[OS_SERVICES][OS_WHY];	/* why core did not open the way to a service, "" = it did */
	char why[OS_WHY];
	int status;			/* of the last call */
	yyjson_doc *answer;		/* of the last call, NULL = none */
};

enum os_result {
	OS_INVALID = 0,
	OS_DONE,			/* a status 2xx */
	OS_MISSING,			/* 404 */
	OS_REFUSED,			/* another 4xx: trying again will not help */
	OS_BUSY,			/* 409, 413, 429, 5xx, not reached: nothing was done, may be tried again */
	OS_UNKNOWN,			/* perhaps done */
	OS_UNTRUSTED,
	OS_CANCELLED
};

/* Logged in, with the catalogue read.  NULL with *result to return. */
struct os *os_open(struct job *job, enum job_result *result);
void os_close(struct os *o);
/* Reads the catalogue out of Keystone's answer: url, unknown, closed. */
void os_catalogue(struct os *o);
/* Which places of the catalogue are not at the host of identity_url, for core: endpoints[] {service, host, port} of the output. */
void os_endpoints(struct os *o);
/* "Nova" */
const char *os_service_name(enum os_service service);
/* One call; path begins with '/'; body NULL = none.  once: must not be sent twice.  A token that expired is renewed. */
enum os_result os_call(struct os *o, enum os_service service, const char *method, const char *path, yyjson_mut_doc *body, bool once);
/* Takes an answer in: what it comes to; o->answer, and the server's sentence in o->why unless it is done. */
enum os_result os_read(struct os *o, int status, const char *text, size_t len);
/* Root of the answer, NULL when it is no JSON. */
yyjson_val *os_answer(const struct os *o);
/* The result of a job that ends because a call did not succeed. */
enum job_result os_fail(struct os *o, enum os_result r, const char *what);
/* Every element of a list that comes in pages ("servers", "/servers/detail"): f not 0 ends it. */
enum os_result os_each(struct os *o, enum os_service service, const char *path, const char *member, const char *marker,
	int (*f)(yyjson_val *one, void *arg), void *arg);
/* Text safe within a path or query (RFC 3986 unreserved characters stay). */
void os_escape(const char *text, char *out, size_t cap);

/* The server of this job's key: id "" when there is none.  The oldest one of several. */
enum os_result os_find(struct os *o, const char *key, const char *hint, char id[OS_ID]);
/* Its addresses into the output; status text in *status when not NULL. */
enum os_result os_server(struct os *o, const char *id, char *status, size_t cap, bool report);

/* For os_each over servers, arg = the job: into machines[] or unregistered[] of its output, as far as those are there. */
int os_list_one(yyjson_val *server, void *arg);

driver_fn os_validate, os_sync, os_create, os_start, os_stop, os_destroy, os_list;

#endif
