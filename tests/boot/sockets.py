"""20,000 WebSockets at once on the booted appliance, none lost: usage: sockets.py DIRECTORY [COUNT], in a network namespace of its own.

A process of the build machine may have no more descriptors than its limit; in the appliance the limits are ours. So the machine is on
a tap, where no process of the host holds a descriptor for a connection, and several programs share the clients' side.
"""
import json
import os
import subprocess
import sys
import time

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path[:0] = [os.path.join(TESTS, "lib")]
import probe  # noqa: E402
import tap  # noqa: E402
import wsclient  # noqa: E402
from vm import OUT, Trouble  # noqa: E402

HOLDERS, SOURCES = 2, 16	# programs; addresses each of them comes from
TOLD = 4	# changes told to all of them
MEMORY = 2048	# MiB
SOCKET_BYTES = 24 << 10
ROOMS = ("gate", "keyd", "api", "core", "store")


def holder(here):
    return wsclient.build(os.path.join(TESTS, "bench", "sockets.c"), os.path.join(here, "sockets"))


def memory(vm):
    """kB resident of the rooms that hold connections, kB of kernel slab."""
    rss = 0
    for name, pids in vm.processes().items():
        if name in ROOMS:
            for pid in pids:
                for line in vm.ask_text("get /proc/%d/status" % pid).splitlines():
                    rss += int(line.split()[1]) if line.startswith("VmRSS") else 0
    slab = next(int(l.split()[1]) for l in vm.ask_text("get /proc/meminfo").splitlines() if l.startswith("Slab"))
    return rss, slab


class Held:
    """One program with its share of the sockets."""

    def __init__(self, program, vm, count, token, sources):
        self.process = subprocess.Popen([program, vm.address, str(vm.port), "/services/events", str(count), token, *sources],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def line(self):
        line = self.process.stdout.readline()
        value = json.loads(line) if line else {"error": "ended"}
        if "error" in value or "lost" in value:
            raise Trouble("sockets: %s" % value)
        return value

    def told(self, began):
        while True:
            at = self.line()
            if at.get("kind") == "appliance.settings" and at["first"] >= began:
                return at["last"]


def measure(vm, here, count, addresses):
    token = tap.signed_in(vm)
    rss, slab = memory(vm)
    began = time.monotonic()
    program = holder(here)
    held = [Held(program, vm, count // HOLDERS, token, addresses[n * SOURCES:(n + 1) * SOURCES]) for n in range(HOLDERS)]
    try:
        for h in held:
            h.line()
        print("%d WebSockets open after %.0f s" % (count, time.monotonic() - began), flush=True)
        time.sleep(5)
        rss2, slab2 = memory(vm)
        each = (rss2 - rss) * 1024 / count
        print("bytes of each: %.0f resident in the rooms, %.0f kernel slab" % (each, (slab2 - slab) * 1024 / count), flush=True)
        if each > SOCKET_BYTES:
            raise Trouble("%.0f bytes a WebSocket" % each)
        for n in range(TOLD):
            at = time.monotonic_ns()
            status, _, body = vm.https("POST", "/services/appliance/settings", {"hostname": "cam", "note": "change %d" % n},
                                       {"ElasticBox-Token": token}, timeout=60)
            if status != 200:
                raise Trouble("settings: %d %s" % (status, body))
            print("all told of change %d after %.0f ms" % (n + 1, max((h.told(at) - at) / 1e6 for h in held)), flush=True)
    finally:
        for h in held:
            h.process.kill()
            h.process.wait()


def measure_or_say(vm, here, count, addresses):
    try:
        measure(vm, here, count, addresses)
    except Trouble:
        for room in ROOMS:
            print("the log of %s:\n%s" % (room, vm.ask_text("get /data/log/%s/current" % room)[-3000:]), flush=True)
        raise


def main():
    here, count = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 20000
    addresses, server = tap.network(HOLDERS * SOURCES)
    vm = probe.ProbeVM(os.path.join(here, "vm"), probe.initrd(os.path.join(here, "initrd.d")), tap=tap.TAP, memory=MEMORY, cpus=2)
    return tap.run(vm, server, lambda: measure_or_say(vm, here, count, addresses))


if __name__ == "__main__":
    sys.exit(main())
