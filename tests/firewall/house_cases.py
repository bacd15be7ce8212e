"""The firewall in the house: fwd with its real neighbours."""
import contextlib
import hashlib
import json
import os
import re
import shutil
import signal
import sqlite3
import ssl
import subprocess
import sys
import tempfile
import time

import cases

sys.path.insert(0, os.path.join(cases.TOP, "tests", "lib"))
from house import House  # noqa: E402


def until(f, seconds=20.0, pause=0.1):
    end = time.monotonic() + seconds
    while True:
        value = f()
        if value or time.monotonic() > end:
            return value
        time.sleep(pause)


class Person:
    """An administrator at the API; each request is a connection of its own."""

    def __init__(self, h):
        self.h, self.headers = h, {"ElasticBox-Token": h.token()}

    def ask(self, method, path, body=None, connection=None):
        headers = dict(self.headers)
        status, _, data = self.h.request(method, path, body, headers, connection=connection)
        try:
            return status, json.loads(data) if data else None
        except ValueError:
            return status, data.decode()


def inside(h, *argv, ok=True, stdin=None):
    p = subprocess.run(["nsenter", "-t", str(h.status()["pid"]), "-n", *argv], input=stdin, stdout=subprocess.PIPE,
                       stderr=subprocess.STDOUT, text=True)
    if ok and p.returncode:
        raise RuntimeError("%s: %s" % (argv, p.stdout))
    return p.stdout


def plain(text):
    """Without the sources that the limits remember."""
    return re.sub(r"(set (rate|open)[46]_\w+ \{[^{}]*?)\n\t\telements = \{.*?\}\n\t\}", r"\1\n\t}", text, flags=re.S)


def listing(h):
    return plain(inside(h, "nft", "-s", "list", "table", "inet", "cam", ok=False))


# docs/firewall.md, "What nothing opens yet"
CLOSED = ["bus-in", "bus-out", "tunnel-out", "mail-out", "webhook-out", "proxy-out", "proxy-courier", "ssh-out", "winrm-out"]


def export_is_enforced(check, h, who):
    status, text = who.ask("GET", "/services/firewall/export?format=nft")
    # what sysd knows of this network (name servers) is in the kernel and not in core's export
    own = subprocess.run(["unshare", "-n", "sh", "-c", "nft -f - && nft -s list ruleset"], input=text, stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, text=True).stdout
    check("what the API exports is what the kernel has", status == 200 and own == listing(h), (status, own[:200]))
    status, v = who.ask("GET", "/services/firewall/explain?from=198.51.100.1&to=%s&proto=tcp&dport=443" % h.address)
    check("explain through the API names the line", status == 200 and v["verdict"] == "pass" and v["rule"]["id"] == "web-users", v)
    status, v = who.ask("GET", "/services/firewall/explain?from=198.51.100.1&to=%s&proto=tcp&dport=22" % h.address)
    check("and says no where no line opens", status == 200 and v["verdict"] == "drop", v)
    # each element's comment names its line
    check("lines of features that nothing switches on are not in the kernel", not [x for x in CLOSED if x in listing(h)] and "web-users" in listing(h),
          listing(h))
    status, v = who.ask("GET", "/services/firewall/profiles")
    check("profiles and formats are listed", status == 200 and len(v["profiles"]) == 6 and len(v["formats"]) >= 19, v)
    status, v = who.ask("GET", "/services/firewall/rules?profile=vcenter")
    check("the rules of a profile are listed", status == 200 and [r["ports"] for r in v["rules"]] == ["443", "8085"], v)
    for path in ("profiles", "rules", "status", "export?format=csv"):
        status, _, _ = h.request("GET", "/services/firewall/" + path)
        check("a stranger is refused %s" % path.split("?")[0], status == 401, status)


