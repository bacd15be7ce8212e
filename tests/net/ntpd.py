#!/usr/bin/python3
"""A time server that gives the machine's own time (RFC 5905 §7.3, client/server mode).  usage: ntpd.py ADDRESS"""
import socket
import struct
import sys
import time

EPOCH = 2208988800    # 1970 in the era that began in 1900


def stamp(t):
    return struct.pack(">II", (int(t) + EPOCH) & 0xffffffff, int(t % 1 * 2 ** 32))


def main():
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind((sys.argv[1], 123))
    print("listening", flush=True)
    while True:
        packet, peer = s.recvfrom(1024)
        now = time.time()
        head = struct.pack(">BBbbII4s", 0x24, 2, packet[2] if len(packet) > 2 else 6, -20, 0, 0, b"TEST")
        s.sendto(head + stamp(now) + packet[40:48] + stamp(now) + stamp(time.time()), peer)
        print("answered", flush=True)


if __name__ == "__main__":
    main()
