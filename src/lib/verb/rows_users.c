/* Verbs of users, tokens and activity. */
#include "verb/verb.h"

#define ID_MAX 64
/* RFC 5321 §4.5.3.1.3: a path is at most 256 bytes with its brackets. */
#define EMAIL_MAX 254
#define LABEL_MAX 128
/* As for setup: rows_appliance.c. */
#define PASSWORD_MIN 10
#define PASSWORD_MAX 256
#define CODE_MAX 64
#define DESCRIPTION_MAX 255
/* A hundred years in seconds: longer is the same as for ever. */
#define EXPIRES_MAX INT64_C(3155760000)

static const struct verb_arg none[] = {
	{ .type = VERB_NONE },
};

static const struct verb_arg token_id_args[] = {
	{ "id", VERB_STRING, true, 1, ID_MAX, "id of the token" },
	{ .type = VERB_NONE },
};

static const struct verb_arg user_id_args[] = {
	{ "id", VERB_STRING, true, 1, ID_MAX, "id of the user: of the personal workspace" },
	{ .type = VERB_NONE },
};

static const struct verb_arg token_args[] = {
	{ "description", VERB_STRING, false, 0, DESCRIPTION_MAX, "what the token is for" },
	{ "type", VERB_STRING, false, 0, 16, "opaque (as without) or jwt" },
	{ "expires", VERB_INTEGER, false, 0, EXPIRES_MAX, "seconds until it ends; 0 or without = never" },
	{ .type = VERB_NONE },
};

static const struct verb_arg users_args[] = {
	{ "organization", VERB_STRING, false, 0, ID_MAX, "of this organization; without: one's own" },
	{ "state", VERB_STRING, false, 0, 32, "only these: invited, active, deactivated, password_locked" },
	{ .type = VERB_NONE },
};

static const struct verb_arg invite_args[] = {
	{ "email", VERB_STRING, true, 3, EMAIL_MAX, "address of the new user" },
	{ "name", VERB_STRING, false, 0, LABEL_MAX, "first name" },
	{ "last_name", VERB_STRING, false, 0, LABEL_MAX, "last name" },
	{ "organization", VERB_STRING, false, 0, ID_MAX, "whose user; without: one's own organization" },
	{ "role", VERB_STRING, false, 0, 32, "administrator (of the organization) or user (as without)" },
	{ .type = VERB_NONE },
};

static const struct verb_arg delete_args[] = {
	{ "id", VERB_STRING, true, 1, ID_MAX, "id of the user" },
	{ "transfer", VERB_STRING, false, 1, ID_MAX, "workspace that receives boxes, instances and providers; needed when there are any" },
	{ .type = VERB_NONE },
};

static const struct verb_arg code_args[] = {
	{ "code", VERB_STRING, true, 1, CODE_MAX, "the one-time code of the link" },
	{ .type = VERB_NONE },
};

static const struct verb_arg activate_args[] = {
	{ "code", VERB_STRING, true, 1, CODE_MAX, "the one-time code of the link" },
	{ "password", VERB_SECRET, true, PASSWORD_MIN, PASSWORD_MAX, "the new password, at least 10 characters" },
	{ "session", VERB_BOOLEAN, false, 0, 0, "sign in with a browser session" },
	{ .type = VERB_NONE },
};

static const struct verb_arg password_args[] = {
	{ "password", VERB_SECRET, true, 1, PASSWORD_MAX, "the present password" },
	{ "new_password", VERB_SECRET, true, PASSWORD_MIN, PASSWORD_MAX, "the new one, at least 10 characters" },
	{ .type = VERB_NONE },
};

static const struct verb_arg activity_args[] = {
	{ "user", VERB_STRING, false, 0, ID_MAX, "only what this user did" },
	{ "kind", VERB_STRING, false, 0, 32, "only about objects of this kind" },
	{ "object", VERB_STRING, false, 0, 255, "only about the object of this id" },
	{ "from", VERB_STRING, false, 0, 32, "not before: YYYY-MM-DD or YYYY-MM-DD HH:MM:SS, UTC" },
	{ "to", VERB_STRING, false, 0, 32, "before: the same" },
	{ .type = VERB_NONE },
};

