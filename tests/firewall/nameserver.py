#!/usr/bin/python3
"""A name server for tests, UDP and TCP (RFC 1035).  usage: nameserver.py ADDRESS '{"vc.test": ["10.0.0.5"], ...}'

A name that begins with "long" is cut over UDP; one that begins with "mute" gets no answer; a name that is not there does not exist.
Prints each question it hears: "vc.test 1 udp"."""
import ipaddress
import json
import socket
import struct
import sys
import threading


def wire(name):
    return b"".join(bytes([len(x)]) + x.encode() for x in name.split(".")) + b"\0"


def answer(question, names, how):
    number, _, count = struct.unpack(">HHH", question[:6])
    labels, at = [], 12
    while question[at]:
        labels.append(question[at + 1:at + 1 + question[at]].decode())
        at += 1 + question[at]
    name, kind = ".".join(labels).lower(), struct.unpack(">H", question[at + 1:at + 3])[0]
    print(name, kind, how, flush=True)
    if name.startswith("mute"):
        return None
    cut = name.startswith("long") and how == "udp"
    code = 0 if name in names else 3
    size = {1: 4, 28: 16}.get(kind)
    found = [] if cut else [a.packed for a in map(ipaddress.ip_address, names.get(name, [])) if len(a.packed) == size]
    head = struct.pack(">HHHHHH", number, 0x8180 | code | (0x200 if cut else 0), 1, len(found), 0, 0)
    records = b"".join(b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, 60, len(a)) + a for a in found)
    return head + wire(name) + struct.pack(">HH", kind, 1) + records


def over_tcp(address, names):
    listener = socket.create_server((address, 53))
    while True:
        c, _ = listener.accept()
        with c, c.makefile("rb") as f:
            size = struct.unpack(">H", f.read(2))[0]
            a = answer(f.read(size), names, "tcp")
            c.sendall(struct.pack(">H", len(a)) + a)


def main():
    address, names = sys.argv[1], json.loads(sys.argv[2])
    threading.Thread(target=over_tcp, args=(address, names), daemon=True).start()
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind((address, 53))
    print("listening", flush=True)
    while True:
        data, peer = s.recvfrom(4096)
        a = answer(data, names, "udp")
        if a:
            s.sendto(a, peer)


main()
