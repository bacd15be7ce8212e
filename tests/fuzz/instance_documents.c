/* Any JSON as lease, tags, members, and as variable, target and service of a binding: no crash; what
 * a check refuses has a sentence; a date that is taken comes back as it was written. */
/* with: core/instance_check.c core/instance_bindings.c core/lifecycle.c */
#include <stdlib.h>
#include <string.h>

#include "core/instance.h"
#include "plat/clock.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void refused_with_words(int result, const char *message)
{
	if (result && (!message[0] || message[strlen(message) - 1] != '.'))
		abort();
}

static void check_date(const char *text)
{
	int64_t at = instance_date_read(text);
	char again[OBJECT_DATE];

	if (at < 0)
		return;
	plat_clock_text(at, again);
	if (instance_date_read(again) != at || strncmp(text, again, 10) != 0)
		abort();
}

static void check_binding(yyjson_val *root)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *all = yyjson_val_mut_copy(doc, root);
	yyjson_mut_val *variable = yyjson_mut_obj_get(all, "variable"), *target = yyjson_mut_obj_get(all, "target");

	/* What has no address is never found. */
	if (binding_matches("w", variable, target, NULL))
		abort();
	binding_matches("w", variable, target, yyjson_mut_obj_get(all, "service"));
	yyjson_mut_doc_free(doc);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	yyjson_doc *doc = yyjson_read((const char *)data, size, 0);
	yyjson_val *root = yyjson_doc_get_root(doc);
	char message[INSTANCE_MESSAGE] = "";
	char text[64] = "";

	memcpy(text, data, size < sizeof text - 1 ? size : sizeof text - 1);
	check_date(text);
	refused_with_words(instance_lease_check(root, "", 0, message), message);
	message[0] = 0;
	refused_with_words(instance_tags_check(root, "tags", message), message);
	message[0] = 0;
	refused_with_words(instance_members_check(root, message), message);
	if (yyjson_is_obj(root))
		check_binding(root);
	yyjson_doc_free(doc);
	return 0;
}
