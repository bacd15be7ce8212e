/*
 * vim: the vSphere API (SOAP, urn:vim25, version 5.0 and later) of one vCenter, as one session.
 *
 * Sessions are kept in a pool between tasks and used by one thread at a time.
 * A session that the server dropped is renewed and the call made again:
 * a call that was refused for want of a session did nothing.
 */
#ifndef CAM_CLOUD_VIM_H
#define CAM_CLOUD_VIM_H

#include <stdbool.h>
#include <stdint.h>

#include "cloud/http.h"
#include "cloud/job.h"
#include "xml/xml.h"

#define VIM_TYPE 48
#define VIM_VALUE 96
#define VIM_WHY 768
/* Seconds a WaitForUpdatesEx lasts at most before it is asked again. */
#define VIM_WAIT_SECONDS 20

/* Reference to a managed object. */
struct vim_ref {
	char type[VIM_TYPE];
	char value[VIM_VALUE];		/* "" = none */
};

enum vim_result {
	VIM_INVALID = 0,
	VIM_DONE,
	VIM_FAULT,		/* the server's refusal: vim->fault */
	VIM_LOST,		/* not reached: nothing was done */
	VIM_UNKNOWN,		/* perhaps done */
	VIM_REFUSED,		/* not trusted, wrong password: nothing was done, and trying again will not help */
	VIM_CANCELLED
};

struct vim {
	struct vim *next;		/* of the pool */
	uint8_t id[32];			/* what the pool knows it by */
	int64_t idle;			/* since, plat_clock_boot */
	struct tls_trust *trust;
	struct http *http;
	struct job *job;		/* whom it serves now */
	char url[512];
	char host[X509_NAME_MAX + 1];
	char cookie[512];
	bool in;			/* logged in, as far as we know */
	struct vim_ref root, collector, sessions, search, views, fields, customizations;
	char version[32], product[160];
	char fault[64];			/* name of the last fault, "" = none */
	char privilege[96];		/* the one it names, of NoPermission */
	char why[VIM_WHY];		/* a sentence about the last failure */
	struct xml_reader *answer;	/* of the last call */
	void *cache;			/* of the driver's, ends with the session */
	void (*cache_free)(void *cache);
};

/* ---- vim_session.c ---- */

/* A session for the job's provider, from the pool or new and logged in.  NULL with *result to return. */
struct vim *vim_take(struct job *job, enum job_result *result);
/* Back to the pool; ends it when it is of no more use. */
void vim_give(struct vim *v);
/* Forgets what the driver kept with the session. */
void vim_forget(struct vim *v);
/* Ends all that are idle. */
void vim_pool_clear(void);
/* The result of a job that ends because a call did not succeed. */
enum job_result vim_fail(struct vim *v, enum vim_result r, const char *what);

/* ---- vim_call.c ---- */

/* One call: args is the XML after _this.  The answer's element <MethodResponse> in *out (may be NULL) until the
 * next call.  again: may be repeated when it is not known whether it was done. */
enum vim_result vim_call(struct vim *v, const char *method, const struct vim_ref *this, const char *args, bool again,
	struct xml_node **out);
/* The same, with each element `record` of the answer given to fn instead of being kept. */
enum vim_result vim_call_stream(struct vim *v, const char *method, const struct vim_ref *this, const char *args,
	const char *record, xml_record_fn *fn, void *arg, struct xml_node **out);
/* One exchange, without renewal (for the login itself). */
enum vim_result vim_exchange(struct vim *v, const char *method, const struct vim_ref *this, const char *args, bool once,
	struct xml_node **out);
/* What the answer in v->answer, all of which has been fed, comes to: a fault, or the element *out. */
enum vim_result vim_read(struct vim *v, int status, struct xml_node **out);
bool vim_is_fault(const struct vim *v, enum vim_result r, const char *name);
/* Reads an element that is a reference. */
void vim_ref_read(struct vim_ref *ref, const struct xml_node *n);
void vim_ref_set(struct vim_ref *ref, const char *type, const char *value);
/* <name type="T">value</name> */
void vim_put_ref(struct xml_out *o, const char *name, const struct vim_ref *ref);
/* Name of the xsi:type of an element, without its prefix. */
const char *vim_type(const struct xml_node *n);

/* ---- vim_property.c ---- */

/* Properties (names divided by blanks) of one object: *out is its <objects>, until the next call.  The fault of an
 * object that is gone is ManagedObjectNotFound. */
enum vim_result vim_get(struct vim *v, const struct vim_ref *ref, const char *properties, struct xml_node **out);
/* The <val> of one of them, or NULL. */
struct xml_node *vim_property(const struct xml_node *objects, const char *name);
const char *vim_property_text(const struct xml_node *objects, const char *name);
/* A type of object and the properties wanted of it (names divided by blanks); a list ends with type NULL. */
struct vim_kind { const char *type, *properties; };
/* Every object of these types, none of which may be a part of another, below root, one after the other. */
enum vim_result vim_scan(struct vim *v, const struct vim_ref *root, const struct vim_kind *kinds, xml_record_fn *fn, void *arg);
/* Waits until f, given each <changeSet> of an object's properties, is not 0; *reason is that value.  0 after so
 * many seconds. */
enum vim_result vim_watch(struct vim *v, const struct vim_ref *ref, const char *properties, double seconds,
	int (*f)(const struct xml_node *change, void *arg), void *arg, int *reason);

/* ---- vim_task.c ---- */

/* Starts a *_Task method and waits for its end; result may be NULL.  VIM_FAULT also for the task's own error: whatever
 * fails, except VIM_UNKNOWN and VIM_CANCELLED, it did nothing. */
enum vim_result vim_task(struct vim *v, const char *method, const struct vim_ref *this, const char *args, const char *doing,
	struct vim_ref *result);

/* ---- vim_allow.c ---- */

struct vim_privilege {
	const char *method;		/* of the API */
	const char *privileges;		/* their ids, divided by blanks; "" = of every user that is logged in */
};
/* Ends with method NULL.  Every method we call is in it; a call of any other is a bug. */
extern const struct vim_privilege vim_privileges[];
const struct vim_privilege *vim_privilege(const char *method);

#endif
