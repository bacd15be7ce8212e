"""vcsim beside a house, and what the cases of live.py and running.py do with both."""
import json
import os
import signal
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
from client import Client, until  # noqa: E402, F401
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


class Vcenter:
    """vcsim; its machines that have RUN.container truly run, as those of vms do, if there are any."""
    def __init__(self, address, port=8085, vms=None):	# 8085: one of the two the appliance opens to a vCenter that is registered
        self.address, self.port = address, port
        self.url = "https://%s:%d" % (address, port)
        self.env = dict(os.environ, PATH=HERE + "/bin:" + os.environ["PATH"], CAM_VMS=vms.dir, CAM_TREE=vms.tree) if vms else os.environ
        self.certificate, self.key, self.log = ("vcsim-%d.%s" % (port, x) for x in ("crt", "key", "log"))
        sh("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", self.key, "-out",
           self.certificate, "-subj", "/CN=vcenter", "-addext", "subjectAltName=IP:" + address, "-days", "3")
        self.start()

    def start(self):
        with open(self.log, "w") as log:
            self.p = subprocess.Popen([VCSIM + "/vcsim", "-l", "%s:%d" % (self.address, self.port), "-tlscert", self.certificate, "-tlskey", self.key,
                                       "-username", "u", "-password", "p", "-vm", "2", "-host", "1", "-cluster", "1"], stdout=log, stderr=log,
                                      env=self.env)
        until(lambda: "GOVC_URL" in open(self.log).read(), every=0.02)
        self.govc("vm.power", "-off", "DC0_H0_VM0")
        self.govc("vm.markastemplate", "DC0_H0_VM0")

    def kill(self):
        self.p.kill()
        self.p.wait()

    def govc(self, *argv):
        return sh(VCSIM + "/govc", *argv, env=dict(os.environ, GOVC_URL="https://u:p@%s:%d/sdk" % (self.address, self.port), GOVC_INSECURE="1"))

    def machines(self):
        return sorted(x.rsplit("/", 1)[1] for x in self.govc("find", "/", "-type", "m").split() if "_VM" not in x)

    def state(self, name):
        return json.loads(self.govc("vm.info", "-json", name))["VirtualMachines"][0]["Runtime"]["PowerState"]


def deploy(c, owner, name, script, policy):
    return c.call("POST", "/services/instances", {
        "schema": SCHEMAS + "deploy-instance-request", "name": name, "owner": owner, "automatic_updates": "off", "instance_tags": [],
        "box": {"id": script["id"], "variables": []}, "policy_box": {"id": policy["id"], "variables": []}})["id"]


def policy(c, owner, provider, name, **profile):
    return box(c, owner, "policy", name, provider_id=provider, claims=["linux"], profile={
        "schema": SCHEMAS + "vsphere/compute/profile", "datacenter": "DC0", "template": "DC0_H0_VM0", "flavor": "Tiny", "instances": 1,
        "network": "VM Network", "datastore": "LocalDS_0", "customization_spec": "None", **profile})


def box(c, owner, kind, name, **members):
    body = {"schema": SCHEMAS + "boxes/" + kind, "name": name, "owner": owner, "description": "", "automatic_updates": "off",
            "visibility": "workspace", "members": [], "variables": [], **members}
    return c.call("POST", "/services/boxes", body)


def settled(c, provider):
    return until(lambda: (lambda p: p if p["state"] in ("ready", "unavailable") else None)(c.get("/services/providers/" + provider)))


def logs(c, p):
    return [e["text"] for e in c.get("/services/providers/%s/logs" % p)]


def kill(house, room):
    os.kill(until(lambda: house.service_pid(room)), signal.SIGKILL)	# 0, while it is started anew, would be ourselves


def sync(c, p):
    before = c.get("/services/providers/" + p)["updated"]
    c.call("PUT", "/services/providers/%s/sync" % p)
    return until(lambda: (lambda r: r if r["state"] in ("ready", "unavailable") and r["updated"] != before else None)(
        c.get("/services/providers/" + p)))
