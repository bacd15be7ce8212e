/* netlink: building and walking messages. */
#include <string.h>

#include "log/log.h"
#include "netlink/netlink_int.h"

void netlink_request_add(struct netlink_request *r, uint16_t type, const void *data, size_t len)
{
	struct nlmsghdr h;
	struct nlattr a = { .nla_len = (uint16_t)(NLA_HDRLEN + len), .nla_type = type };

	memcpy(&h, r->bytes, sizeof h);
	if (h.nlmsg_len + NLA_HDRLEN + NLA_ALIGN(len) > sizeof r->bytes)
		log_bug("netlink request too long");
	memcpy(r->bytes + h.nlmsg_len, &a, sizeof a);
	if (len)
		memcpy(r->bytes + h.nlmsg_len + NLA_HDRLEN, data, len);
	h.nlmsg_len += (uint32_t)(NLA_HDRLEN + NLA_ALIGN(len));
	memcpy(r->bytes, &h, sizeof h);
}

void netlink_request_add_addr(struct netlink_request *r, uint16_t type, const struct addr *a)
{
	netlink_request_add(r, type, a->bytes, addr_size(a->family));
}

void netlink_request_begin(struct netlink_request *r, uint16_t type, uint16_t flags,
	const void *header, size_t len)
{
	struct nlmsghdr h = {
		.nlmsg_len = (uint32_t)(NLMSG_HDRLEN + NLMSG_ALIGN(len)),
		.nlmsg_type = type,
		.nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags)
	};

	if (h.nlmsg_len > sizeof r->bytes)
		log_bug("netlink header too long");
	memset(r, 0, sizeof *r);
	memcpy(r->bytes, &h, sizeof h);
	memcpy(r->bytes + NLMSG_HDRLEN, header, len);
}

bool netlink_body(const void *msg, size_t len, uint16_t type, void *header, size_t fixed,
	struct netlink_attrs *attrs)
{
	struct nlmsghdr h;
	size_t start = NLMSG_HDRLEN + NLMSG_ALIGN(fixed);

	if (len < sizeof h)
		return false;
	memcpy(&h, msg, sizeof h);
	if (h.nlmsg_type != type || h.nlmsg_len > len || h.nlmsg_len < NLMSG_HDRLEN + fixed)
		return false;
	memcpy(header, (const uint8_t *)msg + NLMSG_HDRLEN, fixed);
	attrs->p = (const uint8_t *)msg + start;
	attrs->left = h.nlmsg_len > start ? h.nlmsg_len - start : 0;
	return true;
}

bool netlink_attr_next(struct netlink_attrs *attrs, struct netlink_attr *a)
{
	struct nlattr h;
	size_t step;

	if (attrs->left < sizeof h)
		return false;
	memcpy(&h, attrs->p, sizeof h);
	if (h.nla_len < NLA_HDRLEN || h.nla_len > attrs->left)
		return false;
	a->type = h.nla_type & NLA_TYPE_MASK;
	a->data = attrs->p + NLA_HDRLEN;
	a->len = (size_t)h.nla_len - NLA_HDRLEN;
	step = NLA_ALIGN(h.nla_len);
	if (step > attrs->left)
		step = attrs->left;
	attrs->p += step;
	attrs->left -= step;
	return true;
}

struct netlink_attrs netlink_attr_nest(const struct netlink_attr *a)
{
	return (struct netlink_attrs){ .p = a->data, .left = a->len };
}

uint32_t netlink_attr_u32(const struct netlink_attr *a, uint32_t fallback)
{
	uint32_t value;

	if (a->len != sizeof value)
		return fallback;
	memcpy(&value, a->data, sizeof value);
	return value;
}

bool netlink_attr_addr(const struct netlink_attr *a, enum addr_family family, struct addr *out)
{
	struct addr result = { .family = family };

	if (a->len != addr_size(family) || a->len == 0)
		return false;
	memcpy(result.bytes, a->data, a->len);
	*out = result;
	return true;
}

bool netlink_attr_is(const struct netlink_attr *a, const char *text)
{
	size_t n = strlen(text);

	return (a->len == n || (a->len == n + 1 && a->data[n] == 0)) && !memcmp(a->data, text, n);
}

void netlink_each(const uint8_t *p, size_t len, void (*f)(const void *msg, size_t len, void *arg), void *arg)
{
	struct nlmsghdr h;

	while (len >= sizeof h) {
		memcpy(&h, p, sizeof h);
		if (h.nlmsg_len < sizeof h || h.nlmsg_len > len)
			return;
		f(p, h.nlmsg_len, arg);
		if (NLMSG_ALIGN(h.nlmsg_len) >= len)
			return;
		p += NLMSG_ALIGN(h.nlmsg_len);
		len -= NLMSG_ALIGN(h.nlmsg_len);
	}
}
