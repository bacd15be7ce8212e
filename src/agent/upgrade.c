#include <bearssl.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/channel.h"
#include "agent/upgrade.h"
#include "http/base64.h"
#include "http/text.h"

#define BINARY_MAX (8u << 20)
#define FRESH AGENT_HOME "/elasticbox-agent.new"
#define FORMER AGENT_HOME "/elasticbox-agent.old"
/* How often the new one was started and not welcomed yet. */
#define STATE AGENT_HOME "/upgrade.state"
/* The version that failed and how often, without a number: for good.  It is not tried again then by an agent that remembers it. */
#define FAILED AGENT_HOME "/upgrade.failed"
#define STARTS 3
#define TRIALS 3

static char version[64], sum[65];
static bool busy, ready;

static bool hex(const char *text, uint8_t *out, size_t n)
{
	int high, low;

	if (strlen(text) != 2 * n)
		return false;
	for (size_t i = 0; i < n; i++) {
		high = http_hex_digit(text[2 * i]);
		low = http_hex_digit(text[2 * i + 1]);
		if (high < 0 || low < 0)
			return false;
		out[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

struct bytes { uint8_t at[8192]; size_t n; };

static void append(void *arg, const void *data, size_t len)
{
	struct bytes *b = arg;

	if (len <= sizeof b->at - b->n) {
		memcpy(b->at + b->n, data, len);
		b->n += len;
	}
}

/* The first certificate of a PEM file. */
static bool first_certificate(const char *path, struct bytes *out)
{
	br_pem_decoder_context pem;
	size_t len, at = 0, n;
	char *text = file_read(AT_FDCWD, path, 256u << 10, &len);
	bool in = false, done = false;
	int event;

	br_pem_decoder_init(&pem);
	while (text && at < len && !done) {
		n = br_pem_decoder_push(&pem, text + at, len - at);
		at += n;
		event = br_pem_decoder_event(&pem);
		if (event == BR_PEM_BEGIN_OBJ && !strcmp(br_pem_decoder_name(&pem), "CERTIFICATE")) {
			out->n = 0;
			br_pem_decoder_setdest(&pem, append, out);
			in = true;
		} else if (event == BR_PEM_BEGIN_OBJ) {
			br_pem_decoder_setdest(&pem, NULL, NULL);
		}
		done = event == BR_PEM_END_OBJ && in;
		if (event == BR_PEM_ERROR)
			break;
	}
	free(text);
	return done;
}

static bool key_of(const struct conf *c, uint8_t point[65])
{
	static struct bytes certificate;
	br_x509_decoder_context x;
	br_x509_pkey *key;

	if (c->upgrade_key[0])
		return hex(c->upgrade_key, point, 65);
	if (!first_certificate(c->ca, &certificate))
		return false;
	br_x509_decoder_init(&x, NULL, NULL);
	br_x509_decoder_push(&x, certificate.at, certificate.n);
	key = br_x509_decoder_get_pkey(&x);
	if (!key || key->key_type != BR_KEYTYPE_EC || key->key.ec.curve != BR_EC_secp256r1 || key->key.ec.qlen != 65)
		return false;
	memcpy(point, key->key.ec.q, 65);
	return true;
}

bool upgrade_signed(const struct conf *c, const char *v, const char *sha256, const char *signature)
{
	char text[256], der[HTTP_BASE64_ROOM(120)];
	uint8_t point[65], hash[32];
	br_ec_public_key key = { BR_EC_secp256r1, point, 65 };
	br_sha256_context h;
	long len;

	if (strlen(v) >= sizeof version || strlen(sha256) != 64 || strlen(signature) > 120 || !key_of(c, point))
		return false;
	len = http_base64url_decode(der, signature, strlen(signature));
	if (len < 8)
		return false;
	snprintf(text, sizeof text, "cam-agent-upgrade\n%s\n%s\n", v, sha256);
	br_sha256_init(&h);
	br_sha256_update(&h, text, strlen(text));
	br_sha256_out(&h, hash);
	return br_ecdsa_i31_vrfy_asn1(&br_ec_p256_m31, hash, sizeof hash, &key, der, (size_t)len) == 1;
}

/* How often a version has failed; TRIALS: for good. */
static unsigned trials(const char *v)
{
	char line[80] = "", name[64] = "";
	unsigned n = TRIALS;
	size_t len;
	char *text = file_read(AT_FDCWD, FAILED, sizeof line - 1, &len);

	if (text)
		snprintf(line, sizeof line, "%s", text);
	free(text);
	return sscanf(line, "%63s %u", name, &n) > 0 && !strcmp(name, v) ? n : 0;
}

static void remember(const char *v, unsigned n)
{
	char line[80];

	snprintf(line, sizeof line, n < TRIALS ? "%s %u" : "%s", v, n);
	file_write(AT_FDCWD, FAILED, line, strlen(line), 0600);
}

static void failed(const char *why, bool for_good)
{
	unsigned n = for_good ? TRIALS : trials(version) + 1;

	note("upgrade to %s: %s%s", version, why, n < TRIALS ? "" : "; it is not tried again");
	remember(version, n);
	unlink(FRESH);
	busy = ready = false;
}

static void downloaded(void *arg, char *data, size_t len, bool permanent, const char *why)
{
	uint8_t hash[32], want[32];
	br_sha256_context h;

	(void)arg;
	if (!data) {
		note("upgrade to %s: cannot be fetched: %s", version, why);
		if (permanent)
			failed("given up", false);
		busy = false;
		return;
	}
	br_sha256_init(&h);
	br_sha256_update(&h, data, len);
	br_sha256_out(&h, hash);
	if (!hex(sum, want, 32) || memcmp(hash, want, 32))
		failed("its checksum is wrong", true);
	else if (file_write(AT_FDCWD, FRESH, data, len, 0755) < 0)
		failed(strerror(errno), false);
	else
		ready = true;
}

bool upgrade_offer(const struct conf *c, const struct message *m)
{
	if (busy || !m->upgrade.version || !strcmp(m->upgrade.version, AGENT_VERSION) || strlen(m->upgrade.version) >= sizeof version)
		return false;
	if (trials(m->upgrade.version) >= TRIALS)
		return false;
	snprintf(version, sizeof version, "%s", m->upgrade.version);
	if (!upgrade_signed(c, version, m->upgrade.sha256, m->upgrade.signature)) {
		failed("its signature is wrong", true);
		return false;
	}
	snprintf(sum, sizeof sum, "%s", m->upgrade.sha256);
	note("upgrade from %s to %s", AGENT_VERSION, version);
	busy = true;
	channel_fetch(m->upgrade.path, BINARY_MAX, downloaded, NULL);
	return true;
}

bool upgrade_ready(void)
{
	return ready;
}

pid_t upgrade_probe(void)
{
	pid_t pid = fork();

	ready = false;
	if (!pid) {
		signal(SIGCHLD, SIG_DFL);
		execl(FRESH, "elasticbox-agent", "probe", (char *)NULL);
		_exit(127);
	}
	return pid;
}

void upgrade_exec(void)
{
	execl(AGENT_BINARY, "elasticbox-agent", "run", (char *)NULL);
	execl("/proc/self/exe", "elasticbox-agent", "run", (char *)NULL);
	note("cannot be started again: %s", strerror(errno));
	_exit(EXIT_TROUBLE);
}

/* Keeps the one in place as the way back.  A copy where there is no second name for a file of somebody else's (protected_hardlinks) or none at all. */
static int keep_former(void)
{
	size_t len;
	char *data;
	int rc;

	unlink(FORMER);
	if (link(AGENT_BINARY, FORMER) == 0)
		return 0;
	data = file_read(AT_FDCWD, AGENT_BINARY, BINARY_MAX, &len);
	if (!data)
		return -1;
	rc = file_write(AT_FDCWD, FORMER, data, len, 0755);
	free(data);
	return rc < 0 ? -1 : 0;
}

void upgrade_probed(int status)
{
	if (!WIFEXITED(status) || WEXITSTATUS(status)) {
		failed("it could not report to the appliance; the one in place stays", false);
		return;
	}
	if (keep_former() < 0 || file_write(AT_FDCWD, STATE, "0\n", 2, 0600) < 0 || rename(FRESH, AGENT_BINARY) < 0) {
		failed(strerror(errno), false);
		unlink(STATE);
		return;
	}
	note("upgrade to %s: in place", version);
	upgrade_exec();
}

/* The former one takes the place again; returns when there is none. */
static void give_back(const char *why)
{
	unlink(STATE);
	remember(AGENT_VERSION, trials(AGENT_VERSION) + 1);
	if (rename(FORMER, AGENT_BINARY) < 0)
		return;
	note("version %s %s without being welcomed: back to the former one", AGENT_VERSION, why);
	upgrade_exec();
}

void upgrade_start(void)
{
	size_t len;
	char *text = file_read(AT_FDCWD, STATE, 64, &len), line[16];
	int starts = text ? atoi(text) : -1;

	free(text);
	if (starts < 0)
		return;
	if (starts < STARTS) {
		snprintf(line, sizeof line, "%d\n", starts + 1);
		file_write(AT_FDCWD, STATE, line, strlen(line), 0600);
		return;
	}
	give_back("was started three times");
}

void upgrade_unwelcome(void)
{
	if (access(STATE, F_OK) == 0)
		give_back("was answered");
}

void upgrade_welcomed(void)
{
	if (unlink(STATE) == 0)
		note("version %s stays", AGENT_VERSION);
}
