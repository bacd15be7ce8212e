/* Boxes held against their published schemas, and what a table cannot say of them. */
#include <ctype.h>
#include <string.h>

#include "box.h"
#include "form/form.h"

/* Longest description and icon, characters (published schemas). */
#define DESCRIPTION_MAX 2048
#define ICON_MAX 256
/* Longest id of a workspace and name of an organization. */
#define WORKSPACE_MAX 64
#define ORGANIZATION_MAX 256
/* Requirements, claims, tags, categories: one word each. */
#define WORD_MAX 256
#define WORDS_MAX 100
#define MEMBERS_MAX 500
#define VARIABLES_MAX 500
#define SERVICES_MAX 50
/* Longest text of other members of references (upload_date, content_type, ...). */
#define TEXT_MAX 2048
#define URL_MAX 512
#define BLOB_PATH "/services/blobs/download/"

/* ---- forms ---- */

bool box_blob_id(const char *url, char id[OBJECT_ID])
{
	const char *s = url;

	/* Published examples have a doubled slash at the beginning. */
	if (!strncmp(s, "//", 2))
		s++;
	if (strncmp(s, BLOB_PATH, sizeof BLOB_PATH - 1))
		return false;
	s += sizeof BLOB_PATH - 1;
	for (int i = 0; i < 24; i++)
		if (!isxdigit((unsigned char)s[i]) || isupper((unsigned char)s[i]))
			return false;
	if (s[24] != '/' || !s[25] || strchr(s + 25, '/'))
		return false;
	if (id) {
		memcpy(id, s, 24);
		id[24] = 0;
	}
	return true;
}

static bool is_blob(const char *s, size_t n)
{
	(void)n;
	return box_blob_id(s, NULL);
}

static bool is_slug(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char)s[i]) && s[i] != '-' && s[i] != '_' && s[i] != '.')
			return false;
	return true;
}

static const struct schema_form blob = { is_blob, "/services/blobs/download/<id>/<name>" };
static const struct schema_form slug = { is_slug, "letters, digits, '-', '_' and '.'" };

/* ---- closed sets ---- */

static const char *const updates[] = { "off", "major", "minor", "patch", NULL };
static const char *const visibilities[] = { "workspace", "organization", "public", NULL };
static const char *const share_roles[] = { "read", "collaborator", "visitor", "user", "author", NULL };
static const char *const template_types[] = {
	"CloudFormation Service", "MySQL Database Service", "Microsoft SQL Database Service", "Oracle Database Service",
	"PostgreSQL Database Service", "Memcached Service", "S3 Bucket", "Dynamo DB Domain", NULL,
};

/* ---- tables ---- */

#define END { .type = SCHEMA_END }
#define STRING(n, most, ...) { .name = n, .type = SCHEMA_STRING, .max = most, __VA_ARGS__ }
#define WORDS(n, set, ...) { .name = n, .type = SCHEMA_STRING, .words = set, __VA_ARGS__ }
#define OBJECT(n, f, ...) { .name = n, .type = SCHEMA_OBJECT, .fields = f, __VA_ARGS__ }
#define ARRAY(n, most, e, ...) { .name = n, .type = SCHEMA_ARRAY, .max = most, .element = e, __VA_ARGS__ }

static const struct schema_field word = { .type = SCHEMA_STRING, .min = 1, .max = WORD_MAX };

static const struct schema_field file_fields[] = {
	STRING("url", URL_MAX, .min = 1, .flags = SCHEMA_REQUIRED, .form = &blob),
	{ .name = "length", .type = SCHEMA_INTEGER, .max = INT64_MAX },
	STRING("upload_date", TEXT_MAX),
	STRING("destination_path", ICON_MAX),
	STRING("content_type", ICON_MAX),
	END
};

static const struct schema_field icon_fields[] = {
	STRING("image", ICON_MAX), STRING("border", 32), STRING("fill", 32), END
};

static const struct schema_field button_fields[] = {
	STRING("icon", ICON_MAX), STRING("label", WORD_MAX), STRING("ref", TEXT_MAX), END
};

static const struct schema_field member_fields[] = {
	STRING("workspace", WORKSPACE_MAX, .min = 1, .flags = SCHEMA_REQUIRED, .form = &slug),
	WORDS("role", share_roles, .flags = SCHEMA_REQUIRED),
	END
};
static const struct schema_field member = { .type = SCHEMA_OBJECT, .fields = member_fields };

#define PART(n) { .name = n, .type = SCHEMA_INTEGER, .flags = SCHEMA_REQUIRED, .max = BOX_NUMBER_MAX }
static const struct schema_field number_fields[] = { PART("major"), PART("minor"), PART("patch"), END };

static const struct schema_field version_fields[] = {
	STRING("box", 0, .min = 1, .flags = SCHEMA_REQUIRED, .form = &schema_guid),
	STRING("description", DESCRIPTION_MAX, .flags = SCHEMA_REQUIRED | SCHEMA_TEXT),
	OBJECT("number", number_fields, .flags = SCHEMA_REQUIRED),
	STRING("workspace", WORKSPACE_MAX),
	END
};

