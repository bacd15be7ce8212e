/*
 * driver: what a kind of provider can do.  Each driver is a set of files with its prefix and one row in driver.c.
 *
 * Every function may be called again with the same input after a crash, of cloud or of core, at any point: it
 * looks first and does what is missing.  A function that is NULL is not there.
 */
#ifndef CAM_CLOUD_DRIVER_H
#define CAM_CLOUD_DRIVER_H

#include "cloud/job.h"

typedef enum job_result driver_fn(struct job *job);

struct driver {
	const char *type;		/* of the provider, as on the wire */
	driver_fn *validate;		/* reach it and log in: output version, fingerprint */
	driver_fn *sync;		/* output services[], unregistered[], endpoints[] {service, host, port} at other hosts than the provider's record names */
	driver_fn *create;		/* a machine: output external_id, addresses, hostname */
	driver_fn *adopt;		/* input external_id: a machine that is there gets the key; output as of create */
	driver_fn *start, *stop;
	driver_fn *destroy;		/* input stray: of one that was adopted the key is taken away, and it stays */
	driver_fn *list;		/* output machines[] that carry our key, unregistered[] */
	driver_fn *snapshot, *unsnapshot, *revert;
	driver_fn *template_;		/* a template out of a machine: output external_id */
	/* a stack of a template, known by the task's key: made or changed; switched on and off; removed */
	driver_fn *stack_put, *stack_start, *stack_stop, *stack_delete;
	void (*idle)(void);		/* frees what is kept between tasks; may be NULL */
};

/* NULL when there is none. */
const struct driver *driver_of(const char *type);
/* The function of a kind of task ("machine.create"), NULL when there is no such kind or the driver has none. */
driver_fn *driver_function(const struct driver *d, const char *kind);
/* Frees what all drivers keep between tasks. */
void driver_idle(void);

extern const struct driver driver_vsphere, driver_openstack;

#endif
