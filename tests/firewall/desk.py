"""camfw at a desk: the difference to a ruleset that is in force or saved."""
import json
import os
import subprocess
import tempfile

import cases


def call(*argv, netns=None, stdin=None):
    """(exit code, standard output, standard error)"""
    inside = ["nsenter", "-t", str(netns), "-n"] if netns else []
    p = subprocess.run([*inside, cases.CAMFW, *argv], input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    return p.returncode, p.stdout, p.stderr


class Namespace:
    """A network namespace with a loopback interface that is up."""

    def __enter__(self):
        self.p = subprocess.Popen(["unshare", "-n", "sh", "-c", "ip link set lo up && ip addr add fd00::9/128 dev lo nodad && echo up && exec sleep 600"],
                                  stdout=subprocess.PIPE, text=True)
        assert self.p.stdout.readline() == "up\n"
        return self

    def __exit__(self, *_):
        self.p.kill()
        self.p.wait()

    def run(self, *argv, stdin=None):
        p = subprocess.run(["nsenter", "-t", str(self.p.pid), "-n", *argv], input=stdin, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if p.returncode:
            raise RuntimeError("%s: %s" % (argv, p.stdout))
        return p.stdout


# ---- diff ----

CHANGES = [	# what somebody does, and what is then told
    ("delete element inet cam room_any { 107 . udp . 67 }", "-", "room_any: 107 . udp . 67 : accept   # dhcp-out"),
    ("add element inet cam room_ip4 { 113 . tcp . 22 . 10.5.0.5 : accept }", "+", "room_ip4: 113 . tcp . 22 . 10.5.0.5 : accept"),
    ("add element inet cam in_icmp { 13 : accept }", "+", "in_icmp: 13 : accept"),
    ("insert rule inet cam input tcp dport 22 accept", "+", "chain input: "),
    ("add chain inet cam more", "+", "chain more"),
    ("chain inet cam output { policy accept; }", "+", "chain output: hook output, policy accept"),
]


def diff(check, folder):
    for profile in cases.PROFILES:
        with Namespace() as n:
            n.run("nft", "-f", "-", stdin=cases.generate(profile, "nft"))
            live = call("diff", *cases.arguments(profile), netns=n.p.pid)
            saved = call("diff", "--ruleset", "-", *cases.arguments(profile), stdin=n.run("nft", "-j", "list", "ruleset"))
            check("diff: %s: what the script makes is what is wanted, live and saved" % profile, live[0] == saved[0] == 0 and "same" in live[1],
                  (live, saved))
    script, arguments = cases.generate("appliance", "nft"), cases.arguments("appliance")
    with Namespace() as n:
        code, out, _ = call("diff", "--json", *arguments, netns=n.p.pid)
        v = json.loads(out)
        check("diff: without a ruleset all is missing", code == 1 and len(v["missing"]) > 60 and not v["extra"] and not v["same"], (code, len(v["missing"])))
        wrong = []
        for change, sign, line in CHANGES:
            n.run("nft", "-f", "-", stdin=script)
            n.run("nft", change)
            code, out, _ = call("diff", *arguments, netns=n.p.pid)
            told = [x for x in out.splitlines() if x[:1] in "-+~"]
            if code != 1 or not any(x.startswith("%s %s" % (sign, line)) for x in told) or len(told) > 2:
                wrong.append((change, code, told))
        check("diff: each of %d changes is told, and nothing else" % len(CHANGES), not wrong, wrong)
        n.run("nft", "-f", "-", stdin=script)
        listing = json.loads(n.run("nft", "-j", "list", "ruleset"))
        rules = [i for i, x in enumerate(listing["nftables"]) if x.get("rule", {}).get("chain") == "input"]
        a, b = rules[0], rules[1]
        listing["nftables"][a], listing["nftables"][b] = listing["nftables"][b], listing["nftables"][a]
        code, out, _ = call("diff", "--ruleset", "-", "--json", *arguments, stdin=json.dumps(listing))
        v = json.loads(out)
        check("diff: rules in another order are told", code == 1 and len(v["moved"]) == 1 and not v["missing"] + v["extra"], v)
        # what passes through does not count as a difference; a table of somebody else is named
        subprocess.run(["nsenter", "-t", str(n.p.pid), "-n", "ping", "-c", "1", "-W", "1", cases.SELF4], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        n.run("nft", "add table ip stranger")
        code, out, _ = call("diff", *arguments, netns=n.p.pid)
        check("diff: counters are no difference, and somebody else's table is named", code == 0 and "table ip stranger" in out, (code, out))
    path = os.path.join(folder, "saved")
    wrong = []
    for text, what in (("", "is no JSON"), ("{}", "no ruleset"), ('{"nftables":', "is no JSON"), ("[]", "no ruleset")):
        open(path, "w").write(text)
        code, _, error = call("diff", "--ruleset", path, *arguments)
        if code != 100 or what not in error:
            wrong.append((text, code, error))
    check("diff: what is no ruleset is said so", not wrong, wrong)


def run(check):
    with tempfile.TemporaryDirectory() as folder:
        diff(check, folder)
