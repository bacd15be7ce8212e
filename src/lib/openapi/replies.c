/* What replies always have.  Objects have more, and may get more: clients must take members they
 * do not know. */
#include <string.h>

#include "openapi/openapi.h"

static const struct {
	const char *reply, *members;
} replies[] = {
	{ "activation", "email:s name:s last_name:s organization:s purpose:s expires:s" },
	{ "activity", "id:s instance:s text:s level:s created:s" },
	{ "appliance-certificate", "source:s appliance_names:a certificate:o" },
	{ "certificate-view", "subject:s issuer:s fingerprint:s not_before:s not_after:s names:a rooted:b chain:a warnings:a" },
	{ "appliance-health", "uptime:i full:b services:a certificate:o" },
	{ "appliance-network", "mode:s" },
	{ "appliance-network-change", "change:s seconds:i" },
	{ "appliance-log", "name:s bytes:i end:s" },
	{ "appliance-settings", "hostname:s" },
	{ "appliance-status", "setup:b state:s version:s development:b" },
	{ "audit-entry", "sequence:i time:s user:s peer:s verb:s kind:s object:s status:i prev:s hash:s" },
	{ "binding", "name:s instance:s uri:s" },
	{ "appliance-agents", "name:s ca_pem:s" },
	{ "agent-configuration", "conf:s user_data:s" },
	{ "blob", "url:s upload_date:s length:i content_type:s" },
	{ "blob-address", "url:s" },
	{ "box", "schema:s id:s uri:s name:s description:s owner:s organization:s visibility:s members:a variables:a"
		" automatic_updates:s created:s updated:s" },
	{ "box-binding", "id:s uri:s name:s icon:s" },
	{ "box-diff", "box_details:o box_variables:o box_events:a box_profile_properties:o box_readme:a changed:b" },
	{ "cost-report", "cost:a" },
	{ "costcenter", "schema:s id:s uri:s name:s organization:s members:a created:s updated:s" },
	{ "firewall-change", "generation:i seconds:i" },
	{ "firewall-own", "lines:a generation:i" },
	{ "firewall-profiles", "profiles:a conditions:a peers:a formats:a" },
	{ "firewall-rules", "rules:a" },
	{ "firewall-status", "state:s generation:i lines:i applied:i drifts:i error:s foreign:a counters:a names:a drops:a" },
	{ "firewall-verdict", "verdict:s reason:s" },
	{ "instance", "schema:s id:s uri:s name:s owner:s box:s boxes:a automatic_updates:s operation:o service:o state:s"
		" tags:a variables:a created:s updated:s" },
	{ "instance-dryrun", "valid:b instances:i" },
	{ "instance-operation", "schema:s id:s instance:s operation:s state:s instance_state:s username:s workspace:s request_id:s"
		" activity:a created:s updated:s" },
	{ "jwks", "keys:a" },
	{ "organization", "schema:s name:s uri:s display_name:s domains:a members:a setup:b release:s created:s updated:s" },
	{ "provider", "schema:s id:s uri:s name:s type:s owner:s state:s created:s updated:s" },
	{ "provider-log", "schema:s id:s provider_id:s workspace:s text:s level:i operation:s request_id:s created:s updated:s" },
	{ "provider-type", "type:s schema:s fields:a" },
	{ "service", "schema:s id:s type:s provider_id:s organization:s profile:o state:s operation:s token:s tags:a variables:a"
		" state_history:a machines:a created:s updated:s" },
	{ "machine-token", "machine:s name:s token:s" },
	{ "operation-task", "task:i kind:s step:i machine:s state:s attempt:i message:s output_length:i" },
	{ "signed-in", "user:o" },
	{ "task", "schema:s id:s uri:s name:s state:s input:o log:s created:s updated:s" },
	{ "user", "schema:s id:s uri:s type:s name:s email:s organization:s state:s administrator:b last_login:s?" },
	{ "user-invitation", "schema:s id:s type:s email:s state:s code:s link:s expires:s" },
	{ "user-token", "id:s description:s type:s value:s created:s last_used:s? expires:s? uri:s" },
	{ "workspace", "schema:s id:s uri:s name:s type:s created:s updated:s" },
};

const char *openapi_members(const char *reply, size_t len)
{
	for (size_t i = 0; i < sizeof replies / sizeof *replies; i++)
		if (strlen(replies[i].reply) == len && !memcmp(replies[i].reply, reply, len))
			return replies[i].members;
	return "";
}
