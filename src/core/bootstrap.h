/* core: what a new machine is given so that its agent finds the appliance: elasticbox.conf and cloud-config. */
#ifndef CAM_CORE_BOOTSTRAP_H
#define CAM_CORE_BOOTSTRAP_H

#include <stddef.h>

/* Where api serves the agent. */
#define BOOTSTRAP_AGENT "/agent/linux/x86_64/elasticbox-agent"

struct bootstrap {
	const char *host;		/* stable name of the agents' certificate */
	const char *address;		/* where the appliance is: a name or an address */
	const char *ca;			/* PEM of the agents' authority */
	const char *machine, *token;
	const char *proxy, *no_proxy;	/* "" = none; proxy as http://[user:password@]host:port */
};

/* The text of elasticbox.conf (malloc; it has the token). */
char *bootstrap_conf(const struct bootstrap *b);
/* Cloud-config that writes both files, fetches the agent and starts it (malloc; it has the token). */
char *bootstrap_user_data(const struct bootstrap *b);

#endif
