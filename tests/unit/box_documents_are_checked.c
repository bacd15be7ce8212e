/* boxes: every kind and type of variable is held against its schema; the path of what is wrong is told. */
/* with: core/box_schema.c core/box_variables.c */
#include <stdio.h>
#include <string.h>

#include "core/box.h"

static int failed;

#define S "\"schema\":\"http://elasticbox.net/schemas/boxes/"
#define SCRIPT "{" S "script\",\"name\":\"A\""
#define GUID "05b76b08-5238-4e05-ae5f-8ea8afe00378"
#define BLOB "/services/blobs/download/554237a3da3116443909eb9d/install"

static void check(const char *json, const char *want)
{
	yyjson_doc *doc = yyjson_read(json, strlen(json), 0);
	char message[SCHEMA_MESSAGE] = "";
	enum box_kind kind;

	if (!doc) {
		printf("not JSON: %s\n", json);
		failed = 1;
		return;
	}
	if (!box_check(yyjson_doc_get_root(doc), &kind, message) != !*want || strncmp(message, want, strlen(want))) {
		printf("%s\n  said:   %s\n  wanted: %s\n", json, message, want);
		failed = 1;
	}
	yyjson_doc_free(doc);
}

/* One variable as the third of three. */
static void variable(const char *members, const char *want)
{
	char json[2048], path[256];

	snprintf(json, sizeof json, SCRIPT ",\"variables\":[{\"name\":\"a\",\"type\":\"Text\"},{\"name\":\"b\",\"type\":\"Port\","
		"\"value\":\"80\"},{%s}]}", members);
	snprintf(path, sizeof path, "%s%s", *want ? "variables[2]" : "", want);
	check(json, path);
}

static void check_kinds(void)
{
	check(SCRIPT "}", "");
	check("{" S "docker\",\"name\":\"A\",\"dockerfile\":{\"url\":\"" BLOB "\"},\"events\":{\"install\":{\"url\":\"" BLOB "\"}}}", "");
	check("{" S "policy\",\"name\":\"A\",\"provider_id\":\"" GUID "\",\"profile\":{\"schema\":\"http://elasticbox.net/schemas/openstack/compute/profile\",\"volumes\":7}}",
		"profile.volumes: must be an array.");
	check("{" S "cloudformation\",\"name\":\"A\",\"type\":\"S3 Bucket\",\"template\":{\"url\":\"/" BLOB "\"}}", "");
	check("{" S "cloudformation\",\"name\":\"A\",\"type\":\"Bucket\"}", "type: must be one of CloudFormation Service, ");
	check("{" S "policy\",\"name\":\"A\",\"provider_id\":\"" GUID "\",\"claims\":[\"linux\"],\"profile\":{\"schema\":\"x\"},"
		"\"lifespan\":{\"operation\":\"none\"}}", "");
	check("{" S "policy\",\"name\":\"A\",\"profile\":{\"schema\":\"x\"}}", "provider_id: is missing.");
	check("{" S "policy\",\"name\":\"A\",\"provider_id\":\"" GUID "\"}", "profile: is missing.");
	check("{" S "policy\",\"name\":\"A\",\"provider_id\":\"" GUID "\",\"profile\":{}}", "profile.schema: is missing.");
	check("{" S "application\",\"name\":\"A\",\"services\":[{\"name\":\"web\",\"box\":{\"id\":\"" GUID "\",\"latest\":true,"
		"\"variables\":[]},\"policy\":{\"requirements\":[\"linux\"],\"variables\":[]},\"tags\":[],"
		"\"automatic_updates\":\"off\",\"automatic_reconfiguration\":true}]}", "");
	check("{" S "application\",\"name\":\"A\",\"services\":[{\"name\":\"web\",\"box\":{\"id\":\"7\"}}]}",
		"services[0].box.id: must be a GUID");
	check("{" S "application\",\"name\":\"A\",\"services\":[{\"name\":\"web\",\"box\":{\"id\":\"" GUID "\",\"variables\":"
		"[{\"name\":\"x\",\"type\":\"Colour\"}]}}]}", "services[0].box.variables[0].type: must be one of Text, ");
	check("{\"schema\":\"http://elasticbox.net/schemas/boxes/other\",\"name\":\"A\"}", "schema: must be ");
	check("{\"schema\":\"http://elasticbox.net/schemas/instance\",\"name\":\"A\"}", "schema: must be ");
	check("{\"name\":\"A\"}", "schema: is missing.");
}

