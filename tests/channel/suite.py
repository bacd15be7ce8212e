"""Suite channel: see run.  usage: suite.py [PART OF A CASE'S NAME...]"""
import json
import os
import shutil
import signal
import sys
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [HERE, os.path.join(TOP, "tests", "gate"), os.path.join(TOP, "tests", "lib")]

import rooms
from agentwire import AgentWire, Closed, Refused, wait_for
from fakes import AGENT, AGENT_CLOSED, AGENT_OPEN, CORE_VERB, Core, Gate, OUTPUT, token_hash

TOKEN = "machine-token"
CONSOLE = "/usr/share/cam/console"
INSTALLER = "#!/bin/sh\n# @CAM_HOST@ is @CAM_NAME@\ncat <<'END'\n@CAM_CA@END\n"
IDENTITY = {"name": "abc.agents.internal", "ca_pem": "-----BEGIN CERTIFICATE-----\nAA\n-----END CERTIFICATE-----\n"}
STORE_DATA = "24m"


class Place:
    def __init__(self):
        rooms.UID.update(core=105, store=106)
        rooms.LINKS.update(api=("core", "store"), core=(), store=())
        rooms.new_root()
        rooms.sh("mount", "-t", "tmpfs", "-o", "mode=0755", "share", "/usr/share")
        shutil.copytree(os.path.join(TOP, "src", "console"), CONSOLE)
        for path, text in (("linux/installer", INSTALLER), ("linux/x86_64/elasticbox-agent", "\x7fELF agent")):
            full = "/usr/share/cam/agent/" + path
            os.makedirs(os.path.dirname(full), exist_ok=True)
            with open(full, "w") as f:
                f.write(text)
        os.chmod("/usr/share/cam", 0o755)
        rooms.directories()
        rooms.sh("mount", "-t", "tmpfs", "-o", "mode=0700,uid=106,gid=106,size=" + STORE_DATA, "data", "/data/store")
        self.core, self.gate = Core(), Gate()
        self.core.start()
        self.store = rooms.Room("store").start()
        self.api = rooms.Room("api").start()
        self.gate.connect()
        wait_for(10, lambda: self.core.peer)

    def agent(self, token=TOKEN, **more):
        return AgentWire(self.gate.client(), token, **more)

    def opened(self, token=TOKEN):
        """An agent and its channel's number."""
        self.core.forget()
        a = self.agent(token)
        return a, self.core.wait(AGENT_OPEN, lambda b: b["token_hash"] == token_hash(token))["channel"]

    def greeted(self, token=TOKEN):
        """The same after a hello: core knows now whose steps these are."""
        a, n = self.opened(token)
        a.say({"type": "hello"})
        self.core.wait(AGENT)
        return a, n

    def segment(self, task):
        with open("/data/store/segments/out-%d" % task, "rb") as f:
            return f.read()

    def ask(self, head, leaf=1):
        with self.gate.client(leaf) as s:
            s.sendall(("\r\n".join(head) + "\r\nConnection: close\r\n\r\n").encode())
            data = b""
            while True:
                got = s.recv(65536)
                if not got:
                    break
                data += got
        head, _, body = data.decode().partition("\r\n\r\n")
        return int(head.split()[1]), head, body


# ---- who may open one ----

def only_a_machine_with_its_token_opens_a_channel(p):
    for token, protocol, status in ((None, "cam-agent.1", 401), ("a b", "cam-agent.1", 401), (TOKEN, "other", 400), (TOKEN, None, 400)):
        try:
            p.agent(token, protocol=protocol)
            raise AssertionError("opened: %s %s" % (token, protocol))
        except Refused as e:
            assert e.status == status and json.loads(e.body)["message"], e
    assert not p.core.bodies(AGENT_OPEN)
    for code in (401, 409):
        p.core.answers[AGENT_OPEN] = lambda b, c=code: (c, "not you")
        try:
            p.agent()
            raise AssertionError("opened against core's word")
        except Refused as e:
            assert (e.status, json.loads(e.body)["message"]) == (code, "not you"), e
    p.core.reset()
    a, n = p.opened()
    opened = p.core.bodies(AGENT_OPEN)[0]
    assert opened["token_hash"] == token_hash(TOKEN) and opened["peer"] == "192.0.2.7", opened
    a.close()
    assert p.core.wait(AGENT_CLOSED)["channel"] == n
    assert TOKEN not in p.api.text()