const struct verb verb_rows_users[] = {
	{ .name = "tokens.list", .method = "GET", .path = "/services/tokens", .role = VERB_ROLE_USER,
	  .args = none, .help = "one's own tokens, values masked", .status = 200, .reply = "user-token[]" },
	{ .name = "tokens.add", .method = "POST", .path = "/services/tokens", .role = VERB_ROLE_USER, .writes = true,
	  .args = token_args, .help = "a new token; its value is shown only now", .status = 200, .reply = "user-token" },
	{ .name = "tokens.delete", .method = "DELETE", .path = "/services/tokens/{id}", .role = VERB_ROLE_USER, .writes = true,
	  .args = token_id_args, .help = "revoke a token", .status = 204 },
	{ .name = "security.jwks", .method = "GET", .path = "/services/security/jwks", .role = VERB_ROLE_PUBLIC,
	  .args = none, .help = "public key of tokens that carry claims (RFC 7517)", .status = 200, .reply = "jwks" },
	{ .name = "users.list", .method = "GET", .path = "/services/users", .role = VERB_ROLE_USER,
	  .args = users_args, .help = "users of an organization, for its administrators", .list = true, .kind = OBJECT_ORGANIZATION, .need = ACCESS_OWN, .status = 200, .reply = "user[]" },
	{ .name = "users.get", .method = "GET", .path = "/services/users/{id}", .role = VERB_ROLE_USER,
	  .args = user_id_args, .help = "one user", .kind = OBJECT_USER, .need = ACCESS_SEE, .status = 200, .reply = "user" },
	{ .name = "users.invite", .method = "POST", .path = "/services/users", .role = VERB_ROLE_USER, .writes = true,
	  .args = invite_args, .help = "invite a user: the answer has the link with the one-time code", .kind = OBJECT_ORGANIZATION, .need = ACCESS_OWN, .status = 201, .reply = "user-invitation" },
	{ .name = "users.resend", .method = "PUT", .path = "/services/users/{id}/invite", .role = VERB_ROLE_USER, .writes = true,
	  .args = user_id_args, .help = "a new link for somebody who was invited", .kind = OBJECT_USER, .need = ACCESS_EDIT, .status = 200, .reply = "user-invitation" },
	{ .name = "users.reset", .method = "PUT", .path = "/services/users/{id}/reset", .role = VERB_ROLE_USER, .writes = true,
	  .args = user_id_args, .help = "a link to choose a new password", .kind = OBJECT_USER, .need = ACCESS_EDIT, .status = 200, .reply = "user-invitation" },
	{ .name = "users.deactivate", .method = "PUT", .path = "/services/users/{id}/deactivate", .role = VERB_ROLE_USER, .writes = true,
	  .args = user_id_args, .help = "shut a user out: sessions and tokens end at once", .kind = OBJECT_USER, .need = ACCESS_EDIT, .status = 200, .reply = "user" },
	{ .name = "users.reactivate", .method = "PUT", .path = "/services/users/{id}/activate", .role = VERB_ROLE_USER, .writes = true,
	  .args = user_id_args, .help = "let a deactivated user in again", .kind = OBJECT_USER, .need = ACCESS_EDIT, .status = 200, .reply = "user" },
	{ .name = "users.unlock", .method = "PUT", .path = "/services/users/{id}/unlock", .role = VERB_ROLE_USER, .writes = true,
	  .args = user_id_args, .help = "unlock a password that was tried too often; it stays the same", .kind = OBJECT_USER, .need = ACCESS_EDIT, .status = 200, .reply = "user" },
	{ .name = "users.delete", .method = "DELETE", .path = "/services/users/{id}", .role = VERB_ROLE_USER, .writes = true,
	  .args = delete_args, .help = "delete a user; what the user owned goes to a workspace", .kind = OBJECT_USER, .need = ACCESS_OWN, .status = 204 },
	{ .name = "users.activate", .method = "POST", .path = "/services/users/activate", .role = VERB_ROLE_PUBLIC, .writes = true,
	  .args = activate_args, .help = "choose a password by the one-time code", .status = 200, .reply = "signed-in" },
	{ .name = "users.activation", .method = "POST", .path = "/services/users/activation", .role = VERB_ROLE_PUBLIC,
	  .args = code_args, .help = "whom a one-time code is for; it stays good", .status = 200, .reply = "activation" },
	{ .name = "users.password", .method = "PUT", .path = "/services/users/password", .role = VERB_ROLE_USER, .writes = true,
	  .args = password_args, .help = "change one's own password; other sessions end", .status = 204 },
	{ .name = "activity.list", .method = "GET", .path = "/services/activity", .role = VERB_ROLE_ADMIN,
	  .args = activity_args, .help = "who did what, newest first", .list = true, .status = 200, .reply = "audit-entry[]" },
	{ .name = "activity.export", .method = "GET", .path = "/services/activity/export", .role = VERB_ROLE_ADMIN,
	  .args = none, .help = "the whole chain as lines, signed", .list = true, .answer = VERB_ANSWER_LINES, .status = 200, .reply = "lines" },
	{ .name = "activity.key", .method = "GET", .path = "/services/activity/key", .role = VERB_ROLE_PUBLIC,
	  .args = none, .help = "public key of the activity's signatures (PEM)", .status = 200, .reply = "text" },
	{ .name = NULL },
};
