#!/usr/bin/python3
"""Measures core's engine: durable steps a second and the time from one step to the next, with 64 operations in flight, beside the queues
graphile-worker and pg-boss on PostgreSQL 15 with fsync on, in one run, by turns.

A step of ours is a script of an instance's reconfiguration: its result, the end of its task and the next task are one commit, handing
that out another; what agents and api say comes from engine.c through core's own socket.  A step of theirs is a job that adds the next
job: adding, taking and completing are commits too, and result and successor two of them.  The numbers also go to out/bench-engine.json.
"""
import json
import os
import re
import stat
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TESTS = os.path.dirname(HERE)
sys.path[:0] = [os.path.join(TESTS, "lib"), HERE]

import api  # noqa: E402
from house import House, OUT  # noqa: E402

SMALL = api.SMALL
FLIGHT = 64
WARM, SECONDS = (1, 4) if SMALL else (3, 15)
ROUNDS = 1 if SMALL else 3
EVENTS = ("pre_configure", "configure", "pre_start", "start")
CHILDREN = 3
STEPS = len(EVENTS) * (1 + CHILDREN)
# What the engine is to reach, as a multiple of graphile-worker's steps a second.
GOAL = 3.0
SCHEMAS = "http://elasticbox.net/schemas/"
API_USER, CORE_CLIENTS = 104, 1105
PROGRAM = os.path.join(OUT, "bench", "engine")


class Fleet:
    """Instances on machines of one's own, whose agents engine.c plays."""

    def __init__(self, house):
        self.house = house
        house.set_up()
        self.token = house.token()
        self.place = self.ask("GET", "/services/workspaces", None)[0]["id"]
        self.script = self.ask("POST", "/services/blobs/upload/script", b"#!/bin/sh\nexit 0\n")
        self.box = self.make_box("parent", [{"name": "CHILD%d" % n, "type": "Box", "value": self.make_box("child%d" % n)["id"],
                                             "required": False, "visibility": "public"} for n in range(CHILDREN)])

    def ask(self, method, path, body):
        headers = {"ElasticBox-Token": self.token}
        if isinstance(body, bytes):
            c = self.house.connection()
            c.request(method, path, body=body, headers={"Content-Type": "application/octet-stream", **headers})
            r = c.getresponse()
            status, data = r.status, r.read()
            c.close()
        else:
            status, _, data = self.house.request(method, path, body, headers)
        if status not in (200, 201, 202):
            raise RuntimeError("%s %s: %d %s" % (method, path, status, data[:300]))
        return json.loads(data) if data else None

    def make_box(self, name, variables=()):
        return self.ask("POST", "/services/boxes", {
            "schema": SCHEMAS + "boxes/script", "name": name, "owner": self.place, "description": "", "automatic_updates": "off",
            "visibility": "workspace", "members": [], "requirements": [], "events": {e: self.script for e in EVENTS},
            "variables": list(variables) + [{"name": "PORT", "type": "Port", "value": "80", "required": False, "visibility": "public"}]})

    def machine(self, name):
        """(instance, token of its machine)."""
        i = self.ask("POST", "/services/instances", {
            "schema": SCHEMAS + "deploy-instance-request", "name": name, "owner": self.place, "automatic_updates": "off",
            "instance_tags": [], "ipv4_address": "192.0.2.1", "box": {"id": self.box["id"], "variables": []}})
        conf = self.ask("POST", "/services/instances/%s/agent_configuration" % i["id"], {})["conf"]
        return i["id"], re.search(r"(?m)^token *= *(\S+)", conf).group(1)

    def rooms(self):
        services = self.house.status()["services"]
        return [p for room in ("core", "keyd") for p in api.bench.family(services[room]["pid"])]


def measured(process, cpu):
    """What a load prints, with the processor time of the servers between its two lines."""
    first = process.stdout.readline()
    if "begin" not in first:
        raise RuntimeError("did not begin: %s %s" % (first, process.stdout.read()))
    before = cpu()
    last = process.stdout.readline()
    used = cpu() - before
    if '"steps"' not in last:
        raise RuntimeError("did not end: %s %s" % (last, process.stdout.read()))
    found = json.loads(last)
    process.kill()
    process.wait()
    return dict(found, per_s=found["steps"] / found["seconds"], CPU_ms=1000 * used / found["steps"])


