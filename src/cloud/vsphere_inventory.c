/* vsphere: what a vCenter has. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cloud/vsphere.h"
#include "plat/clock.h"

/* Entities without VMs: some 60 MB at most. */
#define ENTITIES_MAX 100000u
/* VMs that are listed as not registered: with their members they stay below what one message holds. */
#define OTHERS_MAX 5000u
/* Parents above each other. */
#define DEPTH_MAX 64

/* ---- reading ---- */

static struct vsphere_entity *add(struct vsphere_inventory *inv, const struct xml_node *record)
{
	struct vsphere_entity *e, *more;
	size_t cap = inv->cap ? inv->cap * 2 : 256;

	if (inv->count == inv->cap) {
		more = cap > ENTITIES_MAX ? NULL : realloc(inv->all, cap * sizeof *more);
		if (!more) {
			inv->failed = true;
			return NULL;
		}
		inv->all = more;
		inv->cap = cap;
	}
	e = &inv->all[inv->count++];
	memset(e, 0, sizeof *e);
	vim_ref_read(&e->ref, xml_child(record, "obj"));
	snprintf(e->name, sizeof e->name, "%s", vim_property_text(record, "name"));
	snprintf(e->parent, sizeof e->parent, "%s", vim_property_text(record, "parent"));
	return e;
}

static int take_entity(struct xml_node *record, void *arg)
{
	struct vsphere_entity *e = add(arg, record);

	if (!e)
		return -1;
	e->cluster = !strcmp(e->ref.type, "StoragePod");
	e->free = xml_number(vim_property_text(record, "summary.freeSpace"), 0);
	return 0;
}

static void add_text(struct vsphere_inventory *inv, yyjson_mut_val *o, const char *name, const char *text)
{
	yyjson_mut_obj_add_strcpy(inv->doc, o, name, text);
}

/* A VM that is not ours: what an import needs to know. */
static void add_other(struct vsphere_inventory *inv, const struct xml_node *record)
{
	yyjson_mut_val *o, *info;

	if (!inv->others)
		return;
	if (yyjson_mut_arr_size(inv->others) >= OTHERS_MAX) {
		inv->left_out++;
		return;
	}
	o = yyjson_mut_arr_add_obj(inv->doc, inv->others);
	add_text(inv, o, "name", vim_property_text(record, "name"));
	add_text(inv, o, "external_id", xml_text(record, "obj"));
	add_text(inv, o, "power_state", vim_property_text(record, "runtime.powerState"));
	info = yyjson_mut_obj_add_obj(inv->doc, o, "server_info");
	add_text(inv, info, "os", vim_property_text(record, "config.guestFullName"));
	yyjson_mut_obj_add_int(inv->doc, info, "cpus", xml_number(vim_property_text(record, "config.hardware.numCPU"), 0));
	yyjson_mut_obj_add_int(inv->doc, info, "memory", xml_number(vim_property_text(record, "config.hardware.memoryMB"), 0));
	add_text(inv, info, "address", vim_property_text(record, "guest.ipAddress"));
}

static bool is_windows(const struct xml_node *record)
{
	return !strncmp(vim_property_text(record, "config.guestId"), "win", 3) ||
		strstr(vim_property_text(record, "config.guestFullName"), "Windows") != NULL;
}

static int take_vm(struct xml_node *record, void *arg)
{
	struct vsphere_inventory *inv = arg;
	struct vsphere_entity *e;

	inv->vms++;
	if (!xml_true(vim_property_text(record, "config.template"))) {
		if (!strncmp(vim_property_text(record, "config.instanceUuid"), VSPHERE_UUID_PREFIX, strlen(VSPHERE_UUID_PREFIX)))
			inv->ours++;
		else
			add_other(inv, record);
		return 0;
	}
	e = add(inv, record);
	if (!e)
		return -1;
	e->windows = is_windows(record);
	snprintf(e->guest, sizeof e->guest, "%s", vim_property_text(record, "config.guestFullName"));
	e->cpus = (int)xml_number(vim_property_text(record, "config.hardware.numCPU"), 0);
	e->memory = xml_number(vim_property_text(record, "config.hardware.memoryMB"), 0);
	return 0;
}

static int take(struct xml_node *record, void *arg)
{
	return strcmp(xml_attribute(xml_child(record, "obj"), "", "type"), "VirtualMachine") ? take_entity(record, arg) : take_vm(record, arg);
}

enum vim_result vsphere_inventory_read(struct vim *v, struct vsphere_inventory *inv)
{
	static const char names[] = "name parent";
	static const char few[] = "name parent config.template config.guestId config.guestFullName";
	static const char all[] = "name parent config.template config.guestId config.guestFullName config.instanceUuid"
		" config.hardware.numCPU config.hardware.memoryMB runtime.powerState guest.ipAddress";
	/* fewer when nobody wants the others */
	const struct vim_kind kinds[] = {
		{ "Datacenter", names }, { "Folder", names }, { "ComputeResource", names }, { "HostSystem", names },
		{ "ResourcePool", names }, { "Network", names }, { "Datastore", "name parent summary.freeSpace" },
		{ "VirtualMachine", inv->others ? all : few }, { NULL, NULL }
	};
	enum vim_result r = vim_scan(v, &v->root, kinds, take, inv);

	inv->at = plat_clock_boot();
	if (inv->failed) {
		snprintf(v->why, sizeof v->why, "%s has more than %u folders, hosts, networks and templates", v->host, ENTITIES_MAX);
		return VIM_REFUSED;
	}
	return r;
}

void vsphere_inventory_free(struct vsphere_inventory *inv)
{
	free(inv->all);
	memset(inv, 0, sizeof *inv);
}

/* ---- looking ---- */

const struct vsphere_entity *vsphere_entity(const struct vsphere_inventory *inv, const char *value)
{
	for (size_t i = 0; value[0] && i < inv->count; i++)
		if (!strcmp(inv->all[i].ref.value, value))
			return &inv->all[i];
	return NULL;
}

const struct vsphere_entity *vsphere_datacenter(const struct vsphere_inventory *inv, const struct vsphere_entity *e)
{
	for (int i = 0; e && i < DEPTH_MAX; i++) {
		if (!strcmp(e->ref.type, "Datacenter"))
			return e;
		e = vsphere_entity(inv, e->parent);
	}
	return NULL;
}

/* types: names divided by blanks. */
bool vsphere_is(const struct vsphere_entity *e, const char *types)
{
	size_t len = strlen(e->ref.type), n;

	while (*types) {
		n = strcspn(types, " ");
		if (n == len && !strncmp(types, e->ref.type, n))
			return true;
		types += n + (types[n] == ' ');
	}
	return false;
}

void vsphere_path(const struct vsphere_inventory *inv, const struct vsphere_entity *e, char *out, size_t cap)
{
	const struct vsphere_entity *chain[DEPTH_MAX], *up;
	size_t n = 0, len = 0;
	int wrote;

	for (; e && n < DEPTH_MAX; e = up) {
		up = vsphere_entity(inv, e->parent);
		if (!strcmp(e->ref.type, "Datacenter"))
			break;
		chain[n++] = e;
	}
	/* the uppermost one is the folder every datacenter has for this kind */
	if (n > 1)
		n--;
	out[0] = 0;
	while (n-- && len < cap) {
		wrote = snprintf(out + len, cap - len, "%s%s", len ? "/" : "", chain[n]->name);
		len += wrote > 0 ? (size_t)wrote : 0;
	}
}
