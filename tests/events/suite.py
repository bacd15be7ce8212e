"""The WebSocket of events: docs/events.md with real clients, and RFC 6455 by hand.

usage: run [PART OF A CASE'S NAME...]    CAM_WRITE=1: also writes docs/websocket-cases.md
"""
import asyncio
import json
import os
import signal
import socket
import ssl
import struct
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [HERE, os.path.join(TOP, "tests", "api"), os.path.join(TOP, "tests", "lib")]

import websockets
import rfc6455
import cases
from house import House
from live_cases import need, opened
from wire import Wire

EVENTS = "/services/events"


class Target:
    def __init__(self, house):
        self.house, self.address = house, house.address
        house.set_up()
        self.token = house.token()
        self.auth = "ElasticBox-Token: " + self.token
        self.boxes = 0

    def wire(self, timeout=20):
        return Wire(self.address, timeout=timeout)

    def ask(self, method, path, body=None, *headers):
        with self.wire() as w:
            return w.ask(method, path, body, *(headers or (self.auth,)))

    def box(self, name=None):
        self.boxes += 1
        r = self.ask("POST", "/services/boxes", {"schema": "http://elasticbox.net/schemas/boxes/script",
                                                 "name": name or "box%d" % self.boxes, "variables": []})
        assert r.status in (200, 201), (r.status, r.body)
        return r.json()

    def connect(self, **more):
        context = House.context()
        headers = more.pop("headers", {"ElasticBox-Token": self.token})
        return websockets.connect("wss://%s%s" % (self.address, EVENTS), ssl=context, extra_headers=headers, **more)


async def told(ws, seconds=5):
    return json.loads(await asyncio.wait_for(ws.recv(), seconds))


async def until(ws, kind, seconds=5):
    """The next event of this kind."""
    while True:
        m = await told(ws, seconds)
        if m["type"] == "event" and m["kind"] == kind:
            return m


async def say(ws, **message):
    await ws.send(json.dumps(message))


async def subscribed(ws, **filters):
    await say(ws, type="subscribe", **filters)
    while True:
        m = await told(ws)
        if m["type"] in ("subscribed", "reset"):
            return m


async def ends(ws, code):
    try:
        while True:
            await asyncio.wait_for(ws.recv(), 8)
    except websockets.ConnectionClosed:
        assert ws.close_code == code, (ws.close_code, ws.close_reason)


# ---- cases ----

async def says_hello_and_pings(t):
    async with t.connect() as ws:
        m = await told(ws)
        assert m["type"] == "hello" and m["sequence"] > 0, m
        await say(ws, type="ping", id=42)
        assert await told(ws) == {"type": "pong", "id": 42}
        await asyncio.wait_for(await ws.ping(), 5)


async def authenticates_by_message(t):
    async with t.connect(headers={}) as ws:
        await say(ws, type="authenticate", token=t.token)
        assert (await told(ws))["type"] == "hello"
        await subscribed(ws, kinds=["box"])
        box = await asyncio.to_thread(t.box)
        assert (await until(ws, "box.created"))["object"] == box["id"]
    for first in ({"type": "authenticate", "token": "nonsense"}, {"type": "authenticate"}, {"type": "subscribe"}):
        async with t.connect(headers={}) as ws:
            await ws.send(json.dumps(first))
            await ends(ws, 1008)


async def an_idle_client_is_pinged(t):
    """By the server, after 30 s of silence; who does not answer is given up after 60 s (soak only: it takes that long)."""
    def idle():
        with opened(t, t.auth) as w, opened(t, t.auth) as deaf:
            server_frame(w)
            for _ in range(2):
                opcode, payload = server_frame(w, 40)
                while opcode == 1:
                    opcode, payload = server_frame(w, 40)
                assert opcode == 9, opcode
                w.send(rfc6455.frame(10, payload))
            deaf.socket.settimeout(30)
            while True:
                try:
                    opcode, _ = server_frame(deaf, 30)
                except EOFError:
                    break
                assert opcode in (1, 9), opcode
            w.send(rfc6455.frame(9, b"still there"))
            while opcode != 10:
                opcode, _ = server_frame(w, 10)
    if os.environ.get("CAM_SOAK"):
        await asyncio.to_thread(idle)


