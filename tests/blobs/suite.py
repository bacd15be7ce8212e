"""Files in and out over HTTPS, lists as they stream, JSON at the door, in a house.

usage: run [PART OF A CASE'S NAME...]
"""
import hashlib
import json
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(os.path.dirname(HERE), "api"), os.path.join(os.path.dirname(HERE), "lib")]

import cases
from wire import Wire

UPLOAD, LIMIT = "/services/blobs/upload", 10 << 20
BOUNDARY = "AaB03x"
BOXES = 150      # of 3 kB: several chunks


def form(*parts, boundary=BOUNDARY):
    """A body of parts (name, filename or None, type or None, bytes)."""
    out = b""
    for name, filename, kind, data in parts:
        out += b"--%s\r\nContent-Disposition: form-data; name=\"%s\"" % (boundary.encode(), name.encode())
        if filename is not None:
            out += b"; filename=\"%s\"" % filename.encode()
        if kind:
            out += b"\r\nContent-Type: " + kind.encode()
        out += b"\r\n\r\n" + data + b"\r\n"
    return out + b"--%s--\r\n" % boundary.encode()


class Target:
    def __init__(self, house):
        self.house, self.address = house, house.address
        house.set_up()
        self.auth = "ElasticBox-Token: " + house.token()

    def wire(self, timeout=20):
        return Wire(self.address, timeout=timeout)

    def ask(self, method, path, body=None, *headers):
        with self.wire() as w:
            return w.ask(method, path, body, self.auth, *headers)

    def upload_form(self, data, name="file.txt", kind="text/plain"):
        return self.ask("POST", UPLOAD, form(("blob", name, kind, data)),
                        "Content-Type: multipart/form-data; boundary=" + BOUNDARY)

    def upload_raw(self, data, name="file.bin"):
        return self.ask("POST", UPLOAD + "/" + name, data, "Content-Type: application/octet-stream")

    def box(self, url, name="files"):
        """A script box with a File variable, or None when boxes refuse."""
        r = self.ask("POST", "/services/boxes", {
            "schema": "http://elasticbox.net/schemas/boxes/script", "name": name,
            "variables": [{"name": "FILE", "type": "File", "value": url, "visibility": "public", "required": False}]})
        assert r.status in (200, 201), (r.status, r.body)
        return r.json()


def good(r):
    assert r.status == 200, (r.status, r.body)
    body = r.json()
    assert set(body) == {"url", "upload_date", "length", "content_type"}, body
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}", body["upload_date"]), body
    assert re.match(r"/services/blobs/download/[0-9a-f]{24}/", body["url"]), body
    return body


# ---- cases ----

def a_form_and_back(t):
    for data in (b"", b"x", b"\r\n--" + BOUNDARY.encode() + b"\r\r\n-", bytes(range(256)) * 300, random.randbytes(1 << 20)):
        if b"\r\n--" + BOUNDARY.encode() in data:
            data = data.replace(BOUNDARY.encode(), BOUNDARY.encode()[:-1])
        body = good(t.upload_form(data))
        assert body["length"] == len(data) and body["content_type"] == "text/plain", body
        r = t.ask("GET", body["url"])
        assert r.status == 200 and r.body == data, (r.status, len(r.body), len(data))
        assert r.header("Content-Type") == ("text/plain" if data else None)
        assert r.header("ETag") == '"%s"' % hashlib.sha256(data).hexdigest()[:32]
        assert r.header("Content-Disposition").startswith("attachment") and "sandbox" in r.header("Content-Security-Policy")
        assert r.header("Elasticbox-Release") == "4.0.0"
        r = t.ask("HEAD", body["url"])
        assert r.status == 200 and r.header("Content-Length") == str(len(data))


