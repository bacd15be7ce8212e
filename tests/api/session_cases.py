"""Setting up, signing in and out: codes, passwords, tokens, sessions, CSRF."""
import json
import os
import re
import signal
import time

EMAIL, PASSWORD = "ada@example.test", "correct horse battery"
SETUP, TOKEN, SIGNOUT = "/services/appliance/setup", "/services/security/token", "/services/security/signout"
SESSION, SETTINGS, STATUS = "/services/security/session", "/services/appliance/settings", "/services/appliance/status"
HEALTH = "/services/appliance/health"
LOGS = "/services/appliance/logs"
CONSOLE = "X-CAM-Console: 1"


def cookie_of(r):
    """The session cookie of a reply, after a look at its attributes."""
    parts = [p.strip() for p in r.header("Set-Cookie").split(";")]
    assert set(parts[1:]) >= {"HttpOnly", "Secure", "SameSite=Strict", "Path=/"}, parts
    assert not any(p.lower().startswith("domain") for p in parts)
    name, value = parts[0].split("=", 1)
    assert name == "cam_session"
    return value


def setup_by_code(t):
    body = {"code": t.setup_code, "email": EMAIL, "password": PASSWORD, "organization": "Ada & Söhne"}
    with t.wire() as w:
        assert w.ask("GET", STATUS).json()["setup"] is False
        r = w.ask("POST", SETUP, dict(body, code="AAAA-AAAA"))
        assert r.status == 403 and r.message()
        r = w.ask("POST", SETUP, dict(body, password="short"))
        assert r.status == 400 and "password" in r.message()
        r = w.ask("POST", SETUP, dict(body, unknown=1))
        assert r.status == 400 and "unknown" in r.message()
        r = w.ask("POST", SETUP, body, CONSOLE, "Origin: https://evil.example")
        assert r.status == 403 and r.message() and r.header("Set-Cookie") is None
        r = w.ask("POST", SETUP, body, CONSOLE, "Origin: https://" + t.address)
        assert r.status == 200, (r.status, r.body)
        t.cookie, t.csrf = cookie_of(r), r.json()["csrf"]
        assert t.cookie and t.cookie not in r.body.decode() and t.csrf != t.cookie
        assert r.json()["user"]["email"] == EMAIL
        assert w.ask("GET", STATUS).json()["setup"] is True
        r = w.ask("POST", SETUP, body)
        assert r.status == 409 and r.message(), "the code works twice"
        assert r.header("Set-Cookie") is None


def browser_session(t):
    cookie, csrf, own = "Cookie: x=1; cam_session=" + t.cookie, "X-CSRF-Token: " + t.csrf, "Origin: https://" + t.address
    with t.wire() as w:
        r = w.ask("GET", SESSION, None, cookie)
        assert r.status == 200 and r.json()["csrf"] == t.csrf and r.json()["user"]["email"] == EMAIL
        r = w.ask("GET", SETTINGS, None, cookie)
        assert r.status == 200 and re.match(r"^([0-9A-F]{2}:){31}[0-9A-F]{2}$", r.json()["fingerprint"]), r.body
        settings = r.json()
        assert settings["version"] and settings["uptime"] >= 0 and isinstance(settings["addresses"], list)
        change = {"hostname": "cam.example.test"}
        for what, *headers in (("no CSRF", cookie), ("empty CSRF", cookie, "X-CSRF-Token:"),
                               ("wrong CSRF", cookie, "X-CSRF-Token: " + t.csrf[:-1] + "x"),
                               ("CSRF twice", cookie, csrf, csrf), ("foreign origin", cookie, csrf, "Origin: https://evil.example"),
                               ("null origin", cookie, csrf, "Origin: null"),
                               ("plain origin", cookie, csrf, "Origin: http://" + t.address)):
            r = w.ask("POST", SETTINGS, change, *headers)
            assert r.status == 403 and r.message(), (what, r.status)
        r = w.ask("POST", SETTINGS, change)
        assert r.status == 401 and r.message()
        r = w.ask("POST", SETTINGS, change, cookie, csrf, own)
        assert r.status in (200, 204), (r.status, r.body)
        assert w.ask("GET", SETTINGS, None, cookie).json()["hostname"] == "cam.example.test"
        r = w.ask("POST", SETTINGS, {"hostname": "bad host"}, cookie, csrf)
        assert r.status == 400 and r.message()


