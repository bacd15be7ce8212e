/* firewall: a packet from the words of a person. */
#include <stdlib.h>
#include <string.h>

#include "firewall/firewall.h"
#include "room/room.h"

static bool number(const char *text, unsigned max, unsigned *out)
{
	char *end;
	unsigned long n;

	if (!text || *text < '0' || *text > '9')
		return false;
	n = strtoul(text, &end, 10);
	if (*end || n > max)
		return false;
	*out = (unsigned)n;
	return true;
}

static const char *take_flags(struct fw_packet *k, const char *text)
{
	static const char letters[] = "FSRPAU";

	for (k->flags = 0; text && *text && *text != '-'; text++) {
		const char *at = strchr(letters, *text);

		if (!at)
			return "flags: letters of FSRPAU, or - for none";
		k->flags |= (uint8_t)(1 << (at - letters));
	}
	return NULL;
}

static const char *take_protocol(struct fw_packet *k, const char *text)
{
	unsigned n;

	if (!text)
		return "proto is missing: tcp, udp, icmp, icmp6 or a number";
	if (number(text, 255, &n)) {
		k->number = n;
		k->protocol = n == 6 ? FW_TCP : n == 17 ? FW_UDP : n == 1 ? FW_ICMP : n == 58 ? FW_ICMP6 : FW_OTHER;
		return NULL;
	}
	for (int p = FW_TCP; p <= FW_ICMP6; p++)
		if (!strcmp(text, fw_protocol_name(p)))
			k->protocol = p;
	return k->protocol ? NULL : "proto: tcp, udp, icmp, icmp6 or a number";
}

static const char *take_numbers(struct fw_packet *k, const struct fw_packet_words *o)
{
	bool ports = k->protocol == FW_TCP || k->protocol == FW_UDP, icmp = k->protocol == FW_ICMP || k->protocol == FW_ICMP6;
	unsigned n;

	if (ports && !o->dport)
		return "dport is missing";
	if (icmp && !o->type)
		return "type is missing (8 or, for icmp6, 128: echo request)";
	if (o->dport && !number(o->dport, 65535, &n))
		return "dport: 0 to 65535";
	k->dport = o->dport ? (uint16_t)n : 0;
	if (o->sport && !number(o->sport, 65535, &n))
		return "sport: 0 to 65535";
	k->sport = o->sport ? (uint16_t)n : 0;
	if (o->type && !number(o->type, 255, &n))
		return "type: 0 to 255";
	k->type = o->type ? (uint8_t)n : 0;
	return NULL;
}

static const char *take_state(struct fw_packet *k, const char *text)
{
	k->state = !text || !strcmp(text, "new") ? FW_NEW : !strcmp(text, "established") ? FW_ESTABLISHED :
		!strcmp(text, "related") ? FW_RELATED : FW_STATE_NONE;
	return k->state ? NULL : "state: new, established or related";
}

static const char *take_room(struct fw_packet *k, const char *text)
{
	const struct room *room;

	k->socket = text != NULL;
	if (!text || number(text, 0x7fffffff, &k->uid))
		return NULL;
	room = room_by_name(text);
	if (!room)
		return "room: no such room, and no user's number";
	k->uid = room->uid;
	return NULL;
}

static bool is_self(const struct fw_policy *p, const struct addr *a)
{
	for (unsigned i = 0; i < p->self.count; i++)
		if (addr_prefix_contains(&p->self.list[i], a))
			return true;
	return false;
}

static const char *take_direction(struct fw_packet *k, const struct fw_policy *p, const char *text)
{
	if (text)
		k->direction = !strcmp(text, "in") ? FW_IN : !strcmp(text, "out") ? FW_OUT : FW_DIRECTION_NONE;
	else
		k->direction = is_self(p, &k->to) ? FW_IN : is_self(p, &k->from) ? FW_OUT : FW_DIRECTION_NONE;
	if (k->direction)
		return NULL;
	return text ? "direction: in or out" : "direction is missing: neither address is the profile's machine (--self)";
}

const char *fw_packet_read(struct fw_packet *k, const struct fw_policy *p, const struct fw_packet_words *o)
{
	const char *why;

	*k = (struct fw_packet){ .loopback = o->loopback, .flags = FW_SYN };
	if (!o->from || addr_parse(&k->from, o->from) < 0)
		return "from: an address is expected";
	if (!o->to || addr_parse(&k->to, o->to) < 0)
		return "to: an address is expected";
	if (k->from.family != k->to.family)
		return "from and to: addresses of one family are expected";
	if ((why = take_protocol(k, o->protocol)) || (why = take_numbers(k, o)) || (why = take_state(k, o->state)) ||
			(why = take_room(k, o->room)) || (why = take_direction(k, p, o->direction)))
		return why;
	return o->flags ? take_flags(k, o->flags) : NULL;
}
