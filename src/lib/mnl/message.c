/* mnl: messages, batches, what libnftnl names of sockets. */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <stdlib.h>
#include <string.h>

#include "log/log.h"

struct nlmsghdr *mnl_nlmsg_put_header(void *buf)
{
	struct nlmsghdr *h = buf;

	memset(h, 0, MNL_NLMSG_HDRLEN);
	h->nlmsg_len = MNL_NLMSG_HDRLEN;
	return h;
}

void *mnl_nlmsg_put_extra_header(struct nlmsghdr *h, size_t size)
{
	char *p = (char *)h + h->nlmsg_len;

	h->nlmsg_len += (uint32_t)MNL_ALIGN(size);
	memset(p, 0, MNL_ALIGN(size));
	return p;
}

void *mnl_nlmsg_get_payload(const struct nlmsghdr *h)
{
	return (char *)h + MNL_NLMSG_HDRLEN;
}

/* ---- a batch: messages one behind the other in a buffer of the caller ---- */

struct mnl_nlmsg_batch {
	char *buf;
	size_t limit, size;
};

struct mnl_nlmsg_batch *mnl_nlmsg_batch_start(void *buf, size_t limit)
{
	struct mnl_nlmsg_batch *b = malloc(sizeof *b);

	if (b)
		*b = (struct mnl_nlmsg_batch){ buf, limit, 0 };
	return b;
}

void mnl_nlmsg_batch_stop(struct mnl_nlmsg_batch *b) { free(b); }
size_t mnl_nlmsg_batch_size(struct mnl_nlmsg_batch *b) { return b->size; }
void *mnl_nlmsg_batch_head(struct mnl_nlmsg_batch *b) { return b->buf; }
void *mnl_nlmsg_batch_current(struct mnl_nlmsg_batch *b) { return b->buf + b->size; }
bool mnl_nlmsg_batch_is_empty(struct mnl_nlmsg_batch *b) { return b->size == 0; }

/* Keeps the message at the end; false when the next one may not fit. */
bool mnl_nlmsg_batch_next(struct mnl_nlmsg_batch *b)
{
	struct nlmsghdr *h = mnl_nlmsg_batch_current(b);

	b->size += MNL_ALIGN(h->nlmsg_len);
	return b->size < b->limit;
}

/* ---- named by parts of libnftnl that nobody here calls ---- */

static _Noreturn void absent(const char *name)
{
	log_warn("mnl: %s: is not there", name);
	abort();
}

struct mnl_socket *mnl_socket_open(int bus) { (void)bus; absent(__func__); }
int mnl_socket_bind(struct mnl_socket *s, unsigned int g, pid_t p) { (void)s; (void)g; (void)p; absent(__func__); }
int mnl_socket_close(struct mnl_socket *s) { (void)s; absent(__func__); }
unsigned int mnl_socket_get_portid(const struct mnl_socket *s) { (void)s; absent(__func__); }
ssize_t mnl_socket_sendto(const struct mnl_socket *s, const void *p, size_t n) { (void)s; (void)p; (void)n; absent(__func__); }
ssize_t mnl_socket_recvfrom(const struct mnl_socket *s, void *p, size_t n) { (void)s; (void)p; (void)n; absent(__func__); }

int mnl_cb_run(const void *p, size_t n, unsigned int seq, unsigned int port, mnl_cb_t f, void *data)
{
	(void)p; (void)n; (void)seq; (void)port; (void)f; (void)data;
	absent(__func__);
}
