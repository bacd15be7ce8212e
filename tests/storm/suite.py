"""Suite storm: see run.  usage: suite.py [AGENTS [IDLE]]

The machines are rows put into core's database while the house is down: nobody has thousands of instances to deploy.
"""
import asyncio
import glob
import hashlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.error

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [os.path.join(TOP, "tests", "lib"), os.path.join(TOP, "tests", "bench"), HERE]

import api as bench_api
from agents import token
from house import House
from simagent import SimAgent

SOAK = os.environ.get("CAM_SOAK") == "1"
AGENTS = int(sys.argv[1]) if len(sys.argv) > 1 else 5000 if SOAK else 1000
# Agents that have nothing to do but to say that they live, in seconds; and for how many of these they are watched.
IDLE = int(sys.argv[2]) if len(sys.argv) > 2 else 20000 if SOAK else 200
HEARTBEAT, WATCHED = (30, 3) if SOAK else (2, 3)
PART = 2000		# of them in one process
IDLE_BYTES = 40 << 10	# of all programs for each of them
JITTER = 10.0		# seconds over which agents spread their return
MARGIN = 5.0		# that all may take beyond it
BUSY = 6		# how much slower a machine with other work may be before it counts as a fault
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
                       (("m-s%06d" % n, n, "storm-%d" % n, hashlib.sha256(token(n).encode()).digest(), now, now)
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


class Watcher:
    """A person's requests meanwhile."""

    def __init__(self, house):
        self.house, self.good, self.bad, self.away, self.on = house, 0, [], 0, True

    async def run(self):
        while self.on:
            try:
                status = (await asyncio.get_running_loop().run_in_executor(None, lambda: self.house.request("GET", STATUS)))[0]
                if status == 200:
                    self.good += 1
                else:
                    self.bad.append(status)
            except (OSError, EOFError, urllib.error.URLError, Exception) as e:
                # connections that gate held when it was killed, or refused before it was back
                self.away += 1
                self.last = e
            await asyncio.sleep(0.1)


async def all_welcome(agents, counts, seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if all(a.welcomes > c for a, c in zip(agents, counts)):
            return True
        await asyncio.sleep(0.1)
    return False


async def storm(house, info):
    agents = [SimAgent(house.address, info["name"], token(n), jitter=JITTER) for n in range(AGENTS)]
    loop = asyncio.get_running_loop()
    idle = memory(house, "api")
    began = time.monotonic()
    runs = []
    for a in agents:	# the first time one after the other: full handshakes
        runs.append(loop.create_task(a.run()))
        if len(runs) % 20 == 0:
            await asyncio.sleep(0.05)
    there = await all_welcome(agents, [0] * AGENTS, 300)
    check("%d agents are welcomed" % AGENTS, there, "%.1f s" % (time.monotonic() - began))
    if not there:
        return
    await asyncio.sleep(2)
    check("memory of api per connected agent is small", memory(house, "api") - idle < 16 * AGENTS,
          "%.1f kB" % ((memory(house, "api") - idle) / AGENTS))
    before = cpu(house, ["core", "api", "keyd"])
    watcher = Watcher(house)
    watching = loop.create_task(watcher.run())
    counts = [a.welcomes for a in agents]
    gate = house.status()["services"]["gate"]["pid"]
    began = time.monotonic()
    os.kill(gate, signal.SIGKILL)
    back = await all_welcome(agents, counts, (JITTER + MARGIN) * BUSY)
    took = time.monotonic() - began
    spent = cpu(house, ["core", "api", "keyd", "gate"]) - before
    watcher.on = False
    await watching
    late = sum(a.welcomes <= c for a, c in zip(agents, counts))
    check("all are back after gate was killed", back, "%.1f s, their jitter is %.0f s%s" % (took, JITTER, "; missing: %d" % late if late else ""))
    resumed = sum(bool(a.resumed) for a in agents)
    check("sessions are resumed", resumed >= AGENTS * 0.95, "%d of %d" % (resumed, AGENTS))
    check("no request of a person fails meanwhile", not watcher.bad and watcher.good > 0,
          "%d good, %d while gate was away, refused: %s" % (watcher.good, watcher.away, watcher.bad[:5]))
    each, theirs = 1000 * spent / AGENTS, nginx_resumed()
    check("server time per reconnect is measured", spent > 0 and theirs > 0,
          "%.2f ms of core, api, keyd and gate, %.1f times the %.2f ms of nginx for a resumed handshake" % (each, each / theirs, theirs))
    for a in agents:
        a.stop()
    for r in runs:
        r.cancel()


ROOMS = ("core", "api", "gate")


def line_of(p):
    line = p.stdout.readline()
    if not line:
        raise RuntimeError("a part of the agents ended with %s" % p.wait())
    return json.loads(line)


def idle(house, info, count):
    """Thousands that say every half minute that they live."""
    sources = bench_api.sources(house.address)
    before, slab = memory(house, *ROOMS), bench_api.bench.memory([])[1]
    began = time.monotonic()
    parts = [subprocess.Popen([sys.executable, os.path.join(HERE, "agents.py"), house.address, info["name"], str(first),
                               str(min(PART, count - first)), sources[n % len(sources)], str(HEARTBEAT)],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
             for n, first in enumerate(range(0, count, PART))]
    try:
        welcomed = sum(line_of(p)["welcomed"] for p in parts)
        check("%d idle agents are welcomed" % count, welcomed == count, "%d in %.0f s" % (welcomed, time.monotonic() - began))
        time.sleep(HEARTBEAT)
        spent = cpu(house, ROOMS)
        time.sleep(HEARTBEAT * WATCHED)
        spent = cpu(house, ROOMS) - spent
        each = (memory(house, *ROOMS) - before) * 1024 / count
        for p in parts:
            p.stdin.write("end\n")
            p.stdin.flush()
        ends = [line_of(p) for p in parts]
        check("none of them is lost", not sum(e["lost"] for e in ends), ends if sum(e["lost"] for e in ends) else "")
        check("each of them says that it lives", sum(e["beats"] for e in ends) >= count * WATCHED * 0.9, sum(e["beats"] for e in ends))
        check("memory of the programs per idle agent is small", each < IDLE_BYTES,
              "%.1f kB of core, api and gate; kernel slab of both ends, and of nobody else's, %.1f kB"
              % (each / 1024, (bench_api.bench.memory([])[1] - slab) / 1024 / count))
        check("processor time per idle agent is measured", spent > 0, "%.3f ms a heartbeat of core, api and gate; all of them %.1f %% of a "
              "processor" % (1000 * spent / count / WATCHED, 100 * spent / HEARTBEAT / WATCHED))
    finally:
        for p in parts:
            p.kill()
            p.wait()


def main():
    count = bench_api.possible(IDLE)
    with House("storm") as house:
        house.start()
        seed(house, max(AGENTS, count))
        status, _, body = house.request("GET", "/services/appliance/agents")
        info = json.loads(body)
        check("the agents' name and authority are told", status == 200 and "BEGIN CERTIFICATE" in info["ca_pem"], info.get("name"))
        asyncio.run(storm(house, info))
        idle(house, info, count)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
