"""RFC 6455 case by case, valid and invalid, with frames made by hand.

Each case is (number, section, what, frames, expectation). Expectation "pong:<text>" or a number: the close
code with which the server ends the connection (one of several); 0 = the connection ends;
"echo:<n>" = the ping message n is answered by its pong message.
"""
import os
import struct


def frame(opcode, payload=b"", fin=True, rsv=0, mask=True, length=None, form=None):
    """One frame. form: 7, 16 or 64 bits of length whatever would do."""
    n = len(payload) if length is None else length
    head = bytes([(0x80 if fin else 0) | rsv << 4 | opcode])
    bit = 0x80 if mask else 0
    if form == 64 or (form is None and n > 65535):
        head += bytes([bit | 127]) + struct.pack(">Q", n)
    elif form == 16 or (form is None and n > 125):
        head += bytes([bit | 126]) + struct.pack(">H", n)
    else:
        head += bytes([bit | n])
    if not mask:
        return head + payload
    key = os.urandom(4)
    return head + key + bytes(c ^ key[i % 4] for i, c in enumerate(payload))


def ping_message(n, pad=0):
    """A message of docs/events.md that is answered, of a given length."""
    text = b'{"type":"ping","id":%d}' % n
    return text + b" " * max(0, pad - len(text))


def close(code, reason=b""):
    return frame(8, struct.pack(">H", code) + reason)


P = ping_message
# §7.1.7: a connection fails with a close frame where that makes sense, else it just ends.
FAIL = (1002, 0)
UTF8 = '{"type":"ping","id":7,"x":"κόσμε €"}'.encode()

