#!/usr/bin/python3
"""The whole appliance in a house against OpenStack: registered by the API, a template and script boxes deployed, both ends killed.

It runs in a network namespace of its own, in which the house's cable ends and OpenStack's machines are; CAM_WORK is OpenStack's directory.
"""
import collections
import json
import os
import random
import re
import signal
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "lib")]
import running  # noqa: E402
import suite  # noqa: E402
from client import Client, until  # noqa: E402
from deployed import Instance  # noqa: E402
from house import House  # noqa: E402
from treevm import NETWORK, Vms  # noqa: E402

SCHEMAS = "http://elasticbox.net/schemas/"
# Deployments of machines that truly run, amid kills.
ROUNDS = int(os.environ.get("CAM_ROUNDS", 30 if os.environ.get("CAM_SOAK") else 3))
TEMPLATE = {"HeatTemplateFormatVersion": "2012-12-12",
            "Parameters": {"netname": {"Type": "String", "Default": "first"}, "word": {"Type": "String", "NoEcho": "true"}},
            "Resources": {"net": {"Type": "OS::Neutron::Net", "Properties": {"name": {"Ref": "netname"}}},
                          "slow": {"Type": "OS::Heat::TestResource", "Properties": {"value": {"Ref": "word"}, "wait_secs": 3}}},
            "Outputs": {"said": {"Value": {"Fn::GetAtt": ["slow", "output"]}}}}


def check(what, good, detail=""):
    return suite.check("live: " + what, good, detail)


PROFILE = {"schema": SCHEMAS + "openstack/compute/profile", "image": "linux", "flavor": "truly", "networks": ["inside"], "keypair": "key",
           "instances": 1}


def register(c, owner, address, ca):
    p = c.call("POST", "/services/providers", {"type": "Openstack", "schema": SCHEMAS + "openstack/provider", "name": "os", "owner": owner, "icon": "",
                                               "identity_url": "https://%s:5000" % address, "project": "demo", "username": "demo",
                                               "password": "demopw", "ca_certificate": ca, "settle_seconds": suite.SETTLE})["id"]
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


# What of Nova is killed: the program, as its processes name it.
NOVA = {"nova": "/usr/bin/nova-api", "compute": os.path.join(HERE, "compute")}


def proc(pid, name):
    with open("/proc/%s/%s" % (pid, name)) as f:
        return f.read()


def processes(program):
    """Those of this namespace that run it, the first one started first."""
    found = []
    for p in filter(str.isdigit, os.listdir("/proc")):
        try:
            found += [int(p)] if program in proc(p, "cmdline").split("\0") else []
        except OSError:
            pass
    return sorted(found)


def restart(program):
    pids = processes(program)
    argv, environ = (proc(pids[0], name).rstrip("\0").split("\0") for name in ("cmdline", "environ"))
    for p in pids:
        os.kill(p, signal.SIGKILL)
    with open("%s/log/%s-again.out" % (os.environ["CAM_WORK"], os.path.basename(program)), "ab") as log:
        subprocess.Popen(argv, env=dict(e.split("=", 1) for e in environ), stdin=subprocess.DEVNULL, stdout=log, stderr=log)


def kill(house, victim):
    if victim in NOVA:
        restart(NOVA[victim])
    else:
        os.kill(until(lambda: house.service_pid(victim)), signal.SIGKILL)	# 0, while it is started anew, would be ourselves


def kills(house, rng, victims, points=None, i=None):
    """points: counts at what line of the instance's activity each was killed."""
    for victim in victims:
        time.sleep(rng.uniform(0.5, 3))
        if i:
            line = "".join(i.said(1)) or "nothing yet"
            points["%s: %s" % (victim, re.sub(r"\S*-eb-\S*|\S*\d\S*", "...", line)[:60])] += 1
        kill(house, victim)


def template_cases(house, c, cloud, owner, p, rng):
    status, _, data = house.request("POST", "/services/blobs/upload/t.json", TEMPLATE, {"ElasticBox-Token": c.token})
    b = box(c, owner, "cloudformation", "net", requirements=[], template={"url": json.loads(data)["url"]})
    check("the parameters of a template are variables of its box", status == 200 and [(v["name"], v["type"]) for v in b["variables"]] ==
          [("netname", "Text"), ("word", "Password")], b["variables"])
    i = Instance(c, deploy(c, owner, "stacked", b["id"], b["id"], [{"name": "netname", "type": "Text", "value": "ours"},
                                                                {"name": "word", "type": "Password", "value": "sesame"}],
                           [{"name": "provider_id", "type": "Text", "value": p}]))
    kills(house, rng, ("cloud", "core", "cloud"))
    end, stacks, lines = i.ended("deploy", 180), cloud.stacks(), i.said(40)
    check("a template box is one stack, also when cloud and core are killed meanwhile", end and end["state"] == "done" and
          [s["stack_status"] for s in stacks] == ["CREATE_COMPLETE"] and stacks[0]["stack_name"].endswith("-" + i.id) and len(cloud.networks("ours")) == 1,
          (end and end["state"], stacks, lines))
    check("its events and outputs are in the activity, and its secret went in", any("net: CREATE_COMPLETE" in t for t in lines) and
          any('Output said: "sesame"' in t for t in lines), lines)
    whole = c.get(i.path)
    next(v for v in whole["variables"] if v["name"] == "netname")["value"] = "theirs"
    c.call("PUT", i.path, whole)
    c.call("PUT", i.path + "/reconfigure")
    end = i.ended("reconfigure", 180)
    check("reconfigured with another value it is changed", end and end["state"] == "done" and [s["stack_status"] for s in cloud.stacks()] ==
          ["UPDATE_COMPLETE"] and len(cloud.networks("theirs")) == 1 and not cloud.networks("ours"), (end, cloud.stacks(), i.said()))
    c.call("DELETE", i.path + "?operation=terminate")
    kills(house, rng, ("cloud",))
    end = i.ended("terminate_service", 180)
    check("terminated it is gone with all it had", end and end["state"] == "done" and not cloud.stacks() and not cloud.networks("theirs"),
          (end, cloud.stacks(), i.said()))