async def silence_is_not_authentication(t):
    async with t.connect(headers={}) as ws:
        began = time.monotonic()
        try:
            await asyncio.wait_for(ws.recv(), 15)
            raise AssertionError("something was told")
        except websockets.ConnectionClosed:
            assert 8 < time.monotonic() - began < 14


async def follows_within_100_ms(t):
    async with t.connect() as ws:
        await told(ws)
        await subscribed(ws, kinds=["box.created"])
        times = []
        for _ in range(10):
            box = await asyncio.to_thread(t.box)
            answered = time.monotonic()
            m = await until(ws, "box.created")
            times.append(time.monotonic() - answered)
            assert m["object"] == box["id"] and m["data"]["owner"], m
        assert sorted(times)[5] < 0.1, times


async def filters(t):
    async with t.connect() as boxes, t.connect() as other, t.connect() as nobody:
        for ws in (boxes, other, nobody):
            await told(ws)
        owner = (await asyncio.to_thread(t.box))["owner"]
        await subscribed(boxes, kinds=["box"], workspaces=[owner])
        await subscribed(other, kinds=["instance", "boxe"])
        await subscribed(nobody, workspaces=["no-such-workspace"], kinds=["box"])
        await asyncio.to_thread(t.box)
        await until(boxes, "box.created")
        for ws in (other, nobody):
            try:
                raise AssertionError(await told(ws, 0.5))
            except asyncio.TimeoutError:
                pass


async def resumes_without_a_gap(t):
    async with t.connect() as ws:
        since = (await told(ws))["sequence"]
    made = [(await asyncio.to_thread(t.box))["id"] for _ in range(5)]
    async with t.connect() as ws:
        await told(ws)
        assert (await subscribed(ws, kinds=["box.created"], since=since))["type"] == "subscribed"
        made.append((await asyncio.to_thread(t.box))["id"])
        got, last = [], since
        while len(got) < len(made):
            m = await until(ws, "box.created")
            assert m["sequence"] > last
            last = m["sequence"]
            got.append(m["object"])
        assert got == made, (got, made)
    async with t.connect() as ws:
        await told(ws)
        m = await subscribed(ws, kinds=["box"], since=10 ** 12)
        assert m["type"] == "reset" and m["sequence"] < 10 ** 12


async def resumes_over_restarts(t):
    """core and api are killed while boxes are made: a client that resumes sees each once."""
    async with t.connect() as ws:
        since = (await told(ws))["sequence"]
    made, got = set(), []
    for room in ("core", "api", "core"):
        made.add((await asyncio.to_thread(t.box))["id"])
        os.kill(t.house.service_pid(room), signal.SIGKILL)
        for _ in range(100):
            try:
                made.add((await asyncio.to_thread(t.box))["id"])
                break
            except (AssertionError, OSError, EOFError):
                await asyncio.sleep(0.1)
        for _ in range(50):
            try:
                async with t.connect() as ws:
                    await told(ws)
                    assert (await subscribed(ws, kinds=["box.created"], since=since))["type"] == "subscribed"
                    while True:
                        try:
                            m = await told(ws, 1)
                        except asyncio.TimeoutError:
                            break
                        assert m["sequence"] > since
                        since = m["sequence"]
                        got.append(m["object"])
                break
            except (websockets.WebSocketException, OSError, EOFError):
                await asyncio.sleep(0.1)
    assert made <= set(got) and len(got) == len(set(got)), (len(made), len(got), made - set(got))


async def wrong_messages_end_it(t):
    for message, code in (("hello", 1008), ("[]", 1008), ('{"type":"dance"}', 1008), ('{"type":"ping","type":"ping"}', 1008),
                          ('{"type":"subscribe","kinds":"box"}', 1008), ('{"type":"subscribe","since":-1}', 1008),
                          (json.dumps({"type": "subscribe", "kinds": ["x"] * 33}), 1008),
                          (json.dumps({"type": "authenticate", "token": "x"}), 1008), (b"binary", 1003), (" " * 8193, 1009)):
        async with t.connect() as ws:
            await told(ws)
            await ws.send(message)
            await ends(ws, code)