static void check_members(void)
{
	check("{" S "script\"}", "name: is missing.");
	check(SCRIPT ",\"description\":\"two\\nlines\",\"icon\":\"images/x.png\",\"unknown\":{\"kept\":[1]}}", "");
	check(SCRIPT ",\"automatic_updates\":\"always\"}", "automatic_updates: must be one of off, major, minor, patch.");
	check(SCRIPT ",\"visibility\":\"all\"}", "visibility: must be one of workspace, organization, public.");
	check(SCRIPT ",\"requirements\":[\"linux\",\"\"]}", "requirements[1]: must not be empty.");
	check(SCRIPT ",\"members\":[{\"workspace\":\"w\",\"role\":\"collaborator\"},{\"workspace\":\"x\",\"role\":\"king\"}]}",
		"members[1].role: must be one of read, ");
	check(SCRIPT ",\"members\":[{\"workspace\":\"w\",\"role\":\"read\"},{\"workspace\":\"w\",\"role\":\"collaborator\"}]}",
		"members[1]: the workspace is named twice.");
	check(SCRIPT ",\"events\":{\"install\":{\"url\":\"" BLOB "\",\"length\":3,\"upload_date\":\"2015-04-30 14:09:39.701080\","
		"\"destination_path\":\"scripts\",\"content_type\":null},\"pre_stop\":{\"url\":\"" BLOB "\"},"
		"\"pre_dispose\":{\"url\":\"" BLOB "\"},\"post_install\":{\"url\":\"" BLOB "\"},\"post_configure\":{\"url\":\"" BLOB "\"},"
		"\"post_start\":{\"url\":\"" BLOB "\"}}}", "");
	check(SCRIPT ",\"events\":{\"install\":{}}}", "events.install.url: is missing.");
	check(SCRIPT ",\"events\":{\"install\":{\"url\":\"http://elsewhere/x\"}}}", "events.install.url: must be /services/blobs/");
	check(SCRIPT ",\"events\":{\"before_lunch\":{\"url\":\"" BLOB "\"}}}", "events: \"before_lunch\" is not an event.");
	check(SCRIPT ",\"events\":{\"install\":{\"url\":\"" BLOB "\",\"length\":-1}}}", "events.install.length: must be from 0");
	check(SCRIPT ",\"version\":{\"box\":\"" GUID "\",\"number\":{\"major\":1,\"minor\":0},\"description\":\"\"}}",
		"version.number.patch: is missing.");
	check(SCRIPT ",\"version\":{\"box\":\"" GUID "\",\"number\":{\"major\":-1,\"minor\":0,\"patch\":0},\"description\":\"\"}}",
		"version.number.major: must be from 0");
	check(SCRIPT ",\"icon_metadata\":{\"image\":\"images/a.png\",\"border\":\"#fff\",\"fill\":\"#000\"},\"readme\":{\"url\":\"" BLOB
		"\"},\"categories\":[\"Databases\"],\"action_button\":{\"icon\":\"i\",\"label\":\"l\",\"ref\":\"r\"}}", "");
}

