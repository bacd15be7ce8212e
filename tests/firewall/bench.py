"""What the rules cost: throughput and new connections per second over a veth pair with the appliance's policy, against no rules and against
the same policy written line by line in iptables."""
import os
import subprocess
import tempfile

import cases
from wire import sh

SECONDS, ROUNDS = 0.5, 9
VCENTERS = 1000
# The appliance's side, and the other: everybody's and a vCenter's address in one.
HERE, THERE = cases.SELF4, "10.50.3.231"
CLOUD = "113"		# the room whose sockets reach vCenters (src/lib/room/table.c)


class Pair:
    """The appliance's namespace and one beside it, with sinks in both."""

    def __init__(self, flow):
        self.flow, self.here, self.there = flow, "camh%d" % os.getpid(), "camt%d" % os.getpid()
        self.sinks = []

    def __enter__(self):
        for ns in (self.here, self.there):
            sh("ip", "netns", "add", ns)
        try:
            self.setup()
        except BaseException:
            self.__exit__()
            raise
        return self

    def setup(self):
        sh("ip", "link", "add", "wh", "netns", self.here, "type", "veth", "peer", "name", "wt", "netns", self.there)
        for ns, dev, own, other in ((self.here, "wh", HERE, THERE), (self.there, "wt", THERE, HERE)):
            self.inside(ns, "ip", "link", "set", "lo", "up")
            self.inside(ns, "ip", "link", "set", dev, "up")
            self.inside(ns, "ip", "addr", "add", own + "/32", "dev", dev)
            self.inside(ns, "ip", "route", "add", other + "/32", "dev", dev)
            p = subprocess.Popen(["ip", "netns", "exec", ns, self.flow, "sink", own, "443"], stdout=subprocess.PIPE, text=True)
            self.sinks.append(p)
            assert p.stdout.readline() == "ready\n"

    def __exit__(self, *unused):
        for p in self.sinks:
            p.kill()
            p.wait()
        for ns in (self.here, self.there):
            subprocess.run(["ip", "netns", "del", ns], stderr=subprocess.DEVNULL)

    def inside(self, ns, *argv, stdin=None):
        return sh("ip", "netns", "exec", ns, *argv, stdin=stdin)

    def clear(self):
        self.inside(self.here, "nft", "flush", "ruleset")

    def rate(self, kind, inbound):
        """Bytes or connections a second."""
        if inbound:
            return float(self.inside(self.there, self.flow, kind, HERE, "443", str(SECONDS)))
        return float(self.inside(self.here, "setpriv", "--reuid", CLOUD, "--regid", CLOUD, "--clear-groups", self.flow, kind, THERE, "443", str(SECONDS)))


def policies(apply_nft, apply_iptables):
    """The appliance's policy with many vCenters, as each side wants it."""
    addresses = ",".join("10.50.%d.%d" % (i // 256, i % 256) for i in range(VCENTERS))
    argv = ["generate", "--profile", "appliance", "--self", HERE, "--vcenter", addresses, "--without-limits"]
    return {"no rules": lambda: None, "the policy": lambda: apply_nft(cases.camfw(*argv, "--format", "nft")),
            "iptables, line by line": lambda: apply_iptables(cases.camfw(*argv, "--format", "iptables"))}


MEASURES = [("throughput in", "stream", True, 1e9 / 8, "Gbit/s"), ("throughput out, to the last of %d vCenters" % VCENTERS, "stream", False, 1e9 / 8, "Gbit/s"),
            ("new connections in", "connect", True, 1, "/s"), ("new connections out, to the last of %d vCenters" % VCENTERS, "connect", False, 1, "/s")]


def median(values):
    return sorted(values)[len(values) // 2]


def measure(pair, say):
    found = {}
    kinds = policies(lambda text: pair.inside(pair.here, "nft", "-f", "-", stdin=text),
                     lambda text: pair.inside(pair.here, "iptables-restore", stdin=text))
    for _ in range(ROUNDS):		# in turns: all see the same weather
        for name, apply in kinds.items():
            pair.clear()
            apply()
            for what, kind, inbound, _, _ in MEASURES:
                found.setdefault((what, name), []).append(pair.rate(kind, inbound))
    for what, _, _, unit, word in MEASURES:
        none, ours, linear = (median(found[(what, name)]) / unit for name in kinds)
        say("  %-48s no rules %9.2f %s, the policy %9.2f (%.2f x), iptables line by line %9.2f (%.2f x); the policy is %.2f x of iptables" %
            (what, none, word, ours, ours / none, linear, linear / none, ours / linear))
    return {what: median(found[(what, "the policy")]) / median(found[(what, "iptables, line by line")]) for what, *_ in MEASURES}


def run(check, say):
    with tempfile.TemporaryDirectory(dir=cases.OUT) as folder:
        flow = os.path.join(folder, "flow")
        sh(os.path.join(cases.OUT, "sysroot", "bin", "musl-gcc"), "-O2", "-static", "-o", flow, os.path.join(os.path.dirname(__file__), "flow.c"))
        for path in (folder, flow):
            os.chmod(path, 0o755)
        with Pair(flow) as pair:
            ratios = measure(pair, say)
        check("new connections to the last of %d vCenters are begun more often than with as many lines" % VCENTERS,
              ratios["new connections out, to the last of %d vCenters" % VCENTERS] > 1, ratios)