static const struct schema_field lifespan_fields[] = {
	STRING("operation", 64, .min = 1, .flags = SCHEMA_REQUIRED), END
};

static const struct schema_field profile_fields[] = {
	STRING("schema", URL_MAX, .min = 1, .flags = SCHEMA_REQUIRED), END
};

static const struct schema_field service_box_fields[] = {
	STRING("id", 0, .min = 1, .flags = SCHEMA_REQUIRED, .form = &schema_guid),
	{ .name = "latest", .type = SCHEMA_BOOLEAN },
	END
};

static const struct schema_field service_policy_fields[] = {
	ARRAY("requirements", WORDS_MAX, &word), END
};

static const struct schema_field service_fields[] = {
	STRING("name", BOX_NAME_MAX, .min = 1, .flags = SCHEMA_REQUIRED),
	OBJECT("box", service_box_fields, .flags = SCHEMA_REQUIRED),
	OBJECT("policy", service_policy_fields),
	ARRAY("tags", WORDS_MAX, &word),
	WORDS("automatic_updates", updates),
	{ .name = "automatic_reconfiguration", .type = SCHEMA_BOOLEAN },
	END
};
static const struct schema_field service = { .type = SCHEMA_OBJECT, .fields = service_fields };

#define FILE_OF(n) OBJECT(n, file_fields)
static const struct schema_field event_fields[] = {
	FILE_OF("pre_install"), FILE_OF("install"), FILE_OF("pre_configure"), FILE_OF("configure"), FILE_OF("pre_start"),
	FILE_OF("start"), FILE_OF("pre_stop"), FILE_OF("stop"), FILE_OF("post_stop"), FILE_OF("pre_dispose"),
	FILE_OF("dispose"), FILE_OF("post_dispose"),
	/* Deprecated by release 4.0, still in old boxes. */
	FILE_OF("post_install"), FILE_OF("post_configure"), FILE_OF("post_start"),
	END
};

/* What every box has; variables have a file of their own. */
static const struct schema_field common_fields[] = {
	STRING("schema", URL_MAX, .min = 1, .flags = SCHEMA_REQUIRED),
	STRING("name", BOX_NAME_MAX, .min = 1, .flags = SCHEMA_REQUIRED),
	STRING("description", DESCRIPTION_MAX, .flags = SCHEMA_TEXT),
	STRING("icon", ICON_MAX),
	OBJECT("icon_metadata", icon_fields),
	STRING("owner", WORKSPACE_MAX, .form = &slug),
	STRING("organization", ORGANIZATION_MAX),
	WORDS("visibility", visibilities),
	ARRAY("members", MEMBERS_MAX, &member),
	ARRAY("variables", VARIABLES_MAX, NULL),
	FILE_OF("readme"),
	WORDS("automatic_updates", updates),
	OBJECT("version", version_fields),
	STRING("draft_from", 0, .form = &schema_guid),
	STRING("friendly_id", WORD_MAX, .form = &slug),
	ARRAY("categories", WORDS_MAX, &word),
	ARRAY("tags", WORDS_MAX, &word),
	OBJECT("action_button", button_fields),
	END
};

static const struct schema_field script_fields[] = {
	ARRAY("requirements", WORDS_MAX, &word), OBJECT("events", event_fields), END
};

static const struct schema_field policy_fields[] = {
	STRING("provider_id", 0, .min = 1, .flags = SCHEMA_REQUIRED, .form = &schema_guid),
	OBJECT("profile", profile_fields, .flags = SCHEMA_REQUIRED),
	ARRAY("claims", WORDS_MAX, &word),
	OBJECT("lifespan", lifespan_fields),
	END
};

static const struct schema_field application_fields[] = {
	ARRAY("services", SERVICES_MAX, &service), ARRAY("requirements", WORDS_MAX, &word), END
};

static const struct schema_field cloudformation_fields[] = {
	WORDS("type", template_types),
	FILE_OF("template"),
	STRING("provider_id", 0, .form = &schema_guid),
	OBJECT("profile", profile_fields),
	ARRAY("requirements", WORDS_MAX, &word),
	END
};

static const struct schema_field docker_fields[] = {
	FILE_OF("dockerfile"), ARRAY("requirements", WORDS_MAX, &word), OBJECT("events", event_fields), END
};

static const struct {
	const char *name;
	const struct schema_field *fields;
	bool events;
} kinds[] = {
	[BOX_SCRIPT] = { "script", script_fields, true },
	[BOX_POLICY] = { "policy", policy_fields, false },
	[BOX_APPLICATION] = { "application", application_fields, false },
	[BOX_CLOUDFORMATION] = { "cloudformation", cloudformation_fields, false },
	[BOX_DOCKER] = { "docker", docker_fields, true },
};
#define KINDS (sizeof kinds / sizeof kinds[0])

