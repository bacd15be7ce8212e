/* openstack: what a project has already is listed with its size and system, gets a key, once, and loses it again (answers as Nova 2.1 gives them). */
/* with: cloud/os_session.c cloud/os_identity.c cloud/os_catalogue.c cloud/os_version.c cloud/os_sync.c cloud/os_machine.c cloud/os_create.c cloud/os_adopt.c cloud/os_volume.c cloud/os_stack.c cloud/job.c tests/unit/lib/openstack.c */
#include <string.h>

#include "lib/openstack.h"

#define NOVA "https://k/compute/v2.1"
#define ID "8f3a5d1e-1c6e-4c4b-9a33-3f1f1bd2a001"
#define OLD NOVA "/servers/" ID
#define SERVER(status, metadata) "{\"id\":\"" ID "\",\"name\":\"old\",\"status\":\"" status "\",\"tenant_id\":\"fc394\",\"user_id\":\"9a65\"," \
	"\"metadata\":{" metadata "},\"hostId\":\"ab\",\"image\":{\"id\":\"i-1\",\"links\":[{\"rel\":\"bookmark\",\"href\":\"https://k/images/i-1\"}]}," \
	"\"flavor\":{\"id\":\"42\",\"links\":[]},\"created\":\"2026-01-02T03:04:05Z\",\"updated\":\"2026-01-02T03:04:09Z\",\"addresses\":{\"inside\":[" \
	"{\"OS-EXT-IPS-MAC:mac_addr\":\"fa:16:3e:00:00:01\",\"version\":4,\"addr\":\"10.9.0.7\",\"OS-EXT-IPS:type\":\"fixed\"}," \
	"{\"OS-EXT-IPS-MAC:mac_addr\":\"fa:16:3e:00:00:01\",\"version\":4,\"addr\":\"192.0.2.7\",\"OS-EXT-IPS:type\":\"floating\"}]}," \
	"\"accessIPv4\":\"\",\"accessIPv6\":\"\",\"OS-DCF:diskConfig\":\"MANUAL\",\"progress\":0,\"config_drive\":\"\",\"key_name\":null}"
#define ONE(status, metadata) { "GET", OLD, NULL, "X-Auth-Token: v3-token", 200, "{\"server\":" SERVER(status, metadata) "}" }
#define KEY "\"cam_key\":\"a/m-1\",\"cam_machine\":\"m-1\""
#define MARKS KEY ",\"cam_adopted\":\"true\""
#define MARK { "POST", OLD "/metadata", "{\"metadata\":{" MARKS "}}", NULL, 200, "{\"metadata\":{\"theirs\":\"x\"," MARKS "}}" }
#define EACH(metadata) { "GET", NOVA "/servers/detail?limit=200", NULL, NULL, 200, "{\"servers\":[" metadata "]}" }
#define GONE(name) { "DELETE", OLD "/metadata/" name, NULL, NULL, 204, "" }
/* asked three times */
#define FAULT { "DELETE", OLD "/metadata/cam_key", NULL, NULL, 500, "{\"computeFault\":{\"code\":500,\"message\":\"no\"}}" }
#define REFERENCE ",\"external_id\":\"" ID "\""
#define CLOUD CONFIG("https://k:5000/v3", "")

static void adopted(void)
{
	const char *known = "{\"external_id\":\"" ID "\",\"hostname\":\"old\",\"addresses\":{\"private\":\"10.9.0.7\",\"public\":\"192.0.2.7\"}}";
	char out[JOB_MESSAGE];

	CHECK(run(os_adopt, CLOUD, REFERENCE, (const struct call[]){ V3_LOGIN, ONE("ACTIVE", "\"theirs\":\"x\""), MARK, ONE("ACTIVE", "\"theirs\":\"x\"," MARKS),
		END }, NULL, out) == JOB_DONE && !strcmp(out, known));
	/* a former attempt did it: nothing is written */
	CHECK(run(os_adopt, CLOUD, REFERENCE, (const struct call[]){ V3_LOGIN, ONE("ACTIVE", MARKS), ONE("ACTIVE", MARKS), END }, NULL, out) == JOB_DONE &&
		!strcmp(out, known));
}

