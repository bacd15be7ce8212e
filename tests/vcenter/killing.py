"""cloud, core and vCenter are killed at random moments while machines are made and removed: as many virtual machines as machines each
time, and every operation ends. The whole appliance is in a house; its vCenter is a simulator of its own, behind a proxy that lets time
pass between what is accepted and what shows."""
import os
import random
import signal
import time

from proxy import Proxy
from world import SCHEMAS, Vcenter, box, check, deploy, logs, policy, settled, sync, until

ROUNDS = int(os.environ.get("CAM_ROUNDS", 300 if os.environ.get("CAM_SOAK") else 10))
SEED = int(os.environ.get("CAM_SEED", "7"))
COUNT = 2	# machines of an instance
SETTLE = 1	# seconds; longer than what is accepted takes to begin, as it is out there (60 s at most, 150 s)
CLONING = 2.5	# a clone may take so long
VICTIMS = (("core",), ("cloud",), ("vcenter",), ("cloud", "core"), ("core", "vcenter"), ("cloud", "vcenter"), ("cloud", "core", "vcenter"))
METHODS = ["CloneVM_Task", "CloneVM_Task", "CloneVM_Task", "ReconfigVM_Task", "PowerOnVM_Task", "FindByUuid", "FindChild", "SetField",
           "RetrievePropertiesEx"]
OVER = ("done", "failed", "cancelled", "expired")