def raw_and_back(t):
    for name, want in (("plain.bin", "plain.bin"), ("gr%C3%BC%C3%9Fe%20%25.txt", "gr%C3%BC%C3%9Fe%20%25.txt"), ("a'b\"c", None)):
        body = good(t.upload_raw(b"0123456789", name.replace('"', "%22")))
        assert want is None or body["url"].endswith("/" + want), body
        r = t.ask("GET", body["url"])
        assert r.status == 200 and r.body == b"0123456789", (r.status, r.body)
    w = t.wire()
    with w:
        w.send("POST %s/c.bin HTTP/1.1\r\nHost: x\r\n%s\r\nTransfer-Encoding: chunked\r\n\r\n" % (UPLOAD, t.auth))
        for piece in (b"abc", b"defgh"):
            w.send(b"%x\r\n%s\r\n" % (len(piece), piece))
            time.sleep(0.05)
        w.send(b"0\r\n\r\n")
        body = good(w.reply())
        assert body["length"] == 8 and body["content_type"] == "application/octet-stream"
        assert w.ask("GET", body["url"], None, t.auth).body == b"abcdefgh"


def curl_uploads(t):
    path = os.path.join(t.house.status()["dir"], "sample.txt")
    with open(path, "w") as f:
        f.write("from curl\n" * 2000)
    out = subprocess.run(["curl", "-sk", "--max-time", "20", "-H", t.auth, "-F", "blob=@%s;type=text/x-sample" % path,
                          "https://%s%s" % (t.address, UPLOAD)], stdout=subprocess.PIPE, check=True).stdout
    body = json.loads(out)
    assert body["content_type"] == "text/x-sample" and body["url"].endswith("/sample.txt"), body
    back = subprocess.run(["curl", "-sk", "--max-time", "20", "-H", t.auth, "https://%s%s" % (t.address, body["url"])],
                          stdout=subprocess.PIPE, check=True).stdout
    assert back == open(path, "rb").read()


def the_limit(t):
    whole = random.randbytes(LIMIT)
    for body in (good(t.upload_raw(whole)), good(t.upload_form(whole))):
        assert body["length"] == LIMIT
        assert hashlib.sha256(t.ask("GET", body["url"]).body).digest() == hashlib.sha256(whole).digest()
    r = t.upload_raw(whole + b"x")
    assert r.status == 413 and r.message(), r.status
    r = t.upload_form(whole + b"x")
    assert r.status == 413 and r.message(), r.status
    with t.wire() as w:
        w.send("POST %s/x HTTP/1.1\r\nHost: x\r\n%s\r\nContent-Length: %d\r\nExpect: 100-continue\r\n\r\n"
               % (UPLOAD, t.auth, LIMIT + 1))
        r = w.reply()
        assert r.status == 413 and r.message(), r.status
    with t.wire() as w:
        w.send("POST %s/x HTTP/1.1\r\nHost: x\r\n%s\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n" % (UPLOAD, t.auth))
        assert w.reply().status == 100
        w.send(b"12345")
        assert good(w.reply())["length"] == 5


def ranges(t):
    data = bytes(range(256)) * 1000
    url = good(t.upload_raw(data))["url"]
    tag = t.ask("HEAD", url).header("ETag")
    n = len(data)
    for header, first, count in (("bytes=0-0", 0, 1), ("bytes=1000-1999", 1000, 1000), ("bytes=255999-", n - 1, 1),
                                 ("bytes=-100", n - 100, 100), ("bytes=5-99999999", 5, n - 5), ("bytes=0-", 0, n)):
        r = t.ask("GET", url, None, "Range: " + header)
        assert r.status == 206 and r.body == data[first:first + count], (header, r.status, len(r.body))
        assert r.header("Content-Range") == "bytes %d-%d/%d" % (first, first + count - 1, n)
    for header in ("bytes=%d-" % n, "bytes=-0"):
        r = t.ask("GET", url, None, "Range: " + header)
        assert r.status == 416 and r.message() and r.header("Content-Range") == "bytes */%d" % n, (header, r.status)
    for header in ("bytes=0-1,5-6", "bytes=9-2", "lines=0-1", "bytes=x"):
        r = t.ask("GET", url, None, "Range: " + header)
        assert r.status == 200 and r.body == data, (header, r.status)
    r = t.ask("GET", url, None, "Range: bytes=0-0", 'If-Range: "other"')
    assert r.status == 200 and len(r.body) == n
    r = t.ask("GET", url, None, "Range: bytes=0-0", "If-Range: " + tag)
    assert r.status == 206
    for header in (tag, "*", '"x", W/' + tag):
        r = t.ask("GET", url, None, "If-None-Match: " + header)
        assert r.status == 304 and not r.body and r.header("ETag") == tag, (header, r.status)
    assert t.ask("GET", url, None, 'If-None-Match: "other"').status == 200


