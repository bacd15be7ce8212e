#include "init.h"

#include <errno.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* The kernel tells ACPI events on this generic netlink family (linux/drivers/acpi/event.c). */
#define FAMILY "acpi_event"
#define GROUP "acpi_mc_group"
#define EVENT_ATTRIBUTE 1
#define EVENT_CLASS "button/power"
#define MESSAGE_MAX 4096

struct attributes {
	const char *at;
	size_t left;
};

/* The next attribute, or NULL at the end or when the rest is malformed. */
static const struct nlattr *
attribute_next(struct attributes *a)
{
	const struct nlattr *n = (const void *)a->at;
	size_t step;

	if (a->left < NLA_HDRLEN || n->nla_len < NLA_HDRLEN || n->nla_len > a->left)
		return NULL;
	step = NLA_ALIGN(n->nla_len);
	if (step > a->left)
		step = a->left;
	a->at += step;
	a->left -= step;
	return n;
}

static const struct nlattr *
attribute_find(struct attributes a, unsigned type)
{
	const struct nlattr *n;

	while ((n = attribute_next(&a)))
		if ((n->nla_type & NLA_TYPE_MASK) == type)
			return n;
	return NULL;
}

static struct attributes
attribute_inside(const struct nlattr *n)
{
	return (struct attributes){ (const char *)n + NLA_HDRLEN, n->nla_len - (size_t)NLA_HDRLEN };
}

/* Receives one message of the kernel; its attributes, or nothing. */
static struct attributes
message(int fd, char *buf)
{
	struct attributes none = { buf, 0 };
	struct sockaddr_nl from;
	socklen_t len = sizeof from;
	ssize_t n = recvfrom(fd, buf, MESSAGE_MAX, 0, (struct sockaddr *)&from, &len);
	const struct nlmsghdr *h = (const void *)buf;
	size_t head = NLMSG_HDRLEN + GENL_HDRLEN;

	if (n < (ssize_t)head || from.nl_pid != 0 || h->nlmsg_len > (size_t)n || h->nlmsg_len < head
	    || h->nlmsg_type == NLMSG_ERROR)
		return none;
	return (struct attributes){ buf + head, h->nlmsg_len - head };
}

static int
family_ask(int fd)
{
	struct {
		struct nlmsghdr h;
		struct genlmsghdr g;
		struct nlattr a;
		char name[NLA_ALIGN(sizeof FAMILY)];
	} q = {
		.h = { .nlmsg_len = sizeof q, .nlmsg_type = GENL_ID_CTRL, .nlmsg_flags = NLM_F_REQUEST },
		.g = { .cmd = CTRL_CMD_GETFAMILY, .version = 1 },
		.a = { .nla_len = NLA_HDRLEN + sizeof FAMILY, .nla_type = CTRL_ATTR_FAMILY_NAME },
		.name = FAMILY,
	};

	return send(fd, &q, sizeof q, 0) == sizeof q ? 0 : -1;
}

/* The number of the family's multicast group, or 0. */
static unsigned
group_number(int fd)
{
	_Alignas(NLMSG_ALIGNTO) char buf[MESSAGE_MAX];
	struct attributes groups;
	const struct nlattr *n, *name, *id;
	unsigned number = 0;

	if (family_ask(fd) == -1)
		return 0;
	n = attribute_find(message(fd, buf), CTRL_ATTR_MCAST_GROUPS);
	if (!n)
		return 0;
	groups = attribute_inside(n);
	while (!number && (n = attribute_next(&groups))) {
		name = attribute_find(attribute_inside(n), CTRL_ATTR_MCAST_GRP_NAME);
		id = attribute_find(attribute_inside(n), CTRL_ATTR_MCAST_GRP_ID);
		if (name && id && id->nla_len >= NLA_HDRLEN + sizeof number && name->nla_len >= NLA_HDRLEN + sizeof GROUP
		    && memcmp((const char *)name + NLA_HDRLEN, GROUP, sizeof GROUP) == 0)
			memcpy(&number, (const char *)id + NLA_HDRLEN, sizeof number);
	}
	return number;
}

int
init_button_open(void)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	struct sockaddr_nl me = { .nl_family = AF_NETLINK };
	unsigned group;

	if (fd == -1)
		return -1;
	errno = ENOENT;
	if (bind(fd, (struct sockaddr *)&me, sizeof me) == 0 && (group = group_number(fd)) != 0
	    && setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof group) == 0)
		return fd;
	close(fd);
	errno = ENOENT;
	return -1;
}

int
init_button_pressed(int fd)
{
	_Alignas(NLMSG_ALIGNTO) char buf[MESSAGE_MAX];
	const struct nlattr *n = attribute_find(message(fd, buf), EVENT_ATTRIBUTE);

	return n && n->nla_len >= NLA_HDRLEN + sizeof EVENT_CLASS - 1
	    && memcmp((const char *)n + NLA_HDRLEN, EVENT_CLASS, sizeof EVENT_CLASS - 1) == 0;
}