class Killing:
    def __init__(self, house, c, workspace):
        self.house, self.c, self.workspace, self.rng = house, c, workspace, random.Random(SEED)
        address = house.status()["host"]
        self.vc = Vcenter(address, 8086)
        self.proxy = Proxy(443, 8086, self.vc.certificate, self.vc.key, address)
        with open(self.vc.certificate) as f:
            self.p = c.call("POST", "/services/providers", {
                "type": "VMware vSphere", "schema": SCHEMAS + "vsphere/provider", "name": "killed", "owner": workspace, "icon": "",
                "endpoint": "https://" + address, "username": "u", "secret": "p", "ca_certificate": f.read(), "settle_seconds": SETTLE})["id"]
        state = settled(c, self.p)["state"]
        check("kills: a vCenter of its own is ready", state == "ready", (state, logs(c, self.p)[:3]))
        self.box = box(c, workspace, "script", "killed", requirements=["linux"])
        self.policy = policy(c, workspace, self.p, "killed", instances=COUNT)
        self.hits, self.dead, self.lost = {}, set(), 0

    # ---- kills ----

    def pid(self, room):
        return until(lambda: (lambda p: p if p not in self.dead else 0)(self.house.service_pid(room)))

    def strike(self, victims, begins, wanted):
        """Kills them a random time after the next call that `begins`; `wanted`: the call whose COUNT answers say that all was over before."""
        pids = {r: self.pid(r) for r in victims if r != "vcenter"}
        if begins:
            at = len(self.proxy.calls)
            until(lambda: begins in self.proxy.calls[at:], 2 if at > self.since else 4, every=0.005)
        time.sleep(self.rng.uniform(0, 0.7 if begins else 3))
        last = (self.proxy.calls[self.since:] or ["nothing yet"])[-1]
        amid = self.proxy.answered[self.heard:].count(wanted) < COUNT
        for v in self.rng.sample(victims, len(victims)):
            if v == "vcenter":
                self.proxy.away = True
                self.vc.kill()
            else:
                os.kill(pids[v], signal.SIGKILL)
                self.dead.add(pids[v])
            if amid:
                self.hits[v, last] = self.hits.get((v, last), 0) + 1
        if "vcenter" in victims:	# whatever it had is gone: what was accepted, what was made
            self.vc.start()
            self.proxy.away = False

    def begin(self, method=None):
        self.since, self.heard = len(self.proxy.calls), len(self.proxy.answered)
        self.proxy.delays = {method: self.rng.uniform(0.1, 0.6)} if method else {}
        self.proxy.cloning = self.rng.uniform(0, CLONING) if method == "CloneVM_Task" else 0

    # ---- what there is ----

    def machines(self, i):
        return self.c.get("/services/instances/%s/service" % i)["machines"]

    def made(self, i):
        """Its machines, once all are; or, when they never will be."""
        m = self.machines(i)
        whole = len(m) == COUNT and all(x["external_id"] for x in m)
        return m if whole or self.c.get("/services/instances/" + i)["state"] == "unavailable" else None

    def vanished(self, i):
        """A simulator that is killed forgets its machines: those the appliance finds to be gone."""
        def seen():
            sync(self.c, self.p)
            m = self.machines(i)
            return m if sorted(x["name"] for x in m if not x.get("vanished")) == self.vc.machines() else None
        return {x["name"] for x in until(seen, 60) or () if x.get("vanished")}

    def open_tasks(self, i):
        path = "/services/instances/%s/operations" % i
        return [(t["kind"], t["state"]) for o in self.c.get(path) for t in self.c.get("%s/%s/tasks" % (path, o["id"])) if t["state"] not in OVER]

    # ---- a round ----

    def deploys(self, n):
        """The instance, and what is wrong with what was made."""
        method = self.rng.choice(METHODS)
        self.begin(method)
        i = deploy(self.c, self.workspace, "killed", self.box, self.policy)
        struck = [VICTIMS[n % len(VICTIMS)]] + [self.rng.choice(VICTIMS) for _ in range(self.rng.choice((0, 0, 0, 1, 2)))]
        for victims in struck:
            self.strike(victims, self.rng.choice((method, method, None)), "PowerOnVM_Task")
        machines = until(lambda: self.made(i), 150) or self.machines(i)
        self.proxy.delays, self.proxy.cloning = {}, 0
        time.sleep(SETTLE + 0.3)
        names, there = sorted(m["name"] for m in machines), self.vc.machines()
        gone = self.vanished(i) if names != there and any("vcenter" in v for v in struck) else set()
        self.lost += len(gone)
        good = len(machines) == COUNT and all(m["external_id"] for m in machines) and there == sorted(set(names) - gone)
        return i, [] if good else [struck, [(m["name"], m["external_id"]) for m in machines], there, gone, self.said(i)]

    def ends(self, i):
        """What is wrong after it was removed."""
        self.begin()
        path = "/services/instances/" + i
        self.c.call("DELETE", path + "?operation=force_terminate")
        if self.rng.random() < 0.4:
            self.strike(self.rng.choice(VICTIMS), self.rng.choice(("Destroy_Task", None)), "Destroy_Task")
        over = until(lambda: (lambda s: s["state"] != "processing" and s["operation"]["event"] == "terminate_service" and s)(self.c.get(path)), 150)
        there, left = self.vc.machines(), until(lambda: not self.open_tasks(i), 10) or self.open_tasks(i)
        if not over or over["state"] != "done" or there or left is not True:
            return [over and over["state"], there, left, self.said(i)]
        self.c.call("DELETE", path + "?operation=delete")
        return []

    def said(self, i):
        return [a["text"] for a in self.c.get("/services/instances/%s/activity" % i)][-8:]


def cases(house, c, workspace):
    k = Killing(house, c, workspace)
    bad, began = [], time.monotonic()
    for n in range(ROUNDS):
        i, wrong = k.deploys(n)
        wrong += k.ends(i)
        if wrong:
            bad.append((n, wrong))
            print("  round %d of seed %d: %s" % (n, SEED, wrong), flush=True)
    check("kills: after %d rounds of kill -9 of cloud, core and vCenter there was one virtual machine for each machine, and none of them in the end" %
          ROUNDS, not bad, bad[:2])
    print("kills: seed %d, %.0f s; %d crash points in %d kills; the last call before each: %s; %d machines were gone with the simulator" % (
        SEED, time.monotonic() - began, len(k.hits), sum(k.hits.values()), ", ".join("%s at %s %d" % (*h, x) for h, x in sorted(k.hits.items())),
        k.lost), flush=True)
    check("kills: they hit all three in the midst of it", {v for v, _ in k.hits} == {"cloud", "core", "vcenter"} and len(k.hits) > 4, k.hits)
    k.vc.kill()
