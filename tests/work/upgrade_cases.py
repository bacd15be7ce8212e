"""The appliance ships an agent; those of another version take it, and keep the one they have when it is no good."""
import hashlib
import os
import shutil

from house import OUT
from world import check, needs_agents, wait_for

SHIPPED = "usr/share/cam/agent/linux/x86_64/elasticbox-agent"
HOME = "/usr/elasticbox/"


def with_agent(w, version, data):
    """The appliance comes up again from an image that is the same but for its agent."""
    root = os.path.join(OUT, "run", "work-root")
    shutil.rmtree(root, ignore_errors=True)
    shutil.copytree(os.path.join(OUT, "rootfs"), root, symlinks=True)
    with open(os.path.join(root, SHIPPED), "wb") as f:
        f.write(data)
    release = os.path.join(root, "etc/cam/release")
    with open(release) as f:
        lines = [line for line in f if not line.startswith("AGENT_")]
    with open(release, "w") as f:
        f.writelines(lines + ["AGENT_VERSION=%s\n" % version, "AGENT_SHA256=%s\n" % hashlib.sha256(data).hexdigest()])
    w.house.tool("stop")
    w.house.tool("start", "--root", root)


def version(w, id):
    return w.machines(id)[0].get("agent_version")


def agents_take_what_the_appliance_ships(w):
    needs_agents()
    with open(os.path.join(OUT, "rootfs", SHIPPED), "rb") as f:
        shipped = f.read()
    with open(os.path.join(OUT, "rootfs", "etc/cam/release")) as f:
        now = next(line.split("=")[1].strip() for line in f if line.startswith("AGENT_VERSION="))
    good = now[:-1] + chr(ord(now[-1]) ^ 1)
    check(shipped.count(now.encode() + b"\0") >= 1, "no version in the agent")
    w.client.tries = 60
    try:
        i = w.deploy(w.box("script", "kept", {"configure": "#!/bin/sh\necho \"runs\"\n"}))
        w.ends(i["id"], "done", "deploy", i["updated"])
        machine, = w.machine_ids(i["id"])
        check(version(w, i["id"]) == now, w.machines(i["id"]))
        log = lambda: w.read(machine, "/var/log/elasticbox/elasticbox-agent.log") or ""
        # one that cannot even start: signed, fetched, tried, refused
        with_agent(w, "9.9.9", b"#!/bin/sh\nexit 3\n")
        wait_for(120, lambda: "upgrade to 9.9.9: it could not report to the appliance; the one in place stays" in log(), log)
        wait_for(60, lambda: w.instance(i["id"])["state"] == "done", lambda: w.told(i["id"]))
        runs = w.logs(i["id"]).count("runs")
        w.operate(i["id"], "reconfigure")
        check(version(w, i["id"]) == now and w.logs(i["id"]).count("runs") > runs, version(w, i["id"]), w.logs(i["id"]))
        # a good one takes the place
        with_agent(w, good, shipped.replace(now.encode() + b"\0", good.encode() + b"\0"))
        wait_for(120, lambda: version(w, i["id"]) == good, lambda: (version(w, i["id"]), log()[-800:]))
        wait_for(60, lambda: "version %s stays" % good in log(), log)
        wait_for(60, lambda: w.instance(i["id"])["state"] == "done", lambda: w.told(i["id"]))
        runs = w.logs(i["id"]).count("runs")
        w.operate(i["id"], "reconfigure")
        check(w.logs(i["id"]).count("runs") > runs, w.logs(i["id"]))
        # and the appliance's own comes back with it
        w.house.tool("stop")
        w.house.tool("start", "--root", os.path.join(OUT, "rootfs"))
        wait_for(120, lambda: version(w, i["id"]) == now, lambda: (version(w, i["id"]), log()[-800:]))
        w.away(i["id"])
        w.nothing_left()
    finally:
        w.client.tries = 1


CASES = [agents_take_what_the_appliance_ships]
