/* Verbs of the appliance itself and of signing in. */
#include "verb/verb.h"

/* RFC 5321 §4.5.3.1.3: a path is at most 256 bytes with its brackets. */
#define EMAIL_MAX 254
/* Shortest password: NIST SP 800-63B asks for 8, we for a little more. */
#define PASSWORD_MIN 10
/* Longest password, bytes: room for any passphrase, and what hashd must take in stays small. */
#define PASSWORD_MAX 256
/* RFC 1035 §2.3.4. */
#define HOSTNAME_MAX 253
#define ADDRESSES_MAX 64
/* As many as sysd takes. */
#define TIME_SERVERS_MAX 4
/* As many as a resolver asks. */
#define NAME_SERVERS_MAX 3
/* A chain in PEM, with what people leave around it. */
#define PEM_MAX 65536
/* RFC 5280 appendix A, ub-organization-name. */
#define ORGANIZATION_MAX 64
/* Names of one certificate. */
#define NAMES_MAX 32
/* Longest trial of a certificate, seconds. */
#define TRIAL_MAX 3600
/* Programs of the appliance, more than there are. */
#define SERVICES_MAX 64

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
	{ "ntp", VERB_ARRAY, false, 0, TIME_SERVERS_MAX, "time servers, best first; none = the clock is left alone" },
	{ "demo", VERB_BOOLEAN, false, 0, 0, "the Test Provider may make machines inside the appliance" },
	{ .type = VERB_NONE },
};

static const struct verb_arg network_args[] = {
	{ "mode", VERB_STRING, true, 1, 8, "dhcp or static" },
	{ "interface", VERB_STRING, false, 0, 15, "network card; none = the first one" },
	{ "address", VERB_STRING, false, 0, 64, "of a static network: with its prefix length, as 10.0.0.5/24" },
	{ "router", VERB_STRING, false, 0, 64, "address of the gateway; none = no way out" },
	{ "dns", VERB_ARRAY, false, 0, NAME_SERVERS_MAX, "addresses of name servers" },
	{ .type = VERB_NONE },
};

static const struct verb_arg network_confirm_args[] = {
	{ "change", VERB_STRING, true, 1, 20, "the change on trial" },
	{ .type = VERB_NONE },
};

static const struct verb_arg facts_args[] = {
	{ "addresses", VERB_ARRAY, true, 0, ADDRESSES_MAX, "IP addresses of the appliance, without prefix length" },
	{ "hostname", VERB_STRING, false, 0, HOSTNAME_MAX, "host name in use" },
	{ "network", VERB_OBJECT, false, 0, 0, "how the network is set, and the change on trial" },
	{ .type = VERB_NONE },
};

static const struct verb_arg services_args[] = {
	{ "services", VERB_ARRAY, true, 0, SERVICES_MAX, "{name, pid, starts, since}: what runs; pid 0 = it does not" },
	{ .type = VERB_NONE },
};

static const struct verb_arg log_args[] = {
	{ "name", VERB_STRING, true, 1, 31, "name of the program" },
	{ "after", VERB_STRING, false, 1, 48, "what was said behind this place, the 'end' of an earlier list" },
	{ "until", VERB_STRING, false, 1, 48, "and up to this one" },
	{ .type = VERB_NONE },
};

static const struct verb_arg certificate_args[] = {
	{ "certificate", VERB_TEXT, true, 1, PEM_MAX, "the certificate and those of the authorities above it, in any order, PEM" },
	{ "check", VERB_BOOLEAN, false, 0, 0, "only look at it: answer what it is, and what speaks against it" },
	{ "accept", VERB_BOOLEAN, false, 0, 0, "use it in spite of warnings" },
	{ "seconds", VERB_INTEGER, false, 0, TRIAL_MAX, "it goes back after this time unless it is confirmed; 0 = never" },
	{ .type = VERB_NONE },
};

static const struct verb_arg request_args[] = {
	{ "names", VERB_ARRAY, true, 1, NAMES_MAX, "host names and IP addresses it shall be for; the first one is also the common name" },
	{ "organization", VERB_STRING, false, 0, ORGANIZATION_MAX, "organization in the subject" },
	{ "country", VERB_STRING, false, 0, 2, "country in the subject, two capital letters" },
	{ "fresh", VERB_BOOLEAN, false, 0, 0, "for a new key, in place of the one in use" },
	{ .type = VERB_NONE },
};

