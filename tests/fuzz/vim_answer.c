/* Any bytes as the answer of a vCenter, kept whole or read object by object: a result with its sentence, no crash. */
/* with: cloud/all.c */
#include <stdlib.h>
#include <string.h>

#include "cloud/vsphere.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look(const struct xml_node *object)
{
	struct vim_ref ref;
	struct xml_node *val;

	vim_ref_read(&ref, xml_child(object, "obj"));
	val = vim_property(object, "config.extraConfig");
	vsphere_option(val, VSPHERE_KEY);
	xml_number(vim_property_text(object, "config.hardware.numCPU"), 0);
	vim_type(val);
}

static int record(struct xml_node *object, void *arg)
{
	(void)arg;
	look(object);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct xml_limits limits = XML_LIMITS_ANSWER;
	static struct vim v;
	struct xml_node *out = NULL;
	enum vim_result r;

	if (size < 1 || size > 65536)
		return 0;
	memset(&v, 0, sizeof v);
	strcpy(v.host, "host");
	v.answer = xml_open(&limits, data[0] & 1 ? "objects" : NULL, record, NULL);
	xml_feed(v.answer, data + 1, size - 1);
	r = vim_read(&v, data[0] & 2 ? 500 : 200, &out);
	if (r != VIM_DONE && r != VIM_FAULT && !v.why[0])
		abort();
	if (r == VIM_DONE)
		look(xml_path(out, "returnval/objects"));
	xml_close(v.answer);
	return 0;
}