def texts_go_both_ways(p):
    a, n = p.opened()
    hello = {"type": "hello", "protocol": 1, "facts": {"hostname": "h\u00fc\"\\"}, "running": [], "finished": []}
    a.say(hello)
    assert p.core.wait(AGENT) == {"channel": n, "message": hello}
    a.say({"type": "alive", "load": [0, 0, 0]})
    p.core.tell(n, {"type": "welcome", "machine": "m", "heartbeat": 30})
    assert a.hear()["type"] == "welcome"
    a.say({"type": "facts", "facts": {}})
    p.core.wait(AGENT, lambda b: b["message"]["type"] == "facts")
    assert [b["message"]["type"] for b in p.core.bodies(AGENT)] == ["hello", "facts"], "alive is api's own affair"
    big = {"type": "step", "task": 1, "fence": 1, "script": {"text": "x" * (1 << 20)}}
    p.core.tell(n, big)
    assert a.hear() == big
    p.core.tell(n, {"type": "refused", "code": "replaced", "message": "another"}, close=1008)
    assert a.hear()["code"] == "replaced"
    try:
        a.hear()
        raise AssertionError("not closed")
    except Closed as e:
        assert e.code == 1008
    p.core.wait(AGENT_CLOSED, lambda b: b["channel"] == n)


def what_is_not_understood_ends_the_channel(p):
    for text, code in ((b"no JSON", 1008), (b"[]", 1008), (b'{"type":1}', 1008), (b'{"type":"x","type":"y"}', 1008),
                       (b'{"type":"facts","facts":"%s"}' % (b"x" * (256 << 10)), 1009), (b"\xff", 1007)):
        a, n = p.opened()
        a.frame(1, text)
        try:
            a.hear()
            raise AssertionError("went on: %r" % text[:40])
        except Closed as e:
            assert e.code == code, (e, text[:40])
    for piece in (b"", b"\x01", b"\x02" + bytes(20), b"\x01" + b"\xff" * 20, b"\x01" + bytes(20) + b"text"):
        a, n = p.opened()
        a.frame(2, piece)
        try:
            a.hear()
            raise AssertionError("went on: %r" % piece)
        except Closed as e:
            assert e.code == 1008, e
    a, n = p.opened()
    p.core.answers[AGENT] = lambda b: (400, "no")
    a.say({"type": "hello"})
    try:
        a.hear()
        raise AssertionError("core's refusal did not end it")
    except Closed as e:
        assert e.code == 1008, e


def the_silent_are_given_up_and_the_living_are_not(p):
    a, n = p.opened()
    b, m = p.opened("other-token")
    for wire, number in ((a, n), (b, m)):
        p.core.tell(number, {"type": "welcome", "heartbeat": 1})
        wire.hear()
    began = time.monotonic()
    for _ in range(12):
        time.sleep(0.5)
        b.say({"type": "alive"})
    try:
        a.hear()
        raise AssertionError("silent for %.1f s and still there" % (time.monotonic() - began))
    except Closed as e:
        assert e.code == 1008 and "silent" in e.why, e
    p.core.tell(m, {"type": "again"})
    assert b.hear()["type"] == "again"


# ---- output ----

def acknowledged(a, task, length, seconds=20):
    """Waits until that much is; the messages on the way."""
    got = []
    while not got or got[-1]["length"] < length:
        m = a.hear(seconds)
        assert (m["type"], m["task"]) == ("output_ack", task), m
        got.append(m)
    return got


