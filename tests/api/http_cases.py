"""The protocol: heads, bodies, errors, limits, deadlines."""
import gzip
import os
import random
import re
import subprocess
import tempfile
import threading
import time

from wire import Wire

TOKEN = "/services/security/token"
STATUS = "/services/appliance/status"
COMMON = {
    "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
}


def check_common(r):
    for name, value in COMMON.items():
        assert r.header(name) == value, (name, r.header(name))
    assert r.header("Strict-Transport-Security").startswith("max-age=")
    policy = r.header("Content-Security-Policy")
    assert policy.startswith("default-src 'none'") and "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy and "*" not in policy, policy
    assert r.header("Date").endswith(" GMT")


def status_is_served(t):
    with t.wire() as w:
        r = w.ask("GET", STATUS)
        assert r.status == 200 and r.header("Content-Type") == "application/json"
        assert r.header("Elasticbox-Release") == "4.0.0" and r.header("Cache-Control") == "no-store"
        check_common(r)
        assert isinstance(r.json()["setup"], bool) and r.json()["version"]
        head = w.ask("HEAD", STATUS)
        assert head.status == 200 and int(head.header("Content-Length")) > 0
        assert w.ask("GET", STATUS + "?cache=%20buster&x").status == 200


def authority_and_revocation_list_are_for_everybody(t):
    with t.wire() as w:
        status = w.ask("GET", STATUS).json()
        ca = w.ask("GET", "/services/appliance/ca")
        assert ca.status == 200 and ca.header("Content-Type") == "application/x-pem-file"
        assert ca.header("Content-Disposition") == 'attachment; filename="cam-%s-ca.pem"' % status["id"]
        assert ca.body.startswith(b"-----BEGIN CERTIFICATE-----\n") and ca.body.endswith(b"-----END CERTIFICATE-----\n")
        crl = w.ask("GET", "/services/appliance/crl")
        assert crl.status == 200 and crl.header("Content-Type") == "application/pkix-crl"
        assert crl.header("Content-Disposition") == 'attachment; filename="cam-%s.crl"' % status["id"]
        assert crl.body[0] == 0x30
        for r in (ca, crl):
            check_common(r)
            assert int(r.header("Content-Length")) == len(r.body)
        head = w.ask("HEAD", "/services/appliance/crl")
        assert head.status == 200 and int(head.header("Content-Length")) == len(crl.body)
        assert w.ask("POST", "/services/appliance/ca", b"{}").status == 405
    with tempfile.TemporaryDirectory() as d:
        ca_path, crl_path = os.path.join(d, "ca"), os.path.join(d, "crl")
        for path, data in ((ca_path, ca.body), (crl_path, crl.body)):
            with open(path, "wb") as f:
                f.write(data)
        # with the authority alone, and with its list, the house is who it says
        got = subprocess.run(["curl", "--silent", "--show-error", "--fail", "--cacert", ca_path, "https://%s%s" % (t.address, STATUS)],
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        assert got.returncode == 0, got.stdout
        got = subprocess.run(["openssl", "crl", "-inform", "DER", "-in", crl_path, "-CAfile", ca_path, "-out", crl_path + ".pem"],
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        assert got.returncode == 0 and b"verify OK" in got.stdout, got.stdout
        got = subprocess.run(["curl", "--silent", "--show-error", "--fail", "--cacert", ca_path, "--crlfile", crl_path + ".pem",
                              "https://%s%s" % (t.address, STATUS)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        assert got.returncode == 0, got.stdout


def page_names(text):
    """Addresses of scripts, styles and pictures that a page names, by their ending."""
    found = re.findall(r'(?:src|href)="(/[^"]*\.(js|css|svg))"', text)
    return {kind: path for path, kind in found}


BROWSER = "Accept: text/html"	# who names neither itself nor what it takes is no browser (docs/api.md)


def pages_are_served(t):
    with t.wire() as w:
        r = w.ask("GET", "/", None, BROWSER)
        assert r.status == 200 and r.header("Content-Type") == "text/html; charset=utf-8"
        check_common(r)
        assert r.header("Elasticbox-Release") is None
        text = r.body.decode()
        assert "<script>" not in text and " style=" not in text and "<style" not in text and " onclick" not in text
        names = page_names(text)
        for ending, kind in (("js", "text/javascript; charset=utf-8"), ("css", "text/css; charset=utf-8"), ("svg", "image/svg+xml")):
            f = w.ask("GET", names[ending])
            assert f.status == 200 and f.header("Content-Type") == kind and f.body and f.header("Content-Encoding") is None
            # the only addresses are the names of schemas and of SVG, and examples (RFC 2606) in forms; nothing is fetched from elsewhere
            for address in re.findall(r"https?://[\w.-]+", f.body.decode()):
                assert address in ("http://www.w3.org", "http://elasticbox.net") or address.endswith(".example.com"), address
            if ending != "svg":
                assert f.header("Cache-Control") == "public, max-age=31536000, immutable", f.header("Cache-Control")
                assert f.header("Vary") == "Accept-Encoding"
                packed = w.ask("GET", names[ending], None, "Accept-Encoding: br, gzip;q=0.8")
                assert packed.header("Content-Encoding") == "gzip" and packed.header("Content-Type") == kind
                assert gzip.decompress(packed.body) == f.body and len(packed.body) < len(f.body) / 2
                assert packed.header("ETag") != f.header("ETag") and packed.header("Vary") == "Accept-Encoding"
                same = w.ask("GET", names[ending], None, "Accept-Encoding: gzip", "If-None-Match: %s" % packed.header("ETag"))
                assert same.status == 304
                assert w.ask("GET", names[ending], None, "Accept-Encoding: gzip;q=0").body == f.body
                assert w.ask("GET", names[ending] + ".gz").status == 404
        tag = r.header("ETag")
        assert tag and r.header("Cache-Control") == "no-cache"
        same = w.ask("GET", "/index.html", None, 'If-None-Match: "x", W/%s' % tag)
        assert same.status == 304 and same.header("ETag") == tag
        assert w.ask("GET", "/", None, BROWSER, 'If-None-Match: "other"').status == 200
        head = w.ask("HEAD", "/", None, BROWSER)
        assert head.status == 200 and int(head.header("Content-Length")) == len(r.body)


def unknown_things_are_json_errors(t):
    with t.wire() as w:
        for path in ("/nothing", "/services/nothing", "/services", "/services/", "/favicon.ico", "/icon.svg/", "/index.html.gz", "/.git/config"):
            r = w.ask("GET", path)
            assert r.status == 404, (path, r.status)
            assert r.message()
            check_common(r)
        r = w.ask("DELETE", TOKEN)
        assert r.status == 405 and r.header("Allow") == "POST" and r.message()
        r = w.ask("POST", "/", "")
        assert r.status == 405 and r.header("Allow") == "GET, HEAD" and r.message()
        r = w.ask("BREW", STATUS)
        assert r.status == 405 and r.header("Allow") == "GET, HEAD" and r.message()
        for path in ("/%2e%2e/%2e%2e/etc/passwd", "/../../etc/passwd", "/..%2f..%2fetc/passwd", "/a%00b", "/%ff"):
            r = w.ask("GET", path)
            assert r.status in (400, 404) and r.message(), path
        assert w.ask("GET", STATUS).status == 200


def connections_are_kept(t):
    with t.wire() as w:
        for _ in range(50):
            assert w.ask("GET", STATUS).header("Connection") == "keep-alive"
        w.send(("GET %s HTTP/1.1\r\nHost: a\r\n\r\n" % STATUS + "GET /icon.svg HTTP/1.1\r\nHost: a\r\n\r\n") * 40)
        for _ in range(40):
            assert w.reply().header("Content-Type") == "application/json"
            assert w.reply().header("Content-Type") == "image/svg+xml"
        w.send("\r\n")      # after a body some clients send one line too many
        r = w.ask("GET", STATUS, None, "Connection: close")
        assert r.status == 200 and r.header("Connection") == "close"
        assert w.ended()
    with t.wire() as w:
        r = w.ask("GET", STATUS, version="1.0")
        assert r.status == 200 and r.header("Connection") == "close" and w.ended()


def target_forms(t):
    with t.wire() as w:
        assert w.ask("GET", "https://elsewhere.example:9" + STATUS).status == 200
        assert w.ask("GET", "/services/./appliance/x/../status").status == 200
        assert w.ask("GET", "/services/%61ppliance/status").status == 200


# What is sent, and the status of the refusal; the connection must end after it.
MALFORMED = [
    ("no host", "GET / HTTP/1.1\r\n\r\n", 400),
    ("two hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
    ("bare line feeds", "GET / HTTP/1.1\nHost: a\n\n", 400),
    ("NUL in the path", "GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    ("NUL in a header", "GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n", 400),
    ("NUL in a name", "GET / HTTP/1.1\r\nHost: a\r\nX\0: a\r\n\r\n", 400),
    ("folded header", "GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n", 400),
    ("two lengths", "POST %s HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}" % TOKEN, 400),
    ("length list", "POST %s HTTP/1.1\r\nHost: a\r\nContent-Length: 2, 2\r\n\r\n{}" % TOKEN, 400),
    ("negative length", "POST %s HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n" % TOKEN, 400),
    ("length and chunked",
     "POST %s HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" % TOKEN, 400),
    ("unknown coding", "POST %s HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n" % TOKEN, 501),
    ("chunked in 1.0", "POST %s HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" % TOKEN, 400),
    ("bad chunk", "POST %s HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
     "Transfer-Encoding: chunked\r\n\r\nzz\r\n" % TOKEN, 400),
    ("unknown expectation", "POST %s HTTP/1.1\r\nHost: a\r\nExpect: magic\r\nContent-Length: 2\r\n\r\n" % TOKEN, 417),
    ("version 2", "GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505),
    ("no version", "GET /\r\n\r\n", 400),
    ("nonsense", "\x16\x03\x01 hello\r\n\r\n", 400),
    ("long target", "GET /%s HTTP/1.1\r\nHost: a\r\n\r\n" % ("a" * 41000), 414),
    ("endless target", "GET /" + "a" * 50000, 414),
    ("large head", "GET / HTTP/1.1\r\nHost: a\r\n" + "X: %s\r\n" % ("a" * 1000) * 55, 431),
    ("many headers", "GET / HTTP/1.1\r\nHost: a\r\n" + "X: a\r\n" * 70 + "\r\n", 431),
]


def malformed_heads_are_refused(t):
    for what, data, status in MALFORMED:
        with t.wire() as w:
            w.send(data)
            r = w.reply()
            assert r.status == status, "%s: %d instead of %d" % (what, r.status, status)
            assert r.message() and r.header("Connection") == "close", what
            assert w.ended(), "%s: the connection goes on" % what


def bodies(t):
    good = '{"email":"nobody@example.test","password":"not the password"}'
    kind = "Content-Type: application/json"
    with t.wire() as w:
        r = w.ask("POST", TOKEN, '{"email": "a", nonsense}', kind)
        assert r.status == 400 and "byte 15" in r.message(), r.message()
        r = w.ask("POST", TOKEN, '{"email": "a', kind)
        assert r.status == 400 and "JSON" in r.message()
        r = w.ask("POST", TOKEN, b'{"email": "\xff"}', kind)
        assert r.status == 400 and "JSON" in r.message()
        for text in ("[]", '"x"', "12", "null"):
            assert w.ask("POST", TOKEN, text, kind).status == 400
        r = w.ask("POST", TOKEN, '{"email":' + "[" * 3000 + "]" * 3000 + "}", kind)
        assert r.status == 400 and r.message()
        r = w.ask("POST", TOKEN, '{"email":"a","email":"b","password":"c"}', kind)
        assert r.status == 400 and r.message()
        r = w.ask("POST", TOKEN, "", kind)
        assert r.status == 400 and r.message()
        for odd in ("Content-Type: text/plain", "Content-Type: application/x-www-form-urlencoded",
                    "Content-Type: application/json; charset=utf-16", "X-No: type"):
            r = w.ask("POST", TOKEN, good, odd)
            assert r.status == 415 and r.message(), odd
        r = w.ask("POST", TOKEN, good, "Content-Type: application/json; charset=UTF-8")
        assert r.status in (401, 409, 403, 429), r.status
        # chunked, in odd pieces, with an extension and a trailer
        w.send("POST %s HTTP/1.1\r\nHost: a\r\n%s\r\nTransfer-Encoding: chunked\r\n\r\n" % (TOKEN, kind))
        w.send("5;x=y\r\n" + good[:5] + "\r\n%x\r\n" % (len(good) - 5) + good[5:] + "\r\n0\r\nX: y\r\n\r\n")
        assert w.reply().status in (401, 409, 403, 429)
        # a body that is refused is read to its end, and the connection goes on
        r = w.ask("POST", "/services/nothing", "x" * 60000, "Content-Type: text/plain")
        assert r.status == 404 and r.header("Connection") == "keep-alive"
        # Expect
        w.send("POST %s HTTP/1.1\r\nHost: a\r\n%s\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n"
               % (TOKEN, kind, len(good)))
        assert w.reply().status == 100
        w.send(good)
        assert w.reply().status in (401, 409, 403, 429)
        w.send("POST %s HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n%s\r\nContent-Length: 99999999\r\n\r\n" % (TOKEN, kind))
        r = w.reply()
        assert r.status == 413 and r.message() and w.ended()


def large_bodies_are_refused(t):
    with t.wire() as w:
        w.send("POST %s HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 500000\r\n\r\n" % TOKEN)
        w.send(b"x" * 500000)
        r = w.reply()
        assert r.status == 413 and "8192" in r.message() and r.header("Connection") == "close"
    with t.wire() as w:
        w.send("POST %s HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n" % TOKEN)
        try:
            for _ in range(20):
                w.send(b"1000\r\n" + b"x" * 4096 + b"\r\n")
        except OSError:
            pass
        assert w.reply().status == 413


def garbage_is_survived(t):
    rng = random.Random(7)
    seeds = [d for _, d, _ in MALFORMED if len(d) < 2000] + ["GET / HTTP/1.1\r\nHost: a\r\nCookie: a=b\r\n\r\n"]
    for _ in range(120):
        data = bytearray(rng.choice(seeds).encode("latin-1"))
        for _ in range(rng.randrange(1, 8)):
            data[rng.randrange(len(data))] = rng.choice(b"\0\r\n :;,%\xff/GH1\t")
        with t.wire() as w:
            w.send(bytes(data) + b"\r\n\r\n")
            w.socket.settimeout(2)
            try:
                status = w.reply().status
                assert status < 500 or status in (501, 505), (status, data)
            except (EOFError, TimeoutError):
                pass    # it waits for a body that the mutation announced
    with t.wire() as w:
        assert w.ask("GET", STATUS).status == 200


def many_connections(t):
    idle = [(t.wire(), time.monotonic()) for _ in range(200)]
    try:
        began = time.monotonic()
        with t.wire() as w:
            assert w.ask("GET", STATUS).status == 200
        assert time.monotonic() - began < 2
        asked = 0
        for w, since in idle[::-10]:
            if time.monotonic() - since < 50:   # a busy machine takes its time; after a minute idle ones end
                assert w.ask("GET", STATUS).status == 200
                asked += 1
        assert asked
    finally:
        for w, _ in idle:
            w.close()


class Deadlines:
    """Slow clients, tried beside the other cases because each waits for its deadline."""

    CASES = [
        ("head", "GET / HTTP/1.1\r\nHost: a\r\n", "X-Slow: 1\r\n", 408, 9, 13),
        ("body", "POST %s HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 5000\r\n\r\n" % TOKEN,
         " ", 408, 14, 19),
    ]

    def __init__(self, t):
        self.t, self.failures, self.threads = t, [], []
        for case in self.CASES:
            thread = threading.Thread(target=self.run, args=(case,))
            thread.start()
            self.threads.append(thread)

    def run(self, case):
        name, first, again, status, low, high = case
        try:
            with self.t.wire(timeout=1) as w:
                began = time.monotonic()
                w.send(first)
                while True:
                    try:
                        w.more()
                        break
                    except TimeoutError:
                        w.send(again)
                        assert time.monotonic() - began < high + 5, "never refused"
                w.socket.settimeout(5)
                r = w.reply()
                took = time.monotonic() - began
                assert r.status == status and r.message(), r.status
                assert low <= took <= high, "after %.1f s" % took
        except Exception as e:      # told by finish(), in the main thread
            self.failures.append("%s: %r" % (name, e))

    def finish(self):
        for thread in self.threads:
            thread.join()
        assert not self.failures, self.failures


CASES = [status_is_served, authority_and_revocation_list_are_for_everybody, pages_are_served, unknown_things_are_json_errors, connections_are_kept, target_forms,
         malformed_heads_are_refused, bodies, large_bodies_are_refused, garbage_is_survived, many_connections]
