/* Forms of providers: what is missing, of another kind or out of bounds is named; the list names every field. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "form/form.h"

#define CHECK(x) do { if (!(x)) { printf("%s:%d: %s\n", __FILE__, __LINE__, #x); exit(1); } } while (0)

static void expect(const struct form_field *fields, const char *json, const char *message)
{
	yyjson_doc *doc = yyjson_read(json, strlen(json), 0);
	char got[FORM_MESSAGE] = "";
	int rc = form_check(fields, yyjson_doc_get_root(doc), got);

	if (message ? rc == 0 || strcmp(got, message) != 0 : rc != 0) {
		printf("%s: %s, not %s\n", json, got, message ? message : "accepted");
		exit(1);
	}
	yyjson_doc_free(doc);
}

static void registrations(void)
{
	const struct form_field *f = form_of("VMware vSphere")->registration;

	expect(f, "{\"endpoint\":\"https://v\",\"username\":\"u\",\"secret\":\"p\",\"more\":1}", NULL);
	expect(f, "{\"endpoint\":\"https://v\",\"username\":\"u\",\"secret\":\"p\",\"parallel_operations\":4,\"flavors\":[]}", NULL);
	expect(f, "{\"username\":\"u\",\"secret\":\"p\"}", "endpoint: is missing.");
	expect(f, "{\"endpoint\":\"http://v\",\"username\":\"u\",\"secret\":\"p\"}", "endpoint: must begin with https://.");
	expect(f, "{\"endpoint\":\"https://v\",\"username\":\"\",\"secret\":\"p\"}", "username: must not be empty.");
	expect(f, "{\"endpoint\":\"https://v\",\"username\":\"u\",\"secret\":7}", "secret: must be a string.");
	expect(f, "{\"endpoint\":\"https://v\",\"username\":\"u\",\"secret\":\"p\",\"parallel_operations\":9}",
		"parallel_operations: must be a whole number from 1 to 8.");
	expect(f, "{\"endpoint\":\"https://v\",\"username\":\"u\",\"secret\":\"p\",\"flavors\":{}}", "flavors: must be an array.");
	expect(form_of("VMware vSphere")->profile, "{\"template\":\"t\",\"compute_resource\":null}", NULL);
	expect(form_of("Openstack")->profile, "{\"image\":\"i\"}", "flavor: is missing.");
	expect(form_of("Openstack")->profile, "{\"image\":\"i\",\"flavor\":\"f\",\"volumes\":{\"size\":1}}", "volumes: must be an array.");
}

static void profile(const char *json, const char *message)
{
	yyjson_doc *doc = yyjson_read(json, strlen(json), 0);
	char got[FORM_MESSAGE] = "";
	int rc = form_check_profile(yyjson_doc_get_root(doc), got);

	CHECK(doc && (message ? rc && !strcmp(got, message) : !rc));
	yyjson_doc_free(doc);
}

/* Of policies: what is there has its kind, nothing is missing. */
static void profiles(void)
{
#define OS "{\"schema\":\"http://elasticbox.net/schemas/openstack/compute/profile\""
	profile(OS "}", NULL);
	profile(OS ",\"image\":null,\"flavor\":\"\",\"volumes\":[{\"size\":1}],\"networks\":[],\"more\":7}", NULL);
	profile(OS ",\"volumes\":{\"size\":1}}", "volumes: must be an array.");
	profile(OS ",\"image\":7}", "image: must be a string.");
	profile(OS ",\"volumes\":[{\"name\":\"\",\"type\":null,\"image\":true},{\"size\":\"big\"}]}", "volumes[1]: size: must be a whole number from 0 to 65536.");
	profile(OS ",\"volumes\":[7]}", "volumes[0]: must be an object.");
	profile(OS ",\"networks\":[\"a\",{\"id\":\"b\"}]}", NULL);
	profile(OS ",\"instances\":101}", "instances: must be a whole number from 1 to 100.");
	profile("{\"schema\":\"http://elasticbox.net/schemas/gce/compute/profile\",\"instances\":\"x\"}", NULL);
	profile("{\"schema\":7}", NULL);
}

static void the_list(void)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *list = yyjson_mut_arr(doc), *one;
	size_t count;

	form_json(doc, list);
	form_all(&count);
	CHECK(yyjson_mut_arr_size(list) == count && !form_of("Nobody"));
	one = yyjson_mut_arr_get(list, 1);
	CHECK(!strcmp(yyjson_mut_get_str(yyjson_mut_obj_get(one, "type")), "VMware vSphere"));
	one = yyjson_mut_arr_get(yyjson_mut_obj_get(one, "fields"), 2);
	CHECK(!strcmp(yyjson_mut_get_str(yyjson_mut_obj_get(one, "name")), "secret"));
	CHECK(yyjson_mut_get_bool(yyjson_mut_obj_get(one, "secret")) && yyjson_mut_get_bool(yyjson_mut_obj_get(one, "required")));
	one = yyjson_mut_arr_get(yyjson_mut_obj_get(yyjson_mut_arr_get(list, 2), "profile"), 3);
	CHECK(!strcmp(yyjson_mut_get_str(yyjson_mut_obj_get(one, "name")), "networks"));
	CHECK(!strcmp(yyjson_mut_get_str(yyjson_mut_arr_get(yyjson_mut_obj_get(one, "words"), 1)), "none"));
	yyjson_mut_doc_free(doc);
}

int main(void)
{
	registrations();
	profiles();
	the_list();
	return 0;
}
