/* fwd: dropped packets, as the kernel's rules log some of them (nfnetlink_log). */
#include <errno.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_log.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fwd.h"
#include "log/log.h"
#include "netlink/netlink_int.h"
#include "plat/clock.h"

/* Those that are remembered. */
#define KEPT 32
/* Bytes of each that the kernel hands over: both headers. */
#define SNAP 128

static struct {
	struct drop ring[KEPT];
	unsigned next, count;
	ev_io io;
} the;

/* ---- one packet ---- */

static void read_ports(struct drop *d, const uint8_t *p, size_t len)
{
	if (len < 4)
		return;
	if (d->protocol == 1 || d->protocol == 58) {
		d->sport = p[0];
		d->dport = p[1];
	} else if (d->protocol == 6 || d->protocol == 17) {
		d->sport = (uint16_t)(p[0] << 8 | p[1]);
		d->dport = (uint16_t)(p[2] << 8 | p[3]);
	}
}

static bool read_packet(struct drop *d, const uint8_t *p, size_t len)
{
	size_t head;

	if (len >= 20 && p[0] >> 4 == 4) {
		head = (size_t)(p[0] & 15) * 4;
		d->from.family = d->to.family = ADDR_V4;
		memcpy(d->from.bytes, p + 12, 4);
		memcpy(d->to.bytes, p + 16, 4);
		d->protocol = p[9];
	} else if (len >= 40 && p[0] >> 4 == 6) {
		head = 40;
		d->from.family = d->to.family = ADDR_V6;
		memcpy(d->from.bytes, p + 8, 16);
		memcpy(d->to.bytes, p + 24, 16);
		d->protocol = p[6];
	} else {
		return false;
	}
	if (head >= 20 && head <= len)
		read_ports(d, p + head, len - head);
	return true;
}

/* "cam refused_in: " → "refused_in" */
static void read_reason(struct drop *d, const struct netlink_attr *a)
{
	char text[64];
	size_t n = strnlen((const char *)a->data, a->len);

	if (n >= sizeof text)
		n = sizeof text - 1;
	memcpy(text, a->data, n);
	text[n] = 0;
	text[strcspn(text, ":")] = 0;
	snprintf(d->reason, sizeof d->reason, "%.31s", strncmp(text, "cam ", 4) ? text : text + 4);
}

bool drop_parse(struct drop *d, const void *msg, size_t len)
{
	struct nfgenmsg g;
	struct netlink_attrs attrs;
	struct netlink_attr a;
	bool packet = false;

	if (!netlink_body(msg, len, NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_PACKET, &g, sizeof g, &attrs))
		return false;
	memset(d, 0, sizeof *d);
	while (netlink_attr_next(&attrs, &a)) {
		if (a.type == NFULA_PREFIX)
			read_reason(d, &a);
		else if (a.type == NFULA_PAYLOAD)
			packet = read_packet(d, a.data, a.len);
	}
	return packet;
}

static void keep(const void *msg, size_t len, void *arg)
{
	struct drop d;

	(void)arg;
	if (!drop_parse(&d, msg, len))
		return;
	d.time = plat_clock_wall();
	the.ring[the.next] = d;
	the.next = (the.next + 1) % KEPT;
	if (the.count < KEPT)
		the.count++;
}

static void on_readable(struct ev_loop *loop, ev_io *w, int events)
{
	static uint8_t buf[NETLINK_READ_MAX] __attribute__((aligned(8)));
	ssize_t n;

	(void)loop;
	(void)events;
	while ((n = recv(w->fd, buf, sizeof buf, 0)) > 0 || (n < 0 && (errno == EINTR || errno == ENOBUFS)))
		if (n > 0)
			netlink_each(buf, (size_t)n, keep, NULL);
}

/* ---- asking for them ---- */

static int configure(int fd, uint16_t type, const void *data, size_t len)
{
	struct netlink_request r;
	struct nfgenmsg g = { .nfgen_family = AF_UNSPEC, .version = NFNETLINK_V0, .res_id = __builtin_bswap16(FW_LOG_GROUP) };
	struct nlmsghdr h;
	struct nlmsgerr e;
	uint8_t answer[256];
	ssize_t n;

	netlink_request_begin(&r, NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_CONFIG, NLM_F_ACK, &g, sizeof g);
	netlink_request_add(&r, type, data, len);
	memcpy(&h, r.bytes, sizeof h);
	if (send(fd, r.bytes, h.nlmsg_len, 0) < 0)
		return -1;
	n = recv(fd, answer, sizeof answer, 0);
	if (n < (ssize_t)NLMSG_LENGTH(sizeof e))
		return -1;
	memcpy(&e, answer + NLMSG_HDRLEN, sizeof e);
	errno = -e.error;
	return e.error ? -1 : 0;
}

int drops_open(struct ev_loop *loop)
{
	struct nfulnl_msg_config_cmd bind_group = { .command = NFULNL_CFG_CMD_BIND };
	struct nfulnl_msg_config_mode mode = { .copy_range = __builtin_bswap32(SNAP), .copy_mode = NFULNL_COPY_PACKET };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_NETFILTER);

	if (fd < 0)
		return -1;
	if (configure(fd, NFULA_CFG_CMD, &bind_group, sizeof bind_group) < 0 || configure(fd, NFULA_CFG_MODE, &mode, sizeof mode) < 0) {
		close(fd);
		return -1;
	}
	ev_io_init(&the.io, on_readable, fd, EV_READ);
	ev_io_start(loop, &the.io);
	return 0;
}

void drops_status(yyjson_mut_doc *doc, yyjson_mut_val *o)
{
	yyjson_mut_val *list = yyjson_mut_obj_add_arr(doc, o, "drops"), *one;
	char text[ADDR_TEXT_MAX];

	for (unsigned i = 0; i < the.count; i++) {	/* the newest first */
		const struct drop *d = &the.ring[(the.next + KEPT - 1 - i) % KEPT];

		one = yyjson_mut_arr_add_obj(doc, list);
		yyjson_mut_obj_add_sint(doc, one, "time", d->time);
		yyjson_mut_obj_add_strcpy(doc, one, "reason", d->reason);
		addr_format(&d->from, text);
		yyjson_mut_obj_add_strcpy(doc, one, "from", text);
		addr_format(&d->to, text);
		yyjson_mut_obj_add_strcpy(doc, one, "to", text);
		yyjson_mut_obj_add_uint(doc, one, "protocol", d->protocol);
		yyjson_mut_obj_add_uint(doc, one, d->protocol == 1 || d->protocol == 58 ? "type" : "sport", d->sport);
		yyjson_mut_obj_add_uint(doc, one, d->protocol == 1 || d->protocol == 58 ? "code" : "dport", d->dport);
	}
}
