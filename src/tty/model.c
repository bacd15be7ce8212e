/* model: what core and sysd say, as the screen shows it. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "log/log.h"
#include "tty.h"

#define RELEASE "/etc/cam/release"
#define RELEASE_MAX 2048

static const char *text(yyjson_val *o, const char *key)
{
	const char *s = yyjson_get_str(yyjson_obj_get(o, key));

	return s ? s : "";
}

/* ---- release ---- */

static void take_release_line(struct screen_model *m, const char *line)
{
	if (!strncmp(line, "NAME=", 5))
		screen_clean(m->product, sizeof m->product, line + 5);
	else if (!strncmp(line, "VERSION=", 8))
		screen_clean(m->version, sizeof m->version, line + 8);
	else if (!strncmp(line, "DEVELOPMENT=", 12))
		m->development = strcmp(line + 12, "no") != 0;
}

void model_init(struct screen_model *m)
{
	char buf[RELEASE_MAX], *line, *rest = buf;
	int fd = open(RELEASE, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, buf, sizeof buf - 1);

	memset(m, 0, sizeof *m);
	strcpy(m->product, "CAM Dedicated Edition");
	strcpy(m->state, "starting");
	/* an image that does not say so is not taken for a release */
	m->development = true;
	if (n < 0)
		log_warn_errno("cannot read " RELEASE);
	if (fd >= 0)
		close(fd);
	if (n <= 0)
		return;
	buf[n] = 0;
	while ((line = strsep(&rest, "\n")))
		take_release_line(m, line);
}

/* ---- core ---- */

void model_take_core(struct screen_model *m, yyjson_val *body)
{
	const char *product = text(body, "product"), *version = text(body, "version");

	if (*product)
		screen_clean(m->product, sizeof m->product, product);
	if (*version)
		screen_clean(m->version, sizeof m->version, version);
	screen_clean(m->url, sizeof m->url, text(body, "url"));
	screen_clean(m->fingerprint, sizeof m->fingerprint, text(body, "fingerprint"));
	screen_clean(m->setup_code, sizeof m->setup_code, text(body, "setup_code"));
	screen_clean(m->state, sizeof m->state, text(body, "state"));
}

/* ---- sysd ---- */

static void take_address(struct screen_model *m, const char *prefix)
{
	struct addr_prefix p;

	if (m->address_count == SCREEN_ADDRESSES_MAX || addr_prefix_parse(&p, prefix) < 0)
		return;
	addr_format(&p.addr, m->addresses[m->address_count++]);
}

static void take_card(struct screen_model *m, yyjson_val *card)
{
	yyjson_val *v;
	size_t i, max;

	if (m->card_count < SCREEN_CARDS_MAX)
		screen_clean(m->cards[m->card_count++], sizeof m->cards[0], text(card, "name"));
	yyjson_arr_foreach(yyjson_obj_get(card, "addresses"), i, max, v)
		if (yyjson_is_str(v))
			take_address(m, yyjson_get_str(v));
}

static void take_service(struct screen_model *m, yyjson_val *service)
{
	unsigned n = m->service_count;

	if (n == SCREEN_SERVICES_MAX)
		return;
	screen_clean(m->services[n].name, sizeof m->services[n].name, text(service, "name"));
	m->services[n].running = yyjson_get_int(yyjson_obj_get(service, "pid")) > 0;
	m->services[n].starts = (unsigned long)yyjson_get_uint(yyjson_obj_get(service, "starts"));
	m->service_count++;
}

static void take_static(struct screen_model *m, yyjson_val *o)
{
	yyjson_val *dns = yyjson_obj_get(o, "dns");

	memset(&m->static_address, 0, sizeof m->static_address);
	memset(&m->static_router, 0, sizeof m->static_router);
	memset(m->static_dns, 0, sizeof m->static_dns);
	screen_clean(m->static_card, sizeof m->static_card, text(o, "interface"));
	addr_prefix_parse(&m->static_address, text(o, "address"));
	addr_parse(&m->static_router, text(o, "router"));
	for (size_t i = 0; i < 2; i++)
		if (yyjson_is_str(yyjson_arr_get(dns, i)))
			addr_parse(&m->static_dns[i], yyjson_get_str(yyjson_arr_get(dns, i)));
}

void model_take_sysd(struct screen_model *m, yyjson_val *state)
{
	yyjson_val *v;
	size_t i, max;

	m->address_count = 0;
	m->card_count = 0;
	m->service_count = 0;
	m->is_static = !strcmp(text(state, "mode"), "static");
	yyjson_arr_foreach(yyjson_obj_get(state, "interfaces"), i, max, v)
		take_card(m, v);
	yyjson_arr_foreach(yyjson_obj_get(state, "services"), i, max, v)
		take_service(m, v);
	take_static(m, yyjson_obj_get(state, "static"));
}