def drops(check, h, who):
    subprocess.run(["curl", "-s", "--max-time", "2", "http://%s:22/" % h.address], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    status, v = who.ask("GET", "/services/firewall/status")
    seen = [d for d in v["drops"] if d["dport"] == 22 and d["protocol"] == 6 and d["reason"] == "refused_in"]
    counted = sum(c["packets"] for c in v["counters"] if c["chain"] == "refused_in")
    check("a dropped packet is counted, and shown with its reason", status == 200 and seen and counted > 0, v["drops"][:2])


def drift(check, h, who):
    before = listing(h)
    inside(h, "nft", "flush", "chain", "inet", "cam", "input")
    back = until(lambda: listing(h) == before)
    check("a chain that somebody emptied is put back", back, listing(h)[-500:])
    inside(h, "nft", "delete", "table", "inet", "cam")
    back = until(lambda: listing(h) == before)
    check("a table that somebody deleted is put back", back)
    inside(h, "nft", "add table ip stranger")
    status, v = who.ask("GET", "/services/firewall/status")
    check("tables of others are told, and drift is counted", "ip stranger" in v["foreign"] and v["drifts"] >= 2, (v["foreign"], v["drifts"]))
    inside(h, "nft", "delete table ip stranger")


OWN = ['source own-net "network team"', "profile appliance", 'narrow ping4-in off "no ping"',
       'rule own-monitor in tcp 9100 users always - own-net "exporter"']


def change(check, h, who):
    before = listing(h)
    status, v = who.ask("PUT", "/services/firewall/own", {"lines": ["rule nonsense"]})
    check("an own table with an error changes nothing", status == 400 and "own.fw:1:" in v["message"] and listing(h) == before, v)
    # over one connection all the time: it stands, but it proves nothing
    c = h.connection()
    c.connect()
    status, v = who.ask("PUT", "/services/firewall/own", {"lines": OWN}, connection=c)
    applied = until(lambda: "own-monitor" in listing(h))
    check("a change is applied", status == 200 and applied, v)
    status, refused = who.ask("POST", "/services/firewall/confirm", {"generation": v["generation"]}, connection=c)
    check("it cannot be confirmed over a connection that stood before", status == 409 and "new connection" in refused["message"], refused)
    c.close()
    status, refused = who.ask("POST", "/services/firewall/confirm", {"generation": v["generation"] + 7})
    check("nor under another number", status == 409, refused)
    began = time.monotonic()
    gone = until(lambda: listing(h) == before, 45)
    check("unconfirmed, it takes itself back (%d s later)" % (time.monotonic() - began), gone)
    status, v = who.ask("PUT", "/services/firewall/own", {"lines": OWN})
    until(lambda: "own-monitor" in listing(h))
    status, _ = who.ask("POST", "/services/firewall/confirm", {"generation": v["generation"]})
    state = who.ask("GET", "/services/firewall/status")[1]
    check("confirmed from a new connection it stays", status == 204 and state["state"] == "applied" and "own-monitor" in listing(h), (status, state["state"]))
    check("and is what the API says", who.ask("GET", "/services/firewall/own")[1]["lines"] == OWN)


def deaths(check, h, who):
    want = listing(h)
    whole = True
    for i in range(10):
        pid = h.service_pid("fwd")
        if pid:
            os.kill(pid, signal.SIGKILL)
        whole &= listing(h) == want
        time.sleep(0.2 * i / 10)
    check("fwd killed 10 times: what is in the kernel stays as it is", whole)
    ready = until(lambda: h.status()["services"]["fwd"]["ready"], 30)
    said = until(lambda: (lambda v: v if v["state"] == "applied" else None)(who.ask("GET", "/services/firewall/status")[1]), 30)
    check("it comes back, hears of core what shall be, and leaves the policy whole, own table included", ready and said and said["generation"] > 0 and
          until(lambda: listing(h) == want), (who.ask("GET", "/services/firewall/status")[1]["state"], listing(h)[:300]))
    check("the console is reached all the while", h.request("GET", "/services/appliance/status")[0] == 200)


def ports(check, h):
    """Every TCP port by raw SYNs from the house's network; only 443 answers, the rest says nothing at all."""
    out = subprocess.run(["/usr/bin/python3", os.path.join(os.path.dirname(__file__), "sweep.py"), h.address], stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, text=True, timeout=300).stdout
    answer = json.loads(out.splitlines()[-1]) if out.strip().startswith("{") else {"error": out[-300:]}
    check("a sweep of 65,535 TCP ports and the well-known UDP ports finds 443 alone", answer == {"open": [443], "closed": [], "udp": []}, answer)


def opened(h, address):
    """The ports that rules open to an address, by protocol."""
    text, found = listing(h), set()
    for number in re.findall(r"(?<![\d.])%s \. (\d+)" % re.escape(address), text) + re.findall(r"(\d+) \. %s(?![\d.])" % re.escape(address), text):
        found.add(int(number))
    return found


def settings(h, servers):
    """sysd's, by hand: there is no verb for time servers yet."""
    s = h.status()
    path = os.path.join(s["data"], "sysd", "network.json")
    net = s["host"].rsplit(".", 1)[0]
    with open(path, "w") as f:
        json.dump({"version": 1, "hostname": "cam", "ntp": servers, "network": {
            "mode": "static", "interface": "eth0", "address": net + ".2/24", "router": net + ".1", "dns": [net + ".1"]}}, f)
    os.chown(path, 108, 108)
    os.kill(h.service_pid("sysd"), signal.SIGKILL)


def log(h, room):
    return open(os.path.join(h.status()["data"], "log", room, "current"), errors="replace").read()


def register(who, workspace, host):
    return who.ask("POST", "/services/providers", {
        "type": "VMware vSphere", "schema": "http://elasticbox.net/schemas/vsphere/provider", "name": host, "owner": workspace, "icon": "",
        "endpoint": "https://" + host, "username": "u", "secret": "p"})


def names_known(who, count):
    """fwd has addresses of so many providers' names."""
    v = who.ask("GET", "/services/firewall/status")[1]
    return sum(n["peer"] == "vcenter" and bool(n["addresses"]) for n in v.get("names", [])) == count


def idle(h, providers, seconds=480):
    """Until no task for these providers is left: each try of one holds their addresses to its deadline. Was that so in time?"""
    path = os.path.join(h.status()["data"], "core", "core.db")
    question = "SELECT count(*) FROM task WHERE state IN ('waiting', 'leased') AND provider IN (%s)" % ", ".join("?" * len(providers))

    def left():
        with contextlib.closing(sqlite3.connect("file:%s?mode=ro" % path, uri=True, timeout=20)) as db:
            return db.execute(question, providers).fetchone()[0]
    return until(lambda: not left(), seconds)


@contextlib.contextmanager
def own(net, addresses):
    """The build machine has these addresses in the house's network: what nobody listens to is refused at once."""
    links = json.loads(subprocess.run(["ip", "-j", "-4", "addr"], check=True, stdout=subprocess.PIPE).stdout)
    card = next(link["ifname"] for link in links if any(a["local"] == net + ".1" for a in link["addr_info"]))
    for a in addresses:
        subprocess.run(["ip", "addr", "add", a + "/32", "dev", card], check=True)
    try:
        yield
    finally:
        for a in addresses:
            subprocess.run(["ip", "addr", "del", a + "/32", "dev", card])


class Keystone:
    """keystone.py on addresses of the house's network."""

    def __init__(self, net, places):
        self.dir = tempfile.mkdtemp(dir=os.path.join(cases.OUT, "run"), prefix="keystone-")
        self.catalogue, self.heard = os.path.join(self.dir, "catalogue"), os.path.join(self.dir, "heard")
        certificate, key = os.path.join(self.dir, "crt"), os.path.join(self.dir, "key")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out", certificate,
                        "-subj", "/CN=keystone.cam.test", "-days", "30"], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT)
        with open(certificate) as f:
            self.fingerprint = hashlib.sha256(ssl.PEM_cert_to_DER_cert(f.read())).hexdigest()
        self.addresses = contextlib.ExitStack()
        self.addresses.enter_context(own(net, sorted({p.partition(":")[0] for p in places})))
        self.server = subprocess.Popen(["/usr/bin/python3", os.path.join(os.path.dirname(__file__), "keystone.py"), certificate, key, self.catalogue, *places],
                                       stdout=open(self.heard, "w"))
        assert until(lambda: "listening" in self.said()), "no Keystone"

    def said(self):
        with open(self.heard) as f:
            return f.read()

    def names(self, **services):
        with open(self.catalogue + ".new", "w") as f:
            json.dump(services, f)
        os.rename(self.catalogue + ".new", self.catalogue)

    def close(self):
        self.server.kill()
        self.server.wait()
        self.addresses.close()
        shutil.rmtree(self.dir)