enum box_kind box_kind_of(const char *schema)
{
	size_t n = sizeof BOX_SCHEMA - 1;

	for (size_t i = 1; i < KINDS && !strncmp(schema, BOX_SCHEMA, n); i++)
		if (!strcmp(schema + n, kinds[i].name))
			return (enum box_kind)i;
	return BOX_NONE;
}

const char *box_kind_name(enum box_kind kind)
{
	return kind == BOX_NONE ? "" : kinds[kind].name;
}

bool box_has_events(enum box_kind kind)
{
	return kind != BOX_NONE && kinds[kind].events;
}

/* ---- what the tables do not say ---- */

static int check_kind(yyjson_val *box, enum box_kind *kind, struct schema_path *path, char *message)
{
	*kind = box_kind_of(yyjson_get_str(yyjson_obj_get(box, "schema")));
	if (*kind != BOX_NONE)
		return 0;
	schema_path_name(path, "schema");
	return schema_refuse(path, message, "must be " BOX_SCHEMA
		" followed by script, policy, application, cloudformation or docker.");
}

/* Events outside the set would never run. */
static int check_event_names(yyjson_val *events, struct schema_path *path, char *message)
{
	yyjson_obj_iter it = yyjson_obj_iter_with(events);
	const struct schema_field *f;
	yyjson_val *key;

	while ((key = yyjson_obj_iter_next(&it))) {
		for (f = event_fields; f->type != SCHEMA_END && !yyjson_equals_str(key, f->name); f++)
			;
		if (f->type == SCHEMA_END) {
			schema_path_name(path, "events");
			return is_slug(yyjson_get_str(key), yyjson_get_len(key)) ?
				schema_refuse(path, message, "\"%.40s\" is not an event.", yyjson_get_str(key)) :
				schema_refuse(path, message, "names an event there is not.");
		}
	}
	return 0;
}

/* Two rights for one workspace contradict each other. */
static int check_members(yyjson_val *members, struct schema_path *path, char *message)
{
	size_t n = yyjson_arr_size(members);

	for (size_t i = 1; i < n; i++)
		for (size_t j = 0; j < i; j++) {
			yyjson_val *a = yyjson_obj_get(yyjson_arr_get(members, i), "workspace");

			if (!yyjson_equals(a, yyjson_obj_get(yyjson_arr_get(members, j), "workspace")))
				continue;
			schema_path_name(path, "members");
			schema_path_index(path, i);
			return schema_refuse(path, message, "the workspace is named twice.");
		}
	return 0;
}

static int check_services(yyjson_val *services, struct schema_path *path, char *message)
{
	static const char *const places[] = { "box", "policy" };
	yyjson_arr_iter it = yyjson_arr_iter_with(services);
	size_t base = path->len, i = 0;
	yyjson_val *s, *variables;

	for (; (s = yyjson_arr_iter_next(&it)); i++)
		for (size_t p = 0; p < 2; p++) {
			variables = yyjson_obj_get(yyjson_obj_get(s, places[p]), "variables");
			if (!variables || yyjson_is_null(variables))
				continue;
			schema_path_name(path, "services");
			schema_path_index(path, i);
			schema_path_name(path, places[p]);
			schema_path_name(path, "variables");
			if (box_check_variables(variables, path, message))
				return -1;
			schema_path_back(path, base);
		}
	return 0;
}

static int check_variables(yyjson_val *box, struct schema_path *path, char *message)
{
	yyjson_val *variables = yyjson_obj_get(box, "variables");
	size_t before;
	int result;

	if (!variables || yyjson_is_null(variables))
		return 0;
	before = schema_path_name(path, "variables");
	result = box_check_variables(variables, path, message);
	schema_path_back(path, before);
	return result;
}

/* By what the driver of its kind of provider takes. */
static int check_profile(yyjson_val *profile, char message[SCHEMA_MESSAGE])
{
	char what[FORM_MESSAGE];

	if (!form_check_profile(profile, what))
		return 0;
	snprintf(message, SCHEMA_MESSAGE, "profile.%.200s", what);
	return -1;
}

int box_check(yyjson_val *box, enum box_kind *kind, char message[SCHEMA_MESSAGE])
{
	struct schema_path path = SCHEMA_PATH_ZERO;

	if (schema_check(common_fields, box, &path, message) || check_kind(box, kind, &path, message) ||
			schema_check(kinds[*kind].fields, box, &path, message))
		return -1;
	if (box_has_events(*kind) && check_event_names(yyjson_obj_get(box, "events"), &path, message))
		return -1;
	if (check_members(yyjson_obj_get(box, "members"), &path, message) || check_variables(box, &path, message))
		return -1;
	if (*kind == BOX_POLICY && check_profile(yyjson_obj_get(box, "profile"), message))
		return -1;
	return *kind == BOX_APPLICATION ? check_services(yyjson_obj_get(box, "services"), &path, message) : 0;
}