CASES = [
    # messages and their lengths (5.2)
    ("1.1", "5.2", "a message of 23 bytes", frame(1, P(1)), "echo:1"),
    ("1.2", "5.2", "125 bytes, length in 7 bits", frame(1, P(2, 125)), "echo:2"),
    ("1.3", "5.2", "126 bytes, length in 16 bits", frame(1, P(3, 126)), "echo:3"),
    ("1.4", "5.2", "127 bytes", frame(1, P(4, 127)), "echo:4"),
    ("1.5", "5.2", "128 bytes", frame(1, P(5, 128)), "echo:5"),
    ("1.6", "5.2", "8192 bytes, the longest message", frame(1, P(6, 8192)), "echo:6"),
    ("1.7", "7.4.1", "8193 bytes: too long for us", frame(1, P(7, 8193)), 1009),
    ("1.8", "7.4.1", "65536 bytes, length in 64 bits", frame(1, P(8, 65536)), 1009),
    ("1.9", "5.2", "a length in 64 bits with the highest bit", frame(1, b"", length=1 << 63, form=64), 0),
    ("1.10", "5.2", "an empty message: not JSON", frame(1, b""), 1008),
    ("1.11", "5.6", "a binary message", frame(2, P(1)), 1003),
    ("1.12", "5.2", "two messages in one write", frame(1, P(11)) + frame(1, P(12)), "echo:12"),
    # masks (5.1, 5.3)
    ("2.1", "5.1", "a frame without a mask", frame(1, P(1), mask=False), FAIL),
    ("2.2", "5.1", "a ping without a mask", frame(9, b"x", mask=False), FAIL),
    ("2.3", "5.3", "a mask of zeros", b"\x81" + bytes([0x80 | len(P(9))]) + b"\0\0\0\0" + P(9), "echo:9"),
    # reserved bits and opcodes (5.2)
    ("3.1", "5.2", "RSV1", frame(1, P(1), rsv=4), FAIL),
    ("3.2", "5.2", "RSV2", frame(1, P(1), rsv=2), FAIL),
    ("3.3", "5.2", "RSV3", frame(1, P(1), rsv=1), FAIL),
    ("3.4", "5.2", "all three on a ping", frame(9, b"", rsv=7), FAIL),
    ("3.5", "5.2", "opcode 3", frame(3), FAIL),
    ("3.6", "5.2", "opcode 7", frame(7, b"x"), FAIL),
    ("3.7", "5.2", "opcode 11", frame(11), FAIL),
    ("3.8", "5.2", "opcode 15", frame(15, b"x"), FAIL),
    # pings and pongs (5.5.2, 5.5.3)
    ("4.1", "5.5.2", "a ping", frame(9, b"hello"), "pong:hello"),
    ("4.2", "5.5.2", "an empty ping", frame(9), "pong:"),
    ("4.3", "5.5", "a ping of 125 bytes", frame(9, b"x" * 125), "pong:" + "x" * 125),
    ("4.4", "5.5", "a ping of 126 bytes", frame(9, b"x" * 126), FAIL),
    ("4.5", "5.5", "a ping that is not the last fragment", frame(9, b"x", fin=False), FAIL),
    ("4.6", "5.5.3", "a pong nobody asked for", frame(10, b"x") + frame(1, P(46)), "echo:46"),
    ("4.7", "5.5.2", "ten pings at once", b"".join(frame(9, b"%d" % i) for i in range(10)) + frame(1, P(47)), "echo:47"),
    # fragments (5.4)
    ("5.1", "5.4", "two fragments", frame(1, P(51)[:5], fin=False) + frame(0, P(51)[5:]), "echo:51"),
    ("5.2", "5.4", "a fragment for each byte", frame(1, P(52)[:1], fin=False) +
     b"".join(frame(0, P(52)[i:i + 1], fin=False) for i in range(1, len(P(52)) - 1)) + frame(0, P(52)[-1:]), "echo:52"),
    ("5.3", "5.4", "empty fragments", frame(1, b"", fin=False) + frame(0, b"", fin=False) + frame(0, P(53)), "echo:53"),
    ("5.4", "5.4", "an empty last fragment", frame(1, P(54), fin=False) + frame(0, b""), "echo:54"),
    ("5.5", "5.4", "a ping between fragments", frame(1, P(55)[:5], fin=False) + frame(9, b"mid") + frame(0, P(55)[5:]), "pong:mid"),
    ("5.6", "5.4", "and the message goes on", frame(1, P(56)[:5], fin=False) + frame(9, b"mid") + frame(0, P(56)[5:]), "echo:56"),
    ("5.7", "5.4", "a continuation of nothing", frame(0, P(1)), FAIL),
    ("5.8", "5.4", "a continuation of nothing, not the last", frame(0, P(1), fin=False), FAIL),
    ("5.9", "5.4", "a new message inside another", frame(1, P(1)[:5], fin=False) + frame(1, P(1)), FAIL),
    ("5.10", "7.4.1", "fragments that are too long together", frame(1, b" " * 5000, fin=False) + frame(0, b" " * 5000), 1009),
    # UTF-8 (8.1)
    ("6.1", "8.1", "characters of two and three bytes", frame(1, UTF8), "echo:7"),
    ("6.2", "8.1", "a character cut by a fragment", frame(1, UTF8[:28], fin=False) + frame(0, UTF8[28:]), "echo:7"),
    ("6.3", "8.1", "a fragment for each byte of it", frame(1, UTF8[:1], fin=False) +
     b"".join(frame(0, UTF8[i:i + 1], fin=False) for i in range(1, len(UTF8) - 1)) + frame(0, UTF8[-1:]), "echo:7"),
    ("6.4", "8.1", "a byte that cannot be", frame(1, b'{"type":"\xff"}'), 1007),
    ("6.5", "8.1", "an overlong form", frame(1, b'{"type":"\xc0\xaf"}'), 1007),
    ("6.6", "8.1", "a surrogate", frame(1, b'{"type":"\xed\xa0\x80"}'), 1007),
    ("6.7", "8.1", "above U+10FFFF", frame(1, b'{"type":"\xf4\x90\x80\x80"}'), 1007),
    ("6.8", "8.1", "a character that does not end", frame(1, b'{"type":"\xe2\x82'), 1007),
    ("6.9", "8.1", "a bad second half in another fragment", frame(1, b'{"type":"\xe2\x82', fin=False) + frame(0, b'("}'), 1007),
    # the end (5.5.1, 7.4)
    ("7.1", "5.5.1", "close without a code", frame(8), 0),
    ("7.2", "5.5.1", "close 1000", close(1000), 1000),
    ("7.3", "5.5.1", "close 1000 with a reason", close(1000, b"bye"), 1000),
    ("7.4", "7.4.1", "close 1001", close(1001), 1001),
    ("7.5", "7.4.2", "close 3000", close(3000), 3000),
    ("7.6", "7.4.2", "close 4999", close(4999), 4999),
    ("7.7", "5.5.1", "a close of one byte", frame(8, b"\x03"), FAIL),
    ("7.8", "7.4.2", "close 999", close(999), FAIL),
    ("7.9", "7.4.1", "close 1004", close(1004), FAIL),
    ("7.10", "7.4.1", "close 1005", close(1005), FAIL),
    ("7.11", "7.4.1", "close 1006", close(1006), FAIL),
    ("7.12", "7.4.1", "close 1015", close(1015), FAIL),
    ("7.13", "7.4.2", "close 1100", close(1100), FAIL),
    ("7.14", "7.4.2", "close 2999", close(2999), FAIL),
    ("7.15", "7.4.2", "close 65535", close(65535), FAIL),
    ("7.16", "5.5", "a close of 126 bytes", close(1000, b"x" * 124), FAIL),
    ("7.17", "8.1", "a reason that is not UTF-8", close(1000, b"\xff\xfe"), (1007, 0)),
    ("7.18", "5.5.1", "a message behind a close is not answered", close(1000) + frame(1, P(99)), 1000),
    ("7.19", "5.4", "a close between fragments", frame(1, P(1)[:5], fin=False) + close(1000), 1000),
    ("7.20", "7.2.1", "the connection is cut", None, 0),
]
