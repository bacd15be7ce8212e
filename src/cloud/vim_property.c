/* vim: the property collector: reading, scanning, waiting. */
#include <stdio.h>
#include <string.h>

#include "cloud/vim.h"
#include "plat/clock.h"

/* Objects in one piece of an answer. */
#define PAGE 100

static void put_paths(struct xml_out *o, const char *properties)
{
	char path[128];
	size_t len;

	while (*properties) {
		len = strcspn(properties, " ");
		snprintf(path, sizeof path, "%.*s", (int)len, properties);
		xml_put_element(o, "pathSet", path);
		properties += len + (properties[len] == ' ');
	}
}

static void put_spec_begin(struct xml_out *o, const char *element, const struct vim_kind *kinds)
{
	xml_put(o, "<");
	xml_put(o, element);
	xml_put(o, ">");
	for (; kinds->type; kinds++) {
		xml_put(o, "<propSet>");
		xml_put_element(o, "type", kinds->type);
		put_paths(o, kinds->properties);
		xml_put(o, "</propSet>");
	}
	xml_put(o, "<objectSet>");
}

static void put_spec_end(struct xml_out *o, const char *element)
{
	xml_put(o, "</objectSet></");
	xml_put(o, element);
	xml_put(o, ">");
}

enum vim_result vim_get(struct vim *v, const struct vim_ref *ref, const char *properties, struct xml_node **out)
{
	const struct vim_kind kinds[] = { { ref->type, properties }, { NULL, NULL } };
	struct xml_out args = XML_OUT_ZERO;
	struct xml_node *answer = NULL;
	enum vim_result r = VIM_LOST;

	put_spec_begin(&args, "specSet", kinds);
	vim_put_ref(&args, "obj", ref);
	put_spec_end(&args, "specSet");
	xml_put(&args, "<options></options>");
	if (!args.bad)
		r = vim_call(v, "RetrievePropertiesEx", &v->collector, args.text, true, &answer);
	xml_out_free(&args);
	if (r != VIM_DONE)
		return r;
	*out = xml_path(answer, "returnval/objects");
	if (*out && strcmp(xml_text(*out, "missingSet/fault/fault"), "") == 0 && !xml_child(*out, "propSet") &&
			!strcmp(vim_type(xml_path(*out, "missingSet/fault/fault")), "NotAuthenticated")) {
		/* some servers read nothing for nobody instead of refusing */
		v->in = false;
		snprintf(v->why, sizeof v->why, "%s: the session ended", v->host);
		return VIM_UNKNOWN;
	}
	if (*out)
		return VIM_DONE;
	snprintf(v->fault, sizeof v->fault, "ManagedObjectNotFound");
	snprintf(v->why, sizeof v->why, "%s is gone", ref->value);
	return VIM_FAULT;
}

struct xml_node *vim_property(const struct xml_node *objects, const char *name)
{
	struct xml_node *p;

	for (p = xml_child(objects, "propSet"); p; p = xml_again(p))
		if (!strcmp(xml_text(p, "name"), name))
			return xml_child(p, "val");
	return NULL;
}

const char *vim_property_text(const struct xml_node *objects, const char *name)
{
	struct xml_node *val = vim_property(objects, name);

	return val ? val->text : "";
}

/* ---- scanning ---- */

static enum vim_result make_view(struct vim *v, const struct vim_ref *root, const struct vim_kind *kinds, struct vim_ref *view)
{
	struct xml_out args = XML_OUT_ZERO;
	struct xml_node *answer = NULL;
	enum vim_result r = VIM_LOST;

	vim_put_ref(&args, "container", root);
	for (; kinds->type; kinds++)
		xml_put_element(&args, "type", kinds->type);
	xml_put_element(&args, "recursive", "true");
	if (!args.bad)
		r = vim_call(v, "CreateContainerView", &v->views, args.text, true, &answer);
	xml_out_free(&args);
	if (r == VIM_DONE)
		vim_ref_read(view, xml_child(answer, "returnval"));
	return r;
}

static enum vim_result more(struct vim *v, const char *token, xml_record_fn *fn, void *arg, char *next, size_t cap)
{
	struct xml_out args = XML_OUT_ZERO;
	struct xml_node *answer = NULL;
	enum vim_result r = VIM_LOST;

	xml_put_element(&args, "token", token);
	if (!args.bad)
		r = vim_call_stream(v, "ContinueRetrievePropertiesEx", &v->collector, args.text, "objects", fn, arg, &answer);
	xml_out_free(&args);
	snprintf(next, cap, "%s", r == VIM_DONE ? xml_text(answer, "returnval/token") : "");
	return r;
}

static enum vim_result read_view(struct vim *v, const struct vim_ref *view, const struct vim_kind *kinds, xml_record_fn *fn, void *arg)
{
	struct xml_out args = XML_OUT_ZERO;
	struct xml_node *answer = NULL;
	enum vim_result r = VIM_LOST;
	char token[128] = "", next[128];

	put_spec_begin(&args, "specSet", kinds);
	vim_put_ref(&args, "obj", view);
	xml_put(&args, "<skip>true</skip><selectSet xsi:type=\"TraversalSpec\"><name>view</name><type>ContainerView</type>"
		"<path>view</path><skip>false</skip></selectSet>");
	put_spec_end(&args, "specSet");
	xml_put(&args, "<options>");
	xml_put_number(&args, "maxObjects", PAGE);
	xml_put(&args, "</options>");
	if (!args.bad)
		r = vim_call_stream(v, "RetrievePropertiesEx", &v->collector, args.text, "objects", fn, arg, &answer);
	xml_out_free(&args);
	if (r == VIM_DONE)
		snprintf(token, sizeof token, "%s", xml_text(answer, "returnval/token"));
	while (r == VIM_DONE && token[0]) {
		r = more(v, token, fn, arg, next, sizeof next);
		memcpy(token, next, sizeof token);
	}
	return r;
}

