/*
 * openstack: Keystone: which version there is, and a token of it.
 *
 * v3: Identity API v3, "Authentication and token management".  v2.0: Identity API v2.0 (until Queens), by the shapes its reference has:
 * there is no such Keystone to test against any more.
 */
#include <stdio.h>
#include <string.h>

#include "cloud/openstack.h"

static bool ends(const char *text, size_t len, const char *with)
{
	size_t n = strlen(with);

	return len >= n && !strncmp(text + len - n, with, n);
}

/* "https://host:5000" of whatever the record says; the version it names, 0 = none. */
static unsigned base_of(const char *identity, char base[OS_URL])
{
	size_t len = strlen(identity);
	unsigned version = 0;

	while (len && identity[len - 1] == '/')
		len--;
	if (ends(identity, len, "/v3"))
		len -= 3, version = 3;
	else if (ends(identity, len, "/v2.0"))
		len -= 5, version = 2;
	snprintf(base, OS_URL, "%.*s", (int)(len < OS_URL - 32 ? len : OS_URL - 32), identity);
	return version;
}

/* {"versions":{"values":[{"id":"v3.14",...},{"id":"v2.0",...}]}}, with status 300 (or 200). */
static unsigned best_of(yyjson_val *answer)
{
	yyjson_arr_iter it = yyjson_arr_iter_with(yyjson_obj_get(yyjson_obj_get(answer, "versions"), "values"));
	unsigned best = 0;
	yyjson_val *one;

	while ((one = yyjson_arr_iter_next(&it)))
		if (!strncmp(job_text(one, "id"), "v3", 2))
			best = 3;
		else if (!strncmp(job_text(one, "id"), "v2", 2) && !best)
			best = 2;
	return best;
}

/* v3 where it is, v2.0 where there is nothing else.  An address that ends with /v3 is taken at its word. */
static enum os_result find_version(struct os *o)
{
	unsigned named = base_of(job_text(o->job->config, "identity_url"), o->identity), best;
	char url[OS_URL + 2];
	enum os_result r;

	o->identity_version = named == 3 ? 3 : 0;
	if (o->identity_version)
		return OS_DONE;
	snprintf(url, sizeof url, "%s/", o->identity);
	r = os_exchange(o, "GET", url, NULL, false, false);
	if (r == OS_BUSY || r == OS_UNTRUSTED || r == OS_CANCELLED || r == OS_UNKNOWN)
		return r;
	best = o->status == 200 || o->status == 300 ? best_of(os_answer(o)) : 0;
	o->identity_version = best ? best : named ? named : 3;
	return OS_DONE;
}

static void put_domain(yyjson_mut_doc *d, yyjson_mut_val *of, const char *domain)
{
	yyjson_mut_val *v = yyjson_mut_obj_add_obj(d, of, "domain");

	yyjson_mut_obj_add_str(d, v, "name", domain[0] ? domain : "Default");
}

static void put_v3(const struct job *job, yyjson_mut_doc *d, yyjson_mut_val *auth, const char *password)
{
	const char *domain = job_text(job->config, "domain"), *other = job_text(job->config, "project_domain");
	yyjson_mut_val *v = yyjson_mut_obj_add_obj(d, auth, "identity");

	yyjson_mut_arr_add_str(d, yyjson_mut_obj_add_arr(d, v, "methods"), "password");
	v = yyjson_mut_obj_add_obj(d, yyjson_mut_obj_add_obj(d, v, "password"), "user");
	yyjson_mut_obj_add_str(d, v, "name", job_text(job->config, "username"));
	yyjson_mut_obj_add_str(d, v, "password", password);
	put_domain(d, v, domain);
	v = yyjson_mut_obj_add_obj(d, yyjson_mut_obj_add_obj(d, auth, "scope"), "project");
	yyjson_mut_obj_add_str(d, v, "name", job_text(job->config, "project"));
	put_domain(d, v, other[0] ? other : domain);
}

static void put_v2(const struct job *job, yyjson_mut_doc *d, yyjson_mut_val *auth, const char *password)
{
	yyjson_mut_val *v = yyjson_mut_obj_add_obj(d, auth, "passwordCredentials");

	yyjson_mut_obj_add_str(d, auth, "tenantName", job_text(job->config, "project"));
	yyjson_mut_obj_add_str(d, v, "username", job_text(job->config, "username"));
	yyjson_mut_obj_add_str(d, v, "password", password);
}

static enum os_result ask(struct os *o, const char *password)
{
	yyjson_mut_doc *d = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *root = yyjson_mut_obj(d), *auth;
	char url[OS_URL + 32];
	enum os_result r;

	yyjson_mut_doc_set_root(d, root);
	auth = yyjson_mut_obj_add_obj(d, root, "auth");
	(o->identity_version == 2 ? put_v2 : put_v3)(o->job, d, auth, password);
	snprintf(url, sizeof url, "%s%s", o->identity, o->identity_version == 2 ? "/v2.0/tokens" : "/v3/auth/tokens");
	r = os_exchange(o, "POST", url, d, false, false);
	yyjson_mut_doc_free(d);
	return r;
}

/* v3 has the token in a header, v2.0 in its answer. */
static const char *token_of(struct os *o)
{
	const char *s = o->identity_version == 2 ?
		job_text(yyjson_obj_get(yyjson_obj_get(os_answer(o), "access"), "token"), "id") : http_header(o->http, "X-Subject-Token");

	return s ? s : "";
}

static bool has_domain(const struct job *job)
{
	const char *domain = job_text(job->config, "domain");

	return domain[0] && strcmp(domain, "Default") != 0;
}

enum os_result os_identity_log_in(struct os *o, const char *password)
{
	enum os_result r = o->identity_version ? OS_DONE : find_version(o);
	const char *token;

	if (r != OS_DONE)
		return r;
	if (o->identity_version == 2 && has_domain(o->job)) {
		snprintf(o->why, sizeof o->why, "domain: this Keystone speaks only v2.0, which has no domains: leave it empty");
		return OS_REFUSED;
	}
	r = ask(o, password);
	if (o->status == 401)
		snprintf(o->why, sizeof o->why, "the user name, the password, the domain or the project is wrong (401)");
	if (r != OS_DONE)
		return r;
	token = token_of(o);
	if (!token[0] || strlen(token) >= OS_TOKEN) {
		snprintf(o->why, sizeof o->why, "%.400s answers, but not as Keystone %s", o->identity, os_identity_version(o));
		return OS_REFUSED;
	}
	snprintf(o->token, OS_TOKEN, "%s", token);
	snprintf(o->project, OS_ID, "%s", o->identity_version == 2 ?
		job_text(yyjson_obj_get(yyjson_obj_get(yyjson_obj_get(os_answer(o), "access"), "token"), "tenant"), "id") :
		job_text(yyjson_obj_get(yyjson_obj_get(os_answer(o), "token"), "project"), "id"));
	return OS_DONE;
}

const char *os_identity_version(const struct os *o)
{
	return o->identity_version == 2 ? "v2.0" : "v3";
}

yyjson_val *os_identity_catalogue(const struct os *o)
{
	return o->identity_version == 2 ? yyjson_obj_get(yyjson_obj_get(os_answer(o), "access"), "serviceCatalog") :
		yyjson_obj_get(yyjson_obj_get(os_answer(o), "token"), "catalog");
}
