/* script: from a step's message to a file that can be run. */
#ifndef CAM_AGENT_SCRIPT_H
#define CAM_AGENT_SCRIPT_H

#include <stddef.h>
#include <stdint.h>
#include <yyjson.h>

struct script {
	const char *instance, *event, *box;
	char folder[300];
	char *text;		/* rendered */
	size_t len;
	char **environment;
};

/* Renders the step in directory dir. 0, or -1 with a sentence for whoever wrote the script. */
int script_make(struct script *s, int dir, yyjson_val *step, char error[256]);
/* Templates that a step, or a command, allows: "jinja", "velocity"; both when there is no list. */
unsigned script_engines(yyjson_val *engines);

#endif
