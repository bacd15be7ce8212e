/* vim: sessions: logging in, the pool, renewal. */
#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cloud/vim.h"
#include "log/log.h"
#include "plat/clock.h"

/* Idle sessions that are kept in all, and how long: vCenter itself drops one after 30 minutes. */
#define POOL_MAX 32
#define POOL_IDLE (600 * PLAT_SECOND)

static struct {
	pthread_mutex_t lock;
	struct vim *first;
	unsigned count;
} pool = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* ---- what a session is known by: a changed address, password or authority is another one ---- */

static void add_text(crypto_hash_sha256_state *h, const char *text)
{
	crypto_hash_sha256_update(h, (const uint8_t *)text, strlen(text) + 1);
}

static void identify(const struct job *job, uint8_t id[32])
{
	static const char *const members[] = { "endpoint", "username", "ca_certificate", "certificate_fingerprint", NULL };
	yyjson_val *tickets = yyjson_obj_get(job->input, "tickets"), *one;
	crypto_hash_sha256_state h;
	yyjson_arr_iter it = yyjson_arr_iter_with(tickets);

	crypto_hash_sha256_init(&h);
	add_text(&h, job->provider);
	for (size_t i = 0; members[i]; i++)
		add_text(&h, job_text(job->config, members[i]));
	/* the sealed value is another one whenever the secret is set anew */
	while ((one = yyjson_arr_iter_next(&it)))
		add_text(&h, job_text(one, "sealed"));
	crypto_hash_sha256_final(&h, id);
}

static struct vim *pool_take(const uint8_t id[32])
{
	struct vim **at, *v = NULL;

	pthread_mutex_lock(&pool.lock);
	for (at = &pool.first; *at && memcmp((*at)->id, id, 32) != 0; at = &(*at)->next)
		;
	if (*at) {
		v = *at;
		*at = v->next;
		pool.count--;
	}
	pthread_mutex_unlock(&pool.lock);
	return v;
}

/* One whose time is over, or the oldest when there are too many. */
static struct vim *pool_take_old(void)
{
	struct vim **at, **last = NULL, *v = NULL;

	pthread_mutex_lock(&pool.lock);
	for (at = &pool.first; *at; at = &(*at)->next)
		last = at;
	if (last && (pool.count > POOL_MAX || (*last)->idle + POOL_IDLE < plat_clock_boot())) {
		v = *last;
		*last = NULL;
		pool.count--;
	}
	pthread_mutex_unlock(&pool.lock);
	return v;
}

void vim_forget(struct vim *v)
{
	if (v->cache)
		v->cache_free(v->cache);
	v->cache = NULL;
}

static void end(struct vim *v)
{
	if (!v)
		return;
	vim_forget(v);
	xml_close(v->answer);
	http_close(v->http);
	tls_trust_free(v->trust);
	explicit_bzero(v, sizeof *v);
	free(v);
}

/* A session that nobody needs is logged out: a vCenter has a bounded number. */
static void log_out(struct vim *v)
{
	struct job nobody = { .until = plat_clock_boot() + 5 * PLAT_SECOND };

	if (v->in) {
		v->job = &nobody;
		http_bound(v->http, &nobody.cancelled, nobody.until);
		vim_exchange(v, "Logout", &v->sessions, "", false, NULL);
	}
	end(v);
}

void vim_give(struct vim *v)
{
	struct vim *old;

	if (!v)
		return;
	v->job = NULL;
	http_bound(v->http, NULL, 0);
	if (!v->in) {
		end(v);
	} else {
		v->idle = plat_clock_boot();
		pthread_mutex_lock(&pool.lock);
		v->next = pool.first;
		pool.first = v;
		pool.count++;
		pthread_mutex_unlock(&pool.lock);
	}
	while ((old = pool_take_old()))
		log_out(old);
}

void vim_pool_clear(void)
{
	struct vim *v;

	pthread_mutex_lock(&pool.lock);
	while ((v = pool.first)) {
		pool.first = v->next;
		pool.count--;
		pthread_mutex_unlock(&pool.lock);
		log_out(v);
		pthread_mutex_lock(&pool.lock);
	}
	pthread_mutex_unlock(&pool.lock);
}

/* ---- logging in ---- */

static void read_content(struct vim *v, struct xml_node *answer)
{
	struct xml_node *c = xml_child(answer, "returnval");

	vim_ref_read(&v->root, xml_child(c, "rootFolder"));
	vim_ref_read(&v->collector, xml_child(c, "propertyCollector"));
	vim_ref_read(&v->sessions, xml_child(c, "sessionManager"));
	vim_ref_read(&v->search, xml_child(c, "searchIndex"));
	vim_ref_read(&v->views, xml_child(c, "viewManager"));
	vim_ref_read(&v->fields, xml_child(c, "customFieldsManager"));
	vim_ref_read(&v->customizations, xml_child(c, "customizationSpecManager"));
	snprintf(v->version, sizeof v->version, "%s", xml_text(c, "about/version"));
	snprintf(v->product, sizeof v->product, "%s", xml_text(c, "about/fullName"));
}

