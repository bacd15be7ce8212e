/* openstack: Keystone v2.0 and Nova without later microversions, by answers of the shapes their references have (Identity API v2.0,
 * Compute API): there are no such servers to test against any more. */
/* with: cloud/os_session.c cloud/os_identity.c cloud/os_catalogue.c cloud/os_version.c cloud/os_sync.c cloud/os_machine.c cloud/os_create.c cloud/os_adopt.c cloud/os_volume.c cloud/os_stack.c cloud/job.c tests/unit/lib/openstack.c */
#include <string.h>

#include "lib/openstack.h"

#define VERSIONS(list) { "GET", "https://k:5000/", NULL, NULL, 300, "{\"versions\":{\"values\":[" list "]}}" }
#define V3 "{\"status\":\"stable\",\"id\":\"v3.0\",\"links\":[{\"href\":\"http://k:5000/v3/\",\"rel\":\"self\"}]}"
#define V2 "{\"status\":\"deprecated\",\"id\":\"v2.0\",\"links\":[{\"href\":\"http://k:5000/v2.0/\",\"rel\":\"self\"}]}"
#define V2_BODY "{\"auth\":{\"passwordCredentials\":{\"username\":\"joe\",\"password\":\"secret\"},\"tenantName\":\"demo\"}}"
#define V2_ENDPOINT(type, name, url) "{\"endpoints\":[{\"adminURL\":\"http://i:1/\",\"region\":\"RegionOne\",\"internalURL\":\"http://i:1/\",\"id\":\"x\"," \
	"\"publicURL\":\"" url "\"}],\"endpoints_links\":[],\"type\":\"" type "\",\"name\":\"" name "\"}"
#define V2_ACCESS "{\"access\":{\"token\":{\"issued_at\":\"2014-01-30T15:30:58.819584\",\"expires\":\"2014-01-31T15:30:58Z\",\"id\":\"aaaaa-bbbbb\"," \
	"\"tenant\":{\"description\":null,\"enabled\":true,\"id\":\"fc394\",\"name\":\"demo\"}},\"serviceCatalog\":[" \
	V2_ENDPOINT("compute", "nova", "https://k:8774/v2/fc394") "," V2_ENDPOINT("image", "glance", "https://k:9292") "," \
	V2_ENDPOINT("volumev2", "cinderv2", "https://k:8776/v2/fc394") "," V2_ENDPOINT("volume", "cinder", "https://k:8776/v1/fc394") "]," \
	"\"user\":{\"username\":\"joe\",\"roles_links\":[],\"id\":\"9a6590\",\"roles\":[{\"name\":\"admin\"}],\"name\":\"joe\"},\"metadata\":{\"is_admin\":0}}}"
#define V2_LOGIN { "POST", "https://k:5000/v2.0/tokens", V2_BODY, NULL, 200, V2_ACCESS }

static void which_keystone(void)
{
	char out[JOB_MESSAGE];

	/* v3 where it is, whatever the address says; v2.0 where there is nothing else */
	CHECK(run(os_validate, CONFIG("https://k:5000", ""), "", (const struct call[]){ VERSIONS(V3 "," V2), V3_LOGIN, END }, "version", out) == JOB_DONE &&
		!strcmp(out, "v3"));
	CHECK(run(os_validate, CONFIG("https://k:5000/v2.0/", ""), "", (const struct call[]){ VERSIONS(V2 "," V3), V3_LOGIN, END }, "version", out) ==
		JOB_DONE && !strcmp(out, "v3"));
	CHECK(run(os_validate, CONFIG("https://k:5000/v2.0", ""), "", (const struct call[]){ VERSIONS(V2), V2_LOGIN, END }, "version", out) == JOB_DONE &&
		!strcmp(out, "v2.0"));
	CHECK(run(os_validate, CONFIG("https://k:5000", ",\"domain\":\"Default\""), "", (const struct call[]){ VERSIONS(V2), V2_LOGIN, END }, "version", out) ==
		JOB_DONE && !strcmp(out, "v2.0"));
	/* a list that cannot be read: what the address says */
	CHECK(run(os_validate, CONFIG("https://k:5000/v2.0", ""), "", (const struct call[]){ { "GET", "https://k:5000/", NULL, NULL, 404, "{}" }, V2_LOGIN, END },
		"version", out) == JOB_DONE && !strcmp(out, "v2.0"));
	CHECK(run(os_validate, CONFIG("https://k:5000/v3", ""), "", (const struct call[]){ V3_LOGIN, END }, "version", out) == JOB_DONE && !strcmp(out, "v3"));
	CHECK(run(os_validate, CONFIG("https://k:5000", ",\"domain\":\"staff\""), "", (const struct call[]){ VERSIONS(V2), END }, "", out) == JOB_REFUSED &&
		!strcmp(out, "log in: domain: this Keystone speaks only v2.0, which has no domains: leave it empty"));
	CHECK(run(os_validate, CONFIG("https://k:5000", ""), "", (const struct call[]){ VERSIONS(V2), { "POST", "https://k:5000/v2.0/tokens", V2_BODY, NULL,
		401, "{\"error\":{\"message\":\"Invalid user / password\",\"code\":401,\"title\":\"Unauthorized\"}}" }, END }, "", out) == JOB_REFUSED &&
		strstr(out, "is wrong (401)"));
	CHECK(run(os_validate, CONFIG("https://k:5000", ""), "", (const struct call[]){ VERSIONS(V2), { "POST", "https://k:5000/v2.0/tokens", V2_BODY, NULL,
		200, "{\"access\":{}}" }, END }, "", out) == JOB_REFUSED && !strcmp(out, "log in: https://k:5000 answers, but not as Keystone v2.0"));
}

