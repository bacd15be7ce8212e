/*
 * One task of cloud, carried out as the room does it but without the rooms around it: to be run against a real
 * provider and killed at any point.
 *
 * usage: cloud_task < task       as PROTO_CORE_TASK, and "secrets":{member: text} in place of tickets
 * prints the progress ("info TEXT") on standard error, the result {"outcome","message","output","memory"} on standard output.
 */
/* with: cloud/driver.c cloud/job.c cloud/http.c cloud/vim_call.c cloud/vim_session.c cloud/vim_property.c cloud/vim_task.c cloud/vim_allow.c cloud/vsphere_key.c cloud/vsphere_inventory.c cloud/vsphere_sync.c cloud/vsphere_place.c cloud/vsphere_devices.c cloud/vsphere_create.c cloud/vsphere_machine.c cloud/vsphere_list.c cloud/vsphere_snapshot.c */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "cloud/driver.h"
#include "cloud/http.h"
#include "log/log.h"
#include "plat/clock.h"

static struct job job;
static yyjson_val *secrets;

static void say(struct job *j, enum job_level level, const char *text)
{
	static const char *const names[] = { "info", "warning", "error" };

	(void)j;
	fprintf(stderr, "%s %s\n", names[level], text);
}

static char *secret(struct job *j, const char *field)
{
	const char *s = yyjson_get_str(yyjson_obj_get(secrets, field));

	if (!s)
		job_fail(j, "%s: no such secret", field);
	return s ? strdup(s) : NULL;
}

static void on_term(int s)
{
	(void)s;
	atomic_store(&job.cancelled, true);
}

static char *read_all(size_t *len)
{
	size_t cap = 1 << 20;
	char *text = malloc(cap);

	*len = 0;
	while (text && !feof(stdin) && *len < cap)
		*len += fread(text + *len, 1, cap - *len, stdin);
	return text;
}

static void print_result(enum job_result result)
{
	static const char *const names[] = { "invalid", "done", "failed", "refused", "cancelled", "later" };
	struct rusage use;

	getrusage(RUSAGE_SELF, &use);
	yyjson_mut_val *root = yyjson_mut_obj(job.output);
	yyjson_mut_obj_add_str(job.output, root, "outcome", names[result]);
	yyjson_mut_obj_add_str(job.output, root, "message", job.message);
	yyjson_mut_obj_add_val(job.output, root, "output", job.out);
	yyjson_mut_obj_add_int(job.output, root, "memory", use.ru_maxrss);
	yyjson_mut_doc_set_root(job.output, root);
	yyjson_mut_write_fp(stdout, job.output, 0, NULL, NULL);
	putchar('\n');
}

int main(void)
{
	enum job_result result = JOB_INVALID;
	driver_fn *f;
	yyjson_val *root;
	size_t len;
	char *text = read_all(&len);
	yyjson_doc *doc = yyjson_read(text, len, 0);
	const struct driver *d;

	root = yyjson_doc_get_root(doc);
	if (!root || http_start())
		log_usage("cloud_task: standard input is no JSON object");
	signal(SIGTERM, on_term);
	secrets = yyjson_obj_get(root, "secrets");
	if (job_read(&job, root))
		log_usage("cloud_task: standard input is no task");
	job.say = say;
	job.secret = secret;
	d = driver_of(job_input(&job, "type"));
	f = d ? driver_function(d, job.kind) : NULL;
	if (!f)
		log_usage("cloud_task: %s: no such kind", job.kind);
	do {
		yyjson_mut_doc_free(job.output);
		job.output = yyjson_mut_doc_new(NULL);
		job.out = yyjson_mut_obj(job.output);
		if (result == JOB_LATER)
			job_sleep(&job, job.pause);
		job.message[0] = 0;
		result = f(&job);
	} while (result == JOB_LATER && !job_over(&job));
	print_result(result);
	driver_idle();
	yyjson_mut_doc_free(job.output);
	yyjson_doc_free(doc);
	free(text);
	return 0;
}
