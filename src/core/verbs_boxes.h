/* core: the handlers of boxes' verbs. */
#ifndef CAM_CORE_VERBS_BOXES_H
#define CAM_CORE_VERBS_BOXES_H

#include "core.h"

/* verb_box_read.c */
int verb_box_list_chunk(struct db *db, struct core_call *call, char cursor[OBJECT_CURSOR], struct object_text *out);
int verb_box_catalogue_chunk(struct db *db, struct core_call *call, char cursor[OBJECT_CURSOR], struct object_text *out);
int verb_box_versions_chunk(struct db *db, struct core_call *call, char cursor[OBJECT_CURSOR], struct object_text *out);
int verb_box_stack_chunk(struct db *db, struct core_call *call, char cursor[OBJECT_CURSOR], struct object_text *out);
int verb_box_get_run(struct db *db, struct core_call *call);
int verb_box_bindings_run(struct db *db, struct core_call *call);
int verb_box_diff_run(struct db *db, struct core_call *call);
int verb_box_compare_run(struct db *db, struct core_call *call);

/* verb_box_write.c */
void verb_box_create_start(struct core_call *call);
void verb_box_put_start(struct core_call *call);
void verb_box_builtin_start(struct core_call *call);
int verb_box_create_run(struct db *db, struct core_call *call);
int verb_box_put_run(struct db *db, struct core_call *call);
int verb_box_builtin_run(struct db *db, struct core_call *call);
int verb_box_restore_run(struct db *db, struct core_call *call);
int verb_box_delete_run(struct db *db, struct core_call *call);

#endif
