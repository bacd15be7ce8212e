#!/usr/bin/python3
"""cloud and OpenStack: every operation against Debian's services behind nginx, and what goes wrong on the way."""
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "vcenter"), os.path.join(HERE, "..", "keyd")]
import rooms  # noqa: E402
from core import Core  # noqa: E402

SEED = int(os.environ.get("CAM_SEED", "7"))
ROUNDS = 30
failures = 0


def check(what, good, detail=""):
    global failures
    print("%s %s%s" % ("ok" if good else "not ok", what, "" if good else ": %s" % (detail,)), flush=True)
    failures += not good
    return good


def sh(*argv):
    subprocess.run(argv, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT)


def certificate(directory):
    os.chdir(directory)
    with open("names", "w") as f:
        f.write("subjectAltName=IP:127.0.0.1\n")
    sh("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "ca.key", "-out",
       "ca.crt", "-subj", "/CN=authority", "-days", "30")
    sh("openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "server.key", "-out",
       "server.csr", "-subj", "/CN=openstack")
    sh("openssl", "x509", "-req", "-in", "server.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-days", "30", "-out",
       "server.crt", "-extfile", "names")
    return open("ca.crt").read()


class Cloud:
    """The tests' own client: plain HTTP to the services."""

    def __init__(self):
        domain = {"name": "Default"}
        body = {"auth": {"identity": {"methods": ["password"], "password": {"user": {"name": "demo", "domain": domain, "password": "demopw"}}},
                         "scope": {"project": {"name": "demo", "domain": domain}}}}
        r = urllib.request.Request("http://127.0.0.1:5000/v3/auth/tokens", json.dumps(body).encode(), {"Content-Type": "application/json"})
        with urllib.request.urlopen(r, timeout=120) as a:
            self.token = a.headers["X-Subject-Token"]

    def call(self, method, url, body=None, raw=None):
        r = urllib.request.Request(url, raw if raw is not None else json.dumps(body).encode() if body else None, method=method)
        r.add_header("Content-Type", "application/octet-stream" if raw is not None else "application/json")
        r.add_header("X-Auth-Token", self.token)
        with urllib.request.urlopen(r, timeout=120) as a:
            return json.loads(a.read() or b"{}")

    def prepare(self):
        image = self.call("POST", "http://127.0.0.1:9292/v2/images", {"name": "linux", "disk_format": "raw", "container_format": "bare",
                                                                       "visibility": "private"})["id"]
        self.call("PUT", "http://127.0.0.1:9292/v2/images/%s/file" % image, raw=b"\0" * 65536)
        self.call("POST", "http://127.0.0.1:8774/v2.1/flavors", {"flavor": {"name": "m1.small", "vcpus": 1, "ram": 512, "disk": 1}})
        net = self.call("POST", NEUTRON + "/networks", {"network": {"name": "inside"}})["network"]["id"]
        inside = self.call("POST", NEUTRON + "/subnets", {"subnet": {"network_id": net, "ip_version": 4, "cidr": "10.9.0.0/24"}})["subnet"]["id"]
        out = self.call("POST", NEUTRON + "/networks", {"network": {"name": "outside", "router:external": True}})["network"]["id"]
        self.call("POST", NEUTRON + "/subnets", {"subnet": {"network_id": out, "ip_version": 4, "cidr": "192.0.2.0/24"}})
        router = self.call("POST", NEUTRON + "/routers", {"router": {"name": "r", "external_gateway_info": {"network_id": out}}})["router"]["id"]
        self.call("PUT", NEUTRON + "/routers/%s/add_router_interface" % router, {"subnet_id": inside})
        self.call("POST", "http://127.0.0.1:8774/v2.1/os-keypairs", {"keypair": {"name": "key"}})

    def stranger(self):
        """A server somebody else made; its id."""
        image = self.call("GET", "http://127.0.0.1:9292/v2/images")["images"][0]["id"]
        flavor = self.call("GET", "http://127.0.0.1:8774/v2.1/flavors")["flavors"][0]["id"]
        net = self.call("GET", NEUTRON + "/networks?name=inside")["networks"][0]["id"]
        made = self.call("POST", "http://127.0.0.1:8774/v2.1/servers", {"server": {
            "name": "stranger", "imageRef": image, "flavorRef": flavor, "networks": [{"uuid": net}]}})["server"]["id"]
        self.until(lambda: [s["status"] for s in self.servers()] == ["ACTIVE"])
        return made

    def remove(self, server):
        self.call("DELETE", "http://127.0.0.1:8774/v2.1/servers/" + server)
        self.until(lambda: not self.servers())

    def until(self, f, seconds=120):
        end = time.monotonic() + seconds
        while not f() and time.monotonic() < end:
            time.sleep(0.3)

    def servers(self):
        return self.call("GET", "http://127.0.0.1:8774/v2.1/servers/detail")["servers"]


