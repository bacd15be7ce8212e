#include <stdio.h>
#include <string.h>

#include "personal.h"

void personal_id(struct db *db, const char *email, char out[OBJECT_ID])
{
	char local[OBJECT_ID];

	snprintf(local, sizeof local, "%.*s", (int)strcspn(email, "@"), email);
	object_id_slug(db, local, out);
}

void personal_new(struct db *db, const char *id, const char *email, const char *name, const char *last_name,
	const char *organization, const char *costcenter)
{
	static const char *const empty[] = { "email_validated_at", "last_login", "saml_id", "clc_username" };
	static const char *const no[] = {
		"add_provider", "deploy_instance", "take_tour", "billing_notice", "dashboard_notice", "support_user_created",
	};
	static const char *const lists[] = { "favorites", "group_dns", "members" };
	struct object o;

	object_new(&o, OBJECT_WORKSPACE, id, "http://elasticbox.net/schemas/workspaces/personal");
	snprintf(o.owner, sizeof o.owner, "%s", id);
	snprintf(o.organization, sizeof o.organization, "%s", organization);
	snprintf(o.parent, sizeof o.parent, "%s", costcenter);
	object_set(&o, "type", "personal");
	object_set(&o, "name", name);
	object_set(&o, "last_name", last_name);
	object_set(&o, "email", email);
	object_set(&o, "icon", "");
	object_set(&o, "organization", organization);
	object_set(&o, "costcenter", costcenter);
	for (size_t i = 0; i < sizeof empty / sizeof empty[0]; i++)
		object_set(&o, empty[i], NULL);
	for (size_t i = 0; i < sizeof no / sizeof no[0]; i++)
		yyjson_mut_obj_add_bool(o.doc, o.doc->root, no[i], false);
	for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
		yyjson_mut_obj_add_arr(o.doc, o.doc->root, lists[i]);
	object_put(db, &o);
	object_free(&o);
}
