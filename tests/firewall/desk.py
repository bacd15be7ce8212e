"""camfw at a desk: the difference to a ruleset that is in force or saved, and whether peers are reached."""
import json
import os
import subprocess
import tempfile
import time

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


# ---- probe ----

def certificate(folder):
    key, crt = os.path.join(folder, "key"), os.path.join(folder, "crt")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out", crt,
                    "-subj", "/O=Probe works/CN=probe.test", "-days", "2"], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    print_ = subprocess.run(["openssl", "x509", "-in", crt, "-noout", "-fingerprint", "-sha256"], stdout=subprocess.PIPE, text=True, check=True)
    return key, crt, print_.stdout.split("=")[1].strip()


CHARON = """charon {
    load = random nonce openssl aes sha1 sha2 hmac kernel-netlink socket-default
    filelog {
        stderr {
            default = 1
        }
    }
}
"""


class Servers:
    """TLS 1.2, TLS 1.3 alone, something that is no TLS, and strongSwan, in the namespace."""

    def __init__(self, n, folder):
        key, crt, self.fingerprint = certificate(folder)
        self.all = []
        for port, version in ((443, "-tls1_2"), (5000, "-tls1_3")):
            self.start(n, "openssl", "s_server", "-accept", str(port), "-cert", crt, "-key", key, "-quiet", version)
        self.start(n, "/usr/bin/python3", "-c", "import socket\ns = socket.create_server(('127.0.0.1', 8774))\nwhile 1:\n c, _ = s.accept()\n c.sendall(b'HTTP/1.1 400 Bad\\r\\n\\r\\n'); c.close()")
        conf = os.path.join(folder, "strongswan.conf")
        open(conf, "w").write(CHARON)
        self.charon = self.start(n, "unshare", "-m", "sh", "-c", "mount -t tmpfs t /run && STRONGSWAN_CONF=%s exec /usr/lib/ipsec/charon" % conf)
        end = time.monotonic() + 30
        while time.monotonic() < end and not all(x in n.run("ss", "-lntuH") for x in (":443", ":5000", ":8774", ":500 ", ":4500")):
            time.sleep(0.1)

    def start(self, n, *argv):
        p = subprocess.Popen(["nsenter", "-t", str(n.p.pid), "-n", *argv], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.all.append(p)
        return p

    def stop(self):
        for p in self.all:
            p.kill()
            p.wait()


def probed(n, *argv):
    code, out, error = call("probe", "--json", "--profile", "appliance", "--self", "127.0.0.1", "--timeout", "3", *argv, netns=n.p.pid)
    return code, {(p["id"], p["port"]): p for p in json.loads(out)["probes"]} if out else error


def probe(check, folder):
    with Namespace() as n:
        servers = Servers(n, folder)
        try:
            code, v = probed(n, "--vcenter", "localhost", "--openstack", "127.0.0.1", "--tunnel", "127.0.0.1", "--dns", "127.0.0.1")
            one = v[("vcenter-out", 443)]
            check("probe: TLS: version, issuer and fingerprint", one["result"] == "reached" and one["what"] ==
                  "TLS 1.2, certificate by O=Probe works, CN=probe.test, SHA-256 " + servers.fingerprint, one)
            check("probe: a peer by its name, and its address", one["name"] == "localhost" and one["address"] == "127.0.0.1", one)
            check("probe: where nobody listens", code == 1 and v[("vcenter-out", 8085)]["result"] == "not" and "refused" in v[("vcenter-out", 8085)]["what"], v)
            check("probe: a server of TLS 1.3 alone is said so", "only TLS 1.3" in v[("openstack-out", 5000)]["what"], v[("openstack-out", 5000)])
            check("probe: what is no TLS is said so", v[("openstack-out", 8774)]["result"] == "reached" and "TLS" in v[("openstack-out", 8774)]["what"] and
                  "certificate" not in v[("openstack-out", 8774)]["what"], v[("openstack-out", 8774)])
            check("probe: strongSwan answers IKE on both ports", all(v[("tunnel-out", port)]["what"].startswith("IKEv2, ") for port in (500, 4500)),
                  (v[("tunnel-out", 500)], v[("tunnel-out", 4500)]))
            check("probe: a datagram that need not be answered is not tried", v[("dns-udp", 53)]["result"] == "skipped", v[("dns-udp", 53)])
            code, v = probed(n, "--tunnel", "127.0.0.1,fd00::9")
            check("probe: all reached is exit code 0", code == 0, v)
            servers.charon.kill()
            servers.charon.wait()
            code, v = probed(n, "--tunnel", "127.0.0.1")
            check("probe: no IKE there", code == 1 and v[("tunnel-out", 500)]["result"] == "not", v)
            n.run("nft", "add table inet f; add chain inet f i { type filter hook input priority 0; }; add rule inet f i tcp dport 443 drop")
            code, v = probed(n, "--vcenter", "127.0.0.1")
            check("probe: a firewall that drops is told from a refusal", "no answer within 3 s" in v[("vcenter-out", 443)]["what"] and
                  "refused" in v[("vcenter-out", 8085)]["what"], v)
            code, v = probed(n, "--vcenter", "nobody.invalid")
            check("probe: a name that leads nowhere", code == 1 and "cannot be resolved" in v[("vcenter-out", 0)]["what"], v)
            code, out, _ = call("probe", "--profile", "appliance", "--self", "127.0.0.1", "--vcenter", "127.0.0.1", "--timeout", "1", netns=n.p.pid)
            check("probe: the table", code == 1 and "vcenter-out" in out and out.splitlines()[-1].startswith("0 reached, 2 not"), out)
            code, _, error = call("probe", "--profile", "appliance", "--timeout", "never")
            check("probe: a wrong option is said so", code == 100 and "--timeout" in error, error)
        finally:
            servers.stop()


def run(check):
    with tempfile.TemporaryDirectory() as folder:
        diff(check, folder)
        probe(check, folder)