def bad_forms(t):
    multipart = "Content-Type: multipart/form-data; boundary=" + BOUNDARY
    ok = form(("blob", "a", None, b"x"))
    for what, body, kind, status in (
            ("no part named blob", form(("file", "a", None, b"x")), multipart, 400),
            ("two of them", form(("blob", "a", None, b"x"), ("blob", "b", None, b"y")), multipart, 400),
            ("no end", ok[:-6], multipart, 400), ("another boundary", ok, multipart + "y", 400),
            ("a preamble", b"hello\r\n" + ok, multipart, 400), ("an epilogue", ok + b"hello", multipart, 400),
            ("base64", ok.replace(b"\"a\"", b"\"a\"\r\nContent-Transfer-Encoding: base64"), multipart, 400),
            ("no boundary", ok, "Content-Type: multipart/form-data", 415),
            ("JSON", b"{}", "Content-Type: application/json", 415), ("empty", b"", multipart, 400)):
        r = t.ask("POST", UPLOAD, body, kind)
        assert r.status == status and r.message(), (what, r.status, r.body)
    good(t.ask("POST", UPLOAD, form(("note", None, None, b"ignored"), ("blob", "a", None, b"x"), ("z", None, None, b"")), multipart))
    with t.wire() as w:
        r = w.ask("POST", UPLOAD, ok, multipart)
        assert r.status == 401 and r.message()
    with t.wire() as w:
        r = w.ask("POST", UPLOAD, ok, multipart, "ElasticBox-Token: nonsense")
        assert r.status == 401 and r.message()
    with t.wire() as w:
        r = w.ask("PUT", UPLOAD, ok, multipart, t.auth)
        assert r.status == 405
        r = w.ask("POST", UPLOAD + "/x", None, t.auth)
        assert r.status in (411, 200), r.status


def names_of_files(t):
    for name, want in (("C:\\dir\\a.txt", "a.txt"), ("../../etc/passwd", "passwd"), ("..", "blob"), ("", "blob"), ("a;b.txt", "a%3Bb.txt")):
        body = good(t.upload_form(b"x", name))
        assert body["url"].endswith("/" + want), (name, body["url"])
        assert t.ask("GET", body["url"]).status == 200
    body = good(t.upload_form(b"<script>alert(1)</script>", "page.html", "text/html"))
    r = t.ask("GET", body["url"])
    assert r.header("X-Content-Type-Options") == "nosniff" and r.header("Content-Disposition").startswith("attachment")
    body = good(t.upload_form(b"x", "a", "text/html\"; x"))
    assert "\"" not in body["content_type"]


def who_may_read(t):
    url = good(t.upload_raw(b"secret"))["url"]
    with t.wire() as w:
        r = w.ask("GET", url)
        assert r.status == 401 and r.message()
        wrong = [url[:-1] + "x", url.replace("/download/", "/download/0"), "/services/blobs/download/%s/file.bin" % ("0" * 24)]
        bodies = {w.ask("GET", u, None, t.auth).body for u in wrong}
        assert len(bodies) == 1, bodies
        assert w.ask("GET", url + "?credential=i-abcdef." + "A" * 43).status == 404
        assert w.ask("GET", url + "?credential=x").status == 404