async def a_slow_client_is_cut(t):
    """Who does not read costs nothing: others go on, and it is cut when it asks faster than it reads."""
    async with t.connect() as good:
        await told(good)
        await subscribed(good, kinds=["box.created"])
        with opened(t, t.auth) as slow:
            slow.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            slow.send(rfc6455.frame(1, b'{"type":"subscribe"}'))
            slow.socket.settimeout(3)
            asked = b"".join(rfc6455.frame(1, rfc6455.ping_message(n)) for n in range(1000))

            def flood():
                end = time.monotonic() + 40
                try:
                    while time.monotonic() < end:
                        slow.send(asked)
                except (OSError, ssl.SSLError):
                    return True
                return False

            ended = await asyncio.to_thread(flood)
            box = await asyncio.to_thread(t.box)
            assert (await until(good, "box.created"))["object"] == box["id"]
            assert ended, "a client that never reads was served for ever"


async def sign_out_ends_it(t):
    token = (await asyncio.to_thread(t.house.token))
    async with t.connect(headers={"Authorization": "Bearer " + token}) as ws, t.connect() as stays:
        await told(ws)
        await told(stays)
        assert (await asyncio.to_thread(t.ask, "POST", "/services/security/signout", None, "ElasticBox-Token: " + token)).status == 204
        await ends(ws, 1008)
        await say(stays, type="ping", id=1)
        assert (await told(stays))["type"] == "pong"


async def node_follows(t):
    for how in ("header", "message"):
        p = await asyncio.create_subprocess_exec(
            "node", os.path.join(HERE, "watch.js"), "wss://%s%s" % (t.address, EVENTS), t.token, how,
            '{"type":"subscribe","kinds":["box.created"]}', stdout=asyncio.subprocess.PIPE,
            env=dict(os.environ, NODE_PATH="/usr/share/nodejs", NODE_NO_WARNINGS="1"))
        try:
            async def line():
                return json.loads(await asyncio.wait_for(p.stdout.readline(), 10))
            assert (await line())["type"] == "hello"
            assert (await line())["type"] == "subscribed"
            box = await asyncio.to_thread(t.box)
            m = await line()
            assert m["kind"] == "box.created" and m["object"] == box["id"], m
        finally:
            p.kill()
            await p.wait()


async def roles_change_while_it_is_open(t):
    """A second user sees the events of a team workspace only while a member of it."""
    r = await asyncio.to_thread(t.ask, "POST", "/services/users", {"email": "bob@example.test", "name": "Bob"})
    if r.status == 404:
        raise AssertionError("users cannot be made")
    token, user = await asyncio.to_thread(activate, t, r)
    r = await asyncio.to_thread(t.ask, "POST", "/services/workspaces", {
        "schema": "http://elasticbox.net/schemas/workspaces/team", "name": "Team"})
    assert r.status in (200, 201), (r.status, r.body)
    team = r.json()
    async with t.connect(headers={"ElasticBox-Token": token}) as ws:
        await told(ws)
        await subscribed(ws, kinds=["box"])

        def make(name):
            r = t.ask("POST", "/services/boxes", {"schema": "http://elasticbox.net/schemas/boxes/script", "name": name,
                                                  "owner": team["id"], "variables": []})
            assert r.status in (200, 201), (r.status, r.body)
            return r.json()["id"]

        def members(*list_):
            now = t.ask("GET", "/services/workspaces/" + team["id"]).json()
            now["members"] = [m for m in now["members"] if m["id"] != user] + list(list_)
            r = t.ask("PUT", "/services/workspaces/" + team["id"], now)
            assert r.status == 200, (r.status, r.body)

        await asyncio.to_thread(make, "unseen")
        await asyncio.to_thread(members, {"id": user, "type": "workspace", "role": "user"})
        seen = await asyncio.to_thread(make, "seen")
        m = await until(ws, "box.created")
        assert m["object"] == seen, "an event of before the membership"
        await asyncio.to_thread(members)
        await asyncio.to_thread(make, "unseen again")
        try:
            while True:
                m = await told(ws, 1)
                assert m["kind"] != "box.created", m
        except asyncio.TimeoutError:
            pass