enum vim_result vim_scan(struct vim *v, const struct vim_ref *root, const struct vim_kind *kinds, xml_record_fn *fn, void *arg)
{
	struct vim_ref view;
	enum vim_result r = make_view(v, root, kinds, &view);
	char why[VIM_WHY], fault[sizeof v->fault];

	if (r != VIM_DONE)
		return r;
	r = read_view(v, &view, kinds, fn, arg);
	memcpy(why, v->why, sizeof why);
	memcpy(fault, v->fault, sizeof fault);
	vim_call(v, "DestroyView", &view, "", true, NULL);
	memcpy(v->why, why, sizeof why);
	memcpy(v->fault, fault, sizeof fault);
	return r;
}

/* ---- waiting ---- */

static enum vim_result make_filter(struct vim *v, const struct vim_ref *ref, const char *properties, struct vim_ref *filter)
{
	const struct vim_kind kinds[] = { { ref->type, properties }, { NULL, NULL } };
	struct xml_out args = XML_OUT_ZERO;
	struct xml_node *answer = NULL;
	enum vim_result r = VIM_LOST;

	put_spec_begin(&args, "spec", kinds);
	vim_put_ref(&args, "obj", ref);
	put_spec_end(&args, "spec");
	xml_put_element(&args, "partialUpdates", "false");
	if (!args.bad)
		r = vim_call(v, "CreateFilter", &v->collector, args.text, true, &answer);
	xml_out_free(&args);
	if (r == VIM_DONE)
		vim_ref_read(filter, xml_child(answer, "returnval"));
	return r;
}

struct watch {
	const struct vim_ref *ref;
	int (*f)(const struct xml_node *change, void *arg);
	void *arg;
	int *reason;
	bool gone;
	char version[64];
};

static void look(struct watch *w, const struct xml_node *set)
{
	struct xml_node *filter, *object, *change;

	for (filter = xml_child(set, "filterSet"); filter; filter = xml_again(filter))
		for (object = xml_child(filter, "objectSet"); object; object = xml_again(object)) {
			if (!strcmp(xml_text(object, "kind"), "leave"))
				w->gone = true;
			for (change = xml_child(object, "changeSet"); change && !*w->reason; change = xml_again(change))
				*w->reason = w->f(change, w->arg);
		}
}

static enum vim_result wait_once(struct vim *v, struct watch *w, int seconds)
{
	struct xml_out args = XML_OUT_ZERO;
	struct xml_node *answer = NULL, *set;
	enum vim_result r = VIM_LOST;

	xml_put_element(&args, "version", w->version);
	xml_put(&args, "<options>");
	xml_put_number(&args, "maxWaitSeconds", seconds);
	xml_put(&args, "</options>");
	if (!args.bad)
		r = vim_call(v, "WaitForUpdatesEx", &v->collector, args.text, true, &answer);
	xml_out_free(&args);
	if (r != VIM_DONE)
		return r;
	set = xml_child(answer, "returnval");	/* absent: nothing changed in that time */
	if (set) {
		snprintf(w->version, sizeof w->version, "%s", xml_text(set, "version"));
		look(w, set);
	}
	return VIM_DONE;
}

static enum vim_result wait_with(struct vim *v, struct watch *w, int64_t end)
{
	enum vim_result r = VIM_DONE;
	int64_t left;

	while (r == VIM_DONE && !*w->reason && !w->gone) {
		left = (end - plat_clock_boot()) / PLAT_SECOND;
		if (left <= 0 || job_over(v->job))
			break;
		r = wait_once(v, w, (int)(left < VIM_WAIT_SECONDS ? left : VIM_WAIT_SECONDS));
	}
	return r;
}

enum vim_result vim_watch(struct vim *v, const struct vim_ref *ref, const char *properties, double seconds,
	int (*f)(const struct xml_node *change, void *arg), void *arg, int *reason)
{
	int64_t end = plat_clock_boot() + (int64_t)(seconds * PLAT_SECOND);
	struct watch w = { .ref = ref, .f = f, .arg = arg, .reason = reason };
	struct vim_ref filter;
	enum vim_result r;
	char why[VIM_WHY], fault[sizeof v->fault];

	*reason = 0;
	do {
		/* a renewed session has no filters, and the version of another one means nothing there */
		w.version[0] = 0;
		r = make_filter(v, ref, properties, &filter);
		if (r != VIM_DONE)
			return r;
		r = wait_with(v, &w, end);
		memcpy(why, v->why, sizeof why);
		memcpy(fault, v->fault, sizeof fault);
		if (v->in)
			vim_call(v, "DestroyPropertyFilter", &filter, "", true, NULL);
	} while (r == VIM_FAULT && !strcmp(fault, "InvalidCollectorVersion"));
	memcpy(v->why, why, sizeof why);
	memcpy(v->fault, fault, sizeof fault);
	if (r != VIM_DONE || !w.gone || *reason)
		return r;
	snprintf(v->fault, sizeof v->fault, "ManagedObjectNotFound");
	snprintf(v->why, sizeof v->why, "%s is gone", ref->value);
	return VIM_FAULT;
}
