#!/usr/bin/python3
"""The whole appliance in a house against vcsim: registered by the API, deployed on, and both ends killed."""
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
from house import House  # noqa: E402

VCSIM = os.environ["VCSIM"]
SCHEMAS = "http://elasticbox.net/schemas/"
failures = 0


def check(what, good, detail=""):
    global failures
    print("%s live: %s%s" % ("ok" if good else "not ok", what, "" if good else ": %s" % (detail,)), flush=True)
    failures += not good
    return good


def sh(*argv, **more):
    return subprocess.run(argv, check=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **more).stdout


def until(f, seconds=60):
    end = time.monotonic() + seconds
    while True:
        value = f()
        if value or time.monotonic() > end:
            return value
        time.sleep(0.2)


class Vcenter:
    def __init__(self, address):
        self.address = address
        sh("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "s.key", "-out",
           "s.crt", "-subj", "/CN=vcenter", "-addext", "subjectAltName=IP:" + address, "-days", "3")
        self.port = 8085	# one of the two the appliance opens to a vCenter that is registered
        self.url = "https://%s:%d" % (address, self.port)
        log = open("vcsim.log", "w")
        self.p = subprocess.Popen([VCSIM + "/vcsim", "-l", "%s:%d" % (address, self.port), "-tlscert", "s.crt", "-tlskey", "s.key", "-username",
                                   "u", "-password", "p", "-vm", "2", "-host", "1", "-cluster", "1"], stdout=log, stderr=log)
        until(lambda: "GOVC_URL" in open("vcsim.log").read())
        self.govc("vm.power", "-off", "DC0_H0_VM0")
        self.govc("vm.markastemplate", "DC0_H0_VM0")

    def govc(self, *argv):
        return sh(VCSIM + "/govc", *argv, env=dict(os.environ, GOVC_URL="https://u:p@%s:%d/sdk" % (self.address, self.port), GOVC_INSECURE="1"))

    def machines(self):
        return sorted(x.rsplit("/", 1)[1] for x in self.govc("find", "/", "-type", "m").split() if "_VM" not in x)

    def state(self, name):
        return json.loads(self.govc("vm.info", "-json", name))["VirtualMachines"][0]["Runtime"]["PowerState"]


class Client:
    def __init__(self, house):
        self.house, self.token = house, house.token()

    def call(self, method, path, body=None):
        for _ in range(30):
            try:
                status, _, data = self.house.request(method, path, body, {"ElasticBox-Token": self.token}, timeout=30)
                if status != 503:
                    break
            except OSError:
                pass
            time.sleep(0.5)
        if status >= 400:
            raise RuntimeError("%s %s: %d %s" % (method, path, status, data[:300]))
        return json.loads(data) if data else None

    def get(self, path):
        return self.call("GET", path)


def box(c, owner, kind, name, **members):
    body = {"schema": SCHEMAS + "boxes/" + kind, "name": name, "owner": owner, "description": "", "automatic_updates": "off",
            "visibility": "workspace", "members": [], "variables": [], **members}
    return c.call("POST", "/services/boxes", body)


def settled(c, provider):
    return until(lambda: (lambda p: p if p["state"] in ("ready", "unavailable") else None)(c.get("/services/providers/" + provider)))


def logs(c, p):
    return [e["text"] for e in c.get("/services/providers/%s/logs" % p)]


def kill(house, room):
    os.kill(house.service_pid(room), signal.SIGKILL)


def sync(c, p):
    before = c.get("/services/providers/" + p)["updated"]
    c.call("PUT", "/services/providers/%s/sync" % p)
    return until(lambda: (lambda r: r if r["state"] in ("ready", "unavailable") and r["updated"] != before else None)(
        c.get("/services/providers/" + p)))


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


def cases(house, vc):
    house.set_up()
    c = Client(house)
    workspace = c.get("/services/workspaces")[0]["id"]
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
    cases_unregistered(c, vc, p)
    policy = box(c, workspace, "policy", "policy", provider_id=p, claims=["linux"], profile={
        "schema": SCHEMAS + "vsphere/compute/profile", "datacenter": "DC0", "template": "DC0_H0_VM0", "flavor": "Tiny", "instances": 2,
        "network": "VM Network", "datastore": "LocalDS_0", "customization_spec": "None"})
    script = box(c, workspace, "script", "web", requirements=["linux"])
    i = c.call("POST", "/services/instances", {"schema": SCHEMAS + "deploy-instance-request", "name": "one", "owner": workspace,
                                               "automatic_updates": "off", "instance_tags": [], "box": {"id": script["id"], "variables": []},
                                               "policy_box": {"id": policy["id"], "variables": []}})
    rng = random.Random(11)
    for room in ("cloud", "core", "cloud"):
        time.sleep(rng.uniform(0.1, 1.5))
        kill(house, room)
    check("deployed: a machine each, also when cloud and core are killed meanwhile",
          until(lambda: len(vc.machines()) == 2 and all(vc.state(m) == "poweredOn" for m in vc.machines()), 90), vc.machines())
    service = until(lambda: (lambda s: s if all(m["external_id"] for m in s["machines"]) else None)(
        c.get("/services/instances/%s/service" % i["id"])), 60)
    check("the instance knows them by their references", service and sorted(m["name"] for m in service["machines"]) == vc.machines(),
          (service, vc.machines()))
    time.sleep(6)
    check("and there are no others after the settle time", len(vc.machines()) == 2, vc.machines())
    options = vc.govc("vm.info", "-e", vc.machines()[0])
    check("they are told how to install the agent", "guestinfo.userdata:" in options and "guestinfo.userdata.encoding:" in options, options)
    c.call("PUT", "/services/instances/%s/abort" % i["id"])	# its machines have no agent to wait for
    until(lambda: c.get("/services/instances/" + i["id"])["state"] != "processing")
    cases_template(house, c, vc, p, i["id"], rng)
    cases_vanished(c, vc, p, i["id"])
    try:
        c.call("DELETE", "/services/providers/" + p)
        check("a provider with instances cannot be deleted", False)
    except RuntimeError as e:
        check("a provider with instances cannot be deleted", " 400 " in str(e), e)
    c.call("DELETE", "/services/instances/%s?operation=force_terminate" % i["id"])
    time.sleep(rng.uniform(0.1, 1))
    kill(house, "cloud")
    check("force terminate removes them, also when cloud is killed meanwhile", until(lambda: not vc.machines(), 120), vc.machines())


def main():
    with tempfile.TemporaryDirectory(prefix="cam-live.") as work, House("vcenter%d" % os.getpid()) as house:
        os.chdir(work)
        os.environ["HOME"] = work
        house.start("--wait", "90")
        vc = Vcenter(house.status()["host"])
        try:
            cases(house, vc)
        finally:
            vc.p.kill()
    sys.exit(1 if failures else 0)


main()
