/*
 * testcloud: what the Test Provider offers, as its clients know it.
 */
#ifndef CAM_TESTCLOUD_H
#define CAM_TESTCLOUD_H

#include <yyjson.h>

/* A provider's services[]: locations, images, key pairs and flavors, in doc. */
yyjson_mut_val *testcloud_services(yyjson_mut_doc *doc);

#endif
