"""Core's side of a worker's connection (src/lib/ipc/proto.h), as far as cloud can see it: tickets by the real keyd."""
import base64
import itertools
import json
import os
import socket
import struct
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "keyd"))
from rooms import UID, Peer  # noqa: E402

WORKER, TASK, RESULT, CANCEL, PROGRESS = 0x0304, 0x0305, 0x0306, 0x0308, 0x0309
SEAL, TICKET = 0x0105, 0x0106
REPLY = 1
numbers = itertools.count(1)


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Core:
    def __init__(self):
        os.mkdir("/run/cam/core", 0o755)
        os.chown("/run/cam/core", UID["core"], UID["core"] + 1000)
        os.seteuid(UID["core"])		# whom the worker sees at this end
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind("/run/cam/core/sock")
        self.listener.listen(4)
        os.seteuid(0)
        os.chmod("/run/cam/core/sock", 0o666)
        self.keyd = Peer("core", "keyd")
        self.keyd_lock = threading.Lock()
        self.change = threading.Condition()
        self.conn, self.hellos, self.results, self.lines, self.pushed = None, [], {}, {}, {}
        self.deaf = False		# takes results without answering
        threading.Thread(target=self.accept, daemon=True).start()

    def ask(self, kind, body):
        with self.keyd_lock:
            seq = self.keyd.send(kind, body)
            while True:
                flags, _, got, answer = self.keyd.frame()
                if got == seq:
                    return json.loads(answer)

    def accept(self):
        while True:
            conn, _ = self.listener.accept()
            threading.Thread(target=self.serve, args=(conn,), daemon=True).start()

    def send(self, conn, flags, kind, seq, body):
        data = json.dumps(body).encode()
        conn.sendall(struct.pack("<BBHII", 1, flags, kind, seq, len(data)) + data)

    def serve(self, conn):
        try:
            self.converse(conn)
        except OSError:
            pass		# the worker was killed
        with self.change:
            if self.conn is conn:
                self.conn = None
            self.change.notify_all()
        conn.close()

    def converse(self, conn):
        f = conn.makefile("rb")
        while True:
            head = f.read(12)
            if len(head) < 12:
                break
            _, flags, kind, seq, n = struct.unpack("<BBHII", head)
            body = json.loads(f.read(n) or b"{}")
            with self.change:
                if kind == WORKER:
                    self.conn = conn
                    self.hellos.append(body)
                elif kind == RESULT and not self.deaf:
                    if body["fence"] == self.pushed.get(body["task"]):
                        self.results[body["task"]] = body
                elif kind == PROGRESS:
                    self.lines.setdefault(body["task"], []).append((body["level"], body["text"]))
                self.change.notify_all()
            if kind != RESULT or not self.deaf:
                self.send(conn, REPLY, kind, seq, {"accepted": True} if kind == RESULT else {})

    def until(self, f, seconds=30):
        with self.change:
            return self.change.wait_for(f, seconds)

    def sealed(self, secret, provider="p-1", field="secret"):
        return self.ask(SEAL, {"object": provider, "field": field, "plain": b64(secret.encode())})["sealed"]

    def push(self, kind, key="", seconds=60, attempt=1, task=None, fence=1, secret="p", sealed=None, provider="p-1",
             type="VMware vSphere", config=None, secret_field="secret", more_secrets=None, definite=None, **members):
        """Gives the worker a task as core would; its number."""
        assert self.until(lambda: self.conn), "cloud does not connect"
        task = task or next(numbers)
        tickets = []
        for field, value in ((secret_field, sealed or self.sealed(secret, provider, secret_field)),
                             *((f, self.sealed(v, provider, f)) for f, v in (more_secrets or {}).items())):
            ticket = self.ask(TICKET, {"room": "cloud", "object": provider, "field": field, "lifetime": 600})["ticket"]
            tickets.append({"field": field, "object": provider, "sealed_field": field, "sealed": value, "ticket": ticket})
        body = {"task": task, "fence": fence, "attempt": attempt, "deadline": seconds, "kind": kind, "key": key, "input": {
            "provider": provider, "type": type, "config": config or {}, "owner": "appliance", "tickets": tickets, **members}}
        if definite is not None:
            body["definite"] = definite
        with self.change:
            self.pushed[task] = fence
            self.results.pop(task, None)
        self.send(self.conn, 0, TASK, 0, body)
        return task

    def result(self, task, seconds=90):
        self.until(lambda: task in self.results, seconds)
        return self.results.get(task)

    def run(self, kind, key="", seconds=60, **more):
        r = self.result(self.push(kind, key, seconds, **more), seconds + 30)
        assert r, "%s: no result" % kind
        return r

    def cancel(self, task):
        self.send(self.conn, 0, CANCEL, 0, {"task": task, "fence": self.pushed[task]})

    def text(self, task):
        return "\n".join(text for _, text in self.lines.get(task, []))

    def result_of(self, task):
        return self.results.get(task)
