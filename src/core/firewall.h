/* core: what the firewall shall be: the registered providers' addresses and a customer's own table. */
#ifndef CAM_CORE_FIREWALL_H
#define CAM_CORE_FIREWALL_H

#include <yyjson.h>

#include "addr/addr.h"
#include "core.h"
#include "object.h"

struct fw_tables;

/* In a thread with the database: the model of PROTO_CORE_TASK's kind "firewall":
 * {"generation":n,"peers":{name:[address,..]},"names":{name:[host,..]},
 * "hosts":{name:[{"host":"name or address","ports":[n,..]},..]},"on":[],"own":"text"}.  The caller frees it. */
yyjson_mut_doc *firewall_model(struct db *db);
/* The tables with a customer's own one, for a look: fw_tables_free. */
struct fw_tables *firewall_tables(struct db *db);
/* Is a provider known by a name?  Then the peer of the tables it belongs to ("vcenter"), a constant, and the name in out; else NULL. */
const char *firewall_named(const struct object *provider, char out[ADDR_NAME_MAX + 1]);
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