def output_is_acknowledged_when_it_is_kept(p):
    a, n = p.greeted()
    data = os.urandom(300000)
    for at in range(0, len(data), 1 << 16):
        a.piece(7, 2, at, data[at:at + (1 << 16)])
    got = acknowledged(a, 7, len(data))
    assert p.segment(7) == data and all(m["fence"] == 2 and "cut" not in m for m in got)
    told = p.core.wait(OUTPUT, lambda b: b["length"] == len(data))
    assert told == {"channel": n, "task": 7, "fence": 2, "length": len(data)}
    assert p.core.bodies(OUTPUT)[0]["length"] == 0
    # the same again, as after a lost connection, then on
    a.close()
    b, n = p.greeted()
    b.piece(7, 2, 250000, data[250000:] + b"more")
    acknowledged(b, 7, len(data) + 4)
    assert p.segment(7) == data + b"more"
    # a finished step is forgotten: its places are free for others
    for task in range(100, 120):
        b.piece(task, 1, 0, b"x")
        acknowledged(b, task, 1)
        p.core.tell(n, {"type": "result_ack", "task": task, "fence": 1, "accepted": True})
        assert b.hear()["type"] == "result_ack"


def many_small_pieces_take_few_syncs_and_few_words(p):
    a, n = p.greeted()
    began = time.monotonic()
    for i in range(400):
        a.piece(8, 1, 10 * i, b"%09d\n" % i)
    got = acknowledged(a, 8, 4000)
    took = time.monotonic() - began
    assert len(got) <= 2 + took / 0.03, "%d syncs in %.1f s" % (len(got), took)
    p.core.wait(OUTPUT, lambda b: b["length"] == 4000)
    words = [b for b in p.core.bodies(OUTPUT) if b["task"] == 8]
    assert len(words) <= 3 + (time.monotonic() - began), words
    assert p.segment(8) == b"".join(b"%09d\n" % i for i in range(400))


def output_of_a_step_that_is_not_the_machines_is_not_kept(p):
    a, n = p.greeted()
    p.core.answers[OUTPUT] = lambda b: (409, "not yours")
    a.piece(9, 1, 0, b"stolen")
    p.core.wait(OUTPUT, lambda b: b["task"] == 9)
    assert a.quiet(1) and not os.path.exists("/data/store/segments/out-9")
    try:
        for task in range(20, 40):
            a.piece(task, 1, 0, b"x")
            if not a.quiet(0.1):	# the reason is there: what is sent after it would take it away
                break
        a.hear()
        raise AssertionError("any number of steps")
    except Closed as e:
        assert e.code == 1008, e


def beyond_the_limit_it_is_cut_and_acknowledged(p):
    p.core.answers[OUTPUT] = lambda b: {"limit": 100000}
    a, n = p.greeted()
    for at in range(0, 300000, 50000):
        a.piece(10, 1, at, b"y" * 50000)
    got = acknowledged(a, 10, 300000)
    assert got[-1]["cut"] and p.segment(10) == b"y" * 100000
    p.core.wait(OUTPUT, lambda b: b.get("cut") and b["length"] == 100000)


def a_full_store_holds_no_step_up(p):
    a, n = p.greeted()
    with open("/data/store/ballast", "wb") as f:
        try:
            while True:
                f.write(bytes(1 << 16))
                f.flush()
        except OSError:
            pass
    try:
        for at in range(0, 300000, 50000):
            a.piece(11, 1, at, b"z" * 50000)
        got = acknowledged(a, 11, 300000)
        assert got[-1]["cut"], got[-1]
    finally:
        os.unlink("/data/store/ballast")
    a.piece(12, 1, 0, b"again")
    acknowledged(a, 12, 5)
    assert p.segment(12) == b"again"


def a_gap_ends_the_channel_and_other_bytes_are_cut(p):
    a, n = p.greeted()
    a.piece(13, 1, 5, b"beyond")
    try:
        a.hear()
        raise AssertionError("a gap was taken")
    except Closed as e:
        assert e.code == 1008, e
    a, n = p.greeted()
    a.piece(13, 1, 0, b"first")
    acknowledged(a, 13, 5)
    a.piece(13, 1, 0, b"other!")
    assert acknowledged(a, 13, 6)[-1]["cut"] and p.segment(13) == b"first"


