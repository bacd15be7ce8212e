"""The booted appliance as its network sees it: usage: wire.py DIRECTORY SECONDS, in a network namespace of its own.

Which ports answer to a raw SYN, what a registered vCenter opens outbound and its removal closes, what an appliance that nobody uses
sends in so many seconds, and that it renews its lease through its own rules.
"""
import collections
import csv
import io
import json
import os
import socket
import struct
import subprocess
import sys
import threading
import time

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path[:0] = [os.path.join(TESTS, "lib")]
import tap  # noqa: E402
from vm import Trouble, VM  # noqa: E402

SETTLE = 10		# seconds: duplicate address detection and the first words of IPv6 are over, and what a provider's tasks began
LEASE = "2m"		# the shortest that dnsmasq gives; half of it is renewed within a minute
SWEEP = 400
NEIGHBOURS = {130: "MLD", 131: "MLD", 132: "MLD", 133: "ND", 134: "ND", 135: "ND", 136: "ND", 143: "MLD"}
PACKET_IGNORE_OUTGOING = 23

# A frame of the appliance's: what it is, as far as it matters here; to an address and port, from a port.
Frame = collections.namedtuple("Frame", "when kind to port source flags unicast")


def frame(data):
    ethernet, body = struct.unpack("!H", data[12:14])[0], data[14:]
    when, unicast = time.monotonic(), not data[0] & 1
    if ethernet == 0x0806:
        return Frame(when, "ARP", "", 0, 0, 0, unicast)
    if ethernet == 0x0800:
        protocol, rest = body[9], body[(body[0] & 15) * 4:]
        to = socket.inet_ntop(socket.AF_INET, body[16:20])
    elif ethernet == 0x86dd:
        protocol, rest = body[6], body[40:]
        to = socket.inet_ntop(socket.AF_INET6, body[24:40])
        if protocol == 0:		# hop-by-hop options: MLD has the router alert
            protocol, rest = rest[0], rest[(rest[1] + 1) * 8:]
        if protocol == 58 and rest[0] in NEIGHBOURS:
            return Frame(when, NEIGHBOURS[rest[0]], to, 0, 0, 0, unicast)
    else:
        return Frame(when, "ethernet %#06x" % ethernet, "", 0, 0, 0, unicast)
    if protocol in (6, 17):
        source, port = struct.unpack("!HH", rest[:4])
        if protocol == 17 and port in (67, 547):
            return Frame(when, "DHCP", to, port, source, 0, unicast)
        return Frame(when, "%s to %s port %d" % ("TCP" if protocol == 6 else "UDP", to, port), to, port, source, rest[13] if protocol == 6 else 0, unicast)
    return Frame(when, "protocol %d to %s" % (protocol, to), to, 0, 0, 0, unicast)


class Ear:
    """Everything the appliance sends, from the first frame on."""

    def __init__(self):
        self.frames, self.change = [], threading.Condition()
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        self.socket.setsockopt(263, PACKET_IGNORE_OUTGOING, 1)		# SOL_PACKET
        self.socket.setsockopt(socket.SOL_SOCKET, 33, 16 << 20)		# SO_RCVBUFFORCE
        self.socket.bind((tap.TAP, 3))
        threading.Thread(target=self.hear, daemon=True).start()

    def hear(self):
        while True:
            f = frame(self.socket.recv(65536))
            with self.change:
                self.frames.append(f)
                self.change.notify_all()

    def since(self, when):
        with self.change:
            return [f for f in self.frames if f.when >= when]

    def wait(self, what, good, seconds):
        """The first frame, of all, that is as wanted."""
        found = []

        def look():
            found[:] = [f for f in self.frames if good(f)][:1]
            return found
        with self.change:
            if not self.change.wait_for(look, seconds):
                raise Trouble("%s: none within %d s; the last: %s" % (what, seconds, self.frames[-5:]))
        return found[0]


def sweep(address):
    p = subprocess.run([sys.executable, os.path.join(TESTS, "firewall", "sweep.py"), address], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                       text=True, timeout=SWEEP)
    return json.loads(p.stdout.splitlines()[-1]) if p.stdout.strip().startswith("{") else {"error": p.stdout[-500:]}


def ports(vm):
    began = time.monotonic()
    found = sweep(vm.address)
    print("65,535 TCP ports and the well-known UDP ports: open %s (%.0f s)" % (found.get("open"), time.monotonic() - began), flush=True)
    if found != {"open": [443], "closed": [], "udp": []}:
        raise Trouble("ports: %s" % found)


class Person:
    def __init__(self, vm):
        self.vm, self.headers = vm, {"ElasticBox-Token": tap.signed_in(vm)}

    def ask(self, method, path, body=None):
        status, _, text = self.vm.https(method, path, body, self.headers, timeout=60)
        if status >= 300:
            raise Trouble("%s %s: %d %s" % (method, path, status, text[:300]))
        return text.decode() if path.endswith("=csv") else json.loads(text) if text else None

    def until(self, what, good, seconds=60):
        end = time.monotonic() + seconds
        while not good():
            if time.monotonic() > end:
                raise Trouble("%s: not within %d s: %s" % (what, seconds, self.ask("GET", "/services/firewall/status")))
            time.sleep(0.2)

    def lines(self):
        """Lines of the policy in the kernel, as fwd says."""
        return self.ask("GET", "/services/firewall/status")["lines"]

    def exported(self, address):
        """The exported lines that name an address: {(line, ports)}."""
        rows = csv.DictReader(io.StringIO(self.ask("GET", "/services/firewall/export?format=csv")))
        return {(r["id"], r["ports or types"]) for r in rows if address in r["addresses"]}

    def verdict(self, address, port):
        v = self.ask("GET", "/services/firewall/explain?from=%s&to=%s&proto=tcp&dport=%d&room=cloud&direction=out" % (self.vm.address, address, port))
        return v["verdict"] == "pass"


