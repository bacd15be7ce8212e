/* vim: methods that are tasks. */
#include <stdio.h>
#include <string.h>

#include "cloud/vim.h"
#include "plat/clock.h"

/* A task that nobody gave a deadline ends within, seconds. */
#define TASK_SECONDS (6 * 3600)
/* A cancelled task gets so long to say so, seconds. */
#define CANCEL_SECONDS 30

enum state { RUNNING = 0, SUCCESS, ERROR };

struct seen {
	struct vim *v;
	const char *doing;
	struct vim_ref result;
	char fault[64], message[512], privilege[96];
	enum state state;
	int64_t percent;		/* said last */
};

static void read_error(struct seen *s, const struct xml_node *val)
{
	const struct xml_node *fault = xml_child(val, "fault");

	snprintf(s->fault, sizeof s->fault, "%s", vim_type(fault));
	snprintf(s->message, sizeof s->message, "%s", xml_text(val, "localizedMessage"));
	snprintf(s->privilege, sizeof s->privilege, "%s", xml_text(fault, "privilegeId"));
}

static void read_progress(struct seen *s, const char *text)
{
	int64_t percent = xml_number(text, 0);

	if (percent < s->percent + 10 || percent > 100)
		return;
	s->percent = percent;
	job_say(s->v->job, JOB_INFO, "%s: %d %%", s->doing, (int)percent);
}

static void read_state(struct seen *s, const char *text)
{
	if (!strcmp(text, "success"))
		s->state = SUCCESS;
	else if (!strcmp(text, "error"))
		s->state = ERROR;
}

static int on_change(const struct xml_node *change, void *arg)
{
	const char *name = xml_text(change, "name");
	const struct xml_node *val = xml_child(change, "val");
	struct seen *s = arg;

	if (!val)
		return 0;
	if (!strcmp(name, "info.state")) {
		read_state(s, val->text);
	} else if (!strcmp(name, "info.progress")) {
		read_progress(s, val->text);
	}
	return s->state != RUNNING;
}

/* All of it at one time: changes come in whatever order. */
static enum vim_result read_task(struct vim *v, const struct vim_ref *task, struct seen *s)
{
	struct xml_node *o, *val;
	enum vim_result r = vim_get(v, task, "info.state info.result info.error", &o);

	if (r != VIM_DONE)
		return r;
	read_state(s, vim_property_text(o, "info.state"));
	val = vim_property(o, "info.result");
	if (val && val->text[0])
		vim_ref_read(&s->result, val);
	val = vim_property(o, "info.error");
	if (val)
		read_error(s, val);
	return VIM_DONE;
}

static enum vim_result follow(struct vim *v, const struct vim_ref *task, struct seen *s)
{
	enum vim_result r = VIM_DONE;
	int reason = 0, lost = 0;

	while (!reason && !job_over(v->job)) {
		r = vim_watch(v, task, "info.state info.progress", TASK_SECONDS, on_change, s, &reason);
		/* the task goes on without us: come back, for a while */
		if (r == VIM_FAULT || r == VIM_REFUSED || r == VIM_CANCELLED || (r != VIM_DONE && ++lost > 10))
			return r;
		if (r != VIM_DONE)
			job_sleep(v->job, lost);
	}
	return reason ? read_task(v, task, s) : VIM_CANCELLED;
}

/* Short ones are over already: a look is one call, waiting is four. */
static enum vim_result finish(struct vim *v, const struct vim_ref *task, struct seen *s, bool with_result)
{
	enum vim_result r = read_task(v, task, s);

	if (r == VIM_DONE && (s->state == ERROR || (s->state == SUCCESS && (!with_result || s->result.value[0]))))
		return VIM_DONE;
	return r == VIM_DONE || r == VIM_LOST || r == VIM_UNKNOWN ? follow(v, task, s) : r;
}

/* Tells vCenter to stop, and waits a little for the end, whatever it is. */
static void cancel(struct vim *v, const struct vim_ref *task)
{
	struct job *job = v->job, short_job = { .until = plat_clock_boot() + CANCEL_SECONDS * PLAT_SECOND };
	struct seen s = { .v = v, .doing = "", .percent = 100 };
	int reason;

	short_job.secret = job->secret;
	short_job.owner = job->owner;
	short_job.input = job->input;
	short_job.config = job->config;
	v->job = &short_job;
	http_bound(v->http, &short_job.cancelled, short_job.until);
	if (vim_call(v, "CancelTask", task, "", true, NULL) == VIM_DONE)
		vim_watch(v, task, "info.state", CANCEL_SECONDS, on_change, &s, &reason);
	v->job = job;
	http_bound(v->http, &job->cancelled, job->until);
}

enum vim_result vim_task(struct vim *v, const char *method, const struct vim_ref *this, const char *args, const char *doing,
	struct vim_ref *result)
{
	struct seen s = { .v = v, .doing = doing };
	struct xml_node *answer = NULL;
	struct vim_ref task;
	enum vim_result r = vim_call(v, method, this, args, false, &answer);

	if (r != VIM_DONE)
		return r;
	vim_ref_read(&task, xml_child(answer, "returnval"));
	r = finish(v, &task, &s, result != NULL);
	if (job_over(v->job)) {
		cancel(v, &task);
		return VIM_CANCELLED;
	}
	/* vCenter took it on; what is lost since then, the task itself too, says nothing of how it ends */
	if (r != VIM_DONE)
		return VIM_UNKNOWN;
	if (s.state == ERROR) {
		snprintf(v->fault, sizeof v->fault, "%s", s.fault);
		snprintf(v->privilege, sizeof v->privilege, "%s", s.privilege);
		snprintf(v->why, sizeof v->why, "%s", s.message);
		return VIM_FAULT;
	}
	if (result)
		*result = s.result;
	return VIM_DONE;
}