def machine_cases(house, c, cloud, vms, owner, p, rng):
    try:
        box(c, owner, "policy", "wrong", provider_id=p, claims=[], profile={"schema": SCHEMAS + "openstack/compute/profile", "volumes": 7})
        check("a policy's profile is held against the form of its provider", False)
    except RuntimeError as e:
        check("a policy's profile is held against the form of its provider", " 400 " in str(e) and "profile.volumes" in str(e), e)
    policy = box(c, owner, "policy", "policy", provider_id=p, claims=["linux"], profile={
        **PROFILE, "instances": 2, "security_group": "Automatic", "floating_ip_pool": "outside", "volumes": [{"image": True, "size": 1},
                                                                                                        {"name": "data", "size": 1}]})
    script = box(c, owner, "script", "web", requirements=["linux"], variables=[{"name": "HTTP", "type": "Port", "value": "8080"}],
                 events={"install": c.upload("install", "#!/bin/sh\necho installed once\n")})
    points, bad, left = collections.Counter(), [], []
    suite.late(suite.LATE)
    for n in range(ROUNDS):
        i = Instance(c, deploy(c, owner, "two", script["id"], policy["id"]))
        bad += deployed_amid_kills(house, c, cloud, vms, i, points, rng)
        left += removed_amid_kills(house, c, cloud, vms, i, points, rng)
        c.call("DELETE", i.path + "?operation=delete")
        print("  round %d of %d" % (n + 1, ROUNDS), flush=True)
    suite.late(0)
    print("  killed at: " + ", ".join("%s (%d)" % x for x in sorted(points.items())), flush=True)
    check("in %d rounds of kill -9 of cloud, core, gate, Nova's API and its compute host, servers being late, there was a server each with its volumes, and their box ran to done, once" % ROUNDS,
          not bad, bad[:2])
    check("force terminate left nothing behind, cloud killed meanwhile, too", not left, left[:2])


def deployed_amid_kills(house, c, cloud, vms, i, points, rng):
    """What was not as it should be."""
    kills(house, rng, rng.sample(("cloud", "core", "gate", "cloud", "core", "nova", "compute"), 7), points, i)
    end = i.ended("deploy", 420)
    known = [m["external_id"] for m in c.get(i.path + "/service")["machines"]]
    until(nova_answers(cloud), 60)
    servers, volumes = cloud.servers(), [v["metadata"].get("cam_volume") for v in cloud.volumes()]
    good = (len(known) == 2 and all(known) and sorted(s["id"] for s in servers) == sorted(known) == vms.names() and
            {s["status"] for s in servers} == {"ACTIVE"} and sorted(volumes) == ["data", "data", "image", "image"] and
            end and end["state"] == "done" and i.output().count("installed once\n") == 2)
    return [] if good else [(known, [(s["id"], s["status"]) for s in servers], volumes, vms.names(), end and end["state"], i.said(), i.output()[-300:])]


def removed_amid_kills(house, c, cloud, vms, i, points, rng):
    c.call("DELETE", i.path + "?operation=force_terminate")
    kills(house, rng, ("cloud",), points, i)
    end, addresses = i.ended("terminate_service", 180), cloud.call("GET", suite.NEUTRON + "/floatingips")["floatingips"]
    groups = [g["name"] for g in cloud.call("GET", suite.NEUTRON + "/security-groups")["security_groups"] if g["name"] != "default"]
    good = (end and end["state"] == "done" and not cloud.servers() and not cloud.volumes() and not addresses and not groups and
            until(lambda: not vms.left(), 30))
    return [] if good else [(end and end["state"], cloud.servers(), cloud.volumes(), addresses, groups, vms.left(), i.said())]


def nova_answers(cloud):
    def answers():
        try:
            return cloud.servers() is not None
        except OSError:
            return False
    return answers


def services(work, address):
    """OpenStack; it ends with the first process of this namespace."""
    if subprocess.run([os.path.join(HERE, "start"), work, address]).returncode:
        raise RuntimeError("OpenStack did not start")


def main(work):
    with House("openstack%d" % os.getpid()) as house:
        house.start("--wait", "90")
        address = house.status()["host"]
        ca = suite.certificate(work, address)
        vms = Vms(os.path.join(work, "vms"), os.environ["CAM_TREE"]).network()
        services(work, address)
        cloud, rng = suite.Cloud(), random.Random(suite.SEED)
        cloud.prepare(NETWORK + ".0/24")
        house.set_up()
        c = Client(house)
        owner = c.get("/services/workspaces")[0]["id"]
        provider = register(c, owner, address, ca)
        try:
            running.cases(c, cloud, vms, owner, provider, box, deploy, PROFILE)
            running.cases_import(c, cloud, vms, owner, provider)
            machine_cases(house, c, cloud, vms, owner, provider, rng)
            template_cases(house, c, cloud, owner, provider, rng)
        finally:
            vms.end()
    sys.exit(1 if suite.failures else 0)


main(os.environ["CAM_WORK"])
