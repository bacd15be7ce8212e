"""A subscriber of /services/events that comes back after every cut with the number of the last event it has."""
import asyncio
import json
import ssl
import threading

import websockets

# Kinds of the writers' objects.
KINDS = ["box", "instance"]


class Subscriber(threading.Thread):
    """events: all it was told, in order. resets: times it was told to look anew."""

    def __init__(self, address, token, since=None):
        super().__init__(daemon=True)
        self.address, self.token, self.since = address, token, since
        self.events, self.resets, self.connections, self.start_at = [], 0, 0, None
        self.ready, self.ending, self.last_error = threading.Event(), False, None

    def run(self):
        asyncio.run(self.follow())

    async def follow(self):
        while not self.ending:
            try:
                await self.connection()
            except (OSError, asyncio.TimeoutError, websockets.exceptions.WebSocketException) as e:
                self.last_error = repr(e)
                await asyncio.sleep(0.05)

    async def connection(self):
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        async with websockets.connect("wss://%s/services/events" % self.address, ssl=context, open_timeout=10,
                                      extra_headers={"ElasticBox-Token": self.token}, compression=None, max_queue=None) as ws:
            hello = json.loads(await ws.recv())
            if self.since is None:
                self.since = self.start_at = hello["sequence"]
            await ws.send(json.dumps({"type": "subscribe", "kinds": KINDS, "since": self.since}))
            said = json.loads(await ws.recv())
            if said["type"] == "reset":
                self.resets += 1
                self.since = said["sequence"]
            self.connections += 1
            self.ready.set()
            while not self.ending:
                try:
                    message = json.loads(await asyncio.wait_for(ws.recv(), 0.2))
                except asyncio.TimeoutError:
                    continue
                self.events.append(message)
                self.since = message["sequence"]