def store_may_die_at_any_moment(p):
    a, n = p.greeted()
    sent, done, rounds = 0, 0, 0
    data = os.urandom(2000000)
    while done < len(data):
        while sent < len(data) and sent - done < 3 << 16:
            part = data[sent:sent + 30000]
            a.piece(14, 1, sent, part)
            sent += len(part)
        if rounds < 5 and done > rounds * 300000:
            p.store.stop(signal.SIGKILL)
            p.store.start()
            rounds += 1
        done = acknowledged(a, 14, done + 1, 30)[-1]["length"]
    assert rounds == 5 and p.segment(14) == data


# ---- core comes and goes ----

def core_may_be_started_anew(p):
    a, n = p.opened()
    a.say({"type": "hello"})
    p.core.wait(AGENT)
    p.core.answers[AGENT] = lambda b: None
    a.say({"type": "request", "request": 5, "verb": "set"})
    p.core.wait(AGENT, lambda b: b["message"]["type"] == "request")
    p.core.stop()
    m = a.hear()
    assert (m["type"], m["request"], m["status"]) == ("reply", 5, 503) and m["body"]["message"], m
    a.say({"type": "facts", "facts": {"said": "while it was away"}})
    time.sleep(0.5)
    p.core.reset()
    p.core.start()
    again = p.core.wait(AGENT_OPEN)
    assert (again["channel"], again["token_hash"]) == (n, token_hash(TOKEN))
    p.core.wait(AGENT, lambda b: b["message"].get("facts") == {"said": "while it was away"})
    order = [k for k, _ in p.core.seen if k in (AGENT, AGENT_OPEN)]
    assert order.index(AGENT_OPEN) < order.index(AGENT)
    p.core.tell(n, {"type": "again"})
    assert a.hear()["type"] == "again"
    # a token that was revoked meanwhile
    p.core.stop()
    p.core.reset()
    p.core.answers[AGENT_OPEN] = lambda b: (401, "revoked")
    p.core.start()
    assert a.hear()["code"] == "unknown"
    try:
        a.hear()
        raise AssertionError("not closed")
    except Closed as e:
        assert e.code == 1008
    p.core.wait(AGENT_CLOSED, lambda b: b["channel"] == n)


def output_asked_for_while_core_dies_is_asked_again(p):
    p.core.answers[OUTPUT] = lambda b: None
    a, n = p.greeted()
    a.piece(15, 1, 0, b"kept")
    p.core.wait(OUTPUT)
    p.core.stop()
    p.core.reset()
    p.core.start()
    p.core.wait(AGENT_OPEN)
    # core would not know whose step it is before the agent has said who it is
    assert a.quiet(0.5) and not p.core.bodies(OUTPUT)
    a.say({"type": "hello"})
    acknowledged(a, 15, 4)
    assert p.segment(15) == b"kept"


def a_busy_core_is_not_buried(p):
    held = []
    p.core.answers[AGENT] = lambda b: held.append(b)
    a, n = p.opened()
    for i in range(60):
        a.say({"type": "facts", "facts": {"i": i}})
    time.sleep(1)
    assert len(held) == 16, len(held)


def who_does_not_read_is_cut(p):
    a, n = p.opened()
    for i in range(40):
        p.core.tell(n, {"type": "step", "task": i, "script": {"text": "x" * 500000}})
    p.core.wait(AGENT_CLOSED, lambda b: b["channel"] == n, 30)


# ---- the bootstrap ----

