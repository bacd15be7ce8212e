/* core: the handlers of the verbs, for handlers.c, and what they share. */
#ifndef CAM_CORE_VERBS_H
#define CAM_CORE_VERBS_H

#include "core.h"

void verb_status_start(struct core_call *call);
void verb_ca_start(struct core_call *call);
void verb_agents_start(struct core_call *call);
void verb_crl_start(struct core_call *call);
void verb_screen_start(struct core_call *call);
void verb_facts_start(struct core_call *call);
void verb_services_start(struct core_call *call);
int verb_health_run(struct db *db, struct core_call *call);
void verb_health_after(struct core_call *call);
int verb_settings_get_run(struct db *db, struct core_call *call);
void verb_settings_put_start(struct core_call *call);
void verb_settings_after(struct core_call *call);
void verb_network_get_start(struct core_call *call);
void verb_network_put_start(struct core_call *call);
void verb_network_confirm_start(struct core_call *call);
/* What sysd says of the network's settings. True when that is new. */
bool verb_network_take(struct core *core, yyjson_val *network);
void verb_setup_start(struct core_call *call);
void verb_certificate_start(struct core_call *call);
void verb_logs_start(struct core_call *call);
void verb_token_start(struct core_call *call);
int verb_signout_run(struct db *db, struct core_call *call);
int verb_session_run(struct db *db, struct core_call *call);

/* What the writer does of two of them; the crash tests run these too. */
int verb_setup_run(struct db *db, struct core_call *call);
int verb_settings_put_run(struct db *db, struct core_call *call);

/* The answer of whoever signs in: {"user":{...}} and, for a session, its cookie and
 * CSRF value (session NULL = none). */
void verb_answer_user(struct db *db, struct core_call *call, const char *user, const char *session);

/* Notes when somebody signed in: in the user's row and record. */
void verb_signed_in(struct db *db, const char *user);

/* 429 with the seconds to wait. */
void verb_refuse_wait(struct core_call *call, int seconds);

/* Members of the state of setup and sign-in. */
struct verb_login {
	char email[256];		/* in lower case */
	char user[CORE_USER_TEXT];	/* "" = unknown */
	char hash[256];			/* of the password */
};
/* Makes the state; the call owns it. */
struct verb_login *verb_login_new(struct core_call *call);

/* Wrong passwords in a row that lock an account's password: the waiting between them is half a minute by then. And for
 * how long, seconds: nobody can keep the last administrator out for ever. Tokens are not touched. */
#define VERB_LOCK_FAILURES 8
#define VERB_LOCK_LIFE 1800

/* Fewest characters of a new password. */
#define VERB_PASSWORD_CHARACTERS 10
bool verb_password_long(const char *password);
bool verb_email_valid(const char *email);

/* Asks hashd; reply must end in core_call_*.  False when it did answer the call
 * already. */
void verb_hash(struct core_call *call, ipc_reply_fn *reply);
/* The same for the argument `member` instead of password. */
void verb_hash_member(struct core_call *call, const char *member, ipc_reply_fn *reply);
/* The hash in hashd's good reply into out; -1 when there is none. */
int verb_hash_take(const struct ipc_msg *msg, char *out, size_t size);
void verb_verify(struct core_call *call, const char *hash, ipc_reply_fn *reply);
/* Did hashd refuse or fail?  Then the call has been answered (429 or 503). */
bool verb_hashd_failed(struct core_call *call, const struct ipc_msg *msg, int error);

#endif
