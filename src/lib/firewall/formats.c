/* firewall: the list of formats; a new one is a file and a line here. */
#include <string.h>

#include "firewall/formats.h"

extern const struct fw_format fw_format_nft, fw_format_nft_json, fw_format_iptables, fw_format_ip6tables,
	fw_format_firewalld, fw_format_ufw, fw_format_aws, fw_format_azure, fw_format_heat, fw_format_windows, fw_format_csv,
	fw_format_markdown, fw_format_svg, fw_format_google, fw_format_nsxt, fw_format_asa, fw_format_fortigate,
	fw_format_paloalto, fw_format_pf;

static const struct fw_format *const formats[] = {
	&fw_format_nft,
	&fw_format_nft_json,
	&fw_format_iptables,
	&fw_format_ip6tables,
	&fw_format_firewalld,
	&fw_format_ufw,
	&fw_format_aws,
	&fw_format_azure,
	&fw_format_heat,
	&fw_format_windows,
	&fw_format_csv,
	&fw_format_markdown,
	&fw_format_svg,
	&fw_format_google,
	&fw_format_nsxt,
	&fw_format_asa,
	&fw_format_fortigate,
	&fw_format_paloalto,
	&fw_format_pf,
};

const struct fw_format *fw_format_at(unsigned i)
{
	return i < sizeof formats / sizeof formats[0] ? formats[i] : NULL;
}

const struct fw_format *fw_format_by_name(const char *name)
{
	for (unsigned i = 0; i < sizeof formats / sizeof formats[0]; i++)
		if (!strcmp(formats[i]->name, name))
			return formats[i];
	return NULL;
}

const char *fw_check_text(enum fw_check c)
{
	static const char *const text[] = { "", "by its consumer", "by its published schema", "by eye", "not checked by a consumer" };

	return text[c];
}

const char *fw_protocol_name(enum fw_protocol p)
{
	static const char *const names[] = { "", "tcp", "udp", "icmp", "icmp6", "other" };

	return names[p];
}

const char *fw_direction_name(enum fw_direction d)
{
	static const char *const names[] = { "", "in", "out" };

	return names[d];
}

void fw_ranges_text(const struct fw_range *r, unsigned count, const char *between, char *out, size_t size)
{
	size_t n = 0;

	out[0] = 0;
	for (unsigned i = 0; i < count && n < size; i++) {
		n += (size_t)snprintf(out + n, size - n, "%s%u", i ? "," : "", r[i].first);
		if (r[i].last != r[i].first && n < size)
			n += (size_t)snprintf(out + n, size - n, "%s%u", between, r[i].last);
	}
}

void fw_head(const struct fw_policy *p, FILE *out, const char *comment)
{
	const struct fw_word *profile = &p->tables->profiles[p->profile];

	fprintf(out, "%s%s (profile %s)\n", comment, profile->text, profile->name);
	fprintf(out, "%sMade by camfw from the port tables of CAM Dedicated Edition; do not edit, generate it again.\n", comment);
}

const char *fw_peer_text(const struct fw_policy *p, const struct fw_line *l)
{
	return p->tables->peers[l->rule->peer].text;
}

static bool has_prefix(const struct fw_line *l, const struct addr_prefix *x, bool any)
{
	if (any || !l->peers.count)
		return any && !l->peers.count;
	for (unsigned i = 0; i < l->peers.count; i++)
		if (addr_prefix_equal(&l->peers.list[i], x))
			return true;
	return false;
}

/* Has a line before this one the same range and address?  Clouds refuse to be told twice. */
static bool told(const struct fw_policy *p, const struct fw_line *line, struct fw_range range, const struct addr_prefix *x, bool any)
{
	for (const struct fw_line *l = p->lines; l < line; l++) {
		if (l->rule->direction != line->rule->direction || l->rule->protocol != line->rule->protocol)
			continue;
		for (unsigned k = 0; k < l->rule->range_count; k++)
			if (l->rule->ranges[k].first == range.first && l->rule->ranges[k].last == range.last && has_prefix(l, x, any))
				return true;
	}
	return false;
}

static void each_address(const struct fw_policy *p, struct fw_flat *f, const struct addr_prefix *x, fw_flat_fn *fn, void *arg)
{
	if (told(p, f->line, f->range, x, !f->line->peers.count))
		return;
	f->prefix = *x;
	addr_prefix_format(x, f->address);
	f->n++;
	fn(f, arg);
}

void fw_each(const struct fw_policy *p, fw_flat_fn *fn, void *arg)
{
	static const struct addr_prefix all[2] = { { .addr.family = ADDR_V4 }, { .addr.family = ADDR_V6 } };
	struct fw_flat f = { .n = 0 };

	for (unsigned i = 0; i < p->count; i++) {
		const struct fw_line *l = &p->lines[i];

		f.line = l;
		for (unsigned k = 0; k < l->rule->range_count; k++) {
			f.range = l->rule->ranges[k];
			for (unsigned a = 0; a < l->peers.count; a++)
				each_address(p, &f, &l->peers.list[a], fn, arg);
			if (!l->peers.count && l->rule->protocol != FW_ICMP6)
				each_address(p, &f, &all[0], fn, arg);
			if (!l->peers.count && l->rule->protocol != FW_ICMP)
				each_address(p, &f, &all[1], fn, arg);
		}
	}
}