def time_servers_reach_the_system(t):
    cookie, csrf = "Cookie: cam_session=" + t.cookie, "X-CSRF-Token: " + t.csrf
    servers = ["192.0.2.1", "2001:db8::1", "time.example.test"]
    with t.wire() as w:
        r = w.ask("POST", SETTINGS, {"hostname": "cam.example.test", "ntp": servers}, cookie, csrf)
        assert r.status == 200 and r.json()["ntp"] == servers, (r.status, r.body)
        for wrong in (["not a name"], [17], ["a"] * 5, "192.0.2.1", [""]):
            r = w.ask("POST", SETTINGS, {"hostname": "cam.example.test", "ntp": wrong}, cookie, csrf)
            assert r.status == 400 and "ntp" in r.message(), (wrong, r.status, r.body)
        assert w.ask("GET", SETTINGS, None, cookie).json()["ntp"] == servers
        kept = os.path.join(t.house.status()["data"], "sysd", "network.json")
        end = time.monotonic() + 5
        while True:
            with open(kept) as f:
                have = json.load(f)["ntp"]
            if have == servers:
                break
            assert time.monotonic() < end, have
            time.sleep(0.05)


def health_is_for_administrators(t):
    with t.wire() as w:
        assert w.ask("GET", HEALTH).status == 401
        end = time.monotonic() + 20
        while True:
            h = w.ask("GET", HEALTH, None, "Cookie: cam_session=" + t.cookie).json()
            down = [s["name"] for s in h["services"] if not s["running"]]
            if {"api", "core", "gate", "keyd", "store", "sysd"} <= {s["name"] for s in h["services"]} and not down:
                break
            assert time.monotonic() < end, h["services"]
            time.sleep(0.1)
        assert 0 < h["storage"]["used"] < h["storage"]["size"] and h["full"] is False
        assert t.address in h["certificate"]["names"] and h["certificate"]["not_before"] < h["certificate"]["not_after"]
        assert all(s["restarts"] >= 0 and s["started"][:2] == "20" for s in h["services"])


def logs_are_read_and_followed(t):
    mine = "Cookie: cam_session=" + t.cookie
    with t.wire() as w:
        def told(name):
            return {x["name"]: x for x in w.ask("GET", LOGS, None, mine).json()}[name]
        for path in (LOGS, LOGS + "/tty"):
            assert w.ask("GET", path).status == 401
        here = told("tty")
        r = w.ask("GET", LOGS + "/tty?until=" + here["end"], None, mine)
        assert r.status == 200 and r.header("Content-Type").startswith("text/plain"), (r.status, r.headers)
        assert len(r.body) == here["bytes"] and t.logs("tty").encode().startswith(r.body), (here, r.body[-200:])
        os.kill(t.house.service_pid("tty"), signal.SIGKILL)
        until = time.monotonic() + 30
        while b"signal 9" not in w.ask("GET", LOGS + "/tty?after=" + here["end"], None, mine).body:
            assert time.monotonic() < until, "what was said after the kill is not shown"
            time.sleep(0.1)
        there = told("tty")
        r = w.ask("GET", LOGS + "/tty?after=%s&until=%s" % (here["end"], there["end"]), None, mine)
        assert r.body == t.logs("tty").encode()[here["bytes"]:there["bytes"]], r.body
        assert w.ask("GET", LOGS + "/tty?after=%s&until=%s" % (there["end"], there["end"]), None, mine).body == b""
        for place in ("1", "a.b", ".", "1.2.3", "0.1", "-1.2", "1.99999999999999999999"):
            assert w.ask("GET", LOGS + "/tty?after=" + place, None, mine).status == 400, place
        assert w.ask("GET", LOGS + "/tty?after=5.7", None, mine).status == 410
        for name in ("nobody", "..%2fkeyd", "%2e%2e", "tty%00"):
            assert w.ask("GET", LOGS + "/" + name, None, mine).status in (400, 404), name


def sign_out_ends_the_session(t):
    cookie, csrf = "Cookie: cam_session=" + t.cookie, "X-CSRF-Token: " + t.csrf
    with t.wire() as w, t.wire() as other:
        assert w.ask("GET", SESSION, None, cookie).status == 200
        assert w.ask("POST", SIGNOUT, None, cookie).status == 403
        r = w.ask("POST", SIGNOUT, None, cookie, csrf)
        assert r.status == 204 and r.body == b"" and "Max-Age=0" in r.header("Set-Cookie")
        assert other.ask("GET", SESSION, None, cookie).status == 401
        r = other.ask("POST", SETTINGS, {"hostname": "x"}, cookie, csrf)
        assert r.status == 401 and r.message()


