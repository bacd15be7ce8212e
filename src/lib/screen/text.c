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

void screen_status(const struct screen_model *m, struct screen_text *t)
{
	screen_text_add(t, "%s %s%s\n", m->product, m->version, m->development ? " (development build)" : "");
	if (m->state[0])
		screen_text_add(t, "State: %s\n", m->state);
	for (unsigned i = 0; i < m->address_count; i++)
		screen_text_add(t, strchr(m->addresses[i], ':') ? "Address: https://[%s]/\n" : "Address: https://%s/\n",
			m->addresses[i]);
	if (m->address_count == 0)
		screen_text_add(t, "No network address yet: %s\n", m->is_static ? "see the static address in the menu" :
			"waiting for DHCP; a static one can be set in the menu");
	if (m->url[0])
		screen_text_add(t, "Console: %s\n", m->url);
	if (m->fingerprint[0])
		screen_text_add(t, "SHA-256 fingerprint: %s\n", m->fingerprint);
	if (m->setup_code[0])
		screen_text_add(t, "Setup code: %s\n", m->setup_code);
}

void screen_services(const struct screen_model *m, struct screen_text *t)
{
	screen_text_add(t, "Services:");
	for (unsigned i = 0; i < m->service_count; i++) {
		screen_text_add(t, " %s %s", m->services[i].name, m->services[i].running ? "running" : "DOWN");
		if (m->services[i].starts > 1)
			screen_text_add(t, " (started %lu times)", m->services[i].starts);
		screen_text_add(t, i + 1 < m->service_count ? "," : "");
	}
	screen_text_add(t, m->service_count ? "\n" : " not known yet\n");
}
