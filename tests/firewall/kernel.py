"""The differential test: random packets through a ruleset in the kernel; explain has to say of each what the kernel did."""
import json
import os
import random
import tempfile

import cases
import packets
from wire import Wire

ROOMS = [0, 101, 105, 107, 4242]
PROTOCOLS = ["tcp"] * 6 + ["udp"] * 4 + ["icmp", "icmp6"] * 2 + ["other"]
FLAGS = ["S"] * 8 + ["SA", "A", "PA", "FA", "R", "RA", "F", "SF", "SR", "FPU", "-", "SU", "SP", "FSRPAU", "U", "AU"]
SERVICES = [22, 53, 67, 68, 80, 88, 123, 135, 443, 445, 500, 546, 547, 3389, 4500, 5000, 5671, 5722, 5985, 5986, 5987, 8004, 8085, 8774,
            9292, 9389, 35357, 49151, 49152, 65535, 25, 465, 464, 3268, 3269, 3270, 137, 138, 139, 20, 21]
FLOW_STEPS = 6


class Generator:
    def __init__(self, profile, seed):
        self.profile, self.r, self.n = profile, random.Random(seed), 0
        self.used = set()
        self.lines = [x for x in json.loads(cases.camfw("list", "--json", "--profile", profile))["rules"]]
        self.peers = [a for p in cases.PROFILES[profile][0] for a in cases.PEERS[p]] + ["10.5.0.2", "fd05::2", "10.5.0.5"]

    def number(self):
        self.n += 1
        return self.n

    def of_peer(self, six):
        """An address in a peer's network, or just outside of it."""
        net = packets.ipaddress.ip_network(self.r.choice([p for p in self.peers if (":" in p) == six]))
        a = int(net.network_address) + (self.r.randrange(min(net.num_addresses, 65000)) if net.num_addresses > 1 else 0)
        if self.r.random() < 0.2:
            a = int(net.network_address) + net.num_addresses + self.r.randrange(5)
        return str(packets.ipaddress.ip_address(a) if not six else packets.ipaddress.IPv6Address(a))

    def other(self, six, outbound):
        r = self.r
        kind = r.random()
        if kind < 0.5:
            return self.of_peer(six)
        if kind < 0.8:
            return "2001:db8::%x" % r.randrange(1, 65000) if six else "198.51.%d.%d" % (r.randrange(256), r.randrange(1, 255))
        if kind < 0.9:
            return ("fe80::1" if outbound else "fe80::%x" % r.randrange(16, 65000)) if six else "10.9.0.%d" % r.randrange(3, 254)
        if outbound:
            return "ff02::1:2" if six else "203.0.113.%d" % r.randrange(1, 255)
        return r.choice(["::1", "ff02::99", "::ffff:10.20.0.1", "fd09::2"] if six else
                        ["127.0.0.1", "0.1.2.3", "224.0.0.5", "255.255.255.255", "240.1.1.1", "10.9.0.2"])

    def ports(self, p, number):
        r = self.r
        p["dport"] = number or r.choice(SERVICES) if r.random() < 0.8 else r.randrange(1, 65536)
        while True:
            p["sport"] = r.randrange(1024, 65536)
            key = (p["proto"], p["from"], p["sport"], p["to"], p["dport"])
            if key not in self.used and (p["proto"], p["to"], p["dport"], p["from"], p["sport"]) not in self.used:
                self.used.add(key)
                return

    def aim(self, p):
        """At what a line opens, more or less: its ports, its peer, its room."""
        r, line = self.r, self.r.choice(self.lines)
        p["direction"], p["proto"] = line["direction"], line["protocol"]
        first, _, last = r.choice(line["ports"].split(",")).partition("-")
        p["number"] = r.randrange(int(first), int(last or first) + 1)
        p["room"] = {"": 105, "net": 107, "tty": 109}.get(line["room"], 105)
        return [a for a in cases.PEERS.get(line["peer"], [])]

    def packet(self):
        r = self.r
        out, six = r.random() < 0.5, r.random() < 0.5
        p = {"n": self.number(), "direction": "out" if out else "in", "proto": r.choice(PROTOCOLS), "state": "new"}
        if r.random() < 0.5:
            return self.aimed(p)
        return self.filled(p, out, six)

    def aimed(self, p):
        r = self.r
        self.peers, all_peers = self.aim(p) or self.peers, self.peers
        families = {":" in a for a in self.peers}
        number, room = p.pop("number"), p.pop("room")
        p = self.filled(p, p["direction"] == "out", r.choice(sorted(families)), number)
        if p["direction"] == "out" and r.random() < 0.8:
            p["uid"] = room
        self.peers = all_peers
        return p

    def filled(self, p, out, six, number=None):
        r = self.r
        if p["proto"] in ("icmp", "icmp6"):
            six = p["proto"] == "icmp6"
            if not any((":" in a) == six for a in self.peers):
                six, p["proto"] = not six, "icmp" if six else "icmp6"
        here = r.choice([cases.SELF6, cases.SELF6, cases.LINK6]) if six else cases.SELF4
        there = self.other(six, out)
        if out and there.startswith(("fe80", "ff02")):
            here = cases.LINK6
        elif out and six:
            here = cases.SELF6
        p["from"], p["to"] = (here, there) if out else (there, here)
        if p["proto"] == "other":
            p["proto"] = str(r.choice([2, 4, 41, 47, 50, 89, 103, 132, 136, 253]))
        elif p["proto"] in ("icmp", "icmp6"):
            self.icmp(p, number)
        else:
            self.ports(p, number)
            if p["proto"] == "tcp":
                p["flags"] = "S" if number and r.random() < 0.8 else r.choice(FLAGS)
        if out:
            p["uid"] = r.choice(ROOMS)
        if r.random() < 0.1 and p["proto"] in ("tcp", "udp", "icmp", "icmp6") and not (six and p.get("type", 0) >= 130):
            p["pad"], p["fragment"] = r.randrange(60, 900), r.choice([24, 64, 256])
        return p

    def icmp(self, p, number):
        r = self.r
        p["id"] = self.n & 0xffff
        p["type"] = number if number is not None else r.choice([0, 3, 4, 5, 8, 8, 8, 11, 12, 13, 15, 17, 30] if p["proto"] == "icmp" else
                             [1, 2, 3, 4, 100, 128, 128, 128, 129, 130, 131, 132, 133, 134, 135, 136, 137, 139, 143, 200])
        # the stack itself drops a multicast or mapped source, before any rule that lets discovery pass could
        if p["proto"] == "icmp6" and p["type"] in range(130, 144) and p["from"] in ("::1", "ff02::99", "::ffff:10.20.0.1"):
            p["from"] = "fe80::77"


