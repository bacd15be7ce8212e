"""The rooms around api: a core that does as a case says, and gate's part, which hands connections over."""
import array
import hashlib
import json
import os
import socket
import struct
import threading

HEADER = struct.Struct("<BBHII")
REPLY, ERROR = 1, 2
CORE_VERB, CORE_EVENTS = 0x0301, 0x0302
AGENT_OPEN, AGENT, AGENT_CLOSED, OUTPUT = 0x030A, 0x030B, 0x030C, 0x030D
API_CONN = 0x0601


def as_user(uid, do, groups=()):
    """What the kernel notes of the peer is who it was when it listened or connected."""
    os.setgroups(list(groups))
    os.setegid(uid)
    os.seteuid(uid)
    try:
        return do()
    finally:
        os.seteuid(0)
        os.setegid(0)


class Core:
    """answers[type] is a function of the body: a body, (code, message) to refuse, or None to say nothing."""
    PATH = "/run/cam/core/sock"

    def __init__(self):
        self.seen, self.changed, self.peer, self.answers = [], threading.Condition(), None, {}
        self.listener = None
        self.reset()

    def reset(self):
        self.answers = {
            CORE_EVENTS: lambda b: {"tail": 1, "head": 0},
            AGENT_OPEN: lambda b: {"machine": "m-00000000", "instance": "i-abcdef"},
            AGENT: lambda b: {}, OUTPUT: lambda b: {},
            CORE_VERB: lambda b: {"status": 404, "body": {"message": "no such verb"}},
        }
        self.forget()

    def forget(self):
        with self.changed:
            self.seen = []

    def start(self):
        def listen():
            s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            if os.path.exists(self.PATH):
                os.unlink(self.PATH)
            s.bind(self.PATH)
            os.chmod(self.PATH, 0o660)
            s.listen(8)
            return s
        self.listener = as_user(105, listen)
        os.chown(self.PATH, 105, 1105)
        threading.Thread(target=self._accept, args=(self.listener,), daemon=True).start()

    def stop(self):
        """As a kill: the connection ends at once."""
        self.listener.close()
        os.unlink(self.PATH)
        peer, self.peer = self.peer, None
        if peer:
            peer.shutdown(socket.SHUT_RDWR)
            peer.close()

    def _accept(self, listener):
        while True:
            try:
                peer, _ = listener.accept()
            except OSError:
                return
            self.peer = peer
            threading.Thread(target=self._serve, args=(peer,), daemon=True).start()

    def _serve(self, peer):
        data = b""
        while True:
            try:
                got = peer.recv(1 << 20)
            except OSError:
                return
            if not got:
                return
            data += got
            while len(data) >= 12:
                _, _, kind, seq, length = HEADER.unpack(data[:12])
                if len(data) < 12 + length:
                    break
                body, data = json.loads(data[12:12 + length]), data[12 + length:]
                with self.changed:
                    self.seen.append((kind, body))
                    self.changed.notify_all()
                answer = self.answers[kind](body) if kind in self.answers else {}
                if seq and answer is not None:
                    refused = isinstance(answer, tuple)
                    text = json.dumps({"code": answer[0], "message": answer[1]} if refused else answer).encode()
                    peer.sendall(HEADER.pack(1, REPLY | (ERROR if refused else 0), kind, seq, len(text)) + text)

    def tell(self, channel, message, **more):
        text = json.dumps({"channel": channel, "message": message, **more}).encode()
        self.peer.sendall(HEADER.pack(1, 0, AGENT, 0, len(text)) + text)

    def bodies(self, kind):
        with self.changed:
            return [b for k, b in self.seen if k == kind]

    def wait(self, kind, test=lambda b: True, seconds=15):
        """The first body of this kind that passes, also one that has come already."""
        def found():
            return next((b for k, b in self.seen if k == kind and test(b)), None)
        with self.changed:
            assert self.changed.wait_for(found, seconds), "core heard nothing of the kind: %s" % self.seen[-5:]
            return found()


class Gate:
    def __init__(self):
        self.sock = None

    def connect(self):
        def dial():
            s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            s.connect("/run/cam/api/sock")
            return s
        self.sock = as_user(101, dial, groups=[1104])

    def client(self, leaf=2, peer="192.0.2.7"):
        ours, theirs = socket.socketpair()
        body = json.dumps({"peer": peer, "port": 4000, "leaf": leaf}).encode()
        self.sock.sendmsg([HEADER.pack(1, 0, API_CONN, 0, len(body)) + body],
                          [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [theirs.fileno()]))])
        theirs.close()
        ours.settimeout(20)
        return ours


def token_hash(token):
    return hashlib.sha256(token.encode()).hexdigest()