EVERY = {443, 5000, 8004, 8774, 8776, 8778, 9292, 9696, 35357}


def catalogue(check, h, who, n):
    """An OpenStack whose services are at other hosts than its Keystone: each is open at its one port, once the catalogue was read."""
    net, workspace = n.net, who.ask("GET", "/services/workspaces")[1][0]["id"]
    k = Keystone(net, [net + ".81:5000", net + ".81:9696", net + ".82:8774", net + ".83:9292", net + ".84:8774"])
    try:
        k.names(compute="https://nova.cam.test:8774/v2.1", image="https://%s.83:9292" % net, network="https://keystone.cam.test:9696")
        p = who.ask("POST", "/services/providers", {
            "type": "Openstack", "schema": "http://elasticbox.net/schemas/openstack/provider", "name": "os", "owner": workspace, "icon": "",
            "identity_url": "https://keystone.cam.test:5000", "project": "demo", "username": "demo", "password": "p", "domain": "Default",
            "certificate_fingerprint": k.fingerprint})[1]
        path = "/services/providers/" + p["id"]

        def said(text):
            return any(text in e["text"] for e in who.ask("GET", path + "/logs")[1])

        def ends(state):
            return until(lambda: who.ask("GET", path)[1]["state"] == state, 60)

        ready = ends("ready")
        check("an OpenStack with its services at other hosts is ready", ready and "GET %s.82:8774 /v2.1/servers/detail" % net in k.said(),
              (who.ask("GET", path + "/logs"), k.said(), log(h, "cloud")[-600:]))
        check("its Keystone is open at the ports of the tables, each other host at the one its catalogue names", opened(h, net + ".81") == EVERY and
              opened(h, net + ".82") == {8774} and opened(h, net + ".83") == {9292}, (opened(h, net + ".82"), opened(h, net + ".83"), listing(h)))
        asked = {n: who.ask("GET", "/services/firewall/explain?from=%s&to=%s.83&proto=tcp&dport=%d&room=cloud&direction=out" % (h.address, net, n))[1] for n in (9292, 8774)}
        check("explain and the export name an address at its port", asked[9292]["verdict"] == "pass" and asked[9292]["rule"]["id"] == "openstack-out-9292" and
              asked[8774]["verdict"] == "drop" and "openstack-out-9292" in who.ask("GET", "/services/firewall/export?format=csv")[1], asked)
        check("the record and its log name them", said("The catalogue names Nova at nova.cam.test:8774, Glance at %s.83:9292" % net) and
              [e["port"] for e in who.ask("GET", path)[1]["endpoints"]] == [8774, 9292], who.ask("GET", path))
        k.names(compute="https://moved.cam.test:8774/v2.1", image="https://%s.83:19292" % net)
        who.ask("PUT", path + "/sync")
        check("a port that no line of the tables has stays closed, and the log says so", until(lambda: said("Glance is at %s.83:19292 in the catalogue: no line" % net), 60)
              and ends("unavailable") and not opened(h, net + ".83"), who.ask("GET", path + "/logs"))
        check("a service that moved: its new host is open, the old one is closed", opened(h, net + ".84") == {8774} and not opened(h, net + ".82"), listing(h))
        k.names(compute="https://moved.cam.test:8774/v2.1", image="https://back.cam.test:9292")
        who.ask("PUT", path + "/sync")
        check("a name in the catalogue that leads back to the appliance has no address", until(lambda: said("back.cam.test: is the appliance itself"), 60) and
              not opened(h, h.address), who.ask("GET", path + "/logs"))
        ends("unavailable")
        who.ask("DELETE", path)
        check("removed, all are closed", until(lambda: not any(opened(h, net + a) for a in (".81", ".82", ".83", ".84")), 60), listing(h))
    finally:
        k.close()