def the_root_answers_who_asks(p):
    p.core.answers[CORE_VERB] = lambda b: {"status": 200, "body": IDENTITY} if b["verb"] == "appliance.agents" else \
        {"status": 404, "body": {}}
    for agent, leaf, want in (("curl/7.88.1", 1, "# cam.example:444 is abc"), ("Wget/1.21", 2, "# cam.example:444 is abc"),
                              ("Mozilla/5.0 Firefox/120", 1, "<!doctype html"),
                              ("Mozilla/5.0 (Windows NT; Windows NT 10.0) WindowsPowerShell/5.1", 1, "throw '"),
                              (None, 1, "throw '")):
        head = ["GET / HTTP/1.1", "Host: cam.example:444"] + (["User-Agent: " + agent] if agent else [])
        status, lines, body = p.ask(head, leaf)
        assert status == 200 and want.lower() in body.lower(), (agent, status, body[:200])
        assert not agent or "curl" not in agent or IDENTITY["ca_pem"] + "END" in body, body
    assert p.ask(["GET / HTTP/1.1", "Host: a", "User-Agent: Mozilla/5.0"], leaf=2)[0] == 404, "a page behind the agents' leaf"
    assert p.ask(["GET / HTTP/1.1", "Host: a", "Accept: */*"])[2].lower().startswith("<!doctype"), "no name, but accepts"
    assert p.ask(["GET /agent/linux/installer HTTP/1.1", "Host: a'b"])[0] == 400
    for leaf in (1, 2):
        status, head, body = p.ask(["GET /agent/linux/x86_64/elasticbox-agent HTTP/1.1", "Host: a"], leaf)
        assert status == 200 and body == "\x7fELF agent" and "application/octet-stream" in head
    assert p.ask(["GET /agent/linux/vsphere/template_customization_script.sh HTTP/1.1", "Host: a"])[0] == 404
    assert p.ask(["GET /agent/windows/x HTTP/1.1", "Host: a"])[0] == 404
    assert p.ask(["POST / HTTP/1.1", "Host: a", "User-Agent: curl/8", "Content-Length: 0"])[0] == 405
    p.core.answers[CORE_VERB] = lambda b: {"status": 503, "body": {"message": "starting"}}
    assert p.ask(["GET / HTTP/1.1", "Host: a", "User-Agent: curl/8"])[0] == 503


# ---- reading output ----

def output_is_read_in_pieces(p):
    a, n = p.greeted()
    data = bytes(range(256)) * 1000
    for at in range(0, len(data), 1 << 16):
        a.piece(30, 1, at, data[at:at + (1 << 16)])
    acknowledged(a, 30, len(data))
    parts = [{"text": "Executing\n"}, {"segment": "out-30", "from": 10}, {"text": ""}, {"segment": "out-31", "from": 0},
             {"text": "between\n"}, {"segment": "out-30", "from": len(data)}, {"segment": "out-30", "from": len(data) - 1}]
    p.core.answers[CORE_VERB] = lambda b: {"status": 200, "parts": parts}
    for version in ("1.1", "1.0"):
        with p.gate.client(1) as s:
            s.sendall(("GET /services/instances/i-abcdef/machine_logs HTTP/%s\r\nHost: a\r\nElasticBox-Token: t\r\n"
                       "Connection: close\r\n\r\n" % version).encode())
            got = b""
            while True:
                more = s.recv(65536)
                if not more:
                    break
                got += more
        head, _, body = got.partition(b"\r\n\r\n")
        assert b" 200 " in head and b"text/plain" in head, head
        if version == "1.1":
            whole, rest = b"", body
            while True:
                size, _, rest = rest.partition(b"\r\n")
                if not int(size, 16):
                    break
                whole, rest = whole + rest[:int(size, 16)], rest[int(size, 16) + 2:]
            body = whole
        assert body == b"Executing\n" + data[10:] + b"between\n" + data[-1:], len(body)


CASES = [v for v in list(globals().values()) if getattr(v, "__code__", None) and v.__module__ == __name__
         and v.__code__.co_varnames[:v.__code__.co_argcount] == ("p",)]


def main(wanted):
    place = Place()
    bad = 0
    for case in CASES:
        if wanted and not any(w in case.__name__ for w in wanted):
            continue
        began = time.monotonic()
        try:
            place.core.reset()
            case(place)
            print("ok %s (%.1f s)" % (case.__name__.replace("_", " "), time.monotonic() - began), flush=True)
        except Exception as e:
            bad += 1
            traceback.print_exc()
            print("not ok %s: %s: %s" % (case.__name__.replace("_", " "), type(e).__name__, str(e)[:300]), flush=True)
    print(*("==== %s\n%s" % (r.name, r.text()[-3000:]) for r in ((place.api, place.store) if bad else ())), sep="\n")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
