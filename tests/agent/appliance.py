"""The appliance's end of the channel, for the agent alone: WebSocket over TLS 1.2 on a port the kernel chooses, and downloads.

What the agent says is kept; what it is told, and whether it is answered at all, the test decides."""
import asyncio
import http
import http.server
import json
import ssl
import struct
import subprocess
import threading
import time

import websockets

NAME = "test-appliance.agents.internal"
TOKEN = "token-of-the-machine"


def make_ca(directory, name):
    """A CA and a leaf for NAME: paths of ca, leaf, key of the leaf, key of the CA."""
    def run(*argv):
        subprocess.run(argv, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    p = "%s/%s" % (directory, name)
    for k in ("ca", "leaf"):
        run("openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", "%s.%s.key" % (p, k))
    run("openssl", "req", "-x509", "-new", "-key", p + ".ca.key", "-subj", "/CN=agents CA " + name, "-days", "30", "-out", p + ".ca.pem",
        "-addext", "basicConstraints=critical,CA:TRUE")
    run("openssl", "req", "-new", "-key", p + ".leaf.key", "-subj", "/CN=leaf", "-out", p + ".csr")
    with open(p + ".ext", "w") as f:
        f.write("subjectAltName=DNS:%s\nextendedKeyUsage=serverAuth\n" % NAME)
    run("openssl", "x509", "-req", "-in", p + ".csr", "-CA", p + ".ca.pem", "-CAkey", p + ".ca.key", "-CAcreateserial", "-days", "30",
        "-extfile", p + ".ext", "-out", p + ".leaf.pem")
    return p + ".ca.pem", p + ".leaf.pem", p + ".leaf.key", p + ".ca.key"


class Api(http.server.BaseHTTPRequestHandler):
    """What the installer asks of the appliance: files, boxes, an instance, its configuration."""
    files, boxes, asked, conf = {}, [], [], ""

    def _answer(self, status, body, kind="application/json"):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        if self.path in Api.files:
            return self._answer(200, Api.files[self.path], "application/octet-stream")
        if self.headers.get("ElasticBox-Token") != "user-token":
            return self._answer(401, b'{"message":"Sign in."}')
        if self.path == "/services/boxes":
            return self._answer(200, json.dumps(Api.boxes).encode())
        return self._answer(404, b'{"message":"There is nothing here."}')

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        Api.asked.append((self.path, self.headers.get("ElasticBox-Token"), body))
        if self.path == "/services/instances":
            return self._answer(202, b'{"id":"i-own001","name":"x"}')
        return self._answer(200, json.dumps({"conf": Api.conf}).encode())

    def log_message(self, *_):
        pass


def serve_api(certificate, key):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Api)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


class Appliance:
    def __init__(self, certificate, key, port=0):
        self.certificate, self.key, self.port = certificate, key, port
        self.heartbeat, self.upgrade, self.files = 30, None, {}
        self.ack_output = self.ack_results = self.welcome = True
        self.refuse_code = None
        self.cut = lambda hello: False	# a hello whose connection is cut, as by an appliance that starts again
        self.messages, self.output, self.results, self.connections, self.pieces = [], {}, {}, 0, []
        self.replies = lambda m: (200, {})
        self.current = None
        self.changed = threading.Condition()
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self.server = None
        self.start()

    # ---- from the test ----

    def start(self):
        async def go():
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self.certificate, self.key)
            context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_2
            return await websockets.serve(self._serve, "127.0.0.1", self.port, ssl=context, subprotocols=["cam-agent.1"], max_size=1 << 20,
                                          process_request=self._request, ping_interval=None)
        self.server = self._call(go())
        self.port = self.server.sockets[0].getsockname()[1]

    def stop(self):
        async def go():
            self.server.close()
            await self.server.wait_closed()
        self._call(go())

    def send(self, message):
        async def go():
            if self.current:
                await self.current.send(json.dumps(message))
        self._call(go())

    def step(self, task, text=None, fence=1, **more):
        m = {"type": "step", "task": task, "fence": fence, "attempt": 1, "event": "install", "instance": "i-test01",
             "box": {"id": "b", "name": "Box", "path": ""}, "script": {"text": text}, "timeout": 60, "output_limit": 50 << 20,
             "engines": ["velocity", "jinja"], "context": {}}
        m.update(more)
        self.send(m)

    def wait(self, what, seconds=60):
        """Until what() is true: its value, or None."""
        until = time.time() + seconds
        with self.changed:
            while True:
                v = what()
                if v:
                    return v
                left = until - time.time()
                if left <= 0:
                    return None
                self.changed.wait(min(left, 0.5))

    def result(self, task, seconds=60):
        return self.wait(lambda: self.results.get(task), seconds)

    def of_type(self, kind):
        return [m for m in self.messages if m.get("type") == kind]

    def text(self, task):
        return bytes(self.output.get(task, b""))

    def _call(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(30)

    # ---- in the loop ----

    async def _request(self, path, headers):
        if path.startswith("/services/agents/channel"):
            if headers.get("ElasticBox-Token") != TOKEN:
                return http.HTTPStatus.UNAUTHORIZED, [], b""
            return None
        body = self.files.get(path)
        if body is None:
            return http.HTTPStatus.NOT_FOUND, [], b""
        return http.HTTPStatus.OK, [("Content-Length", str(len(body)))], body

    async def _serve(self, ws):
        self.connections += 1
        try:
            async for raw in ws:
                if isinstance(raw, bytes):
                    await self._piece(ws, raw)
                else:
                    await self._message(ws, json.loads(raw))
                with self.changed:
                    self.changed.notify_all()
        except websockets.ConnectionClosed:
            pass
        finally:
            if self.current is ws:
                self.current = None
            with self.changed:
                self.messages.append({"type": "gone"})
                self.changed.notify_all()

    async def _message(self, ws, m):
        kind = m["type"]
        if kind == "hello":
            if self.refuse_code:
                await ws.send(json.dumps({"type": "refused", "code": self.refuse_code, "message": "for the test"}))
                await ws.close(1008)
            elif self.cut(m):
                ws.transport.abort()
            elif self.welcome:
                await ws.send(json.dumps({"type": "welcome", "machine": "test-machine", "instance": "i-test01", "heartbeat": self.heartbeat,
                                          "upgrade": self.upgrade}))
                self.current = ws
        elif kind == "result":
            self.results[m["task"]] = m
            if self.ack_results:
                await ws.send(json.dumps({"type": "result_ack", "task": m["task"], "fence": m["fence"], "accepted": True}))
        elif kind == "request":
            status, body = self.replies(m)
            await ws.send(json.dumps({"type": "reply", "request": m["request"], "status": status, "body": body}))
        self.messages.append(m)

    async def _piece(self, ws, raw):
        version, task, fence, offset = struct.unpack(">BQIQ", raw[:21])
        data = raw[21:]
        have = self.output.setdefault(task, bytearray())
        assert version == 1 and len(data) <= 65536, (version, len(data))
        self.pieces.append((task, fence, offset, len(data)))
        if offset <= len(have):
            assert have[offset:offset + len(data)] == data[:max(0, len(have) - offset)], "other bytes at an offset that was sent before"
            have[offset:offset + len(data)] = data
        if self.ack_output:
            await ws.send(json.dumps({"type": "output_ack", "task": task, "fence": fence, "length": len(have)}))