static void refused(void)
{
	char out[JOB_MESSAGE];

	CHECK(run(os_adopt, CLOUD, REFERENCE, (const struct call[]){ V3_LOGIN, ONE("ACTIVE", "\"cam_key\":\"a/m-2\""), END }, "", out) == JOB_REFUSED &&
		!strcmp(out, "the server " ID " belongs to another instance, or to another appliance"));
	CHECK(run(os_adopt, CLOUD, REFERENCE, (const struct call[]){ V3_LOGIN, ONE("ACTIVE", "\"cam_key\":\"b/m-1\""), END }, "", out) == JOB_REFUSED &&
		strstr(out, "another appliance"));
	CHECK(run(os_adopt, CLOUD, REFERENCE, (const struct call[]){ V3_LOGIN, { "GET", OLD, NULL, NULL, 404,
		"{\"itemNotFound\":{\"code\":404,\"message\":\"Instance " ID " could not be found.\"}}" }, END }, "", out) == JOB_REFUSED &&
		!strcmp(out, "the server " ID " is gone from OpenStack"));
	CHECK(run(os_adopt, CLOUD, REFERENCE, (const struct call[]){ V3_LOGIN, ONE("DELETED", ""), END }, "", out) == JOB_REFUSED && strstr(out, "is gone"));
	CHECK(run(os_adopt, CLOUD, "", (const struct call[]){ END }, "", out) == JOB_REFUSED && strstr(out, "reference of the machine are missing"));
	CHECK(run(os_adopt, CLOUD, REFERENCE, (const struct call[]){ V3_LOGIN, ONE("ACTIVE", ""), { "POST", OLD "/metadata", NULL, NULL, 403,
		"{\"forbidden\":{\"code\":403,\"message\":\"Maximum number of metadata items exceeds 128\"}}" }, END }, "", out) == JOB_REFUSED &&
		strstr(out, "Maximum number of metadata items exceeds 128"));
	/* an answer about something else is none */
	CHECK(run(os_adopt, CLOUD, ",\"external_id\":\"other\"", (const struct call[]){ V3_LOGIN, { "GET", NOVA "/servers/other", NULL, NULL, 200,
		"{\"server\":" SERVER("ACTIVE", "") "}" }, END }, "", out) == JOB_FAILED && strstr(out, "about another one than other"));
}

static void let_go(void)
{
	char out[JOB_MESSAGE];

	/* the key goes before the mark that it was adopted: killed between, it is nobody's, and not removed */
	CHECK(run(os_destroy, CLOUD, REFERENCE ",\"stray\":true", (const struct call[]){ V3_LOGIN, ONE("ACTIVE", MARKS), ONE("ACTIVE", MARKS),
		GONE("cam_machine"), GONE("cam_key"), GONE("cam_adopted"), ONE("ACTIVE", ""), EACH(""), END }, "", out) == JOB_DONE);
	/* one that we made is removed, and so is an adopted one whose instance is terminated */
	CHECK(run(os_destroy, CLOUD, REFERENCE ",\"stray\":true", (const struct call[]){ V3_LOGIN, ONE("ACTIVE", KEY), ONE("ACTIVE", KEY),
		{ "DELETE", OLD, NULL, NULL, 204, "" }, { "GET", OLD, NULL, NULL, 404, "{}" }, { "GET", OLD, NULL, NULL, 404, "{}" }, EACH(""), END }, "",
		out) == JOB_DONE);
	CHECK(run(os_destroy, CLOUD, REFERENCE, (const struct call[]){ V3_LOGIN, ONE("ACTIVE", MARKS), { "DELETE", OLD, NULL, NULL, 204, "" },
		{ "GET", OLD, NULL, NULL, 404, "{}" }, { "GET", OLD, NULL, NULL, 404, "{}" }, EACH(""), END }, "", out) == JOB_DONE);
	CHECK(run(os_destroy, CLOUD, REFERENCE ",\"stray\":true", (const struct call[]){ V3_LOGIN, ONE("ACTIVE", MARKS), ONE("ACTIVE", MARKS),
		GONE("cam_machine"), FAULT, FAULT, FAULT, END }, "",
		out) == JOB_FAILED && strstr(out, "let go of the machine"));
}

static void listed(void)
{
	char out[JOB_MESSAGE], *at;

	/* neither ours nor another appliance's */
	CHECK(run(os_sync, CLOUD, "", (const struct call[]){ V3_LOGIN,
		{ "GET", "https://k/image/v2/images?limit=200", NULL, NULL, 200, "{\"images\":[{\"id\":\"i-1\",\"name\":\"Debian 12\",\"status\":\"active\"}]}" },
		{ "GET", NOVA "/flavors/detail?limit=200", NULL, NULL, 200, "{\"flavors\":[{\"id\":\"42\",\"name\":\"m1\",\"vcpus\":2,\"ram\":512,\"disk\":1}]}" },
		{ "GET", NOVA "/os-keypairs", NULL, NULL, 200, "{\"keypairs\":[]}" },
		EACH(SERVER("SHUTOFF", "\"theirs\":\"x\"") "," SERVER("ACTIVE", MARKS) "," SERVER("ACTIVE", "\"cam_key\":\"b/m-1\"")), END }, NULL, out) == JOB_DONE);
	at = strstr(out, "\"unregistered\":[");
	CHECK(at && !strncmp(at, "\"unregistered\":[{\"external_id\":\"" ID "\",\"name\":\"old\",\"server_info\":{\"address\":\"10.9.0.7\",\"flavor\":\"42\","
		"\"image\":\"i-1\",\"cpus\":2,\"memory\":512,\"os\":\"Debian 12\"},\"power_state\":\"SHUTOFF\"}],", strcspn(at, "]") + 2));
}

int main(void)
{
	adopted();
	refused();
	let_go();
	listed();
	return failed;
}
