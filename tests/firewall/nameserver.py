#!/usr/bin/python3
"""A name server for tests, UDP and TCP (RFC 1035).  usage: nameserver.py ADDRESS '{"vc.test": ["10.0.0.5"], ...}'

A name that is not there does not exist.  How a name begins says how it is answered: "long" is cut over UDP, "mute" not at all,
"plain" only without OPT, "no" refused, "broken" with half an answer, "forged" after two answers that are somebody else's; "short" has
5 seconds to live, "fades" too, and is refused after SIGUSR1; others have 60.
Prints each question it hears: "vc.test 1 udp"."""
import ipaddress
import json
import signal
import socket
import struct
import sys
import threading

faded = threading.Event()


def wire(name):
    return b"".join(bytes([len(x)]) + x.encode() for x in name.split(".")) + b"\0"


def message(number, name, kind, code=0, addresses=(), ttl=60):
    size = {1: 4, 28: 16}.get(kind)
    found = [a.packed for a in map(ipaddress.ip_address, addresses) if len(a.packed) == size]
    records = b"".join(b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, ttl, len(a)) + a for a in found)
    return struct.pack(">HHHHHH", number, 0x8180 | code, 1, len(found), 0, 0) + wire(name) + struct.pack(">HH", kind, 1) + records


def answers(question, names, how):
    """The messages that answer a question."""
    number, _, _, _, _, more = struct.unpack(">HHHHHH", question[:12])
    labels, at = [], 12
    while question[at]:
        labels.append(question[at + 1:at + 1 + question[at]].decode())
        at += 1 + question[at]
    name, kind = ".".join(labels).lower(), struct.unpack(">H", question[at + 1:at + 3])[0]
    print(name, kind, how, flush=True)
    good = message(number, name, kind, 0 if name in names else 3, names.get(name, []), 5 if name.startswith(("short", "fades")) else 60)
    if name.startswith("mute"):
        return []
    if name.startswith("long") and how == "udp":
        return [message(number, name, kind, 0x200)]
    if name.startswith("plain") and more:
        return [question[:2] + b"\x81\x81" + b"\0" * 8]
    if name.startswith("no.") or (name.startswith("fades") and faded.is_set()):
        return [message(number, name, kind, 5)]
    if name.startswith("broken"):
        return [good[:-3]]
    if name.startswith("forged"):
        lie = ["10.66.66.66", "fd66::66"]
        return [message(number ^ 0x5555, name, kind, 0, lie), message(number, "x" + name, kind, 0, lie), good]
    return [good]


def over_tcp(listener, names):
    while True:
        c, _ = listener.accept()
        with c, c.makefile("rb") as f:
            head = f.read(2)
            if len(head) < 2:		# who asked has gone
                continue
            for a in answers(f.read(struct.unpack(">H", head)[0]), names, "tcp"):
                c.sendall(struct.pack(">H", len(a)) + a)


def main():
    address, names = sys.argv[1], json.loads(sys.argv[2])
    signal.signal(signal.SIGUSR1, lambda *_: faded.set())
    # both are bound before anybody is told that there is a server
    threading.Thread(target=over_tcp, args=(socket.create_server((address, 53)), names), daemon=True).start()
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind((address, 53))
    print("listening", flush=True)
    while True:
        data, peer = s.recvfrom(4096)
        for a in answers(data, names, "udp"):
            s.sendto(a, peer)


main()
