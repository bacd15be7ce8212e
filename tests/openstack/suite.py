#!/usr/bin/python3
"""cloud and OpenStack: every operation against Debian's services behind nginx, and what goes wrong on the way."""
import json
import os
import random
import signal
import subprocess
import sys
import time
import urllib.request
import uuid

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "vcenter"), os.path.join(HERE, "..", "keyd")]
import rooms  # noqa: E402
from core import Core  # noqa: E402

SEED = int(os.environ.get("CAM_SEED", "7"))
ROUNDS = 30
# Seconds: at most so long until a server whose creation was accepted is to be seen, and again until that is answered; and how long one who
# heard no answer looks for it.
LATE, SETTLE = 4, 12
STACK_ROUNDS = 8
failures = 0


def check(what, good, detail=""):
    global failures
    print("%s %s%s" % ("ok" if good else "not ok", what, "" if good else ": %s" % (detail,)), flush=True)
    failures += not good
    return good


def sh(*argv):
    subprocess.run(argv, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT)


def certificate(directory, address="127.0.0.1"):
    os.chdir(directory)
    with open("names", "w") as f:
        f.write("subjectAltName=IP:%s\n" % address)
    sh("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "ca.key", "-out",
       "ca.crt", "-subj", "/CN=authority", "-days", "30")
    sh("openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "server.key", "-out",
       "server.csr", "-subj", "/CN=openstack")
    sh("openssl", "x509", "-req", "-in", "server.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-days", "30", "-out",
       "server.crt", "-extfile", "names")
    return open("ca.crt").read()


def late(seconds):
    """Lets Nova's creates be late from now on: late.py."""
    with open(os.path.join(os.environ["CAM_WORK"], "late"), "w") as f:
        f.write(str(seconds))


