"""Suite storm: see run.  usage: suite.py [AGENTS [IDLE]]

The machines are rows put into core's database while the house is down: nobody has thousands of instances to deploy.  Their agents are
played by agents.c.
"""
import glob
import hashlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [os.path.join(TOP, "tests", "lib"), os.path.join(TOP, "tests", "bench"), HERE]

import api as bench_api
import wsclient
from house import House, OUT

SOAK = os.environ.get("CAM_SOAK") == "1"
AGENTS = int(sys.argv[1]) if len(sys.argv) > 1 else 5000 if SOAK else 1000
# Agents that have nothing to do but to say that they live, in seconds; and for how many of these they are watched.
IDLE = int(sys.argv[2]) if len(sys.argv) > 2 else 20000 if SOAK else 200
HEARTBEAT, WATCHED = (30, 3) if SOAK else (2, 3)
PART = 5000		# of them in one process
IDLE_BYTES = 40 << 10	# of all programs for each of them
BEHIND = 4		# addresses all those come from that return
JITTER = 2.1		# seconds over which agents spread their return: the delays of src/agent/agent.c
MARGIN = 5.0		# that all may take beyond it
STORMS = 3		# a machine that is busy otherwise gets so many tries
PATIENCE = 180
STATUS = "/services/appliance/status"
failed = 0


def check(name, good, note=""):
    global failed
    failed += not good
    print("%s %s%s" % ("ok" if good else "not ok", name, ": " + str(note) if note else ""), flush=True)


def seed(house, count):
    """Machines whose agents have been here."""
    house.tool("stop")
    path, = [p for p in glob.glob(os.path.join(house.status()["data"], "core", "*.db"))]
    db = sqlite3.connect(path)
    now = int(time.time() * 1e6)
    with db:
        db.executemany("INSERT INTO machine(id, instance, service, provider, number, name, state, token_hash, created, updated)"
                       " VALUES(?, 'i-storm', 'eb-storm', '', ?, ?, 'online', ?, ?, ?)",
                       (("m-s%06d" % n, n, "storm-%d" % n, hashlib.sha256(b"storm-machine-%06d" % n).digest(), now, now)
                        for n in range(count)))
    owner = os.stat(path)
    db.close()
    for p in glob.glob(path + "*"):
        os.chown(p, owner.st_uid, owner.st_gid)
    house.tool("start")


def cpu(house, rooms):
    """Seconds of processor time of the rooms, children included."""
    ticks = os.sysconf("SC_CLK_TCK")
    total = 0
    parents = {house.status()["services"][r]["pid"] for r in rooms}
    for p in filter(str.isdigit, os.listdir("/proc")):
        try:
            f = open("/proc/%s/stat" % p).read().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(p) in parents or int(f[1]) in parents:
            total += (int(f[11]) + int(f[12])) / ticks
    return total


def memory(house, *rooms):
    """kB of the rooms, children included."""
    services, total = house.status()["services"], 0
    for pid in (p for r in rooms for p in bench_api.bench.family(services[r]["pid"])):
        with open("/proc/%d/smaps_rollup" % pid) as f:
            total += sum(int(line.split()[1]) for line in f if line.startswith("Pss:"))
    return total


def nginx_resumed():
    """Milliseconds of processor time nginx takes for a resumed handshake with a small answer."""
    nginx = bench_api.bench.Nginx(b"x" * 200)
    try:
        time.sleep(0.5)
        bench_api.bench.SECONDS = 3
        return 1000 / bench_api.bench.handshakes(nginx, True)
    finally:
        nginx.stop()


class Watcher(threading.Thread):
    """A person's requests meanwhile, until stop()."""

    def __init__(self, house):
        super().__init__(daemon=True)
        self.house, self.good, self.bad, self.away, self.on = house, 0, [], 0, True
        self.start()

    def run(self):
        there = False
        while self.on:
            try:
                status = self.house.request("GET", STATUS)[0]
            except Exception as e:
                status = e
            if status == 200:
                there = True
                self.good += 1
            elif there or isinstance(status, int):
                self.bad.append(repr(status))
            else:
                self.away += 1	# gate was not back yet
            time.sleep(0.1)

    def stop(self):
        self.on = False
        self.join(60)
        return self


class Agents:
    """Some of them, in a process of their own."""

    def __init__(self, program, house, info, first, count, sources, heartbeat):
        self.count = count
        self.process = subprocess.Popen([program, house.address, info["name"], str(first), str(count), str(heartbeat), *sources],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
                                        # thousands of machines answer at once, whatever the appliance is at
                                        preexec_fn=lambda: os.nice(-10))

    def say(self, word):
        self.process.stdin.write(word + "\n")
        self.process.stdin.flush()

    def hear(self, seconds=PATIENCE):
        """The next line, None when it does not come."""
        timer = threading.Timer(seconds, self.process.kill)
        timer.start()
        line = self.process.stdout.readline()
        timer.cancel()
        return json.loads(line) if line else None

    def end(self):
        self.process.kill()
        self.process.wait()


