#!/usr/bin/python3
"""The whole appliance in a house against OpenStack: registered by the API, a template and a script box deployed, both ends killed.

usage: live.py NETNS        which the house's cable ends in, and this program runs in
"""
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "lib")]
import suite  # noqa: E402
from client import Client, until  # noqa: E402
from house import House  # noqa: E402

SCHEMAS = "http://elasticbox.net/schemas/"
TEMPLATE = {"HeatTemplateFormatVersion": "2012-12-12",
            "Parameters": {"netname": {"Type": "String", "Default": "first"}, "word": {"Type": "String", "NoEcho": "true"}},
            "Resources": {"net": {"Type": "OS::Neutron::Net", "Properties": {"name": {"Ref": "netname"}}},
                          "slow": {"Type": "OS::Heat::TestResource", "Properties": {"value": {"Ref": "word"}, "wait_secs": 3}}},
            "Outputs": {"said": {"Value": {"Fn::GetAtt": ["slow", "output"]}}}}


def check(what, good, detail=""):
    return suite.check("live: " + what, good, detail)


class Person(Client):
    def ended(self, instance, event):
        """The instance, once this operation of it has ended."""
        def over():
            i = self.get("/services/instances/" + instance)
            return i if i["operation"]["event"] == event and i["state"] != "processing" else None
        return until(over, 180)

    def activity(self, instance):
        return [a["text"] for a in self.get("/services/instances/%s/activity" % instance)]


def register(c, owner, address, ca):
    p = c.call("POST", "/services/providers", {"type": "Openstack", "schema": SCHEMAS + "openstack/provider", "name": "os", "owner": owner, "icon": "",
                                               "identity_url": "https://%s:5000" % address, "project": "demo", "username": "demo",
                                               "password": "demopw", "ca_certificate": ca, "settle_seconds": 6})["id"]
    r = until(lambda: (lambda p: p if p["state"] in ("ready", "unavailable") else None)(c.get("/services/providers/" + p)), 90)
    place = (r or {}).get("services", [{}])[0].get("locations", [{}])[0]
    check("an OpenStack is registered and synchronized", r and r["state"] == "ready" and [i["name"] for i in place["images"]] == ["linux"] and
          place["volume_types"] and r["password"] == "********", (r, [e["text"] for e in c.get("/services/providers/%s/logs" % p)]))
    return p


def box(c, owner, kind, name, **members):
    return c.call("POST", "/services/boxes", {"schema": SCHEMAS + "boxes/" + kind, "name": name, "owner": owner, "description": "",
                                              "automatic_updates": "off", "visibility": "workspace", "members": [], "variables": [], **members})


def deploy(c, owner, name, box_id, policy, variables=(), policy_variables=()):
    return c.call("POST", "/services/instances", {
        "schema": SCHEMAS + "deploy-instance-request", "name": name, "owner": owner, "automatic_updates": "off", "instance_tags": [],
        "box": {"id": box_id, "variables": list(variables)}, "policy_box": {"id": policy, "variables": list(policy_variables)}})["id"]


def kills(house, rng, rooms):
    for room in rooms:
        time.sleep(rng.uniform(0.5, 3))
        os.kill(house.service_pid(room), signal.SIGKILL)


def template_cases(house, c, cloud, owner, p, rng):
    status, _, data = house.request("POST", "/services/blobs/upload/t.json", TEMPLATE, {"ElasticBox-Token": c.token})
    b = box(c, owner, "cloudformation", "net", requirements=[], template={"url": json.loads(data)["url"]})
    check("the parameters of a template are variables of its box", status == 200 and [(v["name"], v["type"]) for v in b["variables"]] ==
          [("netname", "Text"), ("word", "Password")], b["variables"])
    i = deploy(c, owner, "stacked", b["id"], b["id"], [{"name": "netname", "type": "Text", "value": "ours"},
                                                       {"name": "word", "type": "Password", "value": "sesame"}],
               [{"name": "provider_id", "type": "Text", "value": p}])
    kills(house, rng, ("cloud", "core", "cloud"))
    end, stacks, lines = c.ended(i, "deploy"), cloud.stacks(), c.activity(i)
    check("a template box is one stack, also when cloud and core are killed meanwhile", end and end["state"] == "done" and
          [s["stack_status"] for s in stacks] == ["CREATE_COMPLETE"] and stacks[0]["stack_name"].endswith("-" + i) and len(cloud.networks("ours")) == 1,
          (end and end["state"], stacks, lines))
    check("its events and outputs are in the activity, and its secret went in", any("net: CREATE_COMPLETE" in t for t in lines) and
          any('Output said: "sesame"' in t for t in lines), lines)
    whole = c.get("/services/instances/" + i)
    next(v for v in whole["variables"] if v["name"] == "netname")["value"] = "theirs"
    c.call("PUT", "/services/instances/" + i, whole)
    c.call("PUT", "/services/instances/%s/reconfigure" % i)
    end = c.ended(i, "reconfigure")
    check("reconfigured with another value it is changed", end and end["state"] == "done" and [s["stack_status"] for s in cloud.stacks()] ==
          ["UPDATE_COMPLETE"] and len(cloud.networks("theirs")) == 1 and not cloud.networks("ours"), (end, cloud.stacks(), c.activity(i)[-12:]))
    c.call("DELETE", "/services/instances/%s?operation=terminate" % i)
    kills(house, rng, ("cloud",))
    end = c.ended(i, "terminate_service")
    check("terminated it is gone with all it had", end and end["state"] == "done" and not cloud.stacks() and not cloud.networks("theirs"),
          (end, cloud.stacks(), c.activity(i)[-8:]))


