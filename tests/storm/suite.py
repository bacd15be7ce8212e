"""Suite storm: see run.  usage: suite.py [AGENTS]

The machines are rows put into core's database while the house is down: nobody has thousands of instances to deploy.
"""
import asyncio
import glob
import hashlib
import json
import os
import signal
import sqlite3
import sys
import time
import urllib.error

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [os.path.join(TOP, "tests", "lib")]

from house import House
from simagent import SimAgent

SOAK = os.environ.get("CAM_SOAK") == "1"
AGENTS = int(sys.argv[1]) if len(sys.argv) > 1 else 5000 if SOAK else 1000
JITTER = 10.0		# seconds over which agents spread their return
MARGIN = 5.0		# that all may take beyond it
BUSY = 6		# how much slower a machine with other work may be before it counts as a fault
STATUS = "/services/appliance/status"
failed = 0


def check(name, good, note=""):
    global failed
    failed += not good
    print("%s %s%s" % ("ok" if good else "not ok", name, ": " + str(note) if note else ""), flush=True)


def token(n):
    return "storm-machine-%06d" % n


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


def memory(house, room):
    for line in open("/proc/%d/smaps_rollup" % house.status()["services"][room]["pid"]):
        if line.startswith("Pss:"):
            return int(line.split()[1])


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
    check("server time per reconnect is measured", spent > 0, "%.2f ms of core, api, keyd and gate" % (1000 * spent / AGENTS))
    for a in agents:
        a.stop()
    for r in runs:
        r.cancel()


def main():
    with House("storm") as house:
        house.start()
        seed(house, AGENTS)
        status, _, body = house.request("GET", "/services/appliance/agents")
        info = json.loads(body)
        check("the agents' name and authority are told", status == 200 and "BEGIN CERTIFICATE" in info["ca_pem"], info.get("name"))
        asyncio.run(storm(house, info))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