def explain(profile, ps, folder, *more):
    """camfw's verdict on each: (passes, line, reason)."""
    path = os.path.join(folder, "packets")
    with open(path, "w") as f:
        for p in ps:
            words = ["%s=%s" % (k, p[k]) for k in ("from", "to", "proto", "dport", "sport", "type", "flags", "state", "direction") if k in p]
            if p["direction"] == "out":
                words.append("room=%d" % p["uid"])
            f.write(" ".join(words) + "\n")
    out = cases.camfw("explain", "--batch", path, *cases.arguments(profile), *more)
    return [(v == "pass", line, reason) for v, line, reason in (x.split("\t") for x in out.splitlines())]


def answer(g, p, **changes):
    """A packet the other way."""
    q = {"n": g.number(), "direction": "out" if p["direction"] == "in" else "in", "from": p["to"], "to": p["from"], "proto": p["proto"],
         "state": "established", "uid": 105}
    if p["proto"] in ("tcp", "udp"):
        q.update(sport=p["dport"], dport=p["sport"])
    else:
        q.update(type={8: 0, 128: 129}[p["type"]], id=p["id"])
    q.update(changes)
    return q


def again(g, p, **changes):
    return dict({k: v for k, v in p.items() if k not in ("fragment", "pad")}, n=g.number(), state="established", **changes)


