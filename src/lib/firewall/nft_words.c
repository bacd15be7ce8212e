/* firewall: words of nftables' language. */
#include <string.h>

#include "firewall/nft_words.h"

const struct nft_field_words *nft_field_words(enum nft_field f)
{
	static const struct nft_field_words words[] = {
		[NFT_F_UID] = { "uid", "meta skuid", NULL, "skuid" },
		[NFT_F_L4PROTO] = { "inet_proto", "meta l4proto", NULL, "l4proto" },
		[NFT_F_DPORT] = { "inet_service", "th dport", "th", "dport" },
		[NFT_F_ICMP_TYPE] = { "icmp_type", "icmp type", "icmp", "type" },
		[NFT_F_ICMP6_TYPE] = { "icmpv6_type", "icmpv6 type", "icmpv6", "type" },
		[NFT_F_SADDR4] = { "ipv4_addr", "ip saddr", "ip", "saddr" },
		[NFT_F_DADDR4] = { "ipv4_addr", "ip daddr", "ip", "daddr" },
		[NFT_F_SADDR6] = { "ipv6_addr", "ip6 saddr", "ip6", "saddr" },
		[NFT_F_DADDR6] = { "ipv6_addr", "ip6 daddr", "ip6", "daddr" },
		[NFT_F_SADDR6_NET] = { "ipv6_addr", "ip6 saddr & ffff:ffff:ffff:ffff::", "ip6", "saddr" },
		[NFT_F_CT_STATE] = { "ct_state", "ct state", NULL, "state" },
	};

	return &words[f];
}

/* The length of the prefix from first to last, or -1 when that is none. */
static int prefix_length(const uint8_t *first, const uint8_t *last, unsigned bytes)
{
	unsigned bits = bytes * 8, n = 0;

	while (n < bits && !((first[n / 8] ^ last[n / 8]) & (0x80 >> (n % 8))))
		n++;
	for (unsigned i = n; i < bits; i++)
		if ((first[i / 8] & (0x80 >> (i % 8))) || !(last[i / 8] & (0x80 >> (i % 8))))
			return -1;
	return (int)n;
}

static void address_text(const uint8_t *first, const uint8_t *last, unsigned bytes, char out[NFT_VALUE])
{
	struct addr a = { .family = bytes == 4 ? ADDR_V4 : ADDR_V6 }, b = a;
	int len = prefix_length(first, last, bytes);
	char x[ADDR_TEXT_MAX], y[ADDR_TEXT_MAX];

	memcpy(a.bytes, first, bytes);
	memcpy(b.bytes, last, bytes);
	addr_format(&a, x);
	addr_format(&b, y);
	if (len == (int)bytes * 8)
		snprintf(out, NFT_VALUE, "%s", x);
	else if (len >= 0)
		snprintf(out, NFT_VALUE, "%s/%d", x, len);
	else
		snprintf(out, NFT_VALUE, "%s-%s", x, y);
}

static const char *state_text(uint32_t state)
{
	return state == 1 ? "invalid" : state == 2 ? "established" : state == 4 ? "related" : "untracked";
}

void nft_value_text(const struct nft_set *s, unsigned i, const struct nft_element *e, char out[NFT_VALUE])
{
	const uint8_t *a = e->key + nft_key_offset(s, i), *b = e->end + nft_key_offset(s, i);
	unsigned bytes = nft_field_size(s->fields[i]), first, last;
	uint32_t whole;

	memcpy(&whole, a, sizeof whole);
	switch (s->fields[i]) {
	case NFT_F_UID:
		snprintf(out, NFT_VALUE, "%u", whole);
		return;
	case NFT_F_CT_STATE:
		snprintf(out, NFT_VALUE, "%s", state_text(whole));
		return;
	case NFT_F_L4PROTO:
		snprintf(out, NFT_VALUE, "%s", *a == 6 ? "tcp" : "udp");
		return;
	case NFT_F_DPORT:
		first = (unsigned)a[0] << 8 | a[1];
		last = (unsigned)b[0] << 8 | b[1];
		snprintf(out, NFT_VALUE, first == last ? "%u" : "%u-%u", first, last);
		return;
	case NFT_F_ICMP_TYPE:
	case NFT_F_ICMP6_TYPE:
		snprintf(out, NFT_VALUE, "%u", *a);
		return;
	default:
		address_text(a, b, bytes, out);
	}
}
