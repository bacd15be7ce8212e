/* appliance.ca, appliance.crl, appliance.agents: what others need to trust the appliance's certificate, and to stop. */
#include <stdio.h>

#include "verbs.h"

static bool identity_known(struct core_call *call)
{
	if (call->core->identity.known)
		return true;
	core_call_refuse(call, 503, "The appliance is starting; please try again.");
	return false;
}

/* The name carries the appliance's id: people keep those of several. */
static void answer_file(struct core_call *call, const char *content_type, const char *ending)
{
	char name[64];

	snprintf(name, sizeof name, "cam-%s%s", call->core->identity.id, ending);
	core_answer_file(&call->answer, content_type, name);
	core_call_finish(call);
}

void verb_ca_start(struct core_call *call)
{
	if (!identity_known(call))
		return;
	core_answer_text(&call->answer, 200, call->core->identity.ca_pem);
	answer_file(call, "application/x-pem-file", "-ca.pem");
}

/* What an agent is installed with. */
void verb_agents_start(struct core_call *call)
{
	const struct core_identity *i = &call->core->identity;
	yyjson_mut_val *body;

	if (!identity_known(call))
		return;
	body = core_answer_object(&call->answer, 200);
	yyjson_mut_obj_add_strcpy(call->answer.doc, body, "name", i->agents_name);
	yyjson_mut_obj_add_strcpy(call->answer.doc, body, "ca_pem", i->ca_pem);
	core_call_finish(call);
}

/* RFC 2585 §4.2. */
void verb_crl_start(struct core_call *call)
{
	if (!identity_known(call))
		return;
	core_answer_bytes(&call->answer, 200, call->core->identity.crl);
	answer_file(call, "application/pkix-crl", ".crl");
}
