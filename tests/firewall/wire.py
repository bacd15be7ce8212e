"""Two namespaces joined by a veth pair: packets are sent from outside or by users inside, and what comes through the
ruleset under test is reported by nfnetlink_log from behind it."""
import ctypes
import os
import select
import socket
import struct
import subprocess
import time

import packets

LIBC = ctypes.CDLL("libc.so.6", use_errno=True)
CLONE_NEWNET = 0x40000000
SO_MARK, SO_RCVBUFFORCE = 36, 33
NETLINK_NETFILTER = 12
MARK, GROUP = 7, 9
MAC_A, MAC_B = "02:00:00:00:00:0a", "02:00:00:00:00:0b"

# Behind the rules under test: what is left is reported. Before them: what the stack itself would say is dropped, so that it
# changes no connection's state.
PROBE = """
table inet probe {
	chain before { type filter hook output priority -450; policy accept; meta mark != %d drop; }
	chain after_in { type filter hook input priority 300; policy accept; log group %d; }
	chain after_out { type filter hook output priority 300; policy accept; log group %d; }
}
""" % (MARK, GROUP, GROUP)


def sh(*argv, stdin=None):
    p = subprocess.run(argv, input=stdin, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if p.returncode:
        raise RuntimeError("%s: %s" % (" ".join(argv), p.stdout.strip()[:2000]))
    return p.stdout


class Wire:
    def __init__(self, name):
        self.a, self.b = name + "a", name + "b"
        self.home = os.open("/proc/self/ns/net", os.O_RDONLY)
        self.sockets = {}

    def __enter__(self):
        for ns in (self.a, self.b):
            sh("ip", "netns", "add", ns)
        try:
            self.setup()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *unused):
        for ns in (self.a, self.b):
            subprocess.run(["ip", "netns", "del", ns], stderr=subprocess.DEVNULL)

    def inside(self, *argv, ns=None, stdin=None):
        return sh("ip", "netns", "exec", ns or self.b, *argv, stdin=stdin)

    def setup(self):
        sh("ip", "link", "add", "wa", "netns", self.a, "address", MAC_A, "type", "veth", "peer", "name", "wb", "netns", self.b,
           "address", MAC_B)
        for ns, dev in ((self.a, "wa"), (self.b, "wb")):
            for key in ("all", "default", dev):
                for what in ("accept_ra=0", "accept_dad=0", "router_solicitations=0"):
                    self.inside("sysctl", "-q", "-w", "net.ipv6.conf.%s.%s" % (key, what), ns=ns)
            self.inside("ip", "link", "set", "lo", "up", ns=ns)
            self.inside("ip", "link", "set", dev, "up", ns=ns)
        self.inside("ip", "addr", "add", "10.9.0.2/24", "dev", "wb")
        for a in ("fd09::2/64", "fe80::2/64"):
            self.inside("ip", "addr", "add", a, "dev", "wb", "nodad")
        for gateway, family in (("10.9.0.1", "-4"), ("fd09::1", "-6"), ("fe80::1", "-6")):
            self.inside("ip", family, "neigh", "add", gateway, "lladdr", MAC_A, "dev", "wb", "nud", "permanent")
        self.inside("ip", "-4", "route", "add", "default", "via", "10.9.0.1")
        self.inside("ip", "-6", "route", "add", "default", "via", "fd09::1", "dev", "wb")
        self.inside("nft", "-f", "-", stdin=PROBE)
        self.inside("nft", "-f", "-", ns=self.a, stdin="table inet quiet { chain i { type filter hook input priority 0; policy drop; }\n"
                    "chain o { type filter hook output priority 0; policy drop; }\n}\n")
        self.open_sender()
        self.open_log()

    def enter(self, ns):
        fd = os.open("/run/netns/" + ns, os.O_RDONLY)
        if LIBC.setns(fd, CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "setns")
        os.close(fd)

    def leave(self):
        LIBC.setns(self.home, CLONE_NEWNET)

    def open_sender(self):
        self.enter(self.a)
        self.outside = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        self.outside.bind(("wa", 0))
        self.leave()

    def user_socket(self, family, uid):
        """A raw socket that the kernel counts as user uid's."""
        key = (family, uid)
        if key not in self.sockets:
            self.enter(self.b)
            LIBC.setfsuid(uid)
            s = socket.socket(family, socket.SOCK_RAW, 255)
            LIBC.setfsuid(0)
            self.leave()
            s.setsockopt(socket.SOL_SOCKET, SO_MARK, MARK)
            if family == socket.AF_INET:
                s.setsockopt(socket.IPPROTO_IP, socket.IP_HDRINCL, 1)
            self.sockets[key] = s
        return self.sockets[key]

    # ---- nfnetlink_log ----

    def log_config(self, *attrs):
        body = b"".join(struct.pack("=HH", 4 + len(v), t) + v + b"\0" * (-len(v) % 4) for t, v in attrs)
        msg = struct.pack("=BBH", 0, 0, socket.htons(GROUP)) + body
        self.log.send(struct.pack("=IHHII", 16 + len(msg), 4 << 8 | 1, 1 | 4, 1, 0) + msg)
        answer = self.log.recv(4096)
        error = struct.unpack("=i", answer[16:20])[0]
        if error:
            raise OSError(-error, "nfnetlink_log: " + os.strerror(-error))

    def open_log(self):
        self.enter(self.b)
        self.log = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER)
        self.leave()
        self.log.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 64 << 20)
        self.log.bind((0, 0))
        self.log_config((1, b"\x01"))					# bind the group
        self.log_config((2, struct.pack("!IBB", 0xffff, 2, 0)))		# whole packets
        self.log_config((5, struct.pack("!I", 1)), (4, struct.pack("!I", 1)))	# one at a time

    def drain(self, found, quiet=0.3, limit=20.0):
        """Adds the numbers of packets that came through, until none has come for a while."""
        end = time.monotonic() + limit
        while time.monotonic() < end and select.select([self.log], [], [], quiet)[0]:
            data = self.log.recv(1 << 18)
            while len(data) >= 16:
                n, kind = struct.unpack("=IH", data[:6])
                if kind == 4 << 8:
                    number = packets.seen(data[20:n])
                    if number is not None:
                        found.add(number)
                data = data[(n + 3) & ~3:]

    # ---- sending ----

    def send(self, p):
        for packet in packets.frames(p):
            if p["direction"] == "in":
                self.outside.send(packets.ethernet(packet, MAC_B, MAC_A))
                continue
            six = packets.is6(p)
            s = self.user_socket(socket.AF_INET6 if six else socket.AF_INET, p.get("uid", 0))
            try:
                s.sendto(packet, (p["to"], 0, 0, self.link()) if six else (p["to"], 0))
            except PermissionError:
                pass		# what a rule dropped on the way out
            except OSError as e:
                raise RuntimeError("%s: %s" % (p, e))

    def link(self):
        if not hasattr(self, "index"):
            self.index = int(self.inside("cat", "/sys/class/net/wb/ifindex"))
        return self.index