class Cloud:
    """The tests' own client: plain HTTP to the services."""

    def __init__(self):
        domain = {"name": "Default"}
        body = {"auth": {"identity": {"methods": ["password"], "password": {"user": {"name": "demo", "domain": domain, "password": "demopw"}}},
                         "scope": {"project": {"name": "demo", "domain": domain}}}}
        r = urllib.request.Request("http://127.0.0.1:5000/v3/auth/tokens", json.dumps(body).encode(), {"Content-Type": "application/json"})
        with urllib.request.urlopen(r, timeout=120) as a:
            self.token = a.headers["X-Subject-Token"]
            project = json.loads(a.read())["token"]["project"]["id"]
        self.cinder = "http://127.0.0.1:8776/v3/" + project

    def call(self, method, url, body=None, raw=None, version=None):
        """version: "volume 3.27", a microversion."""
        r = urllib.request.Request(url, raw if raw is not None else json.dumps(body).encode() if body else None, method=method)
        if version:
            r.add_header("OpenStack-API-Version", version)
        r.add_header("Content-Type", "application/octet-stream" if raw is not None else "application/json")
        r.add_header("X-Auth-Token", self.token)
        with urllib.request.urlopen(r, timeout=120) as a:
            return json.loads(a.read() or b"{}")

    def prepare(self, inside="10.9.0.0/24"):
        """Image, flavors, key pair and networks; inside: of the first network."""
        image = self.call("POST", "http://127.0.0.1:9292/v2/images", {"name": "linux", "disk_format": "raw", "container_format": "bare",
                                                                       "visibility": "private"})["id"]
        self.call("PUT", "http://127.0.0.1:9292/v2/images/%s/file" % image, raw=b"\0" * 65536)
        self.call("POST", NOVA + "/flavors", {"flavor": {"name": "m1.small", "vcpus": 1, "ram": 512, "disk": 1}})
        self.call("POST", NOVA + "/flavors", {"flavor": {"name": "truly", "vcpus": 1, "ram": 512, "disk": 1}})
        net = self.call("POST", NEUTRON + "/networks", {"network": {"name": "inside"}})["network"]["id"]
        inside = self.call("POST", NEUTRON + "/subnets", {"subnet": {"network_id": net, "ip_version": 4, "cidr": inside}})["subnet"]["id"]
        out = self.call("POST", NEUTRON + "/networks", {"network": {"name": "outside", "router:external": True}})["network"]["id"]
        self.call("POST", NEUTRON + "/subnets", {"subnet": {"network_id": out, "ip_version": 4, "cidr": "192.0.2.0/24"}})
        router = self.call("POST", NEUTRON + "/routers", {"router": {"name": "r", "external_gateway_info": {"network_id": out}}})["router"]["id"]
        self.call("PUT", NEUTRON + "/routers/%s/add_router_interface" % router, {"subnet_id": inside})
        self.call("POST", NOVA + "/os-keypairs", {"keypair": {"name": "key"}})

        # Cinder's scheduler hears of its backend some time after both have started
        def shelf():
            v = self.call("POST", self.cinder + "/volumes", {"volume": {"name": "probe", "size": 1}})["volume"]["id"]
            self.until(lambda: self.call("GET", self.cinder + "/volumes/" + v)["volume"]["status"] in ("available", "error"))
            good = self.call("GET", self.cinder + "/volumes/" + v)["volume"]["status"] == "available"
            self.call("DELETE", self.cinder + "/volumes/" + v)
            self.until(lambda: not self.volumes())
            return good
        self.until(shelf)

    def stranger(self, name="stranger", flavor="m1.small", metadata=None):
        """A server somebody else made, beside whatever there is; its id."""
        image = self.call("GET", "http://127.0.0.1:9292/v2/images")["images"][0]["id"]
        flavor = next(f["id"] for f in self.call("GET", NOVA + "/flavors")["flavors"] if f["name"] == flavor)
        net = self.call("GET", NEUTRON + "/networks?name=inside")["networks"][0]["id"]
        made = self.call("POST", NOVA + "/servers", {"server": {
            "name": name, "imageRef": image, "flavorRef": flavor, "networks": [{"uuid": net}], "config_drive": True,
            "metadata": metadata or {}}})["server"]["id"]
        self.until(lambda: self.server(made).get("status") == "ACTIVE")
        return made

    def server(self, id):
        """{} when there is none."""
        return next((s for s in self.servers() if s["id"] == id), {})

    def remove(self, server):
        self.call("DELETE", NOVA + "/servers/" + server)
        self.until(lambda: not self.servers())

    def until(self, f, seconds=120):
        end = time.monotonic() + seconds
        while not f() and time.monotonic() < end:
            time.sleep(0.3)

    def volumes(self):
        return self.call("GET", self.cinder + "/volumes/detail")["volumes"]

    def volume(self, name, key, image=None, **metadata):
        v = self.call("POST", self.cinder + "/volumes", {"volume": {"name": name, "size": 1, "imageRef": image,
                                                                    "metadata": {"cam_key": key, **metadata}}})["volume"]["id"]
        self.until(lambda: {x["id"]: x["status"] for x in self.volumes()}.get(v) == "available")
        return v

    def attachments(self, server):
        return self.call("GET", NOVA + "/servers/%s/os-volume_attachments" % server, version="compute 2.79")["volumeAttachments"]

    def action(self, server, action, status):
        self.call("POST", NOVA + "/servers/%s/action" % server, {action: None})
        self.until(lambda: self.server(server)["status"] == status)

    def stacks(self):
        # one that is deleted stays listed for a moment
        return [s for s in self.call("GET", self.cinder.replace("8776/v3", "8004/v1") + "/stacks")["stacks"] if s["stack_status"] != "DELETE_COMPLETE"]

    def networks(self, name):
        return self.call("GET", NEUTRON + "/networks?name=" + name)["networks"]

    def servers(self):
        return self.call("GET", NOVA + "/servers/detail")["servers"]


NEUTRON, NOVA = "http://127.0.0.1:9696/v2.0", "http://127.0.0.1:8774/v2.1"
PROFILE = {"schema": "http://elasticbox.net/schemas/openstack/compute/profile", "image": "linux", "flavor": "m1.small", "keypair": "key",
           "networks": ["inside"], "security_group": "Automatic", "floating_ip_pool": "outside", "instances": 1}


