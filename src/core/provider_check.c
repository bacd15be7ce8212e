/* Types of providers and what each needs. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "instance.h"
#include "provider.h"
#include "form/form.h"
#include "schema/schema.h"

#define NAME_MAX_ 128
#define FIELD_MAX_ 4096

const char *const provider_secrets[] = {
	"password", "secret", "credentials", "private_key", "api_key", "key_secret", "client_secret", "certificate", "token",
	NULL
};

static int refuse(char *message, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static int refuse(char *message, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(message, PROVIDER_MESSAGE, fmt, ap);
	va_end(ap);
	return -1;
}

const char *provider_schema(const char *type)
{
	const struct form *f = form_of(type);

	return f ? f->schema : NULL;
}

static int check_text(yyjson_val *args, const char *name, size_t max, bool required, char *message)
{
	yyjson_val *v = yyjson_obj_get(args, name);
	size_t n = yyjson_get_len(v);

	if (!v || yyjson_is_null(v))
		return required ? refuse(message, "%s: is missing.", name) : 0;
	if (!yyjson_is_str(v))
		return refuse(message, "%s: must be a string.", name);
	if (required && !n)
		return refuse(message, "%s: must not be empty.", name);
	if (schema_characters(yyjson_get_str(v), n) > max)
		return refuse(message, "%s: at most %zu characters are accepted.", name, max);
	return 0;
}

static int check_secrets(yyjson_val *args, char *message)
{
	for (size_t i = 0; provider_secrets[i]; i++)
		if (check_text(args, provider_secrets[i], FIELD_MAX_, false, message))
			return -1;
	return 0;
}

int provider_check(yyjson_val *args, char message[PROVIDER_MESSAGE])
{
	const char *type = yyjson_get_str(yyjson_obj_get(args, "type"));
	const char *schema = yyjson_get_str(yyjson_obj_get(args, "schema"));

	if (check_text(args, "type", NAME_MAX_, true, message) || check_text(args, "name", NAME_MAX_, true, message) ||
			check_text(args, "description", INSTANCE_DESCRIPTION_MAX, false, message) ||
			check_text(args, "icon", FIELD_MAX_, false, message))
		return -1;
	if (!provider_schema(type) && !(schema && !strncmp(schema, SCHEMAS, sizeof SCHEMAS - 1)))
		return refuse(message, "schema: is missing, and the type is not one that is known here.");
	return (form_of(type) && form_check(form_of(type)->registration, args, message)) || check_secrets(args, message) ||
		instance_members_check(yyjson_obj_get(args, "members"), message) ? -1 : 0;
}