NEUTRON = "http://127.0.0.1:9696/v2.0"
PROFILE = {"schema": "http://elasticbox.net/schemas/openstack/compute/profile", "image": "linux", "flavor": "m1.small", "keypair": "key",
           "networks": ["inside"], "security_group": "Automatic", "floating_ip_pool": "outside", "instances": 1}


def config(**more):
    c = {"identity_url": "https://127.0.0.1:15000/v3", "project": "demo", "username": "demo", "domain": "Default", "ca_certificate": ca,
         "settle_seconds": 6}
    c.update(more)
    return c


def run(kind, n=0, profile=None, config_=None, secret="demopw", seconds=180, **more):
    m = {"machine": "m-%08d" % n, "name": "web-eb-abcde-%d" % n, "instance": "i-abcdef", "user_data": "#cloud-config\n{}\n",
         "profile": {**PROFILE, **(profile or {})}, "ports": [22, 8080]} if n else {}
    m.update(more)
    return core.push(kind, "m-%08d" % n if n else "", seconds, type="Openstack", secret=secret, secret_field="password",
                     config=config_ or config(), **m)


def result(*args, **more):
    r = core.result(run(*args, **more), 240)
    return r or {"outcome": "none", "message": "no result", "output": {}}


def cases():
    r = result("provider.validate", secret="wrong")
    check("validate: a wrong password is said so", r["outcome"] == "refused" and "wrong" in r["message"], r)
    r = result("provider.validate", config_=config(ca_certificate=""))
    check("validate: an unknown certificate is refused with its fingerprint", r["outcome"] == "refused" and "fingerprint" in r["message"], r)
    r = result("provider.validate", config_=config(identity_url="https://127.0.0.1:15000/v2.0"))
    check("validate: Keystone v2.0 is refused by name", r["outcome"] == "refused" and "v2.0" in r["message"], r)
    stranger = cloud_.stranger()
    r = result("provider.sync")
    check("sync: a server that is not ours is listed as not registered", [(u["name"], u["external_id"], u["power_state"]) for u in
          r["output"].get("unregistered", [])] == [("stranger", stranger, "ACTIVE")] and
          r["output"]["unregistered"][0]["server_info"]["address"].startswith("10.9.0."), r["output"].get("unregistered"))
    cloud_.remove(stranger)
    place = r["output"].get("services", [{}])[0].get("locations", [{}])[0]
    check("sync: images, flavors, key pairs, networks, groups", r["outcome"] == "done" and
          [i["name"] for i in place["images"]] == ["linux"] and [k["name"] for k in place["keypairs"]] == ["key"] and
          "inside" in [n["name"] for n in place["networks"]] and "default" in [g["name"] for g in place["security_groups"]] and
          [n["name"] for n in place["floating_ip_pools"]] == ["outside"] and "m1.small" in [f["name"] for f in r["output"]["services"][0]["flavors"]], r)
    r = result("machine.create", 1, tags={"Box name": "web"})
    one = r["output"].get("external_id", "")
    servers = cloud_.servers()
    check("create: an active server with an address", r["outcome"] == "done" and r["output"]["addresses"]["private"].startswith("10.9.0.") and
          r["output"]["addresses"]["public"].startswith("192.0.2.") and
          len(servers) == 1 and servers[0]["status"] == "ACTIVE" and servers[0]["metadata"]["cam_key"] == "appliance/m-00000001" and
          servers[0]["metadata"]["Box name"] == "web" and servers[0]["key_name"] == "key", (r, servers))
    r = result("machine.create", 1, attempt=2)
    check("create: again with the same key gives the same server", r["outcome"] == "done" and r["output"]["external_id"] == one and
          len(cloud_.servers()) == 1, r)
    groups = cloud_.call("GET", "http://127.0.0.1:9696/v2.0/security-groups?description=appliance/m-00000001")["security_groups"]
    ports = sorted(x["port_range_min"] for x in groups[0]["security_group_rules"] if x["direction"] == "ingress") if groups else []
    check("create: an automatic group with the ports of the box", ports == [22, 8080], groups)
    for kind, status in (("machine.stop", "SHUTOFF"), ("machine.stop", "SHUTOFF"), ("machine.start", "ACTIVE"), ("machine.start", "ACTIVE")):
        r = result(kind, 1, external_id=one)
        check("%s: %s" % (kind, status), r["outcome"] == "done" and cloud_.servers()[0]["status"] == status, r)
    r = result("machine.list", unregistered=True)
    check("list: machines by their keys", [(m["key"], m["external_id"]) for m in r["output"].get("machines", [])] == [("m-00000001", one)], r)
    r = result("machine.create", 2, {"image": "nothing"})
    check("create: an image that is not there is refused by name", r["outcome"] == "refused" and "nothing" in r["message"], r)
    r = [result("machine.destroy", 1, external_id=one) for _ in (1, 2)]
    left = cloud_.call("GET", "http://127.0.0.1:9696/v2.0/security-groups?description=appliance/m-00000001")["security_groups"]
    left += cloud_.call("GET", NEUTRON + "/floatingips")["floatingips"]
    check("destroy: gone with its group and its floating address, and again", [x["outcome"] for x in r] == ["done", "done"] and not cloud_.servers() and not left, (r, left))


