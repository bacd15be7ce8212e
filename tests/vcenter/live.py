#!/usr/bin/python3
"""The whole appliance in a house against vcsim: registered by the API, deployed on, and all ends killed.

usage: live.py [bulk | kills | truly]     only imports of several machines (bulk.py), only the rounds of kills (killing.py), or only those of
                                          machines that truly run (running.py)
"""
import json
import os
import random
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "lib")]
from house import House  # noqa: E402
from treevm import Vms  # noqa: E402
import bulk  # noqa: E402
import killing  # noqa: E402
import running  # noqa: E402
import world  # noqa: E402
from world import SCHEMAS, Client, Vcenter, box, check, deploy, kill, logs, policy, settled, sync, until  # noqa: E402


def others(c, p):
    return {u["name"]: u for u in c.get("/services/providers/%s/unregisted-instances" % p)}


def cases_unregistered(c, vc, p):
    there = {x.rsplit("/", 1)[1] for x in vc.govc("find", "/", "-type", "m").split()} - {"DC0_H0_VM0"}
    first = others(c, p)
    one = first.get("DC0_H0_VM1", {})
    check("what is on the vCenter and not ours is listed as it is known to clients", set(first) == there and len(there) == 3 and
          one.get("schema") == SCHEMAS + "unregistered-instance" and one["provider_id"] == p and one["type"] == "Compute" and
          one["external_id"].startswith("vm-") and one["power_state"] == "poweredOn" and one["server_info"]["cpus"] == 1, first)
    vc.govc("vm.power", "-off", "DC0_H0_VM1")
    vc.govc("vm.destroy", "DC0_C0_RP0_VM1")
    vc.govc("vm.clone", "-on=false", "-vm", "DC0_H0_VM0", "-ds", "LocalDS_0", "-host", "DC0_H0", "new_VM")
    sync(c, p)
    now = others(c, p)
    check("a sync brings in what is new, takes out what is gone, and leaves the rest its id", set(now) == there - {"DC0_C0_RP0_VM1"} | {"new_VM"} and
          now["DC0_H0_VM1"]["id"] == one["id"] and now["DC0_H0_VM1"]["power_state"] == "poweredOff", now)
    check("the log says so in a line", logs(c, p).count("Unregistered resources: 1 found anew, 1 changed, 1 no longer there.") == 1, logs(c, p))
    sync(c, p)
    check("and nothing more when nothing changed", others(c, p) == now and sum("Unregistered resources" in t for t in logs(c, p)) == 2, logs(c, p))


def cases_template(house, c, vc, p, instance, rng):
    dc = c.get("/services/providers/" + p)["services"][0]["datacenters"][0]
    body = {"schema": SCHEMAS + "vsphere/tasks/create-template", "name": "golden_VM", "instance_id": instance, "datacenter": dc["mor"],
            "datastore": dc["datastores"][0]["mor"]}
    task = c.call("POST", "/services/instances/%s/template" % instance, body)
    time.sleep(rng.uniform(0.4, 1.2))
    kill(house, "cloud")
    end = until(lambda: (lambda t: t if t["state"] in ("done", "unsuccessful") else None)(c.get(task["uri"])), 90)
    check("a template is made of its machine, also when cloud is killed meanwhile", task["state"] == "submitted" and end and end["state"] == "done" and
          "was made (vm-" in end["log"], (task, end or c.get(task["uri"])))
    names = vc.govc("find", "/", "-type", "m").split()
    check("there is one of it, and it is a template", [n.rsplit("/", 1)[1] for n in names].count("golden_VM") == 1 and
          json.loads(vc.govc("vm.info", "-json", "golden_VM"))["VirtualMachines"][0]["Config"]["Template"], names)
    found = until(lambda: "golden_VM" in [t["name"] for t in c.get("/services/providers/" + p)["services"][0]["datacenters"][0]["templates"]])
    check("policies can name it without anybody's doing", found, c.get("/services/providers/" + p)["services"][0]["datacenters"][0])
    task = c.call("POST", "/services/instances/%s/template" % instance, dict(body, name="silver", folder="nowhere"))
    end = until(lambda: (lambda t: t if t["state"] in ("done", "unsuccessful") else None)(c.get(task["uri"])))
    check("one that cannot be made says why", end and end["state"] == "unsuccessful" and "no folder nowhere" in end["log"], end)


def cases_vanished(c, vc, p, instance):
    gone = vc.machines()[0]	# names with _VM are not of machines that were deployed
    vc.govc("vm.destroy", gone)
    vc.govc("vm.destroy", "DC0_H0_VM0")
    sync(c, p)
    line = "The template DC0_H0_VM0 of DC0 is no longer there. Instances that were made with it: one (%s)" % instance
    marks = c.get("/services/providers/" + p).get("vanished", [])
    check("a template that vanished is marked, the instances made with it are named", line in logs(c, p) and
          [(m["type"], m["name"], m["location"], m["instances"]) for m in marks] == [("template", "DC0_H0_VM0", "DC0", [instance])], (marks, logs(c, p)[:6]))

    def machines():
        return {m["name"]: m for m in c.get("/services/instances/%s/service" % instance)["machines"]}

    def shown():
        sync(c, p)		# each looks at the machines, too; two lists in a row must miss it
        return machines()[gone].get("vanished") and machines()[gone]["state"] == "unavailable"
    check("a machine that vanished shows it", until(shown) and sum("vanished" in m for m in machines().values()) == 1, machines())
    activity = [a["text"] for a in c.get("/services/instances/%s/activity" % instance)]
    check("so do the logs of its instance and of the provider", any(t.startswith("Machine %s (vm-" % gone) and "no longer there" in t for t in activity) and
          any(t.startswith("Machine %s (vm-" % gone) and t.endswith("of the instance one (%s) is no longer there." % instance) for t in logs(c, p)),
          (activity[-3:], logs(c, p)[:6]))


