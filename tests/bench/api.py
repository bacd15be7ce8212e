#!/usr/bin/python3
"""Measures what is behind the way in: lists while writes go on, single objects against nginx, durable writes against
PostgreSQL 15, events to many WebSockets (held by sockets.c) against a Node server with the package ws.

CPU time and memory are those of the rooms gate, api and core. The numbers also go to out/bench-api.json.
usage: api.py [PART...]     parts: get writes list slow sockets; all of them without a name
"""
import importlib.machinery
import importlib.util
import json
import math
import os
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TESTS = os.path.dirname(HERE)
sys.path[:0] = [os.path.join(TESTS, "lib"), os.path.join(TESTS, "clients")]

import wsclient  # noqa: E402
from house import EMAIL, House, OUT, PASSWORD  # noqa: E402
from jp import JP  # noqa: E402
from world import World, script_box  # noqa: E402

_loader = importlib.machinery.SourceFileLoader("bench", os.path.join(HERE, "run"))
bench = importlib.util.module_from_spec(importlib.util.spec_from_loader("bench", _loader))
_loader.exec_module(bench)

# CAM_BENCH_SMALL=1: a tenth of everything, to see that it works.
SMALL = os.environ.get("CAM_BENCH_SMALL") == "1"
INSTANCES, BOXES = (2000, 500) if SMALL else (20000, 5000)
SOCKETS = 500 if SMALL else 5000
SECONDS = 3 if SMALL else 8
CHANGES = 7
# Seconds a reader of one byte a second is kept.
SLOW_SECONDS = 10 if SMALL else 30
# Seconds until idle sockets have given back what their handshake took.
SETTLE = 15
NODE_MODULES = os.path.join(OUT, "npm", "bench")
# Addresses the sockets come from: the appliance bounds what one of them may open at a time.
SOURCES = 10
results = {}


def report(name, **values):
    results[name] = values
    print("%-28s %s" % (name, ", ".join("%s %s" % (k.replace("_", " "), v if isinstance(v, str) else "%.4g" % v)
                                       for k, v in values.items())), flush=True)


class Appliance:
    def __init__(self, house):
        self.house, self.address = house, house.address
        self.jp = JP(("https", house.address, 443))
        self.token = self.jp.sign_in(EMAIL, PASSWORD)
        self.world = World(self.jp).make()
        self.data = house.status()["data"]
        services = house.status()["services"]
        self.rooms = {r: bench.family(services[r]["pid"]) for r in ("gate", "api", "core")}

    def pids(self):
        return [p for r in self.rooms.values() for p in r]

    def cpu(self):
        return bench.cpu_seconds(self.pids())

    def rss(self, room):
        total = 0
        for pid in self.rooms[room]:
            with open("/proc/%d/status" % pid) as f:
                total += sum(int(l.split()[1]) for l in f if l.startswith("VmRSS:"))
        return total * 1024

    def wal(self):
        return sum(os.path.getsize(os.path.join(base, n)) for base, _, names in os.walk(os.path.join(self.data, "core"))
                   for n in names if n.endswith("-wal"))


# ---- wrk with a request of its own ----

LUA = """
local n, prefix = 0, "%(prefix)s"
function request()
  n = n + 1
  return wrk.format("%(method)s", "%(path)s", nil, (([[%(body)s]]):gsub("@N@", prefix .. n)))
end
function done(summary, latency)
  io.write("\\nSTATUS " .. summary.errors.status .. " " .. summary.requests .. " " .. latency:percentile(50) .. " " .. latency:percentile(99) .. "\\n")
end
wrk.headers["ElasticBox-Token"] = "%(token)s"
wrk.headers["ElasticBox-Release"] = "4.0"
%(type)s
"""