def config(**more):
    c = {"identity_url": "https://127.0.0.1:15000/v3", "project": "demo", "username": "demo", "domain": "Default", "ca_certificate": ca,
         "settle_seconds": SETTLE}
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
    check("validate: of an address with v2.0 Keystone v3 is taken when it is there", r["outcome"] == "done" and r["output"]["version"] == "v3", r)
    stranger = cloud_.stranger()
    r = result("provider.sync")
    check("sync: a server that is not ours is listed as not registered", [(u["name"], u["external_id"], u["power_state"]) for u in
          r["output"].get("unregistered", [])] == [("stranger", stranger, "ACTIVE")] and
          r["output"]["unregistered"][0]["server_info"]["address"].startswith("10.9.0.") and
          [r["output"]["unregistered"][0]["server_info"].get(k) for k in ("cpus", "memory", "os")] == [1, 512, "linux"], r["output"].get("unregistered"))
    cloud_.remove(stranger)
    place = r["output"].get("services", [{}])[0].get("locations", [{}])[0]
    check("sync: images, flavors, key pairs, networks, groups", r["outcome"] == "done" and
          [i["name"] for i in place["images"]] == ["linux"] and [k["name"] for k in place["keypairs"]] == ["key"] and
          "inside" in [n["name"] for n in place["networks"]] and "default" in [g["name"] for g in place["security_groups"]] and
          [n["name"] for n in place["floating_ip_pools"]] == ["outside"] and "m1.small" in [f["name"] for f in r["output"]["services"][0]["flavors"]] and place["volume_types"], r)
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
    for action, status, kind, end in (("pause", "PAUSED", "machine.stop", "SHUTOFF"), ("os-start", "ACTIVE", "machine.start", "ACTIVE"),
                                      ("suspend", "SUSPENDED", "machine.start", "ACTIVE")):
        cloud_.action(one, action, status)
        r = result(kind, 1, external_id=one)
        check("%s: of a server that somebody has put into the state %s: %s" % (kind, status, end), r["outcome"] == "done" and
              cloud_.server(one)["status"] == end, (r, cloud_.server(one)))
    r = result("machine.list", unregistered=True)
    check("list: machines by their keys", [(m["key"], m["external_id"]) for m in r["output"].get("machines", [])] == [("m-00000001", one)], r)
    r = result("machine.create", 2, {"image": "nothing"})
    check("create: an image that is not there is refused by name", r["outcome"] == "refused" and "nothing" in r["message"], r)
    r = [result("machine.destroy", 1, external_id=one) for _ in (1, 2)]
    left = cloud_.call("GET", "http://127.0.0.1:9696/v2.0/security-groups?description=appliance/m-00000001")["security_groups"]
    left += cloud_.call("GET", NEUTRON + "/floatingips")["floatingips"]
    check("destroy: gone with its group and its floating address, and again", [x["outcome"] for x in r] == ["done", "done"] and not cloud_.servers() and not left, (r, left))


def adopt_cases():
    old = cloud_.stranger("old", metadata={"theirs": "x"})
    before = cloud_.server(old)
    r = [result("machine.adopt", 20, external_id=old) for _ in (1, 2)]
    now = cloud_.server(old)["metadata"]
    check("adopt: a server that was there carries the key beside what it had, once and for all", [x["outcome"] for x in r] == ["done"] * 2 and
          r[0]["output"] == r[1]["output"] and r[0]["output"]["external_id"] == old and r[0]["output"]["hostname"] == "old" and
          r[0]["output"]["addresses"]["private"].startswith("10.9.0.") and now["cam_key"] == "appliance/m-00000020" and now["theirs"] == "x", (r, now))
    r = result("machine.list", unregistered=True)
    check("list: it is ours then, and not unregistered", [m["key"] for m in r["output"].get("machines", []) if m["external_id"] == old] ==
          ["m-00000020"] and r["output"].get("unregistered") == [], r)
    r = result("machine.adopt", 21, external_id=old)
    check("adopt: one that is another's is refused", r["outcome"] == "refused" and "belongs to another" in r["message"], r)
    r = result("machine.adopt", 22, external_id="00000000-0000-4000-8000-000000000000")
    check("adopt: so is one that is gone", r["outcome"] == "refused" and "gone" in r["message"], r)
    r = [result(kind, 20, external_id=old)["outcome"] for kind in ("machine.stop", "machine.start")]
    check("adopt: it is switched as any other", r == ["done"] * 2 and cloud_.server(old)["status"] == "ACTIVE", r)
    r = result("machine.destroy", 20, external_id=old, stray=True)
    now = cloud_.server(old)
    check("destroy: one that was adopted and belongs to nothing any more is let go, as it was", r["outcome"] == "done" and
          {k: now.get(k) for k in ("metadata", "status", "addresses")} == {k: before[k] for k in ("metadata", "status", "addresses")}, (r, now))
    r = result("machine.adopt", 23, external_id=old)
    d = result("machine.destroy", 23, external_id=old)
    check("destroy: one whose instance is terminated is removed as any other", [r["outcome"], d["outcome"]] == ["done"] * 2 and not cloud_.server(old),
          (r, d))