def registered(c, vc, workspace):
    p = c.call("POST", "/services/providers", {"type": "VMware vSphere", "schema": SCHEMAS + "vsphere/provider", "name": "vc", "owner": workspace,
                                               "icon": "", "endpoint": vc.url, "username": "u", "secret": "p", "settle_seconds": 3})["id"]
    r = settled(c, p)
    fingerprint = next((t.split("fingerprint ")[1].split(",")[0] for t in logs(c, p) if "fingerprint " in t), "")
    check("a vCenter nobody trusts yet is unavailable, its fingerprint in the log", r["state"] == "unavailable" and len(fingerprint) == 95,
          (r["state"], logs(c, p)))
    whole = c.get("/services/providers/" + p)
    whole["certificate_fingerprint"] = fingerprint
    c.call("PUT", "/services/providers/" + p, whole)
    c.call("PUT", "/services/providers/%s/sync" % p)
    until(lambda: c.get("/services/providers/" + p)["state"] == "processing", 3)
    r = settled(c, p)
    check("with the fingerprint accepted it is ready, with what it has", r["state"] == "ready" and
          r["services"][0]["datacenters"][0]["templates"][0]["name"] == "DC0_H0_VM0" and r["secret"] == "********", (r["state"], logs(c, p)[:5]))
    check("the log says what was found", any("Found 1 datacenters" in t for t in logs(c, p)), logs(c, p))
    return p


def cases(house, vc, vms, only=""):
    house.set_up()
    c = Client(house)
    workspace = c.get("/services/workspaces")[0]["id"]
    seed = int(os.environ.get("CAM_SEED", "11"))
    rng = random.Random(seed)
    if only != "kills":
        p = registered(c, vc, workspace)
    if not only:
        cases_unregistered(c, vc, p)
        running.cases(c, vc, vms, workspace, p)
    if only in ("", "truly"):
        running.cases_template(c, vc, vms, workspace, p, rng)
        print("truly: %d deployments amid kills, seed %d" % (running.ROUNDS, seed), flush=True)
    if not only:
        running.cases_import(c, vc, vms, workspace, p)
    if only in ("", "bulk"):
        bulk.cases(c, vc, workspace, p)
    if not only:
        cases_life(house, c, vc, workspace, p, rng)
    if only in ("", "kills"):
        killing.cases(house, c, workspace)


def cases_life(house, c, vc, workspace, p, rng):
    i = deploy(c, workspace, "one", box(c, workspace, "script", "web", requirements=["linux"]), policy(c, workspace, p, "policy", instances=2))
    check("deployed: a machine each",
          until(lambda: len(vc.machines()) == 2 and all(vc.state(m) == "poweredOn" for m in vc.machines()), 90), vc.machines())
    service = until(lambda: (lambda s: s if all(m["external_id"] for m in s["machines"]) else None)(
        c.get("/services/instances/%s/service" % i)), 60)
    check("the instance knows them by their references", service and sorted(m["name"] for m in service["machines"]) == vc.machines(),
          (service, vc.machines()))
    options = vc.govc("vm.info", "-e", vc.machines()[0])
    check("they are told how to install the agent", "guestinfo.userdata:" in options and "guestinfo.userdata.encoding:" in options, options)
    c.call("PUT", "/services/instances/%s/abort" % i)	# its machines have no agent to wait for
    until(lambda: c.get("/services/instances/" + i)["state"] != "processing")
    cases_template(house, c, vc, p, i, rng)
    cases_vanished(c, vc, p, i)
    try:
        c.call("DELETE", "/services/providers/" + p)
        check("a provider with instances cannot be deleted", False)
    except RuntimeError as e:
        check("a provider with instances cannot be deleted", " 400 " in str(e), e)
    c.call("DELETE", "/services/instances/%s?operation=force_terminate" % i)
    time.sleep(rng.uniform(0.1, 1))
    kill(house, "cloud")
    check("force terminate removes them, also when cloud is killed meanwhile", until(lambda: not vc.machines(), 120), vc.machines())


def main():
    with tempfile.TemporaryDirectory(prefix="cam-live.") as work, House("vcenter%d" % os.getpid()) as house:
        os.chdir(work)
        os.environ["HOME"] = work
        house.start("--wait", "90")
        vms = Vms(os.path.join(work, "vms"), os.environ["CAM_TREE"]).network()
        vc = Vcenter(house.status()["host"], vms=vms)
        try:
            cases(house, vc, vms, *sys.argv[1:])
        finally:
            vc.kill()
            vms.end()
    sys.exit(1 if world.failures else 0)


main()
