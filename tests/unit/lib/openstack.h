/*
 * openstack: an OpenStack of answers written down: each call of a task must be the next one that is expected.
 *
 * A test's "with:" line names this file beside the driver's; it stands in for cloud/http.c.
 */
#ifndef CAM_UNIT_OPENSTACK_H
#define CAM_UNIT_OPENSTACK_H

#include <stdio.h>

#include "cloud/openstack.h"

/* Set when anything was not as it should be. */
extern int failed;
#define CHECK(x) do { if (!(x)) { failed = 1; printf("%s:%d: %s\n", __FILE__, __LINE__, #x); } } while (0)

/* One call that is expected: what it must be (NULL: anything), and what is answered; status 0: nothing, the connection ends. */
struct call { const char *method, *url, *body, *header; int status; const char *answer; };
#define END { NULL, NULL, NULL, NULL, 0, NULL }

#define CONFIG(url, more) "{\"identity_url\":\"" url "\",\"project\":\"demo\",\"username\":\"joe\"" more "}"
/* Keystone's v3, with Nova and Glance. */
#define V3_ACCESS "{\"token\":{\"catalog\":[{\"type\":\"compute\",\"endpoints\":[{\"interface\":\"public\",\"url\":\"https://k/compute/v2.1/\"}]}," \
	"{\"type\":\"image\",\"endpoints\":[{\"interface\":\"public\",\"url\":\"https://k/image\"}]}]}}"
#define V3_LOGIN { "POST", "https://k:5000/v3/auth/tokens", NULL, NULL, 201, V3_ACCESS }

/* Runs one task of the machine m-1 of the appliance a, more members of its input in `more` ("" or ",..."): its result, and in out what it says
 * of a text of its output, its whole output when member is NULL, or its sentence when it is not done. */
enum job_result run(driver_fn *f, const char *config, const char *more, const struct call *calls, const char *member, char out[JOB_MESSAGE]);
/* The same as an attempt that is told whether what was tried before left nothing of unknown fate; *definite then says so of this one, too. */
enum job_result run_again(driver_fn *f, const char *config, const char *more, const struct call *calls, unsigned attempt, bool *definite);

#endif
