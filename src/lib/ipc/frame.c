/* frame: the 12 bytes in front of every body. */
#include "ipc/ipc.h"

static void put16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
}

static void put32(uint8_t *p, uint32_t v)
{
	put16(p, (uint16_t)v);
	put16(p + 2, (uint16_t)(v >> 16));
}

static uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

static uint32_t get32(const uint8_t *p)
{
	return get16(p) | (uint32_t)get16(p + 2) << 16;
}

void ipc_header_put(uint8_t out[IPC_HEADER], const struct ipc_header *h)
{
	out[0] = h->version;
	out[1] = h->flags;
	put16(out + 2, h->type);
	put32(out + 4, h->seq);
	put32(out + 8, h->len);
}

int ipc_header_get(struct ipc_header *h, const uint8_t in[IPC_HEADER])
{
	h->version = in[0];
	h->flags = in[1];
	h->type = get16(in + 2);
	h->seq = get32(in + 4);
	h->len = get32(in + 8);
	if (h->version != IPC_VERSION || h->len > IPC_BODY_MAX)
		return -1;
	if (h->flags & ~(IPC_REPLY | IPC_ERROR))
		return -1;
	if ((h->flags & IPC_ERROR) && !(h->flags & IPC_REPLY))
		return -1;
	if ((h->flags & IPC_REPLY) && h->seq == 0)
		return -1;
	return 0;
}
