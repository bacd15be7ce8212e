"""Rooms killed under the hands of clients: an answer always comes, and service returns."""
import os
import signal
import threading
import time

import live_cases

STATUS, SETTINGS = "/services/appliance/status", "/services/appliance/settings"
RECOVERY_SECONDS = 2.0


def kill(t, room):
    os.kill(t.house.service_pid(room), signal.SIGKILL)
    return time.monotonic()


def until_served(t, since, limit=10):
    """Seconds from the kill to the first 200 on a new connection."""
    while time.monotonic() - since < limit:
        try:
            with t.wire(timeout=3) as w:
                if w.ask("GET", STATUS).status == 200:
                    return time.monotonic() - since
        except (OSError, EOFError):
            time.sleep(0.02)
    raise AssertionError("no service within %d s" % limit)


def core_killed(t):
    """A kept connection survives: its requests are answered, at worst with 503, never left hanging."""
    seen, stop = [], threading.Event()

    def client():
        with t.wire() as w:
            while not stop.is_set():
                began = time.monotonic()
                r = w.ask("GET", STATUS)
                seen.append((r.status, time.monotonic() - began))
                if r.status != 200:
                    assert r.message()

    threads = [threading.Thread(target=client) for _ in range(4)]
    for thread in threads:
        thread.start()
    time.sleep(0.2)
    since = kill(t, "core")
    took = until_served(t, since)
    stop.set()
    for thread in threads:
        thread.join()
    assert took <= RECOVERY_SECONDS, "recovery took %.2f s" % took
    assert len(seen) > 20 and {s for s, _ in seen} <= {200, 503}, sorted({s for s, _ in seen})
    assert max(d for _, d in seen) < 6, "an answer took %.1f s" % max(d for _, d in seen)
    # sessions are core's truth, not api's memory
    with t.wire() as w:
        cookie, csrf = "Cookie: cam_session=" + t.cookie, "X-CSRF-Token: " + t.csrf
        assert w.ask("POST", SETTINGS, {"hostname": "cam.example.test"}, cookie, csrf).status in (200, 204)


def core_away(t):
    """With core stopped, not dead, a request is refused within its deadline and pages are still served."""
    pid = t.house.service_pid("core")
    os.kill(pid, signal.SIGSTOP)
    try:
        with t.wire() as w:
            assert w.ask("GET", "/").status == 200
            w.send("GET %s HTTP/1.1\r\nHost: a\r\n\r\n" % STATUS)
            assert not w.ended(1), "cut instead of waiting"
    finally:
        os.kill(pid, signal.SIGCONT)
    with t.wire() as w:
        assert w.ask("GET", STATUS).status == 200


def watchers_outlive_core(t):
    """Who watches hears of changes after core was killed, on the same WebSocket."""
    token = live_cases.sign_in(t)
    header = "ElasticBox-Token: " + token
    with live_cases.opened(t, header) as w:
        live_cases.told(w)
        until_served(t, kill(t, "core"))
        with t.wire() as http:
            assert http.ask("POST", SETTINGS, {"hostname": "after.example.test"}, header).status in (200, 204)
        event = live_cases.told(w, 10)
        while event["kind"] != "appliance.settings":
            event = live_cases.told(w, 10)


def api_killed(t):
    for _ in range(3):
        took = until_served(t, kill(t, "api"))
        assert took <= RECOVERY_SECONDS, "recovery took %.2f s" % took
    with t.wire() as w:
        assert w.ask("GET", "/services/security/session", None, "Cookie: cam_session=" + t.cookie).status == 200


CASES = [core_killed, core_away, watchers_outlive_core, api_killed]
