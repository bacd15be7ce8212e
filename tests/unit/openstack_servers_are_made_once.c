/* openstack: a server whose creation was sent is looked for before it is sent again, and only then: not where it surely left nothing; what
 * goes with it; what others did to it by hand (answers as Nova 2.1, Neutron 2.0 and Cinder 3 give them). */
/* with: cloud/os_session.c cloud/os_identity.c cloud/os_catalogue.c cloud/os_version.c cloud/os_sync.c cloud/os_machine.c cloud/os_create.c cloud/os_adopt.c cloud/os_volume.c cloud/os_stack.c cloud/job.c tests/unit/lib/openstack.c */
#include "lib/openstack.h"

#define NOVA "https://k/compute/v2.1"
#define CLOUD CONFIG("https://k:5000/v3", ",\"settle_seconds\":60")
#define PROFILE ",\"profile\":{\"image\":\"i-1\",\"flavor\":\"f-1\",\"security_group\":\"default\"}"
#define SERVER(status, more) "{\"id\":\"s-1\",\"name\":\"web\",\"status\":\"" status "\",\"metadata\":{\"cam_key\":\"a/m-1\"},\"addresses\":{}" more "}"
#define LOOK(servers) { "GET", NOVA "/servers/detail?limit=200", NULL, NULL, 200, "{\"servers\":[" servers "]}" }
#define PLAN { "GET", "https://k/image/v2/images?limit=200", NULL, NULL, 200, "{\"images\":[{\"id\":\"i-1\"}]}" }, \
	{ "GET", NOVA "/flavors?limit=200", NULL, NULL, 200, "{\"flavors\":[{\"id\":\"f-1\"}]}" }
#define POST(status, answer) { "POST", NOVA "/servers", NULL, NULL, status, answer }
/* asked three times */
#define SLOWER POST(429, "{\"overLimit\":{\"message\":\"slower\"}}")
#define FIRST { "GET", NOVA "/servers/detail?limit=200", NULL, NULL, 200, "{\"servers\":[{\"id\":\"s-0\",\"metadata\":{}}],\"servers_links\":[{\"rel\":\"next\"}]}" }
#define CINDER "https://k/volume/v3"
#define VOLUME(status) { "GET", CINDER "/volumes/detail?limit=200", NULL, NULL, 200, "{\"volumes\":[{\"id\":\"v-1\",\"status\":\"" status "\"," \
	"\"metadata\":{\"cam_key\":\"a/m-1\",\"cam_volume\":\"image\"},\"attachments\":[]}]}" }
#define SERVER_ID ",\"external_id\":\"s-1\""
#define ACTION(body, status, answer) { "POST", NOVA "/servers/s-1/action", body, NULL, status, answer }
#define V3_OWN { "POST", "https://k:5000/v3/auth/tokens", NULL, NULL, 201, "{\"token\":{\"project\":{\"id\":\"p-1\"},\"catalog\":[" \
	PLACE("compute", "compute/v2.1") "," PLACE("image", "image") "," PLACE("network", "network") "," PLACE("volumev3", "volume/v3") "]}}" }
#define PLACE(type, path) "{\"type\":\"" type "\",\"endpoints\":[{\"interface\":\"public\",\"url\":\"https://k/" path "\"}]}"
#define ONE(status, more) { "GET", NOVA "/servers/s-1", NULL, NULL, 200, "{\"server\":" SERVER(status, more) "}" }

static enum job_result attempt(unsigned n, bool *definite, const struct call *calls)
{
	return run_again(os_create, CLOUD, PROFILE, calls, n, definite);
}

