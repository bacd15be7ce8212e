/* driver: the drivers there are, and the kinds of tasks. */
#include <stddef.h>
#include <string.h>

#include "cloud/driver.h"

static const struct driver *const drivers[] = { &driver_vsphere, &driver_openstack };
#define DRIVERS (sizeof drivers / sizeof drivers[0])

static const struct { const char *kind; size_t at; } kinds[] = {
	{ "provider.validate", offsetof(struct driver, validate) },
	{ "provider.sync", offsetof(struct driver, sync) },
	{ "machine.create", offsetof(struct driver, create) },
	{ "machine.adopt", offsetof(struct driver, adopt) },
	{ "machine.start", offsetof(struct driver, start) },
	{ "machine.stop", offsetof(struct driver, stop) },
	{ "machine.destroy", offsetof(struct driver, destroy) },
	{ "machine.list", offsetof(struct driver, list) },
	{ "machine.snapshot", offsetof(struct driver, snapshot) },
	{ "machine.unsnapshot", offsetof(struct driver, unsnapshot) },
	{ "machine.revert", offsetof(struct driver, revert) },
	{ "machine.template", offsetof(struct driver, template_) },
	{ "stack.put", offsetof(struct driver, stack_put) },
	{ "stack.start", offsetof(struct driver, stack_start) },
	{ "stack.stop", offsetof(struct driver, stack_stop) },
	{ "stack.delete", offsetof(struct driver, stack_delete) },
};

const struct driver *driver_of(const char *type)
{
	for (size_t i = 0; i < DRIVERS; i++)
		if (!strcmp(drivers[i]->type, type))
			return drivers[i];
	return NULL;
}

driver_fn *driver_function(const struct driver *d, const char *kind)
{
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (!strcmp(kinds[i].kind, kind))
			return *(driver_fn *const *)(const void *)((const char *)d + kinds[i].at);
	return NULL;
}

void driver_idle(void)
{
	for (size_t i = 0; i < DRIVERS; i++)
		if (drivers[i]->idle)
			drivers[i]->idle();
}
