/*
 * vsphere: the driver of VMware vCenter, its parts for one another.
 *
 * A VM of ours carries its key three times: as a name that is unique in its
 * folder, in ExtraConfig (cam.key: the truth) and, hashed, in its instance UUID,
 * by which vCenter finds it at once.
 */
#ifndef CAM_CLOUD_VSPHERE_H
#define CAM_CLOUD_VSPHERE_H

#include "cloud/driver.h"
#include "cloud/vim.h"

/* What the instance UUIDs of our VMs begin with. */
#define VSPHERE_UUID_PREFIX "63616d2d-"
#define VSPHERE_UUID 37
/* Names in ExtraConfig. */
#define VSPHERE_KEY "cam.key"
#define VSPHERE_MACHINE "cam.machine"
#define VSPHERE_CREATED "cam.created"
/* Of one that was adopted: the instance UUID it had before. */
#define VSPHERE_ADOPTED "cam.adopted"
/* Names of entities, bytes (vCenter: 80 characters). */
#define VSPHERE_NAME 256

/* ---- vsphere_key.c ---- */

/* The instance UUID of a key: an UUID of version 8 (RFC 9562 §5.8). */
void vsphere_uuid(const char *key, char out[VSPHERE_UUID]);
/* Whose a name in a folder is; FORMING: of a VM that is just being made, which says nothing of itself yet. */
enum vsphere_name { VSPHERE_FREE = 0, VSPHERE_FORMING, VSPHERE_TAKEN };
/* The VM of this key; vm->value "" when there is none.  hint: a reference it may have; name and folder are looked
 * at last and may be empty; whose (may be NULL): the name, when no VM was found. */
enum vim_result vsphere_find(struct vim *v, const char *key, const char *hint, const struct vim_ref *folder, const char *name,
	struct vim_ref *vm, enum vsphere_name *whose);
/* What has this name in a folder; ref->value "" when nothing has. */
enum vim_result vsphere_child(struct vim *v, const struct vim_ref *folder, const char *name, struct vim_ref *ref);
/* The key of a VM, "" when it carries none.  Fault ManagedObjectNotFound when it is gone. */
enum vim_result vsphere_key_of(struct vim *v, const struct vim_ref *vm, char key[JOB_KEY]);
/* Value of one name in a <val> of config.extraConfig, "" when absent. */
const char *vsphere_option(const struct xml_node *options, const char *name);
/* One for a VirtualMachineConfigSpec; an empty value takes the name away. */
void vsphere_put_option(struct xml_out *o, const char *key, const char *value);

/* ---- vsphere_inventory.c ---- */

/* Everything but VMs, and the templates. */
struct vsphere_entity {
	struct vim_ref ref;
	char name[VSPHERE_NAME];
	char parent[VIM_VALUE];
	bool cluster;			/* a StoragePod */
	int64_t free;			/* bytes, of a datastore */
	/* of templates */
	bool windows;
	char guest[128];
	int cpus;
	int64_t memory;			/* MiB */
};

struct vsphere_inventory {
	struct vsphere_entity *all;
	size_t count, cap;
	int64_t at;			/* when it was read, plat_clock_boot */
	/* VMs that are neither templates nor ours, as JSON objects in this array, when it is not NULL */
	yyjson_mut_doc *doc;
	yyjson_mut_val *others;
	size_t vms, ours, left_out;
	bool failed;			/* out of memory, or too many */
};

enum vim_result vsphere_inventory_read(struct vim *v, struct vsphere_inventory *inv);
void vsphere_inventory_free(struct vsphere_inventory *inv);
const struct vsphere_entity *vsphere_entity(const struct vsphere_inventory *inv, const char *value);
/* The datacenter an entity is in, or NULL. */
const struct vsphere_entity *vsphere_datacenter(const struct vsphere_inventory *inv, const struct vsphere_entity *e);
bool vsphere_is(const struct vsphere_entity *e, const char *types);
/* Its path of names below the folder of its kind in the datacenter: "vm", "Linux/web". */
void vsphere_path(const struct vsphere_inventory *inv, const struct vsphere_entity *e, char *out, size_t cap);

/* ---- vsphere_place.c ---- */

/* Flavors every provider has; ends with name NULL. */
struct vsphere_flavor { const char *name; int cpus, memory; };
extern const struct vsphere_flavor vsphere_flavors[];

/* Disks of a profile. */
#define VSPHERE_DISKS 16
/* Where a new VM goes. */
struct vsphere_place {
	struct vim_ref template, folder, pool, host, datastore, network;
	/* of each disk of the profile, in its order: the name of the datastore, "" = the VM's */
	char disk_stores[VSPHERE_DISKS][VSPHERE_NAME];
	char network_name[VSPHERE_NAME];
	bool windows;
	int64_t cpus, memory;		/* MiB; 0 = as the template */
};

/* Reads the profile against what the vCenter has.  0, or the job's result with a sentence that names the member. */
enum job_result vsphere_place(struct vim *v, struct vsphere_place *place);

/* ---- vsphere_devices.c ---- */

/* What a VM lacks of what its profile wants, as the inside of a VirtualMachineConfigSpec; empty when nothing. */
enum job_result vsphere_difference(struct vim *v, const struct vim_ref *vm, const struct vsphere_place *place, struct xml_out *spec);

/* ---- vsphere_machine.c ---- */

/* Addresses and host name the guest reports, into the output. */
void vsphere_report(struct vim *v, const struct vim_ref *vm);
enum vsphere_power { VSPHERE_OFF = 0, VSPHERE_ON, VSPHERE_SUSPENDED };
enum vim_result vsphere_power(struct vim *v, const struct vim_ref *vm, enum vsphere_power *is);
enum job_result vsphere_power_on(struct vim *v, const struct vim_ref *vm);
enum job_result vsphere_power_off(struct vim *v, const struct vim_ref *vm, bool guest_first);

/* ---- vsphere_adopt.c ---- */

/* Takes the key away from a VM that was adopted.  adopted: it was; else nothing was done. */
enum vim_result vsphere_release(struct vim *v, const struct vim_ref *vm, bool *adopted);

driver_fn vsphere_validate, vsphere_sync, vsphere_create, vsphere_adopt, vsphere_start, vsphere_stop, vsphere_destroy, vsphere_list,
	vsphere_snapshot, vsphere_unsnapshot, vsphere_revert, vsphere_template;

#endif
