/* addr: host and interface names. */
#include <string.h>

#include "addr/addr.h"

static bool alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool label_valid(const char *label, size_t n)
{
	if (n == 0 || n > ADDR_LABEL_MAX || !alnum(label[0]) || !alnum(label[n - 1]))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!alnum(label[i]) && label[i] != '-')
			return false;
	return true;
}

static bool name_valid_within(const char *name, size_t max)
{
	size_t n = 0;

	if (strnlen(name, max + 1) > max)
		return false;
	for (;; name += n + 1) {
		n = strcspn(name, ".");
		if (!label_valid(name, n))
			return false;
		if (!name[n])
			return strspn(name, "0123456789") != n;
	}
}

bool addr_name_valid(const char *name)
{
	return name_valid_within(name, ADDR_NAME_MAX);
}

bool addr_hostname_valid(const char *name)
{
	return name_valid_within(name, ADDR_HOSTNAME_MAX);
}

bool addr_interface_valid(const char *name)
{
	size_t n = strnlen(name, 16);

	if (n == 0 || n > 15 || name[0] == '.' || name[0] == '-')
		return false;
	for (size_t i = 0; i < n; i++)
		if (!alnum(name[i]) && !strchr("-_.", name[i]))
			return false;
	return true;
}

bool addr_server_valid(const char *text)
{
	struct addr a;

	if (addr_parse(&a, text) == 0)
		return addr_is_host(&a);
	return addr_name_valid(text);
}
