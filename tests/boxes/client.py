"""A plain client of one user: kept-alive HTTPS, JSON both ways."""
import http.client
import json
import ssl
import time

import record

# A connection that was idle for so long, seconds, is made anew: the appliance ends those that are idle for a minute.
IDLE = 40
SCHEMA = "http://elasticbox.net/schemas/"


class Refused(Exception):
    def __init__(self, status, message):
        super().__init__("%d %s" % (status, message))
        self.status, self.message = status, message


class Client:
    def __init__(self, address, token):
        self.address, self.token, self.connection = address, token, None

    def raw(self, method, path, data=None, kind="application/json"):
        """(status, headers, bytes)"""
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        headers = {"ElasticBox-Token": self.token, "ElasticBox-Release": "4.0"}
        if data is not None:
            headers["Content-Type"] = kind
        if self.connection and time.monotonic() - self.used > IDLE:
            self.connection.close()
        if not self.connection:
            self.connection = http.client.HTTPSConnection(self.address, timeout=30, context=context)
        try:
            self.connection.request(method, path, body=data, headers=headers)
            reply = self.connection.getresponse()
        except (http.client.HTTPException, OSError):
            self.connection.close()
            self.connection = None
            raise
        answer = reply.read()
        self.used = time.monotonic()
        record.add(method, path, data, reply.status, reply.headers, answer)
        return reply.status, reply.headers, answer

    def ask(self, method, path, body=None, good=200):
        """The answer's value; a status other than `good` is Refused with the message it came with."""
        status, headers, text = self.raw(method, path, None if body is None else json.dumps(body).encode())
        if status >= 400:
            value = json.loads(text)
            assert set(value) == {"message"} and value["message"], value
            raise Refused(status, value["message"])
        assert status == good, "%s %s: %d instead of %d" % (method, path, status, good)
        if status == 204:
            assert not text
            return None
        assert headers["Content-Type"].startswith("application/json"), headers["Content-Type"]
        return json.loads(text)

    def get(self, path):
        return self.ask("GET", path)

    def put(self, path, body):
        return self.ask("PUT", path, body)

    def post(self, path, body):
        return self.ask("POST", path, body)

    def box(self, box_id):
        return self.get("/services/boxes/" + box_id)

    def save(self, box):
        return self.put("/services/boxes/" + box["id"], box)

    def new(self, name, kind="script", **members):
        return self.post("/services/boxes", dict({"schema": SCHEMA + "boxes/" + kind, "name": name}, **members))

    def version(self, box, number, comment="", **changes):
        major, minor, patch = (int(n) for n in number.split("."))
        asked = {"box": box["id"], "number": {"major": major, "minor": minor, "patch": patch}, "description": comment}
        return self.save(dict(self.box(box["id"]), version=asked, **changes))

    def versions(self, box):
        return self.get("/services/boxes/%s/versions" % box["id"])

    def upload(self, name, data):
        status, _, text = self.raw("POST", "/services/blobs/upload/" + name, data, "application/octet-stream")
        assert status == 200, (status, text)
        return json.loads(text)


def refused(status, call, *args, says="", **more):
    """The call must be refused with this status, and a message that begins like this."""
    try:
        value = call(*args, **more)
    except Refused as e:
        assert e.status == status and e.message.startswith(says), "%d %s" % (e.status, e.message)
        return e.message
    raise AssertionError("not refused: %.200s" % value)