def wrk(a, method, path, body=None, connections=16, seconds=SECONDS, prefix="w", address=None):
    """(requests, seconds, CPU seconds, median and 99th latency in ms). Any answer that is not a 2xx is an error."""
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as f:
        f.write(LUA % {"prefix": prefix, "method": method, "path": path, "body": json.dumps(body) if body else "", "token": a.token,
                       "type": 'wrk.headers["Content-Type"] = "application/json"' if body else ""})
        f.flush()
        before, began = a.cpu(), time.monotonic()
        p = subprocess.run(["wrk", "-t1", "-c%d" % connections, "-d%ds" % math.ceil(seconds), "--timeout", "30s", "-s", f.name,
                            "https://%s:%d" % (address or (a.address, 443))], capture_output=True, text=True, check=True)
        took, cpu = time.monotonic() - began, a.cpu() - before
    status, count, median, worst = next(l for l in p.stdout.splitlines() if l.startswith("STATUS ")).split()[1:]
    if int(float(status)) or "Socket errors" in p.stdout:
        raise RuntimeError("%s %s: %s" % (method, path, p.stdout))
    return int(count), took, cpu, float(median) / 1000, float(worst) / 1000


def box_body(a, pad=""):
    return script_box("@N@", a.world.place, note=pad)


def instance_body(a):
    return {"schema": "http://elasticbox.net/schemas/deploy-instance-request", "name": "@N@", "owner": a.world.place,
            "automatic_updates": "off", "instance_tags": ["bench"],
            "box": {"id": a.world.box["id"], "variables": [{"name": "GREETING", "type": "Text", "value": "moin"}]},
            "policy_box": {"id": a.world.policy["id"]}}


def fill(a, path, body, count, prefix):
    """At least this many objects, made with 64 connections; how many there are."""
    made, round_, began = 0, 0, time.monotonic()
    while made < count:
        round_ += 1
        made += wrk(a, "POST", path, body, 64, min(8, max(1, (count - made) / 800)), "%s%d-" % (prefix, round_))[0]
    return made, time.monotonic() - began


# ---- one object ----

def part_get(a):
    path = "/services/boxes/" + a.world.box["id"]
    status, _, content = a.jp.http.ask("GET", path, headers={"ElasticBox-Token": a.token})
    assert status == 200
    theirs = bench.Nginx(content)
    time.sleep(0.5)
    try:
        ours, nginx = [], []
        for _ in range(3):
            count, _, cpu, _, _ = wrk(a, "GET", path)
            ours.append(count / cpu)
            nginx.append(bench.keep_alive(theirs))
        ours, nginx = bench.median(ours), bench.median(nginx)
    finally:
        theirs.stop()
    report("GET of one object", bytes=len(content), appliance_per_CPU_s=ours, nginx_static_per_CPU_s=nginx, ratio=ours / nginx)


# ---- durable writes ----

class Postgres:
    """A cluster of its own, fsync on, reached through its local socket."""

    BIN = "/usr/lib/postgresql/15/bin/"

    def __init__(self, where):
        self.dir = tempfile.mkdtemp(prefix="cam-bench-pg-", dir=where)
        shutil.chown(self.dir, "postgres")
        self.run("initdb", "-D", self.dir + "/d", "-A", "trust", "--no-instructions")
        with open(self.dir + "/d/postgresql.conf", "a") as f:
            f.write("fsync = on\nsynchronous_commit = on\nlisten_addresses = ''\nmax_connections = 100\n"
                    "unix_socket_directories = '%s'\n" % self.dir)
        self.run("pg_ctl", "-D", self.dir + "/d", "-w", "-l", self.dir + "/log", "start")

    def run(self, program, *args):
        return subprocess.run(["runuser", "-u", "postgres", "--", self.BIN + program, *args], capture_output=True, text=True,
                              check=True, cwd="/").stdout

    def insert(self, row, connections):
        """Commits in a second."""
        script = os.path.join(self.dir, "insert.sql")
        with open(script, "w") as f:
            f.write("INSERT INTO object(kind, id, owner, doc) VALUES (5, gen_random_uuid()::text, 'admin', '%s');\n"
                    % json.dumps(row).replace("'", "''"))
        os.chmod(script, 0o644)
        self.run("psql", "-h", self.dir, "postgres", "-c", "DROP TABLE IF EXISTS object; CREATE TABLE object(number bigserial"
                 " PRIMARY KEY, kind int, id text, owner text, doc text, UNIQUE(kind, id)); CREATE INDEX ON object(owner)")
        out = self.run("pgbench", "-h", self.dir, "-n", "-M", "prepared", "-c", str(connections), "-j", "2", "-T", str(SECONDS),
                       "-f", script, "postgres")
        return float(next(l for l in out.splitlines() if l.startswith("tps")).split()[2])

    def stop(self):
        self.run("pg_ctl", "-D", self.dir + "/d", "-m", "immediate", "-w", "stop")
        shutil.rmtree(self.dir)


