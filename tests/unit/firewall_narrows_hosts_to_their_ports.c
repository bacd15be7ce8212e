/* firewall: an address that a peer has for one port is let through on that port alone, whatever the peer's line opens. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "firewall/firewall.h"
#include "firewall/nft.h"
#include "room/room.h"

static int failed;

#define CHECK(what) do { if (!(what)) { failed = 1; printf("%s:%d: %s\n", __FILE__, __LINE__, #what); } } while (0)

static const struct fw_policy *policy;

/* May the room send a TCP SYN there?  The id of the line that lets it, "" when none does. */
static const char *opened(const char *room, const char *to, unsigned port)
{
	struct fw_packet k = { .direction = FW_OUT, .protocol = FW_TCP, .sport = 40000, .dport = (uint16_t)port, .flags = FW_SYN, .state = FW_NEW,
		.socket = true, .uid = room_by_name(room)->uid };
	struct fw_verdict v;

	addr_parse(&k.from, strchr(to, ':') ? "fd00::2" : "10.0.0.2");
	addr_parse(&k.to, to);
	fw_explain(policy, &k, &v);
	return v.pass && v.line ? v.line->rule->id : "";
}

/* Own lines may be for the peer, too; one narrows what the peer's line is within. */
static const char OWN[] = "source own-net \"network team\"\nprofile appliance\n"
	"rule own-odd out tcp 18774-18800 openstack openstack cloud own-net \"Nova elsewhere\"\n";

static void opens(struct fw_tables *t)
{
	unsigned peer = (unsigned)fw_peer_find(t, "openstack");
	struct fw_binding *b = calloc(1, sizeof *b);
	char error[FW_ERROR];
	struct fw_policy *p;

	CHECK(fw_prefixes_add(&b->peers[peer], "10.0.0.5", error) == 0);
	CHECK(fw_narrow_add(b, peer, 8774, "10.0.0.6", error) == 0 && fw_narrow_add(b, peer, 8774, "fd00::6", error) == 0);
	CHECK(fw_narrow_add(b, peer, 9292, "10.0.0.7", error) == 0 && fw_narrow_add(b, peer, 8774, "10.0.0.7", error) == 0);
	CHECK(fw_narrow_add(b, peer, 22, "10.0.0.8", error) == 0 && fw_narrow_add(b, peer, 18790, "10.0.0.8", error) == 0);
	/* what the peer has anyway */
	CHECK(fw_narrow_add(b, peer, 5000, "10.0.0.5", error) == 0);
	CHECK(fw_narrow_add(b, peer, 8774, "none", error) < 0 && strstr(error, "address"));
	policy = p = fw_policy_new(t, (unsigned)fw_profile_find(t, "appliance"), b, error);
	CHECK(p != NULL);
	CHECK(!strcmp(opened("cloud", "10.0.0.5", 8774), "openstack-out") && !strcmp(opened("cloud", "10.0.0.5", 9696), "openstack-ours"));
	CHECK(!strcmp(opened("cloud", "10.0.0.6", 8774), "openstack-out-8774") && !strcmp(opened("cloud", "fd00::6", 8774), "openstack-out-8774"));
	CHECK(!opened("cloud", "10.0.0.6", 9292)[0] && !opened("cloud", "10.0.0.6", 443)[0] && !opened("cloud", "10.0.0.6", 5000)[0]);
	CHECK(opened("cloud", "10.0.0.7", 8774)[0] && opened("cloud", "10.0.0.7", 9292)[0] && !opened("cloud", "10.0.0.7", 9696)[0]);
	/* a port that no line has opens nothing; an own line's does, and its neighbours do not */
	CHECK(!opened("cloud", "10.0.0.8", 22)[0] && !strcmp(opened("cloud", "10.0.0.8", 18790), "own-odd-18790") && !opened("cloud", "10.0.0.8", 18791)[0]);
	CHECK(!opened("net", "10.0.0.6", 8774)[0] && !opened("cloud", "10.0.0.9", 8774)[0]);
	nft_ruleset_free(nft_compile(p));
	fw_policy_free(p);
	fw_binding_free(b);
	free(b);
}

/* The registered host has no address yet: those of its catalogue are open all the same. */
static void alone(struct fw_tables *t)
{
	struct fw_binding *b = calloc(1, sizeof *b);
	char error[FW_ERROR];
	struct fw_policy *p;

	fw_narrow_add(b, (unsigned)fw_peer_find(t, "openstack"), 9292, "10.0.0.7", error);
	policy = p = fw_policy_new(t, (unsigned)fw_profile_find(t, "appliance"), b, error);
	CHECK(p && !strcmp(opened("cloud", "10.0.0.7", 9292), "openstack-out-9292") && !opened("cloud", "10.0.0.7", 8774)[0]);
	fw_policy_free(p);
	fw_binding_free(b);
	free(b);
}

int main(void)
{
	struct fw_tables *t = fw_tables_new();
	char error[FW_ERROR] = "";

	CHECK(fw_parse(t, "own.fw", OWN, sizeof OWN - 1, true, error) == 0);
	if (error[0])
		printf("%s\n", error);
	opens(t);
	alone(t);
	fw_tables_free(t);
	return failed;
}