def begun(ear, since):
    """Where the appliance began TCP connections to: it answers from 443 alone."""
    return {(f.to, f.port) for f in ear.since(since) if f.kind.startswith("TCP") and f.flags & 0x12 == 0x02}


def provider(vm, ear, address):
    """A vCenter by its address: opens exactly its two ports, and removed it closes them."""
    who = Person(vm)
    before, began = who.lines(), time.monotonic()
    if who.exported(address) or who.verdict(address, 443):
        raise Trouble("%s is open before anything was registered" % address)
    owner = who.ask("GET", "/services/workspaces")[0]["id"]
    p = who.ask("POST", "/services/providers", {
        "type": "VMware vSphere", "schema": "http://elasticbox.net/schemas/vsphere/provider", "name": "vc", "owner": owner, "icon": "",
        "endpoint": "https://" + address, "username": "u", "secret": "p"})
    who.until("the line in the kernel", lambda: who.lines() == before + 1)
    if who.exported(address) != {("vcenter-out", "443,8085")}:
        raise Trouble("the export opens to %s: %s" % (address, who.exported(address)))
    open_ports = [n for n in (22, 80, 443, 902, 5671, 5985, 8084, 8085, 8086, 8443) if who.verdict(address, n)]
    if open_ports != [443, 8085]:
        raise Trouble("explain lets cloud reach %s at %s" % (address, open_ports))
    ear.wait("a SYN to the vCenter", lambda f: f.to == address and f.kind.startswith("TCP") and f.flags & 0x12 == 0x02, 60)
    who.ask("DELETE", "/services/providers/" + p["id"])
    who.until("the line's end", lambda: who.lines() == before)
    went, gone = begun(ear, began), time.monotonic()
    if who.exported(address) or who.verdict(address, 443) or not went or went - {(address, 443), (address, 8085)}:
        raise Trouble("connections went to %s; open afterwards: %s" % (sorted(went), who.exported(address)))
    print("a vCenter registered: its 443 and 8085 are open and nothing else, a SYN went to %s; removed: closed (%.0f s)" %
          (", ".join("%s:%d" % x for x in sorted(went)), time.monotonic() - began), flush=True)
    return gone


def idle(vm, ear, seconds, log):
    """At least so many seconds, until the lease was renewed: a question to the server alone, through the kernel's rules, and its answer."""
    began = time.monotonic()
    renewal = ear.wait("the renewal of the lease", lambda f: f.kind == "DHCP" and f.unicast and f.to == tap.NETWORK + ".1", 150)
    time.sleep(max(0.0, began + seconds - time.monotonic()))
    took = time.monotonic() - began
    sent = collections.Counter(f.kind for f in ear.since(began))
    print("sent in %d idle seconds: %s" % (took, ", ".join("%d %s" % (n, what) for what, n in sent.items()) or "nothing"), flush=True)
    wrong = set(sent) - {"ARP", "ND", "MLD", "DHCP"}
    if wrong:
        raise Trouble("an idle appliance sends: %s" % ", ".join(sorted(wrong)))
    with open(log) as f:
        said = f.read()
    acks, asked = said.count("DHCPACK("), said.rfind("DHCPREQUEST(")
    if acks < 2 or said.rfind("DHCPACK(") < asked or said.rfind("DHCPDISCOVER(") > said.find("DHCPACK("):
        raise Trouble("the lease of %s was not renewed:\n%s" % (LEASE, said[-1500:]))
    first = ear.wait("a lease", lambda f: f.kind == "DHCP" and f.port == 67 and not f.unicast, 1)
    print("the lease of 120 s was renewed after %.0f s by unicast, through the rules" % (renewal.when - first.when), flush=True)
    # the ear hears what is sent: a question of ours has an answer
    asked = time.monotonic()
    status, _, _ = vm.https("GET", "/services/appliance/status", timeout=20)
    if status != 200:
        raise Trouble("status: %d" % status)
    ear.wait("an answer", lambda f: f.when >= asked and f.kind.startswith("TCP to %s.1 " % tap.NETWORK), 20)


def look(vm, ear, seconds, address, log):
    ports(vm)
    gone = provider(vm, ear, address)
    time.sleep(SETTLE)
    late = begun(ear, gone)
    if late:
        raise Trouble("after its removal connections go to %s" % sorted(late))
    idle(vm, ear, seconds, log)


def main():
    here, seconds = sys.argv[1], int(sys.argv[2])
    log = os.path.join(here, "dhcp")
    os.makedirs(here, exist_ok=True)
    (address,), server = tap.network(1, lease=LEASE, log=log)
    ear = Ear()
    vm = VM(os.path.join(here, "vm"), tap=tap.TAP)
    return tap.run(vm, server, lambda: look(vm, ear, seconds, address, log))


if __name__ == "__main__":
    sys.exit(main())
