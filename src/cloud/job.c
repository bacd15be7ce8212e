/* job: what drivers ask of a task. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cloud/job.h"
#include "plat/clock.h"

/* How often a sleeper looks up, µs. */
#define NAP 50000
/* Longer than any request to a provider may take, seconds. */
#define SETTLE 150
#define SETTLE_MOST 3600

void job_key(const struct job *job, const char *key, char out[JOB_KEY])
{
	if (key[0])
		snprintf(out, JOB_KEY, "%s/%s", job_input(job, "owner"), key);
	else
		out[0] = 0;
}

const char *job_own(const struct job *job, const char *key)
{
	const char *owner = job_input(job, "owner");
	size_t len = strlen(owner);

	return !strncmp(key, owner, len) && key[len] == '/' ? key + len + 1 : NULL;
}

int job_read(struct job *job, yyjson_val *notice)
{
	int64_t left = job_number(notice, "deadline", 0);
	yyjson_val *definite;

	job->task = yyjson_get_uint(yyjson_obj_get(notice, "task"));
	job->fence = yyjson_get_uint(yyjson_obj_get(notice, "fence"));
	job->attempt = (unsigned)job_number(notice, "attempt", 1);
	definite = yyjson_obj_get(notice, "definite");
	job->definite = definite ? yyjson_is_true(definite) : job->attempt <= 1;
	job->kind = job_text(notice, "kind");
	job->input = yyjson_obj_get(notice, "input");
	job->config = yyjson_obj_get(job->input, "config");
	job->provider = job_text(job->input, "provider");
	job->until = left > 0 ? plat_clock_boot() + left * PLAT_SECOND : 0;
	job_key(job, job_text(notice, "key"), job->key);
	return job->kind[0] && yyjson_is_obj(job->input) && strlen(job_text(notice, "key")) + strlen(job_input(job, "owner")) + 2 < JOB_KEY ?
		0 : -1;
}

const char *job_text(yyjson_val *object, const char *member)
{
	const char *s = yyjson_get_str(yyjson_obj_get(object, member));

	return s ? s : "";
}

const char *job_input(const struct job *job, const char *member)
{
	return job_text(job->input, member);
}

const char *job_profile(const struct job *job, const char *member)
{
	return job_text(yyjson_obj_get(job->input, "profile"), member);
}

int64_t job_number(yyjson_val *object, const char *member, int64_t fallback)
{
	yyjson_val *v = yyjson_obj_get(object, member);
	char *end;
	long long n;

	if (yyjson_is_int(v))
		return yyjson_get_sint(v);
	if (yyjson_is_real(v))
		return yyjson_get_real(v) > -9e18 && yyjson_get_real(v) < 9e18 ? (int64_t)yyjson_get_real(v) : fallback;
	if (!yyjson_is_str(v) || !yyjson_get_len(v))
		return fallback;
	n = strtoll(yyjson_get_str(v), &end, 10);
	return *end ? fallback : n;
}

enum job_result job_fail(struct job *job, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(job->message, sizeof job->message, fmt, ap);
	va_end(ap);
	return JOB_FAILED;
}

enum job_result job_refuse(struct job *job, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(job->message, sizeof job->message, fmt, ap);
	va_end(ap);
	return JOB_REFUSED;
}

enum job_result job_again(struct job *job, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(job->message, sizeof job->message, fmt, ap);
	va_end(ap);
	return JOB_AGAIN;
}

enum job_result job_later(struct job *job, double seconds)
{
	job->pause = seconds;
	return JOB_LATER;
}

void job_say(struct job *job, enum job_level level, const char *fmt, ...)
{
	char text[JOB_MESSAGE];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	if (job->say)
		job->say(job, level, text);
}

void job_settle(struct job *job, const char *why)
{
	int64_t n = job_number(job->config, "settle_seconds", SETTLE);

	n = n < 1 ? 1 : n > SETTLE_MOST ? SETTLE_MOST : n;
	if (!job->settled)	/* said once for each wait, however often that begins anew */
		job_say(job, JOB_WARNING, "What became of the create is not known (%s): looking for it for %d s.", why, (int)n);
	job->definite = false;
	job->settled = plat_clock_boot() + n * PLAT_SECOND;
}

bool job_settling(struct job *job)
{
	if (job->definite)
		return false;
	if (!job->settled)
		job_settle(job, "an attempt before was interrupted");
	if (plat_clock_boot() < job->settled)
		return true;
	job->settled = 0;
	job->definite = true;
	return false;
}

enum job_result job_over(struct job *job)
{
	if (atomic_load(&job->cancelled)) {
		snprintf(job->message, sizeof job->message, "cancelled");
		return JOB_CANCELLED;
	}
	if (job->until && plat_clock_boot() >= job->until)
		return job_fail(job, "the time for this task is over");
	return JOB_INVALID;
}

void job_sleep(struct job *job, double seconds)
{
	int64_t end = plat_clock_boot() + (int64_t)(seconds * PLAT_SECOND);

	while (plat_clock_boot() < end && !atomic_load(&job->cancelled) && (!job->until || plat_clock_boot() < job->until))
		usleep(NAP);
}
