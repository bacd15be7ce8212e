#!/usr/bin/python3
"""usage: sweep ADDRESS: a SYN to each TCP port and a datagram to well-known UDP ports, from raw sockets; prints as JSON which
ports answered with SYN and ACK (open), with RST (closed), and which UDP ports drew any answer (an ICMP error is one)."""
import json
import select
import socket
import struct
import sys
import time

import packets

SOURCE_PORT = 41234
UDP = [7, 9, 53, 67, 68, 69, 111, 123, 137, 138, 161, 162, 443, 500, 514, 520, 546, 547, 631, 1194, 1701, 1900, 4500, 5353, 5355, 11211]


def own_address(to):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.connect((to, 9))
    return s.getsockname()[0]


def read(sockets, found, to, seconds):
    end = time.monotonic() + seconds
    while True:
        ready = select.select(sockets, [], [], max(0, end - time.monotonic()))[0]
        if not ready:
            return
        for s in ready:
            data, (source, _) = s.recvfrom(65536)
            if source != to:
                continue
            body, kind = data[(data[0] & 15) * 4:], data[9]
            if kind == 6 and struct.unpack("!H", body[2:4])[0] == SOURCE_PORT:
                port = struct.unpack("!H", body[:2])[0]
                found["open" if body[13] & 0x12 == 0x12 else "closed"].add(port)
            elif kind == 17 and struct.unpack("!H", body[2:4])[0] == SOURCE_PORT:
                found["udp"].add(struct.unpack("!H", body[:2])[0])
            elif kind == 1 and body[0] == 3:
                found["udp"].add(-1)


def main(to):
    here = own_address(to)
    out = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
    hear = [socket.socket(socket.AF_INET, socket.SOCK_RAW, p) for p in (socket.IPPROTO_TCP, socket.IPPROTO_UDP, socket.IPPROTO_ICMP)]
    for s in hear:
        s.setsockopt(socket.SOL_SOCKET, 33, 16 << 20)
    found = {"open": set(), "closed": set(), "udp": set()}
    for port in range(1, 65536):
        out.sendto(packets.whole({"n": port, "from": here, "to": to, "proto": "tcp", "sport": SOURCE_PORT, "dport": port, "flags": "S"}), (to, 0))
        if port % 500 == 0:
            read(hear, found, to, 0)
    for port in UDP:
        out.sendto(packets.whole({"n": port, "from": here, "to": to, "proto": "udp", "sport": SOURCE_PORT, "dport": port}), (to, 0))
    read(hear, found, to, 3)
    print(json.dumps({k: sorted(v) for k, v in found.items()}))


main(sys.argv[1])