def related(g, p):
    """An error of a router about the answer to p (which went or came the other way), sent to who sent that."""
    back = answer(g, p)
    six = packets.is6(p)
    kind = g.r.choice([1, 2, 3, 4] if six else [3, 11, 12])
    return {"n": g.number(), "direction": p["direction"], "from": "2001:db8::66" if six else "198.51.100.66", "to": p["to"],
            "proto": "icmp6" if six else "icmp", "type": kind, "id": 0, "rest": 1400 if kind in (2, 3) else 0, "state": "related",
            "uid": 0, "inner": packets.inner_of(dict(back, **({"flags": "SA"} if p["proto"] == "tcp" else {})))}


def flow(g, p):
    """What follows p when it was let through: a list of steps, each after the one before has arrived."""
    if p["to"].startswith("ff") or p["from"] == p["to"]:
        return []
    if p["proto"] == "tcp":
        if p["flags"] != "S":
            return []
        return [answer(g, p, flags="SA", seq=5000, ack=1001), again(g, p, flags="A", seq=1001, ack=5009),
                answer(g, p, flags="PA", seq=5009, ack=1001), again(g, p, flags="PA", seq=1001, ack=5009), related(g, p)]
    if p["proto"] == "udp":
        return [answer(g, p), again(g, p), related(g, p)]
    if p.get("type") in (8, 128):
        return [answer(g, p)]
    return []


def compare(g, ps, verdicts, found, seed, say):
    wrong = [(p, v) for p, v in zip(ps, verdicts) if v[0] != (p["n"] in found)]
    for p, v in wrong[:5]:
        shown = {k: x for k, x in p.items() if k != "inner"}
        say("  seed %d: packet %s: explain says %s (%s: %s), the kernel %s" % (seed, shown, "pass" if v[0] else "drop", v[1], v[2],
            "passed it" if p["n"] in found else "dropped it"))
    return len(wrong)


def differ(wire, profile, count, seed, say):
    """Sends `count` packets and what follows them. Returns (packets, passed, wrong, flows)."""
    g, found = Generator(profile, seed), set()
    sent = passed = wrong = flows = 0
    with tempfile.TemporaryDirectory() as folder:
        while sent < count:
            batch = [g.packet() for _ in range(min(1000, count - sent))]
            verdicts = explain(profile, batch, folder)
            for i, p in enumerate(batch):
                wire.send(p)
                if i % 100 == 99:
                    wire.drain(found, 0)
            wire.drain(found)
            wrong += compare(g, batch, verdicts, found, seed, say)
            sent += len(batch)
            passed += sum(v[0] for v in verdicts)
            later = [flow(g, p) for p, v in zip(batch, verdicts) if v[0] and p["n"] in found]
            flows += sum(1 for f in later if f)
            for step in range(FLOW_STEPS):
                now = [f[step] for f in later if len(f) > step]
                if not now:
                    break
                for p in now:
                    wire.send(p)
                wire.drain(found)
                verdicts = explain(profile, now, folder)
                wrong += compare(g, now, verdicts, found, seed, say)
                sent += len(now)
                passed += sum(v[0] for v in verdicts)
    return sent, passed, wrong, flows


def apply(wire, profile, kind):
    if kind == "nft":
        wire.inside("nft", "-f", "-", stdin=cases.generate(profile, "nft", "--without-limits"))
        return
    wire.inside("iptables-restore", stdin=cases.generate(profile, "iptables", "--without-limits"))
    wire.inside("ip6tables-restore", stdin=cases.generate(profile, "ip6tables", "--without-limits"))


def run(profile, kind, count, seed, say):
    with Wire("camfw%d" % os.getpid()) as wire:
        wire.link()
        apply(wire, profile, kind)
        return differ(wire, profile, count, seed, say)



def canary(profile, count, seed):
    """The same with a line taken away from what explain knows: how many packets show it."""
    with tempfile.TemporaryDirectory() as folder, Wire("camfc%d" % os.getpid()) as wire:
        own = os.path.join(folder, "own.fw")
        with open(own, "w") as f:
            f.write('narrow web-users off "canary"\n')
        wire.link()
        apply(wire, profile, "nft")
        g, found = Generator(profile, seed), set()
        batch = [g.packet() for _ in range(count)]
        verdicts = explain(profile, batch, folder, "--own", own)
        for p in batch:
            wire.send(p)
        wire.drain(found)
        return compare(g, batch, verdicts, found, seed, lambda text: None)
