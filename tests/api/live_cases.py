"""The WebSocket of events: who may open it, what it tells, when it ends."""
import base64
import hashlib
import json
import os
import struct
import time

from session_cases import EMAIL, PASSWORD, SETTINGS, SIGNOUT, TOKEN

EVENTS = "/services/events"
UPGRADE = ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13"]


def opened(t, *headers):
    """A wire with a WebSocket on it, after its handshake."""
    w = t.wire()
    key = base64.b64encode(os.urandom(16)).decode()
    w.send("\r\n".join(["GET %s HTTP/1.1" % EVENTS, "Host: " + t.address, "Sec-WebSocket-Key: " + key, *UPGRADE, *headers])
           + "\r\n\r\n")
    line = w.line()
    assert line.startswith("HTTP/1.1 101 "), line
    fields = {}
    while True:
        line = w.line()
        if not line:
            break
        name, value = line.split(":", 1)
        fields[name.lower()] = value.strip()
    accept = base64.b64encode(hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()).decode()
    assert fields["sec-websocket-accept"] == accept and fields["upgrade"].lower() == "websocket", fields
    return w


def need(w, n):
    while len(w.left) < n:
        if not w.more():
            raise EOFError("the WebSocket ended")
    data, w.left = w.left[:n], w.left[n:]
    return data


def frame(w, seconds=5):
    """(opcode, payload) of the next unfragmented frame of the server."""
    w.socket.settimeout(seconds)
    first, second = need(w, 2)
    assert first & 0xf0 == 0x80 and not second & 0x80, "fragmented, reserved bits, or masked"
    n = second & 0x7f
    if n == 126:
        n, = struct.unpack(">H", need(w, 2))
    return first & 0xf, need(w, n)


def send_frame(w, opcode, payload):
    mask = os.urandom(4)
    w.send(bytes([0x80 | opcode, 0x80 | len(payload)]) + mask + bytes(c ^ mask[i % 4] for i, c in enumerate(payload)))


def told(w, seconds=5):
    opcode, payload = frame(w, seconds)
    while opcode == 9:      # on a slow machine a case may last until the server asks whether we are there
        send_frame(w, 10, payload)
        opcode, payload = frame(w, seconds)
    assert opcode == 1, (opcode, payload)
    return json.loads(payload)


def closed(w, code):
    opcode, payload = frame(w)
    assert opcode == 8 and struct.unpack(">H", payload[:2])[0] == code, (opcode, payload)


def sign_in(t, console=False):
    with t.wire() as w:
        r = w.ask("POST", TOKEN, {"email": EMAIL, "password": PASSWORD}, *(["X-CAM-Console: 1"] if console else []))
        assert r.status == 200, (r.status, r.body)
        if not console:
            return r.body.decode()
        return r.header("Set-Cookie").split(";")[0], r.json()["csrf"]


def only_who_is_signed_in(t):
    key = "Sec-WebSocket-Key: " + base64.b64encode(b"x" * 16).decode()
    cookie, csrf = sign_in(t, console=True)
    own = "Origin: https://" + t.address
    for what, status, *headers in (
            ("a wrong token", 401, key, *UPGRADE, "ElasticBox-Token: nonsense"),
            ("a cookie without Origin", 403, key, *UPGRADE, "Cookie: " + cookie),
            ("a foreign page", 403, key, *UPGRADE, "Cookie: " + cookie, "Origin: https://evil.example"),
            ("a page over http", 403, key, *UPGRADE, "Cookie: " + cookie, own.replace("https", "http")),
            ("no upgrade", 426, "Cookie: " + cookie, own),
            ("another protocol", 426, key, "Connection: Upgrade", "Upgrade: h2c", "Sec-WebSocket-Version: 13"),
            ("another version", 426, key, *UPGRADE[:2], "Sec-WebSocket-Version: 8"),
            ("no key", 400, *UPGRADE, "Cookie: " + cookie, own),
            ("a short key", 400, "Sec-WebSocket-Key: YWJj", *UPGRADE, "Cookie: " + cookie, own)):
        with t.wire() as w:
            r = w.ask("GET", EVENTS, None, *headers)
            assert r.status == status and r.message(), (what, r.status)
            assert status != 426 or r.header("Sec-WebSocket-Version") == "13"
    with t.wire() as w:
        r = w.ask("GET", EVENTS + "?token=" + sign_in(t), None, key, *UPGRADE)
        assert r.status == 401, "a token in the address"
    with opened(t, "Cookie: " + cookie, own) as w:
        assert told(w)["sequence"] > 0


def changes_are_told(t):
    token = sign_in(t)
    with opened(t, "ElasticBox-Token: " + token) as a, opened(t, "Authorization: Bearer " + token) as b, t.wire() as w:
        start = told(a)["sequence"]
        told(b)
        for n in range(3):
            began = time.monotonic()
            name = "cam%d.example.test" % n
            assert w.ask("POST", SETTINGS, {"hostname": name}, "ElasticBox-Token: " + token).status in (200, 204)
            for s in (a, b):
                event = told(s)
                while event["kind"] != "appliance.settings":
                    event = told(s)
                assert event["sequence"] > start
                assert time.monotonic() - began < 1, "told after %.2f s" % (time.monotonic() - began)
        send_frame(a, 9, b"ping")
        opcode, payload = frame(a)
        while opcode == 1:
            opcode, payload = frame(a)
        assert (opcode, payload) == (10, b"ping"), (opcode, payload)


def ends(t):
    token = sign_in(t)
    header = "ElasticBox-Token: " + token
    with opened(t, header) as w:
        told(w)
        send_frame(w, 1, b"hello")
        closed(w, 1008)
    with opened(t, header) as w:
        told(w)
        send_frame(w, 8, struct.pack(">H", 1000))
        closed(w, 1000)
    with opened(t, header) as w:
        told(w)
        w.send(b"\xff\xff\xff\xff")
        opcode, _ = frame(w)
        assert opcode == 8
    # a revoked credential ends what it opened, and nothing else
    other = sign_in(t)
    with opened(t, header) as w, opened(t, "ElasticBox-Token: " + other) as stays, t.wire() as http:
        told(w)
        told(stays)
        assert http.ask("POST", SIGNOUT, None, header).status == 204
        closed(w, 1008)
        assert http.ask("POST", SETTINGS, {"hostname": "cam.example.test"}, "ElasticBox-Token: " + other).status in (200, 204)
        assert told(stays)["kind"].startswith("appliance.")
    t.secrets += [token, other]


def many_watch(t):
    token = sign_in(t)
    header = "ElasticBox-Token: " + token
    watchers = [opened(t, header) for _ in range(100)]
    try:
        for w in watchers:
            told(w)
        with t.wire() as w:
            assert w.ask("POST", SETTINGS, {"hostname": "many.example.test"}, header).status in (200, 204)
        sequences = set()
        for w in watchers:
            event = told(w)
            while event["kind"] != "appliance.settings":
                event = told(w)
            sequences.add(event["sequence"])
        assert len(sequences) == 1
    finally:
        for w in watchers:
            w.close()
    with t.wire() as w:
        assert w.ask("GET", SETTINGS, None, header).status == 200


CASES = [only_who_is_signed_in, changes_are_told, ends, many_watch]