def in_the_house(house, *args):
    """Becomes the program as room api, in the appliance's own root directory, where it comes along as an open file."""
    program = os.open(PROGRAM, os.O_RDONLY)
    root = "/proc/%d/root" % house.status()["pid"]

    def become():
        os.chroot(root)
        os.chdir("/")
        os.setgroups([CORE_CLIENTS])
        os.setgid(API_USER)
        os.setuid(API_USER)
        os.execve(program, ["engine", *args], {})
    p = subprocess.Popen(["engine"], preexec_fn=become, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    os.close(program)
    return p


def ours(fleet):
    machines = [fleet.machine("m%s-%d" % (time.monotonic_ns(), n)) for n in range(FLIGHT)]
    p = in_the_house(fleet.house, str(WARM), str(SECONDS), str(STEPS), str(STEPS), fleet.token)
    p.stdin.write("".join("%s %s\n" % m for m in machines))
    p.stdin.close()
    rooms = fleet.rooms()
    return measured(p, lambda: api.bench.cpu_seconds(rooms) + api.bench.cpu_seconds([p.pid]))


def theirs(script, where):
    pg = api.Postgres(where)
    try:
        p = subprocess.Popen(["node", os.path.join(api.NODE_MODULES, script), pg.dir, str(FLIGHT), str(WARM), str(SECONDS)],
                             stdout=subprocess.PIPE, text=True)
        with open(pg.dir + "/d/postmaster.pid") as f:
            postmaster = int(f.readline())
        return measured(p, lambda: api.bench.cpu_seconds(api.bench.family(postmaster)) + api.bench.cpu_seconds([p.pid]))
    finally:
        pg.stop()


def same_disk(data):
    """A directory on the file system of the appliance's data that the user postgres may reach."""
    for where in (os.path.dirname(data), "/var/tmp"):
        if os.stat(where).st_dev == os.stat(data).st_dev and all(
                os.stat(p).st_mode & stat.S_IXOTH for p in parents(where)):
            return where
    print("note: PostgreSQL's files and the appliance's are on different file systems", flush=True)
    return "/var/tmp"


def parents(path):
    while path != "/":
        yield path
        path = os.path.dirname(path)


def main():
    api.node_modules()
    with House("bench-engine") as house:
        house.start(*(["--root", os.environ["CAM_ROOT"]] if "CAM_ROOT" in os.environ else []))
        fleet = Fleet(house)
        where = same_disk(house.status()["data"])
        kinds = {"engine": lambda: ours(fleet), "graphile-worker": lambda: theirs("queue_graphile.js", where),
                 "pg-boss": lambda: theirs("queue_boss.js", where)}
        runs = {k: [] for k in kinds}
        for _ in range(ROUNDS):
            for k, measure in kinds.items():
                runs[k].append(measure())
                print("  %s: %s" % (k, {n: round(v, 3) for n, v in runs[k][-1].items()}), flush=True)
    for k, r in runs.items():
        api.report("durable steps, " + k, **{n: api.bench.median([x[n] for x in r]) for n in ("per_s", "p50_ms", "p99_ms", "CPU_ms")})
    rate = {k: api.results["durable steps, " + k]["per_s"] for k in kinds}
    ratio = rate["engine"] / rate["graphile-worker"]
    api.report("steps, ratio", to_graphile_worker=ratio, to_pg_boss=rate["engine"] / rate["pg-boss"])
    with open(os.path.join(OUT, "bench-engine.json"), "w") as f:
        json.dump({"date": time.strftime("%Y-%m-%d"), "results": api.results}, f, indent=1)
    print("%s the engine does %.1f times as many durable steps a second as graphile-worker, wanted: %.0f"
          % ("ok" if ratio >= GOAL else "not ok", ratio, GOAL))
    return 0 if ratio >= GOAL else 1


if __name__ == "__main__":
    sys.exit(main())
