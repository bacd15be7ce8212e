/* trial: a network that was set from afar goes back by itself unless somebody, who must have reached the appliance, confirms it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log/log.h"
#include "plat/clock.h"
#include "sysd.h"

#define FILE_NAME "trial.json"
/* Bytes of the file: one network and a name. */
#define FILE_BYTES (FACTS_NETWORK_MAX + 256)

static struct {
	struct ev_loop *loop;
	trial_back_fn *back;
	char change[TRIAL_NAME_MAX];	/* the newest, "" = none yet */
	bool confirmed;
	yyjson_doc *former;		/* NULL = no trial is on */
	int64_t until;
	ev_timer end;
} t;

/* Writes what there is: {"change","confirmed","former"}, the last one while the trial is on. */
static int keep(const char *change, bool confirmed, yyjson_doc *former)
{
	yyjson_mut_doc *d = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *o;
	size_t len;
	char *text;
	int rc = -1, saved;

	if (!d) {
		errno = ENOMEM;
		return -1;
	}
	o = yyjson_mut_obj(d);
	yyjson_mut_doc_set_root(d, o);
	yyjson_mut_obj_add_strcpy(d, o, "change", change);
	yyjson_mut_obj_add_bool(d, o, "confirmed", confirmed);
	if (former)
		yyjson_mut_obj_add_val(d, o, "former", yyjson_val_mut_copy(d, yyjson_doc_get_root(former)));
	text = yyjson_mut_write(d, 0, &len);
	errno = ENOMEM;
	if (text)
		rc = file_replace(FILE_NAME, text, len);
	saved = errno;
	free(text);
	yyjson_mut_doc_free(d);
	errno = saved;
	return rc;
}

/* The trial is over, one way or the other. What cannot be written means that the next start goes back. */
static void over(bool confirmed)
{
	ev_timer_stop(t.loop, &t.end);
	yyjson_doc_free(t.former);
	t.former = NULL;
	t.confirmed = confirmed;
	if (keep(t.change, confirmed, NULL) < 0)
		log_warn_errno("network: the end of the trial cannot be kept: it will be undone at the next start");
}

static void go_back(const char *why)
{
	yyjson_doc *former = t.former;

	log_warn("network: change %s: %s: the former settings are back", t.change, why);
	t.former = NULL;
	t.back(yyjson_doc_get_root(former));
	t.former = former;
	over(false);
}

static void on_end(struct ev_loop *loop, ev_timer *w, int events)
{
	(void)loop;
	(void)w;
	(void)events;
	go_back("not confirmed in time");
}

/* A document of a value of another one. */
static yyjson_doc *alone(yyjson_val *v)
{
	yyjson_mut_doc *d = yyjson_mut_doc_new(NULL);
	yyjson_doc *made = d ? yyjson_mut_val_imut_copy(yyjson_val_mut_copy(d, v), NULL) : NULL;

	yyjson_mut_doc_free(d);
	return made;
}

void trial_open(struct ev_loop *loop, trial_back_fn *back)
{
	static char buf[FILE_BYTES];
	ssize_t len = file_read(FILE_NAME, buf, sizeof buf);
	yyjson_doc *d = len >= 0 ? yyjson_read(buf, (size_t)len, 0) : NULL;
	yyjson_val *root = yyjson_doc_get_root(d), *former = yyjson_obj_get(root, "former");
	const char *change = yyjson_get_str(yyjson_obj_get(root, "change"));

	t.loop = loop;
	t.back = back;
	ev_timer_init(&t.end, on_end, NETCONF_TRIAL_SECONDS, 0);
	if (len < 0 && errno != ENOENT)
		log_warn_errno("network: cannot read " FILE_NAME);
	if (change && strlen(change) < sizeof t.change) {
		strcpy(t.change, change);
		t.confirmed = yyjson_get_bool(yyjson_obj_get(root, "confirmed"));
		if (yyjson_is_obj(former))
			t.former = alone(former);
	}
	yyjson_doc_free(d);
	if (t.former)
		go_back("not confirmed before sysd started again");
}

/* A document of the network's settings alone. */
static yyjson_doc *network_of(const struct netconf *c)
{
	yyjson_mut_doc *d = yyjson_mut_doc_new(NULL);
	yyjson_doc *made = d ? yyjson_mut_val_imut_copy(netconf_network(c, d), NULL) : NULL;

	yyjson_mut_doc_free(d);
	return made;
}

int trial_begin(const char *change, const struct netconf *present)
{
	yyjson_doc *former = t.former ? t.former : network_of(present);

	if (!former) {
		errno = ENOMEM;
		return -1;
	}
	if (keep(change, false, former) < 0) {
		int saved = errno;

		if (!t.former)
			yyjson_doc_free(former);
		errno = saved;
		return -1;
	}
	t.former = former;
	t.confirmed = false;
	snprintf(t.change, sizeof t.change, "%s", change);
	t.until = plat_clock_wall() + NETCONF_TRIAL_SECONDS * PLAT_SECOND;
	ev_timer_stop(t.loop, &t.end);
	ev_timer_set(&t.end, NETCONF_TRIAL_SECONDS, 0);
	ev_timer_start(t.loop, &t.end);
	log_info("network: change %s: on trial for %d s", change, NETCONF_TRIAL_SECONDS);
	return 0;
}

bool trial_knows(const char *change)
{
	return !strcmp(t.change, change);
}

int trial_confirm(const char *change, const char **why)
{
	if (!trial_knows(change) || (!t.former && !t.confirmed)) {
		*why = "the change is over: it was not confirmed in time, or another one came";
		return -1;
	}
	if (t.former) {
		log_info("network: change %s: confirmed", change);
		over(true);
	}
	return 0;
}

void trial_drop(void)
{
	if (t.former)
		over(false);
}

const char *trial_change(int64_t *until)
{
	*until = t.until;
	return t.former ? t.change : NULL;
}