def credential_of_an_instance(t):
    """In the machine: no header, only the address."""
    url = good(t.upload_raw(b"for the machine"))["url"]
    other = good(t.upload_raw(b"not for the machine"))["url"]
    box = t.box(url, "credential")
    instance = deploy(t, box)
    blob = url.split("/")[4]
    r = t.ask("POST", "/services/blobs/credential", {"blob": blob, "instance": instance})
    assert r.status == 200, (r.status, r.body)
    address = r.json()["url"]
    credential = address.split("?", 1)[1]
    with t.wire() as w:
        r = w.ask("GET", address)
        assert r.status == 200 and r.body == b"for the machine", r.status
        assert w.ask("GET", other + "?" + credential).status == 404, "another file"
        assert w.ask("GET", address[:-1] + ("A" if address[-1] != "A" else "B")).status == 404, "a changed credential"
        r = w.ask("POST", "/services/blobs/credential", {"blob": other.split("/")[4], "instance": instance}, t.auth)
        assert r.status == 404, "a file the instance does not name"
        r = w.ask("POST", "/services/blobs/credential", {"blob": blob, "instance": "i-000000"}, t.auth)
        assert r.status == 404


def deploy(t, box):
    """An instance of the box with the Test Provider."""
    r = t.ask("POST", "/services/providers", {"schema": "http://elasticbox.net/schemas/test/provider", "type": "Test Provider",
                                              "name": "test-" + box["name"]})
    assert r.status in (200, 201, 202), (r.status, r.body)
    provider = r.json()
    r = t.ask("POST", "/services/boxes", {
        "schema": "http://elasticbox.net/schemas/boxes/policy", "name": "policy-" + box["name"], "provider_id": provider["id"],
        "claims": [], "profile": {
            "schema": "http://elasticbox.net/schemas/test/compute/profile", "image": "test", "instances": 1,
            "keypair": "test_keypair", "location": "Simulated Location", "flavor": "test.micro"}})
    assert r.status in (200, 201), (r.status, r.body)
    policy = r.json()
    r = t.ask("POST", "/services/instances", {
        "schema": "http://elasticbox.net/schemas/deploy-instance-request", "name": "machine", "automatic_updates": "off",
        "box": {"id": box["id"], "variables": []}, "policy_box": {"id": policy["id"], "variables": []}, "instance_tags": []})
    assert r.status in (200, 202), (r.status, r.body)
    return r.json()["id"]


def lists_stream(t):
    with t.wire() as w:
        for i in range(BOXES):
            r = w.ask("POST", "/services/boxes", {
                "schema": "http://elasticbox.net/schemas/boxes/script", "name": "box%d" % i, "description": "x" * 2000,
                "variables": []}, t.auth)
            assert r.status in (200, 201), (r.status, r.body)
        w.send("GET /services/boxes HTTP/1.1\r\nHost: x\r\n%s\r\n\r\n" % t.auth)
        status, headers, text = chunked(w)
        found = [b["name"] for b in json.loads(text) if b["name"].startswith("box")]
        assert status == 200 and len(found) == BOXES == len(set(found)), (status, len(found), len(text))
        assert headers["transfer-encoding"] == "chunked" and "content-length" not in headers
        assert headers["content-type"] == "application/json"
        # HEAD, and the connection goes on
        w.send("HEAD /services/boxes HTTP/1.1\r\nHost: x\r\n%s\r\n\r\n" % t.auth)
        assert w.line().startswith("HTTP/1.1 200")
        while w.line():
            pass
        assert w.ask("GET", "/services/appliance/status").status == 200
        # errors of a list are whole replies
        r = w.ask("GET", "/services/boxes", None, "ElasticBox-Token: nonsense")
        assert r.status == 401 and r.message()
        w.send("GET /services/boxes HTTP/1.0\r\nHost: x\r\n%s\r\n\r\n" % t.auth)
        assert w.line().startswith("HTTP/1.1 200")
        headers = head(w)
        assert "transfer-encoding" not in headers and headers["connection"] == "close"
        while w.more():
            pass
        assert len(json.loads(w.left)) >= BOXES