const struct verb verb_rows_appliance[] = {
	{ .name = "appliance.status", .method = "GET", .path = "/services/appliance/status", .role = VERB_ROLE_PUBLIC,
	  .args = none, .help = "is the appliance set up and ready", .status = 200, .reply = "appliance-status" },
	{ .name = "appliance.ca", .method = "GET", .path = "/services/appliance/ca", .role = VERB_ROLE_PUBLIC,
	  .args = none, .help = "certificate of the authority that signs the appliance's certificate, PEM", .status = 200, .reply = "pem" },
	{ .name = "appliance.crl", .method = "GET", .path = "/services/appliance/crl", .role = VERB_ROLE_PUBLIC,
	  .args = none, .help = "revocation list of that authority, DER", .status = 200, .reply = "der" },
	{ .name = "appliance.agents", .method = "GET", .path = "/services/appliance/agents", .role = VERB_ROLE_PUBLIC,
	  .args = none, .help = "name that agents know the appliance by, and the authority of its certificate under that name",
	  .status = 200, .reply = "appliance-agents" },
	{ .name = "appliance.setup", .method = "POST", .path = "/services/appliance/setup", .role = VERB_ROLE_PUBLIC, .writes = true,
	  .args = setup_args, .help = "first administrator and organization, by the one-time code", .status = 200, .reply = "signed-in" },
	{ .name = "security.token", .method = "POST", .path = "/services/security/token", .role = VERB_ROLE_PUBLIC, .writes = true,
	  .args = token_args, .help = "sign in: a token, or a browser session", .status = 200, .reply = "token|signed-in" },
	{ .name = "security.signout", .method = "POST", .path = "/services/security/signout", .role = VERB_ROLE_USER, .writes = true,
	  .args = none, .help = "end the session or revoke the token presented", .status = 204 },
	{ .name = "security.session", .method = "GET", .path = "/services/security/session", .role = VERB_ROLE_USER,
	  .args = none, .help = "whose token or session is this", .status = 200, .reply = "signed-in" },
	{ .name = "appliance.settings.get", .method = "GET", .path = "/services/appliance/settings", .role = VERB_ROLE_ADMIN,
	  .args = none, .help = "settings of the appliance", .status = 200, .reply = "appliance-settings" },
	{ .name = "appliance.settings.put", .method = "POST", .path = "/services/appliance/settings", .role = VERB_ROLE_ADMIN, .writes = true,
	  .args = settings_args, .help = "change settings of the appliance: those that are named, the others stay as they are",
	  .whole = true, .status = 200, .reply = "appliance-settings" },
	{ .name = "appliance.health", .method = "GET", .path = "/services/appliance/health", .role = VERB_ROLE_ADMIN,
	  .args = none, .help = "services, storage, certificate: how the appliance itself is", .status = 200, .reply = "appliance-health" },
	{ .name = "appliance.network.get", .method = "GET", .path = "/services/appliance/network", .role = VERB_ROLE_ADMIN,
	  .args = none, .help = "how the appliance's network is set, and the change on trial", .status = 200, .reply = "appliance-network" },
	{ .name = "appliance.network.put", .method = "POST", .path = "/services/appliance/network", .role = VERB_ROLE_ADMIN, .writes = true,
	  .args = network_args, .help = "set the appliance's network for two minutes: it goes back unless the change is confirmed",
	  .status = 202, .reply = "appliance-network-change" },
	{ .name = "appliance.network.confirm", .method = "POST", .path = "/services/appliance/network/confirm", .role = VERB_ROLE_ADMIN, .writes = true,
	  .args = network_confirm_args, .help = "keep the network that is on trial", .status = 202, .reply = "appliance-network-change" },
	{ .name = "appliance.logs", .method = "GET", .path = "/services/appliance/logs", .role = VERB_ROLE_ADMIN,
	  .args = none, .help = "the logs of the appliance's programs: how much there is, and where each ends now", .status = 200,
	  .reply = "appliance-log[]" },
	{ .name = "appliance.log", .method = "GET", .path = "/services/appliance/logs/{name}", .role = VERB_ROLE_ADMIN,
	  .args = log_args, .help = "what a program said, as text", .status = 200, .reply = "text", .answer = VERB_ANSWER_OUTPUT },
	{ .name = "appliance.certificate.get", .method = "GET", .path = "/services/appliance/certificate", .role = VERB_ROLE_ADMIN,
	  .args = none, .help = "the certificate that browsers see, and the request that waits for one", .status = 200,
	  .reply = "appliance-certificate" },
	{ .name = "appliance.certificate.put", .method = "POST", .path = "/services/appliance/certificate", .role = VERB_ROLE_ADMIN,
	  .writes = true, .args = certificate_args, .help = "show a certificate of another authority, for a key that is here", .status = 200,
	  .reply = "appliance-certificate|certificate-view" },
	{ .name = "appliance.certificate.own", .method = "DELETE", .path = "/services/appliance/certificate", .role = VERB_ROLE_ADMIN,
	  .writes = true, .args = none, .help = "show the appliance's own certificate again", .status = 200, .reply = "appliance-certificate" },
	{ .name = "appliance.certificate.confirm", .method = "POST", .path = "/services/appliance/certificate/confirm",
	  .role = VERB_ROLE_ADMIN, .writes = true, .args = none, .help = "keep the certificate that is on trial", .status = 200,
	  .reply = "appliance-certificate" },
	{ .name = "appliance.certificate.back", .method = "DELETE", .path = "/services/appliance/certificate/confirm",
	  .role = VERB_ROLE_ADMIN, .writes = true, .args = none, .help = "end the trial: the certificate before it is shown again", .status = 200,
	  .reply = "appliance-certificate" },
	{ .name = "appliance.certificate.request", .method = "POST", .path = "/services/appliance/certificate/request",
	  .role = VERB_ROLE_ADMIN, .writes = true, .args = request_args, .help = "make a request for a certificate (PKCS #10)", .status = 200,
	  .reply = "appliance-certificate" },
	{ .name = "appliance.certificate.pem", .method = "GET", .path = "/services/appliance/certificate/request",
	  .role = VERB_ROLE_ADMIN, .args = none, .help = "the request as a file, PEM", .status = 200, .reply = "pem" },
	{ .name = "appliance.certificate.forget", .method = "DELETE", .path = "/services/appliance/certificate/request",
	  .role = VERB_ROLE_ADMIN, .writes = true, .args = none, .help = "give the request up, with its key", .status = 200,
	  .reply = "appliance-certificate" },
	{ .name = "appliance.screen", .role = VERB_ROLE_TTY,
	  .args = none, .help = "what the appliance's screen shows", .status = 200, .reply = "appliance-screen" },
	{ .name = "appliance.facts", .role = VERB_ROLE_SYSD,
	  .args = facts_args, .help = "addresses and host name the appliance really has", .status = 204 },
	{ .name = "appliance.services", .role = VERB_ROLE_SYSD,
	  .args = services_args, .help = "which services run", .status = 204 },
	{ .name = NULL },
};