def write_rates(a):
    """Writes a second by the number of connections."""
    rates = {}
    for connections in (1, 64):
        count, took, cpu, median, worst = wrk(a, "POST", "/services/boxes", box_body(a), connections, prefix="d%d-" % connections)
        rates[connections] = count / took
        report("writes, %d connections" % connections, per_s=count / took, median_ms=median, p99_ms=worst, CPU_ms_each=cpu / count * 1000)
    return rates


def part_writes(a):
    row = a.jp.box(a.world.box["id"])
    where = "/var/tmp"
    if os.stat(where).st_dev != os.stat(a.data).st_dev:
        print("note: %s and %s are on different file systems" % (where, a.data))
    rates = write_rates(a)
    pg = Postgres(where)
    try:
        theirs = {c: pg.insert(row, c) for c in (1, 64)}
    finally:
        pg.stop()
    report("group commit", ours_64_to_1=rates[64] / rates[1], postgresql_1_per_s=theirs[1], postgresql_64_per_s=theirs[64],
           postgresql_64_to_1=theirs[64] / theirs[1], ours_to_postgresql_at_64=rates[64] / theirs[64])


# ---- lists ----

class Sampler(threading.Thread):
    """The largest resident size of api and core while it runs."""

    def __init__(self, a):
        super().__init__(daemon=True)
        self.a, self.ending = a, False
        self.first = {r: a.rss(r) for r in ("api", "core")}
        self.most = dict(self.first)

    def run(self):
        while not self.ending:
            for r in self.most:
                self.most[r] = max(self.most[r], self.a.rss(r))
            time.sleep(0.01)

    def stop(self):
        self.ending = True
        self.join()
        return {r: self.most[r] - self.first[r] for r in self.most}


def read_list(a, path):
    """(objects, bytes, seconds to the first byte of the body, seconds in all)."""
    c = a.house.connection(120)
    c.connect()
    began = time.monotonic()
    c.request("GET", path, headers={"ElasticBox-Token": a.token, "ElasticBox-Release": "4.0"})
    r = c.getresponse()
    pieces = [r.read(1)]
    first = time.monotonic() - began
    while piece := r.read(1 << 16):
        pieces.append(piece)
    took = time.monotonic() - began
    c.close()
    if r.status != 200:
        raise RuntimeError("%s: %d" % (path, r.status))
    data = b"".join(pieces)
    return len(json.loads(data)), len(data), first, took


def filled(a):
    if not getattr(a, "is_filled", False):
        for path, body, count, name in (("/services/boxes", box_body(a), BOXES, "boxes"),
                                        ("/services/instances", instance_body(a), INSTANCES, "instances")):
            made, took = fill(a, path, body, count, "f")
            report("making " + name, count=made, per_s=made / took)
        a.is_filled = True
        quiet(a)


