"""The booted appliance as its network sees it: usage: wire.py DIRECTORY SECONDS, in a network namespace of its own.

Which ports answer to a raw SYN, and what an appliance that nobody uses sends in so many seconds.
"""
import collections
import json
import os
import socket
import struct
import subprocess
import sys
import time

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path[:0] = [os.path.join(TESTS, "lib")]
import tap  # noqa: E402
from vm import Trouble, VM  # noqa: E402

SETTLE = 10		# seconds after it serves: duplicate address detection and the first words of IPv6 are over
LEASE = "2m"		# half of it is renewed within a minute
SWEEP = 400
NEIGHBOURS = {130: "MLD", 131: "MLD", 132: "MLD", 133: "ND", 134: "ND", 135: "ND", 136: "ND", 143: "MLD"}


def kind(frame):
    """What a frame is, as far as it matters here."""
    ethernet, body = struct.unpack("!H", frame[12:14])[0], frame[14:]
    if ethernet == 0x0806:
        return "ARP"
    if ethernet == 0x0800:
        protocol, rest = body[9], body[(body[0] & 15) * 4:]
        to = socket.inet_ntop(socket.AF_INET, body[16:20])
    elif ethernet == 0x86dd:
        protocol, rest = body[6], body[40:]
        to = socket.inet_ntop(socket.AF_INET6, body[24:40])
        if protocol == 0:		# hop-by-hop options: MLD has the router alert
            protocol, rest = rest[0], rest[(rest[1] + 1) * 8:]
        if protocol == 58 and rest[0] in NEIGHBOURS:
            return NEIGHBOURS[rest[0]]
    else:
        return "ethernet %#06x" % ethernet
    if protocol in (6, 17):
        port = struct.unpack("!H", rest[2:4])[0]
        if protocol == 17 and port in (67, 547):
            return "DHCP"
        return "%s to %s port %d" % ("TCP" if protocol == 6 else "UDP", to, port)
    return "protocol %d to %s" % (protocol, to)


def capture(seconds):
    """Counts what the appliance sends."""
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    s.bind((tap.TAP, 0))
    sent, end = collections.Counter(), time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        s.settimeout(left)
        try:
            frame, (_, _, direction, _, _) = s.recvfrom(65536)
        except TimeoutError:
            break
        if direction != socket.PACKET_OUTGOING:
            sent[kind(frame)] += 1
    return sent


def sweep(address):
    p = subprocess.run([sys.executable, os.path.join(TESTS, "firewall", "sweep.py"), address], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                       text=True, timeout=SWEEP)
    return json.loads(p.stdout.splitlines()[-1]) if p.stdout.strip().startswith("{") else {"error": p.stdout[-500:]}


def look(vm, seconds):
    began = time.monotonic()
    found = sweep(vm.address)
    print("65,535 TCP ports and the well-known UDP ports: open %s (%.0f s)" % (found.get("open"), time.monotonic() - began), flush=True)
    if found != {"open": [443], "closed": [], "udp": []}:
        raise Trouble("ports: %s" % found)
    time.sleep(SETTLE)
    sent = capture(seconds)
    print("sent in %d idle seconds: %s" % (seconds, ", ".join("%d %s" % (n, what) for what, n in sent.items()) or "nothing"), flush=True)
    wrong = set(sent) - {"ARP", "ND", "MLD", "DHCP"}
    if wrong:
        raise Trouble("an idle appliance sends: %s" % ", ".join(sorted(wrong)))
    # the capture hears what is sent: a question of ours has an answer
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    s.bind((tap.TAP, 0))
    s.settimeout(20)
    status, _, _ = vm.https("GET", "/services/appliance/status", timeout=20)
    heard = set()
    while not any(k.startswith("TCP to %s.1 " % tap.NETWORK) for k in heard):
        heard.add(kind(s.recvfrom(65536)[0]))
    if status != 200:
        raise Trouble("status: %d" % status)


def main():
    here, seconds = sys.argv[1], int(sys.argv[2])
    _, server = tap.network(lease=LEASE)
    vm = VM(os.path.join(here, "vm"), tap=tap.TAP)
    return tap.run(vm, server, lambda: look(vm, seconds))


if __name__ == "__main__":
    sys.exit(main())