class NameServer:
    """nameserver.py at the house's own end of its network; sysd is told of it, and of a time server by name."""

    def __init__(self, h):
        self.house = h
        self.gateway = h.status()["host"]
        self.net = net = self.gateway.rsplit(".", 1)[0]
        self.book = {"vc.cam.test": [net + ".71"], "long.cam.test": [net + ".72"], "time.cam.test": [net + ".73", "127.0.0.1"],
                     "short.cam.test": [net + ".74"], "fades.cam.test": [net + ".75"], "keystone.cam.test": [net + ".81"],
                     "nova.cam.test": [net + ".82"], "moved.cam.test": [net + ".84"], "back.cam.test": [h.address]}
        self.heard = os.path.join(cases.OUT, "run", "nameserver-%d" % os.getpid())

    def __enter__(self):
        with open(self.heard, "w") as f:
            self.server = subprocess.Popen(["/usr/bin/python3", os.path.join(os.path.dirname(__file__), "nameserver.py"), self.gateway,
                                            json.dumps(self.book)], stdout=f)
        until(lambda: "listening" in self.said())
        settings(self.house, ["time.cam.test"])
        return self

    def __exit__(self, *unused):
        self.server.kill()
        self.server.wait()
        os.unlink(self.heard)

    def said(self):
        with open(self.heard) as f:
            return f.read()

    def fade(self):
        self.server.send_signal(signal.SIGUSR1)


