/* appliance.health: how the appliance itself is; appliance.services: what sysd tells of its programs. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "verbs.h"
#include "plat/clock.h"

/* Where the launcher makes a control group for each room. */
#define GROUPS "/sys/fs/cgroup/cam"

/* ---- appliance.services ---- */

static bool service_take(struct core_service *s, yyjson_val *v)
{
	const char *name = yyjson_get_str(yyjson_obj_get(v, "name"));

	if (!name || !name[0] || strlen(name) >= sizeof s->name || strchr(name, '/'))
		return false;
	snprintf(s->name, sizeof s->name, "%s", name);
	s->pid = yyjson_get_sint(yyjson_obj_get(v, "pid"));
	s->starts = yyjson_get_sint(yyjson_obj_get(v, "starts"));
	s->since = yyjson_get_sint(yyjson_obj_get(v, "since"));
	return s->pid >= 0 && s->starts >= 0;
}

void verb_services_start(struct core_call *call)
{
	yyjson_arr_iter it = yyjson_arr_iter_with(yyjson_obj_get(call->args, "services"));
	struct core_service list[CORE_SERVICES];
	struct core *core = call->core;
	unsigned count = 0;
	yyjson_val *v;

	while ((v = yyjson_arr_iter_next(&it)) && count < CORE_SERVICES)
		if (!service_take(&list[count++], v)) {
			core_call_refuse(call, 400, "services: each has a name, and numbers that are not negative.");
			return;
		}
	memcpy(core->services, list, count * sizeof list[0]);
	core->service_count = count;
	core_answer_begin(&call->answer, 204);
	core_call_finish(call);
}

/* ---- appliance.health ---- */

static void add_date(yyjson_mut_doc *doc, yyjson_mut_val *o, const char *name, int64_t us)
{
	char text[PLAT_CLOCK_TEXT];

	plat_clock_text(us, text);
	yyjson_mut_obj_add_strcpy(doc, o, name, text);
}

/* Bytes that the kernel counts for a room, or -1: there is no such count (a kernel that gives the groups no memory controller). */
static int64_t group_number(const char *room, const char *file)
{
	char path[96], text[32];
	ssize_t n;
	int fd;

	snprintf(path, sizeof path, GROUPS "/%s/%s", room, file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	n = read(fd, text, sizeof text - 1);
	close(fd);
	if (n <= 0)
		return -1;
	text[n] = 0;
	return strtoll(text, NULL, 10);
}

static void add_memory(yyjson_mut_doc *doc, yyjson_mut_val *o, const char *room)
{
	int64_t now = group_number(room, "memory.current"), peak = group_number(room, "memory.peak");

	if (now < 0)
		return;
	yyjson_mut_obj_add_sint(doc, o, "memory", now);
	if (peak >= 0)
		yyjson_mut_obj_add_sint(doc, o, "memory_peak", peak);
}

static void add_services(const struct core *core, yyjson_mut_doc *doc, yyjson_mut_val *body)
{
	yyjson_mut_val *list = yyjson_mut_obj_add_arr(doc, body, "services"), *o;

	for (unsigned i = 0; i < core->service_count; i++) {
		o = yyjson_mut_arr_add_obj(doc, list);
		yyjson_mut_obj_add_strcpy(doc, o, "name", core->services[i].name);
		yyjson_mut_obj_add_bool(doc, o, "running", core->services[i].pid > 0);
		yyjson_mut_obj_add_sint(doc, o, "restarts", core->services[i].starts > 0 ? core->services[i].starts - 1 : 0);
		add_date(doc, o, "started", core->services[i].since);
		add_memory(doc, o, core->services[i].name);
	}
}

static void add_certificate(const struct core *core, yyjson_mut_doc *doc, yyjson_mut_val *body)
{
	yyjson_mut_val *o = yyjson_mut_obj_add_obj(doc, body, "certificate");
	yyjson_doc *names;

	yyjson_mut_obj_add_strcpy(doc, o, "fingerprint", core->identity.fingerprint);
	if (!core->identity.known)
		return;
	yyjson_mut_obj_add_bool(doc, o, "uploaded", core->identity.uploaded);
	add_date(doc, o, "not_before", core->identity.not_before);
	add_date(doc, o, "not_after", core->identity.not_after);
	names = core->identity.names ? yyjson_read(core->identity.names, strlen(core->identity.names), 0) : NULL;
	yyjson_mut_obj_add_val(doc, o, "names", names ? yyjson_val_mut_copy(doc, yyjson_doc_get_root(names)) : yyjson_mut_arr(doc));
	yyjson_doc_free(names);
}

/* The disk of /data, which all rooms share. */
static void add_storage(yyjson_mut_doc *doc, yyjson_mut_val *body)
{
	yyjson_mut_val *o;
	struct statvfs st;

	if (statvfs(CORE_DATABASE, &st))
		return;
	o = yyjson_mut_obj_add_obj(doc, body, "storage");
	yyjson_mut_obj_add_uint(doc, o, "size", (uint64_t)st.f_blocks * st.f_frsize);
	yyjson_mut_obj_add_uint(doc, o, "used", (uint64_t)(st.f_blocks - st.f_bfree) * st.f_frsize);
	yyjson_mut_obj_add_uint(doc, o, "free", (uint64_t)st.f_bavail * st.f_frsize);
}

/* In a reader, where the role is checked. */
int verb_health_run(struct db *db, struct core_call *call)
{
	(void)db;
	core_answer_begin(&call->answer, 200);
	return 0;
}

/* In the loop, which knows. */
void verb_health_after(struct core_call *call)
{
	struct core *core = call->core;
	yyjson_mut_val *body;
	yyjson_mut_doc *doc;

	if (call->answer.status != 200) {
		core_call_finish(call);
		return;
	}
	body = core_answer_object(&call->answer, 200);
	doc = call->answer.doc;
	yyjson_mut_obj_add_sint(doc, body, "uptime", plat_clock_boot() / PLAT_SECOND);
	yyjson_mut_obj_add_bool(doc, body, "full", core->full);
	add_services(core, doc, body);
	add_certificate(core, doc, body);
	add_storage(doc, body);
	core_call_finish(call);
}