VOLUMES = [{"image": True, "size": 2, "persist": True}, {"name": "data", "size": 1}, {"size": 1}]


def volume_cases():
    r = result("machine.create", 11, {"volumes": VOLUMES, "floating_ip_pool": ""})
    one = r["output"].get("external_id", "")
    have = {v["metadata"]["cam_volume"]: v for v in cloud_.volumes()}
    goes = {v["id"]: a["delete_on_termination"] for a in cloud_.attachments(one) for v in cloud_.volumes() if v["id"] == a["volumeId"]} if one else {}
    check("volumes: one made of the image to boot from, two attached, each with the machine's key", r["outcome"] == "done" and
          sorted(have) == ["3", "data", "image"] and all(v["metadata"]["cam_key"] == "appliance/m-00000011" and v["status"] == "in-use" and
          v["attachments"][0]["server_id"] == one for v in have.values()) and have["image"]["bootable"] == "true" and not cloud_.servers()[0]["image"],
          (r, have))
    check("volumes: who goes with the server (microversion 2.79) and who stays", have and
          {n: goes.get(v["id"]) for n, v in have.items()} == {"image": False, "data": True, "3": True}, goes)
    r = result("machine.create", 11, {"volumes": VOLUMES, "floating_ip_pool": ""}, attempt=2)
    check("volumes: again with the same key: the same", r["outcome"] == "done" and sorted(v["id"] for v in cloud_.volumes()) ==
          sorted(v["id"] for v in have.values()), (r, cloud_.volumes()))
    r = result("machine.destroy", 11, external_id=one)
    left = cloud_.volumes()
    check("volumes: with the machine go those that do not persist; what stays has the key no more", r["outcome"] == "done" and
          not cloud_.servers() and [v["id"] for v in left] == [have["image"]["id"] if have else ""] and "cam_key" not in left[0]["metadata"] and
          left[0]["status"] == "available", (r, left))
    for v in left:
        cloud_.call("DELETE", cloud_.cinder + "/volumes/" + v["id"])
    cloud_.until(lambda: not cloud_.volumes())
    r = result("machine.create", 12, {"volumes": [{"name": "data", "size": 0}]})
    check("volumes: a size that is none is refused by name", r["outcome"] == "refused" and "volumes: data: size" in r["message"], r)
    r = result("machine.create", 12, {"volumes": [{"image": True, "size": 61}]})
    check("volumes: a quota that is exceeded is said in Cinder's words, and is final", r["outcome"] == "refused" and "quota" in r["message"].lower() and
          "61G" in r["message"], r)
    r = result("machine.create", 12, {"volumes": [{"name": "broken", "size": 1}]})
    check("volumes: one in the state error goes, and Cinder's reason is said", r["outcome"] == "failed" and "volumes: broken:" in r["message"] and
          "backend" in r["message"] and not cloud_.volumes(), (r, cloud_.volumes()))
    result("machine.destroy", 12, external_id="")
    image = cloud_.call("GET", "http://127.0.0.1:9292/v2/images")["images"][0]["id"]
    held = cloud_.volume("held", "appliance/m-00000014", image, cam_volume="image")
    cloud_.call("POST", cloud_.cinder + "/attachments", {"attachment": {"instance_uuid": str(uuid.uuid4()), "volume_uuid": held}}, version="volume 3.27")
    was = [v["status"] for v in cloud_.volumes()]
    r = result("machine.create", 14, {"volumes": [{"image": True, "size": 1}], "floating_ip_pool": ""})
    check("volumes: one that Nova reserved for a server that never came is made free, and is that of the next", was == ["reserved"] and
          r["outcome"] == "done" and [(v["id"], v["status"]) for v in cloud_.volumes()] == [(held, "in-use")], (was, r, cloud_.volumes()))
    r = result("machine.destroy", 14, external_id=r["output"].get("external_id", ""))
    check("volumes: and goes with it", r["outcome"] == "done" and not cloud_.volumes(), (r, cloud_.volumes()))
    lost = cloud_.volume("lost", "appliance/m-00000077")
    cloud_.volume("else", "another/m-00000078")
    r = result("machine.list")
    check("list: a volume without its machine is listed for its key", [(m["key"], m["external_id"], m.get("beside")) for m in
          r["output"].get("machines", [])] == [("m-00000077", lost, True)], r)
    r = result("machine.destroy", 77, external_id=lost)
    check("destroy: a volume without its machine goes, another appliance's stays", r["outcome"] == "done" and
          [v["name"] for v in cloud_.volumes()] == ["else"], (r, cloud_.volumes()))
    r = result("machine.create", 13, {"networks": ["none"], "security_group": "", "floating_ip_pool": ""})
    check("create: without a network (microversion 2.37)", r["outcome"] == "done" and [s["addresses"] for s in cloud_.servers()] == [{}],
          (r, cloud_.servers()))
    result("machine.destroy", 13, external_id="")


