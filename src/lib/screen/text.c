/* screen: text for output, and the lines others read. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "screen/screen.h"

void screen_text_clear(struct screen_text *t)
{
	t->len = 0;
	t->bytes[0] = 0;
}

void screen_text_add(struct screen_text *t, const char *fmt, ...)
{
	size_t left = sizeof t->bytes - t->len;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(t->bytes + t->len, left, fmt, ap);
	va_end(ap);
	if (n > 0)
		t->len += (size_t)n < left ? (size_t)n : left - 1;
}

void screen_clean(char *out, size_t size, const char *text)
{
	size_t i = 0;

	for (; text && text[i] && i + 1 < size; i++)
		out[i] = text[i] >= ' ' && text[i] <= '~' ? text[i] : '?';
	out[i] = 0;
}

/* "https://10.0.2.15/" or "https://[fd00::1]/". */
static void address_url(const char *address, char *url, size_t size)
{
	snprintf(url, size, strchr(address, ':') ? "https://[%s]/" : "https://%s/", address);
}

/* The console's address by name, unless it is one of the addresses. */
static void add_url(const struct screen_model *m, struct screen_text *t)
{
	char url[SCREEN_TEXT_MAX];

	for (unsigned i = 0; i < m->address_count; i++) {
		address_url(m->addresses[i], url, sizeof url);
		if (!strcmp(url, m->url))
			return;
	}
	if (m->url[0])
		screen_text_add(t, "Console: %s\n", m->url);
}

void screen_status(const struct screen_model *m, struct screen_text *t)
{
	char url[SCREEN_TEXT_MAX];

	screen_text_add(t, "%s %s%s\n", m->product, m->version, m->development ? " (development build)" : "");
	if (m->state[0])
		screen_text_add(t, "State: %s\n", m->state);
	for (unsigned i = 0; i < m->address_count; i++) {
		address_url(m->addresses[i], url, sizeof url);
		screen_text_add(t, "Address: %s\n", url);
	}
	if (m->address_count == 0)
		screen_text_add(t, "No network address yet: %s\n", m->is_static ? "see the static address in the menu" :
			"waiting for DHCP; a static one can be set in the menu");
	add_url(m, t);
	if (m->fingerprint[0])
		screen_text_add(t, "SHA-256 fingerprint: %s\n", m->fingerprint);
	if (m->setup_code[0])
		screen_text_add(t, "Setup code: %s\n", m->setup_code);
}

/* Those that run, or those that do not; how many there were. */
static unsigned add_services(const struct screen_model *m, struct screen_text *t, bool running, const char *before)
{
	unsigned n = 0;

	for (unsigned i = 0; i < m->service_count; i++) {
		if (m->services[i].running != running)
			continue;
		screen_text_add(t, "%s%s", n++ ? ", " : before, m->services[i].name);
		if (m->services[i].starts > 1)
			screen_text_add(t, " (started %lu times)", m->services[i].starts);
	}
	return n;
}

void screen_services(const struct screen_model *m, struct screen_text *t)
{
	unsigned up;

	screen_text_add(t, "Services:");
	if (m->service_count == 0)
		screen_text_add(t, " not known yet");
	up = add_services(m, t, true, " running: ");
	add_services(m, t, false, up ? "; DOWN: " : " DOWN: ");
	screen_text_add(t, "\n");
}
