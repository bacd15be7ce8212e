/* agent: what its files share: paths, configuration, the log. */
#ifndef CAM_AGENT_H
#define CAM_AGENT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Raised with every change of it: the appliance offers its own to agents of another version. */
#ifndef AGENT_VERSION
#define AGENT_VERSION "1.0.1"
#endif
#define AGENT_HOME "/usr/elasticbox"
#define AGENT_BINARY AGENT_HOME "/elasticbox-agent"
#define AGENT_CONF AGENT_HOME "/elasticbox.conf"
#define AGENT_WORK "/var/elasticbox"
#define AGENT_JOURNAL AGENT_WORK "/.journal"
#define AGENT_LOG "/var/log/elasticbox/elasticbox-agent.log"
#define AGENT_SOCKET "/var/run/elasticbox.sock"
#define AGENT_SOCKET_ELSE AGENT_HOME "/agent.sock"

#define EXIT_USAGE 100
#define EXIT_TROUBLE 111

/* ---- elasticbox.conf ---- */

struct conf {
	char host[256];			/* name in the agents' certificate of the appliance */
	char address[256];		/* where it is: name or address, [v6], :port; empty = host */
	char token[256];
	char machine[64];
	char ca[256];			/* path of the PEM file */
	char proxy[256], proxy_user[128], proxy_password[128], no_proxy[1024];
	char upgrade_key[160];		/* P-256 point in hex; empty = the CA's own key */
	unsigned heartbeat;		/* seconds */
	bool debug;
};

/* Reads the text of a configuration: INI, section [agent].  0, or -1 with a sentence that names the line. */
int conf_parse(struct conf *c, const char *text, size_t len, char error[160]);
/* Reads the file and asks whether it is enough to connect. */
int conf_load(struct conf *c, const char *path, char error[160]);
/* Host and port of an address: "name", "name:port", "[v6]:port".  -1 when it is none. */
int conf_address(const char *text, char host[256], char port[8]);

/* ---- proxy.c ---- */

/* Does no_proxy ("a.example, .b, 10.0.0.0/8, *") name this host or address? */
bool proxy_excepted(const char *no_proxy, const char *host);
/* The proxy for the appliance, of the configuration or else the environment; NULL = none.  Its user and password, when not
 * part of the address, are those of the configuration. */
const char *proxy_for(const struct conf *c);

/* ---- note.c: the log ---- */

/* Opens the log file (NULL = standard error) and turns standard error to it. */
void note_open(const char *path, bool debug);
/* Logs a line with its time; never a secret. */
void note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void note_debug(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* ---- clock.c ---- */

int64_t clock_mono(void);	/* milliseconds */
int64_t clock_wall(void);	/* microseconds since 1970 UTC */

/* ---- files.c ---- */

/* The whole file, a 0 behind it (malloc); NULL with errno. */
char *file_read(int dir, const char *name, size_t max, size_t *len);
/* Written to a name of its own, synced, put in place, the directory synced. 0, or -1 with errno. */
int file_write(int dir, const char *name, const void *data, size_t len, unsigned mode);
/* The same, but never over one that is there: -1 with EEXIST. */
int file_create(int dir, const char *name, const void *data, size_t len, unsigned mode);
/* A directory and everything in it (one level). */
void directory_remove(int dir, const char *name);

/* ---- facts.c ---- */

/* The boot this process runs in: changes when the machine (or the container) starts again. */
const char *facts_boot(void);
/* SHA-256 in hex of what a clone changes. */
const char *facts_fingerprint(void);
struct yyjson_mut_doc;
struct yyjson_mut_val;
struct yyjson_mut_val *facts_object(struct yyjson_mut_doc *d);
/* Changed since the last time this was asked? The first answer is true. */
bool facts_changed(void);
void facts_load(double load[3]);

/* ---- the programs in this one ---- */

int agent_main(const char *conf_path, bool foreground, bool probe);
int command_main(int argc, char **argv);
int install_main(bool start);
int uninstall_main(void);
int supervise_main(void);
int register_main(int argc, char **argv);
int runner_main(const char *directory, int lock);

#endif
