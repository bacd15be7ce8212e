/* Who does the verbs of organizations, cost centers and workspaces. */
#include "verbs_places.h"

const struct core_handler core_handlers_places[] = {
	{ .verb = "access.scope", .run = verb_scope_run },
	{ .verb = "organization.get", .run = verb_organization_get_run },
	{ .verb = "organization.put", .start = verb_organization_put_start },
	{ .verb = "organization.sync_groups", .run = verb_organization_groups_run },
	{ .verb = "organization.report", .chunk = verb_organization_report_chunk },
	{ .verb = "organization.csv", .chunk = verb_organization_report_chunk },
	{ .verb = "organization.boxes", .chunk = verb_organization_list },
	{ .verb = "organization.instances", .chunk = verb_organization_list },
	{ .verb = "organization.providers", .chunk = verb_organization_list },
	{ .verb = "organization.workspaces", .chunk = verb_organization_list },
	{ .verb = "costcenter.list", .chunk = verb_costcenter_list },
	{ .verb = "costcenter.create", .start = verb_costcenter_create_start },
	{ .verb = "costcenter.get", .run = verb_costcenter_get_run },
	{ .verb = "costcenter.put", .run = verb_costcenter_put_run },
	{ .verb = "costcenter.delete", .run = verb_costcenter_delete_run, .essential = true },
	{ .verb = "workspace.list", .chunk = verb_workspace_list },
	{ .verb = "workspace.create", .run = verb_workspace_create_run },
	{ .verb = "workspace.get", .run = verb_workspace_get_run },
	{ .verb = "workspace.put", .run = verb_workspace_put_run },
	{ .verb = "workspace.delete", .run = verb_workspace_delete_run, .essential = true },
	{ .verb = "workspace.boxes", .chunk = verb_workspace_contents },
	{ .verb = "workspace.instances", .chunk = verb_workspace_contents },
	{ .verb = "workspace.providers", .chunk = verb_workspace_contents },
	{ .verb = NULL },
};
