"""fwd's netlink batch against the exported script, and its transactions under traffic."""
import os
import subprocess
import tempfile
import threading
import time

import cases
from wire import Wire

SOURCES = ["batch.c", "batch_set.c", "batch_rule.c", "kernel.c", "kernel_parse.c"]
# Of the two policies in turn both let 443 in; 9100 is open in one, 22 in none.
OWN = 'source own-net "n"\nprofile appliance\nrule own-b in tcp 9100 users always - own-net "x"\n'


def program(folder):
    """tests/firewall/apply.c with fwd's own sources, for the machine the appliance is made for."""
    out = os.path.join(folder, "apply")
    root = os.path.join(cases.OUT, "sysroot")
    argv = [os.path.join(root, "bin", "musl-gcc"), "-std=gnu11", "-D_GNU_SOURCE", "-O1", "-static", "-Isrc/lib", "-Isrc", "-isystem",
            os.path.join(root, "include"), "-o", out, "tests/firewall/apply.c", "src/camfw/options.c"]
    argv += ["src/fwd/" + s for s in SOURCES]
    argv += ["-Wl,--start-group", os.path.join(cases.OUT, "obj/target/libcam.a"), "-L" + os.path.join(root, "lib"), "-lnftnl", "-lyyjson",
             "-Wl,--end-group"]
    subprocess.run(argv, check=True, cwd=cases.TOP)
    return out


def listed(*steps):
    script = " && ".join(steps) + " && nft -s list ruleset"
    p = subprocess.run(["unshare", "-n", "sh", "-c", script], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return p.stdout


def same(check, apply, folder):
    different = []
    for profile in cases.PROFILES:
        script = os.path.join(folder, "script")
        open(script, "w").write(cases.generate(profile, "nft"))
        by_nft = listed("nft -f " + script)
        by_us = listed("%s policy '%s'" % (apply, "' '".join(cases.arguments(profile))))
        if by_nft != by_us or "table inet cam" not in by_us:
            different.append(profile)
    check("the exported script and fwd's batch list as the same ruleset, for every profile", not different, different)
    base = listed(apply + " base")
    check("the base policy drops in, out and forward, and lets loopback be", base.count("policy drop;") == 3 and base.count('"lo" accept') == 2, base)
    twice = listed(apply + " base", "%s policy '%s'" % (apply, "' '".join(cases.arguments("vcenter"))), apply + " base")
    check("a batch replaces what was there, whole", twice == base, twice)


class Traffic:
    """SYNs to three ports, one after the other, until it is stopped."""

    def __init__(self, w):
        self.wire, self.stop, self.sent, self.found = w, False, {443: [], 9100: [], 22: []}, set()
        self.thread = threading.Thread(target=self.run)

    def run(self):
        n = 0
        while not self.stop:
            for port in self.sent:
                n += 1
                self.wire.send({"n": n, "direction": "in", "from": "198.51.%d.%d" % (n >> 8 & 255, n & 127 | 1), "to": cases.SELF4, "proto": "tcp",
                                "flags": "S", "sport": 1024 + n % 60000, "dport": port})
                self.sent[port].append(n)
            self.wire.drain(self.found, 0)
            time.sleep(0.0005)

    def through(self, port):
        return sum(1 for n in self.sent[port] if n in self.found)


def atomic(check, apply, folder, count):
    own = os.path.join(folder, "own.fw")
    open(own, "w").write(OWN)
    with Wire("camfa%d" % os.getpid()) as w:
        w.link()
        argv = ["--without-limits", *cases.arguments("appliance")]
        w.inside(apply, "policy", *argv)
        t = Traffic(w)
        t.thread.start()
        # killed in the middle now and then: what is in the kernel is one of the two, whole
        whole, done = set(), 0
        while done < count:
            p = subprocess.Popen(["ip", "netns", "exec", w.b, apply, "flip", str(count), own, *argv], stdout=subprocess.PIPE, text=True)
            for line in p.stdout:
                done += 1
                if done % 17 == 0 or done >= count:
                    break
            p.kill()
            p.wait()
            whole.add(w.inside("nft", "-s", "list", "table", "inet", "cam"))
        t.stop = True
        t.thread.join()
        w.drain(t.found)
        lost = [n for n in t.sent[443] if n not in t.found]
        check("%d policies under traffic, killed in between: of %d packets that both allow none is lost" % (done, len(t.sent[443])),
              not lost and len(t.sent[443]) > 100, len(lost))
        check("of %d packets that neither allows none passes" % len(t.sent[22]), t.through(22) == 0, t.through(22))
        check("of %d packets that one allows some pass (%d)" % (len(t.sent[9100]), t.through(9100)), 0 < t.through(9100) < len(t.sent[9100]))
        check("after each kill one of the two is there, whole", 1 <= len(whole) <= 2 and all("own-b" in x or "goto refused_in" in x for x in whole), len(whole))


def bad_policy(check, apply):
    out = listed(apply + " base", "(%s policy --profile vcenter || true) 2>/dev/null" % apply)
    check("a policy that cannot be made leaves the one that is", 'iifname "lo" accept' in out and "in_ip4" not in out, out)


def kernel_agrees(check, apply, seed, count, say):
    """The differential test once more, through the batch: the script's listing is one thing, what the kernel does another."""
    import kernel

    with Wire("camfb%d" % os.getpid()) as w:
        w.link()
        w.inside(apply, "policy", "--without-limits", *cases.arguments("appliance"))
        sent, passed, wrong, flows = kernel.differ(w, "appliance", count, seed, say)
        check("fwd's batch: of %d packets %d passed, %d flows, and explain agrees with the kernel on each" % (sent, passed, flows), wrong == 0,
              "seed %d: %d differ" % (seed, wrong))


def speed(check, apply, folder):
    """1,000 provider addresses: building and applying in process against nft -f of the same rules, medians of 9."""
    addresses = ",".join("10.%d.%d.%d" % (50 + i // 65536, i // 256 % 256, i % 256) for i in range(1000))
    script = os.path.join(folder, "thousand.nft")
    open(script, "w").write(cases.camfw("generate", "--profile", "vcenter", "--format", "nft", "--appliance", addresses))
    with Wire("camfs%d" % os.getpid()) as w:
        ours, theirs = [], []
        for _ in range(9):
            ours.append(int(w.inside(apply, "time", "1", "--profile", "vcenter", "--appliance", addresses)))
            began = time.monotonic()
            w.inside("nft", "-f", script)
            theirs.append(int((time.monotonic() - began) * 1e6))
        a, b = sorted(ours)[4], sorted(theirs)[4]
        check("a policy of 1,000 addresses is built and applied in %d ms, nft -f takes %d ms (%.2f x)" % (a // 1000, b // 1000, a / b), a <= b)


def run(check, soak, seed, say):
    with tempfile.TemporaryDirectory(dir=cases.OUT) as folder:
        apply = program(folder)
        same(check, apply, folder)
        bad_policy(check, apply)
        kernel_agrees(check, apply, seed, 10000 if soak else 500, say)
        atomic(check, apply, folder, 1000 if soak else 100)
        speed(check, apply, folder)


