/* The cloud of the Test Provider, as its clients know it. */
#include "provider.h"
#include "testcloud/testcloud.h"

void provider_test_services(struct object *p)
{
	yyjson_mut_obj_put(p->doc->root, yyjson_mut_str(p->doc, "services"), testcloud_services(p->doc));
}
