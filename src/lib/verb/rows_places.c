/* Verbs of organizations, cost centers and workspaces. */
#include "verb/verb.h"

#define ID_MAX 64
/* Longest list of ids in a query, bytes: 800 of the longest kind (a GUID and its comma) and room. */
#define IDS_MAX 40000
#define LABEL_MAX 255
/* Members of one place. */
#define MEMBERS_MAX 10000

static const struct verb_arg no_args[] = {
	{ .type = VERB_NONE },
};

static const struct verb_arg name_args[] = {
	{ "name", VERB_STRING, true, 1, ID_MAX, "id of the organization" },
	{ .type = VERB_NONE },
};

static const struct verb_arg name_ids_args[] = {
	{ "name", VERB_STRING, true, 1, ID_MAX, "id of the organization" },
	{ "ids", VERB_STRING, false, 0, IDS_MAX, "only these, comma-separated" },
	{ .type = VERB_NONE },
};

static const struct verb_arg report_args[] = {
	{ "name", VERB_STRING, true, 1, ID_MAX, "id of the organization" },
	{ "start", VERB_STRING, true, 1, 32, "first day, YYYY-MM-DD" },
	{ "end", VERB_STRING, true, 1, 32, "last day, YYYY-MM-DD" },
	{ .type = VERB_NONE },
};

static const struct verb_arg id_args[] = {
	{ "id", VERB_STRING, true, 1, ID_MAX, "id" },
	{ .type = VERB_NONE },
};

static const struct verb_arg ids_args[] = {
	{ "ids", VERB_STRING, false, 0, IDS_MAX, "only these, comma-separated" },
	{ .type = VERB_NONE },
};

static const struct verb_arg id_ids_args[] = {
	{ "id", VERB_STRING, true, 1, ID_MAX, "id of the workspace" },
	{ "ids", VERB_STRING, false, 0, IDS_MAX, "only these, comma-separated" },
	{ .type = VERB_NONE },
};

static const struct verb_arg costcenter_args[] = {
	{ "name", VERB_STRING, true, 1, LABEL_MAX, "name" },
	{ "organization", VERB_STRING, false, 1, ID_MAX, "id of the organization; the caller's without it" },
	{ "schema", VERB_STRING, false, 1, 256, "http://elasticbox.net/schemas/costcenter" },
	{ "members", VERB_ARRAY, false, 0, MEMBERS_MAX, "its administrators: {id, type, role}" },
	{ .type = VERB_NONE },
};

static const struct verb_arg costcenter_put_args[] = {
	{ "id", VERB_STRING, true, 1, ID_MAX, "id" },
	{ "name", VERB_STRING, false, 1, LABEL_MAX, "name" },
	{ "members", VERB_ARRAY, false, 0, MEMBERS_MAX, "its administrators: {id, type, role}" },
	{ .type = VERB_NONE },
};

static const struct verb_arg workspace_args[] = {
	{ "name", VERB_STRING, true, 1, LABEL_MAX, "name" },
	{ "schema", VERB_STRING, false, 1, 256, "http://elasticbox.net/schemas/workspaces/team" },
	{ "costcenter", VERB_STRING, false, 1, ID_MAX, "id of the cost center; the organization's default without it" },
	{ "members", VERB_ARRAY, false, 0, MEMBERS_MAX, "{id, type, role} of users and groups" },
	{ .type = VERB_NONE },
};

static const struct verb_arg workspace_put_args[] = {
	{ "id", VERB_STRING, true, 1, ID_MAX, "id" },
	{ "name", VERB_STRING, false, 1, LABEL_MAX, "name" },
	{ "members", VERB_ARRAY, false, 0, MEMBERS_MAX, "{id, type, role} of users and groups" },
	{ .type = VERB_NONE },
};

