#include "testcloud/testcloud.h"

#define SCHEMAS "http://elasticbox.net/schemas/"
#define LOCATION "Simulated Location"

static yyjson_mut_val *named(yyjson_mut_doc *doc, const char *name)
{
	yyjson_mut_val *v = yyjson_mut_obj(doc);

	yyjson_mut_obj_add_str(doc, v, "name", name);
	return v;
}

static yyjson_mut_val *location(yyjson_mut_doc *doc)
{
	yyjson_mut_val *l = named(doc, LOCATION), *list;

	list = yyjson_mut_obj_add_arr(doc, l, "clouds");
	yyjson_mut_arr_append(list, named(doc, "test_cloud"));
	list = yyjson_mut_obj_add_arr(doc, l, "images");
	yyjson_mut_arr_append(list, named(doc, "test"));
	list = yyjson_mut_obj_add_arr(doc, l, "keypairs");
	yyjson_mut_arr_append(list, named(doc, "test_keypair"));
	return l;
}

static void flavor(yyjson_mut_doc *doc, yyjson_mut_val *list, const char *name, int cpu, int memory)
{
	yyjson_mut_val *f = named(doc, name);

	yyjson_mut_obj_add_int(doc, f, "cpu", cpu);
	yyjson_mut_obj_add_int(doc, f, "memory", memory);
	yyjson_mut_arr_append(list, f);
}

static yyjson_mut_val *service(yyjson_mut_doc *doc, const char *name, const char *schema, const char *icon)
{
	yyjson_mut_val *s = named(doc, name), *list;

	yyjson_mut_obj_add_str(doc, s, "icon", icon);
	yyjson_mut_obj_add_str(doc, s, "schema", schema);
	list = yyjson_mut_obj_add_arr(doc, s, "locations");
	yyjson_mut_arr_append(list, location(doc));
	list = yyjson_mut_obj_add_arr(doc, s, "flavors");
	flavor(doc, list, "test.micro", 1, 512);
	flavor(doc, list, "test.small", 1, 1024);
	return s;
}

yyjson_mut_val *testcloud_services(yyjson_mut_doc *doc)
{
	yyjson_mut_val *list = yyjson_mut_arr(doc);

	yyjson_mut_arr_append(list, service(doc, "Linux Compute", SCHEMAS "test/compute/linux", "images/platform/linux.png"));
	yyjson_mut_arr_append(list, service(doc, "Windows Compute", SCHEMAS "test/compute/windows",
		"images/platform/windows.png"));
	return list;
}
