"""Packets, byte by byte: IPv4, IPv6, TCP, UDP, ICMP, and fragments of them."""
import ipaddress
import struct

MARK = b"CAMT"	# before the number in a packet's payload
FLAGS = {"F": 1, "S": 2, "R": 4, "P": 8, "A": 16, "U": 32}
NUMBERS = {"tcp": 6, "udp": 17, "icmp": 1, "icmp6": 58}


def checksum(data):
    if len(data) & 1:
        data += b"\0"
    n = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while n >> 16:
        n = (n & 0xffff) + (n >> 16)
    return ~n & 0xffff


def pack(a):
    return ipaddress.ip_address(a).packed


def pseudo(p, number, length):
    a, b = pack(p["from"]), pack(p["to"])
    if len(a) == 4:
        return a + b + struct.pack("!BBH", 0, number, length)
    return a + b + struct.pack("!IHBB", length, 0, 0, number)


def token(p):
    return MARK + struct.pack("!I", p["n"])


def number(p):
    return NUMBERS.get(p["proto"], None) or int(p["proto"])


def payload(p):
    return p.get("inner", b"") + token(p) + b"x" * p.get("pad", 0)


def transport(p):
    """The bytes behind the IP header, with the checksum right."""
    kind, n = p["proto"], number(p)
    if kind == "tcp":
        head = struct.pack("!HHIIBBHHH", p["sport"], p["dport"], p.get("seq", 1000), p.get("ack", 0), 5 << 4,
                           sum(FLAGS[c] for c in p["flags"] if c != "-"), 65535, 0, 0)
        at = 16
    elif kind == "udp":
        head = struct.pack("!HHHH", p["sport"], p["dport"], 8 + len(payload(p)), 0)
        at = 6
    elif kind in ("icmp", "icmp6"):
        head = struct.pack("!BBHHH", p["type"], p.get("code", 0), 0, p.get("id", 0), p.get("rest", 1))
        at = 2
    else:
        return struct.pack("!HH", 0x1234, p.get("dport", 443)) + payload(p) + b"\0" * 24
    body = head + payload(p)
    c = checksum((b"" if kind == "icmp" else pseudo(p, n, len(body))) + body)
    if kind == "udp" and c == 0:
        c = 0xffff
    return body[:at] + struct.pack("!H", c) + body[at + 2:]


def ip4(p, body, ident, offset=0, more=False):
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(body), ident, (0x2000 if more else 0) | offset // 8, 64, number(p), 0,
                       pack(p["from"]), pack(p["to"]))
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + body


def ip6(p, body, next_header):
    return struct.pack("!IHBB16s16s", 6 << 28, len(body), next_header, 255, pack(p["from"]), pack(p["to"])) + body


def is6(p):
    return ":" in p["from"]


def whole(p):
    body = transport(p)
    return ip6(p, body, number(p)) if is6(p) else ip4(p, body, p["n"] & 0xffff)


def fragments(p, size):
    """The complete set, each of `size` bytes (a multiple of 8) but the last."""
    body, n = transport(p), number(p)
    out = []
    for at in range(0, len(body), size):
        piece, more = body[at:at + size], at + size < len(body)
        if is6(p):
            head = struct.pack("!BBHI", n, 0, at | more, p["n"])
            out.append(ip6(p, head + piece, 44))
        else:
            out.append(ip4(p, piece, p["n"] & 0xffff, at, more))
    return out


def frames(p):
    return fragments(p, p["fragment"]) if p.get("fragment") else [whole(p)]


def ethernet(packet, to, source):
    mac = lambda m: bytes(int(x, 16) for x in m.split(":"))
    return mac(to) + mac(source) + struct.pack("!H", 0x86dd if packet[0] >> 4 == 6 else 0x0800) + packet


def seen(data):
    """The number in a packet the kernel showed, or None."""
    at = data.rfind(MARK)
    return struct.unpack("!I", data[at + 4:at + 8])[0] if at >= 0 and len(data) >= at + 8 else None


def inner_of(p):
    """What an ICMP error quotes of packet p: its IP header and 8 bytes (more for v6)."""
    w = whole(dict(p, n=0))
    return w[:40 + 48] if is6(p) else w[:20 + 8]