def rounds():
    rng = random.Random(SEED)
    bad = []
    for n in range(100, 100 + ROUNDS):
        end, attempt, r = time.monotonic() + 180, 0, None
        while time.monotonic() < end:
            attempt += 1
            t = run("machine.create", n, attempt=attempt)
            if attempt == 1:
                hellos = len(core.hellos)
                core.until(lambda: core.result_of(t), rng.uniform(0.2, 8))
                room.restart()
                core.until(lambda: len(core.hellos) > hellos)
                continue
            r = core.result(t, 180)
            if r and r["outcome"] == "done":
                break
        servers = cloud_.servers()
        if not r or r["outcome"] != "done" or len(servers) != 1:
            bad.append((n, r, [s["name"] for s in servers]))
        result("machine.destroy", n, external_id="")
    check("kills: after %d rounds of kill -9 there was one server each time" % ROUNDS, not bad, bad[:3])


def main():
    global core, room, cloud_, ca
    sh("ip", "link", "set", "lo", "up")
    work = tempfile.mkdtemp(prefix="cam-openstack.")
    ca = certificate(work)
    os.chdir(os.path.join(HERE, "..", ".."))
    start = subprocess.Popen([os.path.join(HERE, "start"), work])
    if start.wait():
        sys.exit(1)
    cloud_ = Cloud()
    cloud_.prepare()
    rooms.new_root(("keyd",))
    keyd = rooms.Room("keyd")
    assert keyd.start(), keyd.text()
    core = Core()
    room = rooms.Room("cloud", ("core", "keyd"))
    assert room.start(), room.text()
    cases()
    if sys.argv[1:] != ["quick"]:
        rounds()
    check("cloud: nothing it may not do, no bug", "seccomp" not in room.text() and "bug" not in room.text(), room.text()[-500:])
    room.end(signal.SIGTERM)
    keyd.end(signal.SIGTERM)
    sys.exit(1 if failures else 0)	# the services end with this process namespace


main()
