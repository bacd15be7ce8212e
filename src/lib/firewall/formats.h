/* firewall: what the formats share. */
#ifndef CAM_FIREWALL_FORMATS_H
#define CAM_FIREWALL_FORMATS_H

#include "firewall/firewall.h"

/* The head every file has: which profile, made by what; each line begins with `comment`. */
void fw_head(const struct fw_policy *p, FILE *out, const char *comment);
/* Who the peer of a line is. */
const char *fw_peer_text(const struct fw_policy *p, const struct fw_line *l);

/* For formats whose rules have one range and one address each: calls f for every range of every line with
 * every address ("0.0.0.0/0" and "::/0" for any), once each.  n counts from 1. */
struct fw_flat {
	const struct fw_line *line;
	struct fw_range range;
	struct addr_prefix prefix;
	char address[ADDR_PREFIX_TEXT_MAX];	/* with its length */
	unsigned n;
};
typedef void fw_flat_fn(const struct fw_flat *f, void *arg);
void fw_each(const struct fw_policy *p, fw_flat_fn *f, void *arg);

#endif
