"""A house (tests/lib/house) as a Python object, and a plain client for it.

    with House("api") as h:
        h.start()
        h.set_up()
        status, headers, body = h.request("GET", "/services/appliance/status")
"""
import http.client
import json
import os
import re
import ssl
import subprocess
import time

import record

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
OUT = os.environ.get("CAM_OUT", os.path.join(TOP, "out"))
TOOL = os.path.join(TOP, "tests", "lib", "house")
EMAIL, PASSWORD = "admin@example.test", "a long enough password"


class House:
    def __init__(self, name):
        self.name = name

    def tool(self, verb, *args, check=True):
        p = subprocess.run([TOOL, verb, self.name, *args], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if check and p.returncode:
            raise RuntimeError("house %s: %s" % (verb, p.stdout.strip()))
        return p.stdout

    def start(self, *options):
        self.tool("remove", check=False)
        self.tool("start", *options)
        record.begin(os.path.join(OUT, "traffic", self.name + ".jsonl"))
        self.address = self.status()["address"]
        return self

    def status(self):
        return json.loads(self.tool("status"))

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.tool("remove", check=False)

    def service_pid(self, service):
        return self.status()["services"][service]["pid"]

    def screen(self, label, seconds=20):
        """The newest value the serial console shows behind `label: `."""
        path = os.path.join(self.status()["dir"], "serial")
        end = time.monotonic() + seconds
        while True:
            try:
                with open(path, "rb") as f:
                    found = re.findall(r"(?m)^\s*%s: *(\S.*?)\s*$" % re.escape(label), f.read().decode("utf-8", "replace"))
            except FileNotFoundError:
                found = []
            if found:
                return found[-1]
            if time.monotonic() > end:
                raise RuntimeError("%s: not on the screen within %d s" % (label, seconds))
            time.sleep(0.1)

    @staticmethod
    def context():
        c = ssl.create_default_context()
        c.check_hostname = False
        c.verify_mode = ssl.CERT_NONE
        return c

    def connection(self, timeout=20):
        return http.client.HTTPSConnection(self.address, 443, timeout=timeout, context=self.context())

    def request(self, method, path, body=None, headers=None, timeout=20, connection=None):
        """(status, headers, bytes) of one request, on a connection of its own unless one is given."""
        c = connection or self.connection(timeout)
        try:
            data = json.dumps(body).encode() if body is not None else None
            h = {"Content-Type": "application/json", "ElasticBox-Release": "4.0"} if data is not None else {}
            h.update(headers or {})
            c.request(method, path, body=data, headers=h)
            r = c.getresponse()
            answer = r.read()
            record.add(method, path, data, r.status, r.headers, answer)
            return r.status, r.headers, answer
        finally:
            if not connection:
                c.close()

    def set_up(self):
        status, _, body = self.request("POST", "/services/appliance/setup", {
            "code": self.screen("Setup code"), "email": EMAIL, "password": PASSWORD, "organization": "Test"})
        if status not in (200, 201):
            raise RuntimeError("setup: %d %s" % (status, body[:300]))

    def token(self):
        status, _, body = self.request("POST", "/services/security/token", {"email": EMAIL, "password": PASSWORD})
        if status != 200:
            raise RuntimeError("sign in: %d %s" % (status, body[:300]))
        return body.decode()