static void sent(void)
{
	bool definite = true;

	CHECK(attempt(1, &definite, (const struct call[]){ V3_LOGIN, LOOK(""), PLAN, POST(202, "{\"server\":{\"id\":\"s-1\"}}"), ONE("ACTIVE", ""), ONE("ACTIVE", ""),
		END }) == JOB_DONE);
	/* no answer; one that says nothing of it; one of whoever stands before Nova */
	for (int i = 0; i < 3; i++) {
		static const struct call answers[] = { POST(0, ""), POST(202, "{\"server\":{}}"), POST(502, "<html>Bad Gateway</html>") };

		definite = true;
		CHECK(attempt(1, &definite, (const struct call[]){ V3_LOGIN, LOOK(""), PLAN, answers[i], END }) == JOB_LATER && !definite);
	}
	/* accepted, and not to be seen yet: the next attempt is not to make another */
	definite = true;
	CHECK(attempt(1, &definite, (const struct call[]){ V3_LOGIN, LOOK(""), PLAN, POST(202, "{\"server\":{\"id\":\"s-1\"}}"),
		{ "GET", NOVA "/servers/s-1", NULL, NULL, 404, "{}" }, END }) == JOB_LATER && !definite);
}

static void sent_again(void)
{
	bool definite = false;

	CHECK(attempt(2, &definite, (const struct call[]){ V3_LOGIN, LOOK(""), END }) == JOB_LATER && !definite);
	CHECK(attempt(2, &definite, (const struct call[]){ V3_LOGIN, LOOK(SERVER("ACTIVE", "")), ONE("ACTIVE", ""), ONE("ACTIVE", ""), END }) == JOB_DONE);
	definite = true;
	CHECK(attempt(2, &definite, (const struct call[]){ V3_LOGIN, LOOK(""), PLAN, POST(202, "{\"server\":{\"id\":\"s-1\"}}"), ONE("ACTIVE", ""), ONE("ACTIVE", ""),
		END }) == JOB_DONE);
}

/* One that is behind a page shorter than was asked for, as of a cloud with a bound of its own, is found, though the token ends meanwhile. */
static void pages(void)
{
	bool definite = true;
	struct call more = { "GET", NOVA "/servers/detail?limit=200&marker=s-0", NULL, NULL, 200, "{\"servers\":[" SERVER("ACTIVE", "") "]}" };

	CHECK(attempt(1, &definite, (const struct call[]){ V3_LOGIN, FIRST, { more.method, more.url, NULL, NULL, 401, "{}" }, V3_LOGIN, more, ONE("ACTIVE", ""),
		ONE("ACTIVE", ""), END }) == JOB_DONE);
	/* the server that page began behind was deleted: nobody knows what was passed over */
	CHECK(attempt(1, &definite, (const struct call[]){ V3_LOGIN, FIRST, { more.method, more.url, NULL, NULL, 400, "{\"badRequest\":{\"message\":\"marker\"}}" },
		END }) == JOB_FAILED);
}

/* What goes in with it. */
static void dressed(void)
{
	static const char profile[] = ",\"profile\":{\"image\":\"i-1\",\"flavor\":\"f-1\",\"networks\":[\"inside\"]},\"tags\":{\"team/\303\274\":\"x\"}";
	bool definite = true;

	/* of the networks that have the name, one's own; of a tag's name what Nova takes */
	CHECK(run_again(os_create, CLOUD, profile, (const struct call[]){ V3_OWN, LOOK(""), PLAN,
		{ "GET", "https://k/network/v2.0/networks?limit=200", NULL, NULL, 200, "{\"networks\":[{\"id\":\"n-1\",\"name\":\"inside\",\"project_id\":\"p-2\"},"
			"{\"id\":\"n-2\",\"name\":\"inside\",\"project_id\":\"p-1\"}]}" },
		{ "POST", NOVA "/servers", "{\"server\":{\"name\":\"web\",\"flavorRef\":\"f-1\",\"imageRef\":\"i-1\",\"networks\":[{\"uuid\":\"n-2\"}],"
			"\"config_drive\":true,\"metadata\":{\"team__\":\"x\",\"cam_key\":\"a/m-1\",\"cam_machine\":\"m-1\"}}}", NULL, 202, "{\"server\":{\"id\":\"s-1\"}}" },
		ONE("ACTIVE", ""), { "GET", "https://k/network/v2.0/floatingips?limit=200", NULL, NULL, 200, "{\"floatingips\":[]}" }, ONE("ACTIVE", ""),
		END }, 1, &definite) == JOB_DONE);
}