def activate(t, r):
    """The invited user chooses a password by the link's code, and signs in."""
    body = r.json()
    assert r.status in (200, 201), (r.status, r.body)
    password = "another long password"
    code = body.get("code") or body.get("link", "").rsplit("=", 1)[-1].rsplit("/", 1)[-1]
    for path, args in (("/services/users/activate", {"code": code, "password": password}),
                       ("/services/users/accept", {"code": code, "password": password})):
        done = t.ask("POST", path, args, "X: y")
        if done.status < 400:
            break
    assert done.status < 400, (done.status, done.body, body)
    signed = t.ask("POST", "/services/security/token", {"email": "bob@example.test", "password": password}, "X: y")
    assert signed.status == 200, (signed.status, signed.body)
    return signed.body.decode(), body.get("id") or body["user"]["id"]


# ---- RFC 6455 ----

def server_frame(w, seconds=5):
    w.socket.settimeout(seconds)
    first, second = need(w, 2)
    assert first & 0x70 == 0 and not second & 0x80, "reserved bits, or masked"
    n = second & 0x7f
    if n == 126:
        n, = struct.unpack(">H", need(w, 2))
    return first & 0xf, need(w, n)


def outcome(t, frames, expectation):
    """What the server does: "pong:..", "echo:n", or the close code (0 = only the end)."""
    with opened(t, t.auth) as w:
        server_frame(w)
        if frames is None:
            w.socket.shutdown(socket.SHUT_RDWR)
            return 0
        try:
            w.send(frames)
        except OSError:
            pass
        try:
            while True:
                opcode, payload = server_frame(w)
                if opcode == 8:
                    return struct.unpack(">H", payload[:2])[0] if payload else 0
                if opcode == 10 and str(expectation).startswith("pong:"):
                    return "pong:" + payload.decode()
                if opcode == 1 and str(expectation).startswith("echo:"):
                    m = json.loads(payload)
                    if m["type"] == "pong" and "echo:%d" % m["id"] == expectation:
                        return expectation
        except (EOFError, OSError, ssl.SSLError):
            return 0


def rfc(t):
    failed, rows = 0, []
    for number, section, what, frames, expectation in rfc6455.CASES:
        try:
            got = outcome(t, frames, expectation)
        except Exception as e:
            got = "%s: %s" % (type(e).__name__, e)
        passed = got == expectation or (isinstance(expectation, tuple) and got in expectation) or (
            expectation == 0 and isinstance(got, int))
        failed += not passed
        rows.append((number, section, what, expectation, got, passed))
        print("%s rfc6455 %s %s%s" % ("ok" if passed else "not ok", number, what, "" if passed else ": expected %s, got %s" % (expectation, got)))
    if os.environ.get("CAM_WRITE"):
        write_cases(rows)
    r = t.ask("GET", "/services/appliance/status")
    assert r.status == 200
    return failed


def shown(x):
    if isinstance(x, tuple):
        return " or ".join(shown(one) for one in x)
    if isinstance(x, int):
        return "close %d" % x if x else "the connection ends"
    return "answered" if x.startswith("echo:") else "pong with the same bytes" if x.startswith("pong:") else x


def write_cases(rows):
    with open(os.path.join(TOP, "docs", "websocket-cases.md"), "w") as f:
        f.write("# RFC 6455, case by case\n\nMade by the suite `events` (`CAM_WRITE=1 tests/events/run rfc`), which sends these frames over TLS to "
                "`/services/events`\nof a running house. The frames are in `tests/events/rfc6455.py`.\n\n"
                "| case | section | what is sent | expected | got | |\n| --- | --- | --- | --- | --- | --- |\n")
        for number, section, what, expectation, got, passed in rows:
            f.write("| %s | %s | %s | %s | %s | %s |\n" % (number, section, what, shown(expectation), shown(got), "pass" if passed else "**fail**"))
        f.write("\n%d of %d cases pass.\n" % (sum(r[5] for r in rows), len(rows)))


CASES = [says_hello_and_pings, an_idle_client_is_pinged, authenticates_by_message, silence_is_not_authentication, follows_within_100_ms, filters,
         resumes_without_a_gap, wrong_messages_end_it, a_slow_client_is_cut, sign_out_ends_it, node_follows,
         roles_change_while_it_is_open, resumes_over_restarts]


def frames(t):
    return rfc(t) if not sys.argv[1:] or "rfc" in sys.argv[1:] else 0


if __name__ == "__main__":
    sys.exit(cases.main("events", CASES, Target, more=frames))
