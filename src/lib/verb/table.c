/* The verbs.  One row here and one handler in core make a verb: docs/adding-a-verb.md. */
#include <string.h>

#include "verb/verb.h"

/* What a row leaves out at its end is 0: a JSON body, a JSON answer. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

/* RFC 5321 §4.5.3.1.3: a path is at most 256 bytes with its brackets. */
#define EMAIL_MAX 254
/* Shortest password: NIST SP 800-63B asks for 8, we for a little more. */
#define PASSWORD_MIN 10
/* Longest password, bytes: room for any passphrase, and what hashd must take in stays small. */
#define PASSWORD_MAX 256
/* RFC 1035 §2.3.4. */
#define HOSTNAME_MAX 253
#define ADDRESSES_MAX 64

static const struct verb_arg none[] = {
	{ .type = VERB_NONE },
};

static const struct verb_arg setup_args[] = {
	{ "code", VERB_STRING, true, 1, 64, "the one-time code from the appliance's screen" },
	{ "email", VERB_STRING, true, 3, EMAIL_MAX, "address of the first administrator" },
	{ "password", VERB_SECRET, true, PASSWORD_MIN, PASSWORD_MAX, "at least 10 characters" },
	{ "name", VERB_STRING, false, 0, 128, "name of the first administrator" },
	{ "organization", VERB_STRING, false, 0, 128, "name of the organization" },
	{ "session", VERB_BOOLEAN, false, 0, 0, "sign the administrator in with a browser session" },
	{ .type = VERB_NONE },
};

static const struct verb_arg token_args[] = {
	{ "email", VERB_STRING, true, 1, EMAIL_MAX, "address of the user" },
	{ "password", VERB_SECRET, true, 1, PASSWORD_MAX, "password of the user" },
	{ "session", VERB_BOOLEAN, false, 0, 0, "answer a browser session instead of a token" },
	{ .type = VERB_NONE },
};

static const struct verb_arg settings_args[] = {
	{ "hostname", VERB_STRING, false, 0, HOSTNAME_MAX, "name or address the appliance is reached by" },
	{ .type = VERB_NONE },
};

static const struct verb_arg facts_args[] = {
	{ "addresses", VERB_ARRAY, true, 0, ADDRESSES_MAX, "IP addresses of the appliance, without prefix length" },
	{ "hostname", VERB_STRING, false, 0, HOSTNAME_MAX, "host name in use" },
	{ .type = VERB_NONE },
};

static const struct verb verbs[] = {
	{ "appliance.status", "GET", "/services/appliance/status", VERB_ROLE_PUBLIC, false, none,
		"is the appliance set up and ready", false },
	{ "appliance.setup", "POST", "/services/appliance/setup", VERB_ROLE_PUBLIC, true, setup_args,
		"first administrator and organization, by the one-time code", false },
	{ "security.token", "POST", "/services/security/token", VERB_ROLE_PUBLIC, true, token_args,
		"sign in: a token, or a browser session", false },
	{ "security.signout", "POST", "/services/security/signout", VERB_ROLE_USER, true, none,
		"end the session or revoke the token presented", false },
	{ "security.session", "GET", "/services/security/session", VERB_ROLE_USER, false, none,
		"whose token or session is this", false },
	{ "appliance.settings.get", "GET", "/services/appliance/settings", VERB_ROLE_ADMIN, false, none,
		"settings of the appliance", false },
	{ "appliance.settings.put", "POST", "/services/appliance/settings", VERB_ROLE_ADMIN, true, settings_args,
		"replace the settings of the appliance", true },
	{ "appliance.screen", NULL, NULL, VERB_ROLE_TTY, false, none,
		"what the appliance's screen shows", false },
	{ "appliance.facts", NULL, NULL, VERB_ROLE_SYSD, false, facts_args,
		"addresses and host name the appliance really has", false },
};

#define VERBS (sizeof verbs / sizeof verbs[0])

const struct verb *verb_at(size_t i)
{
	return i < VERBS ? &verbs[i] : NULL;
}

const struct verb *verb_by_name(const char *name)
{
	for (size_t i = 0; i < VERBS; i++)
		if (!strcmp(verbs[i].name, name))
			return &verbs[i];
	return NULL;
}
