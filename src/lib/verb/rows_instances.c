/* Verbs of instances and providers. */
#include "verb/verb.h"

#define ID_MAX 64
/* Longest list of ids in a query, bytes: 800 of the longest kind (a GUID and its comma) and room. */
#define IDS_MAX 40000
#define NAME_MAX_ 255
#define TEXT_MAX 4096
#define TAGS_MAX 100
#define VARIABLES_MAX 1000
#define BOXES_MAX 200
#define MEMBERS_MAX 10000
#define MANY_MAX 100

#define END { .type = VERB_NONE }
#define ID { "id", VERB_STRING, true, 1, ID_MAX, "id" }

static const struct verb_arg no_args[] = { END };

static const struct verb_arg id_args[] = { ID, END };

static const struct verb_arg ids_args[] = {
	{ "ids", VERB_STRING, false, 0, IDS_MAX, "only these, comma-separated, of all one may see" },
	END,
};

static const struct verb_arg request_args[] = {
	{ "schema", VERB_STRING, true, 1, NAME_MAX_, "http://elasticbox.net/schemas/ with deploy-instance-request, "
		"deploy/application, register-instance-request or bulk-import-request" },
	{ "name", VERB_STRING, false, 0, NAME_MAX_, "name, 1 to 30 characters" },
	{ "description", VERB_STRING, false, 0, 8192, "description" },
	{ "owner", VERB_STRING, false, 0, ID_MAX, "workspace; the caller's own without it" },
	{ "box", VERB_OBJECT, false, 0, 0, "{id, variables[]}: a draft or a version" },
	{ "policy_box", VERB_OBJECT, false, 0, 0, "{id, variables[]}" },
	{ "instance_tags", VERB_ARRAY, false, 0, TAGS_MAX, "tags" },
	{ "requirements", VERB_ARRAY, false, 0, TAGS_MAX, "what the policies of an application must claim" },
	{ "lease", VERB_OBJECT, false, 0, 0, "{expire, operation: shutdown or terminate}" },
	{ "automatic_updates", VERB_STRING, false, 1, 16, "off, major, minor or patch" },
	{ "ipv4_address", VERB_STRING, false, 0, 64, "the machine to deploy on, when there is no policy" },
	{ "unregistered_id", VERB_STRING, false, 0, NAME_MAX_, "resource to import" },
	{ "unregistered_instances", VERB_ARRAY, false, 0, MANY_MAX, "requests to import" },
	{ "linux_username", VERB_STRING, false, 0, NAME_MAX_, "how to get into an imported machine" },
	{ "windows_username", VERB_STRING, false, 0, NAME_MAX_, "how to get into an imported machine" },
	END,
};

static const struct verb_arg put_args[] = {
	ID,
	{ "name", VERB_STRING, false, 1, NAME_MAX_, "name" },
	{ "boxes", VERB_ARRAY, false, 1, BOXES_MAX, "the copies of its boxes" },
	{ "variables", VERB_ARRAY, false, 0, VARIABLES_MAX, "its own variables" },
	{ "tags", VERB_ARRAY, false, 0, TAGS_MAX, "tags" },
	{ "members", VERB_ARRAY, false, 0, MEMBERS_MAX, "whom it is shared with" },
	{ "lease", VERB_OBJECT, false, 0, 0, "{expire, operation}; null ends it" },
	{ "automatic_updates", VERB_STRING, false, 1, 16, "off, major, minor or patch" },
	{ "automatic_reconfiguration", VERB_BOOLEAN, false, 0, 0, "reconfigure when its bindings change" },
	{ "manual_shutdown_protection", VERB_BOOLEAN, false, 0, 0, "people cannot shut it down" },
	{ "manual_terminate_protection", VERB_BOOLEAN, false, 0, 0, "people cannot terminate it" },
	{ "event_timeout", VERB_INTEGER, false, 1, 259200, "seconds a script has, unless its event says otherwise" },
	END,
};

static const struct verb_arg delete_args[] = {
	ID,
	{ "operation", VERB_STRING, true, 1, 32, "terminate, force_terminate or delete" },
	END,
};

static const struct verb_arg operate_args[] = {
	ID,
	{ "method", VERB_STRING, false, 0, 64, "the operation again, as some clients send it" },
	END,
};

static const struct verb_arg managed_args[] = {
	ID,
	{ "accept_terms", VERB_BOOLEAN, false, 0, 0, "must be true" },
	END,
};

static const struct verb_arg pull_args[] = {
	ID,
	{ "box_id", VERB_STRING, false, 1, ID_MAX, "version of the instance's box; the newest without it" },
	END,
};

static const struct verb_arg activity_args[] = {
	ID,
	{ "operation", VERB_STRING, false, 1, ID_MAX, "only of this operation: its id or its event" },
	END,
};