def one_storm(house, agents):
    """Gate is killed: what came of it."""
    agents.say("begin")
    begun = agents.hear()["begun"]
    before = cpu(house, ["core", "api", "keyd"])
    gate = house.status()["services"]["gate"]["pid"]
    began = time.monotonic()
    os.kill(gate, signal.SIGKILL)
    watcher = Watcher(house)
    end = agents.hear()
    spent = cpu(house, ["core", "api", "keyd", "gate"]) - before
    watcher.stop()
    return {"begun": begun, "end": end, "took": time.monotonic() - began, "spent": spent, "watcher": watcher}


def in_time(s):
    return s["end"] and s["end"]["back"] == s["begun"] == AGENTS and s["end"]["slowest"] < 1000 * (JITTER + MARGIN)


def judge(s, tries):
    e, w = s["end"], s["watcher"]
    check("all are back within their jitter of %.1f s and %.0f s more after gate was killed" % (JITTER, MARGIN), in_time(s),
          "the slowest after %.1f s, half of them after %.1f s, %d attempts%s%s" % (
              e["slowest"] / 1000, e["median"] / 1000, e["attempts"], "".join(", %d %s" % (n, why) for why, n in e["failed"].items()),
              "; in try %d" % tries if tries > 1 else "") if e else "they are not back")
    if not e:
        return
    check("sessions are resumed", e["resumed"] >= AGENTS * 0.95, "%d of %d" % (e["resumed"], AGENTS))
    check("no request of a person fails meanwhile", not w.bad and w.good > 0,
          "%d good, %d while gate was away, refused: %s" % (w.good, w.away, w.bad[:5]))
    each, theirs = 1000 * s["spent"] / AGENTS, nginx_resumed()
    check("server time per reconnect is measured", each > 0 and theirs > 0,
          "%.2f ms of core, api, keyd and gate, %.1f times the %.2f ms of nginx for a resumed handshake" % (each, each / theirs, theirs))


def storm(house, info, program, sources):
    idle = memory(house, "api")
    agents = Agents(program, house, info, 0, AGENTS, sources[:BEHIND], 30)
    try:
        there = agents.hear(300)	# the first time a few at once: full handshakes
        check("%d agents are welcomed" % AGENTS, there and there["welcomed"] == AGENTS, "%.1f s" % (there["ms"] / 1000) if there else "")
        if not there:
            return
        time.sleep(2)
        check("memory of api per connected agent is small", memory(house, "api") - idle < 16 * AGENTS,
              "%.1f kB" % ((memory(house, "api") - idle) / AGENTS))
        for tries in range(1, STORMS + 1):
            s = one_storm(house, agents)
            if in_time(s) or not s["end"]:
                break
            print("  not in time: %s, took %.1f s" % (s["end"], s["took"]), flush=True)
            time.sleep(3)
        judge(s, tries)
    finally:
        agents.end()


ROOMS = ("core", "api", "gate")


def idle(house, info, program, sources, count):
    """Thousands that say every half minute that they live."""
    before, slab = memory(house, *ROOMS), bench_api.bench.memory([])[1]
    began = time.monotonic()
    parts = [Agents(program, house, info, first, min(PART, count - first), sources, HEARTBEAT) for first in range(0, count, PART)]
    try:
        welcomed = sum((p.hear(400) or {"welcomed": 0})["welcomed"] for p in parts)
        check("%d idle agents are welcomed" % count, welcomed == count, "%d in %.0f s" % (welcomed, time.monotonic() - began))
        time.sleep(HEARTBEAT)
        for p in parts:
            p.say("begin")
            p.hear()
        spent = cpu(house, ROOMS)
        time.sleep(HEARTBEAT * WATCHED)
        spent = cpu(house, ROOMS) - spent
        each = (memory(house, *ROOMS) - before) * 1024 / count
        for p in parts:
            p.say("report")
        ends = [p.hear() for p in parts]
        lost = sum(e["lost"] + e["away"] for e in ends)
        check("none of them is lost", not lost, ends if lost else "")
        check("each of them says that it lives", sum(e["beats"] for e in ends) >= count * WATCHED * 0.9, sum(e["beats"] for e in ends))
        check("memory of the programs per idle agent is small", each < IDLE_BYTES,
              "%.1f kB of core, api and gate; kernel slab of both ends, and of nobody else's, %.1f kB"
              % (each / 1024, (bench_api.bench.memory([])[1] - slab) / 1024 / count))
        check("processor time per idle agent is measured", spent > 0, "%.3f ms a heartbeat of core, api and gate; all of them %.1f %% of a "
              "processor" % (1000 * spent / count / WATCHED, 100 * spent / HEARTBEAT / WATCHED))
    finally:
        for p in parts:
            p.end()


def main():
    count = bench_api.possible(IDLE)
    with House("storm") as house:
        house.start()
        seed(house, max(AGENTS, count))
        status, _, body = house.request("GET", "/services/appliance/agents")
        info = json.loads(body)
        check("the agents' name and authority are told", status == 200 and "BEGIN CERTIFICATE" in info["ca_pem"], info.get("name"))
        program = wsclient.build(os.path.join(HERE, "agents.c"), os.path.join(OUT, "run", "storm-agents"))
        sources = bench_api.sources(house.address)
        storm(house, info, program, sources)
        idle(house, info, program, sources, count)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