HOT = """heat_template_version: 2018-08-31
parameters:
  name: {type: string}
  secret: {type: string, hidden: true}
resources:
  net: {type: OS::Neutron::Net, properties: {name: {get_param: name}}}
  sub: {type: OS::Neutron::Subnet, properties: {network: {get_resource: net}, cidr: 10.44.0.0/24}}
  slow: {type: OS::Heat::TestResource, properties: {value: {get_param: secret}, wait_secs: 2}}
outputs:
  where: {value: {get_attr: [sub, cidr]}}
  word: {value: {get_attr: [slow, output]}}
"""
BROKEN = """{"HeatTemplateFormatVersion": "2012-12-12", "Parameters": {"why": {"Type": "String"}}, "Resources": {"bad": {"Type": "OS::Heat::TestResource",
"Properties": {"value": {"Ref": "why"}, "fail": true}}}}"""


def stack(kind, n, operation="op-1", attempt=1, **more):
    """A task for the instance i-0000n: (its result, its lines)."""
    task = core.push(kind, "i-%05d" % n, 180, type="Openstack", secret="demopw", secret_field="password", config=config(), operation=operation,
                     attempt=attempt, **more)
    return core.result(task, 240) or {"outcome": "none", "message": "no result", "output": {}}, core.text(task)


def stack_cases():
    more = {"template": HOT, "parameters": {"name": "heated"}, "secret_parameters": ["secret"], "more_secrets": {"parameters/secret": "sesame"}}
    r, text = stack("stack.put", 1, **more)
    have = cloud_.stacks()
    check("stacks: made of a template, with its events and outputs in the log", r["outcome"] == "done" and [(s["stack_name"], s["stack_status"]) for s in
          have] == [("cam-appliance-i-00001", "CREATE_COMPLETE")] and len(cloud_.networks("heated")) == 1 and "net: CREATE_COMPLETE" in text and
          'Output where: "10.44.0.0/24"' in text and 'Output word: "sesame"' in text and r["output"]["external_id"] == have[0]["id"], (r, have, text))
    r, text = stack("stack.put", 1, attempt=2, **more)
    check("stacks: the same operation again does nothing more", r["outcome"] == "done" and [(s["id"], s["updated_time"]) for s in cloud_.stacks()] ==
          [(s["id"], None) for s in have], (r, cloud_.stacks(), text))
    more["parameters"]["name"] = "reheated"
    r, text = stack("stack.put", 1, operation="op-2", **more)
    check("stacks: another operation changes it", r["outcome"] == "done" and [s["stack_status"] for s in cloud_.stacks()] == ["UPDATE_COMPLETE"] and
          len(cloud_.networks("reheated")) == 1 and not cloud_.networks("heated") and "UPDATE_COMPLETE" in text, (r, cloud_.stacks(), text))
    for kind, status in (("stack.stop", "SUSPEND_COMPLETE"), ("stack.stop", "SUSPEND_COMPLETE"), ("stack.start", "RESUME_COMPLETE"),
                         ("stack.start", "RESUME_COMPLETE")):
        r, text = stack(kind, 1)
        check("%s: %s" % (kind, status), r["outcome"] == "done" and [s["stack_status"] for s in cloud_.stacks()] == [status], (r, text))
    r = result("machine.list")
    check("list: stacks are listed with the instances they are of", [(m["key"], m["external_id"], m.get("stack")) for m in
          r["output"].get("machines", [])] == [("i-00001", have[0]["id"], True)], r)
    r, text = stack("stack.put", 2, template=HOT, parameters={"name": "x", "secret": "s", "colour": "red"})
    check("stacks: a parameter that the template has not is refused in Heat's words", r["outcome"] == "refused" and "colour" in r["message"] and
          len(cloud_.stacks()) == 1, r)
    r, text = stack("stack.put", 3, template=BROKEN, parameters={"why": "x"})
    check("stacks: one that fails is said with Heat's reason, of a CloudFormation template, too", r["outcome"] == "refused" and
          "CREATE_FAILED" in r["message"] and "Test Resource failed" in r["message"] and "bad: CREATE_FAILED" in text, (r, text))
    r = [stack("stack.delete", n)[0]["outcome"] for n in (3, 1, 1)]
    check("stacks: removed with all they had, and again", r == ["done"] * 3 and not cloud_.stacks() and not cloud_.networks("reheated"),
          (r, cloud_.stacks()))


