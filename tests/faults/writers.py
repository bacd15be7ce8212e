"""Clients that write without pause and remember what was acknowledged.

A write ends in one of three ways: acknowledged (2xx), refused or cut (its outcome is unknown until one looks), or with an
answer that has no place here, which is a failure of its own.
"""
import http.client
import json
import os
import random
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(os.path.dirname(HERE), d) for d in ("clients", "lib")]
from transport import Transport  # noqa: E402
from world import script_box  # noqa: E402

# Seconds for one answer: longer than core has for one.
PATIENCE = 20
# Boxes a writer has at a time; older ones are deleted.
BOXES_KEPT = 8
TOKENS_KEPT = 3
# Seconds between two writes of one writer: a round must not be longer than the tail of events that the appliance keeps.
BREATH = 0.03


class Unknown(Exception):
    """Nobody said how it went."""


class Ledger:
    """What all writers know, under one lock."""

    def __init__(self):
        self.lock = threading.Lock()
        self.acknowledged = self.unknown = 0
        self.strange = []
        self.made = {}          # kind -> {name: id} acknowledged
        self.tried = {}         # kind -> {names} whose making is unknown
        self.put = {}           # box id -> [number of the last acknowledged change, numbers of unknown ones since]
        self.puts = {}          # box id -> acknowledged changes, all attempts
        self.deleted = set()    # box ids whose deletion was acknowledged
        self.maybe_deleted = set()
        self.contents = {}      # blob url -> bytes
        self.tokens, self.revoked, self.maybe_revoked = {}, {}, set()

    def count(self):
        with self.lock:
            return self.acknowledged + self.unknown


class Writer(threading.Thread):
    kind = None

    def __init__(self, number, address, token, world, ledger):
        super().__init__(daemon=True)
        self.name = "%s%d" % (self.kind, number)
        self.address, self.token, self.world, self.ledger = address, token, world, ledger
        self.http, self.n, self.ending = None, 0, False
        self.random = random.Random("%s %s" % (self.name, os.environ.get("CAM_SEED", "1")))
        self.trouble = None

    def ask(self, method, path, body=None, headers=None, token=None):
        """The parsed body of an acknowledged write."""
        h = {"ElasticBox-Token": token or self.token, "ElasticBox-Release": "4.0"}
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
            h["Content-Type"] = "application/json"
        h.update(headers or {})
        try:
            if not self.http:
                self.http = Transport(self.address, PATIENCE)
            status, _, data = self.http.ask(method, path, body, h)
        except (OSError, http.client.HTTPException):
            self.http = None
            with self.ledger.lock:
                self.ledger.unknown += 1
            time.sleep(0.02)
            raise Unknown from None
        with self.ledger.lock:
            if 200 <= status < 300:
                self.ledger.acknowledged += 1
            else:
                self.ledger.unknown += 1
                if status != 503:
                    self.ledger.strange.append("%s %s: %d %.120r" % (method, path, status, data))
        if not 200 <= status < 300:
            time.sleep(0.02)
            raise Unknown
        return json.loads(data) if data[:1] in (b"{", b"[") else data

    def fresh(self):
        self.n += 1
        return "%s-%d" % (self.name, self.n)

    def make(self, kind, name, *request, **more):
        """Makes a thing of a name nobody else uses."""
        try:
            value = self.ask(*request, **more)
        except Unknown:
            with self.ledger.lock:
                self.ledger.tried.setdefault(kind, set()).add(name)
            raise
        with self.ledger.lock:
            self.ledger.made.setdefault(kind, {})[name] = value.get("id")
        return value

    def run(self):
        try:
            while not self.ending:
                try:
                    self.one()
                except Unknown:
                    pass
                time.sleep(BREATH * 2 * self.random.random())
        except Exception as e:  # shown by the suite: a writer that ended early proves nothing
            self.trouble = repr(e)


class Boxes(Writer):
    kind = "boxes"

    def __init__(self, *a):
        super().__init__(*a)
        self.mine, self.change = [], 0

    def one(self):
        if len(self.mine) > BOXES_KEPT:
            self.delete(self.mine.pop(0))
        elif self.mine and self.random.random() < 0.6:
            self.edit(self.random.choice(self.mine))
        else:
            name = self.fresh()
            box = self.make("box", name, "POST", "/services/boxes", script_box(name, self.world.place))
            with self.ledger.lock:
                self.ledger.put[box["id"]] = [0, []]
                self.ledger.puts[box["id"]] = [0, 0]
            self.mine.append(box)

    def edit(self, box):
        id, ledger = box["id"], self.ledger
        self.change += 1
        number = self.change
        with ledger.lock:
            ledger.puts[id][1] += 1
            ledger.put[id][1].append(number)
        self.ask("PUT", "/services/boxes/" + id, dict(box, description="change %d" % number))
        with ledger.lock:
            ledger.put[id] = [number, []]
            ledger.puts[id][0] += 1

    def delete(self, box):
        with self.ledger.lock:
            self.ledger.maybe_deleted.add(box["id"])
        self.ask("DELETE", "/services/boxes/" + box["id"])
        with self.ledger.lock:
            self.ledger.deleted.add(box["id"])


class Instances(Writer):
    kind = "instances"

    def one(self):
        name, w = self.fresh(), self.world
        self.make("instance", name, "POST", "/services/instances", {
            "schema": "http://elasticbox.net/schemas/deploy-instance-request", "name": name, "owner": w.place,
            "automatic_updates": "off", "instance_tags": [name], "box": {"id": w.box["id"], "variables": []},
            "policy_box": {"id": w.policy["id"]}})


class Blobs(Writer):
    kind = "blobs"

    def one(self):
        name = self.fresh()
        content = (name + "\n").encode() * self.random.choice((1, 40, 3000))
        value = self.make("blob", name, "POST", "/services/blobs/upload/" + name, content,
                          headers={"Content-Type": "application/octet-stream"})
        with self.ledger.lock:
            self.ledger.contents[value["url"]] = content


class Tokens(Writer):
    kind = "tokens"

    def __init__(self, *a):
        super().__init__(*a)
        self.mine = []

    def one(self):
        if len(self.mine) > TOKENS_KEPT:
            name, id, value = self.mine.pop(0)
            with self.ledger.lock:
                self.ledger.maybe_revoked.add(name)
            self.ask("DELETE", "/services/tokens/" + id)
            with self.ledger.lock:
                self.ledger.revoked[name] = value
                del self.ledger.tokens[name]
            return
        name = self.fresh()
        made = self.make("token", name, "POST", "/services/tokens", {"description": name})
        with self.ledger.lock:
            self.ledger.tokens[name] = made["value"]
        self.mine.append((name, made["id"], made["value"]))


KINDS = [Boxes, Boxes, Boxes, Instances, Instances, Blobs, Blobs, Tokens]
