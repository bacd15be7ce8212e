/* vsphere: what of its profile a VM does not have yet: processors, memory, network card, disks, user data. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cloud/vsphere.h"

/* Disks beside the template's, and KiB of one (62 TB): what vSphere allows on one controller with such disks. */
#define DISKS_MAX 7
#define DISK_MAX ((int64_t)62 << 30)
#define GIB_KIB ((int64_t)1 << 20)
/* Unit numbers of a SCSI controller; 7 is its own. */
#define UNITS 16
#define UNIT_OWN 7

struct work {
	struct vim *v;
	const struct vsphere_place *place;
	struct xml_out *spec;
	const struct xml_node *objects, *devices, *options;
	int changes;			/* of devices */
	int template_disks;
};

/* ---- values ---- */

static void option(struct work *w, const char *key, const char *value)
{
	if (!strcmp(vsphere_option(w->options, key), value))
		return;
	xml_put(w->spec, "<extraConfig>");
	xml_put_element(w->spec, "key", key);
	xml_put(w->spec, "<value xsi:type=\"xsd:string\">");
	xml_put_text(w->spec, value);
	xml_put(w->spec, "</value></extraConfig>");
}

/* guestinfo values travel in base64 (with "=", as decoders of guests want it). */
static void encoded(struct work *w, const char *key, const char *text)
{
	size_t len = strlen(text), cap = sodium_base64_ENCODED_LEN(len, sodium_base64_VARIANT_ORIGINAL);
	char name[64], *out;

	if (!len)
		return;
	out = malloc(cap);
	if (!out) {
		w->spec->bad = true;
		return;
	}
	sodium_bin2base64(out, cap, (const uint8_t *)text, len, sodium_base64_VARIANT_ORIGINAL);
	snprintf(name, sizeof name, "guestinfo.%s", key);
	option(w, name, out);
	snprintf(name, sizeof name, "guestinfo.%s.encoding", key);
	option(w, name, "base64");
	sodium_memzero(out, cap);
	free(out);
}

static void options(struct work *w)
{
	struct job *job = w->v->job;
	yyjson_val *one;
	yyjson_arr_iter it = yyjson_arr_iter_with(yyjson_obj_get(yyjson_obj_get(job->input, "profile"), "parameters"));
	char meta[512];

	while ((one = yyjson_arr_iter_next(&it)))
		if (job_text(one, "key")[0] && strncmp(job_text(one, "key"), "cam.", 4) != 0)
			option(w, job_text(one, "key"), job_text(one, "value"));
	snprintf(meta, sizeof meta, "{\"instance-id\": \"%.100s\", \"local-hostname\": \"%.100s\"}", job_input(job, "machine"),
		job_input(job, "name"));
	encoded(w, "metadata", meta);
	encoded(w, "userdata", job_input(job, "user_data"));
	/* for templates without cloud-init, prepared by template_customization_script.sh */
	encoded(w, "elasticbox.conf", job_input(job, "conf"));
	encoded(w, "elasticbox.ca", job_input(job, "ca"));
}

static void numbers(struct work *w)
{
	const char *cpus = vim_property_text(w->objects, "config.hardware.numCPU");
	const char *memory = vim_property_text(w->objects, "config.hardware.memoryMB");

	if (w->place->cpus && xml_number(cpus, 0) != w->place->cpus)
		xml_put_number(w->spec, "numCPUs", w->place->cpus);
	if (w->place->memory && xml_number(memory, 0) != w->place->memory)
		xml_put_number(w->spec, "memoryMB", w->place->memory);
}

static void annotation(struct work *w)
{
	struct job *job = w->v->job;
	char text[512];

	snprintf(text, sizeof text, "Machine %.60s of instance %.60s, made by Cloud Application Manager.\nKey: %.160s",
		job_input(job, "machine"), job_input(job, "instance"), job->key);
	if (!vim_property_text(w->objects, "config.annotation")[0])
		xml_put_element(w->spec, "annotation", text);
}

/* ---- network card ---- */

static bool is_card(const struct xml_node *device)
{
	static const char *const types[] = { "VirtualVmxnet3", "VirtualE1000", "VirtualE1000e", "VirtualVmxnet2", "VirtualVmxnet",
		"VirtualPCNet32", "VirtualSriovEthernetCard", NULL };
	const char *type = vim_type(device);

	for (size_t i = 0; types[i]; i++)
		if (!strcmp(types[i], type))
			return true;
	return false;
}

