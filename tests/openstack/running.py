"""Servers that truly run behind Nova (truly.py): a script box from its deployment to its end, and a server that was there before."""
import time

from client import until
from deployed import Instance
from suite import NOVA, check

SCRIPTS = {
    "install": "echo installed on $(. /etc/os-release; echo $ID) as $(hostname) by $(id -un), first process $(cat /proc/1/comm)\n",
    "configure": "cloud-init query platform; echo $color\n[ -e /root/anew ] || { touch /root/anew; exit 100; }\n",	# goes on after a restart
    "start": "echo x >>/root/starts; echo started $(wc -l </root/starts)\n",
    "stop": "echo stopped\n",
    "dispose": "echo disposed\n",
}


def reboot(cloud, server):
    cloud.call("POST", NOVA + "/servers/%s/action" % server, {"reboot": {"type": "HARD"}})


def cases(c, cloud, vms, owner, p, box, deploy, profile):
    script = box(c, owner, "script", "truly", requirements=["linux"], events={e: c.upload(e, "#!/bin/sh\n" + t) for e, t in SCRIPTS.items()},
                 variables=[{"type": "Text", "name": "color", "value": "dark red", "required": False, "visibility": "public"}])
    policy = box(c, owner, "policy", "truly running", provider_id=p, claims=["linux"], profile=profile)
    began = time.monotonic()
    i = Instance(c, deploy(c, owner, "truly", script["id"], policy["id"]))
    waits = until(lambda: "dark red\n" in i.output(), 180)
    time.sleep(2)	# the script has ended: nothing tells of that before the restart
    waits = waits and c.get(i.path)["state"] == "processing" and "started" not in i.output()
    for s in cloud.servers():
        reboot(cloud, s["id"])
    good = i.good("deploy", 240)
    check("live: exit code 100 waits for the restart of the server, and goes on then", waits and good, (i.said(), i.output()[-300:]))
    vm = (vms.all() or [None])[0]
    check("live: a server that truly runs: cloud-init installs the agent from the configuration drive, its box runs to done", good and vm and
          len(vms.all()) == 1, (i.said(), vm and (vm.get("log")[-300:], (vm.read("/var/log/cloud-init-output.log") or "")[-1500:])))
    if not (good and vm):
        return
    print("  %.1f s" % (time.monotonic() - began), flush=True)
    life(c, cloud, vms, i, vm)


def life(c, cloud, vms, i, vm):
    """What was deployed, from its first output to its end."""
    server, out, first = cloud.servers()[0], i.output(), vm.first()
    check("live: its output is that of the machine", "installed on debian as %s" % server["name"] in out and " by root, first process systemd\n" in out and
          "configdrive\ndark red\n" in out and "started 1\n" in out, out)
    machine = c.get(i.path + "/service")["machines"][0]
    check("live: its address is the machine's", machine["address"]["private"] == vm.address and machine["external_id"] == server["id"] == vm.name and
          machine["state"] == "done", machine)
    token = vm.read("/usr/elasticbox/elasticbox.conf").split("token=")[1].split("\n")[0]
    c.call("PUT", i.path + "/shutdown")
    check("live: shut down: its scripts, then the server", i.good("shutdown_service") and "stopped\n" in i.output() and not vm.holder() and
          cloud.server(vm.name).get("status") == "SHUTOFF", (i.said(), vm.holder(), cloud.server(vm.name)))
    c.call("PUT", i.path + "/poweron")
    check("live: power on: the same machine, whose agent comes back by itself", i.good("poweron") and i.output().count("started 2\n") == 1 and
          "token=%s\n" % token in vm.read("/usr/elasticbox/elasticbox.conf") and vm.first() not in (0, first), (i.said(), i.output()[-600:]))
    c.call("DELETE", i.path + "?operation=terminate")
    check("live: terminate: its scripts, then nothing is left: no server, process, mount, control group or card", i.good("terminate_service") and
          "disposed\n" in i.output() and not cloud.servers() and until(lambda: not vms.left(), 30), (i.said(), cloud.servers(), vms.left()))
    c.call("DELETE", i.path + "?operation=delete")


# ---- imports ----

def sync(c, p):
    before = c.get("/services/providers/" + p)["updated"]
    c.call("PUT", "/services/providers/%s/sync" % p)
    return until(lambda: (lambda r: r["state"] == "ready" and r["updated"] != before)(c.get("/services/providers/" + p)), 90)


def resource(c, p, name):
    """What is listed as unregistered under this name."""
    return next((u for u in c.get("/services/providers/%s/unregisted-instances" % p) if u["name"] == name), None)


def register(c, owner, id):
    return Instance(c, c.call("POST", "/services/instances", {
        "schema": "http://elasticbox.net/schemas/register-instance-request", "owner": owner, "name": "old", "description": "", "unregistered_id": id,
        "linux_username": "root", "instance_tags": [], "automatic_updates": "off"})["id"])


def cases_import(c, cloud, vms, owner, p):
    """A server that somebody else made becomes an instance."""
    made = cloud.stranger("old", "truly", {"theirs": "x"})
    vm = vms.all()[0]
    sync(c, p)
    old = until(lambda: resource(c, p, "old"), 30)
    check("live: a server that is not ours is listed with its size, system and state", old and (old["external_id"], old["power_state"]) == (made, "ACTIVE") and
          old["server_info"].get("cpus") == 1 and old["server_info"].get("os") == "linux" and old["server_info"]["address"] == vm.address, old)
    i = register(c, owner, old["id"])
    c.call("PUT", i.path + "/cancel_import")
    check("live: an import is cancelled: nothing was changed", cloud.server(made)["metadata"] == {"theirs": "x"} and resource(c, p, "old") == old,
          (cloud.server(made), resource(c, p, "old")))
    i = register(c, owner, old["id"])
    command = until(lambda: next((t.split("run there  ")[1] for t in i.said() if "run there  " in t), None))
    until(lambda: vm.run("systemctl", "is-active", "multi-user.target").returncode == 0, 60)
    ran = vm.run("sh", "-c", (command or "false").replace("https://THIS-APPLIANCE", "-k https://" + c.house.address).replace("sudo ", "") + " -t " + c.token)
    good, metadata = i.good("deploy"), cloud.server(made)["metadata"]
    check("live: with the agent there it is imported, its own metadata kept", good and ran.returncode == 0 and "/m-" in metadata.get("cam_key", "") and
          metadata["theirs"] == "x", (i.said(), metadata, ran.stdout[-600:]))
    if not good:
        return
    machine = c.get(i.path + "/service")["machines"][0]
    sync(c, p)
    check("live: it is what it was at its provider, and no longer unregistered", (machine["external_id"], machine["address"]["private"]) ==
          (made, vm.address) and not resource(c, p, "old"), (machine, old))
    c.call("PUT", i.path + "/shutdown")
    check("live: it is shut down like any other", i.good("shutdown_service") and not vm.holder() and cloud.server(made)["status"] == "SHUTOFF", i.said())
    c.call("DELETE", i.path + "?operation=force_terminate")
    check("live: and terminated", i.good("terminate_service") and not cloud.servers() and until(lambda: not vms.left(), 30), (i.said(), vms.left()))
    c.call("DELETE", i.path + "?operation=delete")