static const struct verb_arg logs_args[] = {
	ID,
	{ "machine_name", VERB_STRING, false, 1, NAME_MAX_, "name of one of its machines; all without it" },
	{ "box", VERB_STRING, false, 1, NAME_MAX_, "only of this box" },
	{ "event", VERB_STRING, false, 1, 64, "only of this event" },
	{ "operation", VERB_STRING, false, 1, ID_MAX, "only of this operation" },
	END,
};

static const struct verb_arg tasks_args[] = {
	ID,
	{ "operation", VERB_STRING, true, 1, ID_MAX, "id of the operation" },
	END,
};

static const struct verb_arg machine_args[] = {
	ID,
	{ "machine", VERB_STRING, true, 1, NAME_MAX_, "name of one of its machines" },
	END,
};

static const struct verb_arg output_args[] = {
	{ "task", VERB_STRING, true, 1, 20, "number of the task" },
	{ "from", VERB_STRING, false, 1, 20, "from this byte on" },
	END,
};

static const struct verb_arg template_args[] = {
	ID,
	{ "schema", VERB_STRING, true, 1, NAME_MAX_, "http://elasticbox.net/schemas/vsphere/tasks/create-template" },
	{ "name", VERB_STRING, true, 1, NAME_MAX_, "name of the template" },
	{ "instance_id", VERB_STRING, false, 1, ID_MAX, "the instance again" },
	{ "datacenter", VERB_STRING, false, 1, NAME_MAX_, "where, by reference" },
	{ "folder", VERB_STRING, false, 1, NAME_MAX_, "where, by reference" },
	{ "datastore", VERB_STRING, false, 1, NAME_MAX_, "where, by reference" },
	END,
};

static const struct verb_arg provider_args[] = {
	{ "name", VERB_STRING, true, 1, NAME_MAX_, "name" },
	{ "type", VERB_STRING, true, 1, NAME_MAX_, "Test Provider, VMware vSphere, Openstack, …" },
	{ "schema", VERB_STRING, false, 1, NAME_MAX_, "schema of the type" },
	{ "owner", VERB_STRING, false, 0, ID_MAX, "workspace; the caller's own without it" },
	{ "members", VERB_ARRAY, false, 0, MEMBERS_MAX, "whom it is shared with" },
	END,
};

static const struct verb_arg provider_put_args[] = {
	ID,
	{ "name", VERB_STRING, false, 1, NAME_MAX_, "name" },
	{ "members", VERB_ARRAY, false, 0, MEMBERS_MAX, "whom it is shared with" },
	END,
};

static const struct verb_arg image_args[] = {
	ID,
	{ "location", VERB_STRING, false, 0, NAME_MAX_, "place" },
	{ "name", VERB_STRING, true, 1, NAME_MAX_, "name" },
	{ "description", VERB_STRING, false, 0, TEXT_MAX, "description" },
	END,
};

static const struct verb_arg image_delete_args[] = {
	ID,
	{ "image", VERB_STRING, true, 1, NAME_MAX_, "name" },
	{ "location", VERB_STRING, false, 0, NAME_MAX_, "place" },
	END,
};

#define INSTANCES "/services/instances"
#define INSTANCE INSTANCES "/{id}"
#define OPERATE(verb, code, what) \
	{ .name = "instance." verb, .method = "PUT", .path = INSTANCE "/" verb, .role = VERB_ROLE_USER, .writes = true, \
	  .args = operate_args, .help = what, .whole = true, .kind = OBJECT_INSTANCE, .need = ACCESS_USE, .status = code }
#define BINDINGS(last) \
	{ .name = "instance." last, .method = "GET", .path = INSTANCE "/" last, .role = VERB_ROLE_USER, .args = id_args, \
	  .help = "the instances its Binding variables find", .kind = OBJECT_INSTANCE, .need = ACCESS_SEE, .status = 200, \
	  .reply = "binding[]" }
#define PROVIDERS "/services/providers"
#define PROVIDER PROVIDERS "/{id}"