def machine_cases(house, c, cloud, owner, p, rng):
    try:
        box(c, owner, "policy", "wrong", provider_id=p, claims=[], profile={"schema": SCHEMAS + "openstack/compute/profile", "volumes": 7})
        check("a policy's profile is held against the form of its provider", False)
    except RuntimeError as e:
        check("a policy's profile is held against the form of its provider", " 400 " in str(e) and "profile.volumes" in str(e), e)
    policy = box(c, owner, "policy", "policy", provider_id=p, claims=["linux"], profile={
        "schema": SCHEMAS + "openstack/compute/profile", "image": "linux", "flavor": "m1.small", "networks": ["inside"], "keypair": "key", "instances": 2,
        "security_group": "Automatic", "floating_ip_pool": "outside", "volumes": [{"image": True, "size": 1}, {"name": "data", "size": 1}]})
    script = box(c, owner, "script", "web", requirements=["linux"], variables=[{"name": "HTTP", "type": "Port", "value": "8080"}])
    i = deploy(c, owner, "two", script["id"], policy["id"])
    kills(house, rng, ("cloud", "core", "cloud"))

    def made():
        return [m["external_id"] for m in c.get("/services/instances/%s/service" % i)["machines"]]
    known = until(lambda: (lambda ids: ids if len(ids) == 2 and all(ids) else None)(made()), 180)
    servers, volumes = cloud.servers(), [v["metadata"].get("cam_volume") for v in cloud.volumes()]
    check("a server each with its volumes, also when cloud and core are killed meanwhile", known and sorted(s["id"] for s in servers) == sorted(known) and
          {s["status"] for s in servers} == {"ACTIVE"} and sorted(volumes) == ["data", "data", "image", "image"], (known, servers, volumes, c.activity(i)))
    c.call("PUT", "/services/instances/%s/abort" % i)     # its machines have no agent to wait for
    until(lambda: c.get("/services/instances/" + i)["state"] != "processing", 90)
    c.call("DELETE", "/services/instances/%s?operation=force_terminate" % i)
    kills(house, rng, ("cloud",))
    end, addresses = c.ended(i, "terminate_service"), cloud.call("GET", suite.NEUTRON + "/floatingips")["floatingips"]
    groups = [g["name"] for g in cloud.call("GET", suite.NEUTRON + "/security-groups")["security_groups"] if g["name"] != "default"]
    check("force terminate leaves nothing behind, also when cloud is killed meanwhile", end and end["state"] == "done" and not cloud.servers() and
          not cloud.volumes() and not addresses and not groups, (end, cloud.servers(), cloud.volumes(), addresses, groups, c.activity(i)[-8:]))


def services(work, address):
    """OpenStack in namespaces of its own, but for the network: the process with which all of it ends, once it is ready."""
    p = subprocess.Popen(["unshare", "--mount", "--pid", "--ipc", "--fork", "--kill-child", "--mount-proc", "--propagation", "private", "sh", "-c",
                          '"$0" "$1" "$2" && touch "$1/ready" && exec sleep infinity', os.path.join(HERE, "start"), work, address])
    if not until(lambda: p.poll() is not None or os.path.exists(work + "/ready"), 900) or p.poll() is not None:
        raise RuntimeError("OpenStack did not start")
    return p


def main(netns):
    with tempfile.TemporaryDirectory(prefix="cam-openstack-live.") as work, House("openstack%d" % os.getpid()) as house:
        os.chmod(work, 0o755)
        house.start("--wait", "90", "--netns", netns)
        address = house.status()["host"]
        ca = suite.certificate(work, address)
        p = services(work, address)
        try:
            cloud, rng = suite.Cloud(), random.Random(suite.SEED)
            cloud.prepare()
            house.set_up()
            c = Person(house)
            owner = c.get("/services/workspaces")[0]["id"]
            provider = register(c, owner, address, ca)
            template_cases(house, c, cloud, owner, provider, rng)
            machine_cases(house, c, cloud, owner, provider, rng)
        finally:
            p.kill()
            p.wait()
    sys.exit(1 if suite.failures else 0)


main(sys.argv[1])
