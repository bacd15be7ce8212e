/*
 * mnl: the functions of libmnl's interface that libnftnl and fwd call, ours, for a static
 * build: attributes (libmnl.h, netlink(7)).
 */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <string.h>

/* The length of a fixed type; 0 = any. */
static const size_t sizes[MNL_TYPE_MAX] = {
	[MNL_TYPE_U8] = 1, [MNL_TYPE_U16] = 2, [MNL_TYPE_U32] = 4, [MNL_TYPE_U64] = 8, [MNL_TYPE_MSECS] = 8,
};

uint16_t mnl_attr_get_type(const struct nlattr *a) { return a->nla_type & NLA_TYPE_MASK; }
uint16_t mnl_attr_get_payload_len(const struct nlattr *a) { return (uint16_t)(a->nla_len - MNL_ATTR_HDRLEN); }
void *mnl_attr_get_payload(const struct nlattr *a) { return (char *)a + MNL_ATTR_HDRLEN; }
const char *mnl_attr_get_str(const struct nlattr *a) { return mnl_attr_get_payload(a); }
uint8_t mnl_attr_get_u8(const struct nlattr *a) { return *(uint8_t *)mnl_attr_get_payload(a); }

#define GETTER(name, type) \
	type name(const struct nlattr *a) \
	{ \
		type v; \
\
		memcpy(&v, mnl_attr_get_payload(a), sizeof v); \
		return v; \
	}
GETTER(mnl_attr_get_u16, uint16_t)
GETTER(mnl_attr_get_u32, uint32_t)
GETTER(mnl_attr_get_u64, uint64_t)

bool mnl_attr_ok(const struct nlattr *a, int len)
{
	return len >= (int)sizeof *a && a->nla_len >= sizeof *a && a->nla_len <= len;
}

struct nlattr *mnl_attr_next(const struct nlattr *a)
{
	return (struct nlattr *)((char *)a + MNL_ALIGN(a->nla_len));
}

int mnl_attr_type_valid(const struct nlattr *a, uint16_t max)
{
	if (mnl_attr_get_type(a) <= max)
		return 1;
	errno = EOPNOTSUPP;
	return -1;
}

int mnl_attr_validate(const struct nlattr *a, enum mnl_attr_data_type type)
{
	size_t len = mnl_attr_get_payload_len(a);
	const char *p = mnl_attr_get_payload(a);

	if (type >= MNL_TYPE_MAX) {
		errno = EINVAL;
		return -1;
	}
	if (len >= sizes[type] && (type != MNL_TYPE_FLAG || len == 0) && (type != MNL_TYPE_STRING || len > 0) &&
			(type != MNL_TYPE_NUL_STRING || (len > 0 && p[len - 1] == 0)) &&
			(type != MNL_TYPE_NESTED || len == 0 || len >= MNL_ATTR_HDRLEN))
		return 0;
	errno = ERANGE;
	return -1;
}

static int each(const char *p, size_t len, mnl_attr_cb_t f, void *data)
{
	const struct nlattr *a = (const struct nlattr *)(const void *)p;
	int rc = MNL_CB_OK;

	while (rc > MNL_CB_STOP && mnl_attr_ok(a, (int)(p + len - (const char *)a))) {
		rc = f(a, data);
		a = mnl_attr_next(a);
	}
	return rc;
}

int mnl_attr_parse(const struct nlmsghdr *h, unsigned int offset, mnl_attr_cb_t f, void *data)
{
	size_t head = MNL_NLMSG_HDRLEN + MNL_ALIGN(offset);

	return h->nlmsg_len < head ? MNL_CB_OK : each((const char *)h + head, h->nlmsg_len - head, f, data);
}

int mnl_attr_parse_nested(const struct nlattr *nested, mnl_attr_cb_t f, void *data)
{
	return each(mnl_attr_get_payload(nested), mnl_attr_get_payload_len(nested), f, data);
}

/* ---- writing: who calls has room for it ---- */

static void *tail(struct nlmsghdr *h)
{
	return (char *)h + MNL_ALIGN(h->nlmsg_len);
}

void mnl_attr_put(struct nlmsghdr *h, uint16_t type, size_t len, const void *data)
{
	struct nlattr *a = tail(h);

	a->nla_type = type;
	a->nla_len = (uint16_t)(MNL_ATTR_HDRLEN + len);
	memset((char *)a + MNL_ATTR_HDRLEN, 0, MNL_ALIGN(len));
	memcpy(mnl_attr_get_payload(a), data, len);
	h->nlmsg_len += (uint32_t)(MNL_ATTR_HDRLEN + MNL_ALIGN(len));
}

void mnl_attr_put_u8(struct nlmsghdr *h, uint16_t type, uint8_t v) { mnl_attr_put(h, type, sizeof v, &v); }
void mnl_attr_put_u16(struct nlmsghdr *h, uint16_t type, uint16_t v) { mnl_attr_put(h, type, sizeof v, &v); }
void mnl_attr_put_u32(struct nlmsghdr *h, uint16_t type, uint32_t v) { mnl_attr_put(h, type, sizeof v, &v); }
void mnl_attr_put_u64(struct nlmsghdr *h, uint16_t type, uint64_t v) { mnl_attr_put(h, type, sizeof v, &v); }
void mnl_attr_put_str(struct nlmsghdr *h, uint16_t type, const char *s) { mnl_attr_put(h, type, strlen(s), s); }
void mnl_attr_put_strz(struct nlmsghdr *h, uint16_t type, const char *s) { mnl_attr_put(h, type, strlen(s) + 1, s); }

struct nlattr *mnl_attr_nest_start(struct nlmsghdr *h, uint16_t type)
{
	struct nlattr *a = tail(h);

	a->nla_type = NLA_F_NESTED | type;
	h->nlmsg_len += MNL_ATTR_HDRLEN;
	return a;
}

void mnl_attr_nest_end(struct nlmsghdr *h, struct nlattr *a)
{
	a->nla_len = (uint16_t)((char *)tail(h) - (char *)a);
}