def killed(rng, again):
    """The task given out until it is done, cloud killed within the first time: its result."""
    end, attempt, r = time.monotonic() + 180, 0, None
    while time.monotonic() < end and not (r and r["outcome"] == "done"):
        attempt += 1
        t = again(attempt)
        if attempt == 1:
            hellos = len(core.hellos)
            core.until(lambda: core.result_of(t), rng.uniform(0.2, 8))
            room.restart()
            core.until(lambda: len(core.hellos) > hellos)
        else:
            r = core.result(t, 180)
    return r


def stack_rounds():
    rng = random.Random(SEED)
    bad = []
    for n in range(10, 10 + STACK_ROUNDS):
        def again(attempt):
            return core.push("stack.put", "i-%05d" % n, 180, type="Openstack", secret="demopw", secret_field="password", config=config(),
                             operation="op", attempt=attempt, template=HOT, parameters={"name": "round", "secret": "s"})
        r = killed(rng, again)
        stacks, nets = [s["stack_status"] for s in cloud_.stacks()], len(cloud_.networks("round"))
        d, _ = stack("stack.delete", n)
        if not r or stacks != ["CREATE_COMPLETE"] or nets != 1 or d["outcome"] != "done" or cloud_.stacks() or cloud_.networks("round"):
            bad.append((n, r, stacks, nets, d))
    check("kills: after %d rounds of kill -9 there was one stack each time, made once, and none afterwards" % STACK_ROUNDS, not bad, bad[:3])


def rounds():
    rng = random.Random(SEED)
    disks = [{"image": True, "size": 1}, {"name": "data", "size": 1}]
    bad = []
    late(LATE)
    for n in range(100, 100 + ROUNDS):
        r = killed(rng, lambda attempt: run("machine.create", n, {"volumes": disks}, attempt=attempt))
        servers, volumes = cloud_.servers(), [v["name"] for v in cloud_.volumes() if v["name"] != "else"]
        if not r or r["outcome"] != "done" or len(servers) != 1 or len(volumes) != 2:
            bad.append((n, r, [s["name"] for s in servers], volumes))
        d = result("machine.destroy", n, external_id="")
        left = [v["name"] for v in cloud_.volumes() if v["name"] != "else"]
        if d["outcome"] != "done" or left:
            bad.append((n, d, left))
    late(0)
    check("kills: after %d rounds of kill -9, servers being late, there were one server and its two volumes each time, and none afterwards" % ROUNDS, not bad, bad[:3])


def main():
    global core, room, cloud_, ca
    work = os.environ["CAM_WORK"]
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
    adopt_cases()
    volume_cases()
    stack_cases()
    if sys.argv[1:] != ["quick"]:
        stack_rounds()
        rounds()
    check("cloud: nothing it may not do, no bug", "seccomp" not in room.text() and "bug" not in room.text(), room.text()[-500:])
    room.end(signal.SIGTERM)
    keyd.end(signal.SIGTERM)
    sys.exit(1 if failures else 0)	# the services end with this process namespace


if __name__ == "__main__":
    main()
