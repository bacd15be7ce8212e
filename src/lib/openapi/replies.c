/* What replies always have.  Objects have more, and may get more: clients must take members they
 * do not know. */
#include <string.h>

#include "openapi/openapi.h"

static const struct {
	const char *reply, *members;
} replies[] = {
	{ "appliance-status", "setup:b state:s version:s development:b" },
	{ "appliance-agents", "name:s ca_pem:s" },
	{ "agent-configuration", "conf:s" },
	{ "blob", "url:s upload_date:s length:i content_type:s" },
	{ "blob-address", "url:s" },
	{ "box", "schema:s id:s uri:s name:s description:s owner:s organization:s visibility:s members:a variables:a"
		" automatic_updates:s created:s updated:s" },
	{ "box-binding", "id:s uri:s name:s icon:s" },
	{ "box-diff", "box_details:o box_variables:o box_events:a box_profile_properties:o box_readme:a changed:b" },
	{ "costcenter", "schema:s id:s uri:s name:s organization:s" },
	{ "instance", "schema:s id:s uri:s name:s owner:s box:s boxes:a automatic_updates:s operation:o service:o state:s"
		" tags:a variables:a created:s updated:s" },
	{ "jwks", "keys:a" },
	{ "machine-token", "machine:s name:s token:s" },
	{ "operation-task", "task:i kind:s step:i machine:s state:s attempt:i message:s output_length:i" },
	{ "organization", "schema:s name:s uri:s" },
	{ "provider", "schema:s id:s uri:s name:s owner:s state:s created:s updated:s" },
	{ "signed-in", "user:o" },
	{ "workspace", "schema:s id:s uri:s name:s" },
};

const char *openapi_members(const char *reply, size_t len)
{
	for (size_t i = 0; i < sizeof replies / sizeof *replies; i++)
		if (strlen(replies[i].reply) == len && !memcmp(replies[i].reply, reply, len))
			return replies[i].members;
	return "";
}