/* A v2.0 catalogue's own addresses are called with its token. */
static void its_catalogue(void)
{
	char out[JOB_MESSAGE];

	CHECK(run(os_list, CONFIG("https://k:5000/v2.0", ""), "", (const struct call[]){ VERSIONS(V2), V2_LOGIN,
		{ "GET", "https://k:8774/v2/fc394/servers/detail?limit=200", NULL, "X-Auth-Token: aaaaa-bbbbb", 200, "{\"servers\":[]}" },
		{ "GET", "https://k:8776/v2/fc394/volumes/detail?limit=200", NULL, "X-Auth-Token: aaaaa-bbbbb", 200, "{\"volumes\":[]}" }, END },
		"none", out) == JOB_DONE);
}

#define NO_SERVERS { "GET", "https://k/compute/v2.1/servers/detail?limit=200", NULL, NULL, 200, "{\"servers\":[]}" }
#define IMAGES { "GET", "https://k/image/v2/images?limit=200", NULL, NULL, 200, "{\"images\":[{\"id\":\"i\",\"name\":\"i\"}]}" }
#define FLAVORS { "GET", "https://k/compute/v2.1/flavors?limit=200", NULL, NULL, 200, "{\"flavors\":[{\"id\":\"f\",\"name\":\"f\"}]}" }
#define NOVA(version) { "GET", "https://k/compute/v2.1/", NULL, NULL, 200, "{\"version\":{\"status\":\"CURRENT\",\"id\":\"v2.1\",\"min_version\":\"2.1\"," \
	"\"version\":\"" version "\"}}" }
#define NONE_BODY "{\"server\":{\"name\":\"web\",\"flavorRef\":\"f\",\"imageRef\":\"i\",\"networks\":\"none\",\"config_drive\":true,\"metadata\":" \
	"{\"cam_key\":\"a/m-1\",\"cam_machine\":\"m-1\"}}}"
#define PROFILE ",\"profile\":{\"image\":\"i\",\"flavor\":\"f\",\"networks\":[\"none\"]}"

static void microversions(void)
{
	const char *config = CONFIG("https://k:5000/v3", "");
	char out[JOB_MESSAGE];

	CHECK(run(os_create, config, PROFILE, (const struct call[]){ V3_LOGIN, NO_SERVERS, IMAGES, FLAVORS, NOVA("2.25"), END }, "", out) == JOB_REFUSED &&
		!strcmp(out, "networks: none: the cloud needs Nova with microversion 2.37 for it; this one has at most 2.25"));
	CHECK(run(os_create, config, PROFILE, (const struct call[]){ V3_LOGIN, NO_SERVERS, IMAGES, FLAVORS, NOVA(""), END }, "", out) == JOB_REFUSED &&
		!strcmp(out, "networks: none: the cloud needs Nova with microversion 2.37 for it; this one has no microversions"));
	/* newer than we know: the version the feature came with */
	CHECK(run(os_create, config, PROFILE, (const struct call[]){ V3_LOGIN, NO_SERVERS, IMAGES, FLAVORS, NOVA("2.96"),
		{ "POST", "https://k/compute/v2.1/servers", NONE_BODY, "OpenStack-API-Version: compute 2.37", 403,
		"{\"forbidden\":{\"message\":\"Quota exceeded for cores: Requested 1, but already used 20 of 20 cores\",\"code\":403}}" }, END }, "", out) ==
		JOB_REFUSED && strstr(out, "Quota exceeded for cores"));
}

int main(void)
{
	which_keystone();
	its_catalogue();
	microversions();
	return failed;
}