def head(w):
    headers = {}
    while True:
        line = w.line()
        if not line:
            return headers
        name, value = line.split(":", 1)
        headers[name.lower()] = value.strip()


def chunked(w):
    status = int(w.line().split(" ")[1])
    headers, text = head(w), b""
    while True:
        size = int(w.line(), 16)
        while len(w.left) < size + 2:
            assert w.more(), "the connection ended in a chunk"
        text, w.left = text + w.left[:size], w.left[size:]
        assert w.left[:2] == b"\r\n"
        w.left = w.left[2:]
        if not size:
            return status, headers, text


def a_slow_reader_holds_nothing_up(t):
    import socket
    slow = [t.wire(60) for _ in range(20)]
    try:
        for w in slow:
            w.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            w.send("GET /services/boxes HTTP/1.1\r\nHost: x\r\n%s\r\n\r\n" % t.auth)
        times = []
        for n in range(20):
            for w in slow:
                w.socket.recv(1)
            began = time.monotonic()
            assert t.ask("POST", "/services/boxes", {
                "schema": "http://elasticbox.net/schemas/boxes/script", "name": "slow%d" % n, "variables": []}).status in (200, 201)
            times.append(time.monotonic() - began)
            time.sleep(0.05)
        times.sort()
        assert times[len(times) // 2] < 0.5, "a write takes %.2f s" % times[len(times) // 2]
    finally:
        for w in slow:
            w.close()


def strict_json(t):
    """4xx with a message, and nothing has changed."""
    before = t.ask("GET", "/services/appliance/settings").json()["hostname"]
    deep = b'{"x":' + b"[" * 10000 + b"]" * 10000 + b"}"
    for what, body in (("duplicate", b'{"hostname":"a.test","hostname":"b.test"}'),
                       ("escaped duplicate", b'{"hostname":"a.test","\\u0068ostname":"b.test"}'),
                       ("duplicate inside", b'{"hostname":"a.test","x":{"y":1,"y":2}}'), ("deep", deep),
                       ("65 levels", b'{"x":' + b"[" * 64 + b"]" * 64 + b"}"),
                       ("large number", b'{"hostname":"a.test","x":1e999}'),
                       ("large integer", b'{"hostname":"a.test","x":123456789012345678901234567890}'),
                       ("not UTF-8", b'{"hostname":"\xff\xfe"}'), ("a lone surrogate", b'{"hostname":"\\ud800"}'),
                       ("truncated", b'{"hostname":"a.te'), ("an array", b"[]"), ("a text", b'"x"'), ("nothing", b" "),
                       ("two", b"{} {}"), ("NaN", b'{"x":NaN}'), ("a comment", b'{/**/}'), ("a trailing comma", b'{"x":1,}'),
                       ("a NUL", b'{"hostname":"a\x00"}'), ("a BOM", b'\xef\xbb\xbf{"hostname":"a.test"}')):
        r = t.ask("POST", "/services/appliance/settings", body, "Content-Type: application/json")
        assert 400 <= r.status < 500 and r.message(), (what, r.status, r.body)
    r = t.ask("POST", "/services/appliance/settings", b'{"hostname":"a.test"}', "Content-Type: text/plain")
    assert r.status == 415 and r.message()
    with t.wire() as w:
        w.send("POST /services/appliance/settings HTTP/1.1\r\nHost: x\r\n%s\r\nContent-Type: application/json\r\n"
               "Content-Length: 104857600\r\n\r\n" % t.auth)
        r = w.reply()
        assert r.status == 413 and r.message()
    with t.wire() as w:
        w.send("POST /services/appliance/settings HTTP/1.1\r\nHost: x\r\n%s\r\nContent-Type: application/json\r\n"
               "Content-Length: 30\r\n\r\n{\"hostname\":" % t.auth)
        w.socket.close()
    assert t.ask("GET", "/services/appliance/settings").json()["hostname"] == before


def interrupted_uploads_leave_nothing(t):
    base = objects(t)
    for n in range(30):
        w = t.wire()
        w.send("POST %s/x HTTP/1.1\r\nHost: x\r\n%s\r\nContent-Length: 100000\r\n\r\n" % (UPLOAD, t.auth))
        w.send(b"interrupted %d" % n * 1000)
        w.close()
    end = time.monotonic() + 5
    while open_uploads(t) and time.monotonic() < end:
        time.sleep(0.1)
    assert not open_uploads(t), "store keeps %d uploads nobody will end" % open_uploads(t)
    assert objects(t) == base


def objects(t):
    found = set()
    top = os.path.join(t.house.status()["data"], "store", "objects")
    for shard in os.listdir(top):
        for name in os.listdir(os.path.join(top, shard)):
            found.add(shard + name)
    return found


def open_uploads(t):
    """Unnamed files that store holds."""
    pid, n = t.house.service_pid("store"), 0
    for fd in os.listdir("/proc/%d/fd" % pid):
        try:
            n += "(deleted)" in os.readlink("/proc/%d/fd/%s" % (pid, fd))
        except FileNotFoundError:
            pass
    return n


def killed_in_the_middle(t):
    """kill -9 of api, store and core under uploads: what was acknowledged is whole, and every object is what its name says."""
    rounds = 20 if os.environ.get("CAM_SOAK") else 2
    acknowledged, stop, lock = {}, threading.Event(), threading.Lock()

    def work(seed):
        rng = random.Random(seed)
        while not stop.is_set():
            data = rng.randbytes(rng.choice((10, 5000, 300000)))
            try:
                r = t.upload_raw(data) if rng.random() < .5 else t.upload_form(data)
                if r.status == 200:
                    with lock:
                        acknowledged[r.json()["url"]] = hashlib.sha256(data).hexdigest()
                else:
                    assert r.status in (500, 503), r.status
            except (OSError, EOFError):
                time.sleep(0.02)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for x in threads:
        x.start()
    try:
        for _ in range(rounds):
            for room in ("store", "core", "api"):
                time.sleep(0.7)
                os.kill(t.house.service_pid(room), signal.SIGKILL)
                time.sleep(1)
    finally:
        time.sleep(1)
        stop.set()
        for x in threads:
            x.join()
    assert len(acknowledged) > 10, "only %d uploads were acknowledged" % len(acknowledged)
    end = time.monotonic() + 20
    while t.ask("GET", "/services/appliance/status").status != 200 and time.monotonic() < end:
        time.sleep(0.2)
    with t.wire() as w:
        for url, digest in acknowledged.items():
            r = w.ask("GET", url, None, t.auth)
            assert r.status == 200 and hashlib.sha256(r.body).hexdigest() == digest, (url, r.status)
    top = os.path.join(t.house.status()["data"], "store", "objects")
    for name in objects(t):
        with open(os.path.join(top, name[:2], name[2:]), "rb") as f:
            assert hashlib.sha256(f.read()).hexdigest() == name, name
    print("%d uploads acknowledged, all there" % len(acknowledged))


CASES = [a_form_and_back, raw_and_back, curl_uploads, the_limit, ranges, bad_forms, names_of_files, who_may_read,
         credential_of_an_instance, strict_json, lists_stream, a_slow_reader_holds_nothing_up,
         interrupted_uploads_leave_nothing, killed_in_the_middle]


if __name__ == "__main__":
    sys.exit(cases.main("blobs", CASES, Target))