/* An address that is left of a server that is no more goes to the one that is. */
static void floating(void)
{
	static const char profile[] = ",\"profile\":{\"image\":\"i-1\",\"flavor\":\"f-1\",\"floating_ip_pool\":\"outside\"}";
	struct call list = { "GET", "https://k/network/v2.0/floatingips?limit=200", NULL, NULL, 200,
		"{\"floatingips\":[{\"id\":\"a-1\",\"description\":\"a/m-1\",\"port_id\":null,\"floating_ip_address\":\"192.0.2.7\"}]}" };
	bool definite = true;

	CHECK(run_again(os_create, CLOUD, profile, (const struct call[]){ V3_OWN, LOOK(SERVER("ACTIVE", "")), ONE("ACTIVE", ""), list,
		{ "GET", "https://k/network/v2.0/ports?device_id=s-1", NULL, NULL, 200, "{\"ports\":[{\"id\":\"port-1\"}]}" },
		{ "PUT", "https://k/network/v2.0/floatingips/a-1", "{\"floatingip\":{\"port_id\":\"port-1\"}}", NULL, 200, "{}" }, list, ONE("ACTIVE", ""),
		END }, 1, &definite) == JOB_DONE);
}

/* Volumes are attached at once: what this attempt made was seen. */
static void volumes(void)
{
	static const char profile[] = ",\"profile\":{\"image\":\"i-1\",\"flavor\":\"f-1\",\"volumes\":[{\"name\":\"data\",\"size\":1}]}";
	bool definite = true;

	CHECK(run_again(os_create, CLOUD, profile, (const struct call[]){ V3_OWN, LOOK(""), PLAN, POST(202, "{\"server\":{\"id\":\"s-1\"}}"), ONE("ACTIVE", ""),
		{ "GET", CINDER "/volumes/detail?limit=200", NULL, NULL, 200, "{\"volumes\":[]}" }, { "POST", CINDER "/volumes", NULL, NULL, 202, "{}" },
		{ "GET", CINDER "/volumes/detail?limit=200", NULL, NULL, 200, "{\"volumes\":[{\"id\":\"v-1\",\"status\":\"in-use\",\"metadata\":{\"cam_key\":\"a/m-1\","
			"\"cam_volume\":\"data\"},\"attachments\":[{\"server_id\":\"s-1\"}]}]}" },
		{ "GET", "https://k/network/v2.0/floatingips?limit=200", NULL, NULL, 200, "{\"floatingips\":[]}" }, ONE("ACTIVE", ""), END }, 1, &definite) == JOB_DONE);
}

/* Nova ended when it had reserved the volume, and before there was a server: the volume is made free. */
static void reserved(void)
{
	static const char profile[] = ",\"profile\":{\"image\":\"i-1\",\"flavor\":\"f-1\",\"volumes\":[{\"image\":true,\"size\":1}]}";
	struct call versions = { "GET", "https://k/volume/v3/", NULL, NULL, 200, "{\"versions\":[{\"version\":\"3.70\"}]}" };
	bool definite = true;

	CHECK(run_again(os_create, CLOUD, profile, (const struct call[]){ V3_OWN, LOOK(""), PLAN, VOLUME("reserved"), versions,
		{ "GET", CINDER "/attachments?volume_id=v-1", NULL, "OpenStack-API-Version: volume 3.27", 200,
			"{\"attachments\":[{\"id\":\"x-1\",\"status\":\"reserved\",\"instance\":\"s-9\"},{\"id\":\"x-2\",\"status\":\"attached\",\"instance\":\"s-8\"}]}" },
		{ "GET", NOVA "/servers/s-9", NULL, NULL, 404, "{}" }, { "DELETE", CINDER "/attachments/x-1", NULL, "OpenStack-API-Version: volume 3.27", 200, "{}" },
		VOLUME("available"), POST(202, "{\"server\":{\"id\":\"s-1\"}}"), ONE("ACTIVE", ""),
		{ "GET", "https://k/network/v2.0/floatingips?limit=200", NULL, NULL, 200, "{\"floatingips\":[]}" }, ONE("ACTIVE", ""), END }, 1, &definite) == JOB_DONE);
}

