/* Who does the verbs of users, tokens and activity. */
#include "verbs_users.h"

const struct core_handler core_handlers_users[] = {
	{ .verb = "tokens.list", .run = verb_tokens_list_run },
	{ .verb = "tokens.add", .start = verb_tokens_add_start },
	{ .verb = "tokens.delete", .run = verb_tokens_delete_run, .essential = true },
	{ .verb = "security.jwks", .start = verb_jwks_start },
	{ .verb = "users.list", .chunk = verb_users_chunk },
	{ .verb = "users.get", .run = verb_users_get_run },
	{ .verb = "users.invite", .start = verb_users_invite_start },
	{ .verb = "users.resend", .start = verb_users_code_start },
	{ .verb = "users.reset", .start = verb_users_code_start },
	{ .verb = "users.deactivate", .run = verb_users_state_run, .essential = true },
	{ .verb = "users.reactivate", .run = verb_users_state_run },
	{ .verb = "users.unlock", .run = verb_users_state_run, .after = verb_users_unlock_after, .essential = true },
	{ .verb = "users.delete", .run = verb_users_delete_run },
	{ .verb = "users.activate", .start = verb_users_activate_start },
	{ .verb = "users.activation", .start = verb_users_activation_start },
	{ .verb = "users.password", .start = verb_users_password_start },
	{ .verb = "activity.list", .chunk = verb_activity_chunk },
	{ .verb = "activity.export", .start = verb_activity_export_start, .chunk = verb_activity_export_chunk },
	{ .verb = "activity.key", .start = verb_activity_key_start },
	{ .verb = NULL },
};
