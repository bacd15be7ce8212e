"""Several machines that somebody else made become instances by one request, and some of them vanish meanwhile. They do not run: the test
speaks for their agents."""
import os
import socket
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
from agentwire import AgentWire  # noqa: E402
from running import Instance, option, resource  # noqa: E402
from world import SCHEMAS, check, sync, until  # noqa: E402

NAMES = ["bulk%d_VM" % n for n in range(1, 6)]


def request(c, workspace, ids):
    return c.call("POST", "/services/instances", {
        "schema": SCHEMAS + "bulk-import-request", "owner": workspace, "instance_tags": ["together"], "unregistered_instances": [
            {"schema": SCHEMAS + "register-instance-request", "name": "old %d" % n, "description": "", "unregistered_id": id, "linux_username": "root",
             "private_key": "key of %d" % n, "instance_tags": ["number %d" % n], "automatic_updates": "off"} for n, id in enumerate(ids, 1)]})


def refused(c, workspace, ids):
    before = len(c.get("/services/instances"))
    try:
        request(c, workspace, ids)
        return "accepted"
    except RuntimeError as e:
        return str(e) if len(c.get("/services/instances")) == before else "something was made"


def agent(c, i):
    """Its agent is there, as far as the appliance can see."""
    conf = c.call("POST", i.path + "/agent_configuration")["conf"]
    token = next(line.split("=", 1)[1] for line in conf.splitlines() if line.startswith("token="))
    stream = c.house.context().wrap_socket(socket.create_connection((c.house.address, 443), 20))
    wire = AgentWire(stream, token)
    wire.say({"type": "hello", "protocol": 1, "version": "test", "fingerprint": i.id, "boot_id": "b", "running": [], "finished": [],
              "facts": {"hostname": i.id, "addresses": ["192.0.2.1"]}})
    return wire


def cases(c, vc, workspace, p):
    for name in NAMES:
        vc.govc("vm.clone", "-on=false", "-vm", "DC0_H0_VM0", "-ds", "LocalDS_0", "-host", "DC0_H0", name)
    sync(c, p)
    was = {name: resource(c, p, name) for name in NAMES}
    ids = [was[name]["id"] for name in NAMES]
    said = refused(c, workspace, [ids[0], "0" * 36, ids[1]])
    check("bulk: one that is not there refuses the whole request, and is named", "unregistered_instances[1].unregistered_id: there is no such" in said, said)
    said = refused(c, workspace, [ids[0], ids[1], ids[0]])
    check("bulk: so does one that is there twice", "unregistered_instances[2].unregistered_id: is being imported already" in said, said)
    made = request(c, workspace, ids)
    instances = [Instance(c, i["id"]) for i in made]
    check("bulk: one instance for each, in order, with its own name and the tags of both", [i["name"] for i in made] == ["old %d" % n for n in range(1, 6)] and
          all({"together", "number %d" % n} <= set(i["tags"]) for n, i in enumerate(made, 1)) and len({i["id"] for i in made}) == 5, made)
    check("bulk: nothing is changed before an agent is there", until(lambda: all(any("run there  " in t for t in i.said()) for i in instances), 30) and
          not any(option(vc, name, "cam.key") for name in NAMES), [i.said() for i in instances])
    cases_half(c, vc, workspace, p, instances, was)


def cases_half(c, vc, workspace, p, instances, was):
    """Of five the fourth vanishes and a sync sees it, the fifth while its agent speaks."""
    vc.govc("vm.destroy", NAMES[3])
    sync(c, p)
    check("bulk: the one that vanished ends at once and says why", instances[3].ended("deploy", 20) and c.get(instances[3].path)["state"] == "unavailable" and
          any("%s is no longer at its provider" % was[NAMES[3]]["external_id"] in t for t in instances[3].said()), instances[3].said())
    vc.govc("vm.destroy", NAMES[4])
    wires = [agent(c, i) for i in instances[:3] + instances[4:]]
    ends = [i.ended("deploy", 60) for i in instances]
    check("bulk: those that are there are imported, each by itself", [e and e["state"] for e in ends] == ["done"] * 3 + ["unavailable"] * 2,
          [(e and e["state"], i.said()[-2:]) for e, i in zip(ends, instances)])
    check("bulk: the one that vanished when its agent was there says why", any("the virtual machine %s is gone from vCenter" %
          was[NAMES[4]]["external_id"] in t for t in instances[4].said()), instances[4].said())
    machines = [c.get(i.path + "/service")["machines"][0] for i in instances[:3]]
    check("bulk: each is what it was, and carries its own key", [m["external_id"] for m in machines] ==
          [was[n]["external_id"] for n in NAMES[:3]] and [option(vc, n, "cam.key").split("/")[1] for n in NAMES[:3]] == [m["id"] for m in machines],
          machines)
    for _ in range(3):
        sync(c, p)
    marks = [m["name"] for i in instances for m in c.get(i.path + "/service")["machines"] if m.get("vanished")]
    check("bulk: none of them is unregistered any more, and none is said to have vanished that was not taken over",
          not any(resource(c, p, n) for n in NAMES) and not marks, marks)
    c.call("PUT", instances[3].path + "/import")
    check("bulk: trying again what vanished ends as clearly", instances[3].ended("deploy", 20) and
          sum("is no longer at its provider" in t for t in instances[3].said()) == 2, instances[3].said())
    for i in instances[3:]:
        c.call("PUT", i.path + "/cancel_import")
    left = {x["id"] for x in c.get("/services/instances")}
    check("bulk: cancelled they are gone", not left & {i.id for i in instances[3:]} and left >= {i.id for i in instances[:3]}, left)
    for wire in wires:
        wire.close()
    for i in instances[:3]:
        c.call("DELETE", i.path + "?operation=force_terminate")
    check("bulk: terminated they are removed like any other", all(i.good("terminate_service") for i in instances[:3]) and
          not any(n in vc.govc("find", "/", "-type", "m") for n in NAMES), vc.machines())
    for i in instances[:3]:
        c.call("DELETE", i.path + "?operation=delete")
