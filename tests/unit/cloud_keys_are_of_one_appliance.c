/* Keys of machines: of one appliance, found again by an UUID that is always the same; the last option of a name counts. */
/* with: cloud/all.c */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cloud/vsphere.h"

#define CHECK(x) do { if (!(x)) { printf("%s:%d: %s\n", __FILE__, __LINE__, #x); exit(1); } } while (0)

static void read_notice(void)
{
	static const char text[] = "{\"task\":7,\"fence\":2,\"attempt\":3,\"kind\":\"machine.create\",\"key\":\"m-1\",\"deadline\":9,"
		"\"input\":{\"owner\":\"aa\",\"provider\":\"p\",\"config\":{\"n\":\"12\"}}}";
	yyjson_doc *doc = yyjson_read(text, sizeof text - 1, 0);
	struct job job = { .task = 0 };
	char key[JOB_KEY];

	CHECK(job_read(&job, yyjson_doc_get_root(doc)) == 0);
	CHECK(job.task == 7 && job.fence == 2 && job.attempt == 3 && !strcmp(job.key, "aa/m-1") && job.until);
	CHECK(!strcmp(job_own(&job, "aa/m-1"), "m-1") && !job_own(&job, "aab/m-1") && !job_own(&job, "b/m-1") && !job_own(&job, ""));
	job_key(&job, "", key);
	CHECK(!key[0]);
	CHECK(job_number(job.config, "n", 0) == 12 && job_number(job.config, "none", 4) == 4);
	yyjson_doc_free(doc);
}

static void uuids(void)
{
	char a[VSPHERE_UUID], b[VSPHERE_UUID];

	vsphere_uuid("aa/m-1", a);
	vsphere_uuid("aa/m-1", b);
	CHECK(!strcmp(a, b) && strlen(a) == 36 && !strncmp(a, VSPHERE_UUID_PREFIX, 9) && a[14] == '8' && strchr("89ab", a[19]));
	vsphere_uuid("aa/m-2", b);
	CHECK(strcmp(a, b) != 0);
}

static void methods(void)
{
	CHECK(vim_privilege("CloneVM_Task") && strstr(vim_privilege("CloneVM_Task")->privileges, "VirtualMachine.Inventory.Create"));
	CHECK(!vim_privilege("DestroyEverything"));
}

static void drivers(void)
{
	const struct driver *d = driver_of("VMware vSphere");

	CHECK(d && driver_function(d, "machine.create") == vsphere_create && driver_function(d, "provider.sync") == vsphere_sync);
	CHECK(!driver_function(d, "machine.dance") && !driver_of("Nobody"));
}

int main(void)
{
	read_notice();
	uuids();
	methods();
	drivers();
	return 0;
}
