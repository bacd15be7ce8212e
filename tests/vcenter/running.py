"""Machines that truly run behind vcsim: a script box on a provider from its deployment to its end, and one that was there before."""
import json
import os
import time

from deployed import Instance
from world import SCHEMAS, box, check, deploy, kill, policy, sync, until

SCRIPTS = {
    "install": "echo installed on $(. /etc/os-release; echo $ID) as $(hostname) by $(id -un), first process $(cat /proc/1/comm)\n",
    "configure": "cloud-init query platform; echo $color\n[ -e /root/anew ] || { touch /root/anew; exit 100; }\n",	# goes on after a restart
    "start": "echo x >>/root/starts; echo started $(wc -l </root/starts)\n",
    "stop": "echo stopped\n",
    "dispose": "echo disposed\n",
}
# Deployments amid kills.
ROUNDS = int(os.environ.get("CAM_TRULY", 30 if os.environ.get("CAM_SOAK") else 1))
TOOLS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "bin", "vmware-rpctool")
# vCenter copies a template's ExtraConfig, vcsim does not: so it comes with the policy.
TRULY = [{"key": "RUN.container", "value": "[\"tree\"]"}]


def cases(c, vc, vms, workspace, p):
    script = box(c, workspace, "script", "truly", requirements=["linux"], events={e: c.upload(e, "#!/bin/sh\n" + t) for e, t in SCRIPTS.items()},
                 variables=[{"type": "Text", "name": "color", "value": "dark red", "required": False, "visibility": "public"}])
    began = time.monotonic()
    i = Instance(c, deploy(c, workspace, "truly", script, policy(c, workspace, p, "truly running", parameters=TRULY)))
    waits = until(lambda: "dark red\n" in i.output(), 120)
    time.sleep(2)	# the script has ended: nothing tells of that before the restart
    waits = waits and c.get(i.path)["state"] == "processing" and "started" not in i.output()
    for name in vc.machines():
        vc.govc("vm.power", "-off", name)
        vc.govc("vm.power", "-on", name)
    good = i.good("deploy")
    check("exit code 100 waits for the restart of the machine, and goes on then", waits and good, (i.said(), i.output()[-300:]))
    vm = (vms.all() or [None])[0]
    first = vm and vm.first()
    check("a clone that truly runs: cloud-init installs the agent from the user data, its box runs to done", good,
          (i.said(), vm and (vm.get("log")[-300:], (vm.read("/var/log/cloud-init-output.log") or "")[-1500:])))
    if not good:
        return
    print("  %.1f s" % (time.monotonic() - began), flush=True)
    name, out = vc.machines()[0], i.output()
    check("its output is that of the machine", "installed on debian as %s by root, first process systemd\n" % name in out and
          "vmware\ndark red\n" in out and "started 1\n" in out, out)
    machine = c.get(i.path + "/service")["machines"][0]
    check("its address is the machine's", machine["address"]["private"] == vm.address and machine["state"] == "done", machine)
    check("and it runs", len(vms.all()) == 1 and first and vm.holder() and vms.left(), (vms.names(), first))
    token = vm.read("/usr/elasticbox/elasticbox.conf").split("token=")[1].split("\n")[0]

    c.call("PUT", i.path + "/shutdown")
    check("shut down: its scripts, then the guest, then the virtual machine", i.good("shutdown_service") and "stopped\n" in i.output() and
          not vm.holder() and vc.state(name) == "poweredOff", (i.said(), vm.holder()))
    c.call("PUT", i.path + "/poweron")
    check("power on: the same machine, whose agent comes back by itself", i.good("poweron") and i.output().count("started 2\n") == 1 and
          "token=%s\n" % token in vm.read("/usr/elasticbox/elasticbox.conf") and vm.first() not in (0, first), (i.said(), i.output()[-600:]))
    c.call("DELETE", i.path + "?operation=terminate")
    check("terminate: its scripts, then nothing is left: no machine, process, mount, control group or card",
          i.good("terminate_service") and "disposed\n" in i.output() and not vc.machines() and
          until(lambda: not vms.left(), 20), (i.said(), vc.machines(), vms.left()))
    c.call("DELETE", i.path + "?operation=delete")


def cases_template(c, vc, vms, workspace, p, rng):
    """A template without cloud-init, prepared by the appliance's script; and everything is killed while it is deployed."""
    t = vms.make("prepared")
    with open(TOOLS) as f:
        t.write("/usr/bin/vmware-rpctool", f.read(), 0o755)
    t.write("/etc/cloud/cloud-init.disabled", "")
    t.start()
    until(lambda: t.run("systemctl", "is-active", "multi-user.target").returncode == 0, 30)
    ran = t.run("sh", "-c", "curl -sSLk https://%s/agent/linux/vsphere/template_customization_script.sh | sh" % c.house.address)
    check("the script prepares a template", ran.returncode == 0 and "can become a template" in ran.stdout, ran.stdout)
    t.stop()
    t.write("/etc/machine-id", "")
    for _ in range(ROUNDS):
        template_round(c, vc, vms, workspace, p, rng)
    t.remove()
    check("nothing is left of template and copies", until(lambda: not vms.left(), 20), vms.left())


