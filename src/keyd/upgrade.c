/*
 * keyd: signs the agent that the image ships (docs/agent-protocol.md).  Version and checksum come from the image's
 * own release file and from nowhere else: nobody can have another program signed.  The key is that of the authority
 * which machines pin when the agent is installed (ca.pem).
 */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "keyd.h"

/* The value of a line NAME=value that is made of these letters only; false: there is none. */
static bool value(const char *text, const char *name, const char *letters, char *out, size_t size)
{
	size_t n = strlen(name), len;

	for (; text && *text; text = strchr(text, '\n') ? strchr(text, '\n') + 1 : NULL) {
		if (strncmp(text, name, n) != 0 || text[n] != '=')
			continue;
		len = strcspn(text + n + 1, "\n");
		if (!len || len >= size || strspn(text + n + 1, letters) < len)
			return false;
		memcpy(out, text + n + 1, len);
		out[len] = 0;
		return true;
	}
	return false;
}

bool keyd_upgrade_parse(const char *release, char version[KEYD_VERSION], char sum[KEYD_SUM])
{
	return value(release, "AGENT_VERSION", "abcdefghijklmnopqrstuvwxyz0123456789.-+~", version, KEYD_VERSION) &&
		value(release, "AGENT_SHA256", "0123456789abcdef", sum, KEYD_SUM) && strlen(sum) == KEYD_SUM - 1;
}

void keyd_upgrade_start(struct keyd *k)
{
	char release[KEYD_RELEASE_MAX + 1], text[160];
	uint8_t hash[32], signature[ECDSA_SIGNATURE_MAX];
	struct keyd_upgrade *u = &k->upgrade;
	size_t len;

	keyd_release(release);
	if (!keyd_upgrade_parse(release, u->version, u->sum)) {
		u->version[0] = 0;
		return;
	}
	snprintf(text, sizeof text, "cam-agent-upgrade\n%s\n%s\n", u->version, u->sum);
	ecdsa_sha256(hash, text, strlen(text));
	len = ecdsa_sign(signature, k->ring.secrets->ca[KEYRING_CA_SERVERS], ECDSA_SHA256, hash, sizeof hash);
	sodium_bin2base64(u->signature, sizeof u->signature, signature, len, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

void keyd_upgrade_add(const struct keyd *k, yyjson_mut_doc *doc, yyjson_mut_val *root)
{
	yyjson_mut_val *o;

	if (!k->upgrade.version[0]) {
		yyjson_mut_obj_add_null(doc, root, "agent");
		return;
	}
	o = yyjson_mut_obj_add_obj(doc, root, "agent");
	yyjson_mut_obj_add_str(doc, o, "version", k->upgrade.version);
	yyjson_mut_obj_add_str(doc, o, "sha256", k->upgrade.sum);
	yyjson_mut_obj_add_str(doc, o, "signature", k->upgrade.signature);
}
