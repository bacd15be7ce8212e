/* Which instances a Binding variable finds. */
#include <string.h>

#include "instance.h"

#define ANY_BOX "AnyBox"

static const char *text(yyjson_mut_val *object, const char *name)
{
	const char *s = yyjson_mut_get_str(yyjson_mut_obj_get(object, name));

	return s ? s : "";
}

static bool shared_with(const char *workspace, yyjson_mut_val *target)
{
	yyjson_mut_arr_iter it = yyjson_mut_arr_iter_with(yyjson_mut_obj_get(target, "members"));
	yyjson_mut_val *m;

	if (!strcmp(text(target, "owner"), workspace))
		return true;
	while ((m = yyjson_mut_arr_iter_next(&it)))
		if (!strcmp(text(m, "workspace"), workspace) ||
				(strcmp(text(m, "type"), "ldap") && !strcmp(text(m, "id"), workspace)))
			return true;
	return false;
}

static bool has_address(yyjson_mut_val *of)
{
	yyjson_mut_val *address = yyjson_mut_obj_get(of, "address");

	return text(address, "public")[0] || text(address, "private")[0] || text(of, "address")[0];
}

/* Connection data: an address of a machine or of the service itself. */
static bool connects(yyjson_mut_val *service)
{
	yyjson_mut_arr_iter it = yyjson_mut_arr_iter_with(yyjson_mut_obj_get(service, "machines"));
	yyjson_mut_val *m;

	if (has_address(service))
		return true;
	while ((m = yyjson_mut_arr_iter_next(&it)))
		if (has_address(m))
			return true;
	return false;
}

static bool gone(yyjson_mut_val *target)
{
	enum life_situation s = life_situation(life_state_of(text(target, "state")),
		life_event_of(text(yyjson_mut_obj_get(target, "operation"), "event")));

	return s == LIFE_TERMINATED || s == LIFE_REMOVING || s == LIFE_NOWHERE;
}

/* The type of a box is the box itself: its draft, or any version of it. */
static bool contains(yyjson_mut_val *target, const char *type)
{
	yyjson_mut_arr_iter it = yyjson_mut_arr_iter_with(yyjson_mut_obj_get(target, "boxes"));
	yyjson_mut_val *box;

	if (!strcmp(type, ANY_BOX) || !strcmp(text(target, "box"), type))
		return true;
	while ((box = yyjson_mut_arr_iter_next(&it)))
		if (!strcmp(text(box, "id"), type) || !strcmp(text(yyjson_mut_obj_get(box, "version"), "box"), type))
			return true;
	return false;
}

bool binding_matches(const char *workspace, yyjson_mut_val *variable, yyjson_mut_val *target, yyjson_mut_val *service)
{
	const char *type = text(variable, "value");

	/* Nothing was chosen: it finds nothing. */
	return type[0] && shared_with(workspace, target) && !gone(target) && contains(target, type) && connects(service) &&
		instance_tags_cover(yyjson_mut_obj_get(target, "tags"), yyjson_mut_obj_get(variable, "tags"));
}

/* Has the instance a variable of its own in place of this one of a box?  Those of a box within
 * the main one are named with a scope. */
static bool overridden(yyjson_mut_val *own, yyjson_mut_val *like, bool nested)
{
	yyjson_mut_arr_iter it = yyjson_mut_arr_iter_with(own);
	yyjson_mut_val *v;

	while ((v = yyjson_mut_arr_iter_next(&it)))
		if (!strcmp(text(v, "name"), text(like, "name")) &&
				(nested ? text(v, "scope")[0] != 0 : !strcmp(text(v, "scope"), text(like, "scope"))))
			return true;
	return false;
}

static bool is_binding(yyjson_mut_val *variable)
{
	return !strcmp(text(variable, "type"), "Binding");
}

void binding_variables(yyjson_mut_val *instance, void (*each)(yyjson_mut_val *variable, void *arg), void *arg)
{
	yyjson_mut_val *own = yyjson_mut_obj_get(instance, "variables"), *box, *v;
	yyjson_mut_arr_iter boxes = yyjson_mut_arr_iter_with(yyjson_mut_obj_get(instance, "boxes"));
	yyjson_mut_arr_iter it = yyjson_mut_arr_iter_with(own);

	while ((v = yyjson_mut_arr_iter_next(&it)))
		if (is_binding(v))
			each(v, arg);
	for (bool nested = false; (box = yyjson_mut_arr_iter_next(&boxes)); nested = true) {
		it = yyjson_mut_arr_iter_with(yyjson_mut_obj_get(box, "variables"));
		while ((v = yyjson_mut_arr_iter_next(&it)))
			if (is_binding(v) && !overridden(own, v, nested))
				each(v, arg);
	}
}