def template_round(c, vc, vms, workspace, p, rng):
    script = box(c, workspace, "script", "prepared", requirements=["linux"], events={"install": c.upload("install", "#!/bin/sh\necho by $(cat /proc/1/comm)\n")})
    i = Instance(c, deploy(c, workspace, "prepared", script, policy(c, workspace, p, "prepared template", parameters=[
        {"key": "RUN.container", "value": "[\"prepared\"]"}])))
    for room in ("cloud", "core", "gate", "cloud", "core"):
        time.sleep(rng.uniform(0.1, 1.5))
        kill(c.house, room)
    good = i.good("deploy")
    vm = next((v for v in vms.all() if v.name != "prepared"), None)
    check("a copy of it takes its configuration from guestinfo and runs its box, also when cloud, core and gate are killed meanwhile", good and
          i.output().count("by systemd\n") == 1 and len(vc.machines()) == 1 and not os.path.exists(vm.path("/var/lib/cloud/instance")),
          (i.said(), vc.machines(), vm and vm.run("journalctl", "-u", "elasticbox-init", "--no-pager").stdout[-600:]))
    c.call("DELETE", i.path + "?operation=terminate")
    check("and it goes", i.good("terminate_service") and until(lambda: vms.names() == ["prepared"], 20), (i.said(), vms.names()))
    c.call("DELETE", i.path + "?operation=delete")


def option(vc, name, key):
    found = [o["Value"] for o in json.loads(vc.govc("vm.info", "-json", name))["VirtualMachines"][0]["Config"]["ExtraConfig"] if o["Key"] == key]
    return found[-1] if found else ""


def resource(c, p, name):
    """What is listed as unregistered under this name."""
    return next((u for u in c.get("/services/providers/%s/unregisted-instances" % p) if u["name"] == name), None)


def register(c, workspace, id):
    return Instance(c, c.call("POST", "/services/instances", {
        "schema": SCHEMAS + "register-instance-request", "owner": workspace, "name": "old", "description": "", "unregistered_id": id,
        "linux_username": "root", "instance_tags": [], "automatic_updates": "off"})["id"])


def refused(c, workspace, id):
    try:
        register(c, workspace, id)
        return ""
    except RuntimeError as e:
        return str(e)


def cases_import(c, vc, vms, workspace, p):
    """A machine that somebody else made becomes an instance."""
    vc.govc("vm.clone", "-on=false", "-vm", "DC0_H0_VM0", "-ds", "LocalDS_0", "-host", "DC0_H0", "old_VM")
    vc.govc("vm.change", "-vm", "old_VM", "-e", "%s=%s" % (TRULY[0]["key"], TRULY[0]["value"]))
    vc.govc("vm.power", "-on", "old_VM")
    vm = vms.all()[0]
    sync(c, p)
    old = resource(c, p, "old_VM")
    check("a resource that is not there is not imported", "unregistered_id" in refused(c, workspace, "0" * 36))
    i = register(c, workspace, old["id"])
    check("nor is one twice", "already" in refused(c, workspace, old["id"]))
    c.call("PUT", i.path + "/cancel_import")
    check("an import is cancelled: nothing was changed", not option(vc, "old_VM", "cam.key") and resource(c, p, "old_VM") == old, resource(c, p, "old_VM"))
    i = register(c, workspace, old["id"])
    command = until(lambda: next((t.split("run there  ")[1] for t in i.said() if "run there  " in t), None))
    check("its log says what is to be run on the machine", command and command.endswith(" -i " + i.id), i.said())
    ran = vm.run("sh", "-c", command.replace("https://THIS-APPLIANCE", "-k https://" + c.house.address).replace("sudo ", "") + " -t " + c.token)
    good = i.good("deploy")
    check("with the agent there it is imported", good and ran.returncode == 0 and "/m-" in option(vc, "old_VM", "cam.key"), (i.said(), ran.stdout[-600:]))
    if not good:
        return
    machine = c.get(i.path + "/service")["machines"][0]
    sync(c, p)
    check("it is what it was at its provider, and no longer unregistered", (machine["external_id"], machine["address"]["private"]) ==
          (old["external_id"], vm.address) and not resource(c, p, "old_VM"), (machine, old))
    c.call("PUT", i.path + "/shutdown")
    check("it is shut down like any other", i.good("shutdown_service") and not vm.holder() and vc.state("old_VM") == "poweredOff", i.said())
    c.call("DELETE", i.path + "?operation=force_terminate")
    check("and terminated", i.good("terminate_service") and "old_VM" not in vc.govc("find", "/", "-type", "m") and until(lambda: not vms.left(), 20),
          (i.said(), vms.left()))
    c.call("DELETE", i.path + "?operation=delete")
