/* facts: the addresses and the host name, as core hears of them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "log/log.h"
#include "plat/clock.h"
#include "sysd.h"

#define FILE_NAME "facts.json"
/* Bytes of the file: every address and the name, with what JSON adds. */
#define FILE_BYTES (SYSD_ADDRESSES_MAX * (ADDR_TEXT_MAX + 4) + 256)

/* How the network is set, and the change on trial. */
static void network_text(char text[FACTS_NETWORK_MAX], const struct netconf *c)
{
	yyjson_mut_doc *d = yyjson_mut_doc_new(NULL);
	char until_text[PLAT_CLOCK_TEXT], *made;
	yyjson_mut_val *o, *trial;
	const char *change;
	int64_t until;

	if (!d)
		return;
	o = netconf_network(c, d);
	change = trial_change(&until);
	if (change) {
		plat_clock_text(until, until_text);
		trial = yyjson_mut_obj_add_obj(d, o, "trial");
		yyjson_mut_obj_add_strcpy(d, trial, "change", change);
		yyjson_mut_obj_add_strcpy(d, trial, "until", until_text);
	} else {
		yyjson_mut_obj_add_null(d, o, "trial");
	}
	made = yyjson_mut_val_write(o, 0, NULL);
	if (made && strlen(made) < FACTS_NETWORK_MAX)
		strcpy(text, made);
	free(made);
	yyjson_mut_doc_free(d);
}

void facts_now(struct facts *f, const struct netconf *c)
{
	const struct netlink_address *list;
	unsigned n = network_addresses(&list);

	memset(f, 0, sizeof *f);
	strcpy(f->hostname, c->hostname);
	network_text(f->network, c);
	for (unsigned i = 0; i < n && f->count < SYSD_ADDRESSES_MAX; i++)
		if (network_address_shown(&list[i]))
			f->addresses[f->count++] = list[i].prefix.addr;
}

static bool has(const struct facts *f, const struct addr *a)
{
	for (unsigned i = 0; i < f->count; i++)
		if (addr_equal(&f->addresses[i], a))
			return true;
	return false;
}

/* Every address of a in b, and the same name. */
static bool within(const struct facts *a, const struct facts *b)
{
	for (unsigned i = 0; i < a->count; i++)
		if (!has(b, &a->addresses[i]))
			return false;
	return !strcmp(a->hostname, b->hostname);
}

/* But for the network's settings, which are not kept. */
static bool same_kept(const struct facts *a, const struct facts *b)
{
	return within(a, b) && within(b, a);
}

bool facts_equal(const struct facts *a, const struct facts *b)
{
	return same_kept(a, b) && !strcmp(a->network, b->network);
}

bool facts_fewer(const struct facts *a, const struct facts *b)
{
	return within(a, b) && !within(b, a);
}

yyjson_mut_val *facts_value(const struct facts *f, yyjson_mut_doc *d)
{
	yyjson_mut_val *o = yyjson_mut_obj(d), *list = yyjson_mut_obj_add_arr(d, o, "addresses");
	char text[ADDR_TEXT_MAX];

	for (unsigned i = 0; i < f->count; i++) {
		addr_format(&f->addresses[i], text);
		yyjson_mut_arr_add_strcpy(d, list, text);
	}
	yyjson_mut_obj_add_strcpy(d, o, "hostname", f->hostname);
	if (f->network[0])
		yyjson_mut_obj_add_val(d, o, "network", yyjson_mut_rawcpy(d, f->network));
	return o;
}

static void read_value(struct facts *f, yyjson_val *o)
{
	const char *name = yyjson_get_str(yyjson_obj_get(o, "hostname")), *text;
	yyjson_val *v;
	size_t i, max;

	if (!name || !addr_hostname_valid(name))
		return;
	strcpy(f->hostname, name);
	yyjson_arr_foreach(yyjson_obj_get(o, "addresses"), i, max, v) {
		text = yyjson_get_str(v);
		if (text && f->count < SYSD_ADDRESSES_MAX && addr_parse(&f->addresses[f->count], text) == 0)
			f->count++;
	}
}

void facts_load(struct facts *f)
{
	static char buf[FILE_BYTES];
	ssize_t len = file_read(FILE_NAME, buf, sizeof buf);
	yyjson_doc *d;

	memset(f, 0, sizeof *f);
	if (len < 0) {
		if (errno != ENOENT)
			log_warn_errno("facts: cannot read " FILE_NAME);
		return;
	}
	d = yyjson_read(buf, (size_t)len, 0);
	read_value(f, yyjson_doc_get_root(d));
	yyjson_doc_free(d);
}

void facts_save(const struct facts *f)
{
	struct facts kept;
	yyjson_mut_doc *d;
	size_t len;
	char *text;

	facts_load(&kept);
	if (same_kept(&kept, f))
		return;
	d = yyjson_mut_doc_new(NULL);
	if (!d)
		return;
	yyjson_mut_doc_set_root(d, facts_value(f, d));
	text = yyjson_mut_write(d, 0, &len);
	/* without it the next start costs a certificate, no more */
	if (text && file_replace(FILE_NAME, text, len) < 0)
		log_warn_errno("facts: cannot write " FILE_NAME);
	free(text);
	yyjson_mut_doc_free(d);
}
