#!/usr/bin/python3
"""What Keystone needs before the other services start: projects, users, the catalogue (public endpoints over TLS)."""
import json
import sys
import time
import urllib.error
import urllib.request

ADDRESS = sys.argv[1] if len(sys.argv) > 1 else ""
BASE = "http://127.0.0.1:5000/v3"
SERVICES = (("placement", "placement", 8778, False, ""), ("glance", "image", 9292, True, ""), ("neutron", "network", 9696, True, ""),
            ("nova", "compute", 8774, True, "/v2.1"), ("cinderv3", "volumev3", 8776, True, "/v3/%(project_id)s"),
            ("heat", "orchestration", 8004, True, "/v1/%(project_id)s"))


def call(method, path, body=None, token=None):
    r = urllib.request.Request(BASE + path, json.dumps(body).encode() if body else None, method=method)
    r.add_header("Content-Type", "application/json")
    if token:
        r.add_header("X-Auth-Token", token)
    with urllib.request.urlopen(r, timeout=60) as a:
        text = a.read()
        return json.loads(text or b"{}"), a.headers


def login():
    domain = {"name": "Default"}
    body = {"auth": {"identity": {"methods": ["password"], "password": {"user": {"name": "admin", "domain": domain, "password": "adminpw"}}},
                     "scope": {"project": {"name": "admin", "domain": domain}}}}
    for _ in range(60):
        try:
            return call("POST", "/auth/tokens", body)[1]["X-Subject-Token"]
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.5)
    raise SystemExit("keystone: no token")


def main():
    token = login()
    if any(s["name"] == "nova" for s in call("GET", "/services", token=token)[0]["services"]):
        return
    roles = {r["name"]: r["id"] for r in call("GET", "/roles", token=token)[0]["roles"]}
    for project, user, password, role in (("service", "svc", "svcpw", "admin"), ("demo", "demo", "demopw", "member"), (None, "demo", None, "admin")):
        if project:
            p = call("POST", "/projects", {"project": {"name": project, "domain_id": "default"}}, token)[0]["project"]["id"]
            u = call("POST", "/users", {"user": {"name": user, "domain_id": "default", "password": password}}, token)[0]["user"]["id"]
        call("PUT", "/projects/%s/users/%s/roles/%s" % (p, u, roles[role]), token=token)
    domain = call("POST", "/domains", {"domain": {"name": "heat"}}, token)[0]["domain"]["id"]
    u = call("POST", "/users", {"user": {"name": "heat_admin", "domain_id": domain, "password": "heatpw"}}, token)[0]["user"]["id"]
    call("PUT", "/domains/%s/users/%s/roles/%s" % (domain, u, roles["admin"]), token=token)
    for name, kind, port, public, path in SERVICES:
        s = call("POST", "/services", {"service": {"name": name, "type": kind}}, token)[0]["service"]["id"]
        for interface in ("public", "internal", "admin"):
            outside = "https://%s:%d%s" % (ADDRESS, port, path) if ADDRESS else "https://127.0.0.1:1%d%s" % (port, path)
            url = outside if public and interface == "public" else "http://127.0.0.1:%d%s" % (port, path)
            call("POST", "/endpoints", {"endpoint": {"service_id": s, "interface": interface, "region_id": "RegionOne", "url": url}}, token)


main()
