/*
 * job: one task of core's, as drivers see it.
 *
 * A driver's function runs in a thread of its own, may block, and ends by
 * returning one of the results; it looks at the deadline through the calls it
 * makes (http_bound).  What it found goes to the output.
 */
#ifndef CAM_CLOUD_JOB_H
#define CAM_CLOUD_JOB_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <yyjson.h>

/* Bytes of the sentence that ends a task. */
#define JOB_MESSAGE 1024
/* Bytes of an idempotency key, with the appliance it is of. */
#define JOB_KEY 192

enum job_result {
	JOB_INVALID = 0,
	JOB_DONE,
	JOB_FAILED,		/* may be tried again */
	JOB_REFUSED,		/* final: trying again will not help */
	JOB_CANCELLED,
	JOB_LATER,		/* look again after job->pause seconds; no thread is held meanwhile */
	JOB_AGAIN		/* core is to give it out anew, with what the output names: no attempt is over */
};

enum job_level { JOB_INFO = 0, JOB_WARNING, JOB_ERROR };

struct job {
	uint64_t task;
	_Atomic uint64_t fence;		/* core may know the same work by a new one */
	unsigned attempt;		/* from 1 */
	const char *kind, *provider;	/* of the document below */
	char key[JOB_KEY];		/* "<owner>/<key>": several appliances may share a provider */
	yyjson_val *input, *config;
	int64_t until;			/* plat_clock_boot, 0 = no deadline */
	atomic_bool cancelled;
	double pause;			/* of JOB_LATER */
	int64_t settled;		/* until then an object of unknown fate may still appear (plat_clock_boot); 0 = not set */
	bool definite;			/* all attempts so far, this one too, left nothing of unknown fate behind: drivers' creates keep it */
	char message[JOB_MESSAGE];
	yyjson_mut_doc *output;
	yyjson_mut_val *out;		/* its root, an object */
	/* of the program around it */
	void (*say)(struct job *job, enum job_level level, const char *text);
	/* Opens the secret member `field` of the provider; NULL with a message.  free() after wiping. */
	char *(*secret)(struct job *job, const char *field);
	void *owner;
};

/* Reads core's notice (PROTO_CORE_TASK), which must outlive the job.  0, or -1 when it is none. */
int job_read(struct job *job, yyjson_val *notice);
/* A key of this appliance's, "" for "". */
void job_key(const struct job *job, const char *key, char out[JOB_KEY]);
/* Of a key that something carries: the part behind the owner, NULL when it is another appliance's. */
const char *job_own(const struct job *job, const char *key);

/* Text at a member of an object, "" when it is absent or no text. */
const char *job_text(yyjson_val *object, const char *member);
/* The same of the input and of input.profile. */
const char *job_input(const struct job *job, const char *member);
const char *job_profile(const struct job *job, const char *member);
/* A whole number, fallback when it is none.  Texts that are numbers count. */
int64_t job_number(yyjson_val *object, const char *member, int64_t fallback);

/* End the job with a sentence: return job_fail(job, "..."). */
enum job_result job_fail(struct job *job, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
enum job_result job_refuse(struct job *job, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
enum job_result job_again(struct job *job, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
enum job_result job_later(struct job *job, double seconds);

/* A line for the operation's activity or the provider's log. */
void job_say(struct job *job, enum job_level level, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/*
 * A create whose answer did not come may still come to pass, also when it was sent by an attempt, or a process, before this one.
 * job_settle() begins to wait for what it made, after a call that ended so; why: what was heard instead.  The wait is as long as the provider's
 * settle_seconds (150).
 * job_settling(): is there something to wait for?  Then the driver looks again later (job_later).  Else what has not shown by now will not,
 * and may be created.
 */
void job_settle(struct job *job, const char *why);
bool job_settling(struct job *job);

/* Was it cancelled, or is its time over?  Then the message says so and the result is to be returned; else 0. */
enum job_result job_over(struct job *job);
/* Sleeps, at most so many seconds, less when it is cancelled or its time ends. */
void job_sleep(struct job *job, double seconds);

#endif