static void check_variables(void)
{
	variable("\"name\":\"c\",\"type\":\"Text\",\"value\":\"{{ a }} and\\nmore\",\"visibility\":\"internal\",\"required\":true", "");
	variable("\"type\":\"Text\"", ".name: is missing.");
	variable("\"name\":\"c\"", ".type: is missing.");
	variable("\"name\":\"c d\",\"type\":\"Text\"", ".name: must be letters, digits");
	variable("\"name\":\"c\",\"type\":\"Colour\"", ".type: must be one of Text, Password, Number, Port, File, Options, Multi Options,");
	variable("\"name\":\"c\",\"type\":\"Text\",\"value\":5", ".value: must be a string.");
	variable("\"name\":\"c\",\"type\":\"Text\",\"visibility\":\"secret\"", ".visibility: must be one of public, private, internal.");
	variable("\"name\":\"c\",\"type\":\"Text\",\"required\":\"yes\"", ".required: must be true or false.");
	variable("\"name\":\"c\",\"type\":\"Text\",\"scope\":\"child.grand_child\"", "");
	variable("\"name\":\"c\",\"type\":\"Text\",\"scope\":\"child..x\"", ".scope: must be names of Box variables");
	variable("\"name\":\"c\",\"type\":\"Text\",\"scope\":\".x\"", ".scope: must be names of Box variables");
	variable("\"name\":\"a\",\"type\":\"Text\",\"scope\":\"child\"", "");
	variable("\"name\":\"a\",\"type\":\"Port\"", ": there are two variables \"a\".");
	variable("\"name\":\"c\",\"type\":\"Password\",\"value\":\"********\"", "");
	variable("\"name\":\"c\",\"type\":\"Number\",\"value\":\"-3.25\"", "");
	variable("\"name\":\"c\",\"type\":\"Number\",\"value\":7", "");
	variable("\"name\":\"c\",\"type\":\"Number\",\"value\":\"seven\"", ".value: must be a number.");
	variable("\"name\":\"c\",\"type\":\"Port\",\"value\":65535", "");
	variable("\"name\":\"c\",\"type\":\"Port\",\"value\":\"65536\"", ".value: must be a port");
	variable("\"name\":\"c\",\"type\":\"Port\",\"value\":\"\"", "");
	variable("\"name\":\"c\",\"type\":\"File\",\"value\":\"" BLOB "\"", "");
	variable("\"name\":\"c\",\"type\":\"File\",\"value\":\"/etc/passwd\"", ".value: must be /services/blobs/download/");
	variable("\"name\":\"c\",\"type\":\"File\",\"value\":\"/services/blobs/download/554237a3da3116443909eb9d/../x\"", ".value: must be ");
	variable("\"name\":\"c\",\"type\":\"Task\",\"value\":\"" BLOB "\"", "");
	variable("\"name\":\"c\",\"type\":\"Options\",\"options\":\"a, b,c\",\"value\":\"b\"", "");
	variable("\"name\":\"c\",\"type\":\"Options\",\"options\":\"a,b\",\"value\":\"d\"", ".value: must be one of the options (a,b).");
	variable("\"name\":\"c\",\"type\":\"Multi Options\",\"options\":\"a,b,c\",\"value\":\"a,c\"", "");
	variable("\"name\":\"c\",\"type\":\"Multi Options\",\"options\":\"a,b,c\",\"value\":[\"a\",\"d\"]", ".value[1]: must be one of");
	variable("\"name\":\"c\",\"type\":\"Options\",\"value\":\"free\",\"scope\":\"child\"", "");
	variable("\"name\":\"c\",\"type\":\"Binding\",\"value\":\"AnyBox\",\"tags\":[\"db\"]", "");
	variable("\"name\":\"c\",\"type\":\"Binding\",\"value\":\"somebox\"", ".value: must be the id of a box, or AnyBox.");
	variable("\"name\":\"c\",\"type\":\"Binding\",\"tags\":[7]", ".tags[0]: must be a string.");
	variable("\"name\":\"c\",\"type\":\"Box\",\"value\":\"" GUID "\",\"automatic_updates\":\"minor\"", "");
	variable("\"name\":\"c\",\"type\":\"Box\",\"value\":\"AnyBox\"", ".value: must be the id of a box or of a version.");
	variable("\"name\":\"c\",\"type\":\"Text\",\"value\":\"a\\u0000b\"", ".value: the character NUL");
	check(SCRIPT ",\"variables\":{}}", "variables: must be an array.");
	check(SCRIPT ",\"variables\":[5]}", "variables[0]: must be an object.");
}

int main(void)
{
	check_kinds();
	check_members();
	check_variables();
	return failed;
}
