/* core: the handlers of users, tokens and activity, for handlers_users.c. */
#ifndef CAM_CORE_VERBS_USERS_H
#define CAM_CORE_VERBS_USERS_H

#include "core.h"

/* verb_tokens.c */
int verb_tokens_list_run(struct db *db, struct core_call *call);
void verb_tokens_add_start(struct core_call *call);
int verb_tokens_delete_run(struct db *db, struct core_call *call);
void verb_jwks_start(struct core_call *call);

/* verb_users.c: what administrators do */
int verb_users_chunk(struct db *db, struct core_call *call, char cursor[OBJECT_CURSOR], struct object_text *out);
int verb_users_get_run(struct db *db, struct core_call *call);
void verb_users_invite_start(struct core_call *call);
void verb_users_code_start(struct core_call *call);		/* resend an invitation, reset a password */
int verb_users_state_run(struct db *db, struct core_call *call);	/* deactivate, activate, unlock */
void verb_users_unlock_after(struct core_call *call);
int verb_users_delete_run(struct db *db, struct core_call *call);

/* verb_passwords.c: what users do */
void verb_users_activate_start(struct core_call *call);
void verb_users_activation_start(struct core_call *call);
void verb_users_password_start(struct core_call *call);

/* verb_activity.c */
int verb_activity_chunk(struct db *db, struct core_call *call, char cursor[OBJECT_CURSOR], struct object_text *out);
void verb_activity_export_start(struct core_call *call);
int verb_activity_export_chunk(struct db *db, struct core_call *call, char cursor[OBJECT_CURSOR],
	struct object_text *out);
void verb_activity_key_start(struct core_call *call);

/* Shared: in the writer or a reader, the user's record as clients see it (free it); NULL = none. */
char *users_view(struct db *db, const char *id);
/* SHA-256 of a one-time code as presented. */
void users_code_hash(const char *code, uint8_t hash[CORE_HASH]);

#endif