static enum vim_result get_content(struct vim *v)
{
	static const struct vim_ref instance = { "ServiceInstance", "ServiceInstance" };
	struct xml_node *answer;
	enum vim_result r = vim_exchange(v, "RetrieveServiceContent", &instance, "", false, &answer);

	if (r != VIM_DONE)
		return r;
	read_content(v, answer);
	if (v->root.value[0] && v->collector.value[0] && v->sessions.value[0] && v->search.value[0] && v->views.value[0])
		return VIM_DONE;
	snprintf(v->why, sizeof v->why, "%s: answers, but not as a vCenter", v->host);
	return VIM_REFUSED;
}

static enum vim_result log_in(struct vim *v)
{
	char *password = v->job->secret(v->job, "secret");
	struct xml_out args = XML_OUT_ZERO;
	enum vim_result r = VIM_LOST;

	if (!password) {
		snprintf(v->why, sizeof v->why, "%.700s", v->job->message);
		return VIM_LOST;
	}
	xml_put_element(&args, "userName", job_text(v->job->config, "username"));
	xml_put_element(&args, "password", password);
	sodium_memzero(password, strlen(password));
	free(password);
	if (!args.bad)
		r = vim_exchange(v, "Login", &v->sessions, args.text, false, NULL);
	xml_out_free(&args);
	if (vim_is_fault(v, r, "InvalidLogin")) {
		snprintf(v->why, sizeof v->why, "%s: the user name or the password is wrong (InvalidLogin)", v->host);
		return VIM_REFUSED;
	}
	return r;
}

enum vim_result vim_renew(struct vim *v);

enum vim_result vim_renew(struct vim *v)
{
	enum vim_result r;

	v->cookie[0] = 0;
	r = get_content(v);
	if (r == VIM_DONE)
		r = log_in(v);
	v->in = r == VIM_DONE;
	return r;
}

static int set_url(struct vim *v, const char *endpoint)
{
	size_t len = strlen(endpoint), host;

	if (strncmp(endpoint, "https://", 8) != 0 || len > sizeof v->url - 8)
		return -1;
	while (len && endpoint[len - 1] == '/')
		len--;
	host = endpoint[8] == '[' ? strcspn(endpoint + 8, "]/") + 1 : strcspn(endpoint + 8, ":/");
	if (host == 0 || host > X509_NAME_MAX || 8 + host > len)
		return -1;
	snprintf(v->host, sizeof v->host, "%.*s", (int)host, endpoint + 8);
	snprintf(v->url, sizeof v->url, "%.*s%s", (int)len, endpoint, memchr(endpoint + 8, '/', len - 8) ? "" : "/sdk");
	return 0;
}

static struct vim *make(struct job *job, enum job_result *result)
{
	struct vim *v = calloc(1, sizeof *v);
	char why[TLS_WHY];

	if (!v) {
		*result = job_fail(job, "out of memory");
		return NULL;
	}
	if (set_url(v, job_text(job->config, "endpoint"))) {
		*result = job_refuse(job, "endpoint: is not https://host or https://host:port");
		free(v);
		return NULL;
	}
	v->trust = tls_trust_new(job_text(job->config, "ca_certificate"), job_text(job->config, "certificate_fingerprint"), why);
	if (!v->trust)
		*result = job_refuse(job, "certificate of the provider: %s", why);
	else if (!(v->http = http_open(v->trust)))
		*result = job_fail(job, "out of memory");
	else
		return v;
	end(v);
	return NULL;
}

struct vim *vim_take(struct job *job, enum job_result *result)
{
	uint8_t id[32];
	struct vim *v;
	enum vim_result r = VIM_DONE;

	identify(job, id);
	v = pool_take(id);
	if (!v)
		v = make(job, result);
	if (!v)
		return NULL;
	memcpy(v->id, id, sizeof id);
	v->job = job;
	http_bound(v->http, &job->cancelled, job->until);
	http_addresses(v->http, yyjson_obj_get(job->input, "names"));
	for (int i = 0; i < 3 && !v->in; i++) {
		if (i)
			job_sleep(job, 0.5 * i);
		r = vim_renew(v);
		if (r != VIM_LOST && r != VIM_UNKNOWN)
			break;
	}
	if (r == VIM_DONE)
		return v;
	*result = vim_fail(v, r, "log in");
	end(v);
	return NULL;
}

enum job_result vim_fail(struct vim *v, enum vim_result r, const char *what)
{
	struct job *job = v->job;
	enum job_result over = job_over(job);

	if (over)
		return over;
	switch (r) {
	case VIM_FAULT:
		if (!strcmp(v->fault, "NoPermission"))
			return job_refuse(job, "%s: the user of this provider lacks the privilege %s (%s)", what,
				v->privilege[0] ? v->privilege : "it needs", v->why);
		return job_fail(job, "%s: vCenter says: %s (%s)", what, v->why[0] ? v->why : v->fault, v->fault);
	case VIM_REFUSED:
		return job_refuse(job, "%s: %s", what, v->why);
	case VIM_CANCELLED:
		return JOB_CANCELLED;
	default:
		return job_fail(job, "%s: %s", what, v->why);
	}
}