static const struct xml_node *find_device(const struct work *w, bool (*is)(const struct xml_node *device))
{
	const struct xml_node *d;

	for (d = w->devices ? w->devices->first : NULL; d; d = d->next)
		if (is(d))
			return d;
	return NULL;
}

/* Backing by the kind of network; *wanted is what tells whether a card has it already. */
static enum vim_result backing(struct work *w, struct xml_out *o, char *wanted, size_t cap)
{
	const struct vim_ref *net = &w->place->network;
	struct vim_ref dvs;
	struct xml_node *x;
	enum vim_result r;

	if (!strcmp(net->type, "OpaqueNetwork")) {
		r = vim_get(w->v, net, "summary", &x);
		if (r != VIM_DONE)
			return r;
		snprintf(wanted, cap, "%s", xml_text(vim_property(x, "summary"), "opaqueNetworkId"));
		xml_put(o, "<backing xsi:type=\"VirtualEthernetCardOpaqueNetworkBackingInfo\">");
		xml_put_element(o, "opaqueNetworkId", wanted);
		xml_put_element(o, "opaqueNetworkType", xml_text(vim_property(x, "summary"), "opaqueNetworkType"));
	} else if (!strcmp(net->type, "DistributedVirtualPortgroup")) {
		r = vim_get(w->v, net, "key config.distributedVirtualSwitch", &x);
		if (r != VIM_DONE)
			return r;
		snprintf(wanted, cap, "%s", vim_property_text(x, "key"));
		vim_ref_read(&dvs, vim_property(x, "config.distributedVirtualSwitch"));
		r = vim_get(w->v, &dvs, "uuid", &x);
		if (r != VIM_DONE)
			return r;
		xml_put(o, "<backing xsi:type=\"VirtualEthernetCardDistributedVirtualPortBackingInfo\"><port>");
		xml_put_element(o, "switchUuid", vim_property_text(x, "uuid"));
		xml_put_element(o, "portgroupKey", wanted);
		xml_put(o, "</port>");
	} else {
		snprintf(wanted, cap, "%s", w->place->network_name);
		xml_put(o, "<backing xsi:type=\"VirtualEthernetCardNetworkBackingInfo\">");
		xml_put_element(o, "deviceName", wanted);
	}
	xml_put(o, "</backing>");
	return VIM_DONE;
}

static bool has_backing(const struct xml_node *card, const char *wanted)
{
	const struct xml_node *b = xml_child(card, "backing");

	return !strcmp(xml_text(b, "deviceName"), wanted) || !strcmp(xml_text(b, "port/portgroupKey"), wanted) ||
		!strcmp(xml_text(b, "opaqueNetworkId"), wanted);
}

static void begin_change(struct work *w, const char *operation, bool file, const char *type)
{
	xml_put(w->spec, "<deviceChange>");
	xml_put_element(w->spec, "operation", operation);
	if (file)
		xml_put_element(w->spec, "fileOperation", "create");
	xml_put(w->spec, "<device xsi:type=\"");
	xml_put_text(w->spec, type);
	xml_put(w->spec, "\">");
	w->changes++;
}

static void end_change(struct work *w)
{
	xml_put(w->spec, "</device></deviceChange>");
}

/* As it is in the answer, or nothing. */
static void copy(struct work *w, const struct xml_node *device, const char *member)
{
	if (xml_text(device, member)[0])
		xml_put_element(w->spec, member, xml_text(device, member));
}

/* What an edited device is called: some servers want it said again. */
static void copy_label(struct work *w, const struct xml_node *device)
{
	if (!device || !xml_child(device, "deviceInfo"))
		return;
	xml_put(w->spec, "<deviceInfo xsi:type=\"Description\">");
	xml_put_element(w->spec, "label", xml_text(device, "deviceInfo/label"));
	xml_put_element(w->spec, "summary", xml_text(device, "deviceInfo/summary"));
	xml_put(w->spec, "</deviceInfo>");
}

/* card: of the template, kept with all that is its own but the network; NULL: a new one. */
static void put_card(struct work *w, const struct xml_node *card, const struct xml_out *back)
{
	begin_change(w, card ? "edit" : "add", false, card ? vim_type(card) : "VirtualVmxnet3");
	xml_put_element(w->spec, "key", card ? xml_text(card, "key") : "-1");
	copy_label(w, card);
	xml_put(w->spec, back->text ? back->text : "");
	xml_put(w->spec, "<connectable><startConnected>true</startConnected><allowGuestControl>true</allowGuestControl>"
		"<connected>true</connected></connectable>");
	copy(w, card, "controllerKey");
	copy(w, card, "unitNumber");
	copy(w, card, "addressType");
	copy(w, card, "macAddress");
	end_change(w);
}

