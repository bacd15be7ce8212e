"""A simulated agent: the real protocol (docs/agent-protocol.md) over TLS, without a machine around it.

SimAgent speaks and keeps a journal in memory; `work` decides what a step comes to.  Used where thousands of agents are
wanted, or an agent that misbehaves in a chosen way.  Needs nothing but Python.
"""
import asyncio
import base64
import hashlib
import json
import os
import random
import ssl
import struct
import time

PATH = "/services/agents/channel"
PROTOCOL = "cam-agent.1"


class Ended(Exception):
    def __init__(self, code, why=""):
        super().__init__("%d %s" % (code, why))
        self.code, self.why = code, why


class Resuming(ssl.SSLContext):
    """Offers the last session again, as agents do; asyncio itself has no word for it."""
    session = None

    def wrap_bio(self, *args, **kwargs):
        kwargs["session"] = self.session
        return super().wrap_bio(*args, **kwargs)


def context():
    c = Resuming(ssl.PROTOCOL_TLS_CLIENT)
    c.check_hostname = False
    c.verify_mode = ssl.CERT_NONE
    c.maximum_version = ssl.TLSVersion.TLSv1_2
    return c


class Wire:
    """Frames over one TLS connection."""

    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer

    @classmethod
    async def open(cls, address, name, token, tls=None, port=443, source=None):
        reader, writer = await asyncio.open_connection(address, port, ssl=tls or context(), server_hostname=name,
                                                       local_addr=(source, 0) if source else None, limit=1 << 22)
        key = base64.b64encode(os.urandom(16)).decode()
        writer.write(("GET %s HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                      "Sec-WebSocket-Key: %s\r\nSec-WebSocket-Protocol: %s\r\nElasticBox-Token: %s\r\n\r\n"
                      % (PATH, name, key, PROTOCOL, token)).encode())
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        status = int(head.split()[1])
        if status != 101:
            writer.close()
            raise Ended(status, head.split("\r\n")[0])
        return cls(reader, writer)

    def frame(self, opcode, payload):
        mask, n = os.urandom(4), len(payload)
        size = bytes([0x80 | n]) if n < 126 else struct.pack(">BH", 0xFE, n) if n < 65536 else struct.pack(">BQ", 0xFF, n)
        body = (int.from_bytes(payload, "big") ^ int.from_bytes((mask * (n // 4 + 1))[:n], "big")).to_bytes(n, "big") if n else b""
        self.writer.write(bytes([0x80 | opcode]) + size + mask + body)

    def say(self, message):
        self.frame(1, json.dumps(message).encode())

    async def hear(self):
        while True:
            first, second = await self.reader.readexactly(2)
            n = second & 0x7F
            if n == 126:
                n, = struct.unpack(">H", await self.reader.readexactly(2))
            elif n == 127:
                n, = struct.unpack(">Q", await self.reader.readexactly(8))
            payload = await self.reader.readexactly(n)
            opcode = first & 15
            if opcode == 9:
                self.frame(10, payload)
            elif opcode == 8:
                raise Ended(struct.unpack(">H", payload[:2])[0] if n >= 2 else 1005, payload[2:].decode())
            elif opcode == 1:
                return json.loads(payload)

    def close(self):
        self.writer.close()


class Step:
    def __init__(self, message):
        self.message, self.key = message, (message["task"], message["fence"])
        self.output, self.acked, self.result = b"", 0, None
        self.aborted = asyncio.Event()


class SimAgent:
    """Keeps itself connected until stop() is called. work(agent, step) is a coroutine: it may add to step.output by
    agent.write(step, bytes) and returns an exit code or a result's members."""

    def __init__(self, address, name, token, work=None, fingerprint=None, source=None, jitter=1.0, tls=None):
        self.address, self.name, self.token, self.work = address, name, token, work
        self.fingerprint = fingerprint or hashlib.sha256(token.encode()).hexdigest()
        self.source, self.jitter, self.tls = source, jitter, tls or context()
        self.boot_id = "%032x" % random.getrandbits(128)
        self.steps, self.started = {}, []	# by (task, fence); every start, in order
        self.wire, self.welcomed, self.welcomes, self.refused, self.replies = None, asyncio.Event(), 0, None, {}
        self.connected_at, self.resumed, self.failures, self.requests = None, None, 0, 0
        self.stopped = False
        self.tasks = set()

    # ---- steps ----

    def write(self, step, data):
        step.output += data
        self._send_output(step)

    def _send_output(self, step, anew=False):
        if not self.wire:
            return
        if anew:
            step.sent = step.acked
        at = getattr(step, "sent", 0)
        while at < len(step.output):
            piece = step.output[at:at + 65536]
            self.wire.frame(2, struct.pack(">BQIQ", 1, *step.key, at) + piece)
            at += len(piece)
        step.sent = at

    def _send_result(self, step):
        if self.wire and step.result and step.acked >= len(step.output):
            self.wire.say({"type": "result", "task": step.key[0], "fence": step.key[1], "output_length": len(step.output),
                           **step.result})

    async def _run(self, step):
        began = int(time.time() * 1e6)
        got = await self.work(self, step) if self.work else 0
        if isinstance(got, int):
            got = {"outcome": "exited", "exit_code": got}
        step.result = {"started": began, "finished": int(time.time() * 1e6), "signal": 0, "message": "", **got}
        self._send_result(step)

    def _begin(self, coroutine):
        task = asyncio.get_running_loop().create_task(coroutine)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    # ---- messages ----

    def _hello(self):
        self.wire.say({"type": "hello", "protocol": 1, "version": "sim", "fingerprint": self.fingerprint, "boot_id": self.boot_id,
                       "facts": {"hostname": "sim", "os": "Linux", "os_version": "0", "kernel": "0", "arch": "x86_64",
                                 "addresses": ["192.0.2.1"], "cpus": 1, "memory": 1 << 28, "load": [0, 0, 0]},
                       "running": [{"task": t, "fence": f} for (t, f), s in self.steps.items() if not s.result],
                       "finished": [{"task": t, "fence": f} for (t, f), s in self.steps.items() if s.result]})
        for step in self.steps.values():
            self._send_output(step, anew=True)
            self._send_result(step)

    def _take(self, m):
        kind = m["type"]
        if kind == "welcome":
            self.welcomes += 1
            self.welcomed.set()
        elif kind == "again":
            self._hello()
        elif kind == "step":
            key = (m["task"], m["fence"])
            older = [k for k in self.steps if k[0] == key[0]]
            if not older:
                self.steps[key] = Step(m)
                self.started.append((m["task"], m["fence"], m["event"], m["box"]["path"]))
                self.wire.say({"type": "accepted", "task": key[0], "fence": key[1]})
                self._begin(self._run(self.steps[key]))
        elif kind == "abort" and (m["task"], m["fence"]) in self.steps:
            self.steps[(m["task"], m["fence"])].aborted.set()
        elif kind == "output_ack" and (m["task"], m["fence"]) in self.steps:
            step = self.steps[(m["task"], m["fence"])]
            step.acked = max(step.acked, m["length"])
            self._send_result(step)
        elif kind == "result_ack":
            self.steps.pop((m["task"], m["fence"]), None)
        elif kind == "reply":
            waiter = self.replies.pop(m["request"], None)
            if waiter and not waiter.done():
                waiter.set_result(m)
        elif kind == "refused":
            self.refused = m

    async def request(self, verb, name="", value="", box=""):
        """What the elasticbox command of a machine does; the reply."""
        self.requests += 1
        waiter = self.replies[self.requests] = asyncio.get_running_loop().create_future()
        self.wire.say({"type": "request", "request": self.requests, "verb": verb, "box": box, "name": name, "value": value})
        return await asyncio.wait_for(waiter, 30)

    # ---- the connection ----

    async def _alive(self, wire, heartbeat=30):
        while self.wire is wire:
            await asyncio.sleep(heartbeat)
            wire.say({"type": "alive", "load": [0, 0, 0]})

    async def _once(self):
        self.wire = await Wire.open(self.address, self.name, self.token, self.tls, source=self.source)
        self.connected_at = time.monotonic()
        ssl_object = self.wire.writer.get_extra_info("ssl_object")
        self.resumed = bool(ssl_object.session_reused)
        self.tls.session = ssl_object.session
        alive = asyncio.get_running_loop().create_task(self._alive(self.wire))
        try:
            self._hello()
            while True:
                self._take(await self.wire.hear())
        finally:
            alive.cancel()
            self.wire.close()
            self.wire = None

    async def run(self):
        wait = 0.1
        while not self.stopped:
            began = time.monotonic()
            try:
                await self._once()
            except (Ended, OSError, EOFError, asyncio.IncompleteReadError, ssl.SSLError) as e:
                self.last = e
                self.failures += 1
            if time.monotonic() - began > 5:
                wait = 0.1
            if not self.stopped:
                await asyncio.sleep(wait + random.random() * self.jitter)
                wait = min(2 * wait, 5)

    def stop(self):
        self.stopped = True
        if self.wire:
            self.wire.close()
