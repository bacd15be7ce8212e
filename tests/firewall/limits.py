"""Limits per source, which the differential test leaves out."""
import os
import tempfile

import cases
import packets
from wire import Wire

OWN = 'limit web-users 5 10 30 "for the test"\n'
SYNS = 200


def syns(wire, source, first, count):
    found = set()
    for i in range(count):
        wire.send({"n": first + i, "direction": "in", "from": source, "to": cases.SELF6 if ":" in source else cases.SELF4, "proto": "tcp",
                   "flags": "S", "sport": 20000 + i, "dport": 443})
    wire.drain(found)
    return len(found)


def run(check):
    with tempfile.TemporaryDirectory() as folder, Wire("camfl%d" % os.getpid()) as wire:
        own = os.path.join(folder, "own.fw")
        open(own, "w").write(OWN)
        wire.link()
        wire.inside("nft", "-f", "-", stdin=cases.generate("appliance", "nft", "--own", own))
        for source, other in (("198.51.100.1", "198.51.100.2"), ("2001:db8:1:1::1", "2001:db8:1:2::1")):
            n = syns(wire, source, 1, SYNS)
            check("of %d connections at once from %s about the burst of 10 passes" % (SYNS, source), 10 <= n <= 20, n)
            n = syns(wire, other, 1000, 5)
            check("another source is not slowed (%s)" % other, n == 5, n)
        n = syns(wire, "2001:db8:1:1:ffff::1", 2000, 20)
        check("a v6 source is its /64", n <= 10, n)
        check("a packet's bytes are as the kernel wants them", packets.checksum(b"\0\0") == 0xffff)