const struct verb verb_rows_instances[] = {
	{ .name = "instance.list", .method = "GET", .path = INSTANCES, .role = VERB_ROLE_USER, .args = ids_args,
	  .help = "instances of the caller's own workspace", .list = true, .kind = OBJECT_INSTANCE,
	  .status = 200, .reply = "instance[]" },
	{ .name = "instance.create", .method = "POST", .path = INSTANCES, .role = VERB_ROLE_USER, .writes = true,
	  .args = request_args, .help = "deploy a box or an application, or import resources", .whole = true,
	  .kind = OBJECT_INSTANCE, .need = ACCESS_CREATE, .status = 202, .reply = "instance|instance[]" },
	{ .name = "instance.dryrun", .method = "POST", .path = INSTANCES "/dryrun", .role = VERB_ROLE_USER,
	  .args = request_args, .help = "check such a request and make nothing", .whole = true,
	  .kind = OBJECT_INSTANCE, .need = ACCESS_CREATE, .status = 200, .reply = "instance-dryrun" },
	{ .name = "instance.get", .method = "GET", .path = INSTANCE, .role = VERB_ROLE_USER, .args = id_args,
	  .help = "one instance", .kind = OBJECT_INSTANCE, .need = ACCESS_SEE, .status = 200, .reply = "instance" },
	{ .name = "instance.put", .method = "PUT", .path = INSTANCE, .role = VERB_ROLE_USER, .writes = true,
	  .args = put_args, .help = "change its boxes, variables, tags, lease, members, name, …", .whole = true,
	  .kind = OBJECT_INSTANCE, .need = ACCESS_EDIT, .status = 200, .reply = "instance" },
	{ .name = "instance.delete", .method = "DELETE", .path = INSTANCE, .role = VERB_ROLE_USER, .writes = true,
	  .args = delete_args, .help = "terminate it, or delete its record", .kind = OBJECT_INSTANCE, .need = ACCESS_USE,
	  .status = 202 },
	OPERATE("deploy", 202, "deploy again what failed to"),
	OPERATE("poweron", 202, "power on"),
	OPERATE("shutdown", 202, "shut down"),
	OPERATE("reinstall", 202, "run all scripts again"),
	OPERATE("reconfigure", 202, "run the configure scripts again"),
	OPERATE("import", 200, "import again what failed to"),
	OPERATE("cancel_import", 200, "give an import up: the record goes"),
	OPERATE("abort", 202, "end the running operation"),
	/* For administrators only. */
	{ .name = "instance.force_online", .method = "PUT", .path = INSTANCE "/force_online", .role = VERB_ROLE_USER,
	  .writes = true, .args = operate_args, .help = "take an instance for online whose scripts failed", .whole = true,
	  .kind = OBJECT_INSTANCE, .need = ACCESS_OWN, .status = 202 },
	{ .name = "instance.make_managed_os", .method = "PUT", .path = INSTANCE "/make_managed_os", .role = VERB_ROLE_USER,
	  .writes = true, .args = managed_args, .help = "hand its system over to managed services", .whole = true,
	  .kind = OBJECT_INSTANCE, .need = ACCESS_EDIT, .status = 202 },
	{ .name = "instance.pull", .method = "PUT", .path = INSTANCE "/pull", .role = VERB_ROLE_USER, .writes = true,
	  .args = pull_args, .help = "replace its box by another version and reinstall", .whole = true,
	  .kind = OBJECT_INSTANCE, .need = ACCESS_EDIT, .status = 202 },
	{ .name = "instance.service", .method = "GET", .path = INSTANCE "/service", .role = VERB_ROLE_USER, .args = id_args,
	  .help = "its service: profile, machines and addresses", .kind = OBJECT_INSTANCE, .need = ACCESS_SEE,
	  .status = 200, .reply = "service" },
	{ .name = "instance.activity", .method = "GET", .path = INSTANCE "/activity", .role = VERB_ROLE_USER,
	  .args = activity_args, .help = "what happened to it, the oldest first", .kind = OBJECT_INSTANCE, .need = ACCESS_SEE,
	  .status = 200, .reply = "activity[]" },
	{ .name = "instance.machine_logs", .method = "GET", .path = INSTANCE "/machine_logs", .role = VERB_ROLE_USER,
	  .args = logs_args, .help = "what its scripts said, as text", .kind = OBJECT_INSTANCE, .need = ACCESS_SEE,
	  .status = 200, .reply = "text", .answer = VERB_ANSWER_OUTPUT },
	{ .name = "instance.operations", .method = "GET", .path = INSTANCE "/operations", .role = VERB_ROLE_USER,
	  .args = id_args, .help = "its operations, the newest first", .kind = OBJECT_INSTANCE, .need = ACCESS_SEE,
	  .status = 200, .reply = "instance-operation[]" },
	{ .name = "instance.tasks", .method = "GET", .path = INSTANCE "/operations/{operation}/tasks", .role = VERB_ROLE_USER,
	  .args = tasks_args, .help = "the tasks of one of its operations, in order", .kind = OBJECT_INSTANCE, .need = ACCESS_SEE,
	  .status = 200, .reply = "operation-task[]" },
	{ .name = "instance.machine_token", .method = "POST", .path = INSTANCE "/machines/{machine}/token", .role = VERB_ROLE_USER,
	  .writes = true, .args = machine_args, .help = "a new token for the agent of one of its machines; the one before ends",
	  .kind = OBJECT_INSTANCE, .need = ACCESS_EDIT, .status = 200, .reply = "machine-token" },
	{ .name = "instance.agent_configuration", .method = "POST", .path = INSTANCE "/agent_configuration", .role = VERB_ROLE_USER,
	  .writes = true, .args = id_args, .help = "what the agent of its machine of one's own needs: elasticbox.conf with a new token, and the user data that installs it",
	  .kind = OBJECT_INSTANCE, .need = ACCESS_EDIT, .status = 200, .reply = "agent-configuration" },
	{ .name = "task.output", .method = "GET", .path = "/services/tasks/{task}/output", .role = VERB_ROLE_USER,
	  .args = output_args, .help = "what one script wrote, as text", .kind = OBJECT_INSTANCE, .need = ACCESS_SEE, .status = 200,
	  .reply = "text", .answer = VERB_ANSWER_OUTPUT },
	BINDINGS("bindings"),
	/* As older clients call it. */
	BINDINGS("binding"),
	BINDINGS("binding_instances"),
	{ .name = "instance.template", .method = "POST", .path = INSTANCE "/template", .role = VERB_ROLE_USER,
	  .writes = true, .args = template_args, .help = "make a template of its machine: a task", .whole = true,
	  .kind = OBJECT_INSTANCE, .need = ACCESS_EDIT, .status = 202, .reply = "task" },
	{ .name = "task.get", .method = "GET", .path = "/services/tasks/{id}", .role = VERB_ROLE_USER, .args = id_args,
	  .help = "how far a task is", .kind = OBJECT_TASK, .need = ACCESS_SEE, .status = 200, .reply = "task" },
	{ .name = "provider.list", .method = "GET", .path = PROVIDERS, .role = VERB_ROLE_USER, .args = ids_args,
	  .help = "providers of the caller's own workspace, without details", .list = true, .kind = OBJECT_PROVIDER,
	  .status = 200, .reply = "provider[]" },
	{ .name = "provider.types", .method = "GET", .path = "/services/provider-types", .role = VERB_ROLE_USER, .args = no_args,
	  .help = "the types of providers that are known, and what each needs", .status = 200, .reply = "provider-type[]" },
	{ .name = "provider.create", .method = "POST", .path = PROVIDERS, .role = VERB_ROLE_USER, .writes = true,
	  .args = provider_args, .help = "a new provider", .whole = true, .kind = OBJECT_PROVIDER, .need = ACCESS_CREATE,
	  .status = 202, .reply = "provider" },
	{ .name = "provider.get", .method = "GET", .path = PROVIDER, .role = VERB_ROLE_USER, .args = id_args,
	  .help = "one provider", .kind = OBJECT_PROVIDER, .need = ACCESS_SEE, .status = 200, .reply = "provider" },
	{ .name = "provider.put", .method = "PUT", .path = PROVIDER, .role = VERB_ROLE_USER, .writes = true,
	  .args = provider_put_args, .help = "change a provider", .whole = true, .kind = OBJECT_PROVIDER,
	  .need = ACCESS_EDIT, .status = 200, .reply = "provider" },
	{ .name = "provider.delete", .method = "DELETE", .path = PROVIDER, .role = VERB_ROLE_USER, .writes = true,
	  .args = id_args, .help = "delete a provider that nothing uses", .kind = OBJECT_PROVIDER, .need = ACCESS_OWN,
	  .status = 202 },
	{ .name = "provider.sync", .method = "PUT", .path = PROVIDER "/sync", .role = VERB_ROLE_USER, .writes = true,
	  .args = id_args, .help = "look again at what the cloud has", .whole = true, .kind = OBJECT_PROVIDER,
	  .need = ACCESS_EDIT, .status = 202 },
	{ .name = "provider.logs", .method = "GET", .path = PROVIDER "/logs", .role = VERB_ROLE_USER, .args = id_args,
	  .help = "its log, the newest first", .list = true, .kind = OBJECT_PROVIDER, .need = ACCESS_SEE, .status = 200,
	  .reply = "provider-log[]" },
	{ .name = "provider.unregistered", .method = "GET", .path = PROVIDER "/unregisted-instances",
	  .role = VERB_ROLE_USER, .args = id_args, .help = "what it has that is no instance here", .list = true, .kind = OBJECT_PROVIDER,
	  .need = ACCESS_SEE, .status = 200, .reply = "unregistered-instance[]" },
	{ .name = "provider.image.create", .method = "POST", .path = PROVIDER "/images", .role = VERB_ROLE_USER,
	  .writes = true, .args = image_args, .help = "offer an image to policies", .kind = OBJECT_PROVIDER,
	  .need = ACCESS_EDIT, .status = 202 },
	{ .name = "provider.image.delete", .method = "DELETE", .path = PROVIDER "/images/{image}", .role = VERB_ROLE_USER,
	  .writes = true, .args = image_delete_args, .help = "offer it no longer", .kind = OBJECT_PROVIDER,
	  .need = ACCESS_EDIT, .status = 202 },
	{ .name = NULL },
};
