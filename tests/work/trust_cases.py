"""Agents trust the appliance's own authority and its name for them: neither what browsers are shown nor another address loses one."""
import os
import shutil
import socket
import ssl
import tempfile

from authority import Authority
from house import OUT
from machine import Machine
from world import check, wait_for

SIM = os.environ.get("CAM_WORK_AGENT") == "sim"
NAME = "cam.corp.example"
AGENT, LOG = "/usr/elasticbox/elasticbox-agent", "/var/log/elasticbox/elasticbox-agent.log"
WHERE = "/services/appliance/certificate"


class Own:
    """A machine of somebody's own, whose agent knows the appliance by a name that the network's name server has."""
    def __init__(self, w, box, directory):
        self.w = w
        self.id = w.deploy(box, policy_box=None, ipv4_address="10.0.0.9")["id"]
        self.machine = Machine(directory)
        conf = wait_for(30, lambda: w.client.call("POST", "/services/instances/%s/agent_configuration" % self.id)[1].get("conf"))
        self.machine.write("/usr/elasticbox/elasticbox.conf", "".join(
            "address=%s\n" % NAME if line.startswith("address=") else line for line in conf.splitlines(True)))
        shutil.copy(os.path.join(OUT, "rootfs/usr/share/cam/agent/linux/x86_64/elasticbox-agent"), self.machine.root(AGENT))
        os.chmod(self.machine.root(AGENT), 0o755)
        self.machine.write("/usr/elasticbox/ca.pem", w.client.get("/services/appliance/agents")["ca_pem"], 0o644)
        self.name_server(w.house.address)
        self.machine.start()

    def name_server(self, address):
        self.machine.write("/etc/hosts", "127.0.0.1 localhost\n%s %s\n" % (address, NAME), 0o644)

    def welcomes(self):
        return (self.machine.read(LOG) or "").count("welcomed as")


def shown(w, ca):
    """The leaf that a browser sees under the appliance's name; None unless it trusts the corporate authority alone."""
    context = ssl.create_default_context(cadata=ca)
    try:
        with socket.create_connection((w.house.address, 443), 20) as plain, context.wrap_socket(plain, server_hostname=NAME) as s:
            return s.getpeercert()["subject"]
    except ssl.SSLCertVerificationError:
        return None


def move(w, old, new):
    """Another address, and gate gone with the former one's connections."""
    prefix = "nsenter -t %d -n ip " % w.house.status()["pid"]
    w.kill(["gate"])
    for command in ("addr del %s/24 dev eth0" % old, "addr add %s/24 dev eth0" % new):
        check(os.system(prefix + command) == 0, command)
    os.system(prefix + "route replace default via %s.1" % new.rsplit(".", 1)[0])
    w.house.address = new


def everybody_works(w, agents, before):
    for name, count in agents.items():
        wait_for(120, lambda: count() > before[name], lambda: "%s did not come back" % name)
    for i in {name.split()[0] for name in agents}:
        runs = w.logs(i).count("runs")
        w.operate(i, "reconfigure")
        check(w.logs(i).count("runs") > runs, w.logs(i))


def foreign_certificate(w, directory):
    ca = Authority(directory)
    w.client.call("POST", "/services/appliance/settings", {**w.client.get("/services/appliance/settings"), "hostname": NAME}, (200, 204))
    csr = w.client.call("POST", WHERE + "/request", {"names": [NAME], "fresh": True}, 200)[1]["request"]["pem"]
    check(w.client.get(WHERE + "/request") == csr, "another request as a file")
    chain = ca.sign(csr) + ca.middle + ca.root
    check(shown(w, ca.root) is None, "trusted before it was uploaded")
    looked = w.client.call("POST", WHERE, {"certificate": chain, "check": True}, 200)[1]
    check(looked["rooted"] and not looked["warnings"] and shown(w, ca.root) is None, looked)
    refused = w.client.call("POST", WHERE, {"certificate": ca.sign(csr) + ca.root}, 400)[1]
    check("missing" in refused["message"], refused)
    w.client.call("POST", WHERE, {"certificate": chain, "seconds": 600}, 200)
    wait_for(20, lambda: shown(w, ca.root))
    check("seconds_left" not in w.client.call("POST", WHERE + "/confirm", {}, 200)[1], "still on trial")
    return ca


def agents_come_back_whatever_browsers_see_and_wherever_it_is(w):
    if SIM:
        return "needs agents"
    box = w.box("script", "kept", {"configure": "#!/bin/sh\necho runs\n"})
    old, w.client.tries = w.house.address, 60
    with tempfile.TemporaryDirectory(prefix="trust.", dir="/tmp") as directory:
        own = Own(w, box, os.path.join(directory, "machine"))
        try:
            two = w.deploy(box, w.policies[2])
            w.ends(two["id"], "done", "deploy", two["updated"])
            w.settled(own.id)
            check(w.instance(own.id)["state"] == "done", w.told(own.id))
            agents = {own.id: own.welcomes}
            for m in w.machine_ids(two["id"]):
                agents[two["id"] + " " + m] = lambda m=m: (w.read(m, LOG) or "").count("welcomed as")
            check(len(agents) == 3, agents)
            # what browsers see
            before = {n: f() for n, f in agents.items()}
            ca = foreign_certificate(w, directory)
            w.kill(["gate"])
            everybody_works(w, agents, before)
            # where it is
            before = {n: f() for n, f in agents.items()}
            new = old.rsplit(".", 1)[0] + ".7"
            own.name_server(new)
            move(w, old, new)
            everybody_works(w, agents, before)
            wait_for(60, lambda: w.house.address in w.client.get(WHERE)["appliance_names"], lambda: w.client.get(WHERE))
            check(shown(w, ca.root), "the corporate certificate went with the address")
            w.client.call("DELETE", WHERE, None, 200)
            wait_for(20, lambda: not shown(w, ca.root))
        finally:
            own.machine.end()
            if w.house.address != old:
                move(w, w.house.address, old)
        for i in (two["id"], own.id):
            w.away(i)
        w.nothing_left()
        w.client.tries = 1
    return "3 agents"


CASES = [agents_come_back_whatever_browsers_see_and_wherever_it_is]
