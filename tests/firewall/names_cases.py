#!/usr/bin/python3
"""The room names behind its fence, in namespaces of its own: sysd and fwd are played, the name servers are real sockets."""
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "keyd")]
import rooms  # noqa: E402

STATE, RESOLVE = 0x0502, 0x1001
MANY = 200
BOOK = {"vc.test": ["10.0.0.5", "10.0.0.6", "fd00::5"], "long.test": ["10.0.0.7"], "plain.test": ["10.0.0.8"], "forged.test": ["10.0.0.9"],
        "broken.test": ["10.0.0.10"], "here.test": ["127.0.0.1", "169.254.1.1"], "mute.test": [],
        **{"n%d.test" % i: ["10.1.%d.%d" % (i // 100, i % 100 + 1)] for i in range(MANY)}}


class Sysd:
    """Says which name servers there are, at once and when they change."""

    def __init__(self):
        os.mkdir("/run/cam/sysd", 0o755)
        os.chown("/run/cam/sysd", rooms.UID["sysd"], rooms.UID["sysd"] + 1000)
        os.seteuid(rooms.UID["sysd"])		# whom the room sees at this end
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind("/run/cam/sysd/sock")
        self.listener.listen(1)
        os.seteuid(0)
        os.chmod("/run/cam/sysd/sock", 0o666)

    def accept(self):
        self.listener.settimeout(30)
        self.conn, _ = self.listener.accept()

    def say(self, servers):
        body = json.dumps({"dns": servers}).encode()
        self.conn.sendall(struct.pack("<BBHII", 1, 0, STATE, 0, len(body)) + body)


class Server:
    def __init__(self, address):
        self.lines, self.change = [], threading.Condition()
        self.p = subprocess.Popen(["/usr/bin/python3", os.path.join(HERE, "nameserver.py"), address, json.dumps(BOOK)],
                                  stdout=subprocess.PIPE, text=True)
        threading.Thread(target=self.read, daemon=True).start()
        assert self.heard("listening"), "no name server"

    def read(self):
        for line in self.p.stdout:
            with self.change:
                self.lines.append(line.strip())
                self.change.notify_all()

    def heard(self, line, seconds=20):
        with self.change:
            return self.change.wait_for(lambda: line in self.lines, seconds)

    def times(self, line, count):
        """Has it heard this so often, and no more?  What it says comes through a pipe: perhaps a moment after its answer."""
        with self.change:
            self.change.wait_for(lambda: self.lines.count(line) >= count, 20)
            return self.lines.count(line) == count


def resolve(fwd, name):
    """(code or 0, addresses or the sentence)"""
    refused, body = fwd.raw(RESOLVE, {"name": name})
    v = json.loads(body)
    return (v["code"], v["message"]) if refused else (0, v["addresses"])


def answers(check, fwd, a):
    got = resolve(fwd, "vc.test")
    check("names: the addresses of both families", got == (0, BOOK["vc.test"]), got)
    check("names: as any capitals say it", resolve(fwd, "VC.test") == (0, BOOK["vc.test"]))
    got = resolve(fwd, "nobody.test")
    check("names: what does not exist is said so", got == (404, "does not exist"), got)
    got = resolve(fwd, "here.test")
    check("names: an address no other machine has is none", got == (404, "has no address"), got)
    got = resolve(fwd, "long.test")
    check("names: an answer that is cut is asked for over TCP", got == (0, BOOK["long.test"]) and a.times("long.test 1 tcp", 1), (got, a.lines[-6:]))
    got = resolve(fwd, "plain.test")
    check("names: a server without OPT is asked without", got == (0, BOOK["plain.test"]) and a.times("plain.test 1 udp", 2), (got, a.lines[-6:]))
    got = resolve(fwd, "forged.test")
    check("names: answers to other questions are left out", got == (0, BOOK["forged.test"]), got)
    got = resolve(fwd, "broken.test")
    check("names: half an answer is none", got == (503, "the name servers cannot say"), got)
    got = resolve(fwd, "no.test")
    check("names: a server that refuses is no word about the name", got == (503, "the name servers cannot say"), got)
    check("names: what is no name is refused", fwd.refused(RESOLVE, {"name": "a b"}) == 400 and fwd.refused(RESOLVE, {"name": 7}) == 400 and
          fwd.refused(RESOLVE, b"[]") == 400)


def many(check, fwd):
    """More than are looked up at once: those wait for their turn, and none is refused."""
    seqs = {fwd.send(RESOLVE, {"name": "n%d.test" % i}): i for i in range(MANY)}
    wrong = []
    while seqs:
        _, _, seq, body = fwd.frame()
        i, v = seqs.pop(seq), json.loads(body)
        if v.get("addresses") != BOOK["n%d.test" % i]:
            wrong.append((i, v))
    check("names: %d names at once have their answers" % MANY, not wrong, wrong[:3])


def servers(check, fwd, sysd, room):
    a, b = Server("127.0.0.53"), Server("127.0.0.54")
    sysd.say(["127.0.0.52", "127.0.0.53", "127.0.0.54"])
    got = resolve(fwd, "n1.test")
    check("names: where nobody listens the next server is asked", got == (0, BOOK["n1.test"]), got)
    began = time.monotonic()
    got = resolve(fwd, "mute.test")
    check("names: silent servers have an end (%.1f s)" % (time.monotonic() - began), got == (503, "no name server answers") and
          a.times("mute.test 1 udp", 2) and b.times("mute.test 1 udp", 2), (got, a.lines[-8:], b.lines[-8:]))
    before = len(b.lines)
    resolve(fwd, "n2.test")
    check("names: who answered last is asked first, and no other", len(b.lines) == before and a.heard("n2.test 1 udp"), b.lines[before:])
    # an asker that goes away while its answer is on the way
    lost = rooms.Peer("fwd", "names")
    lost.send(RESOLVE, {"name": "mute.test"})
    lost.close()
    a.p.kill()
    a.p.wait()
    got = resolve(fwd, "n3.test")
    check("names: when a server dies the next takes its place", got == (0, BOOK["n3.test"]) and b.heard("n3.test 1 udp"), got)
    sysd.say([])
    check("names: without a name server there is a word for it", resolve_until(fwd, (503, "no name server is known")), resolve(fwd, "vc.test"))
    os.kill(room.pid, 0)


def resolve_until(fwd, want, seconds=20):
    end = time.monotonic() + seconds
    while resolve(fwd, "vc.test") != want:
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def inside(check):
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    rooms.new_root(("names",))
    sysd = Sysd()
    room = rooms.Room("names", ("sysd",))
    check("names: starts behind its fence", room.start(), "")
    sysd.accept()
    fwd = rooms.Peer("fwd", "names")
    a = Server("127.0.0.1")
    got = resolve(fwd, "vc.test")
    check("names: before sysd has spoken there is no server", got == (503, "no name server is known"), got)
    sysd.say(["127.0.0.1"])
    resolve_until(fwd, (0, BOOK["vc.test"]))
    answers(check, fwd, a)
    many(check, fwd)
    servers(check, fwd, sysd, room)
    try:
        rooms.Peer("core", "names").call(RESOLVE, {"name": "vc.test"})
        check("names: nobody but fwd may ask", False)
    except (OSError, AssertionError):
        check("names: nobody but fwd may ask", True)
    check("names: memory stays small (%d kB)" % room.status("VmHWM"), room.status("VmHWM") < 6000)
    code = room.end(signal.SIGTERM)
    check("names: ends when told", code == 0, (code, room.text()[-300:]))


def run(check):
    p = subprocess.run(["unshare", "--mount", "--net", "--pid", "--ipc", "--fork", "--kill-child", "--propagation", "private",
                        "/usr/bin/python3", os.path.abspath(__file__)], stdout=subprocess.PIPE, text=True, timeout=300)
    for line in p.stdout.splitlines():
        good = line.startswith("ok ")
        what, _, detail = line[3 if good else 7:].partition("\t")
        check(what, good, detail)
    check("names: the cases ran to their end", p.returncode == 0, p.returncode)


if __name__ == "__main__":
    inside(lambda what, good, detail="": print("%s %s\t%s" % ("ok" if good else "not ok", what, "" if good else repr(detail)), flush=True))
