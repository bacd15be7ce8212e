/* camfw: what its commands share. */
#ifndef CAM_CAMFW_H
#define CAM_CAMFW_H

#include <stdbool.h>

#include "firewall/firewall.h"

/* Exit codes: 0 done; 1 the answer is no (blocked, differs, not reached); 100 wrong use; 111 trouble. */
#define CAMFW_NO 1

/* Names that cannot be resolved, of one call. */
#define CAMFW_LOST 64

struct options {
	struct fw_tables *tables;
	struct fw_binding binding;
	const char *profile, *format, *output;
	bool json, unlimited;
	/* what a command takes itself: NULL = not given */
	struct fw_packet_words packet;
	const char *batch, *ruleset, *timeout;
	bool markdown;
	const char *words[4];		/* what is no option */
	unsigned word_count;
	/* of probe: peers may be given by name */
	bool resolve;
	struct { char name[ADDR_NAME_MAX + 1]; struct addr addr; } *named;
	unsigned named_count;
	struct { char name[ADDR_NAME_MAX + 1]; unsigned peer; const char *why; } lost[CAMFW_LOST];
	unsigned lost_count;
};

/* Reads the arguments behind the command's name, the own files among them; ends the process when they are wrong.  resolve: peers may be
 * given by name. */
void options_read(struct options *o, bool resolve, int argc, char **argv);
void options_free(struct options *o);
/* The name an address was given by, or NULL. */
const char *options_name_of(const struct options *o, const struct addr *a);
/* The policy of --profile; ends the process when there is none. */
struct fw_policy *options_policy(struct options *o);
/* "camfw: ..." on standard error; ends with 100 or 111. */
_Noreturn void misuse(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
_Noreturn void trouble(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* The whole of a file ("-" = standard input), malloc; *len.  NULL with a sentence on standard error. */
char *file_read(const char *path, size_t *len);

/* The commands; each returns the exit code. */
int command_list(struct options *o);
int command_formats(struct options *o);
int command_generate(struct options *o);
int command_check(struct options *o);
int command_explain(struct options *o);
int command_diff(struct options *o);
int command_probe(struct options *o);
int command_document(struct options *o);

#endif
