/* core: the handlers of instances and providers, for handlers_instances.c. */
#ifndef CAM_CORE_VERBS_INSTANCES_H
#define CAM_CORE_VERBS_INSTANCES_H

#include "core.h"

int verb_instance_list(struct db *db, struct core_call *call, char cursor[OBJECT_CURSOR], struct object_text *out);
int verb_instance_get_run(struct db *db, struct core_call *call);
void verb_instance_create_start(struct core_call *call);
int verb_instance_create_run(struct db *db, struct core_call *call);
int verb_instance_dryrun_run(struct db *db, struct core_call *call);
void verb_instance_put_start(struct core_call *call);
int verb_instance_put_run(struct db *db, struct core_call *call);
int verb_instance_delete_run(struct db *db, struct core_call *call);
void verb_instance_delete_after(struct core_call *call);
int verb_instance_operate_run(struct db *db, struct core_call *call);
int verb_instance_pull_run(struct db *db, struct core_call *call);
int verb_instance_service_run(struct db *db, struct core_call *call);
int verb_instance_activity_run(struct db *db, struct core_call *call);
int verb_instance_machine_logs_run(struct db *db, struct core_call *call);
int verb_instance_operations_run(struct db *db, struct core_call *call);
int verb_instance_bindings_run(struct db *db, struct core_call *call);
int verb_instance_template_run(struct db *db, struct core_call *call);
int verb_task_get_run(struct db *db, struct core_call *call);
int verb_instance_tasks_run(struct db *db, struct core_call *call);
int verb_task_output_run(struct db *db, struct core_call *call);
void verb_machine_token_start(struct core_call *call);
int verb_machine_token_run(struct db *db, struct core_call *call);
int verb_agent_configuration_run(struct db *db, struct core_call *call);

int verb_provider_list(struct db *db, struct core_call *call, char cursor[OBJECT_CURSOR], struct object_text *out);
int verb_provider_types_run(struct db *db, struct core_call *call);
void verb_provider_create_start(struct core_call *call);
int verb_provider_create_run(struct db *db, struct core_call *call);
int verb_provider_get_run(struct db *db, struct core_call *call);
void verb_provider_put_start(struct core_call *call);
int verb_provider_put_run(struct db *db, struct core_call *call);
int verb_provider_delete_run(struct db *db, struct core_call *call);
int verb_provider_sync_run(struct db *db, struct core_call *call);
int verb_provider_logs(struct db *db, struct core_call *call, char cursor[OBJECT_CURSOR], struct object_text *out);
int verb_provider_unregistered(struct db *db, struct core_call *call, char cursor[OBJECT_CURSOR], struct object_text *out);
int verb_provider_image_create_run(struct db *db, struct core_call *call);
int verb_provider_image_delete_run(struct db *db, struct core_call *call);

/* After the commit: the engine looks for steps, the answer leaves. */
void verb_kick_after(struct core_call *call);

#endif