def names(check, h, who, n):
    """Peers known by their names: what is opened, when, and for how long."""
    net, workspace = n.net, who.ask("GET", "/services/workspaces")[1][0]["id"]
    check("a time server by name: its address is opened, and no other", until(lambda: opened(h, net + ".73") == {123}, 40) and
          "0.0.0.0/0 . 123" not in listing(h) and not opened(h, "127.0.0.1"), (n.said(), log(h, "net")[-400:], log(h, "fwd")[-400:]))
    check("ntpd is told the address", until(lambda: "ntpd: started" in log(h, "net")), log(h, "net")[-400:])
    short, fades = register(who, workspace, "short.cam.test")[1], register(who, workspace, "fades.cam.test")[1]
    check("names with seconds to live: both are open", until(lambda: opened(h, net + ".74") == opened(h, net + ".75") == {443, 8085}, 40),
          (short, fades, n.said()))
    for host, address in (("vc.cam.test", net + ".71"), ("long.cam.test", net + ".72")):
        status, p = register(who, workspace, host)
        check("%s: registered by its name, exactly its two ports are open" % host, status in (200, 201, 202) and
              until(lambda: opened(h, address) == {443, 8085}, 40), (status, p, n.said(), log(h, "names")[-300:]))
        said = until(lambda: [e["text"] for e in who.ask("GET", "/services/providers/%s/logs" % p["id"])[1] if "cannot be resolved" in e["text"]], 1)
        check("%s: and its worker has the address" % host, not said, said)
        status, _ = who.ask("DELETE", "/services/providers/" + p["id"])
        check("%s: removed, they are closed" % host, until(lambda: not opened(h, address), 60), (status, opened(h, address)))
    check("an answer that is cut was asked for over TCP", "long.cam.test 1 tcp" in n.said(), n.said())
    status, p = register(who, workspace, "nobody.cam.test")
    check("a name that does not exist is said so", until(lambda: [e for e in who.ask("GET", "/services/providers/%s/logs" % p["id"])[1]
          if "does not exist" in e["text"]], 60), who.ask("GET", "/services/providers/%s/logs" % p["id"]))
    who.ask("DELETE", "/services/providers/" + p["id"])
    ports(check, h)		# takes its time
    # what its tasks hold open for themselves is forgotten with fwd; core's model and the names are not
    check("tasks for providers that are not reached end", idle(h, [short["id"], fades["id"]]))
    os.kill(h.service_pid("fwd"), signal.SIGKILL)
    until(lambda: h.service_pid("fwd") and h.status()["services"]["fwd"]["ready"] and names_known(who, 2), 30)
    questions = n.said().count("short.cam.test 1 udp")
    check("fwd killed: they are open again", opened(h, net + ".74") == opened(h, net + ".75") == {443, 8085}, who.ask("GET", "/services/firewall/status"))
    n.fade()
    catalogue(check, h, who, n)		# while that time goes by
    check("an answer whose time is over is closed, when the name servers say nothing more of it",
          until(lambda: not opened(h, net + ".75"), 60), (n.said(), log(h, "fwd")[-400:]))
    check("one that is asked again in time stays open", opened(h, net + ".74") == {443, 8085} and
          n.said().count("short.cam.test 1 udp") > questions, n.said())
    for p in (short, fades):
        who.ask("DELETE", "/services/providers/" + p["id"])
    check("all is closed", until(lambda: not opened(h, net + ".74"), 60))
    settings(h, [])
    check("a time server that is named no more is closed", until(lambda: not opened(h, net + ".73"), 40), log(h, "fwd")[-400:])


def run(check):
    with House("fwall") as h:
        h.start()
        h.set_up()
        who = Person(h)
        export_is_enforced(check, h, who)
        drops(check, h, who)
        drift(check, h, who)
        with NameServer(h) as n:
            with own(n.net, ["%s.%d" % (n.net, i) for i in range(71, 76)]):
                names(check, h, who, n)
        change(check, h, who)
        deaths(check, h, who)