static enum vim_result network(struct work *w, const struct xml_node *card, const struct xml_out *back, const char *wanted)
{
	if (w->place->network.value[0] && !(card && has_backing(card, wanted)))
		put_card(w, card, back);
	return VIM_DONE;
}

/* ---- disks ---- */

static bool is_disk(const struct xml_node *device)
{
	return !strcmp(vim_type(device), "VirtualDisk");
}

static int64_t place_of(const struct xml_node *disk)
{
	return xml_number(xml_text(disk, "controllerKey"), 0) * 256 + xml_number(xml_text(disk, "unitNumber"), 0);
}

/* By its place at the controllers: the list need not be in that order, with what was edited at its end. */
static const struct xml_node *first_disk(const struct work *w)
{
	const struct xml_node *d, *first = NULL;

	for (d = w->devices ? w->devices->first : NULL; d; d = d->next)
		if (is_disk(d) && (!first || place_of(d) < place_of(first)))
			first = d;
	return first;
}

static int64_t disk_size(const struct xml_node *disk)
{
	return xml_number(xml_text(disk, "capacityInKB"), 0);
}

/* The backing of a disk that is edited must be said again. */
static void grow_disk(struct work *w, const struct xml_node *disk, int64_t size)
{
	const struct xml_node *b = xml_child(disk, "backing");

	begin_change(w, "edit", false, "VirtualDisk");
	copy(w, disk, "key");
	copy_label(w, disk);
	xml_put(w->spec, "<backing xsi:type=\"");
	xml_put_text(w->spec, vim_type(b)[0] ? vim_type(b) : "VirtualDiskFlatVer2BackingInfo");
	xml_put(w->spec, "\">");
	xml_put_element(w->spec, "fileName", xml_text(b, "fileName"));
	xml_put_element(w->spec, "diskMode", xml_text(b, "diskMode")[0] ? xml_text(b, "diskMode") : "persistent");
	xml_put(w->spec, "</backing>");
	copy(w, disk, "controllerKey");
	copy(w, disk, "unitNumber");
	xml_put_number(w->spec, "capacityInKB", size);
	end_change(w);
}

/* store: name of a datastore, "" = the VM's.  Only the file's name is read for it; vCenter makes the rest of that. */
static void add_disk(struct work *w, const struct xml_node *like, int unit, int64_t size, int number, const char *store)
{
	begin_change(w, "add", true, "VirtualDisk");
	xml_put_number(w->spec, "key", -100 - number);
	xml_put(w->spec, "<backing xsi:type=\"VirtualDiskFlatVer2BackingInfo\"><fileName>");
	if (store[0]) {
		xml_put(w->spec, "[");
		xml_put_text(w->spec, store);
		xml_put(w->spec, "]");
	}
	xml_put(w->spec, "</fileName>");
	if (!store[0])
		vim_put_ref(w->spec, "datastore", &w->place->datastore);
	xml_put(w->spec, "<diskMode>persistent</diskMode><thinProvisioned>true</thinProvisioned></backing>");
	copy(w, like, "controllerKey");
	xml_put_number(w->spec, "unitNumber", unit);
	xml_put_number(w->spec, "capacityInKB", size);
	end_change(w);
}

static void used_units(const struct work *w, const struct xml_node *like, bool used[UNITS])
{
	const struct xml_node *d;
	int64_t unit;

	for (d = w->devices->first; d; d = d->next) {
		unit = xml_number(xml_text(d, "unitNumber"), -1);
		if (!strcmp(xml_text(d, "controllerKey"), xml_text(like, "controllerKey")) && unit >= 0 && unit < UNITS)
			used[unit] = true;
	}
	used[UNIT_OWN] = true;
}

static int count_disks(const struct xml_node *devices)
{
	const struct xml_node *d;
	int n = 0;

	for (d = devices ? devices->first : NULL; d; d = d->next)
		n += is_disk(d);
	return n;
}

static enum job_result bad_disk(struct work *w, yyjson_val *one, const char *what)
{
	return job_refuse(w->v->job, "disks: %s: %s", job_text(one, "name")[0] ? job_text(one, "name") : "disk", what);
}