static void switched(void)
{
	struct call gone = { "GET", NOVA "/servers/s-1", NULL, NULL, 404, "{}" };
	bool definite = true;

	/* by way of what somebody did by hand */
	CHECK(run_again(os_stop, CLOUD, SERVER_ID, (const struct call[]){ V3_LOGIN, ONE("PAUSED", ""), ONE("PAUSED", ""), ACTION("{\"unpause\":null}", 202, ""),
		ONE("ACTIVE", ""), ACTION("{\"os-stop\":null}", 202, ""), ONE("SHUTOFF", ""), END }, 1, &definite) == JOB_DONE);
	CHECK(run_again(os_start, CLOUD, SERVER_ID, (const struct call[]){ V3_LOGIN, ONE("VERIFY_RESIZE", ""), ONE("VERIFY_RESIZE", ""), END }, 1, &definite) ==
		JOB_REFUSED);
	/* where deleted servers are kept: the cloud lets go of it, or keeps it for a while */
	CHECK(run_again(os_destroy, CLOUD, SERVER_ID, (const struct call[]){ V3_LOGIN, ONE("ACTIVE", ""), { "DELETE", NOVA "/servers/s-1", NULL, NULL, 204, "" },
		ONE("SOFT_DELETED", ""), ACTION("{\"forceDelete\":null}", 202, ""), { "DELETE", NOVA "/servers/s-1", NULL, NULL, 404, "{}" }, gone, LOOK(""), END }, 1,
		&definite) == JOB_DONE);
	CHECK(run_again(os_destroy, CLOUD, SERVER_ID, (const struct call[]){ V3_LOGIN, ONE("ACTIVE", ""), { "DELETE", NOVA "/servers/s-1", NULL, NULL, 204, "" },
		ONE("SOFT_DELETED", ""), ACTION("{\"forceDelete\":null}", 403, "{\"forbidden\":{\"message\":\"Policy\"}}"), gone, LOOK(SERVER("SOFT_DELETED", "")), END },
		1, &definite) == JOB_DONE);
}

static unsigned told;
static void count(struct job *job, enum job_level level, const char *text) { (void)job; (void)level; (void)text; told++; }

/* A create that is seen again and again to be under way is no flood of lines. */
static void said_once(void)
{
	struct job job = { .say = count };

	for (int i = 0; i < 5; i++)
		job_settle(&job, "it is just being made");
	CHECK(told == 1 && !job.definite && job_settling(&job));
}

static void surely_nothing(void)
{
	bool definite = true;

	CHECK(attempt(1, &definite, (const struct call[]){ V3_LOGIN, LOOK(""), PLAN, POST(403, "{\"forbidden\":{\"message\":\"Quota exceeded\"}}"), END }) ==
		JOB_REFUSED && definite);
	CHECK(attempt(1, &definite, (const struct call[]){ V3_LOGIN, LOOK(""), PLAN, SLOWER, SLOWER, SLOWER, END }) == JOB_FAILED && definite);
	/* it will never be a server: it is removed, and the next attempt makes another at once */
	CHECK(attempt(1, &definite, (const struct call[]){ V3_LOGIN, LOOK(""), PLAN, POST(202, "{\"server\":{\"id\":\"s-1\"}}"),
		ONE("ERROR", ",\"fault\":{\"message\":\"No valid host\"}"), { "DELETE", NOVA "/servers/s-1", NULL, NULL, 204, "" }, END }) == JOB_FAILED && definite);
}

int main(void)
{
	sent();
	sent_again();
	surely_nothing();
	pages();
	dressed();
	floating();
	volumes();
	reserved();
	switched();
	said_once();
	return failed;
}
