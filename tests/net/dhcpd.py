#!/usr/bin/python3
"""A DHCP server that says whatever it is told, for one client.

usage: dhcpd.py INTERFACE SPEC

SPEC is JSON: {"server": "10.0.0.1", "ip": "10.0.0.9", "options": {"3": "hex", ...}, "nak": false}.  Options replace the
ordinary ones (netmask, lease, server); an empty text leaves one out.  Writes one line a message it answered.
"""
import json
import socket
import struct
import sys

DISCOVER, OFFER, REQUEST, ACK, NAK, RELEASE = 1, 2, 3, 5, 6, 7
COOKIE = b"\x63\x82\x53\x63"


def options_of(packet):
    found, i = {}, 240
    while i < len(packet) and packet[i] != 255:
        if packet[i] == 0:
            i += 1
            continue
        found[packet[i]] = packet[i + 2:i + 2 + packet[i + 1]]
        i += 2 + packet[i + 1]
    return found


def option(code, value):
    out = b""
    while True:    # RFC 3396: long values in pieces
        piece, value = value[:255], value[255:]
        out += bytes((code, len(piece))) + piece
        if not value:
            return out


def answer(request, kind, spec):
    values = {1: bytes((255, 255, 255, 0)), 51: struct.pack(">I", 120), 54: socket.inet_aton(spec["server"])}
    values.update({int(k): bytes.fromhex(v) for k, v in spec.get("options", {}).items()})
    ip = socket.inet_aton("0.0.0.0" if kind == NAK else spec["ip"])
    head = struct.pack(">BBBB", 2, 1, 6, 0) + request[4:8] + bytes(2) + b"\x80\x00"
    head += bytes(4) + ip + socket.inet_aton(spec["server"]) + bytes(4) + request[28:44] + bytes(192) + COOKIE
    body = option(53, bytes((kind,)))
    for code, value in values.items():
        if value and (kind != NAK or code == 54):
            body += option(code, value)
    return head + body + b"\xff"


def main():
    interface, spec = sys.argv[1], json.loads(sys.argv[2])
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, interface.encode())
    s.bind(("0.0.0.0", 67))
    print("listening", flush=True)
    while True:
        packet, _ = s.recvfrom(4096)
        if len(packet) < 240 or packet[0] != 1:
            continue
        kind = options_of(packet).get(53, b"\0")[0]
        reply = {DISCOVER: OFFER, REQUEST: NAK if spec.get("nak") else ACK}.get(kind)
        if reply:
            s.sendto(answer(packet, reply, spec), ("255.255.255.255", 68))
        print("got %d sent %s" % (kind, reply), flush=True)


if __name__ == "__main__":
    main()