/* The list of a profile on its way: the first disk of the VM, how many it has beside those of the template, the place in the list. */
struct disk_list {
	const struct xml_node *first;
	int have, number;
	bool used[UNITS];
};

/*
 * One disk of the profile.  Those beyond the template's are told apart by their order: how many (have) there are
 * already says how many of the list are done.
 */
static enum job_result one_disk(struct work *w, yyjson_val *one, const char *store, struct disk_list *d)
{
	int64_t size = job_number(one, "size", 0) * GIB_KIB;
	int unit = 0;

	if (size < 0 || size > DISK_MAX)
		return bad_disk(w, one, "a size is at most 62 TB");
	if (yyjson_is_true(yyjson_obj_get(one, "template"))) {
		if (size && size < disk_size(d->first))
			return bad_disk(w, one, "the disk of the template can grow, not shrink");
		if (size > disk_size(d->first))
			grow_disk(w, d->first, size);
		return JOB_INVALID;
	}
	if (!size)
		return bad_disk(w, one, "needs a size in GB");
	if (++d->number > DISKS_MAX)
		return bad_disk(w, one, "at most 7 disks beside the template's are possible");
	if (d->number <= d->have)
		return JOB_INVALID;
	while (unit < UNITS && d->used[unit])
		unit++;
	if (unit == UNITS)
		return bad_disk(w, one, "the template's controller has no free place");
	d->used[unit] = true;
	add_disk(w, d->first, unit, size, d->number, store);
	return JOB_INVALID;
}

static enum job_result disks(struct work *w)
{
	yyjson_val *list = yyjson_obj_get(yyjson_obj_get(w->v->job->input, "profile"), "disks"), *one;
	struct disk_list d = { .first = first_disk(w) };
	yyjson_arr_iter it = yyjson_arr_iter_with(list);
	enum job_result result = JOB_INVALID;

	if (!yyjson_arr_size(list))
		return JOB_INVALID;
	if (!d.first)
		return job_refuse(w->v->job, "disks: the template has no disk to put others beside");
	d.have = count_disks(w->devices) - w->template_disks;
	used_units(w, d.first, d.used);
	/* vsphere_place() has seen that there are not too many */
	for (size_t i = 0; !result && i < VSPHERE_DISKS && (one = yyjson_arr_iter_next(&it)); i++)
		result = one_disk(w, one, w->place->disk_stores[i], &d);
	return result;
}

/* ---- all of it ---- */

/* What the rest needs of other objects than the VM: each call replaces the answer of the one before. */
static enum vim_result look_around(struct work *w, struct xml_out *back, char *wanted, size_t cap)
{
	struct xml_node *objects;
	enum vim_result r = w->place->network.value[0] ? backing(w, back, wanted, cap) : VIM_DONE;

	if (r != VIM_DONE || !yyjson_arr_size(yyjson_obj_get(yyjson_obj_get(w->v->job->input, "profile"), "disks")))
		return r;
	r = vim_get(w->v, &w->place->template, "config.hardware.device", &objects);
	if (r == VIM_DONE)
		w->template_disks = count_disks(vim_property(objects, "config.hardware.device"));
	return r;
}

enum job_result vsphere_difference(struct vim *v, const struct vim_ref *vm, const struct vsphere_place *place, struct xml_out *spec)
{
	struct work w = { .v = v, .place = place, .spec = spec };
	struct xml_out back = XML_OUT_ZERO;
	char wanted[VSPHERE_NAME] = "";
	struct xml_node *objects;
	enum job_result result;
	enum vim_result r = look_around(&w, &back, wanted, sizeof wanted);

	if (r == VIM_DONE)
		r = vim_get(v, vm, "config.extraConfig config.annotation config.hardware.numCPU config.hardware.memoryMB"
			" config.hardware.device", &objects);
	if (r != VIM_DONE) {
		xml_out_free(&back);
		return vim_fail(v, r, "read the machine's configuration");
	}
	w.objects = objects;
	w.devices = vim_property(objects, "config.hardware.device");
	w.options = vim_property(objects, "config.extraConfig");
	/* in the order of the schema (VirtualMachineConfigSpec): annotation, processors, memory, devices, options */
	annotation(&w);
	numbers(&w);
	network(&w, find_device(&w, is_card), &back, wanted);
	result = disks(&w);
	options(&w);
	xml_out_free(&back);
	if (!result && spec->bad)
		result = job_fail(v->job, "out of memory");
	return result;
}