def quiet(a, seconds=180):
    """Until the operations of all instances are over."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        before = a.cpu()
        time.sleep(1)
        if a.cpu() - before < 0.05:
            return
    raise RuntimeError("the rooms are still busy after %d s" % seconds)


def part_list(a):
    filled(a)
    for path, name in (("/services/instances", "instances"), ("/services/boxes", "boxes")):
        runs = []
        for _ in range(3):
            sampler = Sampler(a)
            sampler.start()
            before = a.cpu()
            count, size, first, took = read_list(a, path)
            runs.append((first, took, a.cpu() - before, sampler.stop()))
        first = sorted(r[0] for r in runs)[1]
        report("list of " + name, count=count, bytes_each=size / count, first_byte_ms=first * 1000, all_ms=sorted(r[1] for r in runs)[1] * 1000,
               CPU_us_each=sorted(r[2] for r in runs)[1] / count * 1e6, api_grew_kB=max(r[3]["api"] for r in runs) / 1024,
               core_grew_kB=max(r[3]["core"] for r in runs) / 1024)
    usual = wrk(a, "POST", "/services/boxes", box_body(a), 8, prefix="u")
    found = {}

    def lists():
        found["lists"], until, firsts = 0, time.monotonic() + SECONDS, []
        while time.monotonic() < until:
            firsts.append(read_list(a, "/services/instances")[2])
            found["lists"] += 1
        found["first"] = max(firsts)
    t = threading.Thread(target=lists)
    t.start()
    during = wrk(a, "POST", "/services/boxes", box_body(a), 8, prefix="v")
    t.join()
    report("writes while lists go out", usual_per_s=usual[0] / usual[1], during_per_s=during[0] / during[1], lists=found["lists"],
           worst_first_byte_ms=found["first"] * 1000)


def part_slow(a):
    """Readers of one byte a second: writes go on, the log is still written back."""
    filled(a)
    held = []
    for _ in range(4):
        s = bench.client_context().wrap_socket(socket.create_connection((a.address, 443)))
        s.sendall(b"GET /services/instances HTTP/1.1\r\nHost: bench\r\nElasticBox-Token: %s\r\n\r\n" % a.token.encode())
        s.recv(1)
        held.append(s)
    before = a.wal()
    ending = time.monotonic() + SLOW_SECONDS

    def drip():
        while time.monotonic() < ending:
            for s in held:
                try:
                    s.recv(1)
                except OSError:
                    return
            time.sleep(1)
    t = threading.Thread(target=drip)
    t.start()
    sampler = Sampler(a)
    sampler.start()
    count, took, _, _, worst = wrk(a, "POST", "/services/boxes", box_body(a), 8, SLOW_SECONDS, prefix="s")
    grew = sampler.stop()
    t.join()
    for s in held:
        s.close()
    report("4 slow readers", writes_per_s=count / took, p99_ms=worst, wal_before_MB=before / 1e6, wal_after_MB=a.wal() / 1e6,
           api_grew_kB=grew["api"] / 1024, core_grew_kB=grew["core"] / 1024)


# ---- WebSockets ----

def node_modules():
    """The packages of package-lock.json, installed outside of the tree."""
    if not shutil.which("npm"):
        raise RuntimeError("npm: not installed")
    os.makedirs(NODE_MODULES, exist_ok=True)
    for name in ("package.json", "package-lock.json", *(n for n in os.listdir(HERE) if n.endswith(".js"))):
        shutil.copy(os.path.join(HERE, name), NODE_MODULES)
    subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"], cwd=NODE_MODULES, check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def node(script, *args):
    return subprocess.Popen(["node", os.path.join(NODE_MODULES, script), *args], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                            text=True, preexec_fn=many_files)


def many_files():
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def possible(wanted):
    """As many sockets of the wanted ones as a process may have here: some hosts give even root no more descriptors than it has.
    The rooms are bound by the same limit, and gate's workers do not divide the sockets quite evenly."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(hard, 2 * wanted), max(hard, 2 * wanted)))
        return wanted
    except (ValueError, OSError):
        found = min(wanted, hard * 9 // 10)
    if found < wanted:
        print("note: %d sockets, not %d: this machine allows a process %d descriptors" % (found, wanted, hard), flush=True)
    return found


def sources(address):
    """More addresses on our side of the house's link."""
    net = address.rsplit(".", 1)[0]
    link = next(l.split()[1] for l in subprocess.run(["ip", "-o", "-4", "addr", "show"], capture_output=True, text=True,
                                                     check=True).stdout.splitlines() if " %s.1/" % net in l)
    found = ["%s.%d" % (net, 101 + n) for n in range(SOURCES)]
    for one in found:
        subprocess.run(["ip", "addr", "add", one + "/24", "dev", link], check=True)
    return found


def holder():
    """The program that holds the sockets."""
    return wsclient.build(os.path.join(HERE, "sockets.c"), os.path.join(OUT, "run", "bench-sockets"))


class Watchers:
    """The sockets, of either server."""

    def __init__(self, address, path, token, come_from=()):
        self.process = subprocess.Popen([holder(), address[0], str(address[1]), path, str(SOCKETS), token, *come_from],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, preexec_fn=many_files)
        self.opened = self.line()
        if "open" not in self.opened:
            raise RuntimeError("sockets: %s" % self.opened)

    def line(self):
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError("sockets: ended")
        value = json.loads(line)
        if "error" in value or "lost" in value:
            raise RuntimeError("sockets: %s" % value)
        return value

    def stop(self):
        self.process.stdin.close()
        self.process.wait()


def fan_out(watchers, change):
    """Milliseconds from a change to the first and to the last, the median of several."""
    found = []
    for n in range(CHANGES):
        time.sleep(0.3)
        began = time.monotonic_ns()
        change(n)
        at = watchers.line()
        while at["kind"] != "appliance.settings" or at["first"] < began:
            at = watchers.line()
        found.append(((at["last"] - began) / 1e6, (at["first"] - began) / 1e6))
    return sorted(found)[len(found) // 2]


def memory(a):
    pss, slab = bench.memory(a.pids())
    return sum(a.rss(r) for r in a.rooms), pss, slab


def our_sockets(a):
    """Memory of idle ones, then a change told to all of them."""
    rss, pss, slab = memory(a)
    watchers = Watchers((a.address, 443), "/services/events", a.token, sources(a.address))
    time.sleep(SETTLE)
    rss2, pss2, slab2 = memory(a)
    report("idle WebSockets", count=SOCKETS, opened_in_s=watchers.opened["ms"] / 1000, rss_each=(rss2 - rss) / SOCKETS,
           pss_each=(pss2 - pss) / SOCKETS, slab_each=(slab2 - slab) / SOCKETS)

    def change(n):
        # the same host name: a new one would be told of several times, by who works on it too
        a.jp.call("POST", "/services/appliance/settings", {"hostname": "bench", "note": "change %d" % n})
    a.jp.http.close()       # it was idle for long
    before = a.cpu()
    last, first = fan_out(watchers, change)
    report("a change to WebSockets", count=SOCKETS, first_ms=first, last_ms=last, CPU_us_each=(a.cpu() - before) / CHANGES / SOCKETS * 1e6)
    watchers.stop()


def node_sockets():
    """The same frame from a Node server to as many."""
    text = json.dumps({"sequence": 0, "time": time.time_ns() // 1000, "kind": "appliance.settings", "object": "appliance",
                       "data": {"hostname": "bench-0"}})
    theirs = bench.Nginx(b"")       # for its key and certificate
    theirs.stop()
    server = node("broadcast.js", theirs.dir + "/key.pem", theirs.dir + "/cert.pem")
    try:
        port = json.loads(server.stdout.readline())["port"]
        watchers = Watchers(("127.0.0.1", port), "/", "-")

        def send(n):
            server.stdin.write(text.replace('"sequence": 0', '"sequence": %d' % (n + 1)) + "\n")
            server.stdin.flush()
        before = bench.cpu_seconds([server.pid])
        last, first = fan_out(watchers, send)
        cpu = (bench.cpu_seconds([server.pid]) - before) / CHANGES / SOCKETS
        watchers.stop()
    finally:
        server.stdin.close()
        server.wait()
    report("the same by Node's ws", count=SOCKETS, first_ms=first, last_ms=last, CPU_us_each=cpu * 1e6)


def part_sockets(a):
    node_modules()
    our_sockets(a)
    node_sockets()


PARTS = {"get": part_get, "writes": part_writes, "list": part_list, "slow": part_slow, "sockets": part_sockets}


def main():
    wanted = sys.argv[1:] or list(PARTS)
    with House("bench-api") as house:
        house.start(*(["--root", os.environ["CAM_ROOT"]] if "CAM_ROOT" in os.environ else []))
        house.set_up()
        a = Appliance(house)
        for name in wanted:
            PARTS[name](a)
    with open(os.path.join(OUT, "bench-api.json"), "w") as f:
        json.dump({"date": time.strftime("%Y-%m-%d"), "results": results}, f, indent=1)
    return 0


if __name__ == "__main__":
    sys.exit(main())
