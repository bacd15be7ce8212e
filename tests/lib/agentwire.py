"""One agent's end of the channel (docs/agent-protocol.md), by hand: frames of RFC 6455 over any stream."""
import base64
import json
import os
import select
import struct
import time

PATH = "/services/agents/channel"
PROTOCOL = "cam-agent.1"


class Refused(Exception):
    def __init__(self, status, body):
        super().__init__("%d %s" % (status, body[:200]))
        self.status, self.body = status, body


class Closed(Exception):
    def __init__(self, code, why):
        super().__init__("closed: %d %s" % (code, why))
        self.code, self.why = code, why


def handshake(token, host="appliance", protocol=PROTOCOL, *more):
    lines = ["GET %s HTTP/1.1" % PATH, "Host: " + host, "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13",
             "Sec-WebSocket-Key: " + base64.b64encode(os.urandom(16)).decode()]
    if token is not None:
        lines.append("ElasticBox-Token: " + token)
    if protocol:
        lines.append("Sec-WebSocket-Protocol: " + protocol)
    return ("\r\n".join([*lines, *more]) + "\r\n\r\n").encode()


class AgentWire:
    def __init__(self, stream, token, protocol=PROTOCOL, seconds=20):
        self.stream, self.left, self.seconds = stream, b"", seconds
        stream.settimeout(seconds)
        stream.sendall(handshake(token, protocol=protocol))
        head = self._until(b"\r\n\r\n").decode("latin-1")
        status = int(head.split()[1])
        if status != 101:
            length = [int(line.split(":")[1]) for line in head.split("\r\n") if line.lower().startswith("content-length:")]
            raise Refused(status, self._need(length[0] if length else 0).decode())
        assert "cam-agent.1" in head, head

    def _more(self):
        data = self.stream.recv(65536)
        if not data:
            raise EOFError("the connection ended")
        self.left += data

    def _until(self, end):
        while end not in self.left:
            self._more()
        head, _, self.left = self.left.partition(end)
        return head

    def _need(self, n):
        while len(self.left) < n:
            self._more()
        data, self.left = self.left[:n], self.left[n:]
        return data

    def frame(self, opcode, payload, final=True):
        mask = os.urandom(4)
        n = len(payload)
        size = bytes([0x80 | n]) if n < 126 else struct.pack(">BH", 0xFE, n) if n < 65536 else struct.pack(">BQ", 0xFF, n)
        body = (int.from_bytes(payload, "big") ^ int.from_bytes((mask * (n // 4 + 1))[:n], "big")).to_bytes(n, "big") if n else b""
        self.stream.sendall(bytes([(0x80 if final else 0) | opcode]) + size + mask + body)

    def say(self, message):
        self.frame(1, json.dumps(message).encode())

    def piece(self, task, fence, offset, data):
        self.frame(2, struct.pack(">BQIQ", 1, task, fence, offset) + data)

    def hear(self, seconds=None):
        """The next message of the appliance; Closed when it ends the channel."""
        self.stream.settimeout(seconds or self.seconds)
        while True:
            first, second = self._need(2)
            n = second & 0x7F
            if n == 126:
                n, = struct.unpack(">H", self._need(2))
            elif n == 127:
                n, = struct.unpack(">Q", self._need(8))
            payload = self._need(n)
            if first & 15 == 9:
                self.frame(10, payload)
            elif first & 15 == 8:
                raise Closed(struct.unpack(">H", payload[:2])[0] if n >= 2 else 1005, payload[2:].decode())
            elif first & 15 == 1:
                return json.loads(payload)

    def quiet(self, seconds):
        """Nothing is heard for so long."""
        return not self.left and not select.select([self.stream], [], [], seconds)[0]

    def close(self):
        self.stream.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def wait_for(seconds, test):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        got = test()
        if got:
            return got
        time.sleep(0.02)
    return test()
