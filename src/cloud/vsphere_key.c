/* vsphere: which VM is the one of a key. */
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "cloud/vsphere.h"

void vsphere_uuid(const char *key, char out[VSPHERE_UUID])
{
	uint8_t h[crypto_hash_sha256_BYTES];

	crypto_hash_sha256(h, (const uint8_t *)key, strlen(key));
	snprintf(out, VSPHERE_UUID, VSPHERE_UUID_PREFIX "%02x%02x-8%01x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", h[0], h[1],
		h[2] & 0x0f, h[3], 0x80 | (h[4] & 0x3f), h[5], h[6], h[7], h[8], h[9], h[10], h[11]);
}

/* The last one counts: some servers append what they should replace. */
const char *vsphere_option(const struct xml_node *options, const char *name)
{
	const struct xml_node *o;
	const char *value = "";

	for (o = options ? options->first : NULL; o; o = o->next)
		if (!strcmp(xml_text(o, "key"), name))
			value = xml_text(o, "value");
	return value;
}

void vsphere_put_option(struct xml_out *o, const char *key, const char *value)
{
	xml_put(o, "<extraConfig>");
	xml_put_element(o, "key", key);
	xml_put(o, "<value xsi:type=\"xsd:string\">");
	xml_put_text(o, value);
	xml_put(o, "</value></extraConfig>");
}

enum vim_result vsphere_key_of(struct vim *v, const struct vim_ref *vm, char key[JOB_KEY])
{
	struct xml_node *o;
	enum vim_result r = vim_get(v, vm, "config.extraConfig", &o);

	key[0] = 0;
	if (r == VIM_DONE)
		snprintf(key, JOB_KEY, "%s", vsphere_option(vim_property(o, "config.extraConfig"), VSPHERE_KEY));
	return r;
}

/* Clears vm unless it carries the key.  One that is gone does not. */
static enum vim_result keep_if(struct vim *v, const char *key, struct vim_ref *vm)
{
	char has[JOB_KEY];
	enum vim_result r;

	if (!vm->value[0])
		return VIM_DONE;
	r = vsphere_key_of(v, vm, has);
	if (r == VIM_DONE && !strcmp(has, key))
		return VIM_DONE;
	if (r == VIM_DONE || vim_is_fault(v, r, "ManagedObjectNotFound")) {
		vm->value[0] = 0;
		return VIM_DONE;
	}
	return r;
}

static enum vim_result by_uuid(struct vim *v, const char *key, struct vim_ref *vm)
{
	struct xml_out args = XML_OUT_ZERO;
	struct xml_node *answer = NULL;
	enum vim_result r = VIM_LOST;
	char uuid[VSPHERE_UUID];

	vsphere_uuid(key, uuid);
	xml_put_element(&args, "uuid", uuid);
	xml_put_element(&args, "vmSearch", "true");
	xml_put_element(&args, "instanceUuid", "true");
	if (!args.bad)
		r = vim_call(v, "FindByUuid", &v->search, args.text, true, &answer);
	xml_out_free(&args);
	if (r != VIM_DONE)
		return r;
	vim_ref_read(vm, xml_child(answer, "returnval"));
	return keep_if(v, key, vm);
}

enum vim_result vsphere_child(struct vim *v, const struct vim_ref *folder, const char *name, struct vim_ref *ref)
{
	struct xml_out args = XML_OUT_ZERO;
	struct xml_node *answer = NULL;
	enum vim_result r = VIM_LOST;

	vim_put_ref(&args, "entity", folder);
	xml_put_element(&args, "name", name);
	if (!args.bad)
		r = vim_call(v, "FindChild", &v->search, args.text, true, &answer);
	xml_out_free(&args);
	if (r == VIM_DONE)
		vim_ref_read(ref, xml_child(answer, "returnval"));
	return r;
}

/* A VM has no configuration until its clone is complete; one whose host is away has none to show either. */
static enum vim_result look_whether_formed(struct vim *v, const struct vim_ref *vm, enum vsphere_name *whose)
{
	struct xml_node *o;
	enum vim_result r = vim_get(v, vm, "config.name runtime.connectionState", &o);

	if (r == VIM_DONE && !vim_property(o, "config.name") && !strcmp(vim_property_text(o, "runtime.connectionState"), "connected"))
		*whose = VSPHERE_FORMING;
	if (!vim_is_fault(v, r, "ManagedObjectNotFound"))
		return r;
	*whose = VSPHERE_FREE;
	return VIM_DONE;
}

static enum vim_result by_name(struct vim *v, const char *key, const struct vim_ref *folder, const char *name, struct vim_ref *vm,
	enum vsphere_name *whose)
{
	enum vim_result r = vsphere_child(v, folder, name, vm);
	struct vim_ref there;

	if (r != VIM_DONE || !vm->value[0])
		return r;
	*whose = VSPHERE_TAKEN;
	there = *vm;
	if (strcmp(vm->type, "VirtualMachine") != 0)
		vm->value[0] = 0;
	r = keep_if(v, key, vm);
	if (vm->value[0])
		*whose = VSPHERE_FREE;
	else if (r == VIM_DONE && !strcmp(there.type, "VirtualMachine"))
		r = look_whether_formed(v, &there, whose);
	return r;
}

enum vim_result vsphere_find(struct vim *v, const char *key, const char *hint, const struct vim_ref *folder, const char *name,
	struct vim_ref *vm, enum vsphere_name *whose)
{
	enum vsphere_name of = VSPHERE_FREE;
	enum vim_result r;

	vim_ref_set(vm, "VirtualMachine", hint);
	r = keep_if(v, key, vm);
	if (r == VIM_DONE && !vm->value[0])
		r = by_uuid(v, key, vm);
	if (r == VIM_DONE && !vm->value[0] && folder && folder->value[0] && name[0])
		r = by_name(v, key, folder, name, vm, &of);
	if (whose)
		*whose = of;
	return r;
}