def console_sign_in(t):
    with t.wire() as w:
        r = w.ask("POST", TOKEN, {"email": EMAIL, "password": PASSWORD, "session": True})
        assert r.header("Set-Cookie") is None, "a cookie without the console's header"
        r = w.ask("POST", TOKEN, {"email": EMAIL, "password": PASSWORD}, CONSOLE, "Origin: https://evil.example")
        assert r.status == 403 and r.header("Set-Cookie") is None
        # an old cookie in the browser must not be in the way
        r = w.ask("POST", TOKEN, {"email": EMAIL.upper(), "password": PASSWORD}, CONSOLE, "Cookie: cam_session=stale")
        assert r.status == 200, (r.status, r.body)
        t.cookie, t.csrf = cookie_of(r), r.json()["csrf"]
        r = w.ask("GET", SESSION, None, 'Cookie: cam_session="%s"' % t.cookie)
        assert r.status == 200 and r.json()["csrf"] == t.csrf


def header_tokens(t):
    with t.wire() as w:
        r = w.ask("POST", TOKEN, {"email": EMAIL, "password": PASSWORD}, "ElasticBox-Release: 4.0")
        assert r.status == 200 and r.header("Content-Type").startswith("text/plain"), (r.status, r.headers)
        assert r.header("Set-Cookie") is None and r.header("Elasticbox-Release") == "4.0.0"
        token = r.body.decode()
        assert re.match(r"^[A-Za-z0-9_.-]{16,}$", token), token
        for line in ("ElasticBox-Token: " + token, "elasticbox-token: " + token, "Authorization: Bearer " + token,
                     "authorization: bearer   " + token):
            assert w.ask("GET", SETTINGS, None, line).status == 200, line.split(":")[0]
        # no CSRF token is asked of who has no cookie
        assert w.ask("POST", SETTINGS, {"hostname": "cam.example.test"}, "ElasticBox-Token: " + token).status in (200, 204)
        # the header wins over a cookie, and a wrong one is not saved by it
        assert w.ask("GET", SETTINGS, None, "ElasticBox-Token: x" + token, "Cookie: cam_session=" + t.cookie).status == 401
        for line in ("ElasticBox-Token: " + token[:-1], "ElasticBox-Token: ", "ElasticBox-Token: " + "a" * 9000,
                     "Authorization: Basic YTpi", "Authorization: Bearer", "Authorization: Bearer a b",
                     "Cookie: cam_session=" + token, "ElasticBox-Token: " + t.cookie):
            r = w.ask("GET", SETTINGS, None, line)
            assert r.status == 401 and r.message() and r.header("WWW-Authenticate"), (line[:60], r.status)
        r = w.ask("POST", SIGNOUT, None, "ElasticBox-Token: " + token)
        assert r.status == 204
        assert w.ask("GET", SETTINGS, None, "ElasticBox-Token: " + token).status == 401
        t.secrets += [token]


def wrong_passwords(t):
    with t.wire() as w:
        r = w.ask("POST", TOKEN, {"email": EMAIL, "password": "wrong password"})
        assert r.status == 401
        first = r.message()
        r = w.ask("POST", TOKEN, {"email": "nobody@example.test", "password": "wrong password"})
        assert r.status in (401, 429) and (r.status == 429 or r.message() == first), "tells who exists"
        for _ in range(30):
            r = w.ask("POST", TOKEN, {"email": "nobody2@example.test", "password": "wrong password"})
            if r.status == 429:
                break
        assert r.status == 429 and r.message() and int(r.header("Retry-After")) >= 1, r.status


def secrets_stay_out_of_the_log(t):
    text = t.logs("api")
    assert "/services/security/token: 4" in text, "the refused requests are not told of"
    for secret in (PASSWORD, t.cookie, t.csrf, *t.secrets):
        assert secret not in text
    assert "?" not in "".join(line for line in text.splitlines() if "cache" in line)


CASES = [setup_by_code, browser_session, time_servers_reach_the_system, health_is_for_administrators, logs_are_read_and_followed,
         sign_out_ends_the_session, console_sign_in,
         header_tokens, wrong_passwords, secrets_stay_out_of_the_log]
