/*
 * openstack: the driver of OpenStack (Keystone, Nova, Glance, Neutron, Cinder, Heat), its parts for one another.
 *
 * A server of ours carries its key in its metadata (cam_key: the truth), a volume likewise; neither Nova nor Cinder
 * keeps names or keys unique, so a create of unknown fate is looked up for the settle time before it is repeated,
 * the reconciler of core removes a second server, and the driver a second volume.
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
#define OS_ADOPTED "cam_adopted"	/* of a server: somebody else made it */
#define OS_VOLUME_NAME "cam_volume"	/* of a volume: which one of its machine's */
#define OS_PERSIST "cam_persist"	/* of a volume: it stays when its machine goes */

enum os_service { OS_COMPUTE = 0, OS_IMAGE, OS_NETWORK, OS_VOLUME, OS_STACK, OS_SERVICES };

struct os {
	struct job *job;
	struct tls_trust *trust;
	struct http *http;
	char identity[OS_URL];		/* Keystone's address without a version */
	unsigned identity_version;	/* 2 (v2.0), 3; 0 = not known yet */
	char *token;			/* OS_TOKEN bytes, "" = none */
	char project[OS_ID];		/* that the token is of, "" = not said */
	char url[OS_SERVICES][OS_URL];	/* "" = the cloud has no such service */
	unsigned newest[OS_SERVICES];	/* the cloud's highest microversion, its second number; 0 = none, or not asked yet */
	bool asked[OS_SERVICES];
	char version[64];		/* header of the call under way that names a microversion, "" = none */
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
/* Is the service in the catalogue, and the way to it open? */
bool os_there(const struct os *o, enum os_service service);
/* One call; path begins with '/', NULL = the service's version document; body NULL = none.  once: must not be sent twice.  A token that expired is renewed. */
enum os_result os_call(struct os *o, enum os_service service, const char *method, const char *path, yyjson_mut_doc *body, bool once);
/* One exchange at a whole address, whose host is Keystone's or of the catalogue. */
enum os_result os_exchange(struct os *o, const char *method, const char *url, yyjson_mut_doc *body, bool once, bool with_token);
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

/* The key a server carries, "" = none. */
const char *os_key_of(yyjson_val *server);
/* The server of this job's key: id "" when there is none.  The oldest one of several. */
enum os_result os_find(struct os *o, const char *key, const char *hint, char id[OS_ID]);
/* What was made beside a server has the job's key as its description; of a floating address also what it is and its port, "" = none. */
struct os_beside { char id[OS_ID], address[64], port[OS_ID]; };
/* The first one of a list of Neutron's ("/floatingips", "floatingips"): id "" when there is none. */
enum os_result os_beside(struct os *o, const char *path, const char *member, struct os_beside *found);
/* Its addresses into the output; status text in *status when not NULL. */
enum os_result os_server(struct os *o, const char *id, char *status, size_t cap, bool report);

/* ---- os_identity.c: Keystone v3, and v2.0 where there is nothing else ---- */

/* A token into o->token; the answer has the catalogue. */
enum os_result os_identity_log_in(struct os *o, const char *password);
/* Of the answer to that: [{type, endpoints[]}]. */
yyjson_val *os_identity_catalogue(const struct os *o);
/* "v3", "v2.0". */
const char *os_identity_version(const struct os *o);

/* ---- os_version.c: what came with a later microversion ("API versions" of Nova's and Cinder's references) ---- */

enum os_feature {
	OS_NETWORKS_WORD = 0,		/* Nova 2.37: networks "auto", "none" */
	OS_ATTACHED_GOES,		/* Nova 2.79: an attached volume that goes with its server */
	OS_MESSAGES,			/* Cinder 3.5: what became of an object, for its owner */
	OS_RESERVATIONS,		/* Cinder 3.27: attachments as objects, those that are only reserved, too */
	OS_FEATURES
};
/* The service's name for people. */
const char *os_service_name(enum os_service service);
/* Where the version document of an endpoint is: ".../v2.1/" of "https://host/compute/v2.1/<project>". */
void os_version_root(const char *url, char *out, size_t cap);
/* Does the cloud have it?  Its version document is read once; as long as it cannot be read, no. */
bool os_has(struct os *o, enum os_feature feature);
/* 0 when it has, else the result of a job that needs it for `what` ("networks: auto"). */
enum job_result os_need(struct os *o, enum os_feature feature, const char *what);
/* os_call with the microversion the feature came with. */
enum os_result os_call_for(struct os *o, enum os_feature feature, const char *method, const char *path, yyjson_mut_doc *body, bool once);

/* ---- os_adopt.c ---- */

/* Takes key and marks from a server of ours that was adopted; it stays.  One we made, *adopted false, is left as it is. */
enum os_result os_release(struct os *o, const char *id, bool *adopted);

/* ---- os_create.c ---- */

/* Of a create that ended so: later, when its fate is not known, else os_fail. */
enum job_result os_create_failed(struct os *o, enum os_result r, const char *what);

/* ---- os_volume.c: profile.volumes[]{name, size (GB), type, image, persist} ---- */

/* Are they possible?  Before anything is made. */
enum job_result os_volumes_check(struct os *o);
/* The volume the machine boots from, made of the image: id "" when it boots from none. */
enum job_result os_volume_boot(struct os *o, const char *image, char id[OS_ID], bool *persist);
/* The others, attached to the server; the first is marked to stay when it is to. */
enum job_result os_volumes_attach(struct os *o, const char *server);
/* Those of this key go, but for what is to stay: that loses its key.  Its server is gone. */
enum job_result os_volumes_remove(struct os *o);

/* {action: null} to a path: Nova's and Heat's actions without arguments. */
enum os_result os_action(struct os *o, enum os_service service, const char *path, const char *action);

/* For os_each over servers, arg = the job: into machines[] or unregistered[] of its output, as far as those are there. */
int os_list_one(yyjson_val *server, void *arg);

driver_fn os_validate, os_sync, os_create, os_adopt, os_start, os_stop, os_destroy, os_list;
/* ---- os_stack.c ---- */

/* This appliance's stacks into machines[] of the output, each by the key it has (an instance's id), with stack: true. */
void os_stacks(struct os *o);
driver_fn os_stack_put, os_stack_start, os_stack_stop, os_stack_delete;

#endif