const struct verb verb_rows_places[] = {
	{ .name = "access.scope", .role = VERB_ROLE_USER, .args = no_args,
	  .help = "the workspaces and organizations of who asks, for the room api", .status = 200, .reply = "scope" },

	{ .name = "organization.get", .method = "GET", .path = "/services/organizations/{name}", .role = VERB_ROLE_USER,
	  .args = name_args, .help = "one organization", .kind = OBJECT_ORGANIZATION, .need = ACCESS_SEE,
	  .status = 200, .reply = "organization" },
	{ .name = "organization.put", .method = "PUT", .path = "/services/organizations/{name}", .role = VERB_ROLE_USER,
	  .writes = true, .args = name_args, .help = "change an organization and its settings", .whole = true,
	  .kind = OBJECT_ORGANIZATION, .need = ACCESS_EDIT, .status = 200, .reply = "organization" },
	{ .name = "organization.sync_groups", .method = "PUT", .path = "/services/organizations/{name}/sync_groups",
	  .role = VERB_ROLE_USER, .writes = true, .args = name_args, .help = "take the groups of its LDAP sources over", .whole = true,
	  .kind = OBJECT_ORGANIZATION, .need = ACCESS_EDIT, .status = 200, .reply = "organization" },
	{ .name = "organization.report", .method = "GET", .path = "/services/organizations/{name}/report/{start}/{end}",
	  .role = VERB_ROLE_USER, .args = report_args, .help = "what each service cost on each day", .list = true,
	  .answer = VERB_ANSWER_LINES, .kind = OBJECT_ORGANIZATION, .need = ACCESS_OWN, .status = 200, .reply = "cost-report" },
	{ .name = "organization.csv", .method = "GET", .path = "/services/organizations/{name}/csv/{start}/{end}",
	  .role = VERB_ROLE_USER, .args = report_args, .help = "the same as a table (RFC 4180)", .list = true,
	  .answer = VERB_ANSWER_LINES, .kind = OBJECT_ORGANIZATION, .need = ACCESS_OWN, .status = 200, .reply = "csv" },
	{ .name = "organization.boxes", .method = "GET", .path = "/services/organizations/{name}/boxes",
	  .role = VERB_ROLE_USER, .args = name_ids_args, .help = "boxes of all workspaces", .list = true,
	  .kind = OBJECT_ORGANIZATION, .need = ACCESS_OWN, .status = 200, .reply = "box[]" },
	{ .name = "organization.instances", .method = "GET", .path = "/services/organizations/{name}/instances",
	  .role = VERB_ROLE_USER, .args = name_ids_args, .help = "instances of all workspaces", .list = true,
	  .kind = OBJECT_ORGANIZATION, .need = ACCESS_OWN, .status = 200, .reply = "instance[]" },
	{ .name = "organization.providers", .method = "GET", .path = "/services/organizations/{name}/providers",
	  .role = VERB_ROLE_USER, .args = name_ids_args, .help = "providers of all workspaces", .list = true,
	  .kind = OBJECT_ORGANIZATION, .need = ACCESS_OWN, .status = 200, .reply = "provider[]" },
	{ .name = "organization.workspaces", .method = "GET", .path = "/services/organizations/{name}/workspaces",
	  .role = VERB_ROLE_USER, .args = name_ids_args, .help = "all workspaces", .list = true,
	  .kind = OBJECT_ORGANIZATION, .need = ACCESS_OWN, .status = 200, .reply = "workspace[]" },

	{ .name = "costcenter.list", .method = "GET", .path = "/services/costcenters", .role = VERB_ROLE_USER,
	  .args = ids_args, .help = "the cost centers one administers", .list = true, .status = 200, .reply = "costcenter[]" },
	{ .name = "costcenter.create", .method = "POST", .path = "/services/costcenters", .role = VERB_ROLE_USER,
	  .writes = true, .args = costcenter_args, .help = "make a cost center", .whole = true,
	  .kind = OBJECT_COSTCENTER, .need = ACCESS_CREATE, .status = 201, .reply = "costcenter" },
	{ .name = "costcenter.get", .method = "GET", .path = "/services/costcenters/{id}", .role = VERB_ROLE_USER,
	  .args = id_args, .help = "one cost center", .kind = OBJECT_COSTCENTER, .need = ACCESS_SEE,
	  .status = 200, .reply = "costcenter" },
	{ .name = "costcenter.put", .method = "PUT", .path = "/services/costcenters/{id}", .role = VERB_ROLE_USER,
	  .writes = true, .args = costcenter_put_args, .help = "change a cost center", .whole = true,
	  .kind = OBJECT_COSTCENTER, .need = ACCESS_EDIT, .status = 200, .reply = "costcenter" },
	{ .name = "costcenter.delete", .method = "DELETE", .path = "/services/costcenters/{id}", .role = VERB_ROLE_USER,
	  .writes = true, .args = id_args, .help = "delete a cost center without workspaces",
	  .kind = OBJECT_COSTCENTER, .need = ACCESS_OWN, .status = 204 },

	{ .name = "workspace.list", .method = "GET", .path = "/services/workspaces", .role = VERB_ROLE_USER,
	  .args = ids_args, .help = "the workspaces one has a role in", .list = true, .status = 200, .reply = "workspace[]" },
	{ .name = "workspace.create", .method = "POST", .path = "/services/workspaces", .role = VERB_ROLE_USER,
	  .writes = true, .args = workspace_args, .help = "make a team workspace", .whole = true,
	  .kind = OBJECT_WORKSPACE, .need = ACCESS_CREATE, .status = 201, .reply = "workspace" },
	{ .name = "workspace.get", .method = "GET", .path = "/services/workspaces/{id}", .role = VERB_ROLE_USER,
	  .args = id_args, .help = "one workspace", .kind = OBJECT_WORKSPACE, .need = ACCESS_SEE,
	  .status = 200, .reply = "workspace" },
	{ .name = "workspace.put", .method = "PUT", .path = "/services/workspaces/{id}", .role = VERB_ROLE_USER,
	  .writes = true, .args = workspace_put_args, .help = "change a workspace and its members", .whole = true,
	  .kind = OBJECT_WORKSPACE, .need = ACCESS_EDIT, .status = 200, .reply = "workspace" },
	{ .name = "workspace.delete", .method = "DELETE", .path = "/services/workspaces/{id}", .role = VERB_ROLE_USER,
	  .writes = true, .args = id_args, .help = "delete an empty team workspace",
	  .kind = OBJECT_WORKSPACE, .need = ACCESS_OWN, .status = 204 },
	{ .name = "workspace.boxes", .method = "GET", .path = "/services/workspaces/{id}/boxes", .role = VERB_ROLE_USER,
	  .args = id_ids_args, .help = "boxes of all kinds visible in the workspace", .list = true,
	  .kind = OBJECT_BOX, .need = ACCESS_SEE, .status = 200, .reply = "box[]" },
	{ .name = "workspace.instances", .method = "GET", .path = "/services/workspaces/{id}/instances",
	  .role = VERB_ROLE_USER, .args = id_ids_args, .help = "instances of the workspace and shared with it", .list = true,
	  .kind = OBJECT_INSTANCE, .need = ACCESS_SEE, .status = 200, .reply = "instance[]" },
	{ .name = "workspace.providers", .method = "GET", .path = "/services/workspaces/{id}/providers",
	  .role = VERB_ROLE_USER, .args = id_ids_args, .help = "providers of the workspace and shared with it", .list = true,
	  .kind = OBJECT_PROVIDER, .need = ACCESS_SEE, .status = 200, .reply = "provider[]" },
	{ .name = NULL },
};
