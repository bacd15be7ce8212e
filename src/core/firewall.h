/* core: what the firewall shall be: the registered providers' addresses and a customer's own table. */
#ifndef CAM_CORE_FIREWALL_H
#define CAM_CORE_FIREWALL_H

#include <yyjson.h>

#include "core.h"

/* In a thread with the database: the model of PROTO_CORE_TASK's kind "firewall":
 * {"generation":n,"peers":{name:[address,..]},"names":{name:[host,..]},"on":[],"own":"text"}.  The caller frees it. */
yyjson_mut_doc *firewall_model(struct db *db);
/* In the writer: a task for fwd when the model is another than the last one it was given. */
void firewall_refresh(struct db *db);

int verb_firewall_profiles_run(struct db *db, struct core_call *call);
int verb_firewall_rules_run(struct db *db, struct core_call *call);
int verb_firewall_export_run(struct db *db, struct core_call *call);
void verb_firewall_explain_start(struct core_call *call);
int verb_firewall_explain_run(struct db *db, struct core_call *call);
void verb_firewall_status_start(struct core_call *call);
int verb_firewall_own_get_run(struct db *db, struct core_call *call);
void verb_firewall_own_put_start(struct core_call *call);
void verb_firewall_confirm_start(struct core_call *call);
int verb_firewall_model_run(struct db *db, struct core_call *call);

#endif
